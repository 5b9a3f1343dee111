"""Memory for large arrays, used again once nobody holds the array any longer.

A block of trials fills hundreds of megabytes and is dropped before the next one. The operating system clears
and maps fresh memory page by page as it is first touched, which on virtual machines takes longer than writing
the numbers; so pieces given back are kept for the arrays that follow.
"""

from __future__ import annotations

import math
import threading
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

_SMALLEST = 1 << 20
"""Bytes from which on memory is kept: smaller pieces the allocator of C has at hand."""
_KEPT = 1 << 29
"""Bytes that are kept without use at most."""
_pieces: list[npt.NDArray[np.uint8]] = []
"""Pieces without use, the one given back last at the end."""
_lock = threading.RLock()  # a collection of garbage may give back a piece in the midst of another


class _Loan:
    """What arrays over a piece of memory hold on to."""

    def __init__(self, piece: npt.NDArray[np.uint8]) -> None:
        self.__array_interface__ = piece.__array_interface__


def unwritten(shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array whose numbers are not set, as ``numpy.empty`` gives it; a large one in memory used before, if
    there is any of its size.

    >>> unwritten((2, 3), np.int32).shape
    (2, 3)
    """
    size = math.prod(shape if isinstance(shape, tuple) else (shape,)) * np.dtype(dtype).itemsize
    if size < _SMALLEST:
        return np.empty(shape, dtype=dtype)
    piece = _piece(_rounded(size))
    loan = _Loan(piece)
    weakref.finalize(loan, _give_back, piece).atexit = False
    return np.asarray(loan)[:size].view(dtype).reshape(shape)


def release() -> None:
    """Give the pieces without use back to the system."""
    with _lock:
        _pieces.clear()


def _rounded(size: int) -> int:
    """Bytes in steps of about a tenth, so that arrays of nearly a size can use each other's memory."""
    step = 1 << (size.bit_length() - 4)
    return -(-size // step) * step


def _piece(size: int) -> npt.NDArray[np.uint8]:
    """A piece of memory: one without use, else a fresh one."""
    with _lock:
        for k in range(len(_pieces) - 1, -1, -1):
            if _pieces[k].nbytes == size:
                return _pieces.pop(k)
    return np.empty(size, dtype=np.uint8)


def _give_back(piece: npt.NDArray[np.uint8]) -> None:
    """Keep a piece; where there is too much, those without use for the longest time go."""
    with _lock:
        _pieces.append(piece)
        spare = 0
        for k in range(len(_pieces) - 1, -1, -1):
            spare += _pieces[k].nbytes
            if spare > _KEPT:
                del _pieces[: k + 1]
                break
