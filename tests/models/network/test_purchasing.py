"""Reorder levels against hand-worked figures and the promise that only the trial's own past is used."""

import math

import numpy as np
import pytest

from models.network import purchasing

MONTHS = 18


def model(expected=None, lead_sd=0.0, dispersion=0.0, cv=0.0, score=1.645, cycle=30.0):
    units = np.full((2, MONTHS, 1), 300.0) if expected is None else expected
    return purchasing.PurchasingModel(
        expected_units=units,
        month_days=np.full(MONTHS, 30.0),
        primary_node=np.array([0, 0]),
        lead_mean=np.array([[40.0]]),
        lead_sd=np.array([[lead_sd]]),
        share=np.ones((1, 1, 1)),
        safety_score=score,
        cycle_days=cycle,
        dispersion=dispersion,
        forecast_cv=cv,
    )


def test_levels_without_uncertainty_are_exposure_and_cycle_demand():
    # two demand points of 300 units a 30-day month are 20 a day: 40 days of exposure, 30 days of cycle
    plan = model()
    reorder, up_to = purchasing.reorder_levels(plan, purchasing.initial_purchasing(plan, 1), 0)
    assert (reorder[0, 0, 0], up_to[0, 0, 0]) == (800, 1400)


def test_safety_stock_adds_the_variances_of_demand_forecast_and_lead_time():
    # variance 1.5*800 + (0.1*800)^2 + (20*10)^2 = 1200 + 6400 + 40000 = 47600
    plan = model(lead_sd=10.0, dispersion=1.5, cv=0.1)
    reorder, _ = purchasing.reorder_levels(plan, purchasing.initial_purchasing(plan, 1), 0)
    assert reorder[0, 0, 0] == math.ceil(800 + 1.645 * math.sqrt(47600))


def test_levels_follow_the_coming_months_not_the_past_ones():
    units = np.full((2, MONTHS, 1), 300.0)
    units[:, 2:, :] = 600.0
    plan = model(units)
    state = purchasing.initial_purchasing(plan, 1)
    # window of 40 days from mid-month 0: 15 days at 20, 25 of month 1 at 20; the cycle: 5 at 20, 25 at 40
    reorder, up_to = purchasing.reorder_levels(plan, state, 0)
    assert (reorder[0, 0, 0], up_to[0, 0, 0] - reorder[0, 0, 0]) == (800, 1100)


def no_lines(trials):
    return (*(np.zeros((trials, 1), dtype=np.int64) for _ in range(4)), np.zeros(trials, dtype=np.int64))


def test_demand_ratio_is_an_ewma_of_closed_months_and_clipped():
    plan = model()
    state = purchasing.initial_purchasing(plan, 2)
    demanded = np.array([[600, 300], [0, 30000]])
    after = purchasing.observe_month(plan, state, 0, (0, 30), demanded, no_lines(2))
    assert after.demand == pytest.approx(np.array([[0.7 + 0.3 * 2.0, 1.0], [0.7, 4.0]]))


def test_lead_ratio_uses_only_what_the_closed_month_received():
    plan = model()
    state = purchasing.initial_purchasing(plan, 1)
    ordered = np.array([[-20, 0, 5]])
    received = np.array([[60, 20, 45]])
    zeros = np.zeros((1, 3), dtype=np.int64)
    lines = (ordered, zeros, zeros, received, np.array([3]))
    after = purchasing.observe_month(plan, state, 1, (30, 61), np.array([[300, 300]]), lines)
    # rows received on days 60 and 45: lead times 80 and 40, mean 60 against 40 expected
    assert after.lead[0, 0, 0] == pytest.approx(0.7 + 0.3 * 1.5)


def test_one_trial_never_depends_on_another():
    plan = model(lead_sd=10.0, dispersion=1.5, cv=0.1)
    demanded = np.array([[500, 280], [90, 300], [310, 1200]])
    whole = purchasing.observe_month(
        plan, purchasing.initial_purchasing(plan, 3), 0, (0, 30), demanded, no_lines(3)
    )
    for t in range(3):
        alone = purchasing.observe_month(
            plan, purchasing.initial_purchasing(plan, 1), 0, (0, 30), demanded[t : t + 1], no_lines(1)
        )
        for a, b in zip(
            purchasing.reorder_levels(plan, alone, 1), purchasing.reorder_levels(plan, whole, 1), strict=True
        ):
            assert a[0].tobytes() == b[t].tobytes()


def test_an_item_without_supplier_or_demand_has_no_level():
    plan = model(np.zeros((2, MONTHS, 1)), lead_sd=10.0)
    reorder, up_to = purchasing.reorder_levels(plan, purchasing.initial_purchasing(plan, 1), 0)
    assert (reorder[0, 0, 0], up_to[0, 0, 0]) == (0, 0)
