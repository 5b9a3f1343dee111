"""Truth tests of demand: companies generated event by event by code that shares nothing with the models.

Parameters: without residual and season the estimates scatter around the truth as their standard errors say.
Bands: with both, what really happened next lies in the forecast as often as the forecast says.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from engine.demo.clock import Clock
from engine.demo.company import (
    ACQUISITION,
    ACTUALS_THROUGH,
    CHANNELS,
    HISTORY_DAYS,
    MARKETS,
    START,
    Company,
)
from engine.demo.customers import acquire, monthly_spend
from engine.demo.spend import spend_table
from models.arrays import FloatArray, IntArray
from models.demand import (
    AcquisitionSettings,
    DemandSettings,
    MarketSettings,
    Prior,
    SalesChannelSettings,
    count_month,
    demand_multiplier,
    fit_demand,
)
from tests.demo_orders import generate_orders
from tests.verify.registry import Row

NAMES = ("r", "alpha", "a", "b")
PARAMETER_SEEDS = range(20)
BAND_SEEDS = range(1000, 1060)
BAND_TRIALS = 256
BAND_SCALE = 0.15
"""Size of the companies of the bands, in demo companies: about 1,800 customers each."""
RMS = (0.6, 1.5)
FAR_SHARE = 0.02
BAND_RMS = (0.77, 1.23)
BAND_MEAN = 0.33
BAND_HITS = (40, 55)


def settings(items: tuple[str, ...], **changes: object) -> DemandSettings:
    """What the plan of the demo company says about demand."""
    values: dict[str, Any] = {
        "actuals_through": ACTUALS_THROUGH,
        "markets": tuple(
            MarketSettings(m.key, m.currency, Prior(-2.0, 0.5, "demo plan"), rate=m.per_base) for m in MARKETS
        ),
        "sales_channels": tuple(SalesChannelSettings(key, key == "shop") for key in CHANNELS),
        "acquisition_channels": tuple(
            AcquisitionSettings(key, "shop", Prior(0.7, 0.2, "demo plan")) for key in ACQUISITION
        ),
        "items": items,
        "list_price": dict.fromkeys(items, 30.0),
    }
    return DemandSettings(**(values | changes))


def history_of(
    seed: int, *, residual: bool, season: bool, scale: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Orders of the history, orders of the continuation, spend of the history."""
    past, future = generate_orders(seed, residual=residual, season=season, customers_scale=scale)
    company = Company.of("demo", scale)
    clock = Clock.of(company, seed, residual=residual, season=season)
    plan = monthly_spend(company, seed)
    spend = spend_table(clock, plan, acquire(company, clock, seed, plan))
    spend = spend[spend["day"] < HISTORY_DAYS]
    day = pd.Timestamp(START) + pd.to_timedelta(spend["day"], unit="D")
    return past, future, spend.assign(day=day)


def parameter_scores(task: tuple[int, bool]) -> dict[str, list[tuple[float, float]]]:
    """Per market and parameter: (log estimate - log truth) over the plain and over the used error."""
    seed, noisy = task
    past, _, spend = history_of(seed, residual=noisy, season=noisy, scale=1.0)
    items = tuple(sorted(set(past["item"])))
    model = fit_demand(
        past,
        spend,
        settings=settings(items, residual=noisy, season_source="history" if noisy else "none"),
    )
    found = {}
    for market in MARKETS:
        fit = model.fits[model.segment_keys.index(f"{market.key}/shop")]
        customers = model.customers[model.segment_keys.index(f"{market.key}/shop")]
        plain = type(fit).fit(customers)
        error = fit.log_parameters - np.log([getattr(market, name) for name in NAMES])
        found[market.key] = [
            (float(e / math.sqrt(p)), float(e / math.sqrt(c)))
            for e, p, c in zip(error, np.diag(plain.covariance), np.diag(fit.covariance), strict=True)
        ]
    return found


def band_scores(seed: int) -> list[tuple[float, float, bool]]:
    """Per year: normal score of the PIT of company orders, actual over mean, whether 80% holds."""
    past, future, spend = history_of(seed, residual=True, season=True, scale=BAND_SCALE)
    items = tuple(sorted(set(past["item"]) | set(future["item"])))
    model = fit_demand(past, spend, settings=settings(items))
    bank = model.draw(range(BAND_TRIALS), seed, months=24, reach=1.0)
    flat = np.ones((1, len(model.market_keys)))
    level = np.ones((BAND_TRIALS, len(model.market_keys), len(model.channel_keys), 24))
    drawn = np.stack(
        [
            count_month(bank, j, demand_multiplier(bank, j, flat, flat), level)[0].sum(axis=1)
            for j in range(24)
        ],
        axis=1,
    )
    actual = actual_by_month(future)
    rng = np.random.default_rng([seed, 9])
    rows = []
    for year in (0, 1):
        months = slice(12 * year, 12 * year + 12)
        sampled, true = drawn[:, months].sum(axis=1), int(actual[months].sum())
        below, ties = int((sampled < true).sum()), int((sampled == true).sum())
        rank = (below + rng.random() * (ties + 1)) / (BAND_TRIALS + 1)
        low, high = np.quantile(sampled, [0.1, 0.9])
        rows.append((float(norm.ppf(rank)), float(true / sampled.mean()), bool(low <= true <= high)))
    return rows


