"""Serving of the compiled engine: backlog, today's demand, returns."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.network.kernel_arrays import Chance, Net, Now, Out, Scratch
from models.network.kernel_orders import largest_remainder
from models.network.spec import PART_BITS, PARTS, UNLIMITED
from models.network.state import OLDEST
from models.streams import uniform4

_MASK = PARTS - 1


@njit(cache=True)
def _allot(net: Net, scratch: Scratch, stock: np.ndarray, first: int, last: int) -> int:
    """Stock of one node to the cells of a group: all they want, or in proportion where it is scarce.

    Fills ``allotted`` (cell of the group, item) and returns the units allotted.
    """
    items = len(stock)
    cells = last - first
    total = scratch.total
    total[:] = 0
    for j in range(cells):
        want = scratch.want[net.group_cell[first + j]]
        for i in range(items):
            total[i] += want[i]
            scratch.allotted[j * items + i] = want[i]
    allotted = 0
    for i in range(items):
        wanted = total[i]
        if wanted <= stock[i]:
            allotted += wanted
            continue
        allotted += stock[i]
        for j in range(cells):
            scratch.weight[j] = scratch.want[net.group_cell[first + j], i]
        largest_remainder(scratch.weight, cells, stock[i], scratch.part)
        for j in range(cells):
            scratch.allotted[j * items + i] = scratch.part[j]
    return allotted


@njit(cache=True)
def _serve(net: Net, scratch: Scratch, on_hand: np.ndarray, shipped: np.ndarray) -> None:
    """Serve ``want`` by priority class, preference and node; what a node could ship but not pick is ``held`` with its stock aside."""
    items = on_hand.shape[1]
    for group in range(len(net.group_node)):
        first, last = net.group_start[group], net.group_start[group + 1]
        left = 0
        for j in range(first, last):
            left += scratch.left[net.group_cell[j]]
        if left == 0:
            continue
        node = net.group_node[group]
        allotted = _allot(net, scratch, on_hand[node], first, last)
        if allotted == 0:
            continue
        pick = scratch.pick_left[node]
        if allotted <= pick:
            picked = scratch.allotted
            if pick < UNLIMITED:
                scratch.pick_left[node] = pick - allotted
        else:
            count = (last - first) * items
            scratch.weight[:count] = scratch.allotted[:count]
            largest_remainder(scratch.weight, count, pick, scratch.part)
            picked = scratch.part
            scratch.pick_left[node] = 0
        for j in range(last - first):
            cell, arc = net.group_cell[first + j], net.group_arc[first + j]
            taken = 0
            for i in range(items):
                units = scratch.allotted[j * items + i]
                if units > 0:
                    out = picked[j * items + i]
                    scratch.want[cell, i] -= units
                    taken += units
                    on_hand[node, i] -= units
                    shipped[arc, i] += out
                    if out < units:
                        scratch.held[cell, i] += units - out
                        scratch.aside[node, i] += units - out
            scratch.left[cell] -= taken


@njit(cache=True)
def serve_backlog(net: Net, now: Now, out: Out, scratch: Scratch, t: int, day: int, at: int) -> None:
    """Ship what waits, oldest first; adds to ``sold``."""
    cells, items = scratch.want.shape
    slot = day % OLDEST
    behind = 0
    for c in range(cells):
        scratch.left[c] = scratch.waiting[c]
        behind += scratch.waiting[c]
    if behind == 0:
        return
    for c in range(cells):
        for i in range(items):
            units = now.backlog[t, c, i]
            scratch.want[c, i] = units
            scratch.held[c, i] = 0
            if units > 0:
                now.backlog_age[t, c, i, OLDEST] += now.backlog_age[t, c, i, slot]
                now.backlog_age[t, c, i, slot] = 0
    _serve(net, scratch, now.on_hand[t], out.shipped[t, at])
    for c in range(cells):
        if scratch.waiting[c] == 0:
            continue
        for i in range(items):
            units = now.backlog[t, c, i] - scratch.want[c, i] - scratch.held[c, i]
            if units > 0:
                now.backlog[t, c, i] -= units
                scratch.waiting[c] -= units
                scratch.sold[c, i] += units
                age = OLDEST
                while units > 0:
                    bin_ = OLDEST if age == OLDEST else (day - age) % OLDEST
                    taken = min(units, now.backlog_age[t, c, i, bin_])
                    now.backlog_age[t, c, i, bin_] -= taken
                    out.wait[t, c, age] += taken
                    units -= taken
                    age -= 1


@njit(cache=True)
def serve_demand(
    net: Net, now: Now, out: Out, scratch: Scratch, demand: np.ndarray, t: int, day: int, at: int
) -> None:
    """Ship today's demand; units held back by capacity wait, units short wait or are lost by the market's share."""
    cells, items = scratch.want.shape
    for c in range(cells):
        total = 0
        for i in range(items):
            units = demand[c, i]
            scratch.want[c, i] = units
            scratch.held[c, i] = 0
            total += units
        scratch.left[c] = total
    _serve(net, scratch, now.on_hand[t], out.shipped[t, at])
    for c in range(cells):
        shipped = 0
        parts = net.backlog_parts[c]
        for i in range(items):
            short, held = scratch.want[c, i], scratch.held[c, i]
            served = demand[c, i] - short - held
            shipped += served
            scratch.sold[c, i] += served
            if short + held > 0:
                split = now.short_rest[t, c, i] + short * parts
                waits = split >> PART_BITS
                now.short_rest[t, c, i] = split & _MASK
                out.lost[t, at, c, i] = short - waits
                waits += held
                now.backlog[t, c, i] += waits
                now.backlog_age[t, c, i, day % OLDEST] += waits
                scratch.waiting[c] += waits
        out.wait[t, c, 0] += shipped


@njit(cache=True)
def take_returns(net: Net, chance: Chance, now: Now, out: Out, t: int, day: int, trial: int) -> None:
    """Grade the units that come back today; what can be resold goes to the market's return node."""
    ring = now.returns_due[t, day % now.returns_due.shape[1]]
    cells, items = ring.shape
    for c in range(cells):
        for i in range(items):
            units = ring[c, i]
            if units == 0:
                continue
            ring[c, i] = 0
            draw = uniform4(chance.return_keys[c, i], trial, day, 0)
            offset = int(draw[1] * PARTS)
            row = out.returns_count[t]
            out.returns[t, row, 0] = day
            out.returns[t, row, 1] = c
            out.returns[t, row, 2] = i
            below = 0
            for grade in range(4):
                upto = (units * net.grade_edges[grade + 1] + offset) >> PART_BITS
                out.returns[t, row, 3 + grade] = upto - below
                below = upto
            now.on_hand[t, net.return_node[c], i] += out.returns[t, row, 3]
            out.returns_count[t] = row + 1


