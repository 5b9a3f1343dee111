"""Reorder points for a target fill rate, from a law of lead times and a forecast of daily demand.

An order placed on day t with lead time L is on the shelf at the start of day t + E, with the exposure E =
max(1, ceil(L)). At the start of a day stock is top - Z (``shortfall``), so the share of a day's demand D that
is served on the day is

    fill(top) = 1 - E[(Z + D - top)+ - (Z - top)+] / E[D]                                              (1)

(Zipkin, Foundations of Inventory Management, 2000, section 6.5 for the loss function). Z is the law of
independent lead times: orders cross, which only helps. Where lead times follow each other or share a port
the fill reached is lower than the target; ``make verify`` prints by how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.errors import UsageError
from models.network.shortfall import (
    Shortfall,
    day_demand,
    grid_unit,
    shortfall_batches,
    shortfall_up_to,
    under_way,
)

POINTS = 2048
"""Quantiles at which a law of lead times is read."""
KINDS = ("s_S", "R_Q", "base_stock")


@dataclass(frozen=True)
class Levels:
    """Reorder level s and order-up-to level S, units, with what they rest on."""

    reorder_level: int
    order_up_to: int
    exposure_demand: float
    """Mean demand of the exposure, units."""
    safety_stock: float
    """Reorder level above the mean demand of the exposure, units."""
    fill_rate: float
    """Share of demand expected to be served from stock, were all that is short to wait."""


def exposures(lead: Any) -> tuple[FloatArray, FloatArray]:
    """Whole days of exposure (outcome,), rising, and their weights (outcome,), which add to 1: of a law, a
    fitted lead time or an array of days.

    Raises
    ------
    UsageError
        where a day is negative or not finite, or there is none
    """
    u = (np.arange(POINTS) + 0.5) / POINTS
    if hasattr(lead, "quantile"):
        days = np.asarray(lead.quantile(u), dtype=np.float64)
    elif hasattr(lead, "at"):
        days = np.asarray(lead.at(u), dtype=np.float64)
    else:
        days = np.atleast_1d(np.asarray(lead, dtype=np.float64))
    if days.size == 0 or not np.all(np.isfinite(days)) or days.min() < 0.0:
        raise UsageError("lead: not usable as days | got negative, infinite or no values | finite days")
    whole, counts = np.unique(np.maximum(1.0, np.ceil(days)), return_counts=True)
    return whole, counts / days.size


def shortfall_law(
    lead: Any,
    daily_mean: float,
    *,
    cycle_units: float,
    dispersion: float = 1.0,
    policy: str = "s_S",
    review_days: int = 1,
    replaced: float = 1.0,
) -> Shortfall:
    """Law of Z at the start of a day; the arguments are those of ``fill_levels``, ``replaced`` the share of
    demand that orders replace.
    """
    days, weights = exposures(lead)
    late = under_way(days, weights)
    cycle = 1 if policy == "base_stock" else max(1, math.ceil(cycle_units))
    unit = grid_unit(daily_mean, dispersion, float(days.max()) + review_days, cycle)
    steps = max(1, round(cycle / unit))
    make = shortfall_batches if policy == "R_Q" else shortfall_up_to
    law = make(late, day_demand(daily_mean * replaced, dispersion, unit), steps, review_days, unit)
    return replace(law, demand=day_demand(daily_mean, dispersion, unit))


def fill_levels(
    lead: Any,
    daily_mean: float,
    *,
    target: float,
    cycle_units: float = 1.0,
    dispersion: float = 1.0,
    backlog_share: float = 1.0,
    policy: str = "s_S",
    review_days: int = 1,
) -> Levels:
    """Smallest levels with which the share of demand served on its day is the target.

    Parameters
    ----------
    lead : a law of ``read_law``, a fitted lead time or an array of days; the whole time from order to shelf.
    daily_mean, dispersion : units of a day's demand, and their variance over their mean.
    cycle_units : S - s of (s, S), Q of (R, Q); of no meaning for base stock.
    backlog_share : share of units short that wait; 1 is exact. A lost unit is not short again: with b short
        units for each unit served from stock, 1 / (1 + b) of the demand is served, which holds for one order
        under way; with N > 1 of them, lost units are missing in the 1 - 1/N of orders before the last.
        Simulated at a target of 95%, the fill reached is then 0 to 3 points above it.
    policy : s_S, R_Q or base_stock (with ``review_days`` above 1 the periodic policy).
    review_days : days between two reviews.

    Returns
    -------
    Levels : s or R and S or R + Q; of base stock S is ``order_up_to``.

    >>> from models.network.laws import read_law
    >>> fill_levels(read_law(5), 50.0, target=0.95, cycle_units=500.0, dispersion=1.28).reorder_level
    201
    """
    _check(target, daily_mean, dispersion, cycle_units, policy, review_days)
    days, weights = exposures(lead)
    mean = (float(days @ weights) + (review_days - 1) / 2.0) * daily_mean
    cycle = 1 if policy == "base_stock" else max(1, math.ceil(cycle_units))
    law = shortfall_law(
        lead,
        daily_mean,
        cycle_units=cycle,
        dispersion=dispersion,
        policy=policy,
        review_days=review_days,
        replaced=1.0 - _never_ordered(mean, max(cycle, review_days * daily_mean), target, backlog_share),
    )
    needed = 1.0 - (1.0 - target) / (target + (1.0 - target) * backlog_share)
    # without a backlog no position is below zero, and a lower level would never order
    low, high = -1 if backlog_share < 1.0 else -cycle - 1, math.ceil(mean) + 1
    while law.fill(high + cycle) < needed:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if law.fill(middle + cycle) >= needed else (middle, high)
    return Levels(high, high + cycle, mean, high - mean, float(law.fill(high + cycle)))


def _never_ordered(under_way: float, order: float, target: float, backlog_share: float) -> float:
    """Share of demand that older orders under way do not replace, because it was lost."""
    return (1.0 - backlog_share) * (1.0 - target) * max(1.0 - order / under_way, 0.0)


def _check(
    target: float, daily_mean: float, dispersion: float, cycle_units: float, policy: str, review_days: int
) -> None:
    if not 0.0 < target < 1.0:
        raise UsageError(f"target: not a fill rate | got {target} | between 0 and 1")
    for name, value in (("daily_mean", daily_mean), ("dispersion", dispersion), ("cycle_units", cycle_units)):
        if not 0.0 < value < math.inf:
            raise UsageError(f"{name}: not positive | got {value} | above 0")
    if policy not in KINDS:
        raise UsageError(f"policy: unknown | got {policy!r} | one of {', '.join(KINDS)}")
    if review_days < 1:
        raise UsageError(f"review_days: at least 1 | got {review_days} | 1 is every day")
