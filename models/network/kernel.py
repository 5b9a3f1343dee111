"""The compiled engine: the event order of the network, one trial after the other, in numba.

It shares data definitions with the SimPy engine and nothing else. The order events of a day are popped from a
bucket when the day
opens; customs is the Kiefer-Wolfowitz recursion with c free times, run no further than the day: exact,
because every order that
can arrive by day t exists when t opens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from models import streams
from models.errors import NotSupportedError, UsageError
from models.network import (
    kernel_arrays,
    kernel_orders,
    kernel_review,
    kernel_serve,
    kernel_tables,
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
from models.network.kernel_orders import inner, make_units, open_day
from models.network.kernel_review import count_behind, count_echelons, review, take_transfers, transfer
from models.network.kernel_serve import (
    age_backlog,
    ask_demand,
    book_backlog,
    book_demand,
    fetch,
    send_returns,
    serve,
    share_parts,
    take_returns,
)
from models.network.kernel_tables import load, place, store
from models.network.movements import Movements, empty_movements
from models.network.spec import IntArray, Network
from models.network.state import LARGEST, State, check_call, grown, with_rings_room

_DONE, _FULL, _TOO_LARGE = 0, 1, 2
TOO_LARGE = f"units: negative or more than {LARGEST} of one item in one place | scale the units down"


def advance(
    network: Network,
    state: State,
    until: int,
    controls: Controls,
    draws: Draws,
    demand: IntArray,
    features: tuple[str, ...] = (),
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements of the days from ``state.day`` on, for a block of trials.

    ``demand`` (T, days, C, I) units. The state given is used up. One call and many calls give the
    same bytes. ``features`` names what
    only the SimPy engine has: asking for any of it raises.
    """
    if features:
        raise NotSupportedError(
            f"features: not supported by the compiled engine | got {features} | use engine='simpy'"
        )
    check_call(network, state, until, controls, draws, demand)
    state = with_rings_room(state, draws)
    first, trials = state.day, len(state.trials)
    returns_room = len(network.markets) * len(network.items)
    transfers_room = int((network.sources >= 0).sum()) * len(network.items)
    order_room = len(network.nodes) * len(network.suppliers)
    movements = empty_movements(
        network, trials, first, until, state.lines, 4 * returns_room, 4 * transfers_room
    )
    net, chance, choice = net_arrays(network), picked(Chance, draws), choice_arrays(controls)
    demand = _narrow(demand)
    reached = np.full(trials, first, dtype=np.int64)
    status = _FULL
    while status == _FULL:
        state = _with_room(state, order_room * len(network.items), order_room)
        movements = _with_rows_room(replace(movements, lines=state.lines), returns_room, transfers_room)
        work = work_arrays(network, until - first, state.orders.made.shape[1])
        status = run_block(
            net,
            chance,
            choice,
            picked(Now, state),
            picked(Orders, state.orders),
            picked(Lines, state.lines),
            picked(Out, movements),
            work,
            demand,
            first,
            until,
            reached,
            state.trials.start,
            controls.failover_delay,
        )
    if status == _TOO_LARGE:
        raise UsageError(TOO_LARGE)
    used, sent = (int(c.max(initial=0)) for c in (movements.returns_count, movements.transfers_count))
    tables: dict[str, Any] = {
        "returns": movements.returns[:, :used],
        "transfers": movements.transfers[:, :sent],
    }
    return replace(state, day=until), replace(movements, **tables)


def _narrow(demand: IntArray) -> Any:
    """Demand in 32 bits: half the memory to go through."""
    if demand.dtype != np.int32 and demand.size and not 0 <= demand.min() <= demand.max() <= LARGEST:
        raise UsageError(TOO_LARGE)
    return np.ascontiguousarray(demand, dtype=np.int32)


