"""The compiled engine: the event order of the network, one trial after the other, in numba.

It shares data definitions with the SimPy engine and nothing else. The order events of a day are popped from a bucket when the day
opens; customs is the Kiefer-Wolfowitz recursion with c free times, run no further than the day: exact, because every order that
can arrive by day t exists when t opens.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import njit

from models.errors import NotSupportedError, UsageError
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.kernel_arrays import (
    Chance,
    Choice,
    Net,
    Now,
    Out,
    Scratch,
    chance_arrays,
    choice_arrays,
    net_arrays,
    now_arrays,
    out_arrays,
    scratch_arrays,
)
from models.network.kernel_orders import load_orders, make_units, open_day, place_orders, review
from models.network.kernel_serve import send_returns, serve_backlog, serve_demand, take_returns
from models.network.movements import RETURN_COLUMNS, Movements, empty_movements
from models.network.spec import IntArray, Network
from models.network.state import LARGEST, State, check_call, grown, with_returns_room

_DONE, _FULL, _TOO_LARGE = 0, 1, 2


def advance(
    network: Network, state: State, until: int, controls: Controls, draws: Draws, demand: IntArray, features: tuple[str, ...] = ()
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements of the days from ``state.day`` on, for a block of trials.

    ``demand`` (T, days, C, I) units. The state given is used up. One call and many calls give the same bytes.
    """
    if features:
        raise NotSupportedError(f"features: not supported by the compiled engine | got {features} | use engine='simpy'")
    check_call(network, state, until, controls, draws, demand)
    state = with_returns_room(state, draws)
    first, trials = state.day, len(state.trials)
    markets, items = len(network.markets), len(network.items)
    line_room = len(network.nodes) * len(network.suppliers) * items
    order_room = len(network.nodes) * len(network.suppliers)
    movements = empty_movements(network, trials, first, until, state.lines, 4 * markets * items)
    net, choice = net_arrays(network), choice_arrays(controls)
    reached = np.full(trials, first, dtype=np.int64)
    demand = np.ascontiguousarray(demand, dtype=np.int64)
    while True:
        state = _with_room(state, line_room, order_room)
        movements = replace(movements, lines=state.lines)
        scratch = scratch_arrays(network, until - first, state.orders.made.shape[1])
        status = run_block(
            net, chance_arrays(draws, state), choice, now_arrays(state), out_arrays(movements), scratch,
            demand, first, until, reached, state.trials.start, controls.failover_delay,
        )  # fmt: skip
        if status == _DONE:
            break
        if status == _TOO_LARGE:
            raise UsageError(f"units: more than {LARGEST} of one item in one place | scale the units down")
        if int(movements.returns_count.max()) + markets * items > movements.returns.shape[1]:
            movements = _more_returns(movements)
    used = int(movements.returns_count.max(initial=0))
    return replace(state, day=until), replace(movements, returns=movements.returns[:, :used])


