"""Reorder points for a target fill rate, from a law of lead times and a forecast of daily demand.

Daily demand has mean m and variance dispersion * m; over e days it is taken as gamma with these moments.
After a review the position lies between s and S; what is short on the day that ends the exposure E =
max(1, ceil(lead time)) is B(E) - B(E - 1), with B(e) the expected shortage of e days of demand against
the position:

    fill(s) = 1 - E over positions and lead times of [B(E) - B(E - 1)] / m

(Zipkin, Foundations of Inventory Management, 2000, section 6.5 for the loss function). Independent lead
times let a later order overtake an earlier one, and stock does not care which of two equal orders
arrives: what counts is the effective lead time from the k-th order to the k-th arrival (Robinson, Bradley
and Thomas, 2001, "Consequences of order crossover under order-up-to inventory policies", M&SOM 3(3)).
With an order every r days it is at most x when, of the orders placed until then, no more are outstanding
than were placed after the k-th. Where lead times follow each other or share a port, orders do not cross
and the fill reached is lower than the target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from models.errors import UsageError
from models.network.parts import FloatArray

POINTS = 512
"""Quantiles at which a law of lead times is read."""
POSITIONS = 64


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
    """Whole days of exposure and their weights, of a law, a fitted lead time or an array of days."""
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


def effective_exposures(
    days: FloatArray, weights: FloatArray, interval: float
) -> tuple[FloatArray, FloatArray]:
    """Exposures and weights from the k-th order to the k-th arrival, one order every ``interval`` days."""
    longest = int(days.max())
    ages = np.arange(longest + 1, dtype=np.float64)
    late = np.array([weights[days > age].sum() for age in ages])
    cumulative = np.empty(longest + 1)
    for x in range(longest + 1):
        after = math.floor(x / interval)
        first = x - after * interval
        outstanding = np.ones(1)
        for age in np.arange(first, longest, interval):
            chance = float(late[math.floor(age)])
            outstanding = np.append(outstanding * (1.0 - chance), 0.0) + np.append(0.0, outstanding * chance)
        cumulative[x] = outstanding[: after + 1].sum()
    mass = np.diff(cumulative, prepend=0.0)
    seen = mass > 1e-12
    return ages[seen], mass[seen] / mass[seen].sum()


def positions(cycle: float, daily_mean: float, dispersion: float) -> tuple[FloatArray, FloatArray]:
    """Units below S after a review, and the expected days spent there between two orders: the renewals of
    daily demand, begun at S and ended by the order when ``cycle`` is used up.
    """
    edges = np.linspace(0.0, cycle, POSITIONS + 1)
    most = math.ceil(cycle / daily_mean + 8.0 * math.sqrt(dispersion * cycle) / daily_mean) + 8
    shapes = np.arange(1, most + 1)[:, None] * (daily_mean / dispersion)
    passed = special.gammainc(shapes, edges / dispersion).sum(axis=0)
    return np.append(0.0, (edges[1:] + edges[:-1]) / 2.0), np.append(1.0, np.diff(passed))


def expected_fill(
    top: float,
    below: tuple[FloatArray, FloatArray],
    daily_mean: float,
    dispersion: float,
    days: FloatArray,
    weights: FloatArray,
) -> float:
    """Share of demand served from stock with positions at ``top`` less what ``positions`` gives."""
    position = (top - below[0])[:, None]
    short = _shortage(position, days * daily_mean, dispersion) - _shortage(
        position, (days - 1.0) * daily_mean, dispersion
    )
    chance = below[1] / below[1].sum()
    return 1.0 - float((chance[:, None] * short * weights).sum()) / daily_mean


def _shortage(position: FloatArray, mean: FloatArray, dispersion: float) -> FloatArray:
    """E[(X - position)+] of a gamma X with this mean and variance dispersion * mean."""
    shape = np.maximum(mean, 1e-12) / dispersion
    held = np.maximum(position, 0.0) / dispersion
    loss = mean * special.gammaincc(shape + 1.0, held) - position * special.gammaincc(shape, held)
    return np.asarray(np.where(position <= 0.0, mean - position, loss))


def fill_levels(
    lead: Any,
    daily_mean: float,
    *,
    target: float,
    cycle_units: float,
    dispersion: float = 1.0,
    backlog_share: float = 1.0,
) -> Levels:
    """Smallest s, and S = s + cycle, with which the share of demand served from stock is the target.

    ``lead`` is a law of ``read_law``, a fitted lead time or an array of days; ``dispersion`` the variance
    over the mean of a day's demand; ``cycle_units`` the units between s and S; ``backlog_share`` the
    share of units short that wait. A lost unit is not short again: with b short units for each unit
    served from stock, 1 / (1 + b) of the demand is served; that holds for one order under way, with more
    the fill reached is higher.

    >>> from models.network.laws import read_law
    >>> fill_levels(read_law(5), 50.0, target=0.95, cycle_units=500.0, dispersion=1.28).reorder_level
    201
    """
    if not 0.0 < target < 1.0:
        raise UsageError(f"target: not a fill rate | got {target} | between 0 and 1")
    for name, value in (("daily_mean", daily_mean), ("dispersion", dispersion), ("cycle_units", cycle_units)):
        if not 0.0 < value < math.inf:
            raise UsageError(f"{name}: not positive | got {value} | above 0")
    days, weights = exposures(lead)
    mean = float(days @ weights) * daily_mean
    cycle = max(1, math.ceil(cycle_units))
    below = positions(cycle, daily_mean, dispersion)
    days, weights = effective_exposures(days, weights, float(below[1].sum()))
    needed = 1.0 - (1.0 - target) / (target + (1.0 - target) * backlog_share)

    def fill(level: int) -> float:
        return expected_fill(level + cycle, below, daily_mean, dispersion, days, weights)

    # without a backlog no position is below zero, and a lower level would never order
    low, high = -1 if backlog_share < 1.0 else -cycle - 1, math.ceil(mean) + 1
    while fill(high) < needed:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fill(middle) >= needed else (middle, high)
    return Levels(high, high + cycle, mean, high - mean, fill(high))
