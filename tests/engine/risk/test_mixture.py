from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from engine.risk import conditional_value_at_risk, mixture, quantile

SAMPLES = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=30)


@given(SAMPLES, st.floats(0, 1))
def test_the_mixture_of_one_scenario_is_that_scenario(values, level):
    assert mixture({"a": values}, {"a": 3.0}).quantile(level) == pytest.approx(
        quantile(values, level), abs=1e-6
    )


@given(SAMPLES, st.floats(0.05, 0.95))
def test_scenarios_that_agree_mix_to_themselves(values, level):
    both = mixture({"a": values, "b": list(reversed(values))}, {"a": 1.0, "b": 2.0})
    assert both.quantile(level) == pytest.approx(quantile(values, level), abs=1e-6)
    assert both.conditional_value_at_risk(level) == pytest.approx(
        conditional_value_at_risk(values, level), abs=1e-6
    )


@given(SAMPLES, SAMPLES, st.floats(0, 1), st.floats(0, 1))
def test_quantiles_never_fall_with_the_level_and_stay_within_the_trials(a, b, first, second):
    low, high = sorted((first, second))
    mixed = mixture({"a": a, "b": b}, {"a": 0.3, "b": 0.7})
    assert min(a + b) <= mixed.quantile(low) <= mixed.quantile(high) + 1e-6 <= max(a + b) + 2e-6


def test_quantiles_of_a_mixture_of_normals():
    grid = (np.arange(20_000) + 0.5) / 20_000
    mixed = mixture(
        {"base": stats.norm.ppf(grid), "shock": stats.norm(-3, 2).ppf(grid)}, {"base": 0.8, "shock": 0.2}
    )

    def truth(level):
        return optimize.brentq(
            lambda x: 0.8 * stats.norm.cdf(x) + 0.2 * stats.norm.cdf((x + 3) / 2) - level, -20, 20
        )

    for level in (0.01, 0.05, 0.5, 0.95):
        assert mixed.quantile(level) == pytest.approx(truth(level), abs=2e-3)
    assert mixed.mean() == pytest.approx(-0.6, abs=1e-9)
    assert mixed.breach_probability(-3.0) == pytest.approx(0.8 * stats.norm.cdf(-3) + 0.1, abs=1e-4)


def test_weights_are_scaled_and_a_scenario_without_weight_changes_nothing():
    values = {"a": [0.0, 1.0], "b": [10.0, 11.0], "c": [99.0, 99.0]}
    one = mixture(values, {"a": 1.0, "b": 3.0})
    assert one.weights == (0.25, 0.75)
    assert one.mean() == pytest.approx(0.25 * 0.5 + 0.75 * 10.5)
    assert one.breach_probability(5.0) == 0.25
    assert one.names == ("a", "b")


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": -1.0}, {"a": math.nan}, {"x": 1.0}])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        mixture({"a": [1.0]}, weights)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="finite"):
        mixture({"a": [math.nan]}, {"a": 1.0})


def test_the_interval_of_a_mixture_is_sectioned_over_common_trials():
    generator = np.random.default_rng(5)
    values = {"a": generator.normal(size=1024), "b": generator.normal(1, 1, size=1024)}
    mixed = mixture(values, {"a": 0.5, "b": 0.5})
    found = mixed.estimate("quantile", 0.5)
    assert found.low <= 0.5 <= found.high
    assert found.sections == 16
    assert mixed.estimate("mean").value == mixed.mean()
    with pytest.raises(ValueError, match="statistic"):
        mixed.estimate("mode")
