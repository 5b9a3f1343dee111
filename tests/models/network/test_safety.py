"""Reorder points for a fill rate: reached where lead times are independent, missed where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import UsageError
from models.network import read_law
from models.network.safety import Levels, fill_levels, shortfall_law
from models.network.shortfall import day_demand
from tests.verify.safety_stock import CASES, Case, reached

DAYS, FIRST, TRIALS = 800, 100, 40


def simulated(case: Case, levels: Levels, **dependence: float) -> float:
    return reached(case, levels, trials=TRIALS, days=DAYS, first=FIRST, **dependence)


LOGNORMAL = {"family": "lognormal", "mean": 20, "sd": 8}
GAMMA = {"family": "gamma", "mean": 30, "sd": 15}
DAILY = Case("lognormal, daily orders", LOGNORMAL, 10, "s_S", 7)


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.name} {case.policy} {case.cycle} {case.review_days}"
)
@pytest.mark.parametrize("target", [0.9, 0.98])
def test_the_target_is_reached_within_a_point_and_a_half(case: Case, target: float) -> None:
    assert abs(simulated(case, case.levels(target)) - target) < 0.015


@pytest.mark.parametrize("case", [case for case in CASES if case.cycle > 100], ids=lambda case: case.name)
def test_lost_sales_with_one_order_under_way(case: Case) -> None:
    lost = replace(case, backlog_share=0.0)
    assert abs(simulated(lost, lost.levels(0.95)) - 0.95) < 0.015


def test_dependent_lead_times_of_the_same_law_miss_the_target() -> None:
    case = Case("gamma", GAMMA, 10, "s_S", 70)
    levels = case.levels(0.95)
    independent, dependent = simulated(case, levels), simulated(case, levels, day=0.995, port=0.5)
    assert independent > 0.935
    assert dependent < 0.90


def test_correlated_lead_times_raise_stockouts_by_an_order_of_magnitude() -> None:
    case = Case("lognormal", LOGNORMAL, 10, "base_stock", 1)
    levels = case.levels(0.99)
    iid, correlated = (1.0 - simulated(case, levels, **d) for d in ({}, {"day": 0.98}))
    assert correlated > 10.0 * iid


def test_palm_orders_under_way_of_any_law_are_poisson() -> None:
    """CASES.md, order crossing (Palm): an order a day, L uniform on 1..5, on order for L day-ends."""
    law = shortfall_law(np.arange(1.0, 6.0), 10.0, cycle_units=1, policy="base_stock")
    # Z of the next morning and its demand: what is on order at the end of a day, the day's own order included
    on_order = np.convolve(law.chance, law.demand)
    days = np.arange(on_order.size)
    mean = float(on_order @ days)
    assert mean == pytest.approx(30.0)
    assert float(on_order @ days**2) - mean**2 == pytest.approx(110.0)


def test_base_stock_of_a_fixed_lead_time_is_the_textbook() -> None:
    """CASES.md, base stock N(50, 8) a day, exposure 5: fill = 1 - (EB5 - EB4) / mean = .959839 at S = 265."""
    law = shortfall_law(5.0, 50.0, cycle_units=1, dispersion=64.0 / 50.0, policy="base_stock")
    assert float(law.fill(265.0)) == pytest.approx(0.959839, abs=0.002)


@pytest.mark.parametrize("review_days", [1, 7])
def test_a_batch_of_one_unit_is_base_stock(review_days: int) -> None:
    """(R, Q) with Q = 1 orders what was sold, as base stock R + 1 does."""
    up_to, batches = (
        shortfall_law([4.0, 9.0], 3.0, cycle_units=1, policy=policy, review_days=review_days)
        for policy in ("base_stock", "R_Q")
    )
    tops = np.arange(0.0, 80.0)
    assert np.allclose(up_to.fill(tops), batches.fill(tops), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=4),
    st.floats(0.3, 60.0),
    st.floats(1.0, 4.0),
    st.integers(1, 200),
    st.sampled_from(["s_S", "R_Q", "base_stock"]),
    st.integers(1, 8),
)
def test_the_shortfall_has_the_mean_of_theory_and_fill_rises_with_stock(
    days: list[int], mean: float, dispersion: float, cycle: int, policy: str, review: int
) -> None:
    """Little's law: units on order are demand x lead time; a position after its review is on average half a
    cycle low under (R, Q), and what was sold since the last review comes on top.
    """
    law = shortfall_law(
        [float(day) for day in days],
        mean,
        cycle_units=cycle,
        dispersion=dispersion,
        policy=policy,
        review_days=review,
    )
    tops = np.linspace(0.0, 3.0 * mean * (max(days) + review) + 2 * cycle, 40)
    fill = law.fill(tops)
    assert np.all(np.diff(fill) > -1e-9)
    assert fill[0] == pytest.approx(0.0, abs=1e-6)
    assert fill[-1] <= 1.0 + 1e-9
    if policy != "s_S" and law.unit == 1.0:
        lacks = float(law.chance @ np.arange(law.chance.size))
        below = (cycle - 1) / 2.0 if policy == "R_Q" else 0.0
        assert lacks == pytest.approx(
            mean * (float(np.mean(days)) - 1.0 + (review - 1) / 2.0) + below, rel=1e-4, abs=1e-3
        )


@pytest.mark.parametrize(
    ("mean", "dispersion", "unit"), [(3.0, 1.0, 1.0), (40.0, 2.5, 1.0), (900.0, 3.0, 16.0), (5.0, 0.4, 1.0)]
)
def test_a_days_demand_keeps_its_moments(mean: float, dispersion: float, unit: float) -> None:
    chance = day_demand(mean, dispersion, unit)
    values = np.arange(chance.size) * unit
    assert float(chance @ values) == pytest.approx(mean, rel=1e-6)
    variance = float(chance @ values**2) - mean**2
    assert variance == pytest.approx(dispersion * mean, rel=0.02, abs=0.26 * unit**2)


def test_without_backlog_a_level_is_never_below_zero() -> None:
    levels = fill_levels(read_law(5), 5, target=0.5, cycle_units=200, backlog_share=0.0)
    assert levels.reorder_level >= 0


@pytest.mark.parametrize(
    "wrong", [{"policy": "s,S"}, {"review_days": 0}, {"cycle_units": 0.0}, {"dispersion": 0.0}]
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        fill_levels(read_law(5), 5, **({"target": 0.9, "cycle_units": 9} | wrong))


@pytest.mark.parametrize("target", [0.0, 1.0, float("nan")])
def test_a_target_that_is_no_fill_rate_is_refused(target: float) -> None:
    with pytest.raises(UsageError):
        fill_levels(read_law(5), 5, target=target, cycle_units=9)
