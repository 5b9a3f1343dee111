"""The order history as demand reads it: one row per order, sorted by stable keys, months counted to the first
open day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import BoolArray, FloatArray, IntArray
from models.demand.settings import DemandSettings

_FULL_MONTH_DAYS = 3
"""A month counts as complete when its first order falls within so many days of its beginning."""


FIRST_MONTHS = 3
"""First months of a ledger that say nothing of new customers: whoever orders then may be an old one."""
_KEPT_MONTHS = 9
"""Months that are kept however short the ledger is."""


@dataclass(frozen=True)
class History:
    """Orders (a known customer's order days) and lines up to ``actuals_through``; ``month`` counts from
    ``first_month``, ``day`` from the first forecast day.

    ``orders`` has columns customer ("" if unknown), segment, market, day, month; ``lines`` has order,
    segment, market, item, quantity, net_price, month, currency. Both are sorted, so that no sum depends on
    the order of the file.
    """

    orders: pd.DataFrame
    lines: pd.DataFrame
    first_month: np.datetime64
    months: int
    """Months from ``first_month`` to the last closed month."""
    complete_from: int
    """First month that the ledger covers from its beginning."""

    @property
    def complete_months(self) -> int:
        """Number of months covered in full."""
        return self.months - self.complete_from

    @property
    def learning_months(self) -> int:
        """First months that show old customers as new, where the ledger begins in the middle of the company's
        life.
        """
        return min(FIRST_MONTHS, max(self.months - _KEPT_MONTHS, 0))

    def month_of_year(self) -> IntArray:
        """Calendar month of each history month, January 0, shape (month,)."""
        first = int(self.first_month.astype("datetime64[M]").astype(np.int64))
        return np.asarray((first + np.arange(self.months)) % 12)

    def month_start(self) -> IntArray:
        """Day offsets (day 0 is the first forecast day) of the month starts, shape (month + 1,); the last is
        0.
        """
        starts = (self.first_month + np.arange(self.months + 1)).astype("datetime64[D]")
        return np.asarray((starts - starts[-1]).astype(np.int64))


def read_history(orders: pd.DataFrame, settings: DemandSettings) -> History:
    """History of the orders table (one row per line); rows after the last closed day are left out."""
    start = np.datetime64(settings.start, "D")
    frame = _sorted_lines(orders, settings, start)
    segments = {key: i for i, key in enumerate(settings.segments)}
    markets = {market.key: i for i, market in enumerate(settings.markets)}
    frame["segment"] = [
        segments[f"{m}/{c}"] for m, c in zip(frame["market"], frame["sales_channel"], strict=True)
    ]
    frame["market"] = [markets[m] for m in frame["market"]]
    known = {c.key for c in settings.sales_channels if c.customer_known}
    frame["customer"] = frame["customer_key"].where(frame["sales_channel"].isin(known), "")
    last = start.astype("datetime64[M]")
    first = frame["ordered_at"].min() if len(frame) else pd.Timestamp(start)
    first_month = min(np.datetime64(first, "M"), last - 1)
    months = int((last - first_month).astype(np.int64))
    days = frame["ordered_at"].to_numpy().astype("datetime64[D]")
    frame["day"] = (days - start).astype(np.int64)
    frame["month"] = (days.astype("datetime64[M]") - first_month).astype(np.int64)
    # a customer's orders of one day are one order, as in the customer model; its lines stay, so units are
    # kept
    named = frame["customer"] != ""
    frame["basket"] = ("c|" + frame["customer"]).where(named, "o|" + frame["order_id"])
    frame["order"] = frame.groupby(["segment", "day", "basket"], sort=True).ngroup().to_numpy()
    frame = frame.sort_values("order", kind="stable")
    head = frame.drop_duplicates("order")
    heads = head[["customer", "segment", "market", "day", "month"]].reset_index(drop=True)
    lines = frame[["order", "segment", "market", "item", "quantity", "net_price", "month", "currency"]]
    whole = len(frame) > 0 and int(days.min().astype(object).day) <= _FULL_MONTH_DAYS
    return History(heads, lines.reset_index(drop=True), first_month, months, 0 if whole else min(1, months))


def _sorted_lines(orders: pd.DataFrame, settings: DemandSettings, start: np.datetime64) -> pd.DataFrame:
    columns = [
        "order_id",
        "customer_key",
        "ordered_at",
        "market",
        "sales_channel",
        "currency",
        "item",
        "quantity",
        "net_price",
    ]
    frame = orders[columns].copy()
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    for name in ("order_id", "customer_key", "market", "sales_channel", "currency", "item"):
        frame[name] = frame[name].fillna("").astype(str).astype(object)
    inside = (frame["ordered_at"] < pd.Timestamp(start)) & (frame["quantity"] > 0)
    inside &= frame["market"].isin([m.key for m in settings.markets])
    inside &= frame["sales_channel"].isin([c.key for c in settings.sales_channels])
    frame = frame[inside]
    by = [
        "market",
        "sales_channel",
        "ordered_at",
        "order_id",
        "customer_key",
        "item",
        "quantity",
        "net_price",
        "currency",
    ]
    return frame.sort_values(by, kind="stable").reset_index(drop=True)


def monthly_counts(history: History, segments: int, selected: BoolArray) -> FloatArray:
    """Orders per segment and history month among the selected orders, shape (segment, month)."""
    chosen = history.orders[selected]
    out = np.zeros((segments, history.months))
    np.add.at(out, (chosen["segment"].to_numpy(np.int64), chosen["month"].to_numpy(np.int64)), 1.0)
    return out
