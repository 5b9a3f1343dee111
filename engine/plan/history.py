"""What the ledger says of the past, by month: the actual figures that a forecast is read against."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.plan import Plan


def monthly_net_sales(plan: Plan) -> dict[str, Any]:
    """Net sales by market and month before the forecast, company currency, whole months only, oldest first.

    Order lines at their net price and the shipping charged with them less what was refunded, at the rate of
    the month's last day: by day of order, where the forecast counts the day of shipping and of return.
    """
    frame = pd.DataFrame(
        {
            "month": plan.orders["ordered_at"].dt.to_period("M"),
            "market": plan.orders["market"].astype(str),
            "currency": plan.orders["currency"].astype(str),
            "amount": plan.orders["quantity"].to_numpy(np.float64) * plan.orders["net_price"]
            + plan.orders["shipping"].where(~plan.orders["market"].isin(_free(plan)), 0.0)
            - plan.orders["refunded"],
        }
    )
    last = pd.Period(plan.config.company.actuals_through, "M")
    months = list(pd.period_range(frame["month"].min(), last)) if len(frame) else []
    if months and plan.orders["ordered_at"].min().date() > _first_day(months[0]) + dt.timedelta(days=3):
        months = months[1:]
    sums: dict[str, dict[Any, list[float]]] = {
        market: {month: [] for month in months} for market in plan.market_keys
    }
    grouped = frame.groupby(["month", "market", "currency"], sort=True)["amount"].sum()
    for (month, market, currency), amount in grouped.items():
        if market in sums and month in sums[market]:
            sums[market][month].append(float(amount) * plan.rate_on(currency, month.end_time.date()))
    return {
        "months": [str(month) for month in months],
        "net_sales": {
            market: [math.fsum(by_month[month]) for month in months] for market, by_month in sums.items()
        },
    }


def _free(plan: Plan) -> list[str]:
    """Markets in which the plan says that customers pay no shipping."""
    return [market.key for market in plan.config.markets if market.shipping_income_per_order == 0.0]


def _first_day(month: Any) -> dt.date:
    return dt.date(month.year, month.month, 1)
