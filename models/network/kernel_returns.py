"""Returns of the compiled engine: what is set aside of a day's sales, and what comes back graded. All arrays
are one trial's.
"""

from __future__ import annotations

import numpy as np

from models.arrays import Int32Array, IntArray, WordArray
from models.compiled import inner
from models.network.kernel_records import Chance, Net, Out, Returning, Serving, Stock
from models.network.parts import OFFSET_SHIFT, PART_BITS, PARTS
from models.streams import sequence_word, words4

_MASK = PARTS - 1
"""The bits below one whole unit."""
_HALF = np.uint64(0xFFFFFFFF)
"""The lower 32 bits of a word; the upper ones say the offset of the grades of the same day."""
_HALF_BITS = np.uint64(32)
"""How many they are."""


@inner
def begin_returns(returning: Returning, keys: WordArray, rest: Int32Array, trial: int) -> None:
    """Remainders of the returned share, and where the sequence of each market and item begins. Before the
    first sale of an item the remainder may begin anywhere: it is kept below zero, as -1 - remainder, until
    then. ``rest`` (C, I) parts of 2**20.
    """
    for c in range(rest.shape[0]):
        for i in range(rest.shape[1]):
            begins, sequence, _, _ = words4(keys[c, i], trial, 0, 1)
            returning.sequence[c, i] = sequence
            offset = np.int64(begins >> np.uint64(OFFSET_SHIFT))
            returning.rest[c, i] = rest[c, i] if rest[c, i] >= 0 else -1 - offset
        returning.refused[c] = -1


@inner
def end_returns(returning: Returning, rest: Int32Array) -> None:
    """Write the remainders (C, I), parts of 2**20 of a unit, back; -1 says before the first sale."""
    for c in range(rest.shape[0]):
        for i in range(rest.shape[1]):
            rest[c, i] = max(returning.rest[c, i], -1)


@inner
def take_returns(net: Net, sequence: WordArray, coming: Int32Array, stock: Stock, out: Out, day: int) -> None:
    """Grade the units (demand point, item) that come back today; what can be resold goes to the market's
    return node.
    """
    edges = net.grade_edges
    for c in range(coming.shape[0]):
        node = net.return_node[c]
        for i in range(coming.shape[1]):
            units = coming[c, i]
            if units <= 0:
                continue
            coming[c, i] = 0
            offset = np.int64(sequence_word(sequence[c, i], day) >> np.uint64(OFFSET_SHIFT))
            resale = (units * edges[1] + offset) >> PART_BITS
            second = (units * edges[2] + offset) >> PART_BITS
            third = (units * edges[3] + offset) >> PART_BITS
            line = out.returns[out.returns_count[0]]
            line[0], line[1], line[2] = day, c, i
            line[3], line[4], line[5] = resale, second - resale, third - second
            line[6] = ((units * edges[4] + offset) >> PART_BITS) - third
            out.returns_count[0] += 1
            resold = stock.on_hand[node, i] + resale
            stock.wide[0] |= resold
            stock.on_hand[node, i] = resold


@inner
def share_parts(returning: Returning, share: IntArray, refusal: IntArray, day: int) -> None:
    """Parts of 2**20 of the units sold that come back: refused at the door, or returned of the rest. They
    change with the refusal of the demand point only. ``share`` (C, I), ``refusal`` (C, D).
    """
    parts, refused = returning.parts, returning.refused
    for c in range(parts.shape[0]):
        at_door = refusal[c, day]
        if refused[c] != at_door:
            refused[c] = at_door
            for i in range(parts.shape[1]):
                parts[c, i] = at_door + (((PARTS - at_door) * share[c, i]) >> PART_BITS)


@inner
def send_returns(
    serving: Serving, returning: Returning, demand: Int32Array, chance: Chance, due: Int32Array, day: int
) -> None:
    """Set aside the share of today's sold units that will come back, after a delay addressed by market, item
    and sale day; ``demand`` (C, I) units, ``due`` (day, C, I) units by day modulo the days it holds.

    What was sold is demand without what is still wanted, and what was sold to the backlog before.
    """
    for c in range(demand.shape[0]):
        for i in range(demand.shape[1]):
            sold = serving.sold[c, i] + demand[c, i] - serving.want[c, i]
            share = sold * returning.parts[c, i]
            serving.sold[c, i] = 0
            if share > 0:
                rest = returning.rest[c, i]
                total = share + (rest if rest >= 0 else -1 - rest)
                returning.rest[c, i] = total & _MASK
                back = total >> PART_BITS
                if back > 0:
                    slot = (day + _delay(chance.return_delay, returning.sequence[c, i], day)) % len(due)
                    due[slot, c, i] += back


@inner
def _delay(delays: IntArray, sequence: np.uint64, day: int) -> int:
    """Days until units sold on ``day`` come back: at the earliest the next morning."""
    if len(delays) == 1:
        return max(delays[0], 1)
    word = sequence_word(sequence, day) & _HALF
    return max(delays[np.int64((word * np.uint64(len(delays))) >> _HALF_BITS)], 1)
