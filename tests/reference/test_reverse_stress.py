"""Known answers of reverse stress: the linear-Gaussian nearest breach, and its search on the same trials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.risk.reverse import nearest_breach
from engine.risk.reverse_scale import smallest_scale

WEIGHTS = np.array([1.0, 0.5, -0.8])
COVARIANCE = np.array([[0.04, 0.02, 0.0], [0.02, 0.09, 0.0], [0.0, 0.0, 0.01]])
MEAN, THRESHOLD = 0.1, -0.5
GRID = (np.arange(4096) + 0.5) / 4096
"""Midpoints of equal cells of (0, 1), shuffled so that every section sees the whole law."""


def test_linear_gaussian_nearest_breach():
    found = nearest_breach(WEIGHTS, COVARIANCE, MEAN, THRESHOLD)
    assert found.point == pytest.approx([-0.337458, -0.438695, 0.053993], abs=5e-7)
    assert found.distance == pytest.approx(2.012335, abs=5e-7)
    assert found.probability == pytest.approx(0.022092, abs=5e-7)


def test_the_nearest_breach_lies_on_the_threshold_and_no_other_point_of_it_is_nearer():
    found = nearest_breach(WEIGHTS, COVARIANCE, MEAN, THRESHOLD)
    assert MEAN + WEIGHTS @ found.point == pytest.approx(THRESHOLD, abs=1e-12)
    inverse = np.linalg.inv(COVARIANCE)
    assert found.point @ inverse @ found.point == pytest.approx(found.distance**2, rel=1e-12)
    along = np.array([[0.5, -1.0, 0.0], [0.8, 0.0, 1.0]])
    assert np.max(np.abs(along @ WEIGHTS)) < 1e-12
    for step in (along[0], along[1], along[0] - along[1]):
        for size in (-0.1, 0.1):
            point = found.point + size * step
            assert point @ inverse @ point > found.distance**2


def test_a_mean_beyond_the_threshold_is_a_negative_distance():
    found = nearest_breach([1.0], [[0.25]], -1.0, 0.0)
    assert found.distance == pytest.approx(-2.0)
    assert found.point == pytest.approx([1.0])
    assert found.probability == pytest.approx(stats.norm.cdf(2.0))


@pytest.mark.parametrize(("mean", "distance", "chance"), [(1.0, math.inf, 0.0), (-1.0, -math.inf, 1.0)])
def test_without_variance_there_is_no_way_to_the_threshold(mean, distance, chance):
    found = nearest_breach([1.0, -1.0], np.zeros((2, 2)), mean, 0.0)
    assert (found.distance, found.probability) == (distance, chance)
    assert np.all(np.isnan(found.point))


def test_a_covariance_without_full_rank_keeps_the_point_in_its_range():
    found = nearest_breach([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]], 0.0, -2.0)
    assert found.point == pytest.approx([-1.0, -1.0])
    assert found.distance == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("weights", "covariance", "complaint"),
    [
        ([1.0, 1.0], [[1.0]], "is needed for the weights"),
        ([1.0, 1.0], [[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]], "negative variance"),
        ([math.nan], [[1.0]], "NaN"),
    ],
)
def test_what_is_no_covariance_is_refused(weights, covariance, complaint):
    with pytest.raises(ValueError, match=complaint):
        nearest_breach(weights, covariance, 0.0, -1.0)


@pytest.mark.parametrize("wanted", [0.05, 0.2, 0.5, 0.9])
def test_the_search_finds_the_closed_form_scale_of_a_normal_outcome(wanted):
    # y = mean + 0.3 z - 0.2 k falls below the threshold with probability Phi((threshold - mean + 0.2 k)/0.3)
    z = stats.norm.ppf(np.random.default_rng(3).permutation(GRID))
    exact = (MEAN - THRESHOLD + 0.3 * stats.norm.ppf(wanted)) / 0.2
    found = smallest_scale(lambda k: THRESHOLD - (MEAN + 0.3 * z - 0.2 * k), wanted)
    assert found.outcome == "found"
    assert found.scale == pytest.approx(exact, rel=0.003)
    assert found.low < exact < found.high
    half = stats.norm.ppf(0.975) * math.sqrt(wanted * (1 - wanted) / len(z))
    slope = stats.norm.pdf(stats.norm.ppf(wanted)) * 0.2 / 0.3
    assert (found.high - found.low) / 2.0 == pytest.approx(half / slope, rel=0.6)


def test_the_interval_covers_the_true_scale_as_often_as_it_says():
    exact, seeds = 3.0, 50
    hits = 0
    for seed in range(seeds):
        z = np.random.default_rng(seed).standard_normal(512)
        found = smallest_scale(lambda k, z=z: THRESHOLD - (MEAN + 0.3 * z - 0.2 * k), 0.5, tolerance=0.01)
        hits += found.low <= exact <= found.high
    assert hits >= stats.binom.ppf(0.001, seeds, 0.95)
