"""Reorder points for a fill rate: reached where lead times are independent, missed where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import UsageError
from models.network import Network, read_law, simulate
from models.network.safety import Levels, effective_exposures, fill_levels

DAYS, FIRST, TRIALS = 800, 100, 40


def reached(law: Any, mean: float, levels: Levels, **dependence: float) -> float:
    """Fill rate of the simulated network."""
    network = Network.from_dict(
        {
            "suppliers": {"A": {}},
            "ports": {"P": {"servers": 1000}},
            "nodes": {"N": {"port": "P"}},
            "lanes": [{"from": "A", "to": "N", "transit": law}],
            "markets": {
                "M": {"nodes": ["N"], "backlog_share": 1.0, "demand": {"family": "poisson", "mean": mean}}
            },
            "policies": [{"reorder_level": levels.reorder_level, "order_up_to": levels.order_up_to}],
            "dependence": dependence,
        }
    )
    days = simulate(network, {"days": DAYS, "trials": TRIALS, "seed": 3}).sel(day=slice(FIRST, None))
    return float(days.filled.sum() / days.demanded.sum())


LOGNORMAL = {"family": "lognormal", "mean": 20, "sd": 8}
GAMMA = {"family": "gamma", "mean": 30, "sd": 15}
INSPECTED = {"values": [10, 40], "weights": [0.8, 0.2]}


@pytest.mark.parametrize(
    ("law", "mean", "cycle"),
    [(5, 20, 600), (LOGNORMAL, 5, 200), (LOGNORMAL, 10, 70), (GAMMA, 20, 600), (INSPECTED, 20, 600)],
)
@pytest.mark.parametrize("target", [0.9, 0.95, 0.98])
def test_the_target_is_reached_within_a_point_and_a_half(
    law: Any, mean: float, cycle: float, target: float
) -> None:
    levels = fill_levels(read_law(law), mean, target=target, cycle_units=cycle)
    assert abs(reached(law, mean, levels) - target) < 0.015


def test_dependent_lead_times_of_the_same_law_miss_the_target() -> None:
    levels = fill_levels(read_law(GAMMA), 10, target=0.95, cycle_units=70)
    independent, dependent = reached(GAMMA, 10, levels), reached(GAMMA, 10, levels, day=0.995, port=0.5)
    assert independent > 0.935
    assert dependent < 0.90


def test_correlated_lead_times_raise_stockouts_by_an_order_of_magnitude() -> None:
    levels = fill_levels(read_law(LOGNORMAL), 10, target=0.99, cycle_units=1)
    iid, correlated = (1.0 - reached(LOGNORMAL, 10, levels, **d) for d in ({}, {"day": 0.98}))
    assert correlated > 10.0 * iid


def test_orders_that_cannot_cross_keep_their_lead_times() -> None:
    days, weights = effective_exposures(np.array([3.0, 9.0]), np.array([0.75, 0.25]), 20.0)
    assert dict(zip(days.tolist(), weights.round(12).tolist(), strict=True)) == {3.0: 0.75, 9.0: 0.25}


def test_without_backlog_a_level_is_never_below_zero() -> None:
    levels = fill_levels(read_law(5), 5, target=0.5, cycle_units=200, backlog_share=0.0)
    assert levels.reorder_level >= 0


@pytest.mark.parametrize("target", [0.0, 1.0, float("nan")])
def test_a_target_that_is_no_fill_rate_is_refused(target: float) -> None:
    with pytest.raises(UsageError):
        fill_levels(read_law(5), 5, target=target, cycle_units=9)
