"""Differences to the year before: free of any season, and enough to find the process behind them."""

from __future__ import annotations

import numpy as np
import pytest

from models.demand.residual import SCALES, Residual, fit_residual, year_on_year
from tests.models.demand.test_residual import simulate


def test_the_season_whatever_it_is_changes_no_likelihood() -> None:
    rng = np.random.default_rng(1)
    y, noise = 0.1 * rng.standard_normal(36), rng.uniform(0.001, 0.01, 36)
    season = np.tile(rng.standard_normal(12), 3)
    np.testing.assert_allclose(
        year_on_year(y + season, noise).log_likelihoods(0.5),
        year_on_year(y, noise).log_likelihoods(0.5),
        rtol=1e-9,
    )


def test_the_likelihood_is_that_of_the_joint_normal_law() -> None:
    rng = np.random.default_rng(2)
    y, noise = 0.1 * rng.standard_normal(40), rng.uniform(0.001, 0.01, 40)
    apart = np.abs(np.subtract.outer(np.arange(40), np.arange(40)))
    joint = SCALES[20] ** 2 * 0.7**apart + np.diag(noise)
    contrast = np.eye(40)[12:] - np.eye(40)[:-12]
    covariance = contrast @ joint @ contrast.T + 1.0
    d = contrast @ y
    expected = -0.5 * (np.linalg.slogdet(covariance)[1] + d @ np.linalg.solve(covariance, d))
    assert year_on_year(y, noise).log_likelihoods(0.7)[20] == pytest.approx(expected, rel=1e-9)


def test_the_process_is_found_although_a_season_was_fitted_to_the_same_months() -> None:
    found = [_fitted_after_season(seed) for seed in range(40)]
    assert 0.4 < np.mean([residual.phi() for residual in found]) < 0.65
    assert 0.35 < np.mean([residual.share for residual in found]) < 0.6
    assert 0.085 < np.mean([residual.scale() for residual in found]) < 0.125


def _fitted_after_season(seed: int) -> Residual:
    rng = np.random.default_rng(seed)
    actual = rng.poisson(800.0 * simulate(rng, 24, 0.6, 0.1, 0.5, 4)).astype(float)
    season = np.tile(actual.sum(axis=0).reshape(2, 12).mean(axis=0), 2)
    expected = season[None] / season.mean() * actual.mean(axis=1, keepdims=True)
    return fit_residual(actual, expected, np.ones(4), seasonal=True)


def test_shocks_of_months_are_a_covariance_that_fades_with_their_distance() -> None:
    shocks = _fitted_after_season(3).shocks(0, 24)
    assert np.linalg.eigvalsh(shocks).min() > 0.0
    assert np.all(np.diff(shocks[0]) < 0.0)
