"""fit_lane: open orders, mixture weights, point mass, floor, refusals, residual life."""

import doctest
import importlib
import json

import numpy as np
import pytest
from scipy import special, stats

from models.errors import FitError
from models.lead_time import SCORES, Component, LeadTime, families, fit_lane


def lognormal_history(size, seed=7):
    generator = np.random.default_rng(seed)
    first, second = families.from_moments("lognormal", 40.0, 20.0)
    days = generator.lognormal(first, second, size)
    age = generator.uniform(0.0, 120.0, size)
    return days, age


def test_open_orders_count_as_censored_and_dropping_them_biases_the_mean_to_35():
    days, age = lognormal_history(60_000)
    done = days <= age
    assert done.mean() == pytest.approx(0.67, abs=0.01)
    assert fit_lane(days[done]).mean == pytest.approx(35.2, abs=0.3)
    lead_time = fit_lane(np.where(done, days, age), observed=done)
    assert lead_time.mean == pytest.approx(40.0, abs=0.3)
    assert lead_time.sd == pytest.approx(20.0, abs=0.4)
    assert lead_time.open_orders == int((~done).sum())


def test_residual_life_of_a_lognormal_of_mean_40_cv_half():
    lead_time = LeadTime.listed(40.0, 20.0)
    got = [lead_time.mean_residual(age) for age in (10.0, 30.0, 50.0, 70.0)]
    assert got == pytest.approx([30.109, 19.647, 17.973, 18.283], abs=5e-4)


@pytest.mark.parametrize("age", [0.5, 10.0, 30.0, 70.0, 400.0])
def test_residual_table_has_the_mean_of_the_closed_form(age):
    lead_time = LeadTime(
        (
            Component("gamma", 4.0, 8.0, 0.3, 0.0),
            Component("lognormal", 3.5, 0.4, 0.5, 0.0),
            Component("weibull", 3.6, 0.4, 0.2, 0.0),
        ),
        floor=5.0,
    )
    table = lead_time.residual_table(age)
    middle = special.ndtri((np.arange(40_000) + 0.5) / 40_000)
    mean = np.interp(middle, table.scores, table.values).mean()
    assert mean == pytest.approx(lead_time.mean_residual(age), rel=2e-3)
    assert np.all(np.diff(table.values) >= 0.0)


def test_table_inverts_the_mixture_in_both_tails():
    lead_time = fit_lane(*(lambda d, a: (np.where(d <= a, d, a),))(*lognormal_history(80)))
    table = lead_time.table()
    inside = np.abs(table.scores) < 6.0
    assert special.ndtri(lead_time.cdf(table.values[inside & (table.scores < 0)])) == pytest.approx(
        table.scores[inside & (table.scores < 0)], abs=1e-6
    )
    assert -special.ndtri(lead_time.survival(table.values[inside & (table.scores > 0)])) == pytest.approx(
        table.scores[inside & (table.scores > 0)], abs=1e-6
    )
    assert table.scores is SCORES


def test_families_are_weighed_by_aic_and_the_true_one_wins_with_many_orders():
    days = stats.weibull_min(3.0, scale=40.0).rvs(3_000, random_state=np.random.default_rng(5))
    lead_time = fit_lane(days)
    weights = {c.family: c.weight for c in lead_time.components}
    values = {c.family: c.log_likelihood for c in lead_time.components}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert max(weights, key=lambda name: weights[name]) == "weibull"
    assert weights["gamma"] / weights["weibull"] == pytest.approx(np.exp(values["gamma"] - values["weibull"]))
    assert lead_time.log_likelihood >= max(
        stats.gamma.logpdf(days, *stats.gamma.fit(days, floc=0)).sum(), values["lognormal"]
    )


def test_a_spike_at_zero_days_is_kept_as_a_point_mass():
    generator = np.random.default_rng(2)
    days = np.where(generator.random(4_000) < 0.3, 0.0, generator.gamma(3.0, 5.0, 4_000))
    lead_time = fit_lane(days)
    assert lead_time.zero_share == pytest.approx((days == 0.0).mean())
    assert lead_time.mean == pytest.approx(days.mean(), rel=0.01)
    assert lead_time.sd == pytest.approx(days.std(), rel=0.03)
    assert lead_time.quantile([0.1, 0.25]).tolist() == [0.0, 0.0]
    assert float(lead_time.cdf(0.0)) == pytest.approx(lead_time.zero_share)
    assert float(lead_time.quantile(0.6)) == pytest.approx(np.quantile(days, 0.6), rel=0.06)


