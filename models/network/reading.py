"""Reading a description: plain mappings in, the fields of ``Network`` out, every fault at once by name.

models/network/README.md lists the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.errors import Fault, InputError
from models.names import LONGEST_DAYS
from models.network.laws import Law, LawError, constant, number, read_law
from models.network.parts import GRADES, STAGES, UNLIMITED
from models.network.policy import Policy
from models.network.reading_laws import LawReader
from models.network.reading_policies import PolicyReader

ENTITIES = ("suppliers", "ports", "nodes", "markets", "items")
FIELDS = {
    "suppliers": {"capacity_per_week", "backup", "items", "moq", "multiple", "outages", "down"},
    "ports": {"servers", "clearance", "inspection", "closures"},
    "nodes": {"port", "pick_capacity", "storage_capacity", "echelon"},
    "markets": {"nodes", "priority", "backlog_share", "return_node", "demand", "return_share"},
    "items": {"suppliers", "moq", "multiple"},
}
ANY = {"key", "label"}
OTHERS = {"lanes", "policies", "grades", "return_delay", "dependence"}
LAW_FIELDS = {"mean", "sd", "floor", "low", "high", "laws", "weights"}
"""Fields of a law that say it is one even where its family is missing: the fault is then named."""
MOST_SERVERS = 10_000
LANE = {"label", "mode", "preference", "inspection", *STAGES}
ALIASES = {
    "from": ("from", "supplier", "origin"),
    "to": ("to", "node", "destination"),
    "transit": ("transit", "lead_time"),
    "service": ("service", "clearance"),
}
"""Names under which a lane's field may be given."""
NO_ITEM = "item"
"""Key of the one item of a description that names none."""


