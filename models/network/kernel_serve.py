"""Serving of the compiled engine: who gets what is in stock, backlog, today's demand, returns. All arrays are
one trial's.
"""

from __future__ import annotations

from typing import Any

from models.network.kernel_orders import inner, largest_remainder
from models.network.parts import PART_BITS, PARTS, UNLIMITED
from models.network.state import OLDEST
from models.streams import uniform4

_MASK = PARTS - 1
_LINE = 16
"""32-bit numbers in a line of the cache."""


@inner
def _allot(want: Any, stock: Any, total: Any, cells: Any, allotted: Any, weight: Any, part: Any) -> int:
    """Stock of one node over the cells of a group: all they want, or in proportion where it is scarce.

    Fills ``allotted`` (cell of the group, item) and returns the units allotted.
    """
    items, count = len(stock), len(cells)
    units = 0
    for i in range(items):
        if total[i] <= stock[i]:
            units += total[i]
            for j in range(count):
                allotted[j * items + i] = want[cells[j], i]
        elif stock[i] == 0:
            for j in range(count):
                allotted[j * items + i] = 0
        else:
            units += stock[i]
            for j in range(count):
                weight[j] = want[cells[j], i]
            largest_remainder(weight, count, stock[i], part)
            for j in range(count):
                allotted[j * items + i] = part[j]
    return units


@inner
def _hand_out(
    want: Any,
    held: Any,
    left: Any,
    stock: Any,
    aside: Any,
    shipped: Any,
    cells: Any,
    arcs: Any,
    allotted: Any,
    picked: Any,
) -> None:
    """Book what a node allots and picks; what it allots and cannot pick is held with its stock put aside."""
    items = len(stock)
    for j in range(len(cells)):
        cell, arc = cells[j], arcs[j]
        taken = 0
        for i in range(items):
            units, out = allotted[j * items + i], picked[j * items + i]
            want[cell, i] -= units
            taken += units
            stock[i] -= units
            shipped[arc, i] += out
            held[cell, i] += units - out
            aside[i] += units - out
        left[cell] -= taken


@inner
def _ship_all(want: Any, left: Any, stock: Any, total: Any, shipped: Any, cells: Any, arcs: Any) -> None:
    for i in range(len(stock)):
        stock[i] -= total[i]
    for j in range(len(cells)):
        row, out = want[cells[j]], shipped[arcs[j]]
        for i in range(len(stock)):
            out[i] += row[i]
            row[i] = 0
        left[cells[j]] = 0


@inner
def serve(
    want: Any,
    held: Any,
    left: Any,
    on_hand: Any,
    aside: Any,
    pick_left: Any,
    shipped: Any,
    group_start: Any,
    group_cell: Any,
    group_arc: Any,
    group_node: Any,
    total: Any,
    allotted: Any,
    weight: Any,
    part: Any,
) -> bool:
    """Serve ``want`` by priority class, preference and node; returns whether picking held anything back."""
    items = on_hand.shape[1]
    held_back = False
    for group in range(len(group_node)):
        first, last = group_start[group], group_start[group + 1]
        wanted = 0
        for j in range(first, last):
            wanted += left[group_cell[j]]
        if wanted == 0:
            continue
        cells, arcs, node = group_cell[first:last], group_arc[first:last], group_node[group]
        stock = on_hand[node]
        total[:] = 0
        for cell in cells:
            row = want[cell]
            for i in range(items):
                total[i] += row[i]
        scarce = False
        for i in range(items):
            scarce |= total[i] > stock[i]
        pick = pick_left[node]
        if not scarce and wanted <= pick:
            _ship_all(want, left, stock, total, shipped, cells, arcs)
            allot = wanted
        else:
            allot = _allot(want, stock, total, cells, allotted, weight, part)
            if allot <= pick:
                _hand_out(want, held, left, stock, aside[node], shipped, cells, arcs, allotted, allotted)
            else:
                count = len(cells) * items
                for k in range(count):
                    weight[k] = allotted[k]
                largest_remainder(weight, count, pick, part)
                _hand_out(want, held, left, stock, aside[node], shipped, cells, arcs, allotted, part)
                held_back = True
        if pick < UNLIMITED:
            pick_left[node] = max(0, pick - allot)
    return held_back


@inner
def age_backlog(backlog: Any, backlog_age: Any, waiting: Any, want: Any, left: Any, day: int) -> bool:
    """Ask for all that waits, demand of 60 days ago joining the oldest; returns whether anything does."""
    behind = False
    for c in range(len(waiting)):
        left[c] = waiting[c]
        if waiting[c] == 0:
            want[c, :] = 0
            continue
        behind = True
        for i in range(want.shape[1]):
            units = backlog[c, i]
            want[c, i] = units
            if units > 0:
                backlog_age[c, i, OLDEST] += backlog_age[c, i, day % OLDEST]
                backlog_age[c, i, day % OLDEST] = 0
    return behind


@inner
def book_backlog(
    backlog: Any, backlog_age: Any, waiting: Any, want: Any, held: Any, sold: Any, wait: Any, day: int
) -> None:
    """Take served backlog off, oldest first, and count how long it has waited."""
    for c in range(len(waiting)):
        if waiting[c] == 0:
            continue
        for i in range(want.shape[1]):
            units = backlog[c, i] - want[c, i] - held[c, i]
            held[c, i] = 0
            if units > 0:
                backlog[c, i] -= units
                waiting[c] -= units
                sold[c, i] += units
                age = OLDEST
                while units > 0:
                    slot = OLDEST if age == OLDEST else (day - age) % OLDEST
                    taken = min(units, backlog_age[c, i, slot])
                    if taken > 0:
                        backlog_age[c, i, slot] -= taken
                        wait[c, age] += taken
                        units -= taken
                    age -= 1


