"""Unit economics against hand-worked cases and the traps of the metric page; a completeness test at the
end.
"""

import numpy as np
import pytest

from engine.finance import customer_shares as shares
from engine.finance import unit_economics as unit
from engine.finance.metrics import METRICS
from engine.finance.unit_metrics import UNIT_METRICS
from models.errors import UsageError

NO_RATE = 0.0


def _one(value):
    return float(np.asarray(value).reshape(-1)[0])


# a cohort of 100: 1,000 of spend, CM2 of 600, 300, 300 in its first three months
COHORT = np.array([600.0, 300.0, 300.0])
LINES = ([1, 1, 2, 3, 3], ["tea", "cup", "tea", "tea", "tea"], np.array([10.0, 30.0, 20.0, 25.0, 15.0]))
SPENT = unit.return_on_spend(10_000.0, 3_000.0, 2_000.0)
VISITS = unit.conversion(1_000.0, 20.0, 1.0)

CASES = {
    "cac": (
        unit.acquisition_cost(
            unit.fully_loaded(ads=700, agency=150, tools=50, first_order_promotion=100), 100
        ).each,
        10.0,
    ),
    "ltv": (unit.lifetime_value(COHORT, 100.0, yearly_rate=NO_RATE), 12.0),
    "roas": (unit.roas(10_000.0, 2_000.0), 5.0),
    "ltv_cac": (unit.value_over_cost(unit.value_of_revenue(120.0, 0.35), 45.0).ratio, 42.0 / 45.0),
    "cac_payback": (unit.payback_month(COHORT, 100.0, 10.0, yearly_rate=NO_RATE), 3.0),
    "high_value_share": (
        shares.high_value_share(np.array([50.0, 30.0, 20.0]), np.array([True, False, False])),
        0.5,
    ),
    "repeat_rate": (shares.repeat_rate([10.0, np.inf, np.inf, 80.0], [400.0] * 4, (90.0,)).rate, 0.5),
    "cross_sell": (shares.cross_sell(*LINES).orders, 1 / 3),
    "cm3_per_spend": (unit.contribution(300.0, 150.0, 600.0).per_spend, 2.0),
    "cm3_per_capital": (unit.contribution(300.0, 150.0, 600.0).per_capital, 0.5),
    "lead_rate": (VISITS.lead_rate, 0.02),
    "lead_to_order": (VISITS.lead_to_order, 0.05),
    "order_conversion": (VISITS.order_conversion, 0.001),
    "dm_roi": (SPENT.on_revenue, 4.0),
    "romi": (SPENT.on_margin, 0.5),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_metric_equals_its_hand_worked_case(name):
    actual, expected = CASES[name]
    assert _one(actual) == pytest.approx(expected, rel=1e-12)


def test_every_unit_metric_has_a_reference_case_and_says_what_it_is():
    assert set(CASES) == {metric.name for metric in UNIT_METRICS}
    assert set(CASES) <= {metric.name for metric in METRICS}
    for metric in UNIT_METRICS:
        assert metric.label
        assert metric.formula
        assert metric.variant
        assert metric.good in {"high", "low", "none"}
        assert metric.layer == 2
        assert metric.owner == "Marketing & Product"


def test_trap_1_twenty_leads_and_one_order_are_three_rates():
    assert tuple(map(float, VISITS)) == pytest.approx((0.02, 0.05, 0.001))


def test_trap_2_a_return_of_400_percent_on_revenue_is_50_percent_on_margin():
    assert tuple(map(float, SPENT)) == pytest.approx((4.0, 0.5))


@pytest.mark.parametrize(("revenue", "on_revenue", "on_margin"), [(120.0, 2.67, 0.93), (240.0, 5.33, 1.87)])
def test_trap_3_lifetime_value_on_revenue_flatters(revenue, on_revenue, on_margin):
    assert float(unit.value_over_cost(revenue, 45.0).ratio) == pytest.approx(on_revenue, abs=5e-3)
    value = unit.value_of_revenue(revenue, 0.35)
    assert float(unit.value_over_cost(value, 45.0).ratio) == pytest.approx(on_margin, abs=5e-3)


def test_probabilities_of_too_little_value():
    value = np.array([[30.0, 500.0], [60.0, 500.0], [150.0, 500.0], [90.0, np.nan]])
    result = unit.value_over_cost(value, np.array([45.0, 45.0]))
    assert result.below_policy.tolist() == [0.75, 0.0]
    assert result.below_one.tolist() == [0.25, 0.0]
    assert result.ratio.shape == (4, 2)


def test_spend_that_wins_nobody_costs_infinitely_much_and_free_customers_are_free():
    cost = unit.acquisition_cost(np.array([100.0, 0.0, 0.0]), np.array([0.0, 5.0, 0.0]))
    assert cost.each[0] == np.inf
    assert cost.each[1] == 0.0
    assert np.isnan(cost.each[2])
    assert float(cost.blended) == 20.0
    ratio = unit.value_over_cost(np.full(3, 50.0), cost.each).ratio
    assert ratio[0] == 0.0
    assert ratio[1] == np.inf
    assert np.isnan(ratio[2])


def test_spend_above_what_the_cohort_brings_is_flagged():
    cost = unit.acquisition_cost(
        np.array([[100.0, 80.0]]), np.array([[10.0, 10.0]]), cohort_cm2=np.array([[90.0, 95.0]])
    )
    assert cost.destroys_value.tolist() == [[True, False]]
    assert cost.blended.tolist() == [9.0]


def test_value_is_discounted_at_a_continuous_rate_from_the_middle_of_each_month():
    expected = sum(amount * np.exp(-0.12 * (j + 0.5) / 12) for j, amount in enumerate(COHORT)) / 100
    assert float(unit.lifetime_value(COHORT, 100.0, yearly_rate=0.12)) == pytest.approx(expected, rel=1e-14)
    assert float(unit.lift(12.0, 10.0)) == pytest.approx(0.2)


def test_payback_is_the_first_month_that_reaches_the_cost_or_never():
    months = unit.payback_month(
        np.stack([COHORT] * 6),
        np.array([100.0, 100.0, 100.0, 100.0, 0.0, 100.0]),
        np.array([6.0, 6.01, 12.0, 12.01, 6.0, 0.0]),
        yearly_rate=NO_RATE,
    )
    assert months[:4].tolist() == [1.0, 2.0, 3.0, np.inf]
    assert np.isnan(months[4])
    assert months[5] == 0.0
    assert float(unit.payback_month(COHORT, 100.0, 9.0, yearly_rate=0.0)) == 2.0
    assert float(unit.payback_month(COHORT, 100.0, 9.0, yearly_rate=0.5)) == 3.0


ZONE_CASES = [
    (5.0, 0.40, "star"),
    (2.5, 0.40, "star"),  # at the cut, 1 / .40
    (5.0, 0.25, "optimise"),
    (2.0, 0.40, "potential"),
    (3.0, 0.25, "problem"),
    (9.0, -0.10, "problem"),
    (np.inf, 0.50, "star"),  # revenue without spend
]


@pytest.mark.parametrize(("returned", "margin", "zone"), ZONE_CASES)
def test_zone_by_return_against_break_even_and_margin_against_the_company(returned, margin, zone):
    assert unit.ZONES[int(unit.health_zone(returned, margin, margin_cut=0.3))] == zone


def test_zones_have_probabilities_and_a_channel_without_figures_has_none():
    returned = np.array([[5.0, np.nan], [5.0, np.nan], [2.0, np.nan], [5.0, np.nan]])
    margin = np.array([[0.4, 0.4], [0.25, 0.4], [0.4, 0.4], [0.4, 0.4]])
    zone = unit.health_zone(returned, margin, margin_cut=0.3)
    assert (zone[:, 1] == unit.NO_ZONE).all()
    chance = unit.zone_probabilities(zone)
    assert chance[0].tolist() == [0.5, 0.25, 0.25, 0.0]
    assert np.isnan(chance[1]).all()
    configured = unit.health_zone(5.0, 0.4, margin_cut=0.3, roas_cut=6.0)
    assert unit.ZONES[int(configured)] == "potential"


def test_break_even_return_is_one_over_the_margin():
    assert unit.break_even_roas(np.array([0.25, 0.0, -0.1])).tolist() == [4.0, np.inf, np.inf]


def test_repeat_rate_equals_kaplan_and_meier_worked_by_hand():
    # at day 20 one of 5, then one was observed for 30 days only, at day 40 one of 3 left
    second = np.array([20.0, np.nan, 40.0, np.inf, np.inf])
    observed = np.array([90.0, 30.0, 100.0, 120.0, 150.0])
    found = shares.repeat_rate(second, observed, (20.0, 39.0, 90.0, 150.0, 151.0))
    first, both = 1 - 4 / 5, 1 - 4 / 5 * 2 / 3
    assert found.rate[:4] == pytest.approx([first, first, both, both])
    assert np.isnan(found.rate[4])
    greenwood = (4 / 5 * 2 / 3) * np.sqrt(1 / (5 * 4) + 1 / (3 * 2))
    assert found.standard_error[2] == pytest.approx(greenwood)
    assert found.at_risk.tolist() == [5, 3, 2, 1, 0]


def test_a_young_cohort_is_not_understated():
    rng = np.random.default_rng(0)
    second, observed = rng.exponential(200.0, 40_000), rng.uniform(0.0, 400.0, 40_000)
    found = shares.repeat_rate(np.where(second <= observed, second, np.inf), observed)
    truth = 1 - np.exp(-np.array([90.0, 180.0, 365.0]) / 200.0)
    assert np.all(np.abs(found.rate - truth) < 4.5 * found.standard_error)
    naive = (second <= np.minimum(observed, 180.0)).mean()
    assert naive < truth[1] - 0.1


def test_a_second_order_after_the_end_of_observation_is_not_known():
    assert shares.repeat_rate(np.array([50.0, 10.0]), np.array([40.0, 40.0]), (30.0,)).rate.tolist() == [0.5]


@pytest.mark.parametrize(
    ("second", "observed"), [([1.0], [np.nan]), ([1.0], [-1.0]), ([-1.0], [5.0]), ([1.0, 2.0], [5.0])]
)
def test_impossible_days_are_refused(second, observed):
    with pytest.raises(UsageError, match="repeat_rate"):
        shares.repeat_rate(np.array(second), np.array(observed))


def test_the_top_decile_is_a_tenth_at_least_one_and_ties_fall_to_the_first():
    assert np.flatnonzero(shares.top_customers(np.arange(20.0))).tolist() == [18, 19]
    assert np.flatnonzero(shares.top_customers(np.array([1.0, 1.0, 1.0]))).tolist() == [0]
    assert shares.top_customers(np.arange(30.0)).sum() == 3
    assert shares.top_customers(np.zeros(0)).sum() == 0
    with pytest.raises(UsageError, match="top_customers"):
        shares.top_customers(np.array([np.nan]))


def test_high_value_share_by_trial_and_of_nothing():
    revenue = np.array([[50.0, 30.0, 20.0], [0.0, 0.0, 0.0]])
    share = shares.high_value_share(revenue, np.array([True, True, False]))
    assert share[0] == 0.8
    assert np.isnan(share[1])


def test_cross_sell_counts_orders_and_revenue_once_and_is_nothing_of_nothing():
    found = shares.cross_sell(*LINES)
    assert (float(found.orders), float(found.revenue)) == pytest.approx((1 / 3, 0.4))
    none = shares.cross_sell([], [], np.zeros(0))
    assert np.isnan(none.orders)
    assert np.isnan(none.revenue)
