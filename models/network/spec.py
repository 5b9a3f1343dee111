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

from models.arrays import BoolArray, FloatArray, IntArray
from models.errors import Fault, InputError
from models.network.laws import Laws
from models.network.parts import (
    GRADES,
    PART_BITS,
    PARTS,
    UNLIMITED,
    parts_of,
)
from models.network.policy import Policy
from models.network.reading import read_description

__all__ = [
    "GRADES",
    "PARTS",
    "PART_BITS",
    "UNLIMITED",
    "BoolArray",
    "FloatArray",
    "IntArray",
    "Network",
    "parts_of",
]


@dataclass(frozen=True, eq=False)
class Network:
    """A fulfilment network; S suppliers, P ports, N nodes, C demand points, I items, A arcs, all in
    key order.
    """

    suppliers: tuple[str, ...]
    ports: tuple[str, ...]
    nodes: tuple[str, ...]
    demand_points: tuple[str, ...]
    """Where demand comes from; in a plan its segments (market and sales channel)."""
    items: tuple[str, ...]
    node_port: IntArray
    """(N,) port through which a node is replenished."""
    point_nodes: IntArray
    """(C, K) nodes that may serve a demand point, in order of preference, -1 padded."""
    priority: IntArray
    """(C,) 1 is served before 2; equals share in proportion to what they want."""
    backlog_share: FloatArray
    """(C,) share of the units short that wait; the rest is lost."""
    return_node: IntArray
    """(C,) node that takes a demand point's returns."""
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
    policies: Mapping[tuple[str, str], Policy] = field(default_factory=dict)
    """Policy by (node key, item key), for the default controls."""
    sources: IntArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    """(N, K) nodes that a node may ask for stock, in order of preference, -1 padded."""
    echelon: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """(N,) whether a node's stock counts that of the nodes whose first source it is (echelon stock)."""
    laws: Laws = field(default_factory=Laws)
    """Laws that ``draw`` samples: lead times, demand, outages, returns."""

    def __post_init__(self) -> None:
        n = len(self.nodes)
        if self.sources.size == 0:
            object.__setattr__(self, "sources", np.zeros((n, 0), dtype=np.int64))
        if self.echelon.size == 0:
            object.__setattr__(self, "echelon", np.zeros(n, dtype=np.bool_))
        faults = list(_array_faults(self))
        if faults:
            raise InputError(faults)

    @cached_property
    def arc_start(self) -> IntArray:
        """(C + 1,) number of the first arc of each demand point; arcs are (demand point, preference) in that
        order.
        """
        counts = (self.point_nodes >= 0).sum(axis=1)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def arc_point(self) -> IntArray:
        """(A,) number of each arc's demand point."""
        counts = (self.point_nodes >= 0).sum(axis=1)
        return np.repeat(np.arange(len(self.demand_points)), counts).astype(np.int64)

    @cached_property
    def arc_node(self) -> IntArray:
        """(A,) number of each arc's node."""
        return self.point_nodes[self.point_nodes >= 0].astype(np.int64)

    @cached_property
    def backlog_parts(self) -> IntArray:
        """(C,) share of the units short that wait, in parts of 2**20."""
        return parts_of(self.backlog_share)

    @cached_property
    def grade_edges(self) -> IntArray:
        """(point,) five cumulative shares of the grades in parts of 2**20, from 0 to 2**20."""
        edges = parts_of(np.concatenate([[0.0], np.cumsum(self.grade_share)]))
        edges[-1] = PARTS
        return edges

    @cached_property
    def feeds(self) -> IntArray:
        """(row, 2) numbers of a node and its first source, where the source looks at its echelon; every
        node after those that it feeds, so that stock summed up in this order is complete.
        """
        first = self.sources[:, 0] if self.sources.shape[1] else np.full(len(self.nodes), -1)
        edges = [(node, int(to)) for node, to in enumerate(first) if to >= 0 and self.echelon[to]]
        ordered: list[tuple[int, int]] = []
        while edges:
            fed = {to for _, to in edges}
            ready = [edge for edge in edges if edge[0] not in fed]
            if not ready:
                return np.full((1, 2), -1, dtype=np.int64)
            ordered += ready
            edges = [edge for edge in edges if edge[0] in fed]
        return np.array(ordered, dtype=np.int64).reshape(-1, 2)

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> Network:
        """Network from plain lists of mappings under suppliers, lanes, ports, nodes, markets and policies.

        Every fault is reported at once, by name. models/network/README.md lists every field;
        ``items`` may be given too, else they are those that anything names. Entities are lists of mappings
        with a ``key``, or mappings by key.

        >>> Network.from_dict({
        ...     "suppliers": {"mill": {"capacity_per_week": 700}},
        ...     "ports": {"harbour": {"servers": 2}},
        ...     "nodes": {"depot": {"port": "harbour"}},
        ...     "lanes": [{"from": "mill", "to": "depot", "transit": 12.0}],
        ...     "markets": {"north": {"nodes": ["depot"], "demand": {"tea": 5.0}}},
        ...     "policies": [{"policy": "base_stock", "order_up_to": 90}],
        ... }).items
        ('tea',)
        """
        return cls(**read_description(description))


