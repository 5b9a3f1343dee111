"""Order events of the compiled engine: factory, way to the port, customs, inland, receipt."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from models.network.kernel_arrays import Chance, Choice, Net, Now, Scratch

NONE = -1


@njit(cache=True)
def _stage_days(chance: Chance, now: Now, t: int, order: int, stage: int) -> float:
    """Days of one stage of an order: its residual if it was open at the start, else the draw of its order day."""
    if order < chance.open_stage_days.shape[1]:
        return chance.open_stage_days[t, order, stage]
    line = now.first_line[t, order]
    s, n, day = now.line_supplier[t, line], now.line_node[t, line], now.line_day[t, line]
    if stage == 0:
        return chance.production[min(t, chance.production.shape[0] - 1), s, n, day]
    if stage == 1:
        return chance.transit[min(t, chance.transit.shape[0] - 1), s, n, day]
    if stage == 2:
        return chance.service[min(t, chance.service.shape[0] - 1), s, n, day]
    return chance.inland[min(t, chance.inland.shape[0] - 1), s, n, day]


@njit(cache=True)
def _schedule(scratch: Scratch, order: int, time: float, after: int, base: int) -> None:
    """Put an order into the bucket of the day whose opening meets ``time``: the first day after ``after`` at or beyond it."""
    at = max(after + 1, math.ceil(time)) - base
    if at < len(scratch.bucket):
        scratch.link[order] = scratch.bucket[at]
        scratch.bucket[at] = order


@njit(cache=True)
def _append(ends: np.ndarray, link: np.ndarray, order: int) -> None:
    link[order] = NONE
    if ends[0] == NONE:
        ends[0] = order
    else:
        link[ends[1]] = order
    ends[1] = order


@njit(cache=True)
def _left_time(chance: Chance, now: Now, t: int, order: int) -> float:
    """Day an order leaves: the later of its production time and its last unit."""
    placed = float(now.line_day[t, now.first_line[t, order]])
    if order < chance.open_stage_days.shape[1]:
        placed = 0.0
    return max(placed + _stage_days(chance, now, t, order, 0), float(now.made[t, order]))


@njit(cache=True)
def _step(chance: Chance, now: Now, scratch: Scratch, t: int, order: int, day: int, base: int, arrived: int) -> int:
    """Play an order's events up to ``day``; returns the number of orders that have reached a port."""
    first = now.first_line[t, order]
    last = first + now.order_lines[t, order]
    if now.left[t, first] == np.inf:
        time = _left_time(chance, now, t, order)
        if time > day:
            _schedule(scratch, order, time, day, base)
            return arrived
        now.left[t, first:last] = time
    if now.port[t, first] == np.inf:
        time = max(now.left[t, first], 0.0) + _stage_days(chance, now, t, order, 1)
        if time > day:
            _schedule(scratch, order, time, day, base)
            return arrived
        now.port[t, first:last] = time
        scratch.arrivals[arrived] = order
        return arrived + 1
    if now.cleared[t, first] == np.inf:
        time = now.started[t, order] + _stage_days(chance, now, t, order, 2)
        if time > day:
            _schedule(scratch, order, time, day, base)
            return arrived
        now.cleared[t, first:last] = time
    time = max(now.cleared[t, first], 0.0) + _stage_days(chance, now, t, order, 3)
    if time > day:
        _schedule(scratch, order, time, day, base)
        return arrived
    now.available[t, first:last] = time
    for line in range(first, last):
        now.received[t, line] = day
        now.on_hand[t, now.line_node[t, line], now.line_item[t, line]] += now.line_units[t, line]
        now.on_order[t, now.line_node[t, line], now.line_item[t, line]] -= now.line_units[t, line]
    return arrived


@njit(cache=True)
def _before(now: Now, t: int, order: int, other: int) -> bool:
    """Whether an order stands before another at customs: by (time, id)."""
    time, later = now.port[t, now.first_line[t, order]], now.port[t, now.first_line[t, other]]
    return time < later or (time == later and order < other)


@njit(cache=True)
def _queue_up(net: Net, now: Now, scratch: Scratch, t: int, arrived: int) -> None:
    """Put new arrivals into the customs queues by (time, id).

    Nearly always that is the end of the queue; an order whose last unit was made on day d and that reaches the port at d finds
    others of that very time in the queue already.
    """
    for k in range(arrived):
        order = scratch.arrivals[k]
        queue = scratch.queue[net.node_port[now.line_node[t, now.first_line[t, order]]]]
        if queue[0] == NONE or _before(now, t, queue[1], order):
            _append(queue, scratch.link, order)
        elif _before(now, t, order, queue[0]):
            scratch.link[order] = queue[0]
            queue[0] = order
        else:
            other = queue[0]
            while _before(now, t, scratch.link[other], order):
                other = scratch.link[other]
            scratch.link[order] = scratch.link[other]
            scratch.link[other] = order


