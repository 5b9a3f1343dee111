"""Where new customers come from: acquisition channels tied to the ledger, and those nobody claims."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.demand.acquisition import Response, fit_response
from models.demand.anonymous import SOURCES, CountForecast, fit_counts
from models.demand.cohorts import OrderDays
from models.demand.history import History
from models.demand.model import Streams
from models.demand.residual import Residual
from models.demand.settings import EXPECTED_MONTHS, DemandSettings
from models.demand.spend import SpendHistory
from models.demand.timeline import Timeline, firsts

RECENT = 12
"""Months over which claims are tied to the ledger and organic customers are counted."""
CLAIM_CAP = 0.8
"""Largest share of the orders without customer key that claimed new customers may explain."""


@dataclass(frozen=True)
class NewCustomers:
    """New customers: responses per (market, channel), organic counts per segment, and what is left of the
    anonymous counts.
    """

    response: list[list[Response]]
    scale: FloatArray
    """Share of the claimed new customers that the ledger confirms, dims (market, acquisition channel)."""
    organic: list[CountForecast]
    organic_counts: FloatArray
    """Dims (segment, month)."""
    unclaimed: FloatArray


def new_customers(
    settings: DemandSettings,
    history: History,
    time: Timeline,
    table: SpendHistory,
    days: list[OrderDays],
    guest: FloatArray,
) -> NewCustomers:
    """Responses, organic customers and the anonymous orders nobody claims, from spend and the ledger's first
    orders.

    ``guest`` (segment, month) is the number of orders without customer. Claims of the last twelve months are
    scaled down to the first orders seen; first orders above the claims are organic (without claims those of
    the whole ledger). The first months of a ledger show old customers as new and are no evidence of either. A
    channel whose customers stay unknown explains at most ``CLAIM_CAP`` of their orders.
    """
    markets, channels = len(settings.markets), settings.sales_channels
    first_orders = firsts(days, history)
    learning = history.learning_months
    recent = slice(max(history.months - RECENT, history.complete_from, learning), history.months)
    scale = np.zeros((markets, len(settings.acquisition_channels)))
    claimed = table.customers.copy()
    organic_counts = np.zeros_like(first_orders)
    for m in range(markets):
        for s, channel in enumerate(channels):
            segment = m * len(channels) + s
            mine = [q for q, a in enumerate(settings.acquisition_channels) if a.sales_channel == channel.key]
            seen = first_orders[segment] if channel.customer_known else CLAIM_CAP * guest[segment]
            _share_silent(claimed, table.spend, m, mine, seen, learning if channel.customer_known else 0)
            total = claimed[m, mine].sum(axis=0) if mine else np.zeros(history.months)
            claim = float(total[recent].sum())
            share = min(float(seen[recent].sum()) / claim, 1.0) if claim > 0.0 else 0.0
            scale[m, mine] = share
            if channel.customer_known:
                told = recent if claim > 0.0 else slice(max(history.complete_from, learning), history.months)
                organic_counts[segment, told] = np.maximum(seen - share * total, 0.0)[told]
    response = [
        [
            fit_response(table.spend[m, q], scale[m, q] * claimed[m, q], time.past_factor, entry.response)
            for q, entry in enumerate(settings.acquisition_channels)
        ]
        for m in range(markets)
    ]
    unclaimed = guest.copy()
    for m in range(markets):
        for q, entry in enumerate(settings.acquisition_channels):
            s = [channel.key for channel in channels].index(entry.sales_channel)
            if not channels[s].customer_known:
                segment = m * len(channels) + s
                unclaimed[segment] = np.maximum(unclaimed[segment] - response[m][q].fitted, 0.0)
    organic = [fit_counts(row, time.partly()) for row in organic_counts]
    return NewCustomers(response, scale, organic, organic_counts, unclaimed)


def with_shocks(
    settings: DemandSettings, time: Timeline, table: SpendHistory, won: NewCustomers, residual: Residual
) -> NewCustomers:
    """The same estimates with the errors that they have if the months were moved as the residual says."""
    months, channels = table.spend.shape[2], len(settings.sales_channels)
    shocks = [residual.shocks(m, months) for m in range(len(settings.markets))]
    response = [
        [
            fit_response(table.spend[m, q], known.actual, time.past_factor, known.prior, shocks[m])
            for q, known in enumerate(row)
        ]
        for m, row in enumerate(won.response)
    ]
    organic = [
        fit_counts(row, time.partly(), shocks[c // channels]) for c, row in enumerate(won.organic_counts)
    ]
    return replace(won, response=response, organic=organic)


def _share_silent(
    claimed: FloatArray, spend: FloatArray, market: int, channels: list[int], seen: FloatArray, learning: int
) -> None:
    """Where no platform reports new customers, share by spend the first orders after ``learning`` months."""
    if channels and claimed[market, channels].sum() == 0.0:
        total = spend[market, channels].sum(axis=0)
        for q in channels:
            share = np.divide(spend[market, q], total, out=np.zeros_like(total), where=total > 0)
            claimed[market, q] = np.where(np.arange(len(seen)) < learning, 0.0, seen * share)


def streams_of(settings: DemandSettings, time: Timeline, table: SpendHistory, won: NewCustomers) -> Streams:
    """Streams of new customers with their expectation ahead, in (market, acquisition channels, organic by
    sales channel) order.
    """
    rows: list[dict[str, Any]] = []
    zero = np.zeros((SOURCES, EXPECTED_MONTHS))
    per_market = len(settings.sales_channels)
    channel_keys = [channel.key for channel in settings.sales_channels]
    for m, market in enumerate(settings.markets):
        for q, entry in enumerate(settings.acquisition_channels):
            response = won.response[m][q]
            rows.append(
                {
                    "name": f"{market.key}/{entry.key}",
                    "segment": m * per_market + channel_keys.index(entry.sales_channel),
                    "channel": q,
                    "reach": settings.acquisition_envelope,
                    "beta": response.beta,
                    "beta_sd": response.beta_sd,
                    "log_sd": response.log_sd,
                    "mean": response.expected(table.future[m, q], time.factor),
                    "load": zero,
                }
            )
        for s, channel in enumerate(settings.sales_channels):
            organic = won.organic[m * per_market + s]
            rows.append(
                {
                    "name": f"{market.key}/{channel.key}/organic",
                    "segment": m * per_market + s,
                    "channel": -1,
                    "reach": 1.0,
                    "beta": 0.0,
                    "beta_sd": 0.0,
                    "log_sd": 0.0,
                    "mean": organic.mean,
                    "load": organic.load,
                }
            )
    whole = ("segment", "channel")
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows], dtype=np.int64 if name in whole else np.float64)
        for name in rows[0]
        if name != "name"
    }
    return Streams(name=tuple(row["name"] for row in rows), **columns)
