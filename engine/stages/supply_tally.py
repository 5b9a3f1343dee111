"""Compiled counts of the supply metrics, trial by trial, from what the network did in a month or a run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.arrays import BoolArray, CountArray, FloatArray, IntArray
from models.compiled import compiled, in_place, inner

CLEARANCE, CLEARANCE_P90, CLEARANCE_LONG, QUEUE = range(4)
CLEARANCE_FIGURES = 4
"""Mean and 90% quantile of port arrival to release, share beyond the limit, mean wait before service."""
_P90 = 0.9
"""Of the quantile that ports are asked for: one order in ten takes longer."""


class Shelves(NamedTuple):
    """Which nodes serve a segment, and what is wanted at them."""

    arc_start: IntArray
    """(segment + 1,) arcs of a segment."""
    arc_node: IntArray
    planned: BoolArray
    """(node, item) whether base expects demand."""


class Unserved(NamedTuple):
    """What a quarter could not serve, added to day by day."""

    unstocked: IntArray
    """(trial, segment) units demanded while no serving node had stock."""
    empty: IntArray
    """(trial, node) planned item-days without stock at the day's end."""
    last_sale: IntArray
    """(trial, item) day of the last sale."""


@compiled
def count_service(
    demanded: CountArray,
    shipped: CountArray,
    on_hand: CountArray,
    first_day: int,
    shelves: Shelves,
    unserved: Unserved,
) -> None:
    """Add a month's days d to what was unserved: units demanded (trial, d, segment, item), units shipped
    (trial, d, arc, item) and on hand at the day's end (trial, d, node, item).

    A node had stock for the day's demand if it shipped any of the item or has some left at the day's end.
    Empty shelves are few, so only they are looked into; nobody asks for an item that is planned nowhere.
    """
    trials, days, _, items = demanded.shape
    # numbers, not truths: the sum over them has no branch
    wanted = shelves.planned.astype(np.int32)
    for t in range(trials):
        for d in range(days):
            if _any_gone(on_hand[t, d], wanted):
                _add_empty(
                    demanded[t, d],
                    shipped[t, d],
                    on_hand[t, d],
                    shelves,
                    unserved.empty[t],
                    unserved.unstocked[t],
                )
        for i in range(items):
            day = _last_sale(shipped[t], i)
            if day >= 0:
                unserved.last_sale[t, i] = first_day + day


@inner
def _any_gone(on_hand: CountArray, wanted: CountArray) -> bool:
    """Whether any wanted item is gone at the day's end, both (node, item)."""
    gone = 0
    for n in range(wanted.shape[0]):
        left = on_hand[n]
        for i in range(wanted.shape[1]):
            gone += wanted[n, i] if left[i] == 0 else 0
    return gone > 0


@inner
def _add_empty(
    demanded: CountArray,
    shipped: CountArray,
    on_hand: CountArray,
    shelves: Shelves,
    empty: IntArray,
    unstocked: IntArray,
) -> None:
    """Add a day on which something wanted is gone, by node, and the demand that nobody could serve."""
    planned = shelves.planned
    for i in range(planned.shape[1]):
        short = False
        for n in range(planned.shape[0]):
            if planned[n, i] and on_hand[n, i] == 0:
                short = True
                empty[n] += 1
        if short:
            _add_unstocked(demanded, shipped, on_hand, i, shelves, unstocked)


@inner
def _last_sale(shipped: CountArray, item: int) -> int:
    """Last day of the month on which an item was shipped anywhere, -1 without one."""
    for day in range(shipped.shape[0] - 1, -1, -1):
        for arc in range(shipped.shape[1]):
            if shipped[day, arc, item] > 0:
                return day
    return -1


@inner
def _add_unstocked(
    demanded: CountArray,
    shipped: CountArray,
    on_hand: CountArray,
    item: int,
    shelves: Shelves,
    unstocked: IntArray,
) -> None:
    """Add a day's units demanded of an item by the segments of which no serving node had it."""
    arc_start, arc_node = shelves.arc_start, shelves.arc_node
    for c in range(demanded.shape[0]):
        if demanded[c, item] == 0:
            continue
        had = False
        for a in range(arc_start[c], arc_start[c + 1]):
            node = arc_node[a]
            had = had or on_hand[node, item] > 0
            for other in range(arc_node.size):
                had = had or (arc_node[other] == node and shipped[other, item] > 0)
        if not had:
            unstocked[c] += demanded[c, item]


@compiled
def follow_service(
    demanded: CountArray,
    lost: CountArray,
    backlog: CountArray,
    watched: BoolArray,
    first_day: int,
    service: CountArray,
) -> None:
    """Fill a month's days of units demanded, lost and waiting, each (trial, day, segment, item), over watched
    pairs (set, segment, item), into ``service`` (trial, day, set, 3).
    """
    trials, days, segments, items = demanded.shape
    sets = watched.shape[0]
    mask = np.zeros(watched.shape, dtype=np.int32)
    any_item = np.zeros((sets, segments), dtype=np.bool_)
    for k in range(sets):
        for c in range(segments):
            any_item[k, c] = watched[k, c].any()
            for i in range(items):
                mask[k, c, i] = watched[k, c, i]
    for t in range(trials):
        for d in range(days):
            for c in range(segments):
                for k in range(sets):
                    if not any_item[k, c]:
                        continue
                    asked, gone, waiting, kept = 0, 0, 0, mask[k, c]
                    for i in range(items):
                        asked += demanded[t, d, c, i] * kept[i]
                        gone += lost[t, d, c, i] * kept[i]
                        waiting += backlog[t, d, c, i] * kept[i]
                    service[t, first_day + d, k, 0] += asked
                    service[t, first_day + d, k, 1] += gone
                    service[t, first_day + d, k, 2] += waiting


