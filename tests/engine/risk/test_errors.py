from __future__ import annotations

import math

import numpy as np
import pytest

from engine.risk import estimate, paired_difference, quantile, section_bounds, section_count
from engine.risk.paired import mean


@pytest.mark.parametrize(
    ("trials", "count"), [(1, 0), (63, 0), (64, 1), (511, 7), (512, 8), (1024, 16), (2048, 32), (10_000, 32)]
)
def test_number_of_sections(trials, count):
    assert section_count(trials) == count


def test_sections_are_contiguous_cover_all_trials_and_differ_by_one_at_most():
    sizes = np.diff(section_bounds(1000))
    assert sizes.sum() == 1000
    assert set(sizes) <= {66, 67}


def test_with_fewer_than_eight_sections_the_error_is_not_available():
    found = estimate(np.arange(511.0), mean)
    assert not found.available
    assert math.isnan(found.half_width)
    assert "error not available" in str(found)
    assert not found.excludes_zero


def test_the_centre_is_the_pooled_estimate_and_the_spread_is_around_it():
    values = np.repeat(np.arange(8.0), 64)
    found = estimate(values, mean)
    assert found.value == 3.5
    assert found.standard_error == pytest.approx(math.sqrt(42 / 7 / 8))
    assert found.half_width == pytest.approx(2.364624 * math.sqrt(42 / 56), rel=1e-6)
    assert found.high - found.low == pytest.approx(2 * found.half_width)


@pytest.mark.parametrize(
    ("statistic", "truth"),
    [(mean, 0.0), (lambda x: quantile(x, 0.05), -1.644854), (lambda x: quantile(x, 0.5), 0.0)],
)
def test_intervals_cover_the_truth_as_often_as_they_say(statistic, truth):
    generator = np.random.default_rng(7)
    runs = 400
    hits = sum(
        found.low <= truth <= found.high
        for found in (estimate(generator.standard_normal(1024), statistic) for _ in range(runs))
    )
    # .95 nominal; .935 to .955 is what 16 sections are good for, and 4 standard errors of the simulation
    assert 0.935 - 4 * math.sqrt(0.06 / runs) <= hits / runs <= 0.955 + 4 * math.sqrt(0.05 / runs)


def test_pairing_removes_the_common_noise():
    generator = np.random.default_rng(3)
    base = generator.normal(1000, 300, 1024)
    scenario = base - 10 + generator.normal(0, 5, 1024)
    paired = paired_difference(scenario, base)
    assert paired.low <= -10 <= paired.high
    assert paired.excludes_zero
    assert paired.half_width < 0.05 * estimate(base, mean).half_width


def test_a_scenario_that_equals_base_differs_by_exactly_nothing():
    base = np.random.default_rng(3).normal(size=1024)
    found = paired_difference(base.copy(), base)
    assert (found.value, found.half_width) == (0.0, 0.0)
    assert not found.excludes_zero


def test_a_pair_needs_the_same_trials():
    with pytest.raises(ValueError, match="as in base"):
        paired_difference(np.zeros(3), np.zeros(4))
