"""Own-price elasticity of units per market: a listed prior, updated only where the ledger holds enough price
changes.

A ledger confounds price with promotion and season, so the update compares items within a market and month
(fixed effects of item and month), needs ``LEAST_CHANGES`` price moves, and takes standard errors clustered by
item. Between-item substitution makes that figure an upper bound in size of the market's elasticity: the
prior's spread is the guard, and both are reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.arrays import FloatArray, IntArray, WordArray
from models.compiled import compiled, inner
from models.demand.settings import Prior
from models.quantiles import normal_quantile
from models.streams import keys_of, uniform1

LEAST_CHANGES = 30
"""Price moves below which the prior elasticity stands alone."""
CHANGE = 0.03
"""Least relative change of an item's mean monthly net price that counts as a price move."""
LEAST_UNITS = 10.0
"""Units of an item in a month below which its mean price says too little."""


@dataclass(frozen=True)
class Elasticity:
    """Prior and posterior of one market's elasticity; ``estimate`` and ``error`` are NaN where the ledger was
    not used.
    """

    mean: float
    sd: float
    prior: Prior
    changes: int
    estimate: float = math.nan
    error: float = math.nan


def fit_elasticity(lines: pd.DataFrame, prior: Prior) -> Elasticity:
    """Elasticity of one market from its order lines (columns item, month, quantity, net_price)."""
    if lines.empty:
        return Elasticity(prior.mean, prior.sd, prior, 0)
    frame = lines.assign(value=lines["quantity"] * lines["net_price"])
    table = frame.groupby(["item", "month"], sort=True)[["quantity", "value"]].sum().reset_index()
    table = table[(table["quantity"] >= LEAST_UNITS) & (table["value"] > 0)]
    log_price = np.log((table["value"] / table["quantity"]).to_numpy(dtype=np.float64))
    log_units = np.log(table["quantity"].to_numpy(dtype=np.float64))
    items = pd.factorize(table["item"], sort=True)[0]
    months = pd.factorize(table["month"], sort=True)[0]
    same = items[1:] == items[:-1]
    changes = int(np.sum(same & (np.abs(np.diff(log_price)) > CHANGE)))
    if changes < LEAST_CHANGES or len(np.unique(items)) < 3:
        return Elasticity(prior.mean, prior.sd, prior, changes)
    weight = table["quantity"].to_numpy(dtype=np.float64)
    price = _within(log_price, items, months, weight)
    units = _within(log_units, items, months, weight)
    # exactly rounded sums: the order of the rows means nothing
    spread = math.fsum(weight * price * price)
    if spread <= 1e-6 * math.fsum(weight):
        return Elasticity(prior.mean, prior.sd, prior, changes)
    estimate = math.fsum(weight * price * units) / spread
    score = np.bincount(items, weights=weight * price * (units - estimate * price))
    error = math.sqrt(math.fsum(score * score)) / spread
    if not (math.isfinite(error) and error > 0.0):
        return Elasticity(prior.mean, prior.sd, prior, changes)
    precision = max(prior.sd, 1e-9) ** -2 + error**-2
    mean = (prior.mean * max(prior.sd, 1e-9) ** -2 + estimate * error**-2) / precision
    return Elasticity(min(mean, 0.0), precision**-0.5, prior, changes, estimate, error)


def _within(values: FloatArray, items: IntArray, months: IntArray, weight: FloatArray) -> FloatArray:
    """Values less item and month effects: alternating weighted means."""
    out = values.copy()
    for _ in range(200):
        before = out.copy()
        for group in (items, months):
            out -= (np.bincount(group, weight * out) / np.bincount(group, weight))[group]
        if np.max(np.abs(out - before)) < 1e-12:
            break
    return out


def draw_elasticity(
    mean: FloatArray, sd: FloatArray, markets: tuple[str, ...], trials: range, seed: int
) -> FloatArray:
    """Elasticities of units to price, dims (trial, market); never above 0, so that a dearer price never sells
    more.
    """
    keys = keys_of(seed, [f"elasticity/{market}" for market in markets])
    return np.asarray(_draw(mean, sd, keys, trials.start, len(trials)))


@compiled
def _draw(mean: FloatArray, sd: FloatArray, keys: WordArray, first_trial: int, trials: int) -> FloatArray:
    out = np.empty((trials, mean.size))
    for t in range(trials):
        for m in range(mean.size):
            out[t, m] = min(mean[m] + sd[m] * normal_quantile(uniform1(keys[m], first_trial + t, 0, 0)), 0.0)
    return out


@inner
def price_response(price_level: float, elasticity: float) -> float:
    """Multiplier of units at a price level relative to base: price_level^elasticity, exactly 1 at level 1."""
    if price_level == 1.0 or elasticity == 0.0:
        return 1.0
    return math.exp(elasticity * math.log(max(price_level, 1e-6)))
