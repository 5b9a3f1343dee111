from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from engine.scenarios import Distribution, TimeDistribution
from engine.scenarios.values import later, start_day, uniform_of
from models.calendar import Calendar
from tests.engine.plan_view import CALENDAR

LAWS = [
    ({"distribution": "uniform", "low": 5.0, "high": 25.0}, stats.uniform(5, 20)),
    ({"distribution": "triangular", "low": 10.0, "mode": 12.0, "high": 30.0}, stats.triang(0.1, 10, 20)),
    ({"distribution": "normal", "mean": 15.0, "sd": 3.0}, stats.norm(15, 3)),
    ({"distribution": "lognormal", "median": 15.0, "log_sd": 0.4}, stats.lognorm(0.4, scale=15)),
]


@pytest.mark.parametrize(("law", "truth"), LAWS)
def test_the_inverse_distribution_is_that_of_scipy(law, truth):
    u = np.linspace(0.001, 0.999, 500)
    np.testing.assert_allclose(Distribution.model_validate(law).quantiles(u), truth.ppf(u), rtol=1e-10)


@pytest.mark.parametrize(
    "law",
    [
        {"distribution": "uniform", "low": 5.0},
        {"distribution": "uniform", "low": 5.0, "high": 4.0},
        {"distribution": "triangular", "low": 1.0, "mode": 3.0, "high": 2.0},
        {"distribution": "normal", "mean": 1.0, "sd": -1.0},
        {"distribution": "lognormal", "median": 0.0, "log_sd": 1.0},
        {"distribution": "uniform", "low": 1.0, "high": 2.0, "sd": 1.0},
    ],
)
def test_a_law_with_wrong_parameters_is_refused(law):
    with pytest.raises(ValidationError):
        Distribution.model_validate(law)


@pytest.mark.parametrize(
    ("day", "duration", "expected"),
    [
        (0, "10d", 10),
        (0, "2w", 14),
        (0, "1m", 31),
        (0, "1q", 90),
        (30, "1m", 58),
        (31, "1m", 59),
        (59, "4q", 424),
    ],
)
def test_months_and_quarters_follow_the_calendar(day, duration, expected):
    # day 0 is 2026-01-01; day 30 is 31 January, whose month later is 28 February; day 59 is 1 March
    assert later(np.array([day]), duration, CALENDAR)[0] == expected


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("+0d", 0),
        ("+1q", 90),
        ("+2m", 59),
        ("+10d", 10),
        ("+3w", 21),
        ("2026-02-15", 45),
        ("2026Q3", 181),
        ("2027-03", 424),
    ],
)
def test_a_start_is_an_offset_a_date_or_a_period(start, day):
    assert start_day(start, CALENDAR) == day


def test_an_offset_of_a_quarter_counts_from_the_first_forecast_day():
    assert start_day("+1q", Calendar(dt.date(2026, 2, 1), 24)) == 28 + 31 + 30


def test_drawn_times_are_whole_days_and_never_negative():
    law = TimeDistribution(distribution="normal", mean=0.0, sd=10.0, unit="w")
    days = law.days(np.linspace(0.01, 0.99, 99))
    assert days.dtype == np.int64
    assert days.min() == 0
    assert law.day_support[0] == 0


def test_drawn_months_last_a_twelfth_of_a_year():
    law = TimeDistribution(distribution="uniform", low=2.0, high=2.0, unit="m")
    assert law.days(np.array([0.5]))[0] == 61


def test_tied_shocks_meet_as_a_gaussian_copula_with_half_correlation_says():
    loading = float(np.sqrt(0.5))
    trials = range(200_000)
    a, b = (uniform_of(7, f"event/{name}", trials, ("event/copula/g", loading)) for name in "ab")
    assert np.mean((a < 0.05) & (b < 0.05)) == pytest.approx(0.012189, abs=4 * 0.00025)
    assert stats.spearmanr(a, b).statistic == pytest.approx(0.482584, abs=0.008)
    assert stats.kendalltau(a[:20_000], b[:20_000]).statistic == pytest.approx(1 / 3, abs=0.02)
    assert stats.kstest(a[:20_000], "uniform").pvalue > 1e-4


def test_draws_do_not_depend_on_the_block():
    whole = uniform_of(7, "event/x", range(10), ("f", 0.5))
    parts = [uniform_of(7, "event/x", block, ("f", 0.5)) for block in (range(3), range(3, 10))]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
