"""Order events of the compiled engine: factory, way to the port, customs, inland, receipt.

While a trial runs, an order is a row of two working tables: ``who`` (whole numbers) and ``when`` (days). It
hangs in one linked list at a time: the factory's queue, the bucket of the day that meets its arrival at the
port, the customs queue or the bucket of the day that receives it. When its last unit is made, the day it
leaves and the day it reaches the port are settled; when customs takes it, so is the rest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

NONE = -1
FIRST, LINES, NODE, SUPPLIER, TO_MAKE, MADE, AFTER, RECEIVED = range(8)
"""``AFTER``: the day whose phases settled its next times; they are met on later days only."""
WHO_COLUMNS = 8
READY, TRANSIT, SERVICE, INLAND, LEFT, PORT, STARTED, CLEARED = range(8)
"""``READY``: the day its production time ends; what is not settled yet is inf."""
WHEN_COLUMNS = 8

inner = njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, error_model="numpy", forceinline=True
)
"""Compiled as part of its caller only, without reference counting: the kernels make no array, and counting
references to slices took half of their time. Not in line, a call would push the hundreds of words of the
records of arrays it is given.
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
def _send_off(work: Any, order: int, after: int, base: int) -> None:
    """Settle when an order that is made leaves, the later of its production time and its last unit, and when
    it reaches the port.
    """
    who, when = work.who, work.when
    who[order, AFTER] = after
    if when[order, LEFT] == np.inf:
        when[order, LEFT] = max(when[order, READY], float(who[order, MADE]))
    when[order, PORT] = max(when[order, LEFT], 0.0) + when[order, TRANSIT]
    schedule(work.arriving, work.link, order, when[order, PORT], after, base)


@inner
def _before(when: Any, order: int, other: int) -> bool:
    """Whether an order stands before another at customs: by (time, id)."""
    time, later = when[order, PORT], when[other, PORT]
    return time < later or (time == later and order < other)


@inner
def _in_order(when: Any, link: Any, order: int) -> int:
    """Sort the orders linked from ``order`` on by (time, id); returns the first. A day's few orders are
    sorted apart from the queue, which may hold thousands.
    """
    first = NONE
    while order != NONE:
        following = link[order]
        if first == NONE or _before(when, order, first):
            link[order] = first
            first = order
        else:
            other = first
            while link[other] != NONE and _before(when, link[other], order):
                other = link[other]
            link[order] = link[other]
            link[other] = order
        order = following
    return first


@inner
def _queue_up(when: Any, link: Any, queue: Any, order: int) -> None:
    """Put an order into its customs queue by (time, id).

    Nearly always that is the end; but an order whose last unit was made on day d and that reaches the port at
    d may find others of that very time in the queue already.
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
    best, soonest = 0, free[0]
    for k in range(1, servers):
        best = k if free[k] < soonest else best
        soonest = min(soonest, free[k])
    return best


@inner
def available(when: Any, order: int) -> float:
    """Day at which an order that customs has released reaches the node's door."""
    return max(when[order, CLEARED], 0.0) + when[order, INLAND]


@inner
def _receive(
    who: Any, on_hand: Any, on_order: Any, line_item: Any, line_units: Any, order: int, day: int
) -> None:
    who[order, RECEIVED] = day
    node, first = who[order, NODE], who[order, FIRST]
    stock, coming = on_hand[node], on_order[node]
    for line in range(first, first + who[order, LINES]):
        stock[line_item[line]] += line_units[line]
        coming[line_item[line]] -= line_units[line]


@inner
def open_day(
    net: Any,
    work: Any,
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
    who, when, link, queues = work.who, work.when, work.link, work.queues
    order = _in_order(when, link, work.arriving[day - base])
    while order != NONE:
        following = link[order]
        _queue_up(when, link, queues[net.node_port[who[order, NODE]]], order)
        order = following
    for port in range(len(net.servers)):
        free = work.free[port]
        while queues[port, 0] != NONE:
            order = queues[port, 0]
            server = _earliest(free, net.servers[port])
            start = max(max(when[order, PORT], 0.0), free[server])
            opening = math.floor(start)
            while opening <= day and not port_open[port, opening]:
                opening += 1
                start = float(opening)
            if start > day:
                break
            queues[port, 0] = link[order]
            when[order, STARTED] = start
            when[order, CLEARED] = free[server] = start + when[order, SERVICE]
            # at the earliest today: the bucket of the day is emptied after this loop
            schedule(work.receiving, link, order, available(when, order), day - 1, base)
    order = work.receiving[day - base]
    while order != NONE:
        following = link[order]
        _receive(who, on_hand, on_order, line_item, line_units, order, day)
        order = following


@inner
def resume(net: Any, work: Any, order: int, day: int, base: int) -> None:
    """Hang an open order where it stood before ``day`` opens."""
    who, when, link = work.who, work.when, work.link
    if who[order, TO_MAKE] > 0:
        append(work.factory[who[order, SUPPLIER]], link, order)
    elif when[order, PORT] == np.inf:
        _send_off(work, order, day - 1, base)
    elif when[order, STARTED] == np.inf:
        _queue_up(when, link, work.queues[net.node_port[who[order, NODE]]], order)
    else:
        if when[order, CLEARED] == np.inf:
            port = net.node_port[who[order, NODE]]
            when[order, CLEARED] = when[order, STARTED] + when[order, SERVICE]
            work.free[port, _earliest(work.free[port], net.servers[port])] = when[order, CLEARED]
        schedule(work.receiving, link, order, available(when, order), day - 1, base)


@inner
def make_units(work: Any, up: Any, capacity: Any, day: int, base: int) -> None:
    """Suppliers make the units of ``day`` in order of (day, id); nothing on a down day, what is not used
    lapses.
    """
    who, factory = work.who, work.factory
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
                factory[s, 0] = work.link[order]
                who[order, MADE] = day
                _send_off(work, order, day, base)