@njit(cache=True)
def _clear(net: Net, chance: Chance, now: Now, scratch: Scratch, t: int, day: int, base: int) -> None:
    """Customs up to ``day``: Kiefer-Wolfowitz with closures; a service that would start later waits for its day."""
    r = min(t, chance.port_open.shape[0] - 1)
    for port in range(len(net.servers)):
        while scratch.queue[port, 0] != NONE:
            order = scratch.queue[port, 0]
            server = 0
            for k in range(1, net.servers[port]):
                if scratch.free[port, k] < scratch.free[port, server]:
                    server = k
            start = max(max(now.port[t, now.first_line[t, order]], 0.0), scratch.free[port, server])
            opening = math.floor(start)
            while opening <= day and not chance.port_open[r, port, opening]:
                opening += 1
                start = float(opening)
            if start > day:
                break
            scratch.queue[port, 0] = scratch.link[order]
            now.started[t, order] = start
            scratch.free[port, server] = start + _stage_days(chance, now, t, order, 2)
            _step(chance, now, scratch, t, order, day, base, 0)


@njit(cache=True)
def open_day(net: Net, chance: Chance, now: Now, scratch: Scratch, t: int, day: int, base: int) -> None:
    """Every order event with time at or before ``day``, receipts included."""
    order = scratch.bucket[day - base]
    arrived = 0
    while order != NONE:
        following = scratch.link[order]
        arrived = _step(chance, now, scratch, t, order, day, base, arrived)
        order = following
    _queue_up(net, now, scratch, t, arrived)
    _clear(net, chance, now, scratch, t, day, base)


@njit(cache=True)
def load_orders(net: Net, chance: Chance, now: Now, scratch: Scratch, t: int, base: int, day: int) -> None:
    """Rebuild buckets, factory and customs queues of a trial from its tables before ``day`` opens."""
    scratch.bucket[:] = NONE
    scratch.factory[:] = NONE
    scratch.queue[:] = NONE
    # an idle server has been free since some time before: had it met an order while customs was open, that order were in service
    scratch.free[:] = float(day - 1)
    waiting = 0
    for order in range(now.first_open[t], now.order_count[t]):
        first = now.first_line[t, order]
        if now.received[t, first] >= 0:
            continue
        if now.to_make[t, order] > 0:
            _append(scratch.factory[now.line_supplier[t, first]], scratch.link, order)
        elif now.left[t, first] == np.inf:
            _schedule(scratch, order, _left_time(chance, now, t, order), day - 1, base)
        elif now.port[t, first] == np.inf:
            time = max(now.left[t, first], 0.0) + _stage_days(chance, now, t, order, 1)
            _schedule(scratch, order, time, day - 1, base)
        elif now.started[t, order] == np.inf:
            scratch.arrivals[waiting] = order
            waiting += 1
        elif now.cleared[t, first] == np.inf:
            time = now.started[t, order] + _stage_days(chance, now, t, order, 2)
            _schedule(scratch, order, time, day - 1, base)
            server = 0
            port = net.node_port[now.line_node[t, first]]
            for k in range(1, net.servers[port]):
                if scratch.free[port, k] < scratch.free[port, server]:
                    server = k
            scratch.free[port, server] = time
        else:
            time = max(now.cleared[t, first], 0.0) + _stage_days(chance, now, t, order, 3)
            _schedule(scratch, order, time, day - 1, base)
    _queue_up(net, now, scratch, t, waiting)


@njit(cache=True)
def place_orders(now: Now, scratch: Scratch, t: int, day: int) -> None:
    """Turn today's quantities (node, supplier, item) into orders, one per node and supplier, in key order."""
    nodes, suppliers, items = scratch.ordered.shape
    for n in range(nodes):
        for s in range(suppliers):
            first = now.line_count[t]
            row = first
            total = 0
            for i in range(items):
                units = scratch.ordered[n, s, i]
                if units > 0:
                    now.line_day[t, row] = day
                    now.line_node[t, row] = n
                    now.line_supplier[t, row] = s
                    now.line_item[t, row] = i
                    now.line_units[t, row] = units
                    now.on_order[t, n, i] += units
                    scratch.ordered[n, s, i] = 0
                    total += units
                    row += 1
            if total > 0:
                order = now.order_count[t]
                now.first_line[t, order] = first
                now.order_lines[t, order] = row - first
                now.to_make[t, order] = total
                now.made[t, order] = NONE
                now.order_count[t] = order + 1
                now.line_count[t] = row
                _append(scratch.factory[s], scratch.link, order)


