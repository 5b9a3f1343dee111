"""Order events of the compiled engine: factory, way to the port, customs, inland, receipt.

While a trial runs, an order is a row of two working tables: ``who`` (whole numbers) and ``when`` (days). It
hangs in one linked list at a
time: the bucket of the day that meets its next event, the factory's queue or the customs queue.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

NONE = -1
FIRST, LINES, NODE, SUPPLIER, PORT_OF, TO_MAKE, MADE, RECEIVED = range(8)
WHO_COLUMNS = 8
PRODUCTION, TRANSIT, SERVICE, INLAND, START, LEFT, PORT, STARTED, CLEARED, AVAILABLE = range(10)
WHEN_COLUMNS = 10
SCHEDULED, AT_PORT, AT_DOOR = 0, 1, 2

inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)
"""Compiled as part of its caller only, without reference counting: the kernels make no array, and counting
references to slices took half of their time.
"""


@inner
def schedule(bucket: Any, link: Any, order: int, time: float, after: int, base: int) -> None:
    """Put an order into the bucket of the day whose opening meets ``time``: the first day after ``after`` at
    or beyond it.
    """
    at = max(after + 1, math.ceil(time)) - base
    if at < len(bucket):
        link[order] = bucket[at]
        bucket[at] = order


@inner
def append(queue: Any, link: Any, order: int) -> None:
    """Put an order at the end of a queue (first, last)."""
    link[order] = NONE
    if queue[0] == NONE:
        queue[0] = order
    else:
        link[queue[1]] = order
    queue[1] = order


@inner
def left_time(who: Any, when: Any, order: int) -> float:
    """Day an order leaves: the later of its production time and its last unit."""
    return max(when[order, START] + when[order, PRODUCTION], float(who[order, MADE]))


@inner
def next_time(who: Any, when: Any, order: int) -> float:
    """Day of the next event of an order that waits for no factory and no customs."""
    if when[order, LEFT] == np.inf:
        return left_time(who, when, order)
    if when[order, PORT] == np.inf:
        return max(when[order, LEFT], 0.0) + when[order, TRANSIT]
    if when[order, CLEARED] == np.inf:
        return when[order, STARTED] + when[order, SERVICE]
    return max(when[order, CLEARED], 0.0) + when[order, INLAND]


@inner
def step(who: Any, when: Any, link: Any, bucket: Any, order: int, day: int, base: int) -> int:
    """Play an order's events up to ``day``; returns where that ends: SCHEDULED, AT_PORT or AT_DOOR."""
    while True:
        time = next_time(who, when, order)
        if time > day:
            schedule(bucket, link, order, time, day, base)
            return SCHEDULED
        if when[order, LEFT] == np.inf:
            when[order, LEFT] = time
        elif when[order, PORT] == np.inf:
            when[order, PORT] = time
            return AT_PORT
        elif when[order, CLEARED] == np.inf:
            when[order, CLEARED] = time
        else:
            when[order, AVAILABLE] = time
            return AT_DOOR


@inner
def _before(when: Any, order: int, other: int) -> bool:
    """Whether an order stands before another at customs: by (time, id)."""
    time, later = when[order, PORT], when[other, PORT]
    return time < later or (time == later and order < other)


@inner
def queue_up(when: Any, link: Any, queue: Any, order: int) -> None:
    """Put an order into its customs queue by (time, id).

    Nearly always that is the end; but an order whose last unit was made on day d and that reaches the port at
    d may find others of
    that very time in the queue already.
    """
    if queue[0] == NONE or _before(when, queue[1], order):
        append(queue, link, order)
    elif _before(when, order, queue[0]):
        link[order] = queue[0]
        queue[0] = order
    else:
        other = queue[0]
        while _before(when, link[other], order):
            other = link[other]
        link[order] = link[other]
        link[other] = order


@inner
def _earliest(free: Any, servers: int) -> int:
    """Server that is free first."""
    best = 0
    for k in range(1, servers):
        if free[k] < free[best]:
            best = k
    return best


@inner
def _receive(
    who: Any, on_hand: Any, on_order: Any, line_item: Any, line_units: Any, order: int, day: int
) -> None:
    who[order, RECEIVED] = day
    node, first = who[order, NODE], who[order, FIRST]
    for line in range(first, first + who[order, LINES]):
        on_hand[node, line_item[line]] += line_units[line]
        on_order[node, line_item[line]] -= line_units[line]


@inner
def open_day(
    who: Any,
    when: Any,
    link: Any,
    bucket: Any,
    queues: Any,
    free: Any,
    servers: Any,
    port_open: Any,
    on_hand: Any,
    on_order: Any,
    line_item: Any,
    line_units: Any,
    day: int,
    base: int,
) -> None:
    """Every order event with time at or before ``day``, receipts included.

    Customs is the Kiefer-Wolfowitz recursion with closures; a service that would start after ``day`` waits
    for its day.
    """
    order = bucket[day - base]
    while order != NONE:
        following = link[order]
        where = step(who, when, link, bucket, order, day, base)
        if where == AT_PORT:
            queue_up(when, link, queues[who[order, PORT_OF]], order)
        elif where == AT_DOOR:
            _receive(who, on_hand, on_order, line_item, line_units, order, day)
        order = following
    for port in range(len(servers)):
        while queues[port, 0] != NONE:
            order = queues[port, 0]
            server = _earliest(free[port], servers[port])
            start = max(max(when[order, PORT], 0.0), free[port, server])
            opening = math.floor(start)
            while opening <= day and not port_open[port, opening]:
                opening += 1
                start = float(opening)
            if start > day:
                break
            queues[port, 0] = link[order]
            when[order, STARTED] = start
            free[port, server] = start + when[order, SERVICE]
            if step(who, when, link, bucket, order, day, base) == AT_DOOR:
                _receive(who, on_hand, on_order, line_item, line_units, order, day)


