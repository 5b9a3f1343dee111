"""The compiled engine: the event order of the network, one trial after the other, in numba.

It shares data definitions with the SimPy engine and nothing else. The order events of a day are popped from a
bucket when the day
opens; customs is the Kiefer-Wolfowitz recursion with c free times, run no further than the day: exact,
because every order that
can arrive by day t exists when t opens.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from models import streams
from models.arrays import Int32Array, IntArray
from models.errors import NotSupportedError, UsageError
from models.memory import unwritten
from models.network import (
    kernel_arrays,
    kernel_backlog,
    kernel_bits,
    kernel_orders,
    kernel_returns,
    kernel_review,
    kernel_rows,
    kernel_serve,
    kernel_split,
    kernel_tables,
    kernel_transfers,
    kernel_trial,
    parts,
    policy,
)
from models.network import state as state_module
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.kernel_arrays import (
    Chance,
    Lines,
    Now,
    Orders,
    Out,
    choice_arrays,
    net_arrays,
    picked,
    work_arrays,
)
from models.network.kernel_trial import DONE, FULL, TOO_LARGE, run_trial
from models.network.movements import Movements, empty_movements
from models.network.spec import Network
from models.network.state import TOO_MANY, State, check_call, fill_unused, grown, with_rings_room
from models.workers import each, pieces, worker_count

_MARGIN = 1.04
"""Rows that a trial may need, over those of another."""
_AHEAD = 1 << 18
"""Rows with which the tables of the first trial begin at most."""


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

    ``demand`` (T, days, C, I) units. The state given is used up. One call and many calls give the
    same bytes, and so do one worker and many (0: one per core). ``features`` names what
    only the SimPy engine has: asking for any of it raises.
    """
    if features:
        raise NotSupportedError(
            f"features: not supported by the compiled engine | got {features} | use engine='simpy'"
        )
    check_call(network, state, until, controls, draws, demand)
    state = with_rings_room(state, draws)
    first, trials, trial = state.day, len(state.trials), state.trials.start
    workers = worker_count(workers, trials)
    returns_room = len(network.demand_points) * len(network.items)
    transfers_room = int((network.sources >= 0).sum()) * len(network.items)
    order_room = len(network.nodes) * len(network.suppliers)
    room = {
        "lines": order_room * len(network.items),
        "orders": order_room,
        "returns": returns_room,
        "transfers": transfers_room,
    }
    movements = empty_movements(network, trials, first, until, state.lines, written=True)
    net, chance, choice = net_arrays(network), _chance(draws), choice_arrays(network, controls)
    demand = np.ascontiguousarray(demand, dtype=np.int32)  # half the memory to go through
    reached = np.full(trials, first, dtype=np.int64)
    given = state.lines, state.orders

    def run(state: State, movements: Movements, reached: IntArray) -> tuple[State, Movements]:
        """Run the trials that have tables; where a table is full, go on with a larger one."""
        begun, status = _used(state, movements), FULL
        while status == FULL:
            state, movements = _with_room(
                state, movements, _needed(state, movements, begun, reached, until, room)
            )
            block = (
                picked(Now, state),
                picked(Orders, state.orders),
                picked(Lines, state.lines),
                picked(Out, movements),
            )
            room_of_orders = state.orders.made.shape[1]

            def play(some: range, block: Any = block, room_of_orders: int = room_of_orders) -> int:
                return run_block(
                    net,
                    chance,
                    choice,
                    *block,
                    work_arrays(network, until - first, room_of_orders),
                    demand,
                    first,
                    until,
                    reached,
                    some.start,
                    some.stop,
                    trial,
                    controls.failover_delay,
                )

            status = max(each(play, pieces(len(reached), workers), workers))
        if status == TOO_LARGE:
            raise UsageError(TOO_MANY)
        return state, movements

    if trials > 0 and state.lines.item.shape[1] == 0:  # the first trial tells how long the tables must be
        alone = run(*_first_alone(state, movements), reached[:1])
        state, movements = _with_first(state, movements, *alone, room)
    state, movements = run(state, movements, reached)
    for before, table in zip(given, (state.lines, state.orders), strict=True):
        if table is not before:
            fill_unused(table)
    return replace(state, day=until), replace(
        movements,
        returns=_cut(movements.returns, movements.returns_count),
        transfers=_cut(movements.transfers, movements.transfers_count),
    )


def _chance(draws: Draws) -> Any:
    """The draws; a delay that is always the same needs no draw."""
    chance, delay = picked(Chance, draws), draws.return_delay
    return chance._replace(return_delay=delay[:1].copy()) if np.all(delay == delay[0]) else chance


def _cut(table: Int32Array, count: IntArray) -> Int32Array:
    """The table without the rows that no trial uses; what a trial does not use is zero."""
    for t, used in enumerate(count):
        table[t, used:] = 0
    # one layout in memory, as the other engine gives: else all that reads it is compiled twice
    return np.ascontiguousarray(table[:, : int(count.max(initial=0))])


def _used(state: State, movements: Movements) -> dict[str, IntArray]:
    """Rows used by table and trial."""
    counts = {
        "lines": state.lines.count,
        "orders": state.orders.count,
        "returns": movements.returns_count,
        "transfers": movements.transfers_count,
    }
    return {name: count.copy() for name, count in counts.items()}


