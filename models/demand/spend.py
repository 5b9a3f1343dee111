"""Marketing spend as demand reads it: monthly sums of the past and the plan's months ahead, company
currency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import FloatArray, IntArray
from models.demand.history import History
from models.demand.settings import EXPECTED_MONTHS, DemandSettings


@dataclass(frozen=True)
class SpendHistory:
    """``spend`` and claimed new ``customers`` (market, channel, history month); ``future`` spend (market,
    channel, forecast month).
    """

    spend: FloatArray
    customers: FloatArray
    future: FloatArray
    planned_months: int
    """Forecast segments (market, channel, month) that the spend plan names; the others repeat the same month
    of the year before.
    """


def read_spend(
    spend: pd.DataFrame | None, plan: pd.DataFrame | None, settings: DemandSettings, history: History
) -> SpendHistory:
    """Monthly spend; where the plan is silent the same month last year, whatever year it has to be repeated
    from.
    """
    shape = (len(settings.markets), len(settings.acquisition_channels))
    amount = np.zeros((*shape, history.months))
    customers = np.zeros((*shape, history.months))
    if spend is not None and len(spend):
        market, channel = _codes(spend, settings)
        month = pd.to_datetime(spend["day"]).to_numpy().astype("datetime64[M]")
        month = (month - history.first_month).astype(np.int64)
        rows = np.flatnonzero((market >= 0) & (channel >= 0) & (month >= 0) & (month < history.months))
        value = spend["amount"].to_numpy(np.float64)
        rows = rows[np.lexsort((value[rows], month[rows], channel[rows], market[rows]))]
        place = (market[rows], channel[rows], month[rows])
        np.add.at(amount, place, value[rows])
        if "new_customers" in spend.columns:
            np.add.at(customers, place, spend["new_customers"].to_numpy(np.float64)[rows])
    future = np.zeros((*shape, EXPECTED_MONTHS))
    planned = _planned(plan, settings, shape)
    for j in range(EXPECTED_MONTHS):
        last_year = history.months + j - 12
        source = (
            amount[:, :, last_year]
            if 0 <= last_year < history.months
            else _repeat(amount, future, history, j)
        )
        future[:, :, j] = np.where(np.isnan(planned[:, :, j]), source, planned[:, :, j])
    return SpendHistory(amount, customers, future, int(np.sum(~np.isnan(planned))))


def _repeat(amount: FloatArray, future: FloatArray, history: History, j: int) -> FloatArray:
    if j >= 12:
        return future[:, :, j - 12]
    recent = amount[
        :, :, max(history.months - 3, 0) :
    ]  # less than a year of history: the mean of the last months
    return recent.mean(axis=2) if recent.shape[2] else np.zeros(amount.shape[:2])


def _planned(plan: pd.DataFrame | None, settings: DemandSettings, shape: tuple[int, int]) -> FloatArray:
    planned = np.full((*shape, EXPECTED_MONTHS), np.nan)
    if plan is None or not len(plan):
        return planned
    market, channel = _codes(plan, settings)
    month = np.array([str(value)[:7] for value in plan["month"]], dtype="datetime64[M]")
    month = (month - np.datetime64(settings.start, "M")).astype(np.int64)
    inside = np.flatnonzero((market >= 0) & (channel >= 0) & (month >= 0) & (month < EXPECTED_MONTHS))
    value = plan["amount"].to_numpy(np.float64)
    inside = inside[np.lexsort((value[inside], month[inside], channel[inside], market[inside]))]
    place = (market[inside], channel[inside], month[inside])
    planned[place] = 0.0
    np.add.at(planned, place, value[inside])
    return planned


def _codes(frame: pd.DataFrame, settings: DemandSettings) -> tuple[IntArray, IntArray]:
    market = pd.Index([m.key for m in settings.markets]).get_indexer(pd.Index(frame["market"].astype(str)))
    keys = [a.key for a in settings.acquisition_channels]
    channel = pd.Index(keys, dtype=object).get_indexer(
        pd.Index(frame["acquisition_channel"].astype(str), dtype=object)
    )
    return market.astype(np.int64), channel.astype(np.int64)
