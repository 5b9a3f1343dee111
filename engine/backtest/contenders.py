"""The forecasts that are compared: ours, ours without its parts, and what needs no customers at all.

Each sees the ledger up to the origin and nothing after it, and gives paths of every market and the company.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.backtest.ledger import NET_SALES, ORDERS, Ledger
from models.arrays import FloatArray
from models.calendar import MONTHS_IN_YEAR
from models.demand import DemandModel, count_month, demand_multiplier, fit_demand, units_month
from models.demand.univariate import (
    FittedSeries,
    fit_combination,
    fit_naive,
    fit_smoothing,
    sample_paths,
)
from models.errors import FitError

COMPANY = None
"""Stands for the company where a market is asked for."""
BLOCK = 64
"""Trials drawn at once."""
TWO_CYCLES = 2 * MONTHS_IN_YEAR + 2

OURS, PLAIN, CUSTOMERS = "tradewind", "no_residual", "bg_nbd"
SMOOTHED, COMBINED, LAST_YEAR, LAST = "ets", "univariate", "seasonal_naive", "last_value"

Key = tuple[str, str | None]
"""Measure and market; None is the company."""


@dataclass(frozen=True)
class Forecast:
    """Sampled paths of one contender at one origin by (measure, market), dims (trial, month), or why none.

    ``facts`` are what its fit says of itself.
    """

    paths: Mapping[Key, FloatArray]
    reason: str = ""
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Contender:
    """A forecast that takes part: its name, what it is in words, and how it is made."""

    name: str
    label: str
    make: Callable[[Ledger, int, int, int, int], Forecast]
    """(ledger, origin, months, trials, seed) -> forecast."""


def _with_demand(**changes: Any) -> Callable[[Ledger, int, int, int, int], Forecast]:
    def make(ledger: Ledger, origin: int, months: int, trials: int, seed: int) -> Forecast:
        settings = ledger.settings_at(origin, challenger=False, **changes)
        try:
            model = fit_demand(ledger.orders, ledger.spend, settings=settings)
        except FitError as error:
            return Forecast({}, str(error))
        facts = {"season": model.season.source, "season_note": model.season.note}
        return Forecast(demand_paths(ledger, model, months, trials, seed), facts=facts)

    return make


def demand_paths(
    ledger: Ledger, model: DemandModel, months: int, trials: int, seed: int
) -> dict[Key, FloatArray]:
    """Paths of a fitted demand model under no scenario, each (trial, month): number of orders or amount of
    net sales, by measure and market and summed to the company.
    """
    blocks = [
        _block(ledger, model, range(first, min(first + BLOCK, trials)), months, seed)
        for first in range(0, trials, BLOCK)
    ]
    out: dict[Key, FloatArray] = {}
    for measure in ledger.actual:
        whole = np.concatenate([block[measure] for block in blocks])
        for market in ledger.markets:
            out[measure, market] = whole[:, ledger.row(market)]
        out[measure, COMPANY] = whole.sum(axis=1)
    return out


def _block(
    ledger: Ledger, model: DemandModel, trials: range, months: int, seed: int
) -> dict[str, FloatArray]:
    """By measure, dims (trial, market, month)."""
    bank = model.draw(trials, seed, months=months, reach=1.0)
    count, channels = len(model.market_keys), len(model.sales_channel_keys)
    flat = np.ones((1, count))
    level = np.ones((len(trials), count, len(model.channel_keys), months))
    currency = [market.currency for market in ledger.settings.markets]
    price = model.base_price * np.array([ledger.rates.get(each, 1.0) for each in currency])[:, None]
    shape = (len(trials), count, months)
    out = {measure: np.zeros(shape) for measure in ledger.actual}
    for month in range(months):
        orders, _ = count_month(bank, month, demand_multiplier(bank, month, flat, flat), level)
        out[ORDERS][:, :, month] = orders.reshape(len(trials), count, channels).sum(axis=2)
        if NET_SALES in out:
            units = units_month(bank, month, orders).sum(axis=1, dtype=np.int64)
            by_market = units.reshape(len(trials), count, channels, -1).sum(axis=2)
            out[NET_SALES][:, :, month] = (by_market * price[None]).sum(axis=2)
    return out


def _with_series(
    fit: Callable[[FloatArray], FittedSeries | None], reason: str
) -> Callable[[Ledger, int, int, int, int], Forecast]:
    def make(ledger: Ledger, origin: int, months: int, trials: int, seed: int) -> Forecast:
        paths: dict[Key, FloatArray] = {}
        for measure in ledger.actual:
            for market in (*ledger.markets, COMPANY):
                fitted = fit(ledger.series(measure, market, origin))
                if fitted is None:
                    return Forecast({}, reason)
                name = f"backtest/{measure}/{'company' if market is COMPANY else market}"
                paths[measure, market] = sample_paths(
                    fitted, periods=months, trials=range(trials), seed=seed, name=name, least=0.0
                )
        return Forecast(paths)

    return make


def _last_year(y: FloatArray) -> FittedSeries | None:
    return fit_naive(y, MONTHS_IN_YEAR) if len(y) >= MONTHS_IN_YEAR else None


CONTENDERS: tuple[Contender, ...] = (
    Contender(OURS, "tradewind: customers, season, residual", _with_demand()),
    Contender(PLAIN, "tradewind without the residual layer", _with_demand(residual=False)),
    Contender(
        CUSTOMERS,
        "BG/NBD alone: no season, no residual",
        _with_demand(residual=False, season_source="none", covariance="hessian"),
    ),
    Contender(
        SMOOTHED,
        "ETS alone, each series by itself",
        _with_series(lambda y: fit_smoothing(y, MONTHS_IN_YEAR), "no month is known"),
    ),
    Contender(
        COMBINED,
        "mean of ETS, theta and naive, each series by itself",
        _with_series(lambda y: fit_combination(y, MONTHS_IN_YEAR), "no month is known"),
    ),
    Contender(
        LAST_YEAR,
        "seasonal naive: the same month last year",
        _with_series(_last_year, f"needs {MONTHS_IN_YEAR + 2} whole months before the origin"),
    ),
    Contender(
        LAST,
        "last value naive",
        _with_series(lambda y: fit_naive(y, 1), "needs 3 whole months before the origin"),
    ),
)
REFERENCES = (PLAIN, CUSTOMERS, SMOOTHED, COMBINED, LAST_YEAR, LAST)
"""What ours is held against."""
