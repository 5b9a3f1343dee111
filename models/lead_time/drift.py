"""Slow change of a lead time: level of the normal scores month by month, and intervals for later orders.

Scores z = Phi^-1(F(L)) of orders by order day. Month k has the level a_k = persistence a_{k-1} + step
noise; the
mean score of its n orders is a_k + shared noise + own noise / sqrt(n): orders of one month share a shock
(dependence), and the level itself wanders (drift). Kalman filter, maximum likelihood. An order h months
ahead has a
score of mean persistence^h a and the variance of level, shared and own noise together, and of the error
that the
law itself has because its orders were not independent: (shared + stationary (1 + persistence) / (1 -
persistence))
/ months + own / orders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.optimize import minimize

from models.arrays import FloatArray
from models.calendar import DAYS_IN_MONTH
from models.errors import FitError
from models.lead_time.distribution import LeadTime

PERIOD: Final = DAYS_IN_MONTH
"""Days of a month."""
_FEWEST_PERIODS: Final = 12
_PERSISTENCE: Final = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
_CLIP: Final = 3.0
"""Largest score that enters a month's mean: one freak order is no change of level."""


@dataclass(frozen=True)
class Drift:
    """Level of the normal scores in the last month with its variance, variances of step, shared and own
    noise.
    """

    level: float
    level_variance: float
    persistence: float
    step_variance: float
    shared_variance: float
    own_variance: float
    last_day: float
    periods: int
    law_variance: float = 0.0

    def score(self, day: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the normal score of an order placed on ``day``, both in the shape of
        ``day``.
        """
        ahead = np.maximum((np.asarray(day, dtype=np.float64) - self.last_day) / PERIOD, 0.0)
        kept = self.persistence**ahead
        if self.persistence > 0.0:
            stationary = self.step_variance / (1.0 - self.persistence**2)
        else:
            stationary = self.step_variance
        variance = kept**2 * self.level_variance + (1.0 - kept**2) * (stationary + self.law_variance)
        return kept * self.level, np.sqrt(variance + self.shared_variance + self.own_variance)

    def interval(
        self, law: LeadTime, day: npt.ArrayLike, coverage: float = 0.8
    ) -> tuple[FloatArray, FloatArray]:
        """Days between which an order placed on ``day`` takes with this probability, equal tails; both in the
        shape of ``day``.
        """
        mean, sd = self.score(day)
        half = float(special.ndtri(0.5 + 0.5 * coverage)) * sd
        return law.quantile(special.ndtr(mean - half)), law.quantile(special.ndtr(mean + half))


def order_scores(law: LeadTime, days: npt.ArrayLike, observed: npt.ArrayLike | None = None) -> FloatArray:
    """Normal scores of orders (order,) under their lane's law; an open order has the mean of those beyond its
    age.
    """
    x = np.asarray(days, dtype=np.float64)
    seen = np.ones(x.shape, dtype=np.bool_) if observed is None else np.asarray(observed, dtype=np.bool_)
    middle = 0.5 * (law.cdf(x) + law.cdf(np.where(x > 0.0, x, -1.0)))
    # scores stay finite (within 4.8) for an order beyond all that its law allows
    finished = special.ndtri(np.clip(middle, 1e-6, 1.0 - 1e-6))
    alive = np.clip(law.survival(x), 1e-6, 1.0)
    beyond = np.exp(-0.5 * special.ndtri(1.0 - alive) ** 2) / np.sqrt(2.0 * np.pi) / alive
    return np.where(seen, finished, beyond)


def fit_drift(scores: npt.ArrayLike, day: npt.ArrayLike, *, last_day: float | None = None) -> Drift:
    """Drift from normal scores by order day; at least twelve months with orders.

    ``last_day`` is the last day of the history (default: that of the last order).
    """
    end = float(np.max(day, initial=0.0)) if last_day is None else float(last_day)
    mean, count, within = _months(scores, day, end)
    if int((count > 0).sum()) < _FEWEST_PERIODS:
        raise FitError(
            f"drift: {_FEWEST_PERIODS} months with orders are needed | got {int((count > 0).sum())}"
        )
    best, chosen = np.inf, (0.0, 0.0, 0.0)
    for persistence in _PERSISTENCE:
        found = minimize(
            lambda x, p=persistence: -level_filter(mean, count, p, np.exp(x[0]), np.exp(x[1]), within)[0],
            np.log([0.05, 0.05]),
            method="Nelder-Mead",
            options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 200},
        )
        # of equal fits the least persistent: a search ends within its tolerance, not at its optimum
        if found.fun < best - 1e-6:
            best, chosen = (
                float(found.fun),
                (persistence, float(np.exp(found.x[0])), float(np.exp(found.x[1]))),
            )
    _, level, variance = level_filter(mean, count, *chosen, within)
    persistence, step, shared = chosen
    months, orders = int((count > 0).sum()), float(count.sum())
    stationary = step / (1.0 - persistence**2)
    error = (shared + stationary * (1.0 + persistence) / (1.0 - persistence)) / months + within / orders
    return Drift(level, variance, *chosen, within, end, months, error)


def follow(drift: Drift, scores: npt.ArrayLike, day: npt.ArrayLike, *, last_day: float) -> Drift:
    """The same drift with the level that a longer history shows on ``last_day``: nothing else is fitted
    anew.
    """
    mean, count, _ = _months(scores, day, last_day)
    variances = drift.persistence, drift.step_variance, drift.shared_variance, drift.own_variance
    _, level, variance = level_filter(mean, count, *variances)
    return replace(
        drift,
        level=level,
        level_variance=variance,
        last_day=float(last_day),
        periods=int((count > 0).sum()),
    )


def _months(scores: npt.ArrayLike, day: npt.ArrayLike, end: float) -> tuple[FloatArray, FloatArray, float]:
    """Mean score and orders by month up to the month of ``end``, and the variance within months."""
    z = np.clip(np.asarray(scores, dtype=np.float64), -_CLIP, _CLIP)
    days = np.asarray(day, dtype=np.float64)
    if z.shape != days.shape or not np.all(np.isfinite(z)) or not np.all(np.isfinite(days)):
        raise FitError(
            f"drift: one finite score and day for each order is needed | got {z.shape}, {days.shape}"
        )
    if np.any(days > end):
        raise FitError(
            f"drift: orders after the last day | got {float(days.max())} after {end} | leave them out"
        )
    period = np.floor((days - end) / PERIOD).astype(np.int64)
    period = np.minimum(period, -1) + 1
    first = int(period.min(initial=0))
    count = np.bincount(period - first, minlength=-first + 1).astype(np.float64)
    total = np.bincount(period - first, weights=z, minlength=-first + 1)
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    within = float(((z - mean[period - first]) ** 2).sum()) / max(1.0, z.size - float((count > 0).sum()))
    return mean, count, within


def level_filter(
    mean: FloatArray, count: FloatArray, persistence: float, step: float, shared: float, own: float
) -> tuple[float, float, float]:
    """Log-likelihood of the mean scores by period (period,), last level and its variance; starts from the
    stationary law.

    Kalman filter (Kalman 1960) of one level; ``count`` (period,) is the number of orders, 0 where there is
    none.
    """
    level, variance = 0.0, step / (1.0 - persistence**2)
    value = 0.0
    for k in range(mean.size):
        if k:
            level, variance = persistence * level, persistence**2 * variance + step
        if count[k] > 0.0:
            noise = variance + shared + own / count[k]
            miss = mean[k] - level
            value -= 0.5 * (np.log(noise) + miss**2 / noise)
            gain = variance / noise
            level, variance = level + gain * miss, (1.0 - gain) * variance
    return float(value), float(level), float(variance)
