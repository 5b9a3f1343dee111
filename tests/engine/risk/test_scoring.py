"""Scores of forecasts: published values, and what theory fixes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from engine.risk.scoring import (
    bias,
    central_interval,
    coverage,
    crps,
    crps_normal,
    pinball,
    pit,
    skill,
    wilson_interval,
)

GRID = (np.arange(200_000) + 0.5) / 200_000
NORMAL = stats.norm.ppf(GRID)
NUMBERS = st.floats(-1e6, 1e6)
DRAWS = arrays(np.float64, st.integers(1, 25), elements=NUMBERS)
LEVELS = st.floats(0.01, 0.99)


@pytest.mark.parametrize(("actual", "expected"), [(0.0, 0.233695), (1.0, 0.602441)])
def test_crps_of_a_standard_normal(actual, expected):
    assert crps_normal([actual])[0] == pytest.approx(expected, abs=5e-7)
    assert crps([NORMAL], [actual])[0] == pytest.approx(expected, abs=2e-5)
    assert crps([NORMAL], [actual], fair=True)[0] == pytest.approx(expected, abs=2e-5)


def test_crps_of_a_normal_with_mean_and_deviation_scales():
    assert crps_normal([7.0], 5.0, 2.0)[0] == pytest.approx(2.0 * 0.602441, abs=1e-6)


@given(DRAWS, NUMBERS)
def test_crps_is_the_mean_distance_less_half_the_mean_distance_of_pairs(draws, actual):
    distance = np.abs(draws - actual).mean()
    pairs = np.abs(draws[:, None] - draws[None, :]).sum()
    tolerance = 1e-9 * max(1.0, np.abs(draws).max(), abs(actual))
    assert crps([draws], [actual])[0] == pytest.approx(distance - 0.5 * pairs / draws.size**2, abs=tolerance)
    if draws.size > 1:
        fair = distance - 0.5 * pairs / (draws.size * (draws.size - 1))
        assert crps([draws], [actual], fair=True)[0] == pytest.approx(fair, abs=tolerance)


@given(DRAWS, NUMBERS, st.floats(0.0, 100.0), st.floats(-1e3, 1e3))
def test_crps_is_never_negative_scales_and_moves_with_the_numbers(draws, actual, factor, shift):
    score = crps([draws], [actual])[0]
    tolerance = 1e-7 * max(1.0, np.abs(draws).max(), abs(actual)) * max(1.0, factor)
    assert score >= -tolerance
    assert crps([factor * draws + shift], [factor * actual + shift])[0] == pytest.approx(
        factor * score, abs=tolerance
    )


def test_crps_of_one_trial_is_the_absolute_error_and_fair_needs_two():
    assert crps([[3.0]], [5.0])[0] == 2.0
    with pytest.raises(ValueError, match="two trials"):
        crps([[3.0]], [5.0], fair=True)


def test_the_fair_score_does_not_depend_on_the_number_of_trials():
    rng = np.random.default_rng(3)
    few = crps(rng.standard_normal((40_000, 4)), np.zeros(40_000), fair=True)
    assert few.mean() == pytest.approx(0.233695, abs=4 * few.std() / 200)


@given(arrays(np.float64, 40, elements=NUMBERS), LEVELS)
def test_the_quantile_minimises_the_mean_pinball_loss(outcomes, level):
    best = np.quantile(outcomes, level, method="inverted_cdf")
    least = pinball(np.full(40, best), outcomes, level).mean()
    for other in outcomes:
        assert pinball(np.full(40, other), outcomes, level).mean() >= least - 1e-9 * max(1.0, abs(other))


def test_pinball_over_all_levels_is_half_the_crps():
    levels = (np.arange(1, 2000) - 0.5) / 1999
    losses = [pinball([stats.norm.ppf(level)], [0.7], level)[0] for level in levels]
    assert 2.0 * np.mean(losses) == pytest.approx(crps_normal([0.7])[0], abs=1e-4)


@given(DRAWS, NUMBERS)
def test_pit_lies_inside_and_rises_with_the_outcome(draws, actual):
    value = pit([draws], [actual])[0]
    assert 0.0 < value < 1.0
    assert pit([draws], [actual + 1.0])[0] >= value


def test_pit_of_a_right_forecast_is_uniform():
    rng = np.random.default_rng(5)
    values = pit(rng.poisson(20.0, (4000, 99)), rng.poisson(20.0, 4000))
    assert stats.kstest(values, "uniform").pvalue > 0.001


@pytest.mark.parametrize(("held", "cases"), [(0, 5), (5, 5), (8, 10), (1, 1), (40, 60)])
def test_wilson_interval_equals_that_of_statsmodels(held, cases):
    expected = proportion_confint(held, cases, method="wilson")
    assert wilson_interval(held, cases) == pytest.approx(expected, abs=1e-12)


def test_coverage_counts_both_ends_and_prints_the_width():
    got = coverage([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], [0.5, 9.0], 0.5)
    assert (got.held, got.cases, got.width) == (1, 2, 1.0)
    assert got.share == 0.5
    assert got.consistent
    assert coverage(np.tile(NORMAL[::50], (1, 1)), [0.0], 0.8).width == pytest.approx(2 * 1.281552, abs=3e-3)


def test_central_interval_of_a_point_forecast_has_no_width():
    low, high = central_interval(np.full((2, 5), 3.0), 0.9)
    assert low.tolist() == high.tolist() == [3.0, 3.0]


def test_skill_and_bias():
    assert skill([1.0, 1.0], [2.0, 2.0]) == 0.5
    assert skill([3.0], [2.0]) == -0.5
    assert math.isnan(skill([1.0], [0.0]))
    assert bias([[11.0, 11.0], [22.0, 22.0]], [10.0, 20.0]) == pytest.approx(0.1)
    assert math.isnan(bias([[1.0]], [0.0]))


@pytest.mark.parametrize(
    ("draws", "actual"),
    [([[math.nan]], [1.0]), ([[1.0]], [math.inf]), ([1.0], [1.0]), ([[1.0]], [1.0, 2.0]), ([[]], [1.0])],
)
def test_what_is_not_a_case_is_refused(draws, actual):
    for score in (crps, pit, bias, lambda d, a: coverage(d, a, 0.8)):
        with pytest.raises(ValueError, match="needed"):
            score(draws, actual)


@pytest.mark.parametrize("bad", [0.0, 1.0, math.nan])
def test_levels_lie_between_0_and_1(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        pinball([1.0], [1.0], bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        coverage([[1.0]], [1.0], bad)


def test_reference_of_other_cases_is_refused():
    with pytest.raises(ValueError, match="the same 2 cases"):
        skill([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="positive number"):
        crps_normal([1.0], 0.0, 0.0)
    with pytest.raises(ValueError, match="at least one case"):
        wilson_interval(0, 0)
