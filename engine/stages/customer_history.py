"""What the order history says of customers, with intervals, to hold the simulated figures against: who comes
back, what is bought together, whom the revenue comes from.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from engine.finance.customer_shares import REPEAT_DAYS, repeat_rate
from engine.plan.plan import Plan
from models.arrays import BoolArray, FloatArray, IntArray
from models.demand import DemandModel
from models.demand.history import FIRST_MONTHS

SCORE = 1.959963984540054
"""Of the 95% intervals."""
RECENT_MONTHS = 12
COMPANY = "all"


@dataclass(frozen=True)
class _Lines:
    """Order lines before the forecast, as numbers: ``customer`` is -1 where it is not known, ``day`` counts
    to the first forecast day, ``revenue`` is net of refunds in company currency.
    """

    market: IntArray
    customer: IntArray
    day: IntArray
    order: IntArray
    category: IntArray
    revenue: FloatArray
    best: FloatArray

    def where(self, chosen: BoolArray) -> _Lines:
        """Some of the lines."""
        return _Lines(*(getattr(self, field.name)[chosen] for field in fields(self)))


def customer_history(plan: Plan, demand: DemandModel) -> dict[str, Any]:
    """Repeat rate, cross-sell and the share of the best tenth by market and for the company, plain data.

    ``value`` ± ``half_width`` (95%): Greenwood's error for the repeat rate, that of a ratio of sums for the
    shares. Orders of one customer on one day are one order, as in the demand model.
    """
    lines = _lines(plan, demand)
    groups = {key: lines.where(lines.market == m) for m, key in enumerate(plan.market_keys)}
    return {name: _of(part, plan) for name, part in (groups | {COMPANY: lines}).items()}


def _lines(plan: Plan, demand: DemandModel) -> _Lines:
    start = np.datetime64(plan.forecast_start, "D")
    orders = plan.orders[(plan.orders["ordered_at"] < start) & (plan.orders["quantity"] > 0)]
    known = {channel.key for channel in plan.config.sales_channels if channel.customer_known}
    named = orders["sales_channel"].isin(known) & (orders["customer_key"].fillna("") != "")
    code, keys = pd.factorize(orders["customer_key"].where(named), sort=True)
    day = (orders["ordered_at"].to_numpy().astype("datetime64[D]") - start).astype(np.int64)
    number = pd.factorize(orders["order_id"])[0]
    # a customer's orders of one day are one; the others are apart, below zero
    order = np.where(code >= 0, code * (np.abs(day).max(initial=0) + 1) - day, -1 - number)
    best = {
        key
        for customers, chosen in zip(demand.customers, demand.best_customers, strict=True)
        for key, is_best in zip(customers.key or (), chosen, strict=False)
        if is_best
    }
    is_best = np.array([*(key in best for key in keys), False], dtype=np.float64)
    category = dict(zip(plan.item_keys, plan.items["category"].astype(str), strict=True))
    rate = orders["currency"].map(plan.base_rates).to_numpy(dtype=np.float64)
    paid = orders["quantity"].to_numpy(np.float64) * orders["net_price"].to_numpy(np.float64)
    return _Lines(
        market=pd.Index(plan.market_keys).get_indexer(orders["market"]).astype(np.int64),
        customer=code.astype(np.int64),
        day=day,
        order=order.astype(np.int64),
        category=pd.factorize(orders["item"].map(category), sort=True)[0].astype(np.int64),
        revenue=(paid - orders["refunded"].to_numpy(np.float64)) * rate,
        best=is_best[code],
    )


def _of(lines: _Lines, plan: Plan) -> dict[str, Any]:
    first = np.datetime64(plan.forecast_start, "M") - RECENT_MONTHS
    since = (first.astype("datetime64[D]") - np.datetime64(plan.forecast_start, "D")).astype(np.int64)
    recent = lines.where(lines.day >= since)
    _, at = np.unique(recent.order, return_inverse=True)
    count = int(at.max(initial=-1)) + 1
    pairs = np.unique(np.stack([at, recent.category]), axis=1)
    wide = (np.bincount(pairs[0], minlength=count) >= 2).astype(np.float64)
    paid = np.bincount(at, weights=recent.revenue, minlength=count).astype(np.float64)
    _, owner = np.unique(
        np.where(recent.customer >= 0, recent.customer, np.minimum(recent.order, -1)), return_inverse=True
    )
    value, best = (
        np.bincount(owner, weights=each).astype(np.float64)
        for each in (recent.revenue, recent.revenue * recent.best)
    )
    return {
        "repeat_rate": _repeat(lines, plan),
        "cross_sell_orders": _share(wide, np.ones(count)),
        "cross_sell_revenue": _share(wide * paid, paid),
        "best_tenth_revenue": _share(best, value),
    }


def _repeat(lines: _Lines, plan: Plan) -> dict[str, Any]:
    """By days: rate, half-width, and customers observed for so long who had not come back before."""
    named = lines.where(lines.customer >= 0)
    customer, day = np.unique(np.stack([named.customer, named.day]), axis=1)
    start = np.flatnonzero(np.diff(customer, prepend=-1))
    second = np.full(len(start), np.inf)
    again = np.flatnonzero(np.diff(start, append=len(customer)) > 1)
    second[again] = day[start[again] + 1] - day[start[again]]
    # the first months of a ledger show old customers as new
    began = plan.forecast_start + dt.timedelta(days=int(lines.day.min(initial=0)))
    learned = np.datetime64(began, "M") + FIRST_MONTHS
    new = day[start] >= (learned - np.datetime64(plan.forecast_start, "D")).astype(np.int64)
    found = repeat_rate(second[new], -1.0 - day[start][new])
    return {
        f"{days:g}": {
            "value": _number(found.rate[k]),
            "half_width": _number(SCORE * found.standard_error[k]),
            "at_risk": int(found.at_risk[k]),
        }
        for k, days in enumerate(REPEAT_DAYS)
    }


def _share(part: FloatArray, whole: FloatArray) -> dict[str, float | None]:
    """Ratio of sums with the half-width of its 95% interval, the members drawn apart (Cochran 1977, 6.3)."""
    below = math.fsum(whole)
    if below <= 0.0:
        return {"value": None, "half_width": None}
    share = math.fsum(part) / below
    error = math.sqrt(math.fsum((part - share * whole) ** 2)) / below
    return {"value": share, "half_width": SCORE * error}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
