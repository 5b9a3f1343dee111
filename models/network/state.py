"""What the network remembers between two days: stock, backlog by age, orders under way, returns on their way.

The state says what is known after the day process of ``day - 1``: no time in it lies in the future, so any
engine can go on from it.
Tables grow at the end only; rows beyond ``count`` hold nothing that means anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray, Int32Array, IntArray
from models.errors import UsageError
from models.network.controls import Controls
from models.network.draws import Draws, check_stage_days
from models.network.parts import LARGEST
from models.network.spec import PARTS, Network

WAIT_BINS = 61
OLDEST = WAIT_BINS - 1
UNKNOWN = np.inf
TOO_MANY = f"units: negative or more than {LARGEST} of one item in one place | scale the units down"
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class LineTable:
    """Order lines in order of placing; rows of one order lie together. All (T, capacity)."""

    day_ordered: Int32Array
    """Negative for orders open at the start."""
    node: Int32Array
    supplier: Int32Array
    item: Int32Array
    units: IntArray
    left: FloatArray
    """Day it left the supplier; inf while unknown."""
    port: FloatArray
    """Day it reached the port of entry."""
    cleared: FloatArray
    """Day customs released it."""
    available: FloatArray
    """Day it reached the node's door."""
    received: Int32Array
    """Day it was put into stock; -1 while unknown."""
    count: IntArray
    """(T,) rows used."""


@dataclass(frozen=True, eq=False)
class OrderTable:
    """Orders, one row each in order of (day, node key, supplier key). All (T, capacity)."""

    first_line: Int32Array
    lines: Int32Array
    to_make: IntArray
    """Units the supplier has still to make."""
    made: Int32Array
    """Day of the last unit made; -1 while unknown."""
    started: FloatArray
    """Day a customs server took it; inf while unknown."""
    count: IntArray
    """(T,) rows used."""
    first_open: IntArray
    """(T,) every order before this one is received."""


FILL = {
    "left": UNKNOWN,
    "port": UNKNOWN,
    "cleared": UNKNOWN,
    "available": UNKNOWN,
    "started": UNKNOWN,
    "received": -1,
    "made": -1,
}
PER_TRIAL = ("count", "first_open")


