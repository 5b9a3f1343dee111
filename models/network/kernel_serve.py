"""Serving of the compiled engine: who gets what is in stock, by priority, order of nodes and proportion. All
arrays are one trial's.
"""

from __future__ import annotations

from typing import Any

from models.network.kernel_bits import WORD, lowest, positive_bits, without_lowest
from models.network.kernel_orders import inner
from models.network.kernel_rows import added, parted, rows, shipped_of_plenty, shipped_to_one
from models.network.kernel_split import called, largest_remainder

_MOST = (1 << 31) - 1
"""Units that 32 bits hold."""


@inner
def serve(net: Any, work: Any, on_hand: Any, shipped: Any) -> bool:
    """Serve what is wanted by priority class, preference and node; returns whether picking held anything
    back.
    """
    want, left = work.want, work.left
    held_back = False
    for group in range(len(net.group_node)):
        first, last = net.group_start[group], net.group_start[group + 1]
        wanted = 0
        for j in range(first, last):
            wanted += left[net.group_point[j]]
        if wanted == 0:
            continue
        points, arcs, node = net.group_point[first:last], net.group_arc[first:last], net.group_node[group]
        stock, pick = on_hand[node], work.pick_left[node]
        if wanted > min(pick, _MOST):
            work.pick_left[node] = pick - _serve_by_hand(
                want, left, work.held, work.aside[node], work.split, stock, shipped, points, arcs, pick
            )
            held_back |= work.pick_left[node] == 0
        elif last - first == 1:
            units = shipped_to_one(want[points[0]], stock, shipped[arcs[0]])
            left[points[0]] -= units
            work.pick_left[node] = pick - units
        else:
            work.pick_left[node] = pick - _ship_to_many(work, stock, shipped, points, arcs)
    return held_back


@inner
def _ship_to_many(work: Any, stock: Any, shipped: Any, points: Any, arcs: Any) -> int:
    """Ship what there is to the demand points of a group: all they want of an item, or in proportion where it
    is scarce. Returns the units.
    """
    want, left, total, scarce = work.want, work.left, work.total, work.some[: len(stock)]
    total[:] = 0
    for point in points:
        if left[point] > 0:
            added(want[point], total)
    if parted(total, stock, scarce) == 0:
        return 0
    taken = 0
    for j in range(len(points)):
        if left[points[j]] > 0:
            units = shipped_of_plenty(want[points[j]], total, shipped[arcs[j]])
            left[points[j]] -= units
            taken += units
    for start in range(0, len(stock), WORD):
        bits = positive_bits(scarce, start)
        while bits != 0:
            i = start + lowest(bits)
            taken += _ship_scarce(want, left, work.split, stock, shipped, points, arcs, i)
            bits = without_lowest(bits)
    return taken


@rows
def _ship_scarce(
    want: Any, left: Any, split: Any, stock: Any, shipped: Any, points: Any, arcs: Any, i: int
) -> int:
    """Ship all there is of an item in proportion to what is wanted; returns the units."""
    weight, part, amount = split.weight, split.part, stock[i]
    for j in range(len(points)):
        weight[j] = want[points[j], i] if left[points[j]] > 0 else 0
    largest_remainder(split, len(points), amount)
    stock[i] = 0
    for j in range(len(points)):
        want[points[j], i] -= part[j]
        shipped[arcs[j], i] += part[j]
        left[points[j]] -= part[j]
    return amount


@called
def _serve_by_hand(
    want: Any,
    left: Any,
    held: Any,
    aside: Any,
    split: Any,
    stock: Any,
    shipped: Any,
    points: Any,
    arcs: Any,
    pick: int,
) -> int:
    """Ship as much of what is wanted and in stock as hands can pick; the rest is held with its stock put
    aside. Returns the units picked.
    """
    items, weight, part = len(stock), split.weight, split.part
    allot = _allot(want, left, split, stock, points)
    if allot > pick:
        largest_remainder(split, len(points) * items, pick)
    k = 0
    for j in range(len(points)):
        point, arc, taken = points[j], arcs[j], 0
        for i in range(items):
            units = weight[k]
            out = part[k] if allot > pick else units
            want[point, i] -= units
            stock[i] -= units
            shipped[arc, i] += out
            held[point, i] += units - out
            aside[i] += units - out
            taken += units
            k += 1
        left[point] -= taken
    return min(allot, pick)


@inner
def _allot(want: Any, left: Any, split: Any, stock: Any, points: Any) -> int:
    """Stock of one node over the demand points of a group into ``weight`` (demand point, item): all they
    want, or in proportion where it is scarce. Returns the units allotted.
    """
    weight, part, items, count = split.weight, split.part, len(stock), len(points)
    room = count * items
    allot = 0
    for i in range(items):
        wanted = 0
        for j in range(count):
            units = want[points[j], i] if left[points[j]] > 0 else 0
            weight[j * items + i] = units
            wanted += units
        if wanted > stock[i]:
            for j in range(count):
                weight[room + j] = weight[j * items + i]
            largest_remainder(split, count, stock[i], room)
            for j in range(count):
                weight[j * items + i] = part[j]
            wanted = stock[i]
        allot += wanted
    return allot