@inner
def ask_demand(demand: Any, want: Any, left: Any) -> int:
    """Ask for today's demand; returns all its bits, so that a negative or huge number shows."""
    bits = 0
    for c in range(len(left)):
        row, source = want[c], demand[c]
        total = 0
        for i in range(len(row)):
            row[i] = source[i]
            total += source[i]
            bits |= source[i]
        left[c] = total
    return bits


@inner
def book_demand(
    demand: Any,
    want: Any,
    held: Any,
    left: Any,
    sold: Any,
    lost: Any,
    wait: Any,
    held_back: bool,
    backlog: Any,
    backlog_age: Any,
    waiting: Any,
    short_rest: Any,
    backlog_parts: Any,
    day: int,
) -> None:
    """Split what was not shipped: held units wait, short units wait or are lost by the market's share."""
    for c in range(len(left)):
        shipped = 0
        for i in range(want.shape[1]):
            units = demand[c, i] - want[c, i]
            sold[c, i] += units
            shipped += units
        if left[c] > 0 or held_back:
            for i in range(want.shape[1]):
                short, kept = want[c, i], held[c, i]
                if short + kept > 0:
                    split = short_rest[c, i] + short * backlog_parts[c]
                    waits = split >> PART_BITS
                    short_rest[c, i] = split & _MASK
                    lost[c, i] = short - waits
                    waits += kept
                    backlog[c, i] += waits
                    backlog_age[c, i, day % OLDEST] += waits
                    waiting[c] += waits
                    sold[c, i] -= kept
                    shipped -= kept
                    held[c, i] = 0
        wait[c, 0] += shipped


@inner
def fetch(ring: Any) -> int:
    """Bring a trial's ring of coming returns into the cache, in order of address: returns go to scattered
    days, and the memory would answer late for each of them. Returns all bits seen.
    """
    days, cells, items = ring.shape
    found = 0
    for day in range(days):
        for c in range(cells):
            for i in range(0, items, _LINE):
                found |= ring[day, c, i]
    return found


@inner
def take_returns(
    ring: Any,
    return_keys: Any,
    grade_edges: Any,
    return_node: Any,
    on_hand: Any,
    returns: Any,
    row: int,
    day: int,
    trial: int,
) -> int:
    """Grade the units that come back today; what can be resold goes to the market's return node. Returns the
    rows used.
    """
    for c in range(ring.shape[0]):
        for i in range(ring.shape[1]):
            units = ring[c, i]
            if units == 0:
                continue
            ring[c, i] = 0
            draw = uniform4(return_keys[c, i], trial, day, 0)
            offset = int(draw[1] * PARTS)
            returns[row, 0] = day
            returns[row, 1] = c
            returns[row, 2] = i
            below = 0
            for grade in range(4):
                upto = (units * grade_edges[grade + 1] + offset) >> PART_BITS
                returns[row, 3 + grade] = upto - below
                below = upto
            on_hand[return_node[c], i] += returns[row, 3]
            row += 1
    return row


@inner
def share_parts(parts: Any, refused: Any, share: Any, refusal: Any, day: int) -> None:
    """Parts of 2**20 of the units sold that come back: refused at the door, or returned of the rest. They
    change with the refusal of the cell only.
    """
    for c in range(parts.shape[0]):
        at_door = refusal[c, day]
        if refused[c] != at_door:
            refused[c] = at_door
            for i in range(parts.shape[1]):
                parts[c, i] = at_door + (((PARTS - at_door) * share[c, i]) >> PART_BITS)


@inner
def send_returns(
    sold: Any,
    parts: Any,
    back: Any,
    return_keys: Any,
    return_delay: Any,
    return_rest: Any,
    returns_due: Any,
    day: int,
    trial: int,
) -> None:
    """Set aside the share of today's sold units that will come back, after a delay addressed by market, item
    and sale day. A first loop without branches finds the few rows with something to send.
    """
    for c in range(sold.shape[0]):
        sends = 0
        for i in range(sold.shape[1]):
            rest, due = return_rest[c, i], sold[c, i] * parts[c, i]
            total = max(rest, 0) + due
            units = min(due, 1) if rest < 0 else total >> PART_BITS
            back[i] = units
            sends |= units
            return_rest[c, i] = rest if rest < 0 or due == 0 else total & _MASK
        if sends != 0:
            for i in range(sold.shape[1]):
                units = back[i]
                if units > 0:
                    if return_rest[c, i] < 0:  # the first sale: the remainder begins anywhere
                        rest = int(uniform4(return_keys[c, i], trial, 0, 1)[0] * PARTS)
                        rest += sold[c, i] * parts[c, i]
                        return_rest[c, i] = rest & _MASK
                        units = rest >> PART_BITS
                        if units == 0:
                            continue
                    draw = uniform4(return_keys[c, i], trial, day, 0)
                    delay = return_delay[int(draw[0] * len(return_delay))]
                    returns_due[(day + max(delay, 1)) % len(returns_due), c, i] += units
        for i in range(sold.shape[1]):
            sold[c, i] = 0
