"""Customers as the likelihoods read them: sorted by (x, T, t_x), so that the order of the rows means nothing.

Nothing is grouped. What depends on the integer x alone is said once per x, and a customer costs a
logarithm, an exponential and two divisions: less than finding out who equals whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray
from models.compiled import compiled

_WHOLE = 100_000.0
"""Whole times below this are sorted as integers."""
_FEWEST = 4_000
"""A thinned evidence has at least so many customers: fewer do not lead the search to the neighbourhood of the
maximum.
"""
_THINNING = 8
"""One customer of so many leads the search first."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Recency and age of customers sorted by (x, T, t_x); those with x repeat orders are start[x]:start[x+1].

    ``more_than[k]`` is the number of customers with more than k repeat orders.
    """

    start: IntArray
    recency: FloatArray
    age: FloatArray
    more_than: FloatArray

    @property
    def customers(self) -> int:
        """Number of customers."""
        return int(self.age.size)

    @property
    def orders(self) -> int:
        """Number of repeat orders."""
        return int(self.more_than.sum())

    def thinned(self) -> Evidence | None:
        """Every eighth customer in sorted order, where to start the search; nothing where they are few."""
        if self.customers < _FEWEST * _THINNING:
            return None
        kept = slice(0, None, _THINNING)
        start = -(-self.start // _THINNING)
        return Evidence(start, self.recency[kept].copy(), self.age[kept].copy(), _more_than(start))


def build_evidence(frequency: IntArray, recency: FloatArray, age: FloatArray) -> Evidence:
    """Evidence of the customers given, in any order: number of repeat orders, recency and age in days, all
    (customer,).
    """
    start = np.concatenate([[0], np.cumsum(np.bincount(frequency))])
    longest = float(age.max())
    whole = longest < _WHOLE and _all_whole(recency, age)
    if whole and start.size * longest**2 < 2.0**62:
        size = int(longest) + 1
        recency, age = _decode(np.sort(_encode(frequency, recency, age, size)), size)
    else:
        recency, age = _by_frequency(frequency, recency, age, start)
        _sort_groups(start, recency, age)
    return Evidence(start, recency, age, _more_than(start))


def _more_than(start: IntArray) -> FloatArray:
    return np.asarray(start[-1] - start[1:-1], dtype=np.float64)


@compiled
def _all_whole(recency: FloatArray, age: FloatArray) -> bool:
    for i in range(age.size):
        if age[i] != np.floor(age[i]) or recency[i] != np.floor(recency[i]):
            return False
    return True


@compiled
def _encode(frequency: IntArray, recency: FloatArray, age: FloatArray, size: int) -> IntArray:
    out = np.empty(age.size, dtype=np.int64)
    for i in range(age.size):
        out[i] = (frequency[i] * size + int(age[i])) * size + int(recency[i])
    return out


@compiled
def _decode(code: IntArray, size: int) -> tuple[FloatArray, FloatArray]:
    recency, age = np.empty(code.size), np.empty(code.size)
    for i in range(code.size):
        rest = code[i] // size
        recency[i] = code[i] - rest * size
        age[i] = rest % size
    return recency, age


@compiled
def _by_frequency(
    frequency: IntArray, recency: FloatArray, age: FloatArray, start: IntArray
) -> tuple[FloatArray, FloatArray]:
    at = start.copy()
    out_recency, out_age = np.empty(age.size), np.empty(age.size)
    for i in range(age.size):
        x = frequency[i]
        out_recency[at[x]] = recency[i]
        out_age[at[x]] = age[i]
        at[x] += 1
    return out_recency, out_age


def _sort_groups(start: IntArray, recency: FloatArray, age: FloatArray) -> None:
    """Sort within each x; customers without a repeat order have recency 0 and only ages."""
    age[: start[1]].sort()
    for x in np.flatnonzero(np.diff(start) > 1):
        if x == 0:
            continue
        group = slice(start[x], start[x + 1])
        order = np.argsort(age[group])
        sorted_age = age[group][order]
        if np.any(sorted_age[1:] == sorted_age[:-1]):
            order = np.lexsort((recency[group], age[group]))
            sorted_age = age[group][order]
        recency[group], age[group] = recency[group][order], sorted_age