@njit(cache=True)
def make_units(chance: Chance, now: Now, scratch: Scratch, t: int, day: int, base: int) -> None:
    """Suppliers make the units of ``day`` in order of (day, id); nothing on a down day, what is not used lapses."""
    up = min(t, chance.supplier_up.shape[0] - 1)
    r = min(t, chance.capacity.shape[0] - 1)
    for s in range(chance.capacity.shape[1]):
        capacity = chance.capacity[r, s, day]
        if not chance.supplier_up[up, s, day]:
            continue
        while scratch.factory[s, 0] != NONE and capacity > 0:
            order = scratch.factory[s, 0]
            units = min(capacity, now.to_make[t, order])
            now.to_make[t, order] -= units
            capacity -= units
            if now.to_make[t, order] == 0:
                scratch.factory[s, 0] = scratch.link[order]
                now.made[t, order] = day
                _schedule(scratch, order, _left_time(chance, now, t, order), day, base)


@njit(cache=True)
def review(net: Net, chance: Chance, choice: Choice, now: Now, scratch: Scratch, t: int, day: int, delay: int) -> bool:
    """(s, S) by node and item on the position after demand; returns whether anything is ordered."""
    period = choice.period_of_day[day]
    r_level = min(t, choice.reorder_level.shape[0] - 1)
    r_top = min(t, choice.order_up_to.shape[0] - 1)
    nodes, items = scratch.behind.shape
    any_order = False
    for n in range(nodes):
        for i in range(items):
            position = now.on_hand[t, n, i] + now.on_order[t, n, i] - scratch.behind[n, i]
            if position <= choice.reorder_level[r_level, period, n, i]:
                units = choice.order_up_to[r_top, period, n, i] - position
                cap = choice.purchase_cap[min(t, choice.purchase_cap.shape[0] - 1), period, n, i]
                units = min(units, cap)
                if units > 0:
                    _split(net, chance, choice, now, scratch, t, day, delay, n, i, units, cap)
                    any_order = True
    return any_order


@njit(cache=True)
def _split(
    net: Net, chance: Chance, choice: Choice, now: Now, scratch: Scratch,
    t: int, day: int, delay: int, n: int, i: int, units: int, cap: int,
) -> None:  # fmt: skip
    """Split an order over suppliers by share, move what failover moves, round to multiples and smallest orders."""
    shares = choice.share_parts[min(t, choice.share_parts.shape[0] - 1), choice.period_of_day[day], n, i]
    suppliers = len(shares)
    weight = scratch.weight
    weight[:suppliers] = 0
    failover = choice.failover_on[min(t, choice.failover_on.shape[0] - 1)]
    total = 0
    for s in range(suppliers):
        if shares[s] > 0 and net.qualified[n, s, i]:
            taker = s
            since = now.down_since[t, s]
            if failover and since >= 0 and day - since >= delay:
                backup = net.backup[s]
                if backup >= 0 and net.qualified[n, backup, i] and now.down_since[t, backup] < 0:
                    taker = backup
            weight[taker] += shares[s]
            total += shares[s]
    if total == 0:
        return
    largest_remainder(weight, suppliers, units, scratch.part)
    room = cap
    for s in range(suppliers):
        amount = scratch.part[s]
        if amount > 0:
            multiple = net.multiple[s, i]
            amount = max((amount + multiple - 1) // multiple * multiple, net.moq[s, i])
            if amount > room:
                amount = room // multiple * multiple
                if amount < net.moq[s, i]:
                    amount = 0
            room -= amount
            scratch.ordered[n, s, i] = amount


@njit(cache=True)
def largest_remainder(weight: np.ndarray, count: int, amount: int, part: np.ndarray) -> None:
    """Split ``amount`` in proportion to ``weight[:count]`` into ``part``: whole shares, then the largest remainders, then position."""
    total = 0
    for k in range(count):
        total += weight[k]
    rest = amount
    remainder = np.empty(count, dtype=np.int64)
    for k in range(count):
        part[k] = amount * weight[k] // total
        remainder[k] = -(amount * weight[k] % total)
        rest -= part[k]
    if rest > 0:
        rank = np.argsort(remainder, kind="mergesort")
        for k in range(rest):
            part[rank[k]] += 1