def _needed(
    state: State,
    movements: Movements,
    begun: dict[str, IntArray],
    reached: IntArray,
    until: int,
    room: dict[str, int],
) -> dict[str, int]:
    """Rows per trial that the tables must have: what is used and a day's most; beyond that, what the trial
    that has come farthest lets expect, and a margin for the others. A table that grows again grows by a
    quarter; the orders of one of many calls, which last, twofold.
    """
    used, days = _used(state, movements), reached - state.day
    needed = {name: int(count.max(initial=0)) + room[name] for name, count in used.items()}
    if days.max(initial=0) > 0:
        t = int(np.argmax(days))
        for name, count in used.items():
            rate = (count[t] - begun[name][t]) / days[t]
            most = float(begun[name].max()) + _MARGIN * rate * (until - state.day)
            needed[name] = max(needed[name], math.ceil(most) + room[name])
    elif state.lines.item.shape[1] == 0:  # the first trial alone: memory that no row needs is not touched
        for name, most in room.items():
            needed[name] = max(needed[name], min((until - state.day) * most, _AHEAD))
    else:  # a month has seldom more returns than four days could have
        for name in ("returns", "transfers"):
            needed[name] = min(until - state.day, 4) * room[name]
    old = {
        "lines": state.lines.item.shape[1],
        "orders": state.orders.made.shape[1],
        "returns": movements.returns.shape[1],
        "transfers": movements.transfers.shape[1],
    }
    lasting = ("lines", "orders") if begun["lines"].any() else ()
    larger = {name: 2 * rows if name in lasting else rows + rows // 4 for name, rows in old.items()}
    return {name: max(rows, larger[name]) if rows > old[name] else rows for name, rows in needed.items()}


def _with_room(state: State, movements: Movements, needed: dict[str, int]) -> tuple[State, Movements]:
    """The state and the movements with tables of at least as many rows per trial."""
    state = replace(
        state, lines=grown(state.lines, needed["lines"]), orders=grown(state.orders, needed["orders"])
    )
    larger: dict[str, Any] = {"lines": state.lines}
    for name in ("returns", "transfers"):
        table, count = getattr(movements, name), getattr(movements, f"{name}_count")
        if needed[name] > table.shape[1]:
            larger[name] = unwritten((len(table), needed[name], table.shape[2]), np.int32)
            for t in np.flatnonzero(count):
                larger[name][t, : count[t]] = table[t, : count[t]]
    return state, replace(movements, **larger)


def _first_alone(state: State, movements: Movements) -> tuple[State, Movements]:
    """The block with the tables of its first trial only."""
    names = [f"{table}{end}" for table in ("returns", "transfers") for end in ("", "_count")]
    return (
        replace(state, lines=_first_of(state.lines), orders=_first_of(state.orders)),
        replace(movements, **{name: getattr(movements, name)[:1].copy() for name in names}),
    )


def _first_of(table: Any) -> Any:
    return replace(table, **{f.name: getattr(table, f.name)[:1].copy() for f in fields(table)})


def _with_first(
    state: State, movements: Movements, alone: State, moved: Movements, room: dict[str, int]
) -> tuple[State, Movements]:
    """The block with tables as long as those its first trial used and a margin, its rows in them."""
    used = {name: int(count[0]) for name, count in _used(alone, moved).items()}
    state, movements = _with_room(
        state, movements, {name: math.ceil(_MARGIN * rows) + room[name] for name, rows in used.items()}
    )
    for table, one in ((state.lines, alone.lines), (state.orders, alone.orders)):
        for f in fields(table):
            mine, its = getattr(table, f.name), getattr(one, f.name)
            if mine.ndim == 1:
                mine[0] = its[0]
            else:
                mine[0, : one.count[0]] = its[0, : one.count[0]]
    for name in ("returns", "transfers"):
        getattr(movements, name)[0, : used[name]] = getattr(moved, name)[0, : used[name]]
        getattr(movements, f"{name}_count")[0] = used[name]
    return state, movements


def _compiled(source: int) -> Callable[..., int]:
    """The block's function, with the digest of all its source files in the key of numba's cache.

    numba looks at one file only; a change in another would otherwise run old machine code.
    """

    @njit(cache=True, nogil=True, _nrt=False, error_model="numpy")
    def run(
        net: Any,
        chance: Any,
        choice: Any,
        now: Any,
        orders: Any,
        lines: Any,
        out: Any,
        work: Any,
        demand: Any,
        first: int,
        until: int,
        reached: Any,
        begin: int,
        end: int,
        first_trial: int,
        delay: int,
    ) -> int:
        """Run trials from the day each has reached to ``until``, or to the day on which a table of it is
        full; says so.
        """
        status = DONE + source * 0
        for t in range(begin, end):
            if reached[t] < until:
                reached[t], ended = run_trial(
                    net,
                    chance,
                    choice,
                    now,
                    orders,
                    lines,
                    out,
                    work,
                    demand,
                    t,
                    first,
                    reached[t],
                    until,
                    first_trial + t,
                    delay,
                )
                status = max(status, ended)
        return status

    return run


_SOURCES = (
    streams,
    parts,
    policy,
    state_module,
    kernel_arrays,
    kernel_backlog,
    kernel_bits,
    kernel_orders,
    kernel_returns,
    kernel_review,
    kernel_rows,
    kernel_serve,
    kernel_split,
    kernel_tables,
    kernel_transfers,
    kernel_trial,
)
_digest = hashlib.blake2b(
    b"".join(Path(str(m.__file__)).read_bytes() for m in _SOURCES), digest_size=7
).digest()
run_block = _compiled(int.from_bytes(_digest, "little"))
