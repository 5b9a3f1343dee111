"""Spend to new customers."""

from __future__ import annotations

import numpy as np
import pytest

from models.demand import Prior, acquisition_level, acquisition_levels
from models.demand.acquisition import draw_response, fit_response

PRIOR = Prior(0.7, 0.15, "test")


def test_level_is_one_at_plan_and_has_diminishing_returns() -> None:
    assert acquisition_level(1.0, 1.0, 0.7) == 1.0
    assert acquisition_level(0.0, 1.0, 0.7) == 0.0
    assert acquisition_level(2.0, 1.0, 0.7) == pytest.approx(2.0**0.7)
    assert acquisition_level(2.0, 1.0, 0.7) - 1.0 < 1.0 - acquisition_level(0.0, 1.0, 0.7)


def test_a_cac_shock_scales_the_cost_per_customer() -> None:
    for spend in (0.5, 1.0, 2.0):
        base, shocked = acquisition_level(spend, 1.0, 0.6), acquisition_level(spend, 1.5, 0.6)
        assert (spend / shocked) / (spend / base) == pytest.approx(1.5)


def test_levels_follow_the_drawn_elasticity_of_each_trial() -> None:
    beta = np.array([[[0.5]], [[0.9]]])
    out = acquisition_levels(np.full((1, 1, 1), 0.25), np.ones((1, 1, 1)), beta)
    np.testing.assert_allclose(out[:, 0, 0], [0.25**0.5, 0.25**0.9])


def test_response_is_recovered_with_honest_errors() -> None:
    rng = np.random.default_rng(5)
    z, posterior_sd = [], []
    for _ in range(60):
        spend = 1000.0 * np.exp(0.4 * rng.standard_normal(24))
        customers = rng.poisson(0.5 * spend**0.65 * np.exp(0.1 * rng.standard_normal(24))).astype(float)
        response = fit_response(spend, customers, np.ones(24), PRIOR)
        z.append((response.beta - 0.65) / response.beta_sd)
        posterior_sd.append(response.beta_sd)
        assert response.fitted.sum() == pytest.approx(customers.sum())
    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.4
    assert max(posterior_sd) < PRIOR.sd


def test_constant_spend_leaves_the_prior() -> None:
    response = fit_response(np.full(24, 500.0), np.full(24, 40.0), np.ones(24), PRIOR)
    assert response.beta == pytest.approx(PRIOR.mean)
    assert response.beta_sd == pytest.approx(PRIOR.sd)
    assert response.expected(np.array([500.0]), np.ones(1))[0] == pytest.approx(40.0)


def test_no_spend_wins_nobody() -> None:
    response = fit_response(np.zeros(24), np.zeros(24), np.ones(24), PRIOR)
    assert response.expected(np.array([0.0, 900.0]), np.ones(2)).tolist() == [0.0, 0.0]
    known = fit_response(np.full(24, 500.0), np.full(24, 40.0), np.ones(24), PRIOR)
    assert known.expected(np.array([0.0]), np.ones(1))[0] == 0.0


def test_draws_have_the_posterior_law_and_mean_one() -> None:
    beta, factor = draw_response(np.array([0.6]), np.array([0.05]), np.array([0.2]), ["x"], range(20_000), 1)
    assert beta.mean() == pytest.approx(0.6, abs=0.002)
    assert beta.std() == pytest.approx(0.05, rel=0.03)
    assert factor.mean() == pytest.approx(1.0, abs=0.006)
    assert np.log(factor).std() == pytest.approx(0.2, rel=0.03)
