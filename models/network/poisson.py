"""Poisson units by market, item and day, by inversion of addressed words.

Sixteen days share an address: of its four words each gives four days their leading 16 bits. A table read at
the first ten of them says the units of nearly every day; where a step of the distribution lies within the
cell, 32 more bits of an address of the day's own decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from scipy import stats

from models.network.parts import FloatArray, IntArray
from models.streams import words4

_BITS = 48
_TABLE_BITS = 10
_DAYS = 16


def poisson_tables(means: FloatArray) -> tuple[IntArray, IntArray]:
    """Cumulative probabilities (law, units) in parts of 2**48, and by leading ten bits the units (law, 1024);
    -1 - units, the fewest that are possible, where more bits have to decide.

    >>> edges, table = poisson_tables(np.array([0.5]))
    >>> [int(table[0, 1024 * k // 100]) for k in (10, 80, 95)]  # P(0) = .607, P(<= 1) = .910
    [0, 1, 2]
    """
    top = int(stats.poisson.isf(2.0**-_BITS, means.max())) + 2
    edges = np.round(stats.poisson.cdf(np.arange(top), means[:, None]) * 2.0**_BITS).astype(np.int64)
    edges[:, -1] = 1 << _BITS
    first = np.arange(1 << _TABLE_BITS) << (_BITS - _TABLE_BITS)
    last = first + (1 << (_BITS - _TABLE_BITS)) - 1
    least = np.array([np.searchsorted(row, first, side="right") for row in edges], dtype=np.int64)
    most = np.array([np.searchsorted(row, last, side="right") for row in edges], dtype=np.int64)
    return edges, np.where(least == most, least, -1 - least)


@njit(cache=True, nogil=True)
def fill_poisson(out: Any, keys: Any, which: Any, edges: Any, table: Any, first_trial: int) -> None:
    """Units into ``out`` (T, D, C, I) by the law ``which`` (C, I) of each market and item, -1 for none."""
    trials, days, cells, items = out.shape
    flat, step = out.reshape(out.size), np.uint64(cells * items)
    for t in range(trials):
        trial = first_trial + t
        for first in range(0, days, _DAYS):
            start = np.uint64((t * days + first) * cells * items)
            for c in range(cells):
                for i in range(items):
                    law, key, day, at = which[c, i], keys[c, i], first, start
                    start += np.uint64(1)
                    if law < 0:
                        continue
                    units_of = table[law]
                    for word in words4(key, trial, first // _DAYS, 0):
                        for _ in range(min(4, days - day)):
                            units = units_of[word >> np.uint64(64 - _TABLE_BITS)]
                            if units < 0:
                                units = _decided(edges[law], -1 - units, word, key, trial, day)
                            flat[at] = units
                            at += step
                            word <<= np.uint64(16)
                            day += 1


@njit(inline="always", cache=True)
def _decided(edges: Any, units: int, word: np.uint64, key: Any, trial: int, day: int) -> int:
    """Units of a day whose leading 16 bits of a word leave open more than one number."""
    more = words4(key, trial, day, 1)[0]
    cell = np.int64((word >> np.uint64(48)) << np.uint64(32) | more >> np.uint64(32))
    while cell >= edges[units]:
        units += 1
    return units
