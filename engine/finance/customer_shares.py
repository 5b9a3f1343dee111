"""Shares of customers and orders: who comes back, who matters, what is bought together. Free functions of
arrays.

A share of nothing is NaN.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.finance.kpis import ratio
from models.arrays import BoolArray, FloatArray, IntArray
from models.errors import UsageError

Mask = BoolArray

REPEAT_DAYS = (90.0, 180.0, 365.0)


class RepeatRate(NamedTuple):
    """Share of a cohort with a second order within some days of the first, by horizon."""

    rate: FloatArray
    standard_error: FloatArray
    at_risk: IntArray
    """Customers observed for the whole horizon who had not reordered before: what the figure rests on."""


def repeat_rate(
    days_to_second: FloatArray, observed: FloatArray, horizons: tuple[float, ...] = REPEAT_DAYS
) -> RepeatRate:
    """Share with a second order within each horizon, dims (horizon,), customers observed less long handled.

    ``days_to_second`` (customer,) is infinite or NaN where there is none yet, ``observed`` (customer,) the
    days from the first order to the end of observation. Kaplan and Meier's (1958) estimate with Greenwood's
    error: customers count while they are observed. Dividing by everybody understates a young cohort. NaN
    beyond the longest observation.

    Raises
    ------
    UsageError
        When the two are not of equal length or a day is negative.
    """
    second, age = np.asarray(days_to_second, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if second.shape != age.shape or second.ndim != 1 or np.any(~(age >= 0.0)) or np.any(second < 0.0):
        raise UsageError(
            "repeat_rate: days of equal length, not negative | got others | measure from first orders"
        )
    came = np.nan_to_num(second, nan=np.inf) <= age
    end = np.where(came, second, age)
    times = np.unique(end[came])
    left = end.size - np.searchsorted(np.sort(end), times, side="left")
    events = np.diff(np.concatenate([np.searchsorted(np.sort(end[came]), times, side="left"), [came.sum()]]))
    survival = np.concatenate([[1.0], np.cumprod(1.0 - events / left)])
    with np.errstate(divide="ignore"):
        terms = np.where(left > events, events / (left * np.maximum(left - events, 1.0)), 0.0)
    variance = np.concatenate([[0.0], np.cumsum(terms)])
    at = np.searchsorted(times, horizons, side="right")
    rate, error = 1.0 - survival[at], survival[at] * np.sqrt(variance[at])
    seen = np.array([bool(np.any(age >= days)) for days in horizons])
    waiting = np.array([int(np.count_nonzero(end >= days)) for days in horizons], dtype=np.int64)
    return RepeatRate(np.where(seen, rate, np.nan), np.where(seen, error, np.nan), waiting)


def top_customers(predicted_value: FloatArray, share: float = 0.1) -> Mask:
    """The best ``share`` of the customers by predicted value (customer,), at least one; of equals the first
    ones.

    Raises
    ------
    UsageError
        When a value is missing or the share is not in (0, 1].
    """
    value = np.asarray(predicted_value, dtype=np.float64)
    if value.ndim != 1 or np.isnan(value).any() or not 0.0 < share <= 1.0:
        raise UsageError("top_customers: one value a customer and a share in (0, 1] | got others | give both")
    count = int(np.ceil(share * value.size - 1e-9))
    chosen = np.zeros(value.size, dtype=bool)
    chosen[np.argsort(-value, kind="stable")[:count]] = True
    return chosen


def high_value_share(revenue: FloatArray, chosen: Mask) -> FloatArray:
    """Share of the revenue that comes from the chosen customers (repeat, subscribers, top decile), (…,
    customer).

    Revenue is net: a customer who returned everything counts as nothing.
    """
    paid = np.asarray(revenue, dtype=np.float64)
    return ratio(np.where(chosen, paid, 0.0).sum(axis=-1), paid.sum(axis=-1))


class CrossSell(NamedTuple):
    """Orders with items of at least two categories, share of all."""

    orders: FloatArray
    revenue: FloatArray


def cross_sell(
    order: npt.NDArray[Any], category: npt.NDArray[Any], revenue: FloatArray, least: int = 2
) -> CrossSell:
    """Share of orders, and of revenue, with at least ``least`` categories; one entry (line,) an order line.

    Raises
    ------
    UsageError
        When the three columns differ in length.
    """
    _, line_order = np.unique(order, return_inverse=True)
    _, line_category = np.unique(category, return_inverse=True)
    if not len(line_order) == len(line_category) == len(revenue):
        raise UsageError(
            "cross_sell: order, category and revenue of each line | lengths differ | give all three"
        )
    number = int(line_order.max()) + 1 if line_order.size else 0
    pairs = np.unique(np.stack([line_order.reshape(-1), line_category.reshape(-1)]), axis=1)
    wide = np.bincount(pairs[0], minlength=number) >= least
    value = np.bincount(
        line_order.reshape(-1), weights=np.asarray(revenue, dtype=np.float64), minlength=number
    )
    return CrossSell(
        ratio(float(wide.sum()), float(number)), ratio(float(value[wide].sum()), float(value.sum()))
    )
