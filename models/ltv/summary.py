"""Distinct customers: everything the models say of a customer depends on (x, t_x, T) alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class CustomerSummary:
    """Distinct (x, t_x, T) of a set of customers with their counts.

    ``times`` holds the distinct values of t_x and T; ``recency`` and ``age`` are positions in it.
    """

    frequency: IntArray
    recency: IntArray
    age: IntArray
    count: FloatArray
    times: FloatArray
    member: IntArray
    """Row of each customer, shape (customer,)."""


def summarised(frequency: IntArray, recency: FloatArray, age: FloatArray) -> CustomerSummary:
    """Summary of the customers given, sorted by (x, T, t_x): number of repeat orders, recency and age in
    days, all (customer,).
    """
    times, recency_code, age_code = _code_times(recency, age)
    size = len(times)
    code = (frequency * size + age_code) * size + recency_code
    distinct, member, count = np.unique(code, return_inverse=True, return_counts=True)
    return CustomerSummary(
        frequency=distinct // (size * size),
        recency=distinct % size,
        age=distinct // size % size,
        count=count.astype(np.float64),
        times=times,
        member=member.astype(np.int64),
    )


def _code_times(recency: FloatArray, age: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    longest = float(age.max())
    whole = np.array_equal(age, np.floor(age)) and np.array_equal(recency, np.floor(recency))
    if whole and longest < 100_000:
        return np.arange(int(longest) + 1, dtype=np.float64), recency.astype(np.int64), age.astype(np.int64)
    times, code = np.unique(np.concatenate([recency, age]), return_inverse=True)
    return times, code[: recency.size].astype(np.int64), code[recency.size :].astype(np.int64)
