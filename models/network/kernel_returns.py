"""Returns of the compiled engine: what is set aside of a day's sales, and what comes back graded. All arrays
are one trial's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.network.kernel_bits import WORD, lowest, positive_bits, without_lowest
from models.network.kernel_orders import inner
from models.network.kernel_rows import carried, shared
from models.network.parts import OFFSET_SHIFT, PART_BITS, PARTS
from models.streams import sequence_word, words4

_HALF = np.uint64(0xFFFFFFFF)


@inner
def begin_returns(work: Any, keys: Any, rest: Any, trial: int) -> None:
    """Remainders of the returned share, and where the sequence of each market and item begins. Before the
    first sale of an item the remainder may begin anywhere: it is kept below zero, as -1 - remainder, until
    then.
    """
    k = 0
    for c in range(rest.shape[0]):
        for i in range(rest.shape[1]):
            begins, sequence, _, _ = words4(keys[c, i], trial, 0, 1)
            work.sequence[c, i] = sequence
            work.rest[k] = rest[c, i] if rest[c, i] >= 0 else -1 - np.int64(begins >> np.uint64(OFFSET_SHIFT))
            work.sold[c, i] = 0
            k += 1


@inner
def end_returns(work: Any, rest: Any) -> None:
    """Write the remainders back; -1 says before the first sale."""
    k = 0
    for c in range(rest.shape[0]):
        for i in range(rest.shape[1]):
            rest[c, i] = max(work.rest[k], -1)
            k += 1


@inner
def take_returns(net: Any, work: Any, ring: Any, on_hand: Any, returns: Any, row: int, day: int) -> int:
    """Grade the units that come back today; what can be resold goes to the market's return node. Returns the
    rows used.
    """
    edges = net.grade_edges
    for c in range(ring.shape[0]):
        coming, stock = ring[c], on_hand[net.return_node[c]]
        for start in range(0, len(coming), WORD):
            bits = positive_bits(coming, start)
            while bits != 0:
                i = start + lowest(bits)
                bits = without_lowest(bits)
                units = coming[i]
                coming[i] = 0
                offset = np.int64(sequence_word(work.sequence[c, i], day) >> np.uint64(OFFSET_SHIFT))
                resale = (units * edges[1] + offset) >> PART_BITS
                second = (units * edges[2] + offset) >> PART_BITS
                third = (units * edges[3] + offset) >> PART_BITS
                line = returns[row]
                line[0], line[1], line[2] = day, c, i
                line[3], line[4], line[5] = resale, second - resale, third - second
                line[6] = ((units * edges[4] + offset) >> PART_BITS) - third
                work.wide[0] |= stock[i] + resale
                stock[i] += resale
                row += 1
    return row


@inner
def share_parts(parts: Any, refused: Any, share: Any, refusal: Any, day: int) -> None:
    """Parts of 2**20 of the units sold that come back: refused at the door, or returned of the rest. They
    change with the refusal of the demand point only.
    """
    for c in range(parts.shape[0]):
        at_door = refusal[c, day]
        if refused[c] != at_door:
            refused[c] = at_door
            for i in range(parts.shape[1]):
                parts[c, i] = at_door + (((PARTS - at_door) * share[c, i]) >> PART_BITS)


@inner
def send_returns(work: Any, demand: Any, delays: Any, returns_due: Any, day: int) -> None:
    """Set aside the share of today's sold units that will come back, after a delay addressed by market, item
    and sale day.

    What was sold is demand without what is still wanted, and what was sold to the backlog before. Loops
    without branches over all demand points find the few with something to send.
    """
    points = work.rest.size
    sold, parts, want = work.sold.reshape(points), work.parts.reshape(points), work.want.reshape(points)
    asked, due = demand.reshape(points), returns_due.reshape((len(returns_due), points))
    sequence = work.sequence.reshape(points)
    rest, share, back, today = work.rest, work.split.weight[:points], work.some, day % len(returns_due)
    shared(sold, asked, want, parts, share)
    carried(share, rest, back)
    for start in range(0, len(back), WORD):
        bits = positive_bits(back, start)
        while bits != 0:
            k = start + lowest(bits)
            bits = without_lowest(bits)
            delay = delays[0]
            if len(delays) > 1:
                word = sequence_word(sequence[k], day) & _HALF
                delay = delays[np.int64((word * np.uint64(len(delays))) >> np.uint64(32))]
            slot = today + max(delay, 1)
            slot -= len(returns_due) if slot >= len(returns_due) else 0
            due[slot, k] += back[k]
