"""Known answers: the normal, lognormal and t4 laws, concentration, regret, sectioning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.risk import (
    concentration,
    conditional_value_at_risk,
    estimate,
    maximin,
    minimax_regret,
    quantile,
    value_at_risk,
)

GRID = (np.arange(1_000_000) + 0.5) / 1_000_000
"""Midpoints of a million equal cells: quantiles of a law on it are its exact law but for 1e-4."""


@pytest.mark.parametrize(
    ("law", "level", "var", "es"),
    [
        (stats.norm(), 0.95, 1.644854, 2.062713),
        (stats.norm(), 0.99, 2.326348, 2.665214),
        (stats.lognorm(0.5), 0.95, 2.276017, 2.858591),
        (stats.t(4), 0.95, 2.131847, 3.202870),
    ],
)
def test_value_at_risk_and_expected_shortfall_of_known_laws(law, level, var, es):
    losses = law.ppf(GRID)
    assert value_at_risk(losses, level) == pytest.approx(var, abs=2e-5)
    assert conditional_value_at_risk(losses, level) == pytest.approx(es, abs=5e-4)


def test_the_standard_error_of_the_fifth_percentile_of_a_normal():
    # sqrt(.05 * .95 / 1e4) / density(1.645) = .021132: as the spread over samples, and as sectioning sees it
    normal = np.random.default_rng(20).standard_normal((300, 10_000))
    quantiles = np.quantile(normal, 0.05, axis=1)
    assert np.std(quantiles, ddof=1) == pytest.approx(0.021132, rel=4 / math.sqrt(2 * 299))
    seen = [estimate(row, lambda x: quantile(x, 0.05)).standard_error for row in normal[:60]]
    assert np.sqrt(np.mean(np.square(seen))) == pytest.approx(0.021132, rel=0.1)


def test_newsvendor_profit():
    demand = stats.norm(1000, 250).ppf(GRID)
    order = stats.norm(1000, 250).ppf((12 - 5) / (12 - 1))
    assert order == pytest.approx(1087.19, abs=0.01)
    profit = 12 * np.minimum(demand, order) + 1 * np.maximum(order - demand, 0) - 5 * order
    assert profit.mean() == pytest.approx(5967.64, abs=0.05)
    assert np.mean(profit < 5000) == pytest.approx(0.274102, abs=2e-6)


def test_herfindahl_of_ten_to_forty_percent():
    assert concentration([0.4, 0.3, 0.2, 0.1]).hhi == pytest.approx(0.30, abs=1e-15)


def test_a_65_15_10_10_market_mix():
    mix = concentration([65.0, 15.0, 10.0, 10.0])
    assert mix.hhi == pytest.approx(0.465, abs=1e-12)
    assert mix.effective_number == pytest.approx(2.15, abs=0.001)
    assert mix.top_1 == 0.65
    assert mix.top_3 == pytest.approx(0.90)
    half = concentration([1.0, 1.0])
    assert (half.top_1, half.hhi) == (0.5, 0.5)


def test_regret_of_three_plans():
    payoffs = [[10, 4, -2], [6, 6, 1], [3, 3, 3]]
    choice, worst = minimax_regret(payoffs)
    assert worst.tolist() == [5, 4, 7]
    assert choice == 1
    assert maximin(payoffs)[0] == 2
