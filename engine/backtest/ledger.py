"""A ledger as a backtest reads it: what was known at an origin, and what then happened, by market."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from models.arrays import FloatArray
from models.demand import DemandSettings
from models.demand.history import History, read_history
from models.errors import UsageError

ORDERS, NET_SALES = "orders", "net_sales"
LEAST_HISTORY = 6
"""Months of orders an origin must have behind it."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """Orders and spend of a company with what its plan says of demand; nothing after its last closed day."""

    orders: pd.DataFrame = field(repr=False)
    spend: pd.DataFrame = field(repr=False)
    settings: DemandSettings
    history: History = field(repr=False)
    rates: Mapping[str, float]
    """Company currency per unit of each currency, one rate for all months."""
    currency: str
    actual: Mapping[str, FloatArray] = field(repr=False)
    """By measure: what happened, dims (market, history month)."""

    @classmethod
    def of(
        cls,
        orders: pd.DataFrame,
        spend: pd.DataFrame | None,
        settings: DemandSettings,
        *,
        rates: Mapping[str, float] | None = None,
        currency: str = "",
    ) -> Ledger:
        """Ledger of canonical tables (one row per order line; spend may be None)."""
        history = read_history(orders, settings)
        known = dict(rates or {})
        shape = (len(settings.markets), history.months)
        counts = np.zeros(shape)
        heads = history.orders
        np.add.at(counts, (heads["market"].to_numpy(np.int64), heads["month"].to_numpy(np.int64)), 1.0)
        lines = history.lines
        rate = np.array([known.get(str(each), 1.0) for each in lines["currency"]])
        value = lines["quantity"].to_numpy(np.float64) * lines["net_price"].to_numpy(np.float64) * rate
        sales = np.zeros(shape)
        np.add.at(sales, (lines["market"].to_numpy(np.int64), lines["month"].to_numpy(np.int64)), value)
        actual = {ORDERS: counts} | ({NET_SALES: sales} if math.fsum(value) > 0.0 else {})
        table = pd.DataFrame({"day": [], "market": [], "acquisition_channel": [], "amount": []})
        return cls(orders, table if spend is None else spend, settings, history, known, currency, actual)

    @property
    def markets(self) -> tuple[str, ...]:
        """Markets with an order, in key order."""
        sold = self.actual[ORDERS].sum(axis=1) > 0.0
        return tuple(m.key for m, some in zip(self.settings.markets, sold, strict=True) if some)

    @property
    def whole_months(self) -> int:
        """Months that the ledger covers in full."""
        return self.history.complete_months

    def month(self, position: int) -> dt.date:
        """First day of a history month; ``history.months`` is the first open one."""
        first: dt.date = (self.history.first_month + position).astype("datetime64[D]").astype(object)
        return first

    def row(self, market: str) -> int:
        """Position of a market in the settings."""
        return [m.key for m in self.settings.markets].index(market)

    def series(self, measure: str, market: str | None, origin: int) -> FloatArray:
        """What was known of a series at an origin, whole months only (month,); None is the company."""
        known = self.actual[measure][:, self.history.complete_from : origin]
        return np.asarray(known.sum(axis=0) if market is None else known[self.row(market)])

    def settings_at(self, origin: int, **changes: object) -> DemandSettings:
        """The settings as they stood at an origin."""
        closed = self.month(origin) - dt.timedelta(days=1)
        return replace(self.settings, actuals_through=closed, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Origins:
    """Months at whose beginning forecasts are made, and how far they look."""

    positions: tuple[int, ...]
    months: int
    step: int
    asked: int

    @property
    def overlap(self) -> bool:
        """Whether the windows of neighbouring origins share months."""
        return len(self.positions) > 1 and self.step < self.months


def choose_origins(ledger: Ledger, count: int, months: int) -> Origins:
    """The latest origins whose ``months`` are all known, evenly apart, at most one window apart."""
    if count < 1 or months < 1:
        raise UsageError(f"origins, months: at least 1 | got {count}, {months}")
    latest = ledger.history.months - months
    earliest = ledger.history.complete_from + LEAST_HISTORY
    if latest < earliest:
        room = ledger.history.months - earliest
        raise UsageError(
            f"--months: the ledger has {ledger.whole_months} whole months and an origin needs "
            f"{LEAST_HISTORY} before it | got {months} | "
            + (f"at most {room} would do" if room > 0 else "a longer ledger would do")
        )
    step = max(1, min(months, (latest - earliest) // (count - 1) if count > 1 else months))
    positions = [latest - step * k for k in range(count) if latest - step * k >= earliest]
    return Origins(tuple(sorted(positions)), months, step, count)
