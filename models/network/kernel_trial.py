"""One trial of the compiled engine: its views of the block's arrays, and its days in the order of phases."""

from __future__ import annotations

from typing import Any

from numba import njit

from models.network.kernel_arrays import Chance, Choice, Lines, Now, Orders, Out
from models.network.kernel_backlog import ask_backlog, ask_demand, begin_backlog, book_backlog, book_demand
from models.network.kernel_orders import inner, make_units, open_day
from models.network.kernel_returns import (
    begin_returns,
    end_returns,
    send_returns,
    share_parts,
    take_returns,
)
from models.network.kernel_review import count_behind, count_echelons, review
from models.network.kernel_rows import copied
from models.network.kernel_serve import serve
from models.network.kernel_tables import load, store
from models.network.kernel_transfers import take_transfers, transfer
from models.network.parts import LARGEST, UNLIMITED

DONE, FULL, TOO_LARGE = 0, 1, 2
_LINE = 64
"""Bytes of a line of the cache."""
view = njit(inline="always", _nrt=False, error_model="numpy")
"""Written into its caller: only so may a function without reference counting give back an array."""


@view
def _of(array: Any, t: int) -> Any:
    """A trial's part of an array that all trials may share."""
    return array[min(t, len(array) - 1)]


@view
def _chance_of(chance: Any, t: int) -> Any:
    return Chance(
        _of(chance.production, t),
        _of(chance.transit, t),
        _of(chance.service, t),
        _of(chance.inland, t),
        _of(chance.supplier_up, t),
        _of(chance.capacity, t),
        _of(chance.port_open, t),
        _of(chance.return_parts, t),
        _of(chance.refusal_parts, t),
        chance.return_keys,
        chance.return_delay,
        _of(chance.transfer, t),
    )


@view
def _choice_of(choice: Any, t: int) -> Any:
    return Choice(
        _of(choice.trigger, t),
        _of(choice.policy, t),
        _of(choice.batch, t),
        _of(choice.review_every, t),
        _of(choice.first_review, t),
        _of(choice.transfer_at, t),
        _of(choice.transfer_to, t),
        _of(choice.keep, t),
        _of(choice.order_up_to, t),
        choice.period_of_day,
        _of(choice.share_parts, t),
        _of(choice.purchase_cap, t),
        choice.failover_on,
    )


@view
def _now_of(now: Any, work: Any, t: int) -> Any:
    """The state of a trial; stock, orders and backlog in the working memory."""
    return Now(
        work.on_hand,
        work.on_order,
        work.backlog,
        now.backlog_age[t],
        now.short_rest[t],
        now.return_rest[t],
        now.returns_due[t],
        now.down_since[t],
        now.in_transfer[t],
        now.transfers_due[t],
        now.open_stage_days[t],
    )


@view
def _orders_of(orders: Any, t: int) -> Any:
    return Orders(
        orders.first_line[t],
        orders.lines[t],
        orders.to_make[t],
        orders.made[t],
        orders.started[t],
        orders.count[t : t + 1],
        orders.first_open[t : t + 1],
    )


@view
def _lines_of(lines: Any, t: int) -> Any:
    return Lines(
        lines.day_ordered[t],
        lines.node[t],
        lines.supplier[t],
        lines.item[t],
        lines.units[t],
        lines.left[t],
        lines.port[t],
        lines.cleared[t],
        lines.available[t],
        lines.received[t],
        lines.count[t : t + 1],
    )


@view
def _out_of(out: Any, t: int) -> Any:
    return Out(
        out.shipped[t],
        out.lost[t],
        out.backlog[t],
        out.on_hand[t],
        out.on_order[t],
        out.overflow[t],
        out.wait[t],
        out.returns[t],
        out.returns_count[t : t + 1],
        out.transfers[t],
        out.transfers_count[t : t + 1],
    )


@inner
def _watch(up: Any, down_since: Any, day: int) -> None:
    for s in range(len(down_since)):
        if up[s, day]:
            down_since[s] = -1
        elif down_since[s] < 0:
            down_since[s] = day


@inner
def _fetch(array: Any) -> int:
    """Bring a trial's array (a, b, c) into the cache in order of address: it is read at scattered places, and
    the memory would answer late for each of them. Returns all bits seen.
    """
    rows, columns, length = array.shape
    step, found = _LINE // array.itemsize, 0
    for a in range(rows):
        for b in range(columns):
            for c in range(0, length, step):
                found |= int(array[a, b, c])
    return found


@inner
def _take_back(on_hand: Any, aside: Any) -> None:
    """Stock put aside for units that hands held back lies in the node overnight."""
    for n in range(len(on_hand)):
        for i in range(on_hand.shape[1]):
            on_hand[n, i] += aside[n, i]
            aside[n, i] = 0


@inner
def _copy(source: Any, target: Any) -> None:
    for a in range(len(source)):
        for i in range(source.shape[1]):
            target[a, i] = source[a, i]


