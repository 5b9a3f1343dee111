"""Recent mean net price per market and item, in the market's currency."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.arrays import FloatArray
from models.demand.history import History
from models.demand.settings import DemandSettings, MarketSettings

WINDOWS = (3, 12, 10_000)
"""Months looked back, the shortest with sales wins."""


def base_prices(history: History, settings: DemandSettings) -> FloatArray:
    """Unit-weighted mean net price, market currency per unit, dims (market, item); the list price where an
    item never sold there.

    Lines in another currency than the market's count at today's rates; without a rate they are left out.
    """
    items = pd.Index(list(settings.items))
    out = np.full((len(settings.markets), len(items)), np.nan)
    for months in reversed(WINDOWS):
        for m, market in enumerate(settings.markets):
            frame = history.lines
            keep = (
                (frame["market"] == m)
                & (frame["month"] >= history.months - months)
                & (frame["net_price"] > 0)
            )
            factor = _factors(frame["currency"], market, settings)
            keep &= ~np.isnan(factor)
            code = items.get_indexer(pd.Index(frame["item"][keep]))
            quantity = frame["quantity"][keep].to_numpy(np.float64)
            value = quantity * frame["net_price"][keep].to_numpy(np.float64) * factor[keep]
            units = np.bincount(code[code >= 0], weights=quantity[code >= 0], minlength=len(items))
            total = np.bincount(code[code >= 0], weights=value[code >= 0], minlength=len(items))
            sold = units > 0
            out[m, sold] = total[sold] / units[sold]
    for m, market in enumerate(settings.markets):
        for i, item in enumerate(settings.items):
            if np.isnan(out[m, i]):
                out[m, i] = settings.list_price.get(item, 0.0) * market.rate
    return out


def _factors(currency: pd.Series, market: MarketSettings, settings: DemandSettings) -> FloatArray:
    """Market currency per unit of each line's currency at today's rates, NaN where no rate is known."""
    codes, distinct = pd.factorize(currency)
    known = [
        1.0
        if not market.currency or code == market.currency
        else settings.rates.get(code, np.nan) * market.rate
        for code in distinct
    ]
    return np.asarray(known, dtype=np.float64)[codes] if len(distinct) else np.empty(0)
