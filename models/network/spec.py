"""What the network is: suppliers, ports, nodes, markets and items as frozen arrays in key order.

Every entity has a key. Keys are sorted on loading, ties are settled by key, and no result depends on the
order of a list. Units are
int64. Shares that decide integers are kept in parts of 2**20 (``PARTS``), so that both engines split
with exact integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import Fault, InputError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

PART_BITS = 20
PARTS = 1 << PART_BITS
UNLIMITED = 1 << 62
GRADES = ("resale", "refurbish", "liquidate", "scrap")


def parts_of(share: npt.ArrayLike) -> IntArray:
    """Shares in whole parts of 2**20, rounded to the nearest part: exact integers decide every split."""
    scaled = np.floor(np.asarray(share, dtype=np.float64) * PARTS + 0.5)
    return np.ascontiguousarray(scaled.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Network:
    """A fulfilment network; S suppliers, P ports, N nodes, C markets (cells), I items, A arcs, all in key
    order.
    """

    suppliers: tuple[str, ...]
    ports: tuple[str, ...]
    nodes: tuple[str, ...]
    markets: tuple[str, ...]
    items: tuple[str, ...]
    node_port: IntArray
    """(N,) port through which a node is replenished."""
    market_nodes: IntArray
    """(C, K) nodes that may serve a market, in order of preference, -1 padded."""
    priority: IntArray
    """(C,) 1 is served before 2; equals share in proportion to what they want."""
    backlog_share: FloatArray
    """(C,) share of the units short that wait; the rest is lost."""
    return_node: IntArray
    """(C,) node that takes a market's returns."""
    pick_capacity: IntArray
    """(N,) units a day; UNLIMITED where there is no limit."""
    storage: IntArray
    """(N,) units; overflow is recorded, never blocks."""
    servers: IntArray
    """(P,) customs servers."""
    qualified: BoolArray
    """(N, S, I) whether the supplier makes the item and has a lane to the node."""
    moq: IntArray
    """(S, I) smallest order, units."""
    multiple: IntArray
    """(S, I) orders come in multiples of this, units."""
    backup: IntArray
    """(S,) supplier that failover switches to, -1 for none."""
    grade_share: FloatArray = field(default_factory=lambda: np.array([1.0, 0.0, 0.0, 0.0]))
    """(4,) shares of returned units by grade: resale, refurbish, liquidate, scrap."""
    capacity_per_week: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(S,) units a week in normal times, for the default draws; empty when the caller brings its own."""
    policies: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(node key, item key) to (reorder level, order-up-to level), for the default controls."""
    shares: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)
    """(node key, item key) to shares by supplier key, for the default controls."""

    def __post_init__(self) -> None:
        faults = list(_array_faults(self))
        if faults:
            raise InputError(faults)

    @cached_property
    def arc_start(self) -> IntArray:
        """(C + 1,) first arc of each market; arcs are (market, preference) pairs in that order."""
        counts = (self.market_nodes >= 0).sum(axis=1)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def arc_market(self) -> IntArray:
        """(A,) market of each arc."""
        counts = (self.market_nodes >= 0).sum(axis=1)
        return np.repeat(np.arange(len(self.markets)), counts).astype(np.int64)

    @cached_property
    def arc_node(self) -> IntArray:
        """(A,) node of each arc."""
        return self.market_nodes[self.market_nodes >= 0].astype(np.int64)

    @cached_property
    def backlog_parts(self) -> IntArray:
        """(C,) share of the units short that wait, in parts of 2**20."""
        return parts_of(self.backlog_share)

    @cached_property
    def grade_edges(self) -> IntArray:
        """(5,) cumulative shares of the grades in parts of 2**20, from 0 to 2**20."""
        edges = parts_of(np.concatenate([[0.0], np.cumsum(self.grade_share)]))
        edges[-1] = PARTS
        return edges

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> Network:
        """Network from plain lists of mappings under suppliers, lanes, ports, nodes, markets, items and
        policies.

        Every fault is reported at once by name. Optional entries: ``grades`` (four shares) and, per entity,
        the fields of the
        class. See tests/reference for worked descriptions.
        """
        return _Reader(description).network()