@in_place
def receipts_between(
    node: CountArray,
    item: CountArray,
    units: CountArray,
    received: CountArray,
    count: IntArray,
    first: int,
    until: int,
    entered: CountArray,
) -> None:
    """Add the units of order lines, each (trial, row), received on the days ``first`` to ``until`` - 1, into
    ``entered`` (trial, node, item).
    """
    for t in range(count.size):
        for row in range(count[t]):
            if first <= received[t, row] < until:
                entered[t, node[t, row], item[t, row]] += units[t, row]


@in_place
def restocked_between(
    returns: CountArray, count: IntArray, return_node: IntArray, first: int, until: int, entered: CountArray
) -> None:
    """Add the returned units put back into stock on the days ``first`` to ``until`` - 1, into (trial, node,
    item).
    """
    for t in range(count.size):
        for row in range(count[t]):
            if first <= returns[t, row, 0] < until:
                entered[t, return_node[returns[t, row, 1]], returns[t, row, 2]] += returns[t, row, 3]


class OrderRows(NamedTuple):
    """Orders by the line table: each (trial, row of a line) unless said."""

    day_ordered: CountArray
    node: CountArray
    supplier: CountArray
    port: FloatArray
    """Day of reaching the port, inf while unknown."""
    cleared: FloatArray
    """Day of the release by customs."""
    received: CountArray
    """Day, -1 while unknown."""
    first_line: CountArray
    """(trial, order) row of its first line."""
    started: FloatArray
    """(trial, order) day a customs server took it."""
    used: IntArray
    """(trial,) orders."""


class OrderTimes(NamedTuple):
    """Times of orders, counted; the last port stands for all."""

    finished: CountArray
    """(trial, node, supplier, day) orders by days from order to receipt."""
    still_open: CountArray
    """(trial, node, supplier, day) orders open at the end by their age in days."""
    entries: IntArray
    """(trial, port + 1) orders released by customs."""
    customs: FloatArray
    """(trial, port + 1, figure) in days or shares."""


@compiled
def order_times(orders: OrderRows, node_port: IntArray, limit: float, times: OrderTimes) -> None:
    """Count the orders of every trial placed from day 0 on by days from order to receipt, those open at the
    end by their age, and the customs figures of what reached a port from day 0 on and was released;
    ``node_port`` (node,), ``limit`` days beyond which a clearance is long.
    """
    trials, _, _, days = times.finished.shape
    ports = times.entries.shape[1] - 1
    room = 0
    for t in range(trials):
        room = max(room, orders.used[t])
    spent = np.zeros((ports + 1, room))
    for t in range(trials):
        for o in range(orders.used[t]):
            row = orders.first_line[t, o]
            n = orders.node[t, row]
            _count_order(orders, t, row, times)
            if orders.port[t, row] >= 0.0 and orders.cleared[t, row] < days:
                wait = orders.started[t, o] - orders.port[t, row]
                for p in (node_port[n], ports):
                    spent[p, times.entries[t, p]] = orders.cleared[t, row] - orders.port[t, row]
                    times.entries[t, p] += 1
                    times.customs[t, p, QUEUE] += wait
        for p in range(ports + 1):
            _customs_figures(spent[p, : times.entries[t, p]], limit, times.customs[t, p])


@inner
def _count_order(orders: OrderRows, t: int, row: int, times: OrderTimes) -> None:
    """Count an order placed from day 0 on by its days to receipt, or by its age."""
    ordered, days = orders.day_ordered[t, row], times.finished.shape[3]
    if ordered < 0:
        return
    n, s = orders.node[t, row], orders.supplier[t, row]
    if orders.received[t, row] >= 0:
        times.finished[t, n, s, min(orders.received[t, row] - ordered, days - 1)] += 1
    else:
        times.still_open[t, n, s, days - 1 - ordered] += 1


@compiled
def _customs_figures(spent: FloatArray, limit: float, figures: FloatArray) -> None:
    """Fill the figures of a port (figure,) from the days spent there; its queue holds the sum of waits."""
    size = spent.size
    if size == 0:
        figures[:] = np.nan
        return
    ordered_days = np.sort(spent)
    total, long = 0.0, 0
    for days_spent in ordered_days:
        total += days_spent
        long += days_spent > limit
    at = _P90 * (size - 1)
    below = int(at)
    above = min(below + 1, size - 1)
    figures[CLEARANCE] = total / size
    figures[CLEARANCE_P90] = ordered_days[below] + (at - below) * (ordered_days[above] - ordered_days[below])
    figures[CLEARANCE_LONG] = long / size
    figures[QUEUE] /= size