@njit(cache=True)
def send_returns(chance: Chance, now: Now, scratch: Scratch, t: int, day: int, trial: int) -> None:
    """Set aside the share of today's sold units that will come back, after a delay addressed by market, item and sale day."""
    cells, items = scratch.sold.shape
    r_share = min(t, chance.return_parts.shape[0] - 1)
    r_refusal = min(t, chance.refusal_parts.shape[0] - 1)
    length = now.returns_due.shape[1]
    for c in range(cells):
        refused = chance.refusal_parts[r_refusal, c, day]
        for i in range(items):
            units = scratch.sold[c, i]
            if units == 0:
                continue
            scratch.sold[c, i] = 0
            parts = refused + (((PARTS - refused) * chance.return_parts[r_share, c, i]) >> PART_BITS)
            if parts == 0:
                continue
            rest = np.int64(now.return_rest[t, c, i])
            if rest < 0:
                rest = int(uniform4(chance.return_keys[c, i], trial, 0, 1)[0] * PARTS)
            rest += units * parts
            back = rest >> PART_BITS
            now.return_rest[t, c, i] = rest & _MASK
            if back > 0:
                draw = uniform4(chance.return_keys[c, i], trial, day, 0)
                delay = chance.return_delay[int(draw[0] * len(chance.return_delay))]
                now.returns_due[t, (day + max(delay, 1)) % length, c, i] += back