def test_an_order_opened_today_says_nothing_and_an_old_one_shifts_the_spike():
    days = [0.0, 0.0, 3.0, 5.0, 9.0]
    plain = fit_lane(days)
    today = fit_lane([*days, 0.0], observed=[True] * 5 + [False])
    older = fit_lane([*days, 4.0], observed=[True] * 5 + [False])
    assert today.components == plain.components
    assert today.zero_share == plain.zero_share == 0.4
    assert older.zero_share == pytest.approx(2.0 / 6.0)
    assert older.mean > plain.mean


def test_profiled_floor_is_found_where_there_is_one_and_never_lowers_the_likelihood():
    days = 20.0 + np.random.default_rng(4).gamma(1.5, 4.0, 400)
    plain, shifted = fit_lane(days), fit_lane(days, floor="profile")
    assert 0.0 < shifted.floor < days.min()
    assert shifted.log_likelihood > plain.log_likelihood
    assert shifted.mean == pytest.approx(days.mean(), rel=0.02)
    assert float(shifted.cdf(shifted.floor)) == 0.0


def test_profiled_floor_keeps_a_whole_day_below_the_shortest_order():
    days = np.ceil(np.random.default_rng(4).gamma(1.2, 1.0, 600))
    assert days.min() == 1.0
    assert fit_lane(days, floor="profile").floor == 0.0
    assert fit_lane(days + 3.0, floor="profile").floor <= 3.0


def test_log_logistic_without_a_mean_is_refused():
    days = stats.fisk(0.8, scale=30.0).rvs(2_000, random_state=np.random.default_rng(9))
    with pytest.raises(FitError, match="has no mean"):
        fit_lane(days, family_names=("loglogistic",))
    mixture = fit_lane(days)
    assert "loglogistic" not in {c.family for c in mixture.components}
    assert any("loglogistic" in reason for reason in mixture.refused)


def test_log_logistic_without_a_variance_refuses_its_sd():
    lead_time = LeadTime((Component("loglogistic", 3.0, 1.0 / 1.5, 1.0, 0.0),))
    assert np.isfinite(lead_time.mean)
    with pytest.raises(FitError, match="no variance"):
        _ = lead_time.sd


@pytest.mark.parametrize(
    ("days", "observed", "what"),
    [
        ([1.0, -2.0], None, "not negative"),
        ([1.0, np.nan], None, "finite"),
        ([3.0, 4.0], [False, False], "no finished order"),
        ([5.0, 5.0, 5.0], None, "two different finished durations"),
        ([5.0, 6.0], [True], "one length"),
        ([], None, "no finished order"),
    ],
)
def test_unusable_days_are_refused_with_a_reason(days, observed, what):
    with pytest.raises(FitError, match=what):
        fit_lane(days, observed=observed)


def test_zero_mean_stage_takes_exactly_no_time():
    lead_time = LeadTime.listed(0.0, 0.0)
    assert (lead_time.mean, lead_time.sd) == (0.0, 0.0)
    assert not lead_time.table().values.any()
    assert lead_time.zero_score == np.inf


def test_json_gives_back_an_equal_law():
    lead_time = fit_lane([0.0, 10.0, 12.0, 31.0, 8.0, 40.0], observed=[True] * 5 + [False])
    assert LeadTime.from_dict(json.loads(json.dumps(lead_time.to_dict()))) == lead_time


def test_the_example_in_the_documentation_runs():
    result = doctest.testmod(importlib.import_module("models.lead_time.fit"))
    assert result.attempted >= 3
    assert result.failed == 0


@pytest.mark.parametrize("scale", [1e6, 1e300])
def test_durations_of_more_than_a_million_days_are_refused(scale):
    with pytest.raises(FitError, match="longer than a million days"):
        fit_lane(np.array([5.0, 9.0, 12.0]) * scale)


def test_dates_are_no_durations():
    with pytest.raises(FitError, match="lead time"):
        fit_lane(np.array(["2026-01-01", "2026-01-05"], dtype="datetime64[ns]"))
