"""Pooled cohorts: thin ones lean on the others, thick ones stand, and the weight says so."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from models.errors import FitError, UsageError
from models.ltv import BetaGeoNBD, Customers, ParetoNBD, fit_pooled

_SPEC = importlib.util.spec_from_file_location("ltv_generate", Path(__file__).with_name("generate.py"))
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)

NOBODY = Customers([], [], [])


def _cohorts(seed, sizes, spread=0.4):
    rng = np.random.default_rng(seed)
    truth = np.log([0.6, 45.0, 0.9, 3.2]) + spread * rng.standard_normal((len(sizes), 4))
    cohorts = {
        f"m{i}": generate.customers(rng, size, *np.exp(point))
        for i, (size, point) in enumerate(zip(sizes, truth, strict=True))
    }
    return truth, cohorts


def test_weight_grows_with_the_cohort_and_is_zero_without_customers():
    _, cohorts = _cohorts(1, [6000, 6000, 6000, 400, 40])
    fits = fit_pooled(BetaGeoNBD, {**cohorts, "none": NOBODY})
    weight = [fits.weight[name] for name in ("m0", "m3", "m4", "none")]
    assert weight == sorted(weight, reverse=True)
    assert weight[0] > 0.8
    assert weight[2] < 0.35
    assert weight[3] == 0.0
    assert np.array_equal(fits.models["none"].mean, fits.between.mean)
    assert np.array_equal(fits.models["none"].draw_covariance, fits.between.covariance)


def test_thick_cohorts_are_left_where_they_are():
    _, cohorts = _cohorts(2, [8000] * 5)
    fits = fit_pooled(BetaGeoNBD, cohorts)
    for name, cohort in cohorts.items():
        alone = BetaGeoNBD.fit(cohort)
        moved = (fits.models[name].mean - alone.mean) / np.sqrt(np.diag(alone.covariance))
        assert np.abs(moved).max() < 1.0


def test_thin_cohorts_come_nearer_to_the_truth_than_alone():
    pooled, alone = [], []
    for seed in range(4):
        truth, cohorts = _cohorts(10 + seed, [3000] * 5 + [60] * 3)
        fits = fit_pooled(BetaGeoNBD, cohorts)
        for i in range(5, 8):
            pooled.append(fits.models[f"m{i}"].mean - truth[i])
            alone.append(BetaGeoNBD.fit(cohorts[f"m{i}"]).mean - truth[i])
    assert np.square(pooled).mean() < 0.5 * np.square(alone).mean()


def test_one_cohort_stands_alone():
    _, cohorts = _cohorts(3, [800])
    fits = fit_pooled(ParetoNBD, cohorts)
    assert fits.weight == {"m0": 1.0}
    assert np.array_equal(fits.models["m0"].mean, ParetoNBD.fit(cohorts["m0"]).mean)


def test_a_cohort_without_repeat_orders_is_pooled():
    _, cohorts = _cohorts(4, [2000, 2000])
    silent = Customers(np.zeros(30), np.zeros(30), np.linspace(0, 300, 30))
    fits = fit_pooled(BetaGeoNBD, {**cohorts, "silent": silent})
    assert 0.0 <= fits.weight["silent"] < 0.2
    assert np.isfinite(fits.models["silent"].expected_orders(silent, days=90).sum().item())


def test_nothing_to_pool_is_refused():
    silent = Customers(np.zeros(30), np.zeros(30), np.linspace(0, 300, 30))
    with pytest.raises(FitError, match="no cohort has a customer"):
        fit_pooled(BetaGeoNBD, {"a": NOBODY})
    with pytest.raises(FitError, match="no repeat order among 60 customers of all cohorts"):
        fit_pooled(BetaGeoNBD, {"a": silent, "b": silent})


def test_mixed_currencies_and_clocks_are_refused():
    one, other = (Customers([1], [1.0], [2.0], currency=code) for code in ("EUR", "USD"))
    with pytest.raises(UsageError, match="EUR, USD"):
        fit_pooled(BetaGeoNBD, {"a": one, "b": other})
    clocked = Customers([1], [1.0], [2.0], operational=True)
    with pytest.raises(UsageError, match="calendar days in a"):
        fit_pooled(BetaGeoNBD, {"a": one, "b": clocked})
