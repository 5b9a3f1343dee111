"""Sums over cohorts against the same sums written plainly, and a cohort worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.stages.cohort_sums import cohort_sums
from models.demand import CohortOrders
from models.demand.cohort_orders import pair_of

TRIALS, STREAMS, MONTHS, SEGMENTS = 3, 4, 6, 2


def made(seed: int = 1) -> CohortOrders:
    rng = np.random.default_rng(seed)
    pairs = MONTHS * (MONTHS + 1) // 2

    def counts(*shape: int) -> np.ndarray:
        return rng.integers(0, 9, (TRIALS, *shape)).astype(np.int32)

    return CohortOrders(
        np.array([0, 0, 1, 1]),
        np.array([0, 1, 0, -1]),
        counts(STREAMS, MONTHS),
        counts(STREAMS, MONTHS),
        counts(STREAMS, pairs),
        counts(STREAMS, MONTHS, 3),
        counts(MONTHS, SEGMENTS),
        counts(MONTHS, SEGMENTS),
    )


def test_sums_by_month_age_and_cohort():
    cohorts = made()
    worth = np.random.default_rng(2).normal(20.0, 5.0, (TRIALS, MONTHS, SEGMENTS))
    factor = np.array([1.0, 0.9, 0.8])
    found = cohort_sums(cohorts, worth, factor)
    for s, segment in enumerate(cohorts.stream_segment):
        for j in range(MONTHS):
            placed = sum(cohorts.orders[:, s, pair_of(j, c)].astype(float) for c in range(j + 1))
            assert found.placed[:, s, j] == pytest.approx(placed)
        for age in range(MONTHS):
            reach = range(MONTHS - age)
            orders = sum(cohorts.orders[:, s, pair_of(c + age, c)].astype(float) for c in reach)
            cm2 = sum(cohorts.orders[:, s, pair_of(c + age, c)] * worth[:, c + age, segment] for c in reach)
            assert found.orders_by_age[:, s, age] == pytest.approx(orders)
            assert found.cm2_by_age[:, s, age] == pytest.approx(cm2)
            assert found.won_by_age[:, s, age] == pytest.approx(cohorts.won[:, s, : MONTHS - age].sum(axis=1))
        for c in range(MONTHS - 2):
            value = sum(
                factor[age] * cohorts.orders[:, s, pair_of(c + age, c)] * worth[:, c + age, segment]
                for age in range(3)
            )
            assert found.cohort_cm2[:, s, c] == pytest.approx(value)


def test_a_cohort_of_ten_worked_by_hand():
    """10 customers in each of two months; 10 and 8 first orders, 5 later ones; an order is worth 2, then
    3."""
    cohorts = CohortOrders(
        stream_segment=np.array([0]),
        stream_channel=np.array([0]),
        won=np.array([[[10, 10]]], dtype=np.int32),
        first=np.array([[[10, 8]]], dtype=np.int32),
        orders=np.array([[[10, 5, 8]]], dtype=np.int32),  # (month 0, cohort 0), (1, 0), (1, 1)
        returned=np.zeros((1, 1, 2, 3), dtype=np.int32),
        known=np.zeros((1, 2, 1), dtype=np.int32),
        best=np.zeros((1, 2, 1), dtype=np.int32),
    )
    found = cohort_sums(cohorts, np.array([[[2.0], [3.0]]]), np.ones(2))
    assert found.placed.tolist() == [[[10.0, 13.0]]]
    assert found.cm2_by_age.tolist() == [[[20.0 + 24.0, 15.0]]]
    assert found.won_by_age.tolist() == [[[20.0, 10.0]]]
    assert found.cohort_cm2.tolist() == [[[35.0, 24.0]]]
    per_customer = found.cm2_by_age[0, 0] / found.won_by_age[0, 0]
    assert per_customer.tolist() == [2.2, 1.5]
