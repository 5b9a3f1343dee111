"""Loops of the compiled engine over the numbers of rows, without branches, several numbers at a time.

Every function here promises the compiler that the rows it is given lie apart in memory: short loops would
otherwise spend as long on finding that out as on their work. So no row may be given twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.core.compiler import Compiler

from models.network.parts import PART_BITS, PARTS

_MASK = PARTS - 1


class _RowsApart(Compiler):  # type: ignore[misc, unused-ignore]
    """numba's compiler, told that no two array arguments share memory."""

    def define_pipelines(self) -> Any:
        """The usual steps."""
        self.state.flags.noalias = True
        return super().define_pipelines()


rows = njit(
    pipeline_class=_RowsApart,
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    _nrt=False,
    error_model="numpy",
    forceinline=True,
)


@rows
def copied(source: Any, target: Any) -> np.int32:
    """Copy 32-bit numbers; returns all their bits, a huge or negative one shows."""
    bits = np.int32(0)
    for i in range(len(target)):
        target[i] = source[i]
        bits = np.int32(bits | source[i])
    return bits


@rows
def all_bits(row: Any) -> np.int32:
    """All bits of 32-bit numbers."""
    bits = np.int32(0)
    for i in range(len(row)):
        bits = np.int32(bits | row[i])
    return bits


@rows
def added(source: Any, target: Any) -> None:
    """Add to the numbers of a row."""
    for i in range(len(target)):
        target[i] += source[i]


@rows
def sum_copied(source: Any, target: Any) -> int:
    """Copy numbers; returns their sum."""
    total = 0
    for i in range(len(target)):
        target[i] = source[i]
        total += source[i]
    return total


@rows
def shipped_to_one(row: Any, stock: Any, out: Any) -> np.int32:
    """Ship of what is wanted what there is; returns the units."""
    taken = np.int32(0)
    for i in range(len(row)):
        units = min(row[i], stock[i])
        row[i] -= units
        stock[i] -= units
        out[i] += units
        taken = np.int32(taken + units)
    return taken


@rows
def parted(total: Any, stock: Any, scarce: Any) -> np.int32:
    """Take ``total`` off the stock where it suffices; elsewhere ``total`` becomes 0 and the stock is
    ``scarce``. Returns 0 where there is nothing to ship.
    """
    found = np.int32(0)
    for i in range(len(total)):
        enough = total[i] <= stock[i]
        scarce[i] = 0 if enough else stock[i]
        total[i] = total[i] if enough else 0
        stock[i] -= total[i]
        found = np.int32(found | total[i] | scarce[i])
    return found


@rows
def shipped_of_plenty(row: Any, enough: Any, out: Any) -> np.int32:
    """Ship all that is wanted of the items of which there is enough; returns the units."""
    taken = np.int32(0)
    for i in range(len(row)):
        units = row[i] if enough[i] > 0 else 0
        row[i] -= units
        out[i] += units
        taken = np.int32(taken + units)
    return taken


@rows
def both(first: Any, second: Any, out: Any) -> None:
    """Sum of two rows."""
    for i in range(len(out)):
        out[i] = first[i] + second[i]


@rows
def taken_off(before: Any, left: Any, held: Any, out: Any) -> None:
    """What was there before and is neither left nor held."""
    for i in range(len(out)):
        out[i] = before[i] - left[i] - held[i]


@rows
def low(stock: Any, coming: Any, behind: Any, trigger: Any, out: Any) -> None:
    """Whether the inventory position is at or below the trigger."""
    for i in range(len(out)):
        out[i] = stock[i] + coming[i] - behind[i] <= trigger[i]


@rows
def shared(sold: Any, asked: Any, want: Any, parts: Any, share: Any) -> None:
    """Parts of 2**20 of the units sold; what was sold is noted no longer."""
    for k in range(len(share)):
        share[k] = (sold[k] + asked[k] - want[k]) * parts[k]
        sold[k] = 0


@rows
def carried(share: Any, rest: Any, back: Any) -> None:
    """Whole units of remainder and share, and the remainder left; one that nobody needed stays below
    zero.
    """
    for k in range(len(back)):
        total = (rest[k] ^ (rest[k] >> 31)) + share[k]
        back[k] = total >> PART_BITS
        rest[k] = total & _MASK if share[k] > 0 else rest[k]
