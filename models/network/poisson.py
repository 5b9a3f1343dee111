"""Poisson units by market, item and day, by inversion of addressed words.

A market and item has a sequence of words in every trial; a word gives four days their leading 16 bits. A
table read at the first ten of them says the units of nearly every day; where a step of the distribution lies
within the bin, 32 more bits of an address of the day's own decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from models.arrays import FloatArray, Int32Array, IntArray
from models.compiled import compiled, pasted
from models.streams import sequence_word, words4

_BITS = 48
_TABLE_BITS = 10
_DAYS = 4


def poisson_tables(means: FloatArray) -> tuple[IntArray, Int32Array]:
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
    return edges, np.where(least == most, least, -1 - least).astype(np.int32)


@compiled
def fill_poisson(out: Any, keys: Any, which: Any, edges: Any, table: Any, first_trial: int) -> None:
    """Units into ``out`` (T, D, C, I) by the law ``which`` (C, I) of each market and item.

    Row by row, so that the loops over items have no branch; the few items left open are looked at again.
    """
    trials, days, points, items = out.shape
    starts, words = np.empty(items, dtype=np.uint64), np.empty(items, dtype=np.uint64)
    units_of = table.reshape(table.size)
    for t in range(trials):
        trial = first_trial + t
        for c in range(points):
            law = which[c]
            for i in range(items):
                starts[i] = words4(keys[c, i], trial, 0, 0)[0]
            for first in range(0, days, _DAYS):
                for i in range(items):
                    words[i] = sequence_word(starts[i], first // _DAYS)
                for day in range(first, min(first + _DAYS, days)):
                    row = out[t, day, c]
                    if _read(row, words, units_of, law) < 0:
                        for i in range(items):
                            if row[i] < 0:
                                row[i] = _decided(
                                    edges[law[i]], -1 - row[i], words[i], keys[c, i], trial, day
                                )
                    for i in range(items):
                        words[i] <<= np.uint64(16)


@pasted
def _read(row: Any, words: Any, units_of: Any, law: Any) -> np.int32:
    """Units of a day from the leading bits of the words; below zero where any is open."""
    found = np.int32(0)
    for i in range(len(row)):
        at = (law[i] << _TABLE_BITS) + np.int64(words[i] >> np.uint64(64 - _TABLE_BITS))
        row[i] = units_of[np.uint64(at)]
        found = np.int32(found | row[i])
    return found


@pasted
def _decided(edges: Any, units: int, word: np.uint64, key: Any, trial: int, day: int) -> int:
    """Units of a day whose leading 16 bits of a word leave open more than one number."""
    more = words4(key, trial, day, 1)[0]
    place = np.int64((word >> np.uint64(48)) << np.uint64(32) | more >> np.uint64(32))
    while place >= edges[units]:
        units += 1
    return units
