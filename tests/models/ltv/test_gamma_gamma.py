"""Gamma-Gamma: derivatives, recovery, currency units, conjugacy, refusals."""

import numpy as np
import pytest

from models.errors import FitError
from models.ltv import Customers, GammaGamma
from models.ltv.gamma_gamma import _objective

TRUTH = (6.0, 4.0, 15.0)


def _spenders(seed, count=3000, scale=1.0, currency=""):
    rng = np.random.default_rng(seed)
    p, q, v = TRUTH
    orders = rng.integers(0, 6, count)
    rate = rng.gamma(q, 1 / v, count)
    mean = np.where(orders > 0, rng.gamma(p * np.maximum(orders, 1), 1 / rate) / np.maximum(orders, 1), 0.0)
    age = np.full(count, 300.0)
    recency = np.where(orders > 0, 200.0, 0.0)
    return Customers(orders, recency, age, spend=mean * scale, currency=currency)


def test_derivatives():
    rng = np.random.default_rng(0)
    objective = _objective(rng.integers(1, 9, 50).astype(float), rng.gamma(3.0, 1.0, 50))
    point = np.log([5.0, 3.0, 2.0])
    _, gradient, hessian = objective(point)
    for i in range(3):
        up, down = (objective(point + sign * 1e-5 * np.eye(3)[i]) for sign in (1, -1))
        assert gradient[i] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-6, abs=1e-6)
        assert hessian[i] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-6, abs=1e-6)


def test_recovers_the_parameters_of_generated_spenders():
    z = []
    for seed in range(10):
        fitted = GammaGamma.fit(_spenders(seed))
        assert fitted.converged
        z.append((fitted.log_parameters - np.log(TRUTH)) / np.sqrt(np.diag(fitted.covariance)))
    assert np.abs(z).max() < 4.0
    assert np.all(np.sqrt(np.mean(np.square(z), axis=0)) < 1.7)


def test_a_currency_unit_scales_v_and_the_means():
    cents, euros = GammaGamma.fit(_spenders(1, scale=100.0)), GammaGamma.fit(_spenders(1))
    assert cents.params["v"] == pytest.approx(100 * euros.params["v"], rel=1e-8)
    assert cents.params["p"] == pytest.approx(euros.params["p"], rel=1e-8)
    assert cents.population_mean() == pytest.approx(100 * euros.population_mean(), rel=1e-8)


def test_expected_spend_is_the_posterior_mean():
    model = GammaGamma.from_parameters(*TRUTH)
    customers = Customers([0, 3], [0.0, 5.0], [9.0, 9.0], spend=[0.0, 80.0])
    shape, rate = model.spend_rate(customers)
    # E[p / nu] for nu ~ Gamma(shape, rate)
    assert model.expected_spend(customers).to_numpy() == pytest.approx(6.0 * rate / (shape - 1.0), rel=1e-12)
    assert model.expected_spend(customers)[0] == pytest.approx(model.population_mean())
    assert model.population_mean() == pytest.approx(6.0 * 15.0 / 3.0)


def test_an_infinite_mean_is_refused():
    model = GammaGamma.from_parameters(6.0, 0.9, 15.0)
    with pytest.raises(FitError, match="infinite"):
        model.population_mean()
    with pytest.raises(FitError, match="infinite"):
        model.expected_spend(Customers([0], [0.0], [9.0], spend=[0.0]))
    assert model.expected_spend(Customers([1], [4.0], [9.0], spend=[30.0])).item() > 0


def test_the_deviation_is_that_of_the_posterior_and_refused_where_infinite():
    model = GammaGamma.from_parameters(*TRUTH)
    customers = Customers([0, 3], [0.0, 5.0], [9.0, 9.0], spend=[0.0, 80.0])
    shape, rate = model.spend_rate(customers)
    draws = 6.0 * rate / np.random.default_rng(0).gamma(shape, 1.0, (400_000, 2))
    assert model.spend_deviation(customers).to_numpy() == pytest.approx(draws.std(axis=0), rel=0.03)
    heavy = GammaGamma.from_parameters(6.0, 1.5, 15.0)
    assert np.isfinite(heavy.expected_spend(customers)).all()
    with pytest.raises(FitError, match="deviation of the expected spend of 1 customers is infinite"):
        heavy.spend_deviation(customers)


def test_other_currencies_and_missing_spend_are_refused():
    model = GammaGamma.fit(_spenders(2, currency="EUR"))
    with pytest.raises(FitError, match="EUR"):
        model.expected_spend(_spenders(3, currency="USD"))
    with pytest.raises(FitError, match="no spend"):
        GammaGamma.fit(Customers([1], [1.0], [2.0]))
    with pytest.raises(FitError, match="at least 2"):
        GammaGamma.fit(Customers([1], [1.0], [2.0], spend=[5.0]))


def test_equal_spenders_are_a_boundary():
    equal = Customers(np.full(50, 2), np.full(50, 4.0), np.full(50, 9.0), spend=np.full(50, 20.0))
    fitted = GammaGamma.fit(equal)
    assert fitted.boundary
    assert "boundary" in fitted.message


def test_json_round_trip_is_exact():
    fitted = GammaGamma.fit(_spenders(4))
    assert GammaGamma.from_json(fitted.to_json()).to_json() == fitted.to_json()
    with pytest.raises(FitError, match="GammaGamma"):
        GammaGamma.from_json('{"model": "BetaGeoNBD"}')
