"""Order events of the compiled engine: factory, way to the port, customs, inland, receipt.

While a trial runs, an order is a row of two working tables: ``who`` (whole numbers) and ``when`` (days). It
hangs in one linked list at a time: the factory's queue, the bucket of the day that meets its arrival at the
port, the customs queue or the bucket of the day that receives it. When its last unit is made, the day it
leaves and the day it reaches the port are settled; when customs takes it, so is the rest.
"""

from __future__ import annotations

import math

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.compiled import inner
from models.network.kernel_records import Chance, Events, Lines, Net, Now, Orders, Stock

NONE = -1
"""End of a list, a day not known yet: no order and no day has this number."""
FIRST, LINES, NODE, SUPPLIER, TO_MAKE, MADE, AFTER, RECEIVED = range(8)
"""``AFTER``: the day whose phases settled its next times; they are met on later days only."""
WHO_COLUMNS = RECEIVED + 1
READY, TRANSIT, SERVICE, INLAND, LEFT, PORT, STARTED, CLEARED = range(8)
"""``READY``: the day its production time ends; what is not settled yet is inf."""
WHEN_COLUMNS = CLEARED + 1


@inner
def schedule(bucket: IntArray, link: IntArray, order: int, time: float, after: int, base: int) -> None:
    """Put an order into the bucket (D,) of the day whose opening meets ``time``: the first after ``after`` at
    or beyond it.
    """
    at = max(after + 1, math.ceil(time)) - base
    if at < len(bucket):
        link[order] = bucket[at]
        bucket[at] = order


@inner
def append(queue: IntArray, link: IntArray, order: int) -> None:
    """Put an order at the end of a queue (first, last); ``link`` (order,): the number of the next."""
    link[order] = NONE
    if queue[0] == NONE:
        queue[0] = order
    else:
        link[queue[1]] = order
    queue[1] = order


@inner
def _send_off(events: Events, order: int, after: int, base: int) -> None:
    """Settle when an order that is made leaves, the later of its production time and its last unit, and when
    it reaches the port.
    """
    who, when = events.who, events.when
    who[order, AFTER] = after
    if when[order, LEFT] == np.inf:
        when[order, LEFT] = max(when[order, READY], float(who[order, MADE]))
    when[order, PORT] = max(when[order, LEFT], 0.0) + when[order, TRANSIT]
    schedule(events.arriving, events.link, order, when[order, PORT], after, base)


@inner
def _before(when: FloatArray, order: int, other: int) -> bool:
    """Whether an order stands before another at customs: by (time, id)."""
    time, later = when[order, PORT], when[other, PORT]
    return time < later or (time == later and order < other)


@inner
def _in_order(when: FloatArray, link: IntArray, order: int) -> int:
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
def _queue_up(when: FloatArray, link: IntArray, queue: IntArray, order: int) -> None:
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
def _earliest(free: FloatArray, servers: int) -> int:
    """Server that is free first."""
    best, soonest = 0, free[0]
    for k in range(1, servers):
        best = k if free[k] < soonest else best
        soonest = min(soonest, free[k])
    return best


@inner
def available(when: FloatArray, order: int) -> float:
    """Day, from ``when`` (order, 8), at which an order that customs has released reaches the node's door."""
    return max(when[order, CLEARED], 0.0) + when[order, INLAND]


@inner
def _receive(who: IntArray, stock: Stock, lines: Lines, order: int, day: int) -> None:
    """Put the lines of an order into stock."""
    who[order, RECEIVED] = day
    node, first = who[order, NODE], who[order, FIRST]
    for line in range(first, first + who[order, LINES]):
        item, units = lines.item[line], lines.units[line]
        stock.on_hand[node, item] += units
        stock.on_order[node, item] -= units


@inner
def open_day(
    net: Net, events: Events, port_open: BoolArray, stock: Stock, lines: Lines, day: int, base: int
) -> None:
    """Every order event with time at or before ``day``, receipts included; ``port_open`` (P, D).

    Customs is the Kiefer-Wolfowitz recursion (1955, "On the theory of queues with many servers", Trans. AMS
    78) with closures; a service that would start after ``day`` waits for its day. ``base``: the day of the
    first bucket.
    """
    who, when, link, queues = events.who, events.when, events.link, events.queues
    order = _in_order(when, link, events.arriving[day - base])
    while order != NONE:
        following = link[order]
        _queue_up(when, link, queues[net.node_port[who[order, NODE]]], order)
        order = following
    for port in range(len(net.servers)):
        free = events.free[port]
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
            schedule(events.receiving, link, order, available(when, order), day - 1, base)
    order = events.receiving[day - base]
    while order != NONE:
        following = link[order]
        _receive(who, stock, lines, order, day)
        order = following


