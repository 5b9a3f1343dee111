"""Whole units split in proportion, for the compiled engine: by largest remainder, over suppliers by share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from models.network.kernel_orders import inner
from models.network.kernel_rows import rows

called = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, error_model="numpy")
"""Compiled apart from its callers: long, rare, few arguments."""
_FEW = 16


@rows
def largest_remainder(split: Any, count: int, amount: int, first: int = 0) -> None:
    """Split ``amount`` in proportion to ``count`` weights from the ``first`` on into the first parts: rounded
    down, then the largest remainders, then position.
    """
    weight, part, remainder, rank = split.weight[first:], split.part, split.remainder, split.rank
    total = 0
    for k in range(count):
        total += weight[k]
    rest = amount
    for k in range(count):
        product = amount * weight[k]
        whole = np.int64(np.uint64(product) // np.uint64(total))
        part[k] = whole
        remainder[k] = product - whole * total
        rest -= part[k]
    if rest > 0 and count <= _FEW:
        for k in range(count):
            ahead = 0
            for j in range(count):
                ahead += (remainder[j] > remainder[k]) | ((remainder[j] == remainder[k]) & (j < k))
            part[k] += ahead < rest
    elif rest > 0:
        _rank(remainder, count, rank)
        for k in range(rest):
            part[rank[k]] += 1


@called
def _rank(key: Any, count: int, rank: Any) -> None:
    """Positions by (largest key, position): Shell's sort, which needs no memory."""
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
def split_order(
    net: Any,
    work: Any,
    shares: Any,
    qualified: Any,
    down_since: Any,
    failover: bool,
    delay: int,
    day: int,
    i: int,
    units: int,
    cap: int,
    at: int,
) -> None:
    """Split an order of item ``i`` over suppliers by share, move what failover moves, round to multiples and
    smallest orders.

    ``shares`` are 0 for suppliers that are not ``qualified`` (S, I) at the node; the result goes into column
    ``at`` of what is ordered.
    """
    weight, part, ordered = work.split.weight, work.split.part, work.ordered
    suppliers = len(shares)
    total = 0
    for s in range(suppliers):
        weight[s] = shares[s]
        total += shares[s]
    if total == 0:
        for s in range(suppliers):
            ordered[s, at] = 0
        return
    work.wide[0] |= units  # its products with shares would not fit the machine's words
    if failover:
        for s in range(suppliers):
            if shares[s] > 0 and down_since[s] >= 0 and day - down_since[s] >= delay:
                other = net.backup[s]
                if other >= 0 and qualified[other, i] and down_since[other] < 0:
                    weight[other] += shares[s]
                    weight[s] -= shares[s]
    largest_remainder(work.split, suppliers, units)
    room = cap
    for s in range(suppliers):
        amount, multiple, smallest = part[s], net.multiple[s, i], net.moq[s, i]
        if multiple > 1:
            amount = (amount + multiple - 1) // multiple * multiple
        amount = max(amount, smallest) if amount > 0 else 0
        if amount > room:
            amount = room // multiple * multiple
            if amount < smallest:
                amount = 0
        room -= amount
        ordered[s, at] = amount