def _array_faults(network: Network) -> Iterable[Fault]:
    """Faults of the arrays themselves: the last line of defence, whoever built them."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    c, i = len(network.markets), len(network.items)
    shapes = {
        "node_port": (n,),
        "priority": (c,),
        "backlog_share": (c,),
        "return_node": (c,),
        "pick_capacity": (n,),
        "storage": (n,),
        "servers": (p,),
        "qualified": (n, s, i),
        "moq": (s, i),
        "multiple": (s, i),
        "backup": (s,),
        "grade_share": (4,),
    }
    for name, shape in shapes.items():
        got = getattr(network, name).shape
        if got != shape:
            yield Fault("network", column=name, problem="wrong shape", got=str(got), remedy=f"give {shape}")
            return
    for name in ("suppliers", "ports", "nodes", "markets", "items"):
        keys = getattr(network, name)
        if list(keys) != sorted(set(keys)):
            yield Fault(
                "network",
                column=name,
                problem="keys not sorted and unique",
                got=",".join(keys),
                remedy="sort them",
            )
    if network.market_nodes.ndim != 2 or network.market_nodes.shape[0] != c:
        yield Fault(
            "network", column="market_nodes", problem="wrong shape", remedy="give (market, preference)"
        )
        return
    yield from _value_faults(network)


def _value_faults(network: Network) -> Iterable[Fault]:
    """Faults of single values, once the shapes are right."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    for m in range(len(network.markets)):
        row = network.market_nodes[m]
        served = row[row >= 0]
        if (
            not len(served)
            or np.any(row[: len(served)] < 0)
            or len(set(served.tolist())) < len(served)
            or served.max() >= n
        ):
            yield Fault(
                "network",
                column=f"markets.{network.markets[m]}",
                problem="nodes are empty, unknown or double",
                got=str(row.tolist()),
                remedy="list each serving node once",
            )
    for name, low in (("servers", 1), ("multiple", 1), ("moq", 0), ("pick_capacity", 0), ("storage", 0)):
        values = getattr(network, name)
        if values.size and values.min() < low:
            yield Fault(
                "network",
                column=name,
                problem="too small",
                got=str(int(values.min())),
                remedy=f"at least {low}",
            )
    for name, top in (("node_port", p), ("return_node", n)):
        values = getattr(network, name)
        if values.size and (values.min() < 0 or values.max() >= top):
            yield Fault(
                "network",
                column=name,
                problem="unknown entity",
                got=str(values.tolist()),
                remedy="use known keys",
            )
    if network.backup.size and (network.backup.min() < -1 or network.backup.max() >= s):
        yield Fault("network", column="backup", problem="unknown supplier", remedy="use known keys or none")
    for name in ("backlog_share", "grade_share"):
        values = getattr(network, name)
        if not np.all((values >= 0.0) & (values <= 1.0)):
            yield Fault(
                "network",
                column=name,
                problem="not a share",
                got=str(values.tolist()),
                remedy="between 0 and 1",
            )
    if abs(float(network.grade_share.sum()) - 1.0) > 1e-9:
        yield Fault(
            "network",
            column="grade_share",
            problem="shares do not sum to one",
            got=str(network.grade_share.tolist()),
        )