@inner
def _record(now: Any, waiting: Any, storage: Any, out: Any, at: int) -> int:
    """Stock, orders and backlog at the end of the day; returns all bits written, a huge one shows."""
    bits = 0
    for n in range(len(now.on_hand)):
        bits |= copied(now.on_hand[n], out.on_hand[at, n])
        bits |= copied(now.on_order[n], out.on_order[at, n])
        if storage[n] < UNLIMITED:
            stored = 0
            for units in now.on_hand[n]:
                stored += units
            out.overflow[at, n] = max(0, stored - storage[n])
    for c in range(len(waiting)):
        if waiting[c] > 0:
            bits |= copied(now.backlog[c], out.backlog[at, c])
        else:
            out.backlog[at, c] = 0
    return bits


@inner
def run_trial(
    net: Any,
    block_chance: Any,
    block_choice: Any,
    block_now: Any,
    block_orders: Any,
    block_lines: Any,
    block_out: Any,
    work: Any,
    block_demand: Any,
    t: int,
    first: int,
    day: int,
    until: int,
    trial: int,
    delay: int,
) -> tuple[int, int]:
    """Days from ``day`` on in the order of phases (0) to (6); returns the day reached and a status."""
    chance, choice, now = (
        _chance_of(block_chance, t),
        _choice_of(block_choice, t),
        _now_of(block_now, work, t),
    )
    tables, lines, out = _orders_of(block_orders, t), _lines_of(block_lines, t), _out_of(block_out, t)
    demands, failover = block_demand[t], _of(choice.failover_on, t)
    items, points, suppliers = work.want.shape[1], len(work.want), len(work.ordered)
    order_room = len(now.on_hand) * suppliers
    due_bits = _fetch(now.returns_due)
    for stage in (chance.production, chance.transit, chance.service, chance.inland):
        due_bits |= _fetch(stage) >> 62
    load(net, work, lines, tables, chance, now.open_stage_days, day, first)
    _copy(block_now.on_hand[t], work.on_hand)
    _copy(block_now.on_order[t], work.on_order)
    _copy(block_now.backlog[t], work.backlog)
    begin_backlog(work, now.backlog_age, day)
    begin_returns(work, chance.return_keys, now.return_rest, trial)
    work.wide[0] = 0
    work.held[:] = 0
    work.refused[:] = -1
    work.aside[:] = 0
    order, row = tables.count[0], lines.count[0]
    returned, sent = out.returns_count[0], out.transfers_count[0]
    begun, status = day, DONE
    while day < until:
        if (
            row + order_room * items > len(lines.units)
            or order + order_room > len(work.link)
            or returned + points * items > len(out.returns)
            or sent + len(net.give_asker) * items > len(out.transfers)
        ):
            status = FULL
            break
        at = day - first
        out.shipped[at] = 0
        out.lost[at] = 0
        # (1) receive
        _watch(chance.supplier_up, now.down_since, day)
        open_day(net, work, chance.port_open, now.on_hand, now.on_order, lines.item, lines.units, day, first)
        coming = now.returns_due[day % len(now.returns_due)]
        returned = take_returns(net, work, coming, now.on_hand, out.returns, returned, day)
        take_transfers(net, now.transfers_due, now.on_hand, now.in_transfer, day)
        # (2), (3) serve
        bits = due_bits
        for n in range(len(net.pick_capacity)):
            work.pick_left[n] = net.pick_capacity[n]
        held_back = False
        for phase in range(2):  # the backlog first, then today's demand
            if phase == 1:
                bits |= ask_demand(demands[at], work)
            elif not ask_backlog(work, now.backlog_age, day):
                continue
            kept = serve(net, work, now.on_hand, out.shipped[at])
            held_back |= kept
            if phase == 0:
                book_backlog(work, now.backlog_age, out.wait, kept, day)
            else:
                book_demand(net, work, out.lost[at], out.wait, kept, now.backlog_age, now.short_rest, day)
        if held_back:
            _take_back(now.on_hand, work.aside)
        share_parts(work.parts, work.refused, chance.return_parts, chance.refusal_parts, day)
        send_returns(work, demands[at], chance.return_delay, now.returns_due, day)
        # (4) review, (5) orders leave the buyer
        period = choice.period_of_day[day]
        count_behind(net, work)
        sent = transfer(net, work, choice, period, now, chance.transfer, out.transfers, sent, day)
        count_echelons(net, work, now.on_hand, now.on_order, now.in_transfer)
        order, row = review(
            net, work, choice, period, now, lines, tables, chance, failover, delay, order, row, day
        )
        make_units(work, chance.supplier_up, chance.capacity, day, first)
        # (6) record
        bits |= _record(now, work.waiting, net.storage, out, at)
        if bits < 0 or bits >= 2 * LARGEST or work.wide[0] >> 31 != 0:
            status = TOO_LARGE
            break
        day += 1
    tables.count[0], lines.count[0] = order, row
    out.returns_count[0], out.transfers_count[0] = returned, sent
    _copy(work.on_hand, block_now.on_hand[t])
    _copy(work.on_order, block_now.on_order[t])
    _copy(work.backlog, block_now.backlog[t])
    end_returns(work, now.return_rest)
    if day > begun:
        store(work, lines, tables, day - 1)
    return day, status
