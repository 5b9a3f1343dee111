"""What customers pay for shipping, per order and segment, from the plan or from its order history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.plan.plan import Plan
from models.arrays import FloatArray

FITTED_OVER_DAYS = 365
"""Days before the forecast over which shipping charged is fitted: a year holds one of each season."""
FEWEST_ORDERS = 30
"""Orders of a segment below which its market's mean is taken."""


def shipping_per_order(plan: Plan) -> FloatArray:
    """Shipping that a customer pays with an order, net of tax, market currency, dims (segment,).

    What the plan says for the market; where it says nothing, shipping charged over orders placed in the last
    365 days of the history: of the segment, of the market where it has fewer than 30, zero without orders.
    """
    means = _means(plan)
    rates = plan.base_rates
    fitted = []
    for market in plan.config.markets:
        for channel in plan.config.sales_channels:
            if market.shipping_income_per_order is not None:
                fitted.append(market.shipping_income_per_order)
                continue
            own, count = means.get((market.key, channel.key), (0.0, 0))
            amount = own if count >= FEWEST_ORDERS else means.get((market.key, ""), (0.0, 0))[0]
            fitted.append(amount / rates[market.currency])
    return np.array(fitted, dtype=np.float64)


def _means(plan: Plan) -> dict[tuple[str, str], tuple[float, int]]:
    """Mean shipping of an order (company currency) and orders, by market and sales channel; '' is all."""
    orders = plan.orders
    last = pd.Timestamp(plan.config.company.actuals_through) + pd.Timedelta(days=1)
    recent = orders[
        (orders["ordered_at"] >= last - pd.Timedelta(days=FITTED_OVER_DAYS)) & (orders["ordered_at"] < last)
    ]
    rate = recent["currency"].map(lambda code: plan.base_rates.get(code, 1.0)).astype(float)
    frame = recent.assign(base=recent["shipping"].to_numpy(np.float64) * rate.to_numpy())
    found: dict[tuple[str, str], tuple[float, int]] = {}
    for market, own in frame.groupby("market", sort=True, observed=True):
        found[str(market), ""] = _mean(own)
        for channel, part in own.groupby("sales_channel", sort=True, observed=True):
            found[str(market), str(channel)] = _mean(part)
    return found


def _mean(own: pd.DataFrame) -> tuple[float, int]:
    count = int(own["order_id"].nunique())
    return float(own["base"].sum()) / count, count
