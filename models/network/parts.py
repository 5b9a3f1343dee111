"""Words both engines and the description share: array types, shares in whole parts, no limit, grades."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arrays import IntArray
from models.names import GRADES as GRADES

PART_BITS = 20
PARTS = 1 << PART_BITS
UNLIMITED = 1 << 62
OFFSET_SHIFT = 64 - PART_BITS
"""A word shifted by so much is an offset below ``PARTS``."""
STAGES = ("production", "transit", "service", "inland")
LARGEST = 1 << 29
"""Most units of one item in one place: sums of a few such numbers fit the 32-bit movements."""


def parts_of(share: npt.ArrayLike) -> IntArray:
    """Shares, elementwise, in whole parts of 2**20, rounded to the nearest: exact integers decide splits."""
    scaled = np.floor(np.asarray(share, dtype=np.float64) * PARTS + 0.5)
    return np.ascontiguousarray(scaled.astype(np.int64))