def _with_room(state: State, line_room: int, order_room: int) -> State:
    """The state with room for at least one more day of orders in every trial."""
    lines = int(state.lines.count.max(initial=0)) + line_room
    orders = int(state.orders.count.max(initial=0)) + order_room
    if lines > state.lines.units.shape[1]:
        state = replace(state, lines=grown(state.lines, lines + lines // 2))
    if orders > state.orders.made.shape[1]:
        state = replace(state, orders=grown(state.orders, orders + orders // 2))
    return state


def _more_returns(movements: Movements) -> Movements:
    trials, rows, _ = movements.returns.shape
    larger = np.zeros((trials, 2 * rows, len(RETURN_COLUMNS)), dtype=np.int32)
    larger[:, :rows] = movements.returns
    return replace(movements, returns=larger)


@njit(cache=True)
def _record(net: Net, now: Now, out: Out, scratch: Scratch, t: int, at: int) -> int:
    """Stock, orders and backlog at the end of the day; returns the largest number written."""
    nodes, items = scratch.aside.shape
    largest = 0
    for n in range(nodes):
        stored = 0
        for i in range(items):
            hand, order = now.on_hand[t, n, i], now.on_order[t, n, i]
            out.on_hand[t, at, n, i] = hand
            out.on_order[t, at, n, i] = order
            stored += hand
            largest = max(largest, max(hand, order))
        out.overflow[t, at, n] = max(0, stored - net.storage[n])
    for c in range(len(scratch.waiting)):
        if scratch.waiting[c] > 0:
            for i in range(items):
                out.backlog[t, at, c, i] = now.backlog[t, c, i]
                largest = max(largest, now.backlog[t, c, i])
    return largest


@njit(cache=True)
def _count_behind(net: Net, now: Now, scratch: Scratch, t: int) -> None:
    """Backlog by the node that a market turns to first."""
    scratch.behind[:] = 0
    for c in range(len(scratch.waiting)):
        if scratch.waiting[c] > 0:
            for i in range(scratch.behind.shape[1]):
                scratch.behind[net.primary[c], i] += now.backlog[t, c, i]


@njit(cache=True)
def _day(
    net: Net, chance: Chance, choice: Choice, now: Now, out: Out, scratch: Scratch, demand: np.ndarray,
    t: int, trial: int, day: int, base: int, delay: int,
) -> int:  # fmt: skip
    """One day in the order of phases (0) to (6); returns the largest number recorded."""
    at = day - base
    up = min(t, chance.supplier_up.shape[0] - 1)
    for s in range(now.down_since.shape[1]):
        if chance.supplier_up[up, s, day]:
            now.down_since[t, s] = -1
        elif now.down_since[t, s] < 0:
            now.down_since[t, s] = day
    open_day(net, chance, now, scratch, t, day, base)
    take_returns(net, chance, now, out, t, day, trial)
    scratch.pick_left[:] = net.pick
    serve_backlog(net, now, out, scratch, t, day, at)
    serve_demand(net, now, out, scratch, demand[t, at], t, day, at)
    for n in range(scratch.aside.shape[0]):
        for i in range(scratch.aside.shape[1]):
            now.on_hand[t, n, i] += scratch.aside[n, i]
            scratch.aside[n, i] = 0
    send_returns(chance, now, scratch, t, day, trial)
    _count_behind(net, now, scratch, t)
    if review(net, chance, choice, now, scratch, t, day, delay):
        place_orders(now, scratch, t, day)
    make_units(chance, now, scratch, t, day, base)
    return _record(net, now, out, scratch, t, at)


@njit(cache=True, nogil=True)
def run_block(
    net: Net, chance: Chance, choice: Choice, now: Now, out: Out, scratch: Scratch, demand: np.ndarray,
    first: int, until: int, reached: np.ndarray, first_trial: int, delay: int,
) -> int:  # fmt: skip
    """Run every trial from the day it has reached to ``until``; stops early, and says so, where a table is full."""
    nodes, suppliers, items = scratch.ordered.shape
    cells = len(scratch.waiting)
    status = _DONE
    for t in range(len(reached)):
        day = reached[t]
        if day >= until:
            continue
        load_orders(net, chance, now, scratch, t, first, day)
        for c in range(cells):
            scratch.waiting[c] = now.backlog[t, c].sum()
        while day < until:
            if (
                now.line_count[t] + nodes * suppliers * items > now.line_units.shape[1]
                or now.order_count[t] + nodes * suppliers > now.made.shape[1]
                or out.returns_count[t] + cells * items > out.returns.shape[1]
            ):
                status = _FULL
                break
            largest = _day(net, chance, choice, now, out, scratch, demand, t, first_trial + t, day, first, delay)
            if largest > LARGEST:
                return _TOO_LARGE
            day += 1
        reached[t] = day
        while now.first_open[t] < now.order_count[t] and now.received[t, now.first_line[t, now.first_open[t]]] >= 0:
            now.first_open[t] += 1
    return status
