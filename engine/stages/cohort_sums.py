"""Orders and CM2 of the customers won, summed by month, by age and by cohort, trial by trial."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.arrays import CountArray, FloatArray, IntArray
from models.compiled import in_place
from models.demand import CohortOrders


class CohortSums(NamedTuple):
    """Sums by stream; an order is worth the mean CM2 of the orders of its segment and month."""

    placed: FloatArray
    """Orders by month, first and later, dims (trial, stream, month)."""
    orders_by_age: FloatArray
    """Orders of all cohorts that reach an age within the run, dims (trial, stream, age)."""
    cm2_by_age: FloatArray
    won_by_age: FloatArray
    """Customers of those cohorts."""
    cohort_cm2: FloatArray
    """CM2 of each monthly cohort over its first ages, times their factors, dims (trial, stream, cohort)."""


def cohort_sums(customers: CohortOrders, worth: FloatArray, factor: FloatArray) -> CohortSums:
    """Sums over a run; ``worth`` (trial, month, segment) CM2 per order, ``factor`` (age,) what CM2 of an age
    counts for in ``cohort_cm2``.
    """
    shape = customers.won.shape
    sums = CohortSums(*(np.zeros(shape) for _ in CohortSums._fields))
    _fill(
        customers.stream_segment,
        customers.orders,
        customers.won,
        np.ascontiguousarray(worth),
        np.ascontiguousarray(factor),
        sums,
    )
    return sums


@in_place
def _fill(
    stream_segment: IntArray,
    orders: CountArray,
    won: CountArray,
    worth: FloatArray,
    factor: FloatArray,
    sums: CohortSums,
) -> None:
    placed, orders_by_age, cm2_by_age, won_by_age, cohort_cm2 = sums
    trials, streams, months = won.shape
    for t in range(trials):
        for s in range(streams):
            for c in range(months):
                for j in range(c, months):
                    count = float(orders[t, s, j * (j + 1) // 2 + c])
                    cm2 = count * worth[t, j, stream_segment[s]]
                    age = j - c
                    placed[t, s, j] += count
                    orders_by_age[t, s, age] += count
                    cm2_by_age[t, s, age] += cm2
                    won_by_age[t, s, age] += won[t, s, c]
                    if age < factor.size:
                        cohort_cm2[t, s, c] += cm2 * factor[age]