@inner
def resume(
    who: Any,
    when: Any,
    link: Any,
    bucket: Any,
    factory: Any,
    queues: Any,
    free: Any,
    servers: Any,
    order: int,
    day: int,
    base: int,
) -> None:
    """Hang an open order where it stood before ``day`` opens."""
    if who[order, TO_MAKE] > 0:
        append(factory[who[order, SUPPLIER]], link, order)
    elif when[order, PORT] < np.inf and when[order, STARTED] == np.inf:
        queue_up(when, link, queues[who[order, PORT_OF]], order)
    else:
        time = next_time(who, when, order)
        schedule(bucket, link, order, time, day - 1, base)
        if when[order, PORT] < np.inf and when[order, CLEARED] == np.inf:
            port = who[order, PORT_OF]
            free[port, _earliest(free[port], servers[port])] = time


@inner
def make_units(
    who: Any, when: Any, link: Any, bucket: Any, factory: Any, up: Any, capacity: Any, day: int, base: int
) -> None:
    """Suppliers make the units of ``day`` in order of (day, id); nothing on a down day, what is not used
    lapses.
    """
    for s in range(len(factory)):
        if factory[s, 0] == NONE or not up[s, day]:
            continue
        left = capacity[s, day]
        while factory[s, 0] != NONE and left > 0:
            order = factory[s, 0]
            units = min(left, who[order, TO_MAKE])
            who[order, TO_MAKE] -= units
            left -= units
            if who[order, TO_MAKE] == 0:
                factory[s, 0] = link[order]
                who[order, MADE] = day
                schedule(bucket, link, order, left_time(who, when, order), day, base)


@inner
def largest_remainder(weight: Any, count: int, amount: int, part: Any) -> None:
    """Split ``amount`` in proportion to ``weight[:count]`` into ``part``: rounded down, then the largest
    remainders, then position.

    ``part`` has room for three times ``count``: the rest of it is for the remainders and their order.
    """
    total = 0
    for k in range(count):
        total += weight[k]
    rest = amount
    for k in range(count):
        product = amount * weight[k]
        part[k] = product // total
        part[count + k] = -(product % total)
        rest -= part[k]
    if rest > 0 and count <= 16:
        for _ in range(rest):
            best = 0
            for k in range(1, count):
                if part[count + k] < part[count + best]:
                    best = k
            part[best] += 1
            part[count + best] = 1
    elif rest > 0:
        _rank(part, count)
        for k in range(rest):
            part[part[2 * count + k]] += 1


@inner
def _rank(part: Any, count: int) -> None:
    """Positions by (remainder, position) into the last third of ``part``: Shell's sort, which needs no
    memory.
    """
    order, key = 2 * count, count
    for k in range(count):
        part[order + k] = k
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            moved = part[order + k]
            at = k
            while at >= gap:
                other = part[order + at - gap]
                before = part[key + moved] < part[key + other]
                if not (before or (part[key + moved] == part[key + other] and moved < other)):
                    break
                part[order + at] = other
                at -= gap
            part[order + at] = moved
        gap //= 3


@inner
def split_order(
    shares: Any,
    qualified: Any,
    backup: Any,
    down_since: Any,
    moq: Any,
    multiple: Any,
    ordered: Any,
    weight: Any,
    part: Any,
    failover: bool,
    delay: int,
    day: int,
    i: int,
    units: int,
    cap: int,
) -> None:
    """Split an order over suppliers by share, move what failover moves, round to multiples and smallest
    orders.

    ``qualified`` (S, I) of the node, ``ordered`` (S, I) of the node takes the result.
    """
    suppliers = len(shares)
    weight[:suppliers] = 0
    total = 0
    for s in range(suppliers):
        if shares[s] > 0 and qualified[s, i]:
            taker = s
            if failover and down_since[s] >= 0 and day - down_since[s] >= delay:
                other = backup[s]
                if other >= 0 and qualified[other, i] and down_since[other] < 0:
                    taker = other
            weight[taker] += shares[s]
            total += shares[s]
    if total == 0:
        return
    largest_remainder(weight, suppliers, units, part)
    room = cap
    for s in range(suppliers):
        amount = part[s]
        if amount > 0:
            amount = max((amount + multiple[s, i] - 1) // multiple[s, i] * multiple[s, i], moq[s, i])
            if amount > room:
                amount = room // multiple[s, i] * multiple[s, i]
                if amount < moq[s, i]:
                    amount = 0
            room -= amount
            ordered[s, i] = amount
