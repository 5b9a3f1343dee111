"""Where to keep stock: facility location with pooled stock as a mixed-integer linear program, the k best
answers.

Each market is served by one open node. In any one unit of cost a year, with x_ij = 1 where node j serves
market i, y_j = 1 where j is open and V_j = sum_i d_i x_ij the units it ships:

    minimise   sum_j f_j y_j + sum_ij c_ij d_i x_ij + sum_j h_j g_j(V_j)                               (1)
    subject to sum_j x_ij = 1,  x_ij <= y_j <= sum_i x_ij                                              (2)
               sum_ij u_rij d_i x_ij <= l_r          for every capacity r                              (3)
               sum_ij p_ij d_i x_ij >= service * sum_i d_i                                             (4)

(Balinski, 1965, "Integer programming: methods, uses, computation", Management Science 12(3), for (1) and (2)
without stock.) The stock a node needs for the risk of its demand is pooled over the markets it serves,

    g_j(V) = sum_k sqrt(a_jk V + b_jk V^2)                                                             (5)

over items k: a holds what averages out between markets (the square-root law of Eppen, 1979, "Effects of
centralization on expected costs", Management Science 25(5)), b what hits all of them at once, such as the
lead time. g is concave, so the program takes its chords, which lie below it: the program's optimum is a
lower bound of (1). Answers are cut off one by one and priced with (5) itself until the bound of what is left
reaches the k-th best: the answers are exact, the chords only decide how soon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from models.arrays import FloatArray
from models.errors import UsageError

SEGMENTS = 8
"""Chords of the pooled stock of each node."""
INFEASIBLE = 2
"""Status of ``milp`` where nothing satisfies the constraints."""
TOLERANCE = 1e-9


def _none() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Sites:
    """Candidate nodes J and markets M of a placement: arrays only, any one unit of cost."""

    demand: FloatArray
    """(M,) units a year, above 0."""
    fixed: FloatArray
    """(J,) cost a year of an open node."""
    unit_cost: FloatArray
    """(M, J) cost of a unit served; infinite where the node may not serve the market."""
    stock_cost: FloatArray = field(default_factory=_none)
    """(J,) cost a year of holding one unit of pooled stock; none: no stock."""
    linear: FloatArray = field(default_factory=_none)
    """(J, K) a of (5): variance of the items that grows with units shipped a year."""
    square: FloatArray = field(default_factory=_none)
    """(J, K) b of (5): variance that grows with their square."""
    use: FloatArray = field(default_factory=_none)
    """(R, M, J) units of each capacity that a unit served takes."""
    limit: FloatArray = field(default_factory=_none)
    """(R,) units a year; infinite: no limit."""
    on_time: FloatArray = field(default_factory=_none)
    """(M, J) share of a market's units delivered as promised from a node; none: all."""
    service: float = 0.0
    """Smallest share of all units delivered as promised."""
    most: int | None = None
    """Most open nodes."""
    split: bool = False
    """Whether a market may be served by several nodes at once; only without pooled stock."""

    def __post_init__(self) -> None:
        markets, nodes = self.demand.size, self.fixed.size
        shapes: dict[str, tuple[int, ...]] = {
            "unit_cost": (markets, nodes),
            "stock_cost": (nodes,),
            "linear": (nodes, self.linear.shape[-1]),
            "square": (nodes, self.linear.shape[-1]),
            "use": (self.limit.size, markets, nodes),
            "on_time": (markets, nodes),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape and (array.size or name == "unit_cost"):
                raise UsageError(f"sites.{name}: wrong shape | got {array.shape} | use {shape}")
            if np.any(np.isnan(array)) or (array.size and array.min() < 0.0):
                raise UsageError(f"sites.{name}: not a number, or below 0 | got {array.min()} | at least 0")
        if not (markets and nodes and self.demand.min() > 0.0 and math.isfinite(float(self.demand.sum()))):
            raise UsageError("sites.demand: markets with demand and nodes are needed | got none | above 0")
        if not np.all(np.isfinite(self.fixed)):
            raise UsageError("sites.fixed: not finite | got inf or nan | leave the node out")
        if self.split and self.linear.size:
            raise UsageError(
                "sites.split: not with pooled stock | got both | its cost is concave and a share of a market "
                "is no whole choice"
            )

    @cached_property
    def allowed(self) -> Any:
        """(M, J) whether a node may serve a market."""
        return np.isfinite(self.unit_cost)

    def stock(self, node: int, volume: float) -> float:
        """Pooled stock (5) of a node that ships so many units a year."""
        if not self.linear.size or volume <= 0.0:
            return 0.0
        return float(np.sqrt(self.linear[node] * volume + self.square[node] * volume * volume).sum())


@dataclass(frozen=True)
class Placement:
    """One answer: the open nodes, who serves whom, and its cost a year."""

    open: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    """(M, J) share of each market's units by node."""
    fixed: float
    served: float
    """Cost of the units served."""
    stock: float
    """Cost of holding the pooled stock."""

    @property
    def cost(self) -> float:
        """Cost a year, (1)."""
        return self.fixed + self.served + self.stock

    @property
    def serves(self) -> tuple[int, ...]:
        """Node that serves most of each market."""
        return tuple(int(np.argmax(row)) for row in self.shares)


def placement_of(sites: Sites, shares: FloatArray, opened: tuple[int, ...] | None = None) -> Placement:
    """The cost a year, currency, of a given choice, (1) with (5) itself, from ``shares`` (market, node) of
    each market's units; nothing is checked against the constraints.
    """
    volume = sites.demand @ shares
    nodes = opened or tuple(int(j) for j in np.flatnonzero(shares.sum(axis=0) > TOLERANCE))
    cost = np.where(shares > 0.0, sites.unit_cost, 0.0)
    stock = (
        sum(float(sites.stock_cost[j]) * sites.stock(j, float(volume[j])) for j in nodes)
        if sites.linear.size
        else 0.0
    )
    return Placement(
        nodes,
        tuple(tuple(float(x) for x in row) for row in shares),
        float(sites.fixed[list(nodes)].sum()),
        float((sites.demand[:, None] * cost * shares).sum()),
        stock,
    )


def feasible(sites: Sites, shares: FloatArray) -> bool:
    """Whether ``shares`` (market, node) of units satisfy (2) to (4) and the limit on open nodes."""
    units = sites.demand[:, None] * shares
    opened = int((shares.sum(axis=0) > TOLERANCE).sum())
    if sites.most is not None and opened > sites.most:
        return False
    if np.any((shares > 0.0) & ~sites.allowed):
        return False
    if sites.limit.size and np.any((sites.use * units).sum(axis=(1, 2)) > sites.limit * (1.0 + TOLERANCE)):
        return False
    if not sites.on_time.size:
        return True
    return bool((sites.on_time * units).sum() >= sites.service * sites.demand.sum() * (1.0 - TOLERANCE))


def best_placements(sites: Sites, count: int = 1) -> tuple[Placement, ...]:
    """The ``count`` cheapest sets of open nodes, cheapest first, each with its best assignment; fewer where
    fewer are possible, none where nothing is.

    >>> sites = Sites(np.array([80.0, 270.0, 250.0]), np.array([900.0, 700.0]),
    ...               np.array([[1.0, 6.0], [5.0, 2.0], [6.0, 3.0]]))
    >>> [(each.open, each.cost) for each in best_placements(sites, 2)]
    [((1,), 2470.0), ((0, 1), 2970.0)]
    """
    if count < 1:
        raise UsageError(f"count: at least 1 | got {count} | 3 is usual")
    program = _Program(sites)
    found: list[Placement] = []
    while True:
        answer = program.solve()
        if answer is None:
            break
        if len(found) >= count and answer.bound >= sorted(each.cost for each in found)[count - 1]:
            break
        found.append(program.best_with(answer))
        program.cut_nodes(found[-1].open)
    return tuple(sorted(found, key=lambda each: (each.cost, each.open))[:count])


@dataclass(frozen=True, eq=False)
class _Answer:
    """Optimum of the program: a lower bound of (1) over all that is not cut off."""

    bound: float
    opened: tuple[int, ...]
    shares: FloatArray


class _Program:
    """The program with its cuts. Columns: y (J), x (M, J), chord chosen z (J, P), volume on it v (J, P)."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self.markets, self.nodes = sites.unit_cost.shape
        self.chords = SEGMENTS if sites.linear.size else 0
        self.x = self.nodes
        self.z = self.x + self.markets * self.nodes
        self.v = self.z + self.nodes * self.chords
        self.columns = self.v + self.nodes * self.chords
        self.cost = np.zeros(self.columns)
        self.cost[: self.nodes] = sites.fixed
        finite = np.where(sites.allowed, sites.unit_cost, 0.0)
        self.cost[self.x : self.z] = (sites.demand[:, None] * finite).ravel()
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self._serve()
        self._limit()
        if self.chords:
            self._pool()
        upper = np.ones(self.columns)
        upper[self.x : self.z] = sites.allowed.ravel().astype(float)
        upper[self.v :] = np.inf
        self.bounds = Bounds(np.zeros(self.columns), upper)
        self.integral = np.ones(self.columns)
        self.integral[self.v :] = 0
        if sites.split:
            self.integral[self.x : self.z] = 0

    def _at(self, market: int, node: int) -> int:
        return self.x + market * self.nodes + node

    def _serve(self) -> None:
        """Constraint (2) and the most open nodes."""
        for i in range(self.markets):
            self.rows.append(({self._at(i, j): 1.0 for j in range(self.nodes)}, 1.0, 1.0))
        for j in range(self.nodes):
            for i in range(self.markets):
                self.rows.append(({self._at(i, j): 1.0, j: -1.0}, -np.inf, 0.0))
            if not self.sites.split:
                row = {self._at(i, j): 1.0 for i in range(self.markets)}
                self.rows.append(({**row, j: -1.0}, 0.0, np.inf))
        if self.sites.most is not None:
            self.rows.append((dict.fromkeys(range(self.nodes), 1.0), 0.0, float(self.sites.most)))

    def _limit(self) -> None:
        """Constraints (3) and (4)."""
        sites = self.sites
        for use, limit in zip(sites.use, sites.limit, strict=False):
            if math.isfinite(limit):
                self.rows.append((self._over_units(use), -np.inf, float(limit)))
        if sites.on_time.size:
            self.rows.append(
                (self._over_units(sites.on_time), sites.service * float(sites.demand.sum()), np.inf)
            )

    def _over_units(self, weight: FloatArray) -> dict[int, float]:
        return {
            self._at(i, j): float(weight[i, j] * self.sites.demand[i])
            for i in range(self.markets)
            for j in range(self.nodes)
        }

    def _pool(self) -> None:
        """Chords of the pooled stock: one is chosen in each open node, and its volume lies on it."""
        sites = self.sites
        edges = np.geomspace(sites.demand.min(), max(sites.demand.sum(), sites.demand.min()), self.chords)
        edges = np.concatenate([[0.0], edges])
        for j in range(self.nodes):
            value = [float(sites.stock_cost[j]) * sites.stock(j, float(edge)) for edge in edges]
            chosen = {self.z + j * self.chords + p: 1.0 for p in range(self.chords)}
            volume = {self.v + j * self.chords + p: 1.0 for p in range(self.chords)}
            served = {self._at(i, j): -float(sites.demand[i]) for i in range(self.markets)}
            self.rows.append(({**chosen, j: -1.0}, 0.0, 0.0))
            self.rows.append(({**volume, **served}, 0.0, 0.0))
            for p in range(self.chords):
                low, high = float(edges[p]), float(edges[p + 1])
                z, v = self.z + j * self.chords + p, self.v + j * self.chords + p
                slope = (value[p + 1] - value[p]) / (high - low) if high > low else 0.0
                self.cost[v] = slope
                self.cost[z] = value[p] - slope * low
                slack = TOLERANCE * high
                self.rows.append(({v: 1.0, z: -(high + slack)}, -np.inf, 0.0))
                self.rows.append(({v: 1.0, z: -max(low - slack, 0.0)}, 0.0, np.inf))

    def solve(self, more: list[tuple[dict[int, float], float, float]] | None = None) -> _Answer | None:
        """The optimum under all cuts and ``more`` rows, None where there is none."""
        rows = self.rows + (more or [])
        entries = [(r, c, value) for r, (row, _, _) in enumerate(rows) for c, value in row.items()]
        at, column, value = zip(*entries, strict=True)
        matrix = sparse.csr_array((value, (at, column)), shape=(len(rows), self.columns))
        low, high = ([row[k] for row in rows] for k in (1, 2))
        done = milp(
            self.cost,
            integrality=self.integral,
            bounds=self.bounds,
            constraints=LinearConstraint(matrix, low, high),
            options={"mip_rel_gap": 0.0},
        )
        if done.status == INFEASIBLE:
            return None
        if done.x is None:
            raise UsageError(f"placement: the program was not solved | got {done.message} | check the costs")
        shares = np.clip(done.x[self.x : self.z].reshape(self.markets, self.nodes), 0.0, 1.0)
        if not self.sites.split:
            shares = np.round(shares)
        opened = tuple(int(j) for j in np.flatnonzero(done.x[: self.nodes] > 0.5))
        return _Answer(min(float(done.mip_dual_bound), float(done.fun)), opened, shares)

    def best_with(self, answer: _Answer) -> Placement:
        """The cheapest assignment with the nodes of an answer open, priced with (5) itself."""
        best = placement_of(self.sites, answer.shares, answer.opened)
        if not self.chords:
            return best
        opened = [float(j in answer.opened) for j in range(self.nodes)]
        more = [({j: 1.0}, value, value) for j, value in enumerate(opened)]
        other: _Answer | None = answer
        while other is not None and other.bound < best.cost:
            more.append(self._not_again(other.shares))
            other = self.solve(more)
            if other is not None:
                priced = placement_of(self.sites, other.shares, answer.opened)
                best = min(best, priced, key=lambda each: (each.cost, each.shares))
        return best

    def _not_again(self, shares: FloatArray) -> tuple[dict[int, float], float, float]:
        row = {self._at(i, int(np.argmax(shares[i]))): 1.0 for i in range(self.markets)}
        return row, 0.0, self.markets - 1.0

    def cut_nodes(self, opened: tuple[int, ...]) -> None:
        """Leave out one set of open nodes."""
        row = {j: 1.0 if j in opened else -1.0 for j in range(self.nodes)}
        self.rows.append((row, -np.inf, len(opened) - 1.0))
