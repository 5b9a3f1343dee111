"""Season as operational time: a clock that runs faster in strong months, so that the customer model stays the
published one.

tau(day) is the integral of the monthly factor, whose mean over twelve months is one. Twelve factors are
identified from two full cycles or more; with less the season is a given profile or none, and the result says
so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray, WordArray
from models.compiled import compiled
from models.quantiles import normal_quantile
from models.streams import keys_of, uniform1

FULL_CYCLES = 2
"""Orders in each calendar month of so many years are needed, or season is not identified (DEMAND.md §2)."""


@dataclass(frozen=True)
class Season:
    """Twelve monthly factors (January first, mean one), the standard error of their logarithm, and their
    source.
    """

    factor: FloatArray
    log_sd: FloatArray
    source: str
    note: str = ""
    freedom: float = 0.0
    """Months of evidence that the factors took up: their effective number."""

    def clock(self, month_of_year: IntArray, days: IntArray) -> FloatArray:
        """Operational days at the month starts, shape (month + 1,), from the calendar months and their
        lengths; starts at 0.
        """
        tau = np.zeros(len(days) + 1)
        for j in range(len(days)):
            tau[j + 1] = tau[j] + self.factor[month_of_year[j]] * days[j]
        return tau


def no_season(note: str = "") -> Season:
    """A clock that runs evenly."""
    return Season(np.ones(12), np.zeros(12), "none", note)


def profile_season(profile: tuple[float, ...]) -> Season:
    """A listed profile of twelve factors, scaled to mean one, taken as known."""
    factor = np.asarray(profile, dtype=np.float64)
    if factor.shape != (12,) or not np.all(np.isfinite(factor)) or np.any(factor <= 0.0):
        raise ValueError(f"season profile: twelve positive factors are needed | got {profile}")
    return Season(factor * (12.0 / math.fsum(factor)), np.zeros(12), "profile")


def fit_season(actual: FloatArray, expected: FloatArray, month_of_year: IntArray) -> Season:
    """Season from the ratio of actual to expected (flat-clock) number of orders per month (month,), January
    factor first.

    Weighted log regression of the ratio on twelve months and a linear trend; each factor's standard error
    joins the count noise 1/expected and the scatter between cycles. Factors are shrunk to one by their signal
    share (empirical Bayes), which leaves noise-only data without a season.
    """
    usable = (actual > 0) & (expected > 0)
    months = month_of_year[usable]
    if np.bincount(months, minlength=12).min() < FULL_CYCLES:
        return no_season(
            f"fewer than {FULL_CYCLES} full cycles with orders in every month: season is not identified"
        )
    y = np.log(actual[usable] / expected[usable])
    time = np.flatnonzero(usable).astype(np.float64)
    # count noise and 5 % of a month's own: a month of very many orders does not decide alone
    weight = 1.0 / (1.0 / expected[usable] + 0.05**2)
    design = np.zeros((len(y), 13))
    design[np.arange(len(y)), months] = 1.0
    design[:, 12] = (time - time.mean()) / 12.0
    gram = (design * weight[:, None]).T @ design
    inverse = np.linalg.inv(gram)
    coefficient = inverse @ (design.T @ (weight * y))
    misfit = y - design @ coefficient
    # a lucky fit of few cycles must not make the factors sure
    scale = max(float(np.sum(weight * misfit**2)) / max(len(y) - 13, 1), 0.25)
    level = coefficient[:12] - coefficient[:12].mean()
    centre = np.eye(12) - 1.0 / 12.0
    variance = np.diag(centre @ inverse[:12, :12] @ centre) * scale
    signal = max(float(np.mean(level**2) - variance.mean()), 0.0)
    share = signal / (signal + variance)
    factor = np.exp(share * level)
    scaled = factor * (12.0 / math.fsum(factor))
    return Season(scaled, np.sqrt(share * variance), "history", f"{len(y)} months", float(share.sum()))


def season_errors(season: Season, trials: range, seed: int) -> FloatArray:
    """Multipliers exp(error of the monthly factor) with mean exactly one, dims (trial, calendar month), shape
    (T, 12).
    """
    keys = keys_of(seed, [f"season/{k}" for k in range(12)])
    return np.asarray(_season_errors(season.log_sd, keys, trials.start, len(trials)))


@compiled
def _season_errors(log_sd: FloatArray, keys: WordArray, first_trial: int, trials: int) -> FloatArray:
    out = np.empty((trials, 12))
    for t in range(trials):
        for k in range(12):
            z = normal_quantile(uniform1(keys[k], first_trial + t, 0, 0))
            out[t, k] = math.exp(log_sd[k] * z - 0.5 * log_sd[k] * log_sd[k])
    return out