def _with_room(state: State, line_room: int, order_room: int) -> State:
    """The state with room for at least one more day of orders in every trial."""
    lines = int(state.lines.count.max(initial=0)) + line_room
    orders = int(state.orders.count.max(initial=0)) + order_room
    if lines > state.lines.units.shape[1]:
        state = replace(state, lines=grown(state.lines, lines + lines // 2))
    if orders > state.orders.made.shape[1]:
        state = replace(state, orders=grown(state.orders, orders + orders // 2))
    return state


def _with_rows_room(movements: Movements, returns: int, transfers: int) -> Movements:
    """The movements with room for one more day of returns and transfers in every trial."""
    larger: dict[str, Any] = {}
    for name, room in (("returns", returns), ("transfers", transfers)):
        table, count = getattr(movements, name), getattr(movements, f"{name}_count")
        trials, rows, columns = table.shape
        if int(count.max(initial=0)) + room > rows:
            larger[name] = np.zeros((trials, 2 * rows + room, columns), dtype=np.int32)
            larger[name][:, :rows] = table
    return replace(movements, **larger)


@inner
def _record(
    on_hand: Any,
    on_order: Any,
    backlog: Any,
    waiting: Any,
    storage: Any,
    out_hand: Any,
    out_order: Any,
    out_backlog: Any,
    overflow: Any,
) -> int:
    """Stock, orders and backlog at the end of the day; returns all bits written, a huge one shows."""
    nodes, items = on_hand.shape
    bits = 0
    for n in range(nodes):
        stored = 0
        for i in range(items):
            out_hand[n, i] = on_hand[n, i]
            out_order[n, i] = on_order[n, i]
            stored += on_hand[n, i]
            bits |= on_hand[n, i] | on_order[n, i]
        overflow[n] = max(0, stored - storage[n])
    for c in range(len(waiting)):
        if waiting[c] > 0:
            for i in range(items):
                out_backlog[c, i] = backlog[c, i]
                bits |= backlog[c, i]
    return bits


@inner
def _watch(up: Any, down_since: Any, day: int) -> None:
    for s in range(len(down_since)):
        if up[s, day]:
            down_since[s] = -1
        elif down_since[s] < 0:
            down_since[s] = day


@inner
def _run_trial(
    net: Any,
    chance: Any,
    choice: Any,
    now: Any,
    orders: Any,
    lines: Any,
    out: Any,
    work: Any,
    demand: Any,
    t: int,
    first: int,
    day: int,
    until: int,
    trial: int,
    delay: int,
) -> tuple[int, int]:
    """Days from ``day`` on in the order of phases (0) to (6); returns the day reached and a status."""
    production = chance.production[min(t, len(chance.production) - 1)]
    transit = chance.transit[min(t, len(chance.transit) - 1)]
    service = chance.service[min(t, len(chance.service) - 1)]
    inland = chance.inland[min(t, len(chance.inland) - 1)]
    up = chance.supplier_up[min(t, len(chance.supplier_up) - 1)]
    capacity = chance.capacity[min(t, len(chance.capacity) - 1)]
    port_open = chance.port_open[min(t, len(chance.port_open) - 1)]
    return_parts = chance.return_parts[min(t, len(chance.return_parts) - 1)]
    refusal_parts = chance.refusal_parts[min(t, len(chance.refusal_parts) - 1)]
    transfer_days = chance.transfer[min(t, len(chance.transfer) - 1)]
    low = choice.trigger[min(t, len(choice.trigger) - 1)]
    kind = choice.policy[min(t, len(choice.policy) - 1)]
    batch = choice.batch[min(t, len(choice.batch) - 1)]
    every = choice.review_every[min(t, len(choice.review_every) - 1)]
    first_review = choice.first_review[min(t, len(choice.first_review) - 1)]
    ask_at = choice.transfer_at[min(t, len(choice.transfer_at) - 1)]
    ask_to = choice.transfer_to[min(t, len(choice.transfer_to) - 1)]
    keep = choice.keep[min(t, len(choice.keep) - 1)]
    high = choice.order_up_to[min(t, len(choice.order_up_to) - 1)]
    cap = choice.purchase_cap[min(t, len(choice.purchase_cap) - 1)]
    shares = choice.share_parts[min(t, len(choice.share_parts) - 1)]
    failover = choice.failover_on[min(t, len(choice.failover_on) - 1)]
    on_hand, on_order, backlog, backlog_age = (
        now.on_hand[t],
        now.on_order[t],
        now.backlog[t],
        now.backlog_age[t],
    )
    short_rest, return_rest = now.short_rest[t], now.return_rest[t]
    returns_due, down_since = now.returns_due[t], now.down_since[t]
    in_transfer, transfers_due = now.in_transfer[t], now.transfers_due[t]
    transfers = out.transfers[t]
    due_bits = fetch(returns_due)
    line_item, line_units = lines.item[t], lines.units[t]
    wait, returns = out.wait[t], out.returns[t]
    who, when, link, bucket, factory = work.who, work.when, work.link, work.bucket, work.factory
    want, held, sold, left, waiting, aside = (
        work.want,
        work.held,
        work.sold,
        work.left,
        work.waiting,
        work.aside,
    )
    nodes, suppliers, items = work.ordered.shape
    order_room, line_room, returns_room = nodes * suppliers, nodes * suppliers * items, len(left) * items
    transfers_room = len(net.give_asker) * items
    order, row, returned = orders.count[t], lines.count[t], out.returns_count[t]
    sent = out.transfers_count[t]
    load(
        net, work, orders, lines, production, transit, service, inland, now.open_stage_days[t], t, day, first
    )
    sold[:] = 0
    held[:] = 0
    work.refused[:] = -1
    aside[:] = 0
    for c in range(len(waiting)):
        waiting[c] = backlog[c].sum()
    status = _DONE
    while day < until:
        if (
            row + line_room > len(line_units)
            or order + order_room > len(who)
            or returned + returns_room > len(returns)
            or sent + transfers_room > len(transfers)
        ):
            status = _FULL
            break
        at = day - first
        shipped = out.shipped[t, at]
        _watch(up, down_since, day)
        open_day(
            who,
            when,
            link,
            bucket,
            work.queues,
            work.free,
            net.servers,
            port_open,
            on_hand,
            on_order,
            line_item,
            line_units,
            day,
            first,
        )
        returned = take_returns(
            returns_due[day % len(returns_due)],
            chance.return_keys,
            net.grade_edges,
            net.return_node,
            on_hand,
            returns,
            returned,
            day,
            trial,
        )
        take_transfers(net, transfers_due, on_hand, in_transfer, day)
        for n in range(nodes):
            work.pick_left[n] = net.pick_capacity[n]
        held_back = False
        for phase in range(2):  # the backlog first, then today's demand
            bits = due_bits
            if phase == 1:
                bits |= ask_demand(demand[t, at], want, left)
            elif not age_backlog(backlog, backlog_age, waiting, want, left, day):
                continue
            kept = serve(
                want,
                held,
                left,
                on_hand,
                aside,
                work.pick_left,
                shipped,
                net.group_start,
                net.group_cell,
                net.group_arc,
                net.group_node,
                work.total,
                work.allotted,
                work.weight,
                work.part,
            )
            held_back |= kept
            if phase == 0:
                book_backlog(backlog, backlog_age, waiting, want, held, sold, wait, day)
            else:
                book_demand(
                    demand[t, at],
                    want,
                    held,
                    left,
                    sold,
                    out.lost[t, at],
                    wait,
                    kept,
                    backlog,
                    backlog_age,
                    waiting,
                    short_rest,
                    net.backlog_parts,
                    day,
                )
        if held_back:
            for n in range(nodes):
                for i in range(items):
                    on_hand[n, i] += aside[n, i]
            aside[:] = 0
        share_parts(work.parts, work.refused, return_parts, refusal_parts, day)
        send_returns(
            sold,
            work.parts,
            work.back,
            chance.return_keys,
            chance.return_delay,
            return_rest,
            returns_due,
            day,
            trial,
        )
        period = choice.period_of_day[day]
        count_behind(net, work, backlog)
        sent = transfer(
            net,
            work,
            on_hand,
            in_transfer,
            transfers_due,
            ask_at[period],
            ask_to[period],
            keep[period],
            transfer_days,
            transfers,
            sent,
            day,
        )
        count_echelons(net, work, on_hand, on_order, in_transfer)
        if review(
            net,
            work,
            on_hand,
            on_order,
            down_since,
            low[period],
            high[period],
            kind[period],
            batch[period],
            every[period],
            first_review[period],
            cap[period],
            shares[period],
            failover,
            delay,
            day,
        ):
            order, row = place(
                who,
                when,
                link,
                factory,
                work.ordered,
                on_order,
                net.node_port,
                orders.first_line[t],
                orders.lines[t],
                lines.day_ordered[t],
                lines.node[t],
                lines.supplier[t],
                line_item,
                line_units,
                production,
                transit,
                service,
                inland,
                order,
                row,
                day,
            )
        make_units(who, when, link, bucket, factory, up, capacity, day, first)
        bits |= _record(
            on_hand,
            on_order,
            backlog,
            waiting,
            net.storage,
            out.on_hand[t, at],
            out.on_order[t, at],
            out.backlog[t, at],
            out.overflow[t, at],
        )
        if bits < 0 or bits >= 2 * LARGEST:
            status = _TOO_LARGE
            break
        day += 1
    orders.count[t], lines.count[t], out.returns_count[t] = order, row, returned
    out.transfers_count[t] = sent
    store(work, orders, lines, t)
    return day, status


def _compiled(source: int) -> Callable[..., int]:
    """The block's function, with the digest of all its source files in the key of numba's cache.

    numba looks at one file only; a change in another would otherwise run old machine code.
    """

    @njit(cache=True, nogil=True, _nrt=False)
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
        first_trial: int,
        delay: int,
    ) -> int:
        """Run every trial from the day it has reached to ``until``; stops early, and says so, where a table
        is full.
        """
        status = source * 0
        for t in range(len(reached)):
            if reached[t] < until:
                reached[t], ended = _run_trial(
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
    kernel_orders,
    kernel_review,
    kernel_serve,
    kernel_tables,
)
_digest = hashlib.blake2b(
    b"".join(Path(str(m.__file__)).read_bytes() for m in _SOURCES), digest_size=7
).digest()
run_block = _compiled(int.from_bytes(_digest, "little"))
