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
            wanted += left[net.group_cell[j]]
        if wanted == 0:
            continue
        cells, arcs, node = net.group_cell[first:last], net.group_arc[first:last], net.group_node[group]
        stock, pick = on_hand[node], work.pick_left[node]
        if wanted > min(pick, _MOST):
            work.pick_left[node] = pick - _serve_by_hand(
                want, left, work.held, work.aside[node], work.split, stock, shipped, cells, arcs, pick
            )
            held_back |= work.pick_left[node] == 0
        elif last - first == 1:
            units = shipped_to_one(want[cells[0]], stock, shipped[arcs[0]])
            left[cells[0]] -= units
            work.pick_left[node] = pick - units
        else:
            work.pick_left[node] = pick - _ship_to_many(work, stock, shipped, cells, arcs)
    return held_back


@inner
def _ship_to_many(work: Any, stock: Any, shipped: Any, cells: Any, arcs: Any) -> int:
    """Ship what there is to the cells of a group: all they want of an item, or in proportion where it is
    scarce. Returns the units.
    """
    want, left, total, scarce = work.want, work.left, work.total, work.some[: len(stock)]
    total[:] = 0
    for cell in cells:
        if left[cell] > 0:
            added(want[cell], total)
    if parted(total, stock, scarce) == 0:
        return 0
    taken = 0
    for j in range(len(cells)):
        if left[cells[j]] > 0:
            units = shipped_of_plenty(want[cells[j]], total, shipped[arcs[j]])
            left[cells[j]] -= units
            taken += units
    for start in range(0, len(stock), WORD):
        bits = positive_bits(scarce, start)
        while bits != 0:
            i = start + lowest(bits)
            taken += _ship_scarce(want, left, work.split, stock, shipped, cells, arcs, i)
            bits = without_lowest(bits)
    return taken


@rows
def _ship_scarce(
    want: Any, left: Any, split: Any, stock: Any, shipped: Any, cells: Any, arcs: Any, i: int
) -> int:
    """Ship all there is of an item in proportion to what is wanted; returns the units."""
    weight, part, amount = split.weight, split.part, stock[i]
    for j in range(len(cells)):
        weight[j] = want[cells[j], i] if left[cells[j]] > 0 else 0
    largest_remainder(split, len(cells), amount)
    stock[i] = 0
    for j in range(len(cells)):
        want[cells[j], i] -= part[j]
        shipped[arcs[j], i] += part[j]
        left[cells[j]] -= part[j]
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
    cells: Any,
    arcs: Any,
    pick: int,
) -> int:
    """Ship as much of what is wanted and in stock as hands can pick; the rest is held with its stock put
    aside. Returns the units picked.
    """
    items, weight, part = len(stock), split.weight, split.part
    allot = _allot(want, left, split, stock, cells)
    if allot > pick:
        largest_remainder(split, len(cells) * items, pick)
    k = 0
    for j in range(len(cells)):
        cell, arc, taken = cells[j], arcs[j], 0
        for i in range(items):
            units = weight[k]
            out = part[k] if allot > pick else units
            want[cell, i] -= units
            stock[i] -= units
            shipped[arc, i] += out
            held[cell, i] += units - out
            aside[i] += units - out
            taken += units
            k += 1
        left[cell] -= taken
    return min(allot, pick)


@inner
def _allot(want: Any, left: Any, split: Any, stock: Any, cells: Any) -> int:
    """Stock of one node over the cells of a group into ``weight`` (cell, item): all they want, or in
    proportion where it is scarce. Returns the units allotted.
    """
    weight, part, items, count = split.weight, split.part, len(stock), len(cells)
    room = count * items
    allot = 0
    for i in range(items):
        wanted = 0
        for j in range(count):
            units = want[cells[j], i] if left[cells[j]] > 0 else 0
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
