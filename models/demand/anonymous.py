"""Counts without customer keys: a deseasonalised level with a dampened trend, and their uncertainty.

log of the count per operational month is level + slope x time over the last two years; forward the slope dies
out by ``DAMPING`` a month. Level and slope are a normal posterior (weighted regression with a listed prior on
the slope), so that a short or noisy series gives a wide, flat forecast instead of a diverging one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from models.quantiles import normal_quantile
from models.streams import keys_of, uniform4

FloatArray = npt.NDArray[np.float64]
UInt64Array = npt.NDArray[np.uint64]

DAMPING = 0.9
SLOPE_PRIOR_SD = 0.02
"""Standard deviation of the prior of the monthly log slope, mean 0."""
PERIOD_SD = 0.05
"""Least month-to-month scatter assumed beside count noise."""
WINDOW = 24
ENDED_MONTHS = 3
"""Fewest months without any count after which a series may be taken to have ended."""
ENDED_CHANCE = 1e-4
"""Probability of so many empty months under the level before them, below which it is."""


@dataclass(frozen=True)
class CountForecast:
    """Expected counts per month with season in, shape (month,), and what is uncertain about them.

    The log of the mean of month j is off by z_1 u_j + z_2 v_j with independent standard normals z:
    ``level_load`` and ``slope_load`` (month,). ``fitted`` (history month,) is the smooth expectation of the
    past.
    """

    mean: FloatArray
    level_load: FloatArray
    slope_load: FloatArray
    fitted: FloatArray
    level: float
    slope: float
    months: int
    ended: bool = False
    """Whether the series stopped: its last months are emptier than chance allows."""


def fit_counts(
    counts: FloatArray, pace: FloatArray, future_pace: FloatArray, shocks: FloatArray | None = None
) -> CountForecast:
    """Forecast of monthly ``counts`` (history month,) given the season's pace per month (operational days),
    past and future.

    ``shocks`` (history month, history month) is the covariance of what moved the months beside count noise,
    on the log scale: related months say less about a level than as many unrelated ones. It changes errors
    only. No orders at all give a forecast of zero, and so does a series that has ended (a closed channel, a
    cohort that is complete); leading months before the first order are no evidence.
    """
    horizon = len(future_pace)
    used = np.flatnonzero(counts > 0)
    if len(used) == 0:
        zero = np.zeros(horizon)
        return CountForecast(zero, zero, zero, np.zeros(len(counts)), 0.0, 0.0, 0)
    if _ended(counts, used):
        return _stopped(counts, pace, used, horizon)
    first = max(int(used[0]), len(counts) - WINDOW)
    y = counts[first:]
    past = pace[first:]
    time = (np.arange(len(y)) - (len(y) - 1.0)).astype(np.float64)
    together = None if shocks is None else shocks[first:, first:]
    level, slope, covariance = _posterior(y, past, time, together)
    grown: FloatArray = np.cumsum(DAMPING ** (1.0 + np.arange(horizon)))
    spread = np.linalg.cholesky(covariance)
    fitted = np.zeros(len(counts))
    fitted[first:] = past * np.exp(level + slope * time)
    scale = math.fsum(y) / math.fsum(fitted[first:])
    return CountForecast(
        mean=scale * future_pace * np.exp(level + slope * grown),
        level_load=spread[0, 0] + spread[1, 0] * grown,
        slope_load=spread[1, 1] * grown,
        fitted=scale * fitted,
        level=level,
        slope=slope,
        months=len(y),
    )


def _ended(counts: FloatArray, used: npt.NDArray[np.int64]) -> bool:
    """Whether the empty months at the end are too many for chance, at the mean of the year before them."""
    empty = len(counts) - 1 - int(used[-1])
    before = counts[max(int(used[0]), int(used[-1]) - 11) : int(used[-1]) + 1]
    return empty >= ENDED_MONTHS and float(np.mean(before)) * empty > -math.log(ENDED_CHANCE)


def _stopped(
    counts: FloatArray, pace: FloatArray, used: npt.NDArray[np.int64], horizon: int
) -> CountForecast:
    """Forecast of zero; the past is its mean rate while the series ran."""
    zero = np.zeros(horizon)
    ran = slice(int(used[0]), int(used[-1]) + 1)
    fitted = np.zeros(len(counts))
    fitted[ran] = pace[ran] * (math.fsum(counts[ran]) / math.fsum(pace[ran]))
    return CountForecast(zero, zero, zero, fitted, 0.0, 0.0, int(used[-1]) + 1 - int(used[0]), ended=True)


def _posterior(
    y: FloatArray, past: FloatArray, time: FloatArray, shocks: FloatArray | None
) -> tuple[float, float, FloatArray]:
    """Level at the last month, slope, and their covariance: Poisson log-linear fit by iterated weighted least
    squares; with ``shocks`` the covariance is that of this estimate under them and the count noise.
    """
    level = math.log(math.fsum(y) / math.fsum(past))
    slope, precision = 0.0, np.eye(2)
    prior = np.diag([1e-8, SLOPE_PRIOR_SD**-2])
    for _ in range(25):
        mean = past * np.exp(level + slope * time)
        weight = 1.0 / (1.0 / np.maximum(mean, 1e-9) + PERIOD_SD**2)
        working = level + slope * time + (y - mean) / np.maximum(mean, 1e-9)
        design = np.stack([np.ones(len(y)), time], axis=1)
        precision = (design * weight[:, None]).T @ design + prior
        level_new, slope_new = np.linalg.solve(precision, design.T @ (weight * working))
        step = max(abs(level_new - level), abs(slope_new - slope))
        level += float(np.clip(level_new - level, -2.0, 2.0))
        slope = float(np.clip(slope_new, -0.2, 0.2))
        if step < 1e-12:
            break
    misfit = float(np.sum(weight * ((y - mean) / np.maximum(mean, 1e-9)) ** 2)) / max(len(y) - 2, 1)
    inverse = np.linalg.inv(precision)
    if shocks is None:
        return level, slope, np.asarray(inverse * max(misfit, 1.0), dtype=np.float64)
    pull = (design * weight[:, None]).T
    noise = np.diag(1.0 / np.maximum(mean, 1e-9)) + shocks
    return level, slope, np.asarray(inverse @ (pull @ noise @ pull.T + prior) @ inverse, dtype=np.float64)


def draw_factors(
    level_load: FloatArray,
    slope_load: FloatArray,
    names: list[str],
    trials: range,
    seed: int,
    shared: FloatArray | None = None,
    weight: float = 0.0,
) -> FloatArray:
    """Multipliers of the expected counts with mean exactly one, dims (trial, series, month); loads (series,
    month).

    ``weight`` is the share of the level's variance that follows ``shared`` (trial, series), standard normal
    scores.
    """
    scores = np.zeros((len(trials), len(names))) if shared is None else shared
    keys = keys_of(seed, names)
    return np.asarray(
        _factors(level_load, slope_load, keys, trials.start, np.ascontiguousarray(scores), weight)
    )


@njit(cache=True)
def _factors(
    level_load: FloatArray,
    slope_load: FloatArray,
    keys: UInt64Array,
    first_trial: int,
    shared: FloatArray,
    weight: float,
) -> FloatArray:
    series, months = level_load.shape
    trials = shared.shape[0]
    out = np.empty((trials, series, months))
    for t in range(trials):
        for c in range(series):
            u_1, u_2, _, _ = uniform4(keys[c], first_trial + t, 0, 0)
            z_1 = math.sqrt(weight) * shared[t, c] + math.sqrt(1.0 - weight) * normal_quantile(u_1)
            z_2 = normal_quantile(u_2)
            for j in range(months):
                u = level_load[c, j]
                v = slope_load[c, j]
                out[t, c, j] = math.exp(u * z_1 + v * z_2 - 0.5 * (u * u + v * v))
    return out
