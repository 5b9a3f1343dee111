"""Counts without customer keys: a level with a dampened trend at the pace of a season, and their uncertainty.

log of the count per operational month is level + slope x time over the last two years; forward the slope dies
out by ``DAMPING`` a month. A series that need not follow the season (new customers) has a power of it of its
own. All are a normal posterior (generalised least squares with listed priors), so that a short or noisy
series gives a wide, flat forecast instead of a diverging one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray, WordArray
from models.compiled import compiled
from models.demand.settings import Prior
from models.quantiles import normal_quantile
from models.streams import keys_of, uniform4

DAMPING = 0.9
"""Share of the slope that is left a month later: no trend goes on for ever."""
SLOPE_PRIOR_SD = 0.02
"""Standard deviation of the prior of the monthly log slope, mean 0."""
PERIOD_SD = 0.05
"""Least month-to-month scatter assumed beside count noise."""
FOLLOWS_PRIOR = Prior(0.5, 0.5, "weak: new customers follow the season wholly, partly or not")
"""Power of the season that a series follows whose pace holds one."""
SOURCES = 3
"""Independent sources of error of a forecast: level, slope and season."""
MOST_STEP, MOST_SLOPE = 2.0, 0.2
WINDOW = 24
"""Months of the latest history that a level and slope are fitted to."""
ENDED_MONTHS = 3
"""Fewest months without any count after which a series may be taken to have ended."""
ENDED_CHANCE = 1e-4
"""Probability of so many empty months under the level before them, below which it is."""


@dataclass(frozen=True)
class CountForecast:
    """Expected counts per month with season in, shape (month,), and what is uncertain about them.

    The log of the mean of month j is off by the sum over the three sources k of z_k ``load[k, j]`` with
    independent standard normals z, dims (source, month). ``fitted`` (history month,) is the smooth
    expectation of the past; ``follows`` the power of the season that the counts follow.
    """

    mean: FloatArray
    load: FloatArray
    fitted: FloatArray
    level: float
    slope: float
    months: int
    ended: bool = False
    """Whether the series stopped: its last months are emptier than chance allows."""
    follows: float = 1.0


@dataclass(frozen=True)
class Pace:
    """What sets the pace of a series: operational days of each month, past (history month,) and to come
    (month,), and the log of the season in them.
    """

    past: FloatArray
    future: FloatArray
    past_season: FloatArray
    future_season: FloatArray

    @classmethod
    def plain(cls, past: FloatArray, future: FloatArray) -> Pace:
        """A pace, operational days of each month (month,), that a series follows wholly."""
        return cls(past, future, np.zeros(len(past)), np.zeros(len(future)))


def fit_counts(counts: FloatArray, pace: Pace, shocks: FloatArray | None = None) -> CountForecast:
    """Forecast of monthly ``counts`` (month,) at a pace; how far they follow a season in it is fitted under
    ``FOLLOWS_PRIOR``.

    ``shocks`` (month, month) is the covariance of what moved the months beside count noise, on the log scale:
    related months say less about level and slope than as many unrelated ones. No orders at all give a
    forecast of zero, and so does a series that has ended (a closed channel, a cohort that is complete);
    leading months before the first order are no evidence.
    """
    horizon = len(pace.future)
    used = np.flatnonzero(counts > 0)
    if len(used) == 0:
        return CountForecast(
            np.zeros(horizon), np.zeros((SOURCES, horizon)), np.zeros(len(counts)), 0.0, 0.0, 0
        )
    if _ended(counts, used):
        return _stopped(counts, pace.past, used, horizon)
    first = max(int(used[0]), len(counts) - WINDOW)
    y = counts[first:]
    time = (np.arange(len(y)) - (len(y) - 1.0)).astype(np.float64)
    together = None if shocks is None else shocks[first:, first:]
    design = np.stack([np.ones(len(y)), time, pace.past_season[first:]], axis=1)
    point, covariance = _posterior(y, pace.past[first:], design, together)
    grown: FloatArray = np.cumsum(DAMPING ** (1.0 + np.arange(horizon)))
    ahead = np.stack([np.ones(horizon), grown, pace.future_season], axis=1)
    fitted = np.zeros(len(counts))
    fitted[first:] = pace.past[first:] * np.exp(design @ point)
    scale = math.fsum(y) / math.fsum(fitted[first:])
    return CountForecast(
        mean=scale * pace.future * np.exp(ahead @ point),
        load=np.asarray(np.linalg.cholesky(covariance).T @ ahead.T, dtype=np.float64),
        fitted=scale * fitted,
        level=float(point[0]),
        slope=float(point[1]),
        months=len(y),
        follows=1.0 + float(point[2]) if pace.past_season.any() else 1.0,
    )


def _ended(counts: FloatArray, used: IntArray) -> bool:
    """Whether the empty months at the end are too many for chance, at the mean of the year before them."""
    empty = len(counts) - 1 - int(used[-1])
    before = counts[max(int(used[0]), int(used[-1]) - 11) : int(used[-1]) + 1]
    return empty >= ENDED_MONTHS and float(np.mean(before)) * empty > -math.log(ENDED_CHANCE)


def _stopped(counts: FloatArray, pace: FloatArray, used: IntArray, horizon: int) -> CountForecast:
    """Forecast of zero; the past is its mean rate while the series ran."""
    ran = slice(int(used[0]), int(used[-1]) + 1)
    fitted = np.zeros(len(counts))
    fitted[ran] = pace[ran] * (math.fsum(counts[ran]) / math.fsum(pace[ran]))
    months = int(used[-1]) + 1 - int(used[0])
    none = np.zeros((SOURCES, horizon))
    return CountForecast(np.zeros(horizon), none, fitted, 0.0, 0.0, months, ended=True)


def _posterior(
    y: FloatArray, past: FloatArray, design: FloatArray, shocks: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Level at the last month, slope and power of the season less one, and their covariance.

    Poisson log-linear fit by iterated generalised least squares under the listed priors; what scatters beside
    count noise is ``shocks``, or without them independent months of ``PERIOD_SD``, widened if they scatter
    more.
    """
    # the level is as good as free
    prior = np.diag([1e-8, SLOPE_PRIOR_SD**-2, FOLLOWS_PRIOR.sd**-2])
    centre = np.array([0.0, 0.0, FOLLOWS_PRIOR.mean - 1.0])
    scatter = PERIOD_SD**2 * np.eye(len(y)) if shocks is None else shocks
    point = np.array([math.log(math.fsum(y) / math.fsum(past)), 0.0, 0.0])
    for _ in range(40):
        mean = np.maximum(past * np.exp(design @ point), 1e-9)
        error = (y - mean) / mean
        weight = np.linalg.inv(np.diag(1.0 / mean) + scatter)
        precision = design.T @ weight @ design + prior
        found = np.linalg.solve(precision, design.T @ (weight @ (design @ point + error)) + prior @ centre)
        step = np.clip(found - point, -MOST_STEP, MOST_STEP)
        point = point + step
        point[1] = np.clip(point[1], -MOST_SLOPE, MOST_SLOPE)
        if np.abs(step).max() < 1e-12:
            break
    inverse = np.linalg.inv(precision)
    if shocks is None:
        inverse = inverse * max(float(error @ weight @ error) / max(len(y) - 2, 1), 1.0)
    return point, np.asarray(0.5 * (inverse + inverse.T), dtype=np.float64)


