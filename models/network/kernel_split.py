"""Whole units split in proportion, for the compiled engine: by largest remainder, over suppliers by share."""

from __future__ import annotations

import numpy as np

from models.arrays import IntArray
from models.compiled import inner
from models.network.kernel_records import Choice, Desk, Net, Split


@inner
def largest_remainder(split: Split, first: int, count: int, amount: int) -> None:
    """Split ``amount`` in proportion to ``count`` weights from the ``first`` on into the first parts: rounded
    down, then the largest remainders, then position.
    """
    weight, part, remainder, rank = split.weight, split.part, split.remainder, split.rank
    total = 0
    for k in range(count):
        total += weight[first + k]
    rest = amount
    for k in range(count):
        product = amount * weight[first + k]
        # unsigned: the processor divides so without the extra steps that rounding down of negatives takes
        whole = np.int64(np.uint64(product) // np.uint64(total))
        part[k] = whole
        remainder[k] = product - whole * total
        rest -= part[k]
    if rest > 0:
        _rank(remainder, count, rank)
        for k in range(min(rest, count)):  # more only where units overflow, which is refused later
            part[rank[k]] += 1


@inner
def _rank(key: IntArray, count: int, rank: IntArray) -> None:
    """Positions by (largest key, position): Shell's sort, which needs no memory (Shell 1959, "A high-speed
    sorting procedure", CACM 2(7); gaps 3 h + 1 by Knuth 1973, volume 3, section 5.2.1).
    """
    for k in range(count):
        rank[k] = k
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            moved = rank[k]
            at = k
            while at >= gap:
                other = rank[at - gap]
                before = key[moved] > key[other]
                if not (before or (key[moved] == key[other] and moved < other)):
                    break
                rank[at] = other
                at -= gap
            rank[at] = moved
        gap //= 3


@inner
def split_order(net: Net, desk: Desk, split: Split, today: Choice, n: int, i: int, units: int) -> None:
    """Split an order of a node and item over suppliers by share, move what failover moves, round to multiples
    and smallest orders; the result goes into the item's column of what is ordered. Shares are 0 for
    suppliers that are not qualified.
    """
    weight, ordered, shares = split.weight, desk.ordered, today.share_parts[n, i]
    suppliers, total = len(shares), 0
    for s in range(suppliers):
        weight[s] = 0
        total += shares[s]
        ordered[s, i] = 0
    if total == 0:
        return
    for s in range(suppliers):
        takes = desk.takes[s]
        weight[takes if net.qualified[n, takes, i] else s] += shares[s]
    largest_remainder(split, 0, suppliers, units)
    room = today.purchase_cap[n, i]
    for s in range(suppliers):
        multiple, smallest = net.multiple[s, i], net.moq[s, i]
        amount = (split.part[s] + multiple - 1) // multiple * multiple
        amount = max(amount, smallest) if amount > 0 else 0
        if amount > room:
            amount = room // multiple * multiple
            amount = amount if amount >= smallest else 0
        room -= amount
        ordered[s, i] = amount
