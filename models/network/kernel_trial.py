"""One trial of the compiled engine: its views of the block's arrays, and its days in the order of phases."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.arrays import Int32Array, IntArray
from models.compiled import in_place, inner, pasted
from models.network.kernel_orders import load, make_units, open_day, store
from models.network.kernel_records import (
    Block,
    Chance,
    Choice,
    Lines,
    Net,
    Now,
    Orders,
    Out,
    Stock,
    Window,
    Work,
)
from models.network.kernel_returns import begin_returns, end_returns, send_returns, share_parts, take_returns
from models.network.kernel_review import count_behind, count_echelons, review, take_transfers, transfer, watch
from models.network.kernel_serve import (
    ask_backlog,
    ask_demand,
    begin_backlog,
    book_backlog,
    book_demand,
    serve,
)
from models.network.parts import LARGEST, UNLIMITED

DONE, FULL, TOO_LARGE = 0, 1, 2
"""How a trial ended: at its last day; before a day that a table may have no room for; with units beyond what
is counted. The largest of a block's is the block's."""
_BITS = 31
"""Bits of a positive 32-bit number."""


@pasted
def _of(array: Any, t: int) -> Any:
    """A trial's part of an array that all trials may share."""
    return array[min(t, len(array) - 1)]


@pasted
def _chance_of(chance: Chance, t: int) -> Chance:
    """The draws of a trial."""
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


@pasted
def _choice_of(choice: Choice, t: int, period: int) -> Choice:
    """The controls of a trial in a period."""
    return Choice(
        _of(choice.trigger, t)[period],
        _of(choice.policy, t)[period],
        _of(choice.batch, t)[period],
        _of(choice.review_every, t)[period],
        _of(choice.first_review, t)[period],
        _of(choice.transfer_at, t)[period],
        _of(choice.transfer_to, t)[period],
        _of(choice.keep, t)[period],
        _of(choice.order_up_to, t)[period],
        _of(choice.share_parts, t)[period],
        _of(choice.purchase_cap, t)[period],
    )


@pasted
def _now_of(now: Now, t: int) -> Now:
    """The state of a trial."""
    return Now(
        now.on_hand[t],
        now.on_order[t],
        now.backlog[t],
        now.backlog_age[t],
        now.short_rest[t],
        now.return_rest[t],
        now.returns_due[t],
        now.down_since[t],
        now.in_transfer[t],
        now.transfers_due[t],
        now.open_stage_days[t],
    )


@pasted
def _orders_of(orders: Orders, t: int) -> Orders:
    """The order table of a trial."""
    return Orders(
        orders.first_line[t],
        orders.lines[t],
        orders.to_make[t],
        orders.made[t],
        orders.started[t],
        orders.count[t : t + 1],
        orders.first_open[t : t + 1],
    )


@pasted
def _lines_of(lines: Lines, t: int) -> Lines:
    """The order-line table of a trial."""
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


@pasted
def _out_of(out: Out, t: int) -> Out:
    """The movements of a trial."""
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
def _take_back(on_hand: Int32Array, aside: Int32Array) -> None:
    """Stock put aside for units that hands held back lies in the node overnight."""
    for n in range(on_hand.shape[0]):
        for i in range(on_hand.shape[1]):
            on_hand[n, i] += aside[n, i]
            aside[n, i] = 0


@inner
def _copied(source: Any, target: Any) -> int:
    """Copy units by place and item; returns all their bits: a negative or huge one shows."""
    bits = np.int32(0)
    for a in range(source.shape[0]):
        for i in range(source.shape[1]):
            target[a, i] = source[a, i]
            bits = np.int32(bits | source[a, i])  # numba would widen it to 64 bits: half as fast
    return int(bits)


@inner
def _record(net: Net, stock: Stock, out: Out, at: int) -> int:
    """Stock, orders and backlog at the end of the day; returns all their bits."""
    bits = _copied(stock.on_hand, out.on_hand[at])
    bits |= _copied(stock.on_order, out.on_order[at])
    bits |= _copied(stock.backlog, out.backlog[at])
    for n in range(len(net.storage)):
        if net.storage[n] < UNLIMITED:
            stored = 0
            for units in stock.on_hand[n]:
                stored += units
            out.overflow[at, n] = max(0, stored - net.storage[n])
    return bits


@inner
def _has_room(net: Net, work: Work, orders: Orders, lines: Lines, out: Out) -> bool:
    """Whether every table has room for the most rows that a day can add."""
    points, items = work.serving.want.shape
    order_room = work.desk.behind.shape[0] * work.desk.ordered.shape[0]
    return (
        lines.count[0] + order_room * items <= len(lines.units)
        and orders.count[0] + order_room <= len(work.events.link)
        and out.returns_count[0] + points * items <= len(out.returns)
        and out.transfers_count[0] + len(net.give_asker) * items <= len(out.transfers)
    )


