"""Sampled paths of fitted series models from given standard normal scores, compiled; dims (trial, period)."""

from __future__ import annotations

import numpy as np

from models.arrays import FloatArray, WordArray
from models.compiled import compiled
from models.demand.univariate.recursions import ADDED, MULTIPLIED, NO_TREND, theta_line
from models.quantiles import normal_quantile
from models.streams import key_of, uniform1

LEAST_RELATIVE_ERROR = -0.95
"""A relative error below this would turn a count negative."""


def normal_scores(seed: int, name: str, trials: range, periods: int) -> FloatArray:
    """Standard normal scores addressed by (seed, name, trial, period), dims (trial, period)."""
    return np.asarray(_scores(key_of(seed, name), trials.start, len(trials), periods))


@compiled
def _scores(key: WordArray, first_trial: int, trials: int, periods: int) -> FloatArray:
    out = np.empty((trials, periods))
    for t in range(trials):
        for j in range(periods):
            out[t, j] = normal_quantile(uniform1(key, first_trial + t, j, 0))
    return out


@compiled
def smoothing_paths(
    values: FloatArray,
    state: FloatArray,
    trend: int,
    season: int,
    relative: bool,
    deviation: float,
    scores: FloatArray,
) -> FloatArray:
    """Paths of an exponential smoothing model from its last state in units of its scale, dims (trial,
    period).

    Hyndman, Koehler, Ord and Snyder 2008, table 2.2 and 2.3; ``scores`` (trial, period) are standard normal.
    """
    alpha, beta, gamma, phi = values[0], values[1], values[2], values[3]
    trials, periods = scores.shape
    period = state.size - 2
    out = np.empty((trials, periods))
    for t in range(trials):
        level, slope = state[0], state[1]
        factor = state[2:].copy()
        for j in range(periods):
            k = j % period
            base = level + phi * slope if trend != NO_TREND else level
            mean = base
            if season == MULTIPLIED:
                mean = base * factor[k]
            elif season == ADDED:
                mean = base + factor[k]
            error = deviation * scores[t, j]
            if relative:
                error = max(error, LEAST_RELATIVE_ERROR) * mean
            out[t, j] = mean + error
            per_level = error / factor[k] if season == MULTIPLIED else error
            level = base + alpha * per_level
            if trend != NO_TREND:
                slope = phi * slope + beta * per_level
            if season == MULTIPLIED:
                factor[k] = max(factor[k] + gamma * error / base, 1e-6) if base > 1e-6 else factor[k]
            elif season == ADDED:
                factor[k] += gamma * error
    return out


@compiled
def theta_paths(
    values: FloatArray, state: FloatArray, count: int, deviation: float, scores: FloatArray
) -> FloatArray:
    """Paths of the dynamic theta model after ``count`` observations in units of its scale, dims (trial,
    period).

    Fiorucci and others 2016, equations 6 to 12; ``scores`` (trial, period) are standard normal.
    """
    alpha, share = values[0], 1.0 - 1.0 / values[1]
    trials, periods = scores.shape
    out = np.empty((trials, periods))
    for t in range(trials):
        level, mean, slope, line, decay = state
        for j in range(periods):
            drift = share * (decay * line + (1.0 - decay * (1.0 - alpha)) / alpha * slope)
            value = level + drift + deviation * scores[t, j]
            out[t, j] = value
            mean, line, slope = theta_line(float(count + 1 + j), value, mean, slope)
            level = alpha * value + (1.0 - alpha) * level
            decay *= 1.0 - alpha
    return out