class _Reader:
    """Reads a plain description, collecting every fault before it raises."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self.description = description
        self.faults: list[Fault] = []
        self.entities = {
            name: self._entities(name) for name in ("suppliers", "ports", "nodes", "markets", "items")
        }
        self.keys = {name: tuple(sorted(found)) for name, found in self.entities.items()}
        self.position = {name: {key: k for k, key in enumerate(keys)} for name, keys in self.keys.items()}

    def fault(self, address: str, problem: str, got: object = "", remedy: str = "") -> None:
        self.faults.append(Fault("network", column=address, problem=problem, got=str(got), remedy=remedy))

    def _entities(self, name: str) -> dict[str, Mapping[str, Any]]:
        listed = self.description.get(name, [])
        rows = (
            [{"key": k, **(v or {})} for k, v in listed.items()]
            if isinstance(listed, Mapping)
            else list(listed)
        )
        if not rows:
            self.fault(name, "nothing given", "an empty list", f"describe at least one of the {name}")
        found: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            key = str(row.get("key", ""))
            if not key or key in found:
                self.fault(
                    f"{name}.{key}", "key is empty or given twice", key, "give every entity its own key"
                )
            found[key] = row
        return found

    def find(self, kind: str, key: object, address: str) -> int:
        """Position of a key, or a fault and 0."""
        at = self.position[kind].get(str(key))
        if at is None:
            known = ", ".join(self.keys[kind])
            self.fault(address, f"unknown {kind[:-1]}", key, f"use one of {known}")
            return 0
        return at

    def whole(
        self, kind: str, field_name: str, default: int, low: int = 0, zero: int | None = None
    ) -> IntArray:
        """One whole number per entity; None means the default, 0 may stand for ``zero``."""
        out = []
        for key in self.keys[kind]:
            value = self.entities[kind][key].get(field_name)
            value = default if value is None else value
            if isinstance(value, bool) or value != int(value) or value < low:
                self.fault(
                    f"{kind}.{key}.{field_name}", "not a usable whole number", value, f"at least {low}"
                )
                value = low
            out.append(zero if zero is not None and value == 0 else int(value))
        return np.array(out, dtype=np.int64)

    def share(self, kind: str, field_name: str, default: float) -> FloatArray:
        out = []
        for key in self.keys[kind]:
            value = float(self.entities[kind][key].get(field_name, default))
            if not 0.0 <= value <= 1.0:
                self.fault(f"{kind}.{key}.{field_name}", "not a share", value, "between 0 and 1")
                value = default
            out.append(value)
        return np.array(out, dtype=np.float64)

    def _market_nodes(self) -> IntArray:
        lists = []
        for key in self.keys["markets"]:
            named = self.entities["markets"][key].get("nodes", [])
            if not named:
                self.fault(
                    f"markets.{key}.nodes",
                    "no node serves the market",
                    "an empty list",
                    "list at least one node",
                )
                named = self.keys["nodes"][:1]
            if len(set(named)) < len(named):
                self.fault(f"markets.{key}.nodes", "a node is listed twice", named, "list each node once")
            lists.append([self.find("nodes", node, f"markets.{key}.nodes") for node in named])
        out = np.full((len(lists), max(map(len, lists), default=1)), -1, dtype=np.int64)
        for m, nodes in enumerate(lists):
            out[m, : len(nodes)] = nodes
        return out

    def _return_node(self, market_nodes: IntArray) -> IntArray:
        out = market_nodes[:, 0].copy()
        for m, key in enumerate(self.keys["markets"]):
            named = self.entities["markets"][key].get("return_node")
            if named is not None:
                out[m] = self.find("nodes", named, f"markets.{key}.return_node")
        return out

    def _items(self) -> tuple[BoolArray, IntArray, IntArray]:
        """Which supplier makes which item (S, I), smallest orders and multiples (S, I)."""
        shape = (len(self.keys["suppliers"]), len(self.keys["items"]))
        makes = np.zeros(shape, dtype=np.bool_)
        moq, multiple = self.whole("items", "moq", 0), self.whole("items", "multiple", 1, low=1)
        for i, key in enumerate(self.keys["items"]):
            for supplier in self.entities["items"][key].get("suppliers", self.keys["suppliers"]):
                makes[self.find("suppliers", supplier, f"items.{key}.suppliers"), i] = True
        return makes, np.broadcast_to(moq, shape).copy(), np.broadcast_to(multiple, shape).copy()

    def _lanes(self) -> BoolArray:
        out = np.zeros((len(self.keys["nodes"]), len(self.keys["suppliers"])), dtype=np.bool_)
        for k, lane in enumerate(self.description.get("lanes", [])):
            address = f"lanes.{k}"
            supplier = self.find("suppliers", lane.get("supplier", ""), f"{address}.supplier")
            out[self.find("nodes", lane.get("node", ""), f"{address}.node"), supplier] = True
            for stage in ("production", "transit", "service", "inland"):
                days = float(lane.get(stage, 0.0))
                if not 0.0 <= days < float("inf"):
                    self.fault(f"{address}.{stage}", "not a usable number of days", days, "at least 0")
        return out

    def _policies(
        self,
    ) -> tuple[dict[tuple[str, str], tuple[int, int]], dict[tuple[str, str], Mapping[str, float]]]:
        levels: dict[tuple[str, str], tuple[int, int]] = {}
        shares: dict[tuple[str, str], Mapping[str, float]] = {}
        for k, policy in enumerate(self.description.get("policies", [])):
            pair = str(policy.get("node", "")), str(policy.get("item", ""))
            self.find("nodes", pair[0], f"policies.{k}.node")
            self.find("items", pair[1], f"policies.{k}.item")
            if pair in levels:
                self.fault(f"policies.{k}", "node and item given twice", pair, "one policy per node and item")
            levels[pair] = (int(policy["reorder_level"]), int(policy["order_up_to"]))
            if levels[pair][0] >= levels[pair][1]:
                self.fault(
                    f"policies.{k}", "reorder level not below the order-up-to level", levels[pair], "s < S"
                )
            shares[pair] = dict(policy.get("shares", {}))
            for supplier in shares[pair]:
                self.find("suppliers", supplier, f"policies.{k}.shares")
        return levels, shares

    def network(self) -> Network:
        node_port = np.array(
            [
                self.find("ports", self.entities["nodes"][k].get("port", ""), f"nodes.{k}.port")
                for k in self.keys["nodes"]
            ],
            dtype=np.int64,
        )
        backup = np.array(
            [
                -1
                if (named := self.entities["suppliers"][k].get("backup")) is None
                else self.find("suppliers", named, f"suppliers.{k}.backup")
                for k in self.keys["suppliers"]
            ],
            dtype=np.int64,
        )
        market_nodes = self._market_nodes()
        makes, moq, multiple = self._items()
        levels, shares = self._policies()
        fields: dict[str, Any] = {
            "node_port": node_port,
            "market_nodes": market_nodes,
            "priority": self.whole("markets", "priority", 1, low=-(1 << 31)),
            "backlog_share": self.share("markets", "backlog_share", 0.0),
            "return_node": self._return_node(market_nodes),
            "pick_capacity": self.whole("nodes", "pick_capacity", 0, zero=UNLIMITED),
            "storage": self.whole("nodes", "storage_capacity", 0, zero=UNLIMITED),
            "servers": self.whole("ports", "servers", 1, low=1),
            "qualified": np.ascontiguousarray(self._lanes()[:, :, None] & makes[None, :, :]),
            "moq": moq,
            "multiple": multiple,
            "backup": backup,
            "grade_share": np.array(self.description.get("grades", [1.0, 0.0, 0.0, 0.0]), dtype=np.float64),
            "capacity_per_week": self.whole("suppliers", "capacity_per_week", UNLIMITED, low=1),
        }
        if self.faults:
            raise InputError(self.faults)
        keys: dict[str, Any] = {
            name: self.keys[name] for name in ("suppliers", "ports", "nodes", "markets", "items")
        }
        return Network(**keys, **fields, policies=levels, shares=shares)