def read_description(description: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ``Network`` by name; raises InputError with every fault."""
    return Reader(description).fields()


class Reader:
    """Reads a plain description, collecting every fault before it raises."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self.faults: list[Fault] = []
        if not isinstance(description, Mapping):
            self.fault("", "not a mapping", type(description).__name__, "give suppliers, lanes, ports, …")
            description = {}
        self.description = description
        for name in sorted(set(map(str, description)) - {*ENTITIES, *OTHERS}):
            self.fault(name, "unknown field", name, f"use {', '.join((*ENTITIES, *sorted(OTHERS)))}")
        self.entities = {name: self._entities(name) for name in ENTITIES}
        if not self.entities["items"]:
            self.entities["items"] = {key: {} for key in self._named_items()}
        self.keys = {name: tuple(sorted(found)) for name, found in self.entities.items()}
        self.position = {name: {key: k for k, key in enumerate(keys)} for name, keys in self.keys.items()}
        self.lanes = self._lanes()

    # small readers

    def fault(self, address: str, problem: str, got: object = "", remedy: str = "") -> None:
        """Keep a fault under its address."""
        self.faults.append(Fault("network", column=address, problem=problem, got=str(got), remedy=remedy))

    def listed(self, name: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Address and mapping of each entry of a list, or of a mapping by key."""
        given = self.description.get(name)
        if given is None:
            return []
        if isinstance(given, Mapping):
            rows = [{"key": key, **(row or {})} if _is_row(row) else row for key, row in given.items()]
        elif isinstance(given, list | tuple):
            rows = list(given)
        else:
            rows = [given]
        out: list[tuple[str, Mapping[str, Any]]] = []
        for k, row in enumerate(rows):
            if isinstance(row, Mapping):
                out.append((f"{name}.{k}", {str(field): value for field, value in row.items()}))
            else:
                self.fault(f"{name}.{k}", "not a mapping", repr(row), "give its fields by name")
        return out

    def _entities(self, name: str) -> dict[str, Mapping[str, Any]]:
        rows = self.listed(name)
        if not rows and name != "items":
            self.fault(name, "nothing given", "an empty list", f"describe at least one of the {name}")
        found: dict[str, Mapping[str, Any]] = {}
        for _, row in rows:
            key = str(row.get("key", ""))
            if not key or key in found:
                self.fault(
                    f"{name}.{key}", "key is empty or given twice", key, "give every entity its own key"
                )
            for field in sorted(set(row) - FIELDS[name] - ANY):
                known = ", ".join(sorted(FIELDS[name]))
                self.fault(f"{name}.{key}.{field}", "unknown field", field, f"use {known}")
            found[key] = row
        return found

    def _named_items(self) -> set[str]:
        """Items that suppliers, markets and policies name, for a description without a list of them."""
        named: set[str] = set()
        for row in self.entities["suppliers"].values():
            named.update(map(str, _sequence(row.get("items"))))
            named.update(key for field in ("moq", "multiple") for key in _keys(row.get(field)))
        for row in self.entities["markets"].values():
            named.update(key for field in ("demand", "return_share") for key in _by_item(row.get(field)))
        named.update(str(row["item"]) for _, row in self.listed("policies") if "item" in row)
        return named or {NO_ITEM}

    def find(self, kind: str, key: object, address: str) -> int:
        """Position of a key, or a fault and 0."""
        at = self.position[kind].get(str(key))
        if at is None:
            known = ", ".join(self.keys[kind])
            self.fault(address, f"unknown {kind[:-1]}", key, f"use one of {known}")
            return 0
        return at

    def whole_number(self, value: Any, address: str, low: int, default: int) -> int:
        """A whole number of at least ``low``, or a fault and the default."""
        try:
            usable = not isinstance(value, bool | str) and value == int(value) and low <= value <= UNLIMITED
        except (TypeError, ValueError, OverflowError):
            usable = False
        if not usable:
            self.fault(address, "not a usable whole number", value, f"at least {low}")
            return default
        return int(value)

    def law(self, value: Any, address: str) -> Law:
        """A law, or a fault and the constant 0."""
        try:
            return read_law(value)
        except LawError as error:
            self.fault(address, error.problem, error.got, error.remedy)
            return constant(0.0)

    def stage_law(self, value: Any, address: str) -> Law:
        """The law of a lead-time stage, days, or a fault and the constant 0."""
        law = self.law(value, address)
        if law.mean <= LONGEST_DAYS:
            return law
        self.fault(
            address, "longer than a lead time can be", f"{law.mean:g} days", f"at most {LONGEST_DAYS:g}"
        )
        return constant(0.0)

    def share(self, value: Any, address: str) -> float:
        """A share, or a fault and 0."""
        try:
            real = number(value)
        except LawError as error:
            self.fault(address, error.problem, error.got, "a share between 0 and 1")
            return 0.0
        if real > 1.0:
            self.fault(address, "not a share", value, "between 0 and 1")
            return 0.0
        return real

    def whole(self, kind: str, field: str, default: int, low: int = 0) -> IntArray:
        """One whole number per entity of ``kind`` (member,) by key; absent or None means the default."""
        out = []
        for key in self.keys[kind]:
            value = self.entities[kind][key].get(field)
            address = f"{kind}.{key}.{field}"
            out.append(default if value is None else self.whole_number(value, address, low, default))
        return np.array(out, dtype=np.int64)

    def spans(self, value: Any, address: str) -> tuple[tuple[int, int], ...]:
        """First and last days, or faults."""
        spans = []
        for k, span in enumerate(_sequence(value)):
            pair = [self.whole_number(day, f"{address}.{k}", 0, 0) for day in _sequence(span)]
            if len(pair) != 2 or pair[0] > pair[1]:
                self.fault(f"{address}.{k}", "not a first and a last day", span, "give [first, last]")
            else:
                spans.append((pair[0], pair[1]))
        return tuple(spans)

    # lanes

    def _lanes(self) -> dict[tuple[str, str, str], tuple[str, Mapping[str, Any]]]:
        """Address and fields by (kind of origin, origin, node); aliases resolved."""
        lanes: dict[tuple[str, str, str], tuple[str, Mapping[str, Any]]] = {}
        known = {*LANE, *(alias for names in ALIASES.values() for alias in names)}
        for address, row in self.listed("lanes"):
            for field in sorted(set(row) - known - {"key"}):
                self.fault(f"{address}.{field}", "unknown field", field, f"use {', '.join(sorted(known))}")
            fields = dict(row)
            for name, aliases in ALIASES.items():
                given = [alias for alias in aliases if alias in row]
                if len(given) > 1:
                    self.fault(f"{address}.{given[1]}", f"a second name for {given[0]}", "both", "give one")
                fields[name] = row[given[0]] if given else None
                fields[f"{name} address"] = f"{address}.{given[0] if given else aliases[0]}"
            origin, to = str(fields["from"]), str(fields["to"])
            kind = "nodes" if origin in self.position["nodes"] and "supplier" not in row else "suppliers"
            self.find(kind, origin, fields["from address"])
            self.find("nodes", to, fields["to address"])
            if kind == "nodes" and origin == to:
                self.fault(address, "a lane from a node to itself", origin, "name another node")
            if (kind, origin, to) in lanes:
                self.fault(address, "lane given twice", f"{origin} to {to}", "one lane for a pair")
                to = f"{to} again, {address}"  # its other fields are still read for their faults
            lanes[kind, origin, to] = address, fields
        return lanes

    def _reachable(self) -> BoolArray:
        """(N, S) whether a supplier has a lane to the node; faults for nodes that only feed each other."""
        out = np.zeros((len(self.keys["nodes"]), len(self.keys["suppliers"])), dtype=np.bool_)
        into: dict[str, set[str]] = {}
        for kind, origin, to in self.lanes:
            if to not in self.position["nodes"] or origin not in self.position[kind]:
                continue
            if kind == "nodes":
                into.setdefault(to, set()).add(origin)
            else:
                out[self.position["nodes"][to], self.position["suppliers"][origin]] = True
        fed = {key for key, row in zip(self.keys["nodes"], out, strict=True) if row.any()}
        # a node without any lane lives on its opening stock: that is no cycle
        fed |= {origin for origins in into.values() for origin in origins if origin not in into}
        while more := {to for to, origins in into.items() if to not in fed and origins & fed}:
            fed |= more
        if without := sorted(set(into) - fed):
            self.fault("lanes", "cycle without source", " , ".join(without), "add a lane from a supplier")
        return out

    def _sources(self) -> IntArray:
        """(N, K) nodes a node may ask, by preference, then mean days, then key."""
        ranked: dict[str, list[tuple[int, float, str]]] = {key: [] for key in self.keys["nodes"]}
        for (kind, origin, to), (address, fields) in self.lanes.items():
            if kind == "nodes" and to in ranked:
                rank = self.whole_number(fields.get("preference", 1), f"{address}.preference", 1, 1)
                ranked[to].append((rank, self.stage(fields, "transit").mean, origin))
        rows = [[self.position["nodes"].get(o, 0) for *_, o in sorted(ranked[key])] for key in ranked]
        return _padded(rows)

    def stage(self, fields: Mapping[str, Any], name: str) -> Law:
        """The law of a lane's stage; absent, it takes no time."""
        value = fields.get(name)
        if value is None:
            return constant(0.0)
        return self.stage_law(value, str(fields.get(f"{name} address", name)))

    # the rest

    def _point_nodes(self) -> IntArray:
        lists = []
        for key in self.keys["markets"]:
            address = f"markets.{key}.nodes"
            named = _sequence(self.entities["markets"][key].get("nodes"))
            if not named:
                self.fault(address, "no node serves the market", "an empty list", "list at least one node")
            if len(set(map(str, named))) < len(named):
                self.fault(address, "a node is listed twice", named, "list each node once")
            lists.append([self.find("nodes", node, address) for node in named] or [0])
        return _padded(lists)

    def _return_node(self, point_nodes: IntArray) -> IntArray:
        out = point_nodes[:, 0].copy() if point_nodes.size else np.zeros(0, dtype=np.int64)
        for m, key in enumerate(self.keys["markets"]):
            named = self.entities["markets"][key].get("return_node")
            if named is not None:
                out[m] = self.find("nodes", named, f"markets.{key}.return_node")
        return out

    def _makes(self) -> BoolArray:
        """(S, I) whether a supplier makes an item: as both say, where they say anything."""
        makes = np.ones((len(self.keys["suppliers"]), len(self.keys["items"])), dtype=np.bool_)
        for kind, other, axis in (("items", "suppliers", 1), ("suppliers", "items", 0)):
            for at, key in enumerate(self.keys[kind]):
                named = self.entities[kind][key].get(other)
                if named is not None:
                    told = np.zeros(makes.shape[1 - axis], dtype=np.bool_)
                    told[[self.find(other, each, f"{kind}.{key}.{other}") for each in _sequence(named)]] = (
                        True
                    )
                    makes[(slice(None), at) if axis == 1 else at] &= told
        return makes

    def _sizes(self, field: str, default: int, low: int) -> IntArray:
        """(S, I) smallest orders or multiples: the supplier's own before the item's."""
        sizes = np.tile(self.whole("items", field, default, low), (len(self.keys["suppliers"]), 1))
        for s, key in enumerate(self.keys["suppliers"]):
            given, address = self.entities["suppliers"][key].get(field), f"suppliers.{key}.{field}"
            if isinstance(given, Mapping):
                for item, value in given.items():
                    at = self.find("items", item, f"{address}.{item}")
                    sizes[s, at] = self.whole_number(value, f"{address}.{item}", low, default)
            elif given is not None:
                sizes[s] = self.whole_number(given, address, low, default)
        return np.ascontiguousarray(sizes)

    def per_item(self, kind: str, field: str, key: str) -> Iterable[tuple[str, Any, str]]:
        """Item, value and address of a field that may be one value or a mapping by item."""
        given = self.entities[kind][key].get(field)
        address = f"{kind}.{key}.{field}"
        by_item = _by_item(given)
        if by_item:
            for item, value in by_item.items():
                self.find("items", item, f"{address}.{item}")
                yield item, value, f"{address}.{item}"
        elif given is not None:
            for item in self.keys["items"]:
                yield item, given, address

    def _grades(self) -> FloatArray:
        given = self.description.get("grades")
        if given is None:
            return np.array([1.0, 0.0, 0.0, 0.0])
        if isinstance(given, Mapping):
            for name in sorted(set(map(str, given)) - set(GRADES)):
                self.fault(f"grades.{name}", "unknown grade", name, f"use {', '.join(GRADES)}")
            given = [given.get(name, 0.0) for name in GRADES]
        shares = [self.share(value, f"grades.{k}") for k, value in enumerate(_sequence(given))]
        if len(shares) != 4 or abs(sum(shares) - 1.0) > 1e-9:
            self.fault("grades", "not four shares that sum to one", given, ", ".join(GRADES))
            return np.array([1.0, 0.0, 0.0, 0.0])
        return np.array(shares)

    def _positions(self, kind: str, field: str, other: str, absent: int | None) -> IntArray:
        """Position of the entity that each entity names; ``absent`` stands where none is named."""
        out = []
        for key in self.keys[kind]:
            named = self.entities[kind][key].get(field)
            known = absent is not None and named is None
            out.append(absent if known else self.find(other, named or "", f"{kind}.{key}.{field}"))
        return np.array(out, dtype=np.int64)

    def _servers(self) -> IntArray:
        servers = self.whole("ports", "servers", 1, low=1)
        for key, count in zip(self.keys["ports"], servers.tolist(), strict=True):
            if count > MOST_SERVERS:
                self.fault(f"ports.{key}.servers", "too many", count, f"at most {MOST_SERVERS}")
        return np.minimum(servers, MOST_SERVERS)

    def _backups(self) -> IntArray:
        backups = self._positions("suppliers", "backup", "suppliers", -1)
        for at, key in enumerate(self.keys["suppliers"]):
            if backups[at] == at and str(self.entities["suppliers"][key]["backup"]) == key:
                self.fault(f"suppliers.{key}.backup", "a supplier backs itself up", key, "name another")
        return backups

    def _yes(self, kind: str, key: str, field: str) -> bool:
        """Whether a field says true; absent says false."""
        value = self.entities[kind][key].get(field)
        if value is not None and not isinstance(value, bool | np.bool_):
            self.fault(f"{kind}.{key}.{field}", "neither true nor false", repr(value), "true or false")
            return False
        return bool(value)

    def fields(self) -> dict[str, Any]:
        """Everything, or every fault."""
        point_nodes = self._point_nodes()
        lanes, makes = self._reachable(), self._makes()
        qualified = np.ascontiguousarray(lanes[:, :, None] & makes[None, :, :])
        policies: dict[tuple[str, str], Policy] = PolicyReader(self, qualified).policies()
        backlog = [
            self.share(self.entities["markets"][k].get("backlog_share", 0.0), f"markets.{k}.backlog_share")
            for k in self.keys["markets"]
        ]
        fields: dict[str, Any] = {
            **{name: self.keys[name] for name in ENTITIES if name != "markets"},
            "demand_points": self.keys["markets"],
            "node_port": self._positions("nodes", "port", "ports", None),
            "point_nodes": point_nodes,
            "priority": self.whole("markets", "priority", 1, low=-(1 << 31)),
            "backlog_share": np.array(backlog, dtype=np.float64),
            "return_node": self._return_node(point_nodes),
            "pick_capacity": self.whole("nodes", "pick_capacity", UNLIMITED, low=1),
            "storage": self.whole("nodes", "storage_capacity", UNLIMITED, low=1),
            "servers": self._servers(),
            "qualified": qualified,
            "moq": self._sizes("moq", 0, 0),
            "multiple": self._sizes("multiple", 1, 1),
            "backup": self._backups(),
            "grade_share": self._grades(),
            "capacity_per_week": self.whole("suppliers", "capacity_per_week", UNLIMITED, low=1),
            "sources": self._sources(),
            "echelon": np.array(
                [self._yes("nodes", k, "echelon") for k in self.keys["nodes"]], dtype=np.bool_
            ),
            "policies": policies,
            "laws": LawReader(self).laws(),
        }
        if self.faults:
            raise InputError(dict.fromkeys(self.faults))
        return fields


def _is_row(row: Any) -> bool:
    return row is None or isinstance(row, Mapping)


def _sequence(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, one thing as a list of it."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | np.ndarray) else [value]


def _keys(value: Any) -> set[str]:
    return set(map(str, value)) if isinstance(value, Mapping) else set()


def _by_item(value: Any) -> dict[str, Any]:
    """A mapping by item; a law (which has a family, a value or values) is not one."""
    if (
        not isinstance(value, Mapping)
        or {"family", "values", "value"} & set(value)
        or set(value) <= LAW_FIELDS
    ):
        return {}
    return {str(key): each for key, each in value.items()}


def _padded(lists: list[list[int]]) -> IntArray:
    out = np.full((len(lists), max(map(len, lists), default=0)), -1, dtype=np.int64)
    for row, entries in zip(out, lists, strict=True):
        row[: len(entries)] = entries
    return out
