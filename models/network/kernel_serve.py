"""Serving of the compiled engine: who gets what is in stock, by priority, order of nodes and proportion. All
arrays are one trial's.
"""

from __future__ import annotations

from typing import Any

from models.network.kernel_orders import inner
from models.network.kernel_split import largest_remainder
from models.network.parts import UNLIMITED


@inner
def positive(row: Any, chosen: Any) -> int:
    """Positions of the positive numbers into ``chosen``; returns how many. No branch to guess."""
    count = 0
    for i in range(len(row)):
        chosen[count] = i
        count += row[i] > 0
    return count


@inner
def serve(net: Any, work: Any, on_hand: Any, shipped: Any) -> bool:
    """Serve what is wanted by priority class, preference and node; returns whether picking held anything
    back.
    """
    want, left, total = work.want, work.left, work.total
    items = on_hand.shape[1]
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
        _add_up(want, left, cells, total)
        allot = 0
        for i in range(items):
            allot += min(total[i], stock[i])
        if allot == 0:
            continue
        if allot == wanted and wanted <= pick:
            _ship_all(want, left, stock, total, shipped, cells, arcs)
        else:
            _allot(work, stock, cells)
            if allot <= pick:
                _ship_allotted(work, stock, shipped, cells, arcs)
            else:
                _pick(work, stock, shipped, node, cells, arcs, pick)
                held_back = True
        if pick < UNLIMITED:
            work.pick_left[node] = max(0, pick - allot)
    return held_back


@inner
def _add_up(want: Any, left: Any, cells: Any, total: Any) -> None:
    """Units that the cells of a group want of each item."""
    total[:] = 0
    for cell in cells:
        if left[cell] > 0:
            row = want[cell]
            for i in range(len(row)):
                total[i] += row[i]


@inner
def _ship_all(want: Any, left: Any, stock: Any, total: Any, shipped: Any, cells: Any, arcs: Any) -> None:
    for i in range(len(stock)):
        stock[i] -= total[i]
    for j in range(len(cells)):
        if left[cells[j]] > 0:
            row, out = want[cells[j]], shipped[arcs[j]]
            for i in range(len(stock)):
                out[i] += row[i]
                row[i] = 0
            left[cells[j]] = 0


@inner
def _allot(work: Any, stock: Any, cells: Any) -> None:
    """Stock of one node over the cells of a group into ``allotted``: all they want, or in proportion where it
    is scarce.
    """
    want, total, allotted, weight, part = work.want, work.total, work.allotted, work.weight, work.part
    count, scarce = len(cells), work.back
    for j in range(count):
        row, share = want[cells[j]], allotted[j]
        for i in range(len(stock)):
            share[i] = row[i] if total[i] <= stock[i] else 0
    for i in range(len(stock)):
        scarce[i] = (stock[i] > 0) & (total[i] > stock[i])
    for k in range(positive(scarce, work.chosen)):
        i = work.chosen[k]
        if count == 1:
            allotted[0, i] = stock[i]
        else:
            for j in range(count):
                weight[j] = want[cells[j], i]
            largest_remainder(weight, count, stock[i], part)
            for j in range(count):
                allotted[j, i] = part[j]


@inner
def _ship_allotted(work: Any, stock: Any, shipped: Any, cells: Any, arcs: Any) -> None:
    """Ship what is allotted."""
    for j in range(len(cells)):
        row, out, share = work.want[cells[j]], shipped[arcs[j]], work.allotted[j]
        taken = 0
        for i in range(len(stock)):
            row[i] -= share[i]
            stock[i] -= share[i]
            taken += share[i]
        for i in range(len(stock)):
            out[i] += share[i]
        work.left[cells[j]] -= taken


@inner
def _pick(work: Any, stock: Any, shipped: Any, node: int, cells: Any, arcs: Any, pick: int) -> None:
    """Ship the part of what is allotted that hands can pick; the rest is held with its stock put aside."""
    items = len(stock)
    k = 0
    for j in range(len(cells)):
        for i in range(items):
            work.weight[k] = work.allotted[j, i]
            k += 1
    largest_remainder(work.weight, k, pick, work.part)
    k = 0
    for j in range(len(cells)):
        cell, arc, taken = cells[j], arcs[j], 0
        for i in range(items):
            units, out = work.allotted[j, i], work.part[k]
            work.want[cell, i] -= units
            stock[i] -= units
            shipped[arc, i] += out
            work.held[cell, i] += units - out
            work.aside[node, i] += units - out
            taken += units
            k += 1
        work.left[cell] -= taken
