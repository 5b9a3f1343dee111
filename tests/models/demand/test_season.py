"""Season as operational time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from models.demand import fit_demand
from models.demand.season import fit_season, no_season, profile_season, season_errors

FACTOR = np.array([0.8, 0.85, 0.9, 1.0, 1.0, 0.95, 0.9, 0.9, 1.0, 1.1, 1.4, 1.2])
YEAR = np.arange(24) % 12


def test_a_strong_season_is_found_with_honest_errors() -> None:
    rng = np.random.default_rng(3)
    z = []
    for _ in range(40):
        expected = np.linspace(800.0, 1200.0, 24)
        level = np.exp(0.06 * rng.standard_normal(24))
        season = fit_season(rng.poisson(expected * FACTOR[YEAR] * level).astype(float), expected, YEAR)
        z.append((np.log(season.factor) - np.log(FACTOR)) / season.log_sd)
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.5


def test_noise_is_not_taken_for_season() -> None:
    rng = np.random.default_rng(4)
    expected = np.full(24, 60.0)
    raw, shrunk = [], []
    for _ in range(30):
        actual = rng.poisson(expected).astype(float)
        raw.append(actual.reshape(2, 12).mean(axis=0) / actual.mean() - 1.0)
        shrunk.append(fit_season(actual, expected, YEAR).factor - 1.0)
    assert np.std(shrunk) < 0.6 * np.std(raw)


def test_a_trend_is_not_taken_for_season() -> None:
    expected = np.full(36, 1000.0)
    actual = expected * np.exp(0.03 * np.arange(36))
    np.testing.assert_allclose(fit_season(actual, expected, np.arange(36) % 12).factor, 1.0, atol=0.01)


def test_less_than_two_cycles_gives_none_and_says_so(company) -> None:  # type: ignore[no-untyped-def]
    season = fit_season(np.full(20, 100.0), np.full(20, 100.0), np.arange(20) % 12)
    assert season.source == "none"
    assert "not identified" in season.note
    short = company.orders[company.orders["ordered_at"] >= "2024-08-01"]
    model = fit_demand(short, company.spend, settings=company.settings)
    assert model.diagnostics["season"]["source"] == "none"
    assert "two full cycles" in model.diagnostics["season"]["note"]
    assert np.all(model.season.factor == 1.0)


def test_the_generator_season_comes_back(model, company) -> None:  # type: ignore[no-untyped-def]
    season, truth = model.season, company.season
    assert season.source == "history"
    z = (np.log(season.factor) - np.log(truth / truth.mean())) / season.log_sd
    assert np.sqrt(np.mean(z**2)) < 1.8
    assert int(np.argmax(season.factor)) == 10


def test_a_profile_is_taken_as_given(company) -> None:  # type: ignore[no-untyped-def]
    profile = tuple((2.0 * FACTOR).tolist())
    listed = replace(company.settings, season_source="profile", season_profile=profile)
    model = fit_demand(company.orders, company.spend, settings=listed)
    np.testing.assert_allclose(model.season.factor, FACTOR * 12 / FACTOR.sum(), rtol=1e-14)
    with pytest.raises(ValueError, match="twelve"):
        profile_season((1.0, 2.0))


def test_clock_runs_with_the_season_and_evenly_without() -> None:
    days = np.array([31, 28, 31])
    assert no_season().clock(np.arange(3), days).tolist() == [0.0, 31.0, 59.0, 90.0]
    clock = profile_season(tuple(FACTOR)).clock(np.array([10, 11]), np.array([30, 31]))
    scale = 12.0 / FACTOR.sum()
    np.testing.assert_allclose(np.diff(clock), [30 * 1.4 * scale, 31 * 1.2 * scale])


def test_errors_of_the_season_have_mean_one() -> None:
    season = replace(profile_season(tuple(FACTOR)), log_sd=np.full(12, 0.1))
    errors = season_errors(season, range(20_000), 1)
    np.testing.assert_allclose(errors.mean(axis=0), 1.0, atol=0.003)
    np.testing.assert_allclose(np.log(errors).std(axis=0), 0.1, rtol=0.03)
    assert season_errors(season, range(100, 103), 1).tobytes() == errors[100:103].tobytes()


def test_the_history_ends_on_the_last_closed_day(company) -> None:  # type: ignore[no-untyped-def]
    earlier = replace(company.settings, actuals_through=dt.date(2025, 9, 30))
    cut = company.orders[company.orders["ordered_at"] < "2025-10-01"]
    spend = company.spend[company.spend["day"] < "2025-10-01"]
    a = fit_demand(company.orders, company.spend, settings=earlier)
    b = fit_demand(cut, spend, settings=earlier)
    assert a.to_json() == b.to_json()
