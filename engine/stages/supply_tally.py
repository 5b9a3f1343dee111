"""Compiled counts of the supply metrics, trial by trial, from what the network did in a month or a run."""

from __future__ import annotations

import numpy as np

from models.arrays import BoolArray, CountArray, FloatArray, IntArray
from models.compiled import compiled, in_place, inner

CLEARANCE, CLEARANCE_P90, CLEARANCE_LONG, QUEUE = range(4)
CLEARANCE_FIGURES = 4
"""Mean and 90% quantile of port arrival to release, share beyond the limit, mean wait before service."""
_P90 = 0.9


def count_service(
    demanded: CountArray,
    shipped: CountArray,
    on_hand: CountArray,
    first_day: int,
    arc_start: IntArray,
    arc_node: IntArray,
    planned: BoolArray,
    unstocked: IntArray,
    empty: IntArray,
    last_sale: IntArray,
) -> None:
    """Add a month's days: units demanded while no serving node had stock (trial, segment), planned item-days
    without stock at the day's end (trial, node); last day of sale (trial, item).

    ``unstocked`` and ``empty`` are views on a run's arrays: they are added to outside compiled code, which
    always meets fresh arrays of one layout in memory.
    """
    by_segment = np.zeros(unstocked.shape, dtype=np.int64)
    by_node = np.zeros(empty.shape, dtype=np.int64)
    _count_service(
        demanded, shipped, on_hand, first_day, arc_start, arc_node, planned, by_segment, by_node, last_sale
    )
    unstocked += by_segment
    empty += by_node


@compiled
def _count_service(
    demanded: CountArray,
    shipped: CountArray,
    on_hand: CountArray,
    first_day: int,
    arc_start: IntArray,
    arc_node: IntArray,
    planned: BoolArray,
    unstocked: IntArray,
    empty: IntArray,
    last_sale: IntArray,
) -> None:
    """Add a month's days to fresh counts; see ``count_service``.

    A node had stock for the day's demand if it shipped any of the item or has some left at the day's end.
    Empty shelves are few, so only they are looked into; nobody asks for an item that is planned nowhere.
    """
    trials, days, _, items = demanded.shape
    nodes = on_hand.shape[2]
    wanted = np.zeros(planned.shape, dtype=np.int32)
    for n in range(nodes):
        for i in range(items):
            wanted[n, i] = planned[n, i]
    for t in range(trials):
        for d in range(days):
            gone = 0
            for n in range(nodes):
                left = on_hand[t, d, n]
                for i in range(items):
                    gone += wanted[n, i] if left[i] == 0 else 0
            if gone == 0:
                continue
            for i in range(items):
                short = False
                for n in range(nodes):
                    if planned[n, i] and on_hand[t, d, n, i] == 0:
                        short = True
                        empty[t, n] += 1
                if short:
                    _add_unstocked(
                        demanded[t, d], shipped[t, d], on_hand[t, d], i, arc_start, arc_node, unstocked[t]
                    )
        for i in range(items):
            day = _last_sale(shipped[t], i)
            if day >= 0:
                last_sale[t, i] = first_day + day


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
    arc_start: IntArray,
    arc_node: IntArray,
    unstocked: IntArray,
) -> None:
    """Add a day's units demanded of an item by the segments of which no serving node had it."""
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
    """Fill a month's days of units demanded, lost and waiting over watched pairs (set, segment, item), into
    ``service`` (trial, day, set, 3).
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
    """Add the units of order lines received on the days ``first`` to ``until`` - 1, by trial, node, item."""
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


@compiled
def order_times(
    day_ordered: CountArray,
    node: CountArray,
    supplier: CountArray,
    port: FloatArray,
    cleared: FloatArray,
    received: CountArray,
    first_line: CountArray,
    started: FloatArray,
    count: IntArray,
    node_port: IntArray,
    limit: float,
    finished: CountArray,
    still_open: CountArray,
    entries: IntArray,
    customs: FloatArray,
) -> None:
    """Count orders placed from day 0 on by days from order to receipt, those open at the end by their
    age, into (trial, node, supplier, day); customs figures of what reached a port from day 0 on and was
    released, into (trial, port, figure), the last port standing for all, and its number into ``entries``.
    """
    trials, _, _, days = finished.shape
    ports = entries.shape[1] - 1
    room = 0
    for t in range(trials):
        room = max(room, count[t])
    spent = np.zeros((ports + 1, room))
    for t in range(trials):
        for o in range(count[t]):
            row = first_line[t, o]
            ordered = day_ordered[t, row]
            n = node[t, row]
            if ordered >= 0:
                if received[t, row] >= 0:
                    finished[t, n, supplier[t, row], min(received[t, row] - ordered, days - 1)] += 1
                else:
                    still_open[t, n, supplier[t, row], days - 1 - ordered] += 1
            if port[t, row] >= 0.0 and cleared[t, row] < days:
                wait = started[t, o] - port[t, row]
                for p in (node_port[n], ports):
                    spent[p, entries[t, p]] = cleared[t, row] - port[t, row]
                    entries[t, p] += 1
                    customs[t, p, QUEUE] += wait
        for p in range(ports + 1):
            size = entries[t, p]
            if size == 0:
                customs[t, p, :] = np.nan
                continue
            ordered_days = np.sort(spent[p, :size])
            total, long = 0.0, 0
            for days_spent in ordered_days:
                total += days_spent
                long += days_spent > limit
            at = _P90 * (size - 1)
            below = int(at)
            above = min(below + 1, size - 1)
            customs[t, p, CLEARANCE] = total / size
            customs[t, p, CLEARANCE_P90] = ordered_days[below] + (at - below) * (
                ordered_days[above] - ordered_days[below]
            )
            customs[t, p, CLEARANCE_LONG] = long / size
            customs[t, p, QUEUE] /= size