@inner
def _resume(net: Net, events: Events, order: int, day: int, base: int) -> None:
    """Hang an open order where it stood before ``day`` opens."""
    who, when, link = events.who, events.when, events.link
    if who[order, TO_MAKE] > 0:
        append(events.factory[who[order, SUPPLIER]], link, order)
    elif when[order, PORT] == np.inf:
        _send_off(events, order, day - 1, base)
    elif when[order, STARTED] == np.inf:
        _queue_up(when, link, events.queues[net.node_port[who[order, NODE]]], order)
    else:
        if when[order, CLEARED] == np.inf:
            port = net.node_port[who[order, NODE]]
            when[order, CLEARED] = when[order, STARTED] + when[order, SERVICE]
            events.free[port, _earliest(events.free[port], net.servers[port])] = when[order, CLEARED]
        schedule(events.receiving, link, order, available(when, order), day - 1, base)


@inner
def make_units(events: Events, up: BoolArray, capacity: IntArray, day: int, base: int) -> None:
    """Suppliers make the units of ``day``, at most ``capacity`` (S, D),
    in order of (day, id); nothing on a down day, what is not used
    lapses.
    """
    who, factory = events.who, events.factory
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
                factory[s, 0] = events.link[order]
                who[order, MADE] = day
                _send_off(events, order, day, base)


@inner
def load(
    net: Net, events: Events, orders: Orders, lines: Lines, chance: Chance, now: Now, day: int, base: int
) -> None:
    """Working rows of a trial's open orders, each hung where it stood before ``day`` opens; ``base``: the
    day of the first bucket.
    """
    who, when, open_days = events.who, events.when, now.open_stage_days
    events.arriving[:] = NONE
    events.receiving[:] = NONE
    events.factory[:] = NONE
    events.queues[:] = NONE
    # an idle server has been free since some time before: had it met an order while customs was open, that
    # order were in service
    events.free[:] = float(day - 1)
    for order in range(orders.first_open[0], orders.count[0]):
        line = orders.first_line[order]
        who[order, FIRST], who[order, LINES] = line, orders.lines[order]
        who[order, NODE], who[order, SUPPLIER], who[order, AFTER] = (
            lines.node[line],
            lines.supplier[line],
            day - 1,
        )
        who[order, TO_MAKE], who[order, MADE] = orders.to_make[order], orders.made[order]
        who[order, RECEIVED] = lines.received[line]
        when[order, LEFT], when[order, PORT] = lines.left[line], lines.port[line]
        when[order, STARTED], when[order, CLEARED] = orders.started[order], lines.cleared[line]
        if order < len(open_days):
            when[order, READY], when[order, TRANSIT] = open_days[order, 0], open_days[order, 1]
            when[order, SERVICE], when[order, INLAND] = open_days[order, 2], open_days[order, 3]
        else:
            _draw_stages(events, chance, order, lines.day_ordered[line])
        if who[order, RECEIVED] < 0:
            _resume(net, events, order, day, base)


@inner
def _draw_stages(events: Events, chance: Chance, order: int, day: int) -> None:
    """The stages of an order placed on ``day``."""
    who, when = events.who, events.when
    s, n = who[order, SUPPLIER], who[order, NODE]
    when[order, READY] = day + chance.production[s, n, day]
    when[order, TRANSIT], when[order, SERVICE] = chance.transit[s, n, day], chance.service[s, n, day]
    when[order, INLAND] = chance.inland[s, n, day]


@inner
def store(events: Events, orders: Orders, lines: Lines, last: int) -> None:
    """Write the working rows back into the tables: what was met up to day ``last``, nothing that lies
    ahead.
    """
    who, when = events.who, events.when
    for order in range(orders.first_open[0], orders.count[0]):
        orders.to_make[order], orders.made[order] = who[order, TO_MAKE], who[order, MADE]
        orders.started[order] = when[order, STARTED]
        left, port, cleared = when[order, LEFT], when[order, PORT], when[order, CLEARED]
        reached, received = available(when, order), who[order, RECEIVED]
        if received < 0:
            reached = np.inf
            settled = who[order, AFTER] < last
            left = left if settled and left <= last else np.inf
            port = port if settled and port <= last else np.inf
            cleared = cleared if cleared <= last else np.inf
        for line in range(who[order, FIRST], who[order, FIRST] + who[order, LINES]):
            lines.left[line], lines.port[line], lines.cleared[line] = left, port, cleared
            lines.available[line], lines.received[line] = reached, received
    while orders.first_open[0] < orders.count[0] and who[orders.first_open[0], RECEIVED] >= 0:
        orders.first_open[0] += 1


@inner
def place(
    events: Events, orders: Orders, lines: Lines, chance: Chance, first: int, n: int, s: int, day: int
) -> None:
    """Make an order of a node at a supplier of the lines from the ``first`` on."""
    who, when, order = events.who, events.when, orders.count[0]
    total = 0
    for line in range(first, lines.count[0]):
        lines.day_ordered[line], lines.node[line], lines.supplier[line] = day, n, s
        total += lines.units[line]
    orders.first_line[order], orders.lines[order] = first, lines.count[0] - first
    who[order, FIRST], who[order, LINES] = first, lines.count[0] - first
    who[order, NODE], who[order, SUPPLIER], who[order, AFTER] = n, s, day
    who[order, TO_MAKE], who[order, MADE], who[order, RECEIVED] = total, NONE, NONE
    _draw_stages(events, chance, order, day)
    when[order, LEFT:] = np.inf
    append(events.factory[s], events.link, order)
    orders.count[0] = order + 1
