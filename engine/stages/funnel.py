"""Visitors and leads that the plan's spend tables report, as what a unit of spend brings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from engine.finance.kpis import ratio
from engine.plan.plan import Plan
from models.arrays import FloatArray

RECENT_MONTHS = 12


class Funnel(NamedTuple):
    """Visitors per unit of spend and leads per visitor of the last year, dims (market, acquisition channel);
    NaN where the plan does not give them.
    """

    visitors_per_spend: FloatArray
    leads_per_visitor: FloatArray


def funnel_of(plan: Plan) -> Funnel:
    """Funnel of the last twelve months before the forecast."""
    markets, channels = plan.market_keys, plan.acquisition_channel_keys
    shape = (len(markets), len(channels))
    sums = {name: np.zeros(shape) for name in ("amount", "visitors", "leads")}
    frame = plan.spend
    if len(frame) and "visitors" in frame.columns:
        recent = pd.to_datetime(frame["day"]) >= pd.Timestamp(plan.forecast_start) - pd.DateOffset(
            months=RECENT_MONTHS
        )
        for row in frame[recent].itertuples(index=False):
            at = markets.index(str(row.market)), channels.index(str(row.acquisition_channel))
            for name, total in sums.items():
                total[at] += float(getattr(row, name))
    visitors = np.where(sums["visitors"] > 0.0, sums["visitors"], np.nan)
    leads = np.where(sums["leads"] > 0.0, sums["leads"], np.nan)
    return Funnel(ratio(visitors, sums["amount"]), leads / visitors)