def draw_factors(
    load: FloatArray,
    names: list[str],
    trials: range,
    seed: int,
    shared: FloatArray | None = None,
    weight: float = 0.0,
) -> FloatArray:
    """Multipliers of the expected counts with mean exactly one, dims (trial, series, month).

    ``load`` (series, source, month) as in ``CountForecast``; ``weight`` is the share of the level's variance
    that follows ``shared`` (trial, series), standard normal scores.
    """
    scores = np.zeros((len(trials), len(names))) if shared is None else shared
    keys = keys_of(seed, names)
    loads = np.ascontiguousarray(load, dtype=np.float64)
    return np.asarray(_factors(loads, keys, trials.start, np.ascontiguousarray(scores), weight))


@compiled
def _factors(
    load: FloatArray, keys: WordArray, first_trial: int, shared: FloatArray, weight: float
) -> FloatArray:
    series, _, months = load.shape
    trials = shared.shape[0]
    out = np.empty((trials, series, months))
    for t in range(trials):
        for c in range(series):
            u_1, u_2, u_3, _ = uniform4(keys[c], first_trial + t, 0, 0)
            z_1 = math.sqrt(weight) * shared[t, c] + math.sqrt(1.0 - weight) * normal_quantile(u_1)
            z_2, z_3 = normal_quantile(u_2), normal_quantile(u_3)
            for j in range(months):
                u, v, w = load[c, 0, j], load[c, 1, j], load[c, 2, j]
                out[t, c, j] = math.exp(u * z_1 + v * z_2 + w * z_3 - 0.5 * (u * u + v * v + w * w))
    return out
