"""The purchasing brain: (s, S) levels by node and item, recomputed every month from what was known then.

Sequence at the start of a month, per trial:

1. the closed month's demand against its base expectation moves the demand ratio of each demand point (EWMA);
2. lead times of what the closed month received move the lead-time ratio of each supplier and node (EWMA);
3. the base expectation of the coming months times the ratio is the forecast; lead-time demand and its spread
   give s, the order cycle gives S.

Nothing here sees another trial, an unannounced shock or the trial's own future.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.arrays import CountArray, FloatArray, IntArray
from models.compiled import compiled

SMOOTHING = 0.3
"""Weight of the newest closed month in the moving averages."""

RATIO_FLOOR = 0.25
"""A month that sells next to nothing says less of the next one than a quarter of what was expected."""
RATIO_CEILING = 4.0
"""And one that sells many times as much, less than four times."""
_MONTHS_AHEAD = 14
"""Months of forecast looked at: beyond any lead time and order cycle together."""
MID_MONTH = 15.0
"""Levels set at a month's start serve the whole month: the forecast window starts in its middle."""


@dataclass(frozen=True)
class PurchasingModel:
    """What the purchasing brain knows besides the trial's own closed months.

    Attributes
    ----------
    expected_units
        Base expectation, units, dims (demand point, month, item); reaches past the horizon.
    month_days
        Days of each of those months, shape (month,).
    primary_node
        Node that each demand point is planned at, shape (demand point,).
    lead_mean, lead_sd
        Order to receipt in days, dims (supplier, node).
    share
        Planned supplier shares, dims (node, item, supplier), summing to one where an item has a supplier.
    safety_score
        Normal score of the service level.
    cycle_days
        Days of demand between s and S.
    dispersion
        Variance over mean of units demanded in a day.
    forecast_cv
        Coefficient of variation of the demand forecast over the lead time.
    review_days
        Days between two reviews: they lengthen the exposure.
    """

    expected_units: FloatArray
    month_days: FloatArray
    primary_node: IntArray
    lead_mean: FloatArray
    lead_sd: FloatArray
    share: FloatArray
    safety_score: float
    cycle_days: float
    dispersion: float
    forecast_cv: float
    review_days: int = 1


class _Forecast(NamedTuple):
    """Arrays of the model, for the compiled rule."""

    expected: FloatArray
    month_days: FloatArray
    primary: IntArray
    lead_mean: FloatArray
    lead_sd: FloatArray
    share: FloatArray


class _Rule(NamedTuple):
    """Numbers of the model, for the compiled rule."""

    score: float
    cycle: float
    dispersion: float
    cv: float
    review: int


class _Rows(NamedTuple):
    """Columns (trial, row) of the order-line table and the rows used (trial,)."""

    day_ordered: CountArray
    node: CountArray
    supplier: CountArray
    received: CountArray
    used: CountArray


@dataclass(frozen=True)
class PurchasingState:
    """Moving ratios of actual to expected: ``demand`` (trial, demand point) and ``lead`` (trial, supplier,
    node).
    """

    demand: FloatArray
    lead: FloatArray


def initial_purchasing(model: PurchasingModel, trials: int) -> PurchasingState:
    """Ratios of one: the first month is planned on the base expectation."""
    suppliers, nodes = model.lead_mean.shape
    points = model.primary_node.size
    return PurchasingState(np.ones((trials, points)), np.ones((trials, suppliers, nodes)))


def observe_month(
    model: PurchasingModel,
    state: PurchasingState,
    month: int,
    window: tuple[int, int],
    demanded: IntArray,
    lines: tuple[CountArray, CountArray, CountArray, CountArray, CountArray],
) -> PurchasingState:
    """Ratios after a closed month.

    ``demanded`` (trial, demand point) units of the month; ``lines`` are day_ordered, node, supplier, received
    of the order-line table, each (trial, row), and its row counts (trial,); ``window`` the month's first day
    and the day after its last.
    """
    expected = model.expected_units[:, month, :].sum(axis=1)
    demand = _observe_demand(state.demand, np.ascontiguousarray(demanded), expected)
    lead = _observe_lead(state.lead, model.lead_mean, window, _Rows(*lines))
    return PurchasingState(demand, lead)


@compiled
def _moved(ratio: float, actual: float, expected: float) -> float:
    moved = (1.0 - SMOOTHING) * ratio + SMOOTHING * (actual / expected)
    return min(max(moved, RATIO_FLOOR), RATIO_CEILING)


@compiled
def _observe_demand(ratio: FloatArray, demanded: IntArray, expected: FloatArray) -> FloatArray:
    out = ratio.copy()
    for t in range(ratio.shape[0]):
        for c in range(ratio.shape[1]):
            if expected[c] > 0.0:
                out[t, c] = _moved(ratio[t, c], float(demanded[t, c]), expected[c])
    return out


