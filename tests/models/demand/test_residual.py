"""The residual layer: count noise taken out, mean one, markets tied by a common factor."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.statespace.mlemodel import MLEModel

from models.demand.residual import Residual, draw_residual, fit_residual, log_likelihood


class _KnownNoise(MLEModel):
    """AR(1) with known observation variances in statsmodels: the oracle."""

    def __init__(self, y: np.ndarray, noise: np.ndarray, phi: float, sigma: float) -> None:
        super().__init__(y, k_states=1, k_posdef=1, initialization="stationary")
        self["design"] = np.ones((1, 1))
        self["transition"] = np.array([[phi]])
        self["selection"] = np.ones((1, 1))
        self["state_cov"] = np.array([[sigma**2 * (1.0 - phi**2)]])
        self["obs_cov"] = noise[None, None, :]


def simulate(
    rng: np.random.Generator, months: int, phi: float, sigma: float, share: float, markets: int
) -> np.ndarray:
    out = np.empty((markets, months))
    common, own = rng.standard_normal(), rng.standard_normal(markets)
    step = np.sqrt(1.0 - phi**2)
    for j in range(months):
        common = phi * common + step * rng.standard_normal()
        own = phi * own + step * rng.standard_normal(markets)
        out[:, j] = sigma * (np.sqrt(share) * common + np.sqrt(1.0 - share) * own)
    return np.exp(out)


@pytest.fixture(scope="module")
def fitted() -> Residual:
    rng = np.random.default_rng(11)
    expected = np.full((3, 240), 400.0)
    return fit_residual(
        rng.poisson(expected * simulate(rng, 240, 0.6, 0.15, 0.5, 3)).astype(float), expected, np.ones(3)
    )


@pytest.mark.parametrize(("phi", "sigma"), [(0.0, 0.1), (0.5, 0.2), (0.9, 0.05)])
def test_likelihood_equals_statsmodels(phi: float, sigma: float) -> None:
    rng = np.random.default_rng(1)
    y, noise = 0.2 * rng.standard_normal(30), rng.uniform(0.001, 0.02, 30)
    y[[4, 5]] = np.nan
    value, mean, variance = log_likelihood(y, noise, phi, sigma)
    result = _KnownNoise(y, noise, phi, sigma).ssm.filter()
    assert value == pytest.approx(float(result.llf_obs.sum()), abs=1e-9)
    assert mean == pytest.approx(float(result.filtered_state[0, -1]), abs=1e-12)
    assert variance == pytest.approx(float(result.filtered_state_cov[0, 0, -1]), abs=1e-12)


def test_known_process_is_recovered(fitted: Residual) -> None:
    np.testing.assert_allclose(fitted.scale(), 0.15, rtol=0.25)
    assert 0.4 < fitted.phi() < 0.8
    assert 0.3 < fitted.share < 0.7


def test_pure_count_noise_leaves_hardly_any_residual() -> None:
    rng = np.random.default_rng(2)
    expected = np.full((1, 60), 50.0)
    residual = fit_residual(rng.poisson(expected).astype(float), expected, np.ones(1))
    assert np.sqrt(residual.total[0]) > 0.1
    assert residual.scale()[0] < 0.07
    assert residual.count_noise[0] / residual.total[0] > 0.7


def test_multiplier_has_mean_one_in_every_month(fitted: Residual) -> None:
    draws = draw_residual(fitted, ("a", "b", "c"), range(20_000), 3, 36)
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.abs((draws.mean(axis=0) - 1.0) / error).max() < 4.0


def test_uncertainty_grows_from_what_is_known_now_and_reverts(fitted: Residual) -> None:
    spread = np.log(draw_residual(fitted, ("a", "b", "c"), range(4000), 3, 36)).std(axis=0)
    assert np.all(spread[:, 0] < 0.9 * spread[:, 20])
    np.testing.assert_allclose(spread[:, 20], spread[:, 35], rtol=0.06)
    np.testing.assert_allclose(spread[:, 30], fitted.scale(), rtol=0.1)
    distance = np.abs(np.log(fitted.nowcast(36)))
    assert np.all(distance[:, 35] < 0.01)
    assert distance[:, 0].max() > 0.02


def test_markets_share_a_factor_and_are_addressed_by_key(fitted: Residual) -> None:
    draws = np.log(draw_residual(fitted, ("a", "b", "c"), range(3000), 3, 30))[:, :, -1]
    correlation = np.corrcoef(draws.T)
    np.testing.assert_allclose(correlation[np.triu_indices(3, 1)], fitted.share, atol=0.08)
    swapped = draw_residual(fitted, ("c", "b", "a"), range(5), 3, 4)
    assert swapped.shape == (5, 3, 4)
    same = draw_residual(fitted, ("a", "b", "c"), range(5), 3, 4)
    assert swapped[:, 1].tobytes() == same[:, 1].tobytes()


def test_a_market_without_months_takes_the_prior_and_moves_nobody() -> None:
    rng = np.random.default_rng(4)
    expected = np.full((2, 36), 300.0)
    actual = rng.poisson(expected * simulate(rng, 36, 0.5, 0.1, 0.5, 2)).astype(float)
    two = fit_residual(actual, expected, np.ones(2))
    empty = np.zeros((1, 36))
    three = fit_residual(np.concatenate([actual, empty]), np.concatenate([expected, empty]), np.ones(3))
    assert three.phi_weight.tobytes() == two.phi_weight.tobytes()
    assert three.scale_weight[:2].tobytes() == two.scale_weight.tobytes()
    assert three.share == two.share
    assert three.nowcast(3)[2].tolist() == pytest.approx([1.0] * 3, abs=0.05)


def test_switched_off_it_is_exactly_one() -> None:
    expected = np.full((1, 24), 100.0)
    off = fit_residual(expected * 1.3, expected, np.ones(1), on=False)
    assert np.all(draw_residual(off, ("a",), range(3), 1, 4) == 1.0)
    assert np.all(off.nowcast(4) == 1.0)
