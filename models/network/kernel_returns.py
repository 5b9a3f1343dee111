"""Returns of the compiled engine: what is set aside of a day's sales, and what comes back graded. All arrays
are one trial's.
"""

from __future__ import annotations

from typing import Any

from models.network.kernel_orders import inner
from models.network.kernel_serve import positive
from models.network.parts import PART_BITS, PARTS
from models.streams import uniform4

_MASK = PARTS - 1


@inner
def take_returns(
    net: Any, work: Any, ring: Any, keys: Any, on_hand: Any, returns: Any, row: int, day: int, trial: int
) -> int:
    """Grade the units that come back today; what can be resold goes to the market's return node. Returns the
    rows used.
    """
    for c in range(ring.shape[0]):
        coming, stock = ring[c], on_hand[net.return_node[c]]
        for k in range(positive(coming, work.chosen)):
            i = work.chosen[k]
            units = coming[i]
            coming[i] = 0
            draw = uniform4(keys[c, i], trial, day, 0)
            offset = int(draw[1] * PARTS)
            returns[row, 0] = day
            returns[row, 1] = c
            returns[row, 2] = i
            below = 0
            for grade in range(4):
                upto = (units * net.grade_edges[grade + 1] + offset) >> PART_BITS
                returns[row, 3 + grade] = upto - below
                if grade == 0:
                    stock[i] += upto
                below = upto
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
    work: Any, keys: Any, delays: Any, return_rest: Any, returns_due: Any, day: int, trial: int
) -> None:
    """Set aside the share of today's sold units that will come back, after a delay addressed by market, item
    and sale day. A first loop without branches finds the few rows with something to send.
    """
    back, lead = work.back, len(returns_due)
    for c in range(work.sold.shape[0]):
        sold, parts, rests = work.sold[c], work.parts[c], return_rest[c]
        for i in range(len(sold)):
            rest, due = rests[i], sold[i] * parts[i]
            total = max(rest, 0) + due
            back[i] = min(due, 1) if rest < 0 else total >> PART_BITS
            rests[i] = rest if rest < 0 else total & _MASK
        for k in range(positive(back, work.chosen)):
            i = work.chosen[k]
            units = back[i]
            if rests[i] < 0:  # the first sale: the remainder begins anywhere
                rest = int(uniform4(keys[c, i], trial, 0, 1)[0] * PARTS)
                rest += sold[i] * parts[i]
                rests[i] = rest & _MASK
                units = rest >> PART_BITS
                if units == 0:
                    continue
            delay = delays[0]
            if len(delays) > 1:
                delay = delays[int(uniform4(keys[c, i], trial, day, 0)[0] * len(delays))]
            returns_due[(day + max(delay, 1)) % lead, c, i] += units
        for i in range(len(sold)):
            sold[i] = 0