@dataclass(frozen=True, eq=False)
class State:
    """State of a block of trials before day ``day``."""

    day: int
    trials: range
    on_hand: IntArray
    """(T, N, I) units."""
    on_order: IntArray
    """(T, N, I) units ordered and not received."""
    backlog: IntArray
    """(T, C, I) units that wait."""
    backlog_age: Int32Array
    """(T, C, I, 61) backlog by day of demand modulo 60; the last bin holds demand 60 or more days old."""
    short_rest: Int32Array
    """(T, C, I) running remainder of the split of short units into waiting and lost, parts of 2**20."""
    return_rest: Int32Array
    """(T, C, I) running remainder of the returned share, parts of 2**20; -1 before the first sale."""
    returns_due: Int32Array
    """(T, L, C, I) units coming back, by day modulo L."""
    down_since: Int32Array
    """(T, S) first day of the present outage, -1 while up."""
    in_transfer: IntArray
    """(T, N, I) units on their way from other nodes."""
    transfers_due: Int32Array
    """(T, L, N, I) units coming from other nodes, by day modulo L."""
    orders: OrderTable
    lines: LineTable
    open_stage_days: FloatArray
    """(T, O, 4) days of production, transit, service and inland of the orders open at the start; the present
    stage is residual.
    """

    def copy(self) -> State:
        """The same state in its own memory."""
        own = {
            f.name: getattr(self, f.name).copy()
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        return replace(self, **own, orders=_copy_table(self.orders), lines=_copy_table(self.lines))


def _copy_table(table: Any) -> Any:
    return replace(table, **{f.name: getattr(table, f.name).copy() for f in fields(table)})


@dataclass(frozen=True, eq=False)
class OpenOrders:
    """Orders open at the start: O orders, L lines. Days lie before day 0; inf says not yet.

    The present stage is the first whose end is unknown. Ties of (day, node, supplier) keep the given order.
    """

    day: IntArray
    """(O,) day placed, negative."""
    node: IntArray
    supplier: IntArray
    left: FloatArray
    port: FloatArray
    cleared: FloatArray
    to_make: IntArray
    """(O,) units that the supplier's daily capacity has still to make; 0: the residual production time says
    it all.
    """
    line_order: IntArray
    """(L,) position of the line's order above."""
    line_item: IntArray
    line_units: IntArray

    @classmethod
    def none(cls) -> OpenOrders:
        """No open orders."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(whole, whole, whole, real, real, real, whole, whole, whole, whole)


def empty_lines(trials: int, capacity: int) -> LineTable:
    """Order-line table with no rows."""
    return _empty(LineTable, trials, capacity, {"units": np.int64})


def empty_orders(trials: int, capacity: int) -> OrderTable:
    """Order table with no rows."""
    return _empty(OrderTable, trials, capacity, {"to_make": np.int64})


def _empty(kind: Any, trials: int, capacity: int, wide: dict[str, Any]) -> Any:
    """Table with no rows; columns of 32-bit whole numbers unless they hold days or are named in ``wide``."""
    columns: dict[str, Array] = {}
    for name in (f.name for f in fields(kind)):
        if name in PER_TRIAL:
            columns[name] = np.zeros(trials, dtype=np.int64)
        else:
            fill = FILL.get(name, 0)
            number = np.float64 if isinstance(fill, float) else wide.get(name, np.int32)
            columns[name] = np.full((trials, capacity), fill, dtype=number)
    return kind(**columns)


def grown(table: Any, capacity: int) -> Any:
    """The table with room for ``capacity`` rows per trial; itself where it has the room already."""
    trials, old = table.item.shape if isinstance(table, LineTable) else table.made.shape
    if capacity <= old:
        return table
    make = empty_lines if isinstance(table, LineTable) else empty_orders
    larger = make(trials, capacity)
    for f in fields(table):
        mine, its = getattr(larger, f.name), getattr(table, f.name)
        if f.name in PER_TRIAL:
            mine[:] = its
        else:
            mine[:, :old] = its
    return larger


def with_rings_room(state: State, draws: Draws) -> State:
    """The state with rings of coming returns and transfers that are long enough for the draws."""
    transfer = math.ceil(draws.transfer.max(initial=0.0))
    return replace(
        state,
        returns_due=_longer(state.returns_due, state.day, int(draws.return_delay.max())),
        transfers_due=_longer(state.transfers_due, state.day, transfer),
    )


def _longer(ring: Int32Array, first: int, longest: int) -> Int32Array:
    needed, old = max(1, longest) + 1, ring.shape[1]
    if needed <= old:
        return ring
    longer = np.zeros((len(ring), needed, *ring.shape[2:]), dtype=np.int32)
    for day in range(first, first + old):
        longer[:, day % needed] = ring[:, day % old]
    return longer


def initial_state(
    network: Network,
    trials: range,
    on_hand: IntArray,
    *,
    backlog: IntArray | None = None,
    open_orders: OpenOrders | None = None,
    open_stage_days: FloatArray | None = None,
) -> State:
    """State before day 0: stock (N, I), backlog (C, I) that counts as demand of day -1, orders under way.

    ``open_stage_days`` is (T or 1, O, 4): days of production, transit, service and inland; of the
    present stage what is left from day 0 on.
    """
    count, n, i, c = len(trials), len(network.nodes), len(network.items), len(network.demand_points)
    opened = open_orders or OpenOrders.none()
    orders = len(opened.day)
    stages = np.zeros((1, 0, 4)) if open_stage_days is None else open_stage_days
    _check_start(network, on_hand, backlog, opened, stages, count)
    waiting = np.zeros((c, i), dtype=np.int64) if backlog is None else np.asarray(backlog, dtype=np.int64)
    age = np.zeros((count, c, i, WAIT_BINS), dtype=np.int32)
    age[..., -1 % OLDEST] = waiting
    rank = np.lexsort((np.arange(orders), opened.supplier, opened.node, opened.day))
    state = State(
        day=0,
        trials=trials,
        on_hand=np.tile(np.asarray(on_hand, dtype=np.int64), (count, 1, 1)),
        on_order=np.zeros((count, n, i), dtype=np.int64),
        backlog=np.tile(waiting, (count, 1, 1)),
        backlog_age=age,
        short_rest=np.full((count, c, i), PARTS // 2, dtype=np.int32),
        return_rest=np.full((count, c, i), -1, dtype=np.int32),
        returns_due=np.zeros((count, 2, c, i), dtype=np.int32),
        down_since=np.full((count, len(network.suppliers)), -1, dtype=np.int32),
        in_transfer=np.zeros((count, n, i), dtype=np.int64),
        transfers_due=np.zeros((count, 2, n, i), dtype=np.int32),
        orders=empty_orders(count, orders),
        lines=empty_lines(count, len(opened.line_order)),
        open_stage_days=np.ascontiguousarray(np.broadcast_to(stages, (count, orders, 4))[:, rank]),
    )
    _place_open(state, opened, rank)
    return state


def _check_start(
    network: Network,
    on_hand: IntArray,
    backlog: IntArray | None,
    opened: OpenOrders,
    stages: FloatArray,
    trials: int,
) -> None:
    n, i, c, orders = len(network.nodes), len(network.items), len(network.demand_points), len(opened.day)
    if on_hand.shape != (n, i) or (on_hand.size and on_hand.min() < 0):
        raise UsageError(
            f"on_hand: wrong shape or negative | got {on_hand.shape} | use non-negative units {(n, i)}"
        )
    if backlog is not None and (backlog.shape != (c, i) or backlog.min() < 0):
        raise UsageError(
            f"backlog: wrong shape or negative | got {backlog.shape} | use non-negative units {(c, i)}"
        )
    if stages.shape[1:] != (orders, 4) or stages.shape[0] not in (1, trials):
        raise UsageError(
            f"open_stage_days: wrong shape | got {stages.shape} | use (1 or {trials}, {orders}, 4)"
        )
    check_stage_days(stages, "open_stage_days")
    if orders and opened.day.max() >= 0:
        raise UsageError(f"open_orders.day: not before day 0 | got {opened.day.max()} | use negative days")
    for name in ("left", "port", "cleared"):
        ends = getattr(opened, name)
        if np.any(np.isnan(ends) | ((ends >= 0.0) & (ends < UNKNOWN))):
            raise UsageError(
                f"open_orders.{name}: not before day 0 | use a negative day, or inf while unknown"
            )
    if np.any(np.isinf(opened.left) & ~np.isinf(opened.port)) or np.any(
        np.isinf(opened.port) & ~np.isinf(opened.cleared)
    ):
        raise UsageError("open_orders: a later stage is done before an earlier one | give all ends")
    if len(opened.line_units) and opened.line_units.min() <= 0:
        raise UsageError(f"open_orders.line_units: not positive | got {opened.line_units.min()} | at least 1")
    if orders and len(np.unique(opened.line_order)) != orders:
        raise UsageError(
            "open_orders.line_order: an order without lines | give every order at least one line"
        )


def _place_open(state: State, opened: OpenOrders, rank: IntArray) -> None:
    """Write the open orders, in rank order, as the first rows of the tables."""
    row = 0
    for at, order in enumerate(rank):
        lines = np.flatnonzero(opened.line_order == order)
        lines = lines[np.argsort(opened.line_item[lines], kind="stable")]
        state.orders.first_line[:, at] = row
        state.orders.lines[:, at] = len(lines)
        done = bool(np.isfinite(opened.left[order]))
        state.orders.to_make[:, at] = 0 if done else opened.to_make[order]
        state.orders.made[:, at] = -1 if not done and opened.to_make[order] > 0 else 0
        if np.isfinite(opened.cleared[order]):
            state.orders.started[:, at] = opened.cleared[order]
        for line in lines:
            for name in ("node", "supplier", "left", "port", "cleared"):
                getattr(state.lines, name)[:, row] = getattr(opened, name)[order]
            state.lines.day_ordered[:, row] = opened.day[order]
            state.lines.item[:, row] = opened.line_item[line]
            state.lines.units[:, row] = opened.line_units[line]
            state.on_order[:, opened.node[order], opened.line_item[line]] += opened.line_units[line]
            row += 1
    state.orders.count[:] = len(rank)
    state.lines.count[:] = row


def check_call(
    network: Network, state: State, until: int, controls: Controls, draws: Draws, demand: IntArray
) -> None:
    """Raise unless a call of ``advance`` can be meant: shapes, days and trials fit each other, and units fit
    the movements; ``demand`` (trial, day, demand_point, item) units.

    Raises
    ------
    UsageError
        where any of them does not
    """
    trials, days = len(state.trials), until - state.day
    expected = (trials, days, len(network.demand_points), len(network.items))
    if days < 0 or demand.shape != expected:
        raise UsageError(
            f"demand: wrong shape | got {demand.shape} | use {expected} for days {state.day} to {until}"
        )
    if demand.dtype.kind not in "iu":
        raise UsageError(f"demand: not whole units | got {demand.dtype} | give whole numbers")
    # 32-bit demand is looked at day by day
    if demand.dtype != np.int32 and demand.size and not 0 <= demand.min() <= demand.max() <= LARGEST:
        raise UsageError(TOO_MANY)
    for units in (state.on_hand, state.on_order, state.backlog):
        if units.size and not 0 <= units.min() <= units.max() < 2 * LARGEST:
            raise UsageError(TOO_MANY)
    if until > draws.days:
        raise UsageError(f"until: beyond the drawn days | got {until} | at most {draws.days}")
    if draws.first_trial != state.trials.start:
        raise UsageError(
            f"draws.first_trial: another block | got {draws.first_trial} | use {state.trials.start}"
        )
    controls.check(network, trials, until)