@compiled
def _observe_lead(
    ratio: FloatArray, expected: FloatArray, window: tuple[int, int], rows: _Rows
) -> FloatArray:
    """Ratios (trial, supplier, node) after the order lines received in the window of days."""
    trials, suppliers, nodes = ratio.shape
    out = ratio.copy()
    total = np.zeros((suppliers, nodes))
    seen = np.zeros((suppliers, nodes))
    for t in range(trials):
        total[:] = 0.0
        seen[:] = 0.0
        for row in range(rows.used[t]):
            if window[0] <= rows.received[t, row] < window[1]:
                s = rows.supplier[t, row]
                n = rows.node[t, row]
                total[s, n] += rows.received[t, row] - rows.day_ordered[t, row]
                seen[s, n] += 1.0
        for s in range(suppliers):
            for n in range(nodes):
                if seen[s, n] > 0.0 and expected[s, n] > 0.0:
                    out[t, s, n] = _moved(ratio[t, s, n], total[s, n] / seen[s, n], expected[s, n])
    return out


def reorder_levels(model: PurchasingModel, state: PurchasingState, month: int) -> tuple[IntArray, IntArray]:
    """Reorder level s and order-up-to level S, units, dims (trial, node, item), for one month.

    With exposure E = max(1, ceil(lead time)) + review days - 1 (review follows demand), forecast D over E and
    rate d, s = ceil(D + z sqrt(dispersion D + (cv D)^2 + (d sd_L)^2)) and S = s + ceil(demand of the order
    cycle): the level for demand and lead time that both vary of Silver, Pyke and Thomas (Inventory and
    Production Management in Supply Chains, 2017, chapter 6), the forecast's own error (cv D)^2 added.
    """
    forecast = _Forecast(
        model.expected_units,
        model.month_days,
        model.primary_node,
        model.lead_mean,
        model.lead_sd,
        model.share,
    )
    rule = _Rule(model.safety_score, model.cycle_days, model.dispersion, model.forecast_cv, model.review_days)
    levels: tuple[IntArray, IntArray] = _reorder_levels(forecast, rule, state.demand, state.lead, month)
    return levels


@compiled
def _window_sum(path: FloatArray, days: FloatArray, item: int, start: float, length: float) -> float:
    """Demand of one item in [start, start + length) days from the first month of the path, spread evenly in
    months.
    """
    stop = start + length
    opened = 0.0
    total = 0.0
    last = days.size - 1
    for j in range(days.size):
        closed = opened + days[j]
        if j == last:
            closed = max(closed, stop)
        overlap = min(closed, stop) - max(opened, start)
        if overlap > 0.0:
            total += path[j, item] * overlap / days[j]
        opened = closed
        if opened >= stop:
            break
    return total


@compiled
def _lead(
    share: FloatArray, mean: FloatArray, sd: FloatArray, ratio: FloatArray, n: int, i: int
) -> tuple[float, float, float]:
    """Total share, mean and standard deviation of the lead time of an item at a node over its suppliers."""
    weight = 0.0
    first = 0.0
    second = 0.0
    for s in range(mean.shape[0]):
        w = share[n, i, s]
        if w > 0.0:
            m = mean[s, n] * ratio[s, n]
            v = sd[s, n] * ratio[s, n]
            weight += w
            first += w * m
            second += w * (v * v + m * m)
    if weight == 0.0:
        return 0.0, 0.0, 0.0
    average = first / weight
    return weight, average, math.sqrt(max(second / weight - average * average, 0.0))


@compiled
def _reorder_levels(
    forecast: _Forecast, rule: _Rule, demand_ratio: FloatArray, lead_ratio: FloatArray, month: int
) -> tuple[IntArray, IntArray]:
    """Levels s and S (trial, node, item), units."""
    trials = demand_ratio.shape[0]
    expected, primary, share = forecast.expected, forecast.primary, forecast.share
    points, months, items = expected.shape
    nodes = share.shape[0]
    reorder = np.zeros((trials, nodes, items), dtype=np.int64)
    up_to = np.zeros((trials, nodes, items), dtype=np.int64)
    ahead = min(months - month, _MONTHS_AHEAD)
    days = forecast.month_days[month : month + ahead]
    path = np.zeros((nodes, ahead, items))
    for t in range(trials):
        path[:] = 0.0
        for c in range(points):
            for j in range(ahead):
                for i in range(items):
                    path[primary[c], j, i] += demand_ratio[t, c] * expected[c, month + j, i]
        for n in range(nodes):
            for i in range(items):
                weight, average, spread = _lead(
                    share, forecast.lead_mean, forecast.lead_sd, lead_ratio[t], n, i
                )
                if weight == 0.0:
                    continue
                exposure = max(1.0, math.ceil(average)) + (rule.review - 1)
                demand = _window_sum(path[n], days, i, MID_MONTH, exposure)
                coming = _window_sum(path[n], days, i, MID_MONTH + exposure, rule.cycle)
                if demand + coming <= 0.0:
                    continue
                rate = demand / exposure
                variance = rule.dispersion * demand + (rule.cv * demand) ** 2 + (rate * spread) ** 2
                reorder[t, n, i] = math.ceil(demand + rule.score * math.sqrt(variance))
                up_to[t, n, i] = reorder[t, n, i] + math.ceil(coming)
    return reorder, up_to
