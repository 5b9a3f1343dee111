from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.risk.reverse_scale import SMALLEST_STEP, ladder, smallest_scale

LIMITS = np.random.default_rng(5).permutation(np.linspace(0.1, 6.4, 512))
"""Scale at which each trial breaks."""


def steps(scale):
    return scale - LIMITS


def test_the_ladder_doubles_and_ends_at_the_greatest_scale():
    assert ladder(8.0) == (0.0, 1.0, 2.0, 4.0, 8.0)
    assert ladder(5.0) == (0.0, 1.0, 2.0, 4.0, 5.0)
    assert ladder(0.5) == (0.0, 0.5)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.99))
def test_the_scale_found_breaches_and_one_resolution_below_it_does_not(wanted):
    found = smallest_scale(steps, wanted)
    assert found.outcome == "found"
    assert np.mean(steps(found.scale) > 0.0) >= wanted
    assert np.mean(steps(found.scale - found.resolution) > 0.0) < wanted
    assert found.resolution <= max(0.002 * found.scale, SMALLEST_STEP) + 1e-12
    assert found.low <= found.scale <= found.high + found.resolution


def test_every_probe_is_listed_in_order_and_met_once():
    met = []
    found = smallest_scale(lambda k: met.append(k) or steps(k), 0.5)
    assert [probe.scale for probe in found.probes] == sorted(set(met))
    assert len(met) == len(set(met))
    assert found.at_scale.probability.value >= 0.5
    assert found.reversals == ()


def test_a_breach_without_the_shock_is_said():
    found = smallest_scale(lambda k: np.full(600, 1.0 + k), 0.5)
    assert (found.outcome, found.scale) == ("breached at 0", 0.0)
    assert [probe.scale for probe in found.probes] == [0.0]


def test_a_breach_that_never_comes_is_said_with_the_probability_at_the_end():
    found = smallest_scale(steps, 0.5, maximum=2.0)
    assert found.outcome == "not reached"
    assert math.isnan(found.scale)
    assert found.at_most.scale == 2.0
    assert found.at_most.probability.value == np.mean(LIMITS < 2.0)
    assert found.high == math.inf


def test_an_interval_that_ends_beyond_the_greatest_scale_is_open():
    found = smallest_scale(steps, 0.995, maximum=6.4)
    assert found.outcome == "found"
    assert found.high == math.inf
    assert math.isfinite(found.low)


def test_with_few_trials_there_is_a_scale_and_no_error():
    found = smallest_scale(lambda k: k - LIMITS[:511], 0.5)
    assert found.outcome == "found"
    assert not found.available
    assert math.isnan(found.high)


def test_one_trial_is_enough_for_a_scale():
    found = smallest_scale(lambda k: np.array([k - 0.3]), 0.5)
    assert found.scale == pytest.approx(0.3, abs=0.001)
    assert found.scale > 0.3


def test_exactly_at_the_threshold_is_no_breach():
    assert smallest_scale(lambda k: np.zeros(4) * k, 0.5).outcome == "not reached"


def test_a_jump_is_found_though_straight_lines_mislead():
    found = smallest_scale(lambda k: np.full(64, 1.0 if k >= 5.432 else -1000.0), 0.5)
    assert 5.432 <= found.scale <= 5.432 * 1.003


def test_a_probability_that_falls_again_is_told():
    found = smallest_scale(lambda k: np.where(LIMITS < 3.2, 0.5 - np.abs(k - 1.0), k - 3.9), 0.4)
    assert found.outcome == "found"
    assert found.scale < 1.0
    found = smallest_scale(lambda k: np.where(LIMITS < 3.2, 0.5 - np.abs(k - 1.0), k - 3.9), 0.6)
    assert found.outcome == "not reached"
    assert found.reversals
    before, after = found.reversals[0]
    assert (before.scale, after.scale) == (1.0, 2.0)


def test_undefined_trials_count_as_not_breached_and_are_counted():
    def partly(k):
        values = steps(k)
        values[:100] = np.nan
        return values

    found = smallest_scale(partly, 0.5)
    assert {probe.undefined for probe in found.probes} == {100}
    assert np.mean(partly(found.scale) > 0.0) >= 0.5


@pytest.mark.parametrize(
    ("settings_", "complaint"),
    [
        ({"wanted": 0.0}, "wanted"),
        ({"wanted": 1.0}, "wanted"),
        ({"maximum": 0.0}, "maximum"),
        ({"maximum": math.inf}, "maximum"),
        ({"tolerance": 0.0}, "tolerance"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings_, complaint):
    with pytest.raises(ValueError, match=complaint):
        smallest_scale(steps, **{"wanted": 0.5, **settings_})


def test_the_same_trials_are_needed_at_every_scale():
    with pytest.raises(ValueError, match="at every scale"):
        smallest_scale(lambda k: np.full(8 if k == 0.0 else 9, -1.0))
