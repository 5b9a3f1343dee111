"""Base expectation in closed form: what the mean of the sampled base demand must be, by segment and month."""

from __future__ import annotations

import numpy as np

from models.arrays import FloatArray
from models.demand.cohorts import sigma_points
from models.ltv import BetaGeoNBD, Customers

_PARTS = 16
"""Points per month over which the day of the first order is averaged."""
_KNOTS = 7


def existing_orders(
    model: BetaGeoNBD, customers: Customers, clock: FloatArray, parameters: str
) -> FloatArray:
    """Expected orders of existing customers by month, shape (month,); with drawn parameters the mean over
    their law.
    """
    if len(customers) == 0:
        return np.zeros(len(clock) - 1)
    by_month = model.expected_orders_by_month(customers, clock)
    if parameters == "fitted":
        return by_month
    knots = np.unique(np.linspace(0, len(clock) - 1, _KNOTS).astype(np.int64))
    points = sigma_points(model)
    reached = np.zeros(len(knots) - 1)
    for point in points:
        reached += np.cumsum(point.expected_orders_by_month(customers, clock[knots])) / len(points)
    total = np.cumsum(by_month)
    ratio = reached / np.maximum(total[knots[1:] - 1], 1e-300)
    # the ratio of the totals is smooth in time: it starts at the ratio of the first stretch
    smooth = np.interp(np.arange(1, len(clock)), knots[1:], ratio)
    return np.diff(np.concatenate([[0.0], total * smooth]))


def later_orders(model: BetaGeoNBD, clock: FloatArray, parameters: str) -> FloatArray:
    """Expected repeat orders in each month of one customer won in each month, dims (cohort, month), shape (H,
    H).
    """
    months = len(clock) - 1
    share = (np.arange(_PARTS) + 0.5) / _PARTS
    start = clock[:-1, None] + share[None, :] * np.diff(clock)[:, None]
    elapsed = np.maximum(clock[None, None, :] - start[:, :, None], 0.0)
    longest = float(elapsed.max())
    grid = np.linspace(0.0, 1.0, 600) ** 2 * longest
    points = sigma_points(model) if parameters == "draw" else [model]
    table = np.zeros(len(grid))
    for point in points:
        table += point.expected_orders_new(grid) / len(points)
    reached = np.interp(elapsed, grid, table).mean(axis=1)
    return np.asarray(np.diff(reached, axis=1).reshape(months, months))