def actual_by_month(orders: pd.DataFrame) -> IntArray:
    """Orders of the continuation by month; a customer's orders of one day are one, as the models count."""
    day = orders["ordered_at"].dt.normalize()
    anonymous = orders["customer_key"] == ""
    who = orders["order_id"].where(anonymous, orders["customer_key"] + "|" + orders["market"])
    once = pd.DataFrame({"who": who, "day": day}).drop_duplicates()
    first = pd.Timestamp(ACTUALS_THROUGH) + pd.Timedelta(days=1)
    month = (once["day"].dt.year - first.year) * 12 + once["day"].dt.month - first.month
    return np.bincount(month.to_numpy(np.int64), minlength=24)[:24]


def pooled(call: Any, tasks: Any) -> list[Any]:
    """The results in order, from a process per core."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(call, tasks))


def parameter_rows() -> Iterator[Row]:
    """rms z of every parameter: quiet companies must hold, noisy ones are shown with both errors."""
    quiet = pooled(parameter_scores, [(seed, False) for seed in PARAMETER_SEEDS])
    everything = []
    for k, name in enumerate(NAMES):
        z = np.array([[seed[market.key][k][0] for market in MARKETS] for seed in quiet])
        everything.append(z)
        for m, market in enumerate(MARKETS):
            yield _rms_row(f"quiet: rms z of ln {name}, {market.key}", z[:, m])
        yield _rms_row(f"quiet: rms z of ln {name}, all markets", z.ravel())
    far = float(np.mean(np.abs(np.stack(everything)) > 3.0))
    yield Row("quiet: share of |z| > 3", "0", f"{far:.4f}", f"<= {FAR_SHARE}", far <= FAR_SHARE)
    noisy = pooled(parameter_scores, [(seed, True) for seed in PARAMETER_SEEDS])
    for k, name in enumerate(NAMES):
        both = np.array([[seed[market.key][k] for market in MARKETS] for seed in noisy])
        plain, clustered = np.sqrt((both**2).mean(axis=(0, 1)))
        yield Row(
            f"season and residual: rms z of ln {name}, clustered (plain)",
            "1",
            f"{clustered:.2f} ({plain:.2f})",
            "clustered < plain",
            bool(clustered < plain),
        )


def _rms_row(check: str, z: FloatArray) -> Row:
    rms = float(np.sqrt(np.mean(z**2)))
    return Row(check, "1", f"{rms:.2f}", f"{RMS[0]} to {RMS[1]}", RMS[0] <= rms <= RMS[1])


@cache
def _bands() -> list[list[tuple[float, float, bool]]]:
    return pooled(band_scores, BAND_SEEDS)


def band_rows() -> Iterator[Row]:
    """PIT of what really happened next, year 1 and year 2, and how often the 80% interval held."""
    found = _bands()
    for year in (0, 1):
        z = np.array([seed[year][0] for seed in found])
        ratio = np.array([seed[year][1] for seed in found])
        rms, mean = float(np.sqrt(np.mean(z**2))), float(z.mean())
        held = sum(seed[year][2] for seed in found)
        name = f"year {year + 1}: company orders,"
        low, high = BAND_RMS
        yield Row(
            f"{name} rms of normal-score PIT", "1", f"{rms:.3f}", f"{low} to {high}", low <= rms <= high
        )
        yield Row(
            f"{name} mean of normal-score PIT", "0", f"{mean:.3f}", f"+-{BAND_MEAN}", abs(mean) <= BAND_MEAN
        )
        fewest, most = BAND_HITS
        yield Row(
            f"{name} 80% interval holds in {len(found)}",
            "48",
            str(held),
            f"{fewest} to {most}",
            fewest <= held <= most,
        )
        yield Row(
            f"{name} actual over mean (shown only)",
            "1",
            f"{ratio.mean():.3f} sd {ratio.std():.3f}",
            "none",
            True,
        )
