"""Season of one series: whether there is any, and its indices by classical decomposition."""

from __future__ import annotations

import math

import numpy as np

from models.arrays import FloatArray

SCORE = 1.645
"""One-sided 95% point of the normal law, as in the theta method's test of season."""
LEAST_CYCLES = 2


def is_seasonal(y: FloatArray, period: int, score: float = SCORE) -> bool:
    """Whether the autocorrelation of ``y`` (period,) at one cycle differs from zero (Bartlett's formula).

    Assimakopoulos and Nikolopoulos 2000. Fewer than two cycles, or a constant series, have no season.
    """
    if period < 2 or len(y) < max(LEAST_CYCLES * period, period + 2):
        return False
    centred = y - y.mean()
    total = float(centred @ centred)
    if total <= 1e-20 * len(y) * max(float(np.mean(y * y)), 1e-300):
        return False
    correlation = np.array([float(centred[k:] @ centred[:-k]) / total for k in range(1, period + 1)])
    error = math.sqrt((1.0 + 2.0 * float(np.sum(correlation[:-1] ** 2))) / len(y))
    return bool(abs(correlation[-1]) > score * error)


def trend_cycle(y: FloatArray, period: int) -> FloatArray:
    """Centred moving average over one cycle in the unit of the series, NaN where it does not fit, shape
    (period,).
    """
    weight = np.ones(period) if period % 2 else np.r_[0.5, np.ones(period - 1), 0.5]
    out = np.full(len(y), np.nan)
    half = len(weight) // 2
    out[half : len(y) - half] = np.convolve(y, weight / period, mode="valid")
    return out


def season_indices(y: FloatArray, period: int, *, multiplied: bool) -> FloatArray:
    """Index of each position in the cycle, position of the first observation first, shape (period,).

    Ratios to (or differences from) the moving average, averaged by position; mean one (or zero).
    """
    smooth = trend_cycle(y, period)
    apart = y / smooth if multiplied else y - smooth
    positions = np.arange(len(y)) % period
    index = np.array([np.nanmean(apart[positions == k]) for k in range(period)])
    return index / index.mean() if multiplied else index - index.mean()
