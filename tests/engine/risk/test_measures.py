from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.risk import (
    breach_probability,
    cash_trough,
    conditional_value_at_risk,
    expected_shortfall_below,
    mean_depth_of_breach,
    quantile,
    time_to_breach,
    time_to_recovery,
    value_at_risk,
)

SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
LEVELS = st.floats(0.01, 0.99)
MEASURES = [
    lambda x: quantile(x, 0.3),
    value_at_risk,
    conditional_value_at_risk,
    lambda x: breach_probability(x, 0.0),
    lambda x: expected_shortfall_below(x, 0.0),
]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("bad", [[1.0, math.nan], [math.inf], [], [[1.0]]])
def test_what_is_not_a_sample_is_refused(measure, bad):
    with pytest.raises(ValueError, match="needed"):
        measure(bad)


@given(SAMPLES, LEVELS)
def test_expected_shortfall_is_never_below_value_at_risk(losses, level):
    slack = 1e-9 * (1 + max(map(abs, losses)))
    assert conditional_value_at_risk(losses, level) >= value_at_risk(losses, level) - slack


@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_the_trials_means_nothing(values, random):
    shuffled = random.sample(values, len(values))
    for measure in MEASURES:
        assert measure(shuffled) == pytest.approx(measure(values), rel=1e-12, abs=1e-9)


@given(SAMPLES, LEVELS, st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_a_shift_adds_and_a_scale_multiplies(losses, level, shift, scale):
    moved = [scale * loss + shift for loss in losses]
    for measure in (value_at_risk, conditional_value_at_risk):
        assert measure(moved, level) == pytest.approx(
            scale * measure(losses, level) + shift, rel=1e-9, abs=1e-6
        )


@given(SAMPLES, LEVELS, LEVELS)
def test_a_higher_level_is_never_a_lower_risk(losses, first, second):
    low, high = sorted((first, second))
    slack = 1e-9 * (1 + max(map(abs, losses)))
    for measure in (value_at_risk, conditional_value_at_risk):
        assert measure(losses, high) >= measure(losses, low) - slack


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=50), LEVELS)
def test_the_shortfall_of_a_sum_is_at_most_the_sum_of_shortfalls(pairs, level):
    a, b = np.array(pairs).T
    whole = conditional_value_at_risk(a + b, level)
    assert whole <= conditional_value_at_risk(a, level) + conditional_value_at_risk(b, level) + 1e-4


def test_the_last_trial_of_the_tail_counts_in_part():
    # worst 25% of 10 trials: 10, 9 and half of 8
    assert conditional_value_at_risk(np.arange(1.0, 11.0), 0.75) == pytest.approx((10 + 9 + 4) / 2.5)


def test_a_breach_is_strict():
    values = [-2.0, -1.0, 0.0, 1.0]
    assert breach_probability(values, 0.0) == 0.5
    assert breach_probability(values, 0.0, above=True) == 0.25
    assert expected_shortfall_below(values, 0.0) == 0.75
    assert mean_depth_of_breach(values, 0.0) == 1.5
    assert math.isnan(mean_depth_of_breach(values, -5.0))


PATHS = [
    [5.0, -1.0, -2.0, 0.0, 3.0],
    [1.0, 2.0, 3.0, 4.0, 5.0],
    [1.0, 1.0, 1.0, -1.0, -3.0],
    [-1.0, 0, 0, -9.0, 0],
]


def test_time_to_breach_and_to_recovery():
    assert time_to_breach(PATHS, 0.0).tolist() == [1.0, math.inf, 3.0, 0.0]
    assert np.array_equal(time_to_recovery(PATHS, 0.0), [2.0, math.nan, math.inf, 1.0], equal_nan=True)


def test_cash_trough_is_the_lowest_day_and_the_first_of_equals():
    depth, day = cash_trough([[3.0, -1.0, -1.0, 2.0], [0.0, 1.0, 2.0, -7.0]])
    assert depth.tolist() == [-1.0, -7.0]
    assert day.tolist() == [1, 3]
