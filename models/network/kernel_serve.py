"""Serving of the compiled engine: what is asked for, who gets what is in stock, what waits or is lost.

Stock goes by priority class, preference of nodes and in proportion. All arrays are one trial's.
"""

from __future__ import annotations

import numpy as np

from models.arrays import Int32Array, IntArray
from models.compiled import inner
from models.network.kernel_records import Net, Now, Serving, Split
from models.network.kernel_split import largest_remainder
from models.network.parts import PART_BITS, PARTS
from models.network.state import OLDEST

_MASK = PARTS - 1
"""The bits below one whole unit."""
_MOST = (1 << 31) - 1
"""Units that 32 bits hold; the sums of more go the way that counts in 64."""
_SCARCE = -1
"""In place of what is wanted of an item: there is less in stock. No sum of wants is negative."""


@inner
def begin_backlog(serving: Serving, backlog: Int32Array, backlog_age: Int32Array, day: int) -> None:
    """Backlog by demand point, and the day of the oldest unit that waits, from the state before ``day``:
    ``backlog`` (C, I) units, ``backlog_age`` (C, I, 61) by day of demand.
    """
    waiting, since = serving.waiting, serving.since
    for c in range(len(waiting)):
        waiting[c] = 0
        for i in range(backlog.shape[1]):
            waiting[c] += backlog[c, i]
            since[c, i] = day - OLDEST
            if backlog[c, i] > 0 and backlog_age[c, i, OLDEST] == 0:
                while backlog_age[c, i, since[c, i] % OLDEST] == 0:
                    since[c, i] += 1


@inner
def ask_backlog(serving: Serving, backlog: Int32Array, backlog_age: Int32Array, day: int) -> bool:
    """Ask for all that waits, (C, I) units, demand of 60 days ago joining the oldest; returns whether
    anything does.
    """
    left, waiting, since = serving.left, serving.waiting, serving.since
    behind = False
    for c in range(len(waiting)):
        left[c] = waiting[c]
        if waiting[c] == 0:
            continue
        behind = True
        for i in range(backlog.shape[1]):
            serving.want[c, i] = backlog[c, i]
            if backlog[c, i] > 0 and since[c, i] <= day - OLDEST:
                backlog_age[c, i, OLDEST] += backlog_age[c, i, day % OLDEST]
                backlog_age[c, i, day % OLDEST] = 0
    return behind


@inner
def book_backlog(
    serving: Serving, backlog: Int32Array, backlog_age: Int32Array, wait: IntArray, day: int
) -> None:
    """Take served backlog, (C, I) units, off, oldest first, and count how many days it has waited."""
    waiting, since = serving.waiting, serving.since
    for c in range(len(waiting)):
        if serving.left[c] == waiting[c]:
            continue
        for i in range(backlog.shape[1]):
            units = backlog[c, i] - serving.want[c, i] - serving.held[c, i]
            serving.held[c, i] = 0
            if units > 0:
                serving.sold[c, i] += units
                backlog[c, i] -= units
                waiting[c] -= units
                age = min(day - since[c, i], OLDEST)
                since[c, i] = day - _taken(backlog_age[c, i], wait[c], units, age, day)


@inner
def _taken(ages: Int32Array, wait: IntArray, units: int, age: int, day: int) -> int:
    """Take units off the backlog by age, from ``age`` on to the youngest; returns the age of the last."""
    while True:
        slot = OLDEST if age == OLDEST else (day - age) % OLDEST
        taken = min(units, ages[slot])
        ages[slot] -= taken
        wait[age] += taken
        units -= taken
        if units == 0:
            return age
        age -= 1


@inner
def ask_demand(serving: Serving, demand: Int32Array) -> int:
    """Ask for today's demand, (C, I) units; returns all its bits, so that a negative or huge number shows."""
    bits = np.int32(0)
    for c in range(demand.shape[0]):
        total = 0
        for i in range(demand.shape[1]):
            units = demand[c, i]
            serving.want[c, i] = units
            total += units
            bits = np.int32(bits | units)  # numba would widen it to 64 bits: half as fast
        serving.left[c] = total
        serving.demanded[c] = total
    return int(bits)


@inner
def book_demand(
    net: Net, serving: Serving, backlog: Int32Array, now: Now, lost: Int32Array, wait: IntArray, day: int
) -> None:
    """Split what was not shipped, (C, I): held units wait, short units wait or are lost by the market's
    share.
    """
    for c in range(backlog.shape[0]):
        wait[c, 0] += serving.demanded[c] - serving.left[c]
        for i in range(backlog.shape[1]):
            short, kept = serving.want[c, i], serving.held[c, i]
            if short + kept <= 0:
                continue
            split = now.short_rest[c, i] + short * net.backlog_parts[c]
            waits = split >> PART_BITS
            now.short_rest[c, i] = split & _MASK
            lost[c, i] = short - waits
            waits += kept
            if waits > 0:
                if backlog[c, i] == 0:
                    serving.since[c, i] = day
                backlog[c, i] += waits
                now.backlog_age[c, i, day % OLDEST] += waits
                serving.waiting[c] += waits
            serving.sold[c, i] -= kept
            wait[c, 0] -= kept
            serving.held[c, i] = 0