@inner
def _serve_day(net: Net, work: Work, now: Now, out: Out, demand: Int32Array, at: int, day: int) -> int:
    """Phases (2) and (3): the backlog first, then today's demand; returns all bits of the demand."""
    serving, stock, shipped = work.serving, work.stock, out.shipped[at]
    shipped[:] = 0
    out.lost[at] = 0
    for n in range(len(net.pick_capacity)):
        serving.pick_left[n] = net.pick_capacity[n]
    held_back, bits = False, 0
    for phase in range(2):  # one call of serve in the program, not two: half the machine code
        if phase == 0 and not ask_backlog(serving, stock.backlog, now.backlog_age, day):
            continue
        if phase == 1:
            bits = ask_demand(serving, demand)
        held_back |= serve(net, serving, work.split, stock.on_hand, shipped)
        if phase == 0:
            book_backlog(serving, stock.backlog, now.backlog_age, out.wait, day)
        else:
            book_demand(net, serving, stock.backlog, now, out.lost[at], out.wait, day)
    if held_back:
        _take_back(stock.on_hand, serving.aside)
    return bits


@inner
def _begin(work: Work, now: Now, chance: Chance, trial: int, day: int) -> int:
    """Working memory from the state before ``day``; returns all bits of the returns under way."""
    stock, serving = work.stock, work.serving
    _copied(now.on_hand, stock.on_hand)
    _copied(now.on_order, stock.on_order)
    _copied(now.backlog, stock.backlog)
    stock.wide[0] = 0
    serving.held[:] = 0
    serving.sold[:] = 0
    serving.aside[:] = 0
    begin_backlog(serving, stock.backlog, now.backlog_age, day)
    begin_returns(work.returning, chance.return_keys, now.return_rest, trial)
    bits = 0
    for units in now.returns_due.reshape(now.returns_due.size):
        bits |= int(units)
    return bits


@pasted
def _run_trial(block: Block, work: Work, window: Window, t: int, day: int) -> tuple[int, int]:
    """Days from ``day`` on in the order of phases (0) to (6); returns the day reached and a status."""
    net, chance, now = block.net, _chance_of(block.chance, t), _now_of(block.now, t)
    orders, lines, out = _orders_of(block.orders, t), _lines_of(block.lines, t), _out_of(block.out, t)
    stock, events, returning = work.stock, work.events, work.returning
    begun, status, first = day, DONE, window.first
    failover_after = _of(block.failover_after, t)
    due_bits = _begin(work, now, chance, window.first_trial + t, day)
    load(net, events, orders, lines, chance, now, day, first)
    while day < window.until:
        if not _has_room(net, work, orders, lines, out):
            status = FULL
            break
        at, demand = day - first, block.demand[t, day - first]
        today = _choice_of(block.choice, t, block.period_of_day[day])
        # (1) receive
        watch(net, work.desk, chance, now.down_since, failover_after, day)
        open_day(net, events, chance.port_open, stock, lines, day, first)
        coming = now.returns_due[day % len(now.returns_due)]
        take_returns(net, returning.sequence, coming, stock, out, day)
        take_transfers(net, stock, now, day)
        # (2), (3) serve
        bits = due_bits | _serve_day(net, work, now, out, demand, at, day)
        share_parts(returning, chance.return_parts, chance.refusal_parts, day)
        send_returns(work.serving, returning, demand, chance, now.returns_due, day)
        # (4) review, (5) orders leave the buyer
        count_behind(net, work.serving, stock.backlog, work.desk.behind)
        if len(net.give_donor) > 0:
            transfer(net, work, today, now, chance.transfer, out, day)
            count_echelons(net, work.desk.behind, stock, now.in_transfer)
        review(net, work, today, orders, lines, chance, day)
        make_units(events, chance.supplier_up, chance.capacity, day, first)
        # (6) record
        bits |= _record(net, stock, out, at)
        if bits < 0 or bits >= 2 * LARGEST or stock.wide[0] >> _BITS != 0:
            status = TOO_LARGE
            break
        day += 1
    _copied(stock.on_hand, now.on_hand)
    _copied(stock.on_order, now.on_order)
    _copied(stock.backlog, now.backlog)
    end_returns(returning, now.return_rest)
    if day > begun:
        store(events, orders, lines, day - 1)
    return day, status


@in_place
def run_block(block: Block, work: Work, window: Window, reached: IntArray, begin: int, end: int) -> int:
    """Run the trials from ``begin`` to before ``end``, each from the day it has ``reached`` (trial,) to the
    end of the window or to the day on which a table of it is full; returns the worst status.
    """
    status = DONE
    for t in range(begin, end):
        if reached[t] < window.until:
            reached[t], ended = _run_trial(block, work, window, t, reached[t])
            status = max(status, ended)
    return status
