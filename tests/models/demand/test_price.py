"""Own-price elasticity: the listed prior, and when the ledger may speak."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.demand import Prior
from models.demand.price import draw_elasticity, fit_elasticity

PRIOR = Prior(-1.5, 0.5, "listed")


def ledger(rng: np.random.Generator, elasticity: float, spread: float) -> pd.DataFrame:
    rows = []
    for month in range(24):
        market = np.exp(0.3 * rng.standard_normal())
        for item in range(15):
            price = (20.0 + item) * np.exp(spread * rng.standard_normal())
            units = rng.poisson(200.0 * market * (price / (20.0 + item)) ** elasticity)
            rows.append((f"I{item:02d}", month, units, price))
    return pd.DataFrame(rows, columns=["item", "month", "quantity", "net_price"])


def test_enough_price_changes_move_the_prior_to_the_truth() -> None:
    found = fit_elasticity(ledger(np.random.default_rng(1), -2.4, 0.15), PRIOR)
    assert found.changes > 100
    assert abs(found.estimate - -2.4) < 4.0 * found.error
    assert found.mean == pytest.approx(-2.4, abs=0.2)
    assert found.sd < PRIOR.sd


def test_stable_prices_leave_the_prior() -> None:
    found = fit_elasticity(ledger(np.random.default_rng(1), -2.4, 0.0), PRIOR)
    assert (found.mean, found.sd) == (PRIOR.mean, PRIOR.sd)
    assert np.isnan(found.estimate)
    assert found.changes == 0


def test_a_market_wide_boom_is_not_read_as_price_response() -> None:
    frame = ledger(np.random.default_rng(2), 0.0, 0.15)
    frame.loc[frame["month"] >= 12, "quantity"] *= 3
    frame.loc[frame["month"] >= 12, "net_price"] *= 0.8
    found = fit_elasticity(frame, PRIOR)
    assert abs(found.estimate) < 4.0 * found.error


def test_an_empty_market_keeps_its_prior() -> None:
    found = fit_elasticity(ledger(np.random.default_rng(1), -1.0, 0.1).iloc[:0], PRIOR)
    assert found.mean == PRIOR.mean
    assert found.changes == 0


def test_draws_follow_the_law_by_market_key_and_are_never_positive() -> None:
    draws = draw_elasticity(np.array([-1.5, -0.2]), np.array([0.3, 0.5]), ("a", "b"), range(20_000), 1)
    assert draws[:, 0].mean() == pytest.approx(-1.5, abs=0.01)
    assert draws[:, 0].std() == pytest.approx(0.3, rel=0.03)
    assert draws.max() == 0.0
    assert (draws[:, 1] == 0.0).mean() == pytest.approx(0.345, abs=0.02)
    alone = draw_elasticity(np.array([-0.2]), np.array([0.5]), ("b",), range(100), 1)
    assert alone[:, 0].tobytes() == np.ascontiguousarray(draws[:100, 1]).tobytes()
