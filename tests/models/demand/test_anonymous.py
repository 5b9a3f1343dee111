"""Counts without a customer key."""

from __future__ import annotations

import numpy as np
import pytest

from models.demand.anonymous import Pace, draw_factors, fit_counts

AHEAD = np.full(48, 30.0)


def plain(months: int = 24) -> Pace:
    return Pace.plain(np.full(months, 30.0), AHEAD)


def test_a_level_is_continued() -> None:
    forecast = fit_counts(np.full(24, 120.0), plain())
    np.testing.assert_allclose(forecast.mean, 120.0, rtol=1e-6)
    np.testing.assert_allclose(forecast.fitted, 120.0, rtol=1e-6)


def test_season_enters_through_the_pace() -> None:
    pace = 30.0 * np.tile([0.8, 1.2], 12)
    forecast = fit_counts(4.0 * pace, Pace.plain(pace, 30.0 * np.tile([0.8, 1.2], 24)))
    np.testing.assert_allclose(forecast.mean, 120.0 * np.tile([0.8, 1.2], 24), rtol=1e-6)


def test_a_trend_is_dampened_never_explosive() -> None:
    counts = 100.0 * np.exp(0.08 * np.arange(24))
    forecast = fit_counts(counts, plain())
    growth = np.diff(np.log(forecast.mean))
    assert np.all(growth > 0)
    assert np.all(np.diff(growth) < 0)
    assert counts[-1] < forecast.mean[0] * 1.1
    assert forecast.mean[-1] < 2.2 * counts[-1]


def test_errors_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(8)
    z = []
    for _ in range(200):
        forecast = fit_counts(rng.poisson(np.full(24, 150.0)).astype(float), plain())
        z.append(np.log(forecast.mean[5] / 150.0) / np.linalg.norm(forecast.load[:, 5]))
    assert 0.4 < np.sqrt(np.mean(np.square(z))) < 1.4


def test_no_orders_give_no_orders_and_short_series_stay_flat() -> None:
    none = fit_counts(np.zeros(24), plain())
    assert np.all(none.mean == 0.0)
    assert np.all(none.load == 0.0)
    single = fit_counts(np.array([0.0, 0.0, 7.0]), plain(3))
    assert single.months == 1
    assert single.mean[0] == pytest.approx(7.0, rel=0.01)
    assert np.linalg.norm(single.load[:, 11]) > 0.3


def test_factors_have_mean_one_and_depend_on_the_name_only() -> None:
    forecast = fit_counts(np.random.default_rng(1).poisson(30.0, 24).astype(float), plain())
    load = forecast.load[None]
    factors = draw_factors(load, ["a"], range(20_000), 2)
    error = factors.std(axis=0) / np.sqrt(20_000)
    assert np.abs((factors.mean(axis=0) - 1.0) / error).max() < 4.0
    two = draw_factors(np.tile(load, (2, 1, 1)), ["b", "a"], range(50), 2)
    assert np.ascontiguousarray(two[:, 1]).tobytes() == np.ascontiguousarray(factors[:50, 0]).tobytes()


@pytest.mark.parametrize(
    ("counts", "ended"),
    [
        ([900.0, 800.0, 700.0, 0.0, 0.0, 0.0], True),
        ([900.0, 800.0, 700.0, 0.0, 0.0], False),
        ([1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0], False),
        ([4.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0], True),
    ],
)
def test_a_series_that_stopped_is_forecast_as_stopped(counts: list[float], ended: bool) -> None:
    forecast = fit_counts(np.array(counts), plain(len(counts)))
    assert forecast.ended == ended
    assert (forecast.mean.sum() == 0.0) == ended
    if ended:
        assert forecast.fitted.sum() == pytest.approx(sum(counts))
        assert not forecast.load.any()


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_how_far_new_customers_follow_the_season_is_learned(power: float) -> None:
    factor = np.array([0.7, 0.8, 0.9, 1.0, 1.1, 1.0, 0.9, 0.8, 0.9, 1.1, 1.5, 1.3])
    factor = np.tile(factor, 3) / factor.mean()
    rng = np.random.default_rng(5)
    counts = rng.poisson(80.0 * factor**power).astype(float)
    whole = Pace(30.0 * factor, 30.0 * factor[:12], np.log(factor), np.log(factor[:12]))
    forecast = fit_counts(counts, whole)
    assert forecast.follows == pytest.approx(power, abs=0.2)
    np.testing.assert_allclose(forecast.mean / 80.0, factor[:12] ** power, rtol=0.15)
    blind = fit_counts(counts, Pace.plain(whole.past, whole.future))
    assert blind.follows == 1.0


def test_errors_cover_the_truth_when_months_are_shaken_together() -> None:
    rng = np.random.default_rng(3)
    shocks = 0.15**2 * 0.6 ** np.abs(np.subtract.outer(np.arange(36), np.arange(36)))
    root = np.linalg.cholesky(shocks)
    z = []
    for _ in range(200):
        counts = rng.poisson(150.0 * np.exp(root @ rng.standard_normal(36))).astype(float)
        forecast = fit_counts(counts, plain(36), shocks)
        z.append(np.log(forecast.mean[11] / 150.0) / np.linalg.norm(forecast.load[:, 11]))
    assert 0.7 < np.sqrt(np.mean(np.square(z))) < 1.3
