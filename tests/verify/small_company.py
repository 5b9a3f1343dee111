"""A small company generated event by event with numpy alone: the truth of ``generated_companies``.

One market, about 2,000 customers, no spend. What differs from company to company is drawn once: how
customers behave, how strong the season is and how far new customers follow it, how rough the months are and
for how long, whether the company grows, how long it has existed. Nothing here imports ``models``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import FloatArray, IntArray

CUSTOMERS = 2_000
AHEAD = 12
"""Months that are simulated after the history: what a forecast is held against."""
FIRST_MONTHS = (24, 48)
"""Fewest and most months of history."""


@dataclass(frozen=True)
class Truth:
    """What was drawn for one company; times in days."""

    r: float
    alpha: float
    a: float
    b: float
    months: int
    season: FloatArray
    """By calendar month, January first, mean one."""
    follows: float
    """Power of the season that new customers follow."""
    shock_sd: float
    persistence: float
    growth: float
    """Of the number of new customers, a month, on the log scale."""


@dataclass(frozen=True)
class SmallCompany:
    """Its ledger up to the last closed day and the orders of the months after it."""

    truth: Truth
    orders: pd.DataFrame
    actuals_through: dt.date
    after: IntArray
    """Orders (a customer's orders of one day are one) by month ahead, shape (12,)."""


def draw_truth(rng: np.random.Generator) -> Truth:
    """One company's truth."""
    angle = 2.0 * np.pi * np.arange(12) / 12.0
    strength = rng.uniform(0.0, 0.35)
    wave = np.cos(angle - rng.uniform(0.0, 2.0 * np.pi)) + 0.6 * np.cos(2.0 * angle - rng.uniform(0.0, 6.28))
    log_season = strength * wave + rng.normal(0.0, 0.04, 12)
    log_season[10:] += rng.uniform(0.0, 0.4)
    season = np.exp(log_season)
    return Truth(
        r=float(0.6 * np.exp(rng.normal(0.0, 0.3))),
        alpha=float(70.0 * np.exp(rng.normal(0.0, 0.4))),
        a=float(0.8 * np.exp(rng.normal(0.0, 0.25))),
        b=float(2.6 * np.exp(rng.normal(0.0, 0.25))),
        months=int(rng.integers(FIRST_MONTHS[0], FIRST_MONTHS[1] + 1)),
        season=season * 12.0 / season.sum(),
        follows=float(rng.uniform(0.0, 1.0)),
        shock_sd=float(0.09 * np.exp(rng.normal(0.0, 0.5))),
        persistence=float(rng.uniform(0.0, 0.8)),
        growth=float(rng.normal(0.0, 0.008)),
    )


def generate_company(seed: int) -> SmallCompany:
    """The company of a seed."""
    rng = np.random.default_rng([seed, 20261126])
    truth = draw_truth(rng)
    first_open = np.datetime64("2025-01") + int(rng.integers(0, 12))
    months = first_open - truth.months + np.arange(truth.months + AHEAD + 1)
    edges = (months.astype("datetime64[D]") - months[0].astype("datetime64[D]")).astype(np.float64)
    of_year = months[:-1].astype(np.int64) % 12
    shock = _shocks(rng, truth, len(of_year))
    clock = np.concatenate([[0.0], np.cumsum(truth.season[of_year] * shock * np.diff(edges))])
    won = _won(rng, truth, of_year, shock)
    first = np.concatenate([rng.uniform(edges[j], edges[j + 1], count) for j, count in enumerate(won)])
    customer, time = _orders(rng, truth, np.interp(first, edges, clock), clock[-1])
    day = np.floor(np.interp(time, clock, edges)).astype(np.int64)
    # a customer's orders of one day are one
    once = np.unique(np.stack([day, customer], axis=1), axis=0)
    day, customer = once[:, 0], once[:, 1]
    closed = int(edges[truth.months])
    past = day < closed
    after = np.histogram(day[~past], bins=edges[truth.months :])[0]
    return SmallCompany(
        truth,
        _ledger(day[past], customer[past], months[0].astype("datetime64[D]")),
        (first_open.astype("datetime64[D]") - 1).astype(object),
        after.astype(np.int64),
    )


def _shocks(rng: np.random.Generator, truth: Truth, months: int) -> FloatArray:
    score = np.empty(months)
    score[0] = rng.standard_normal()
    step = np.sqrt(1.0 - truth.persistence**2)
    for j in range(1, months):
        score[j] = truth.persistence * score[j - 1] + step * rng.standard_normal()
    return np.asarray(np.exp(truth.shock_sd * score - 0.5 * truth.shock_sd**2))


def _won(rng: np.random.Generator, truth: Truth, of_year: FloatArray, shock: FloatArray) -> FloatArray:
    """New customers by month; the history has about CUSTOMERS of them."""
    level = truth.season[of_year] ** truth.follows * np.exp(truth.growth * np.arange(len(of_year)))
    return np.asarray(rng.poisson(CUSTOMERS * level / level[: truth.months].sum() * shock))


def _orders(
    rng: np.random.Generator, truth: Truth, first: FloatArray, end: float
) -> tuple[IntArray, FloatArray]:
    """Customer and operational time of every order: Poisson until one leaves, as one may after any order."""
    rate = rng.gamma(truth.r, 1.0 / truth.alpha, len(first))
    leave = rng.beta(truth.a, truth.b, len(first))
    here, now = np.arange(len(first)), first.copy()
    who, when = [here], [now]
    while len(here):
        now = now + rng.exponential(1.0, len(here)) / np.maximum(rate[here], 1e-300)
        kept = now < end
        here, now = here[kept], now[kept]
        who.append(here)
        when.append(now)
        stays = rng.random(len(here)) >= leave[here]
        here, now = here[stays], now[stays]
    return np.concatenate(who), np.concatenate(when)


def _ledger(day: IntArray, customer: IntArray, start: np.datetime64) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": np.char.add("o", np.arange(len(day)).astype(str)).astype(object),
            "customer_key": np.char.add("c", customer.astype(str)).astype(object),
            "ordered_at": pd.to_datetime(start + day),
            "market": "US",
            "sales_channel": "shop",
            "currency": "USD",
            "item": "lamp",
            "quantity": 1,
            "net_price": 30.0,
        }
    )
