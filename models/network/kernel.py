"""The compiled engine: the event order of the network, one trial after the other, in numba.

It shares data definitions with the SimPy engine and nothing else. ``kernel_trial`` plays the days of a trial;
this file gives it arrays and room. The order events of a day are popped from a bucket when the day opens;
customs is the Kiefer-Wolfowitz recursion with c free times, run no further than the day: exact, because every
order that can arrive by day t exists when t opens.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from models.arrays import Int32Array, IntArray
from models.errors import NotSupportedError, UsageError
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.kernel_arrays import block_arrays, with_tables, work_arrays
from models.network.kernel_records import Block, Window
from models.network.kernel_trial import DONE, FULL, TOO_LARGE, run_block
from models.network.movements import Movements, empty_movements
from models.network.spec import Network
from models.network.state import TOO_MANY, State, check_call, grown, with_rings_room
from models.workers import each, pieces, worker_count

_FIRST_DAYS = 4
"""Days of which the most returns have room at first: few months have more than four days could have."""


def advance(
    network: Network,
    state: State,
    until: int,
    controls: Controls,
    draws: Draws,
    demand: IntArray,
    features: tuple[str, ...] = (),
    workers: int = 1,
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements of the days from ``state.day`` on, for a block of trials.

    ``demand`` (trial, day, demand_point, item) units. The state given is used up. One call and many calls
    give the same bytes, and so do one worker and many (0: one per core). ``features`` names what only the
    SimPy engine has.

    Raises
    ------
    NotSupportedError
        Where any feature is asked for.
    UsageError
        Where shapes, days or trials do not fit each other, or units are beyond what is counted.
    """
    if features:
        raise NotSupportedError(
            f"features: not supported by the compiled engine | got {features} | use engine='simpy'"
        )
    check_call(network, state, until, controls, draws, demand)
    state = with_rings_room(state, draws)
    first, trials = state.day, len(state.trials)
    movements = empty_movements(network, trials, first, until, state.lines, written=True)
    state, movements = _with_room(network, state, movements)
    halved = np.ascontiguousarray(demand, dtype=np.int32)  # half the memory to go through
    block = block_arrays(network, state, controls, draws, movements, halved)
    window = Window(first, until, state.trials.start)
    reached = np.full(trials, first, dtype=np.int64)
    workers = worker_count(workers, trials)
    while (status := _played(network, block, window, reached, workers)) == FULL:
        state, movements = _with_room(network, state, movements)
        block = with_tables(block, state, movements)
    if status == TOO_LARGE:
        raise UsageError(TOO_MANY)
    return replace(state, day=until), replace(
        movements,
        returns=_cut(movements.returns, movements.returns_count),
        transfers=_cut(movements.transfers, movements.transfers_count),
    )


def _played(network: Network, block: Block, window: Window, reached: IntArray, workers: int) -> int:
    """Run all trials from the day (trial,) each has reached, on so many threads; the worst status."""

    def play(some: range) -> int:
        work = work_arrays(network, window.until - window.first, block.orders.made.shape[1])
        return run_block(block, work, window, reached, some.start, some.stop)

    return max(each(play, pieces(len(reached), workers), workers), default=DONE)


class _Rows(NamedTuple):
    """Rows per trial of the tables that grow."""

    lines: int
    orders: int
    returns: int
    transfers: int


def _most_of_a_day(network: Network) -> _Rows:
    """Rows that one day can add at most."""
    orders, items = len(network.nodes) * len(network.suppliers), len(network.items)
    return _Rows(
        lines=orders * items,
        orders=orders,
        returns=len(network.demand_points) * items,
        transfers=int((network.sources >= 0).sum()) * items,
    )


def _with_room(network: Network, state: State, movements: Movements) -> tuple[State, Movements]:
    """The state and the movements with tables that have room for at least one more day: a table that has not
    doubles; returns and transfers, new in every call, begin with room for a few days.
    """
    day = _most_of_a_day(network)
    lines = grown(state.lines, _rows(state.lines.count, state.lines.item, day.lines))
    orders = grown(state.orders, _rows(state.orders.count, state.orders.made, day.orders))
    at_first = min(movements.until - movements.first_day, _FIRST_DAYS)
    larger: dict[str, Any] = {"lines": lines}
    for name in ("returns", "transfers"):
        table, count, most = getattr(movements, name), getattr(movements, f"{name}_count"), getattr(day, name)
        larger[name] = _longer(table, count, max(_rows(count, table, most), at_first * most))
    return replace(state, lines=lines, orders=orders), replace(movements, **larger)


def _rows(count: IntArray, table: Any, most: int) -> int:
    """Rows per trial that a table is to have: as now, or twice as many where a day might not fit."""
    needed, rows = int(count.max(initial=0)) + most, int(table.shape[1])
    return rows if needed <= rows else max(needed, 2 * rows)


def _longer(table: Int32Array, count: IntArray, rows: int) -> Int32Array:
    """The table (trial, row, column) with so many rows, the used ones as they were, the others unwritten."""
    if rows <= table.shape[1]:
        return table
    larger = np.empty((len(table), rows, table.shape[2]), dtype=np.int32)
    for t, used in enumerate(count):
        larger[t, :used] = table[t, :used]
    return larger


def _cut(table: Int32Array, count: IntArray) -> Int32Array:
    """The table without the rows that no trial uses; what a trial does not use is zero."""
    for t, used in enumerate(count):
        table[t, used:] = 0
    # one layout in memory, as the other engine gives: else all that reads it is compiled twice
    return np.ascontiguousarray(table[:, : int(count.max(initial=0))])
