"""Types of arrays: the ONE list. A shape is told by names of dims in the docstring, never by the type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
"""Amounts, shares, days."""
IntArray = npt.NDArray[np.int64]
"""Whole units, positions, whole days."""
Int32Array = npt.NDArray[np.int32]
"""Whole units where memory counts: what the network moves."""
CountArray = npt.NDArray[np.integer[Any]]
"""Whole numbers of either width."""
BoolArray = npt.NDArray[np.bool_]
WordArray = npt.NDArray[np.uint64]
"""Words of random streams, addresses and bits."""
DateArray = npt.NDArray[np.datetime64]
"""Calendar days."""
TextArray = npt.NDArray[np.object_]
"""Texts as Python strings."""
MarkArray = npt.NDArray[np.float32]
"""Marks of orders, uniform on [0, 1); half the memory of ``FloatArray``."""
AgeArray = npt.NDArray[np.uint16]
"""Months since a customer was won."""
ComplexArray = npt.NDArray[np.complex128]