@inner
def serve(net: Net, serving: Serving, split: Split, on_hand: Int32Array, shipped: Int32Array) -> bool:
    """Serve what is wanted by priority class, preference and node, from stock (N, I) into units shipped
    (arc, I); returns whether picking held anything back.
    """
    held_back = False
    for group in range(len(net.group_node)):
        first, last = net.group_start[group], net.group_start[group + 1]
        wanted = 0
        for j in range(first, last):
            wanted += serving.left[net.group_point[j]]
        if wanted == 0:
            continue
        points, arcs, node = net.group_point[first:last], net.group_arc[first:last], net.group_node[group]
        pick = serving.pick_left[node]
        if wanted > min(pick, _MOST):
            aside = serving.aside[node]
            taken = _pick(serving, split, on_hand[node], aside, shipped, points, arcs, pick)
            held_back |= taken == pick
        else:
            taken = _ship(serving, split, on_hand[node], shipped, points, arcs)
        serving.pick_left[node] = pick - taken
    return held_back


@inner
def _ship(
    serving: Serving, split: Split, stock: Int32Array, shipped: Int32Array, points: IntArray, arcs: IntArray
) -> int:
    """Ship what there is to the demand points of a group: all they want of an item, or in proportion where it
    is scarce. Returns the units.
    """
    want, left, total = serving.want, serving.left, serving.total
    total[:] = 0
    for point in points:
        if left[point] > 0:
            for i in range(len(stock)):
                total[i] += want[point, i]
    scarce = _take(stock, total)
    taken = 0
    for j in range(len(points)):
        point, arc, units = points[j], arcs[j], 0
        if left[point] == 0:
            continue
        for i in range(len(stock)):
            out = want[point, i] if total[i] != _SCARCE else 0
            want[point, i] -= out
            shipped[arc, i] += out
            units += out
        left[point] -= units
        taken += units
    if scarce:
        for i in range(len(stock)):
            if total[i] == _SCARCE and stock[i] > 0:
                taken += _ship_scarce(serving, split, stock, shipped, points, arcs, i)
    return taken


@inner
def _take(stock: Int32Array, total: Int32Array) -> bool:
    """Take what is wanted of each item off the stock, or mark the item where there is less; returns whether
    any is marked.
    """
    scarce = False
    for i in range(len(stock)):
        if total[i] > stock[i]:
            total[i] = _SCARCE
            scarce = True
        else:
            stock[i] -= total[i]
    return scarce


@inner
def _ship_scarce(
    serving: Serving,
    split: Split,
    stock: Int32Array,
    shipped: Int32Array,
    points: IntArray,
    arcs: IntArray,
    i: int,
) -> int:
    """Ship all there is of an item in proportion to what is wanted; returns the units."""
    want, left, amount = serving.want, serving.left, stock[i]
    for j in range(len(points)):
        split.weight[j] = want[points[j], i] if left[points[j]] > 0 else 0
    largest_remainder(split, 0, len(points), amount)
    stock[i] = 0
    for j in range(len(points)):
        units = split.part[j]
        want[points[j], i] -= units
        shipped[arcs[j], i] += units
        left[points[j]] -= units
    return amount


@inner
def _pick(
    serving: Serving,
    split: Split,
    stock: Int32Array,
    aside: Int32Array,
    shipped: Int32Array,
    points: IntArray,
    arcs: IntArray,
    pick: int,
) -> int:
    """Ship as much of what is wanted and in stock as hands can pick; the rest is held with its stock put
    aside. Returns the units picked.
    """
    items = len(stock)
    allot = _allot(serving, split, stock, points)
    if allot > pick:
        largest_remainder(split, 0, len(points) * items, pick)
    k = 0
    for j in range(len(points)):
        point, arc, taken = points[j], arcs[j], 0
        for i in range(items):
            units = split.weight[k]
            out = split.part[k] if allot > pick else units
            serving.want[point, i] -= units
            stock[i] -= units
            shipped[arc, i] += out
            serving.held[point, i] += units - out
            aside[i] += units - out
            taken += units
            k += 1
        serving.left[point] -= taken
    return min(allot, pick)


@inner
def _allot(serving: Serving, split: Split, stock: Int32Array, points: IntArray) -> int:
    """Stock of one node over the demand points of a group into ``weight`` (demand point, item): all they
    want, or in proportion where it is scarce. Returns the units allotted.
    """
    weight, items, count = split.weight, len(stock), len(points)
    room = count * items  # the weights of the item of the moment lie behind those of all items
    allot = 0
    for i in range(items):
        wanted = 0
        for j in range(count):
            units = serving.want[points[j], i] if serving.left[points[j]] > 0 else 0
            weight[j * items + i] = units
            wanted += units
        if wanted > stock[i]:
            for j in range(count):
                weight[room + j] = weight[j * items + i]
            largest_remainder(split, room, count, stock[i])
            for j in range(count):
                weight[j * items + i] = split.part[j]
            wanted = stock[i]
        allot += wanted
    return allot