def _array_faults(network: Network) -> Iterable[Fault]:
    """Faults of the arrays themselves: the last line of defence, whoever built them."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    c, i = len(network.demand_points), len(network.items)
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
        "echelon": (n,),
    }
    for name, shape in shapes.items():
        got = getattr(network, name).shape
        if got != shape:
            yield Fault("network", column=name, problem="wrong shape", got=str(got), remedy=f"give {shape}")
            return
    for name in ("suppliers", "ports", "nodes", "demand_points", "items"):
        keys = getattr(network, name)
        if list(keys) != sorted(set(keys)):
            yield Fault(
                "network",
                column=name,
                problem="keys not sorted and unique",
                got=",".join(keys),
                remedy="sort them",
            )
    if network.sources.ndim != 2 or network.sources.shape[0] != n:
        yield Fault("network", column="sources", problem="wrong shape", remedy="give (node, preference)")
        return
    if network.point_nodes.ndim != 2 or network.point_nodes.shape[0] != c:
        yield Fault(
            "network", column="point_nodes", problem="wrong shape", remedy="give (demand point, preference)"
        )
        return
    yield from _value_faults(network)


def _list_faults(kind: str, keys: tuple[str, ...], lists: IntArray, nodes: int) -> Iterable[Fault]:
    """Faults of lists of nodes in order of preference."""
    for at, row in enumerate(lists):
        named = row[row >= 0]
        misplaced = np.any(row[: len(named)] < 0) or len(set(named.tolist())) < len(named)
        if misplaced or named.max(initial=-1) >= nodes or (kind == "nodes" and at in named):
            yield Fault(
                "network",
                column=f"{kind}.{keys[at]}",
                problem="nodes are unknown, double or its own",
                got=str(row.tolist()),
                remedy="list each node once",
            )


def _value_faults(network: Network) -> Iterable[Fault]:
    """Faults of single values, once the shapes are right."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    yield from _list_faults("demand_points", network.demand_points, network.point_nodes, n)
    yield from _list_faults("nodes", network.nodes, network.sources, n)
    for m in np.flatnonzero((network.point_nodes < 0).all(axis=1)):
        yield Fault(
            "network", column=f"demand_points.{network.demand_points[m]}", problem="no node serves it"
        )
    if np.any(network.feeds < 0):
        yield Fault(
            "network",
            column="sources",
            problem="nodes with echelon stock feed each other in a circle",
            remedy="let stock flow one way",
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
    yield from _share_faults(network)


def _share_faults(network: Network) -> Iterable[Fault]:
    """Shares outside 0 to 1, and grades that are not all of what comes back."""
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
