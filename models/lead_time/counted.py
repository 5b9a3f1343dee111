"""Spread of whole-day durations that were counted, not listed: Kaplan & Meier's estimate of many samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.arrays import CountArray, FloatArray

LEVELS = (0.5, 0.9, 0.95)
"""Shares of the quantiles, as in ``kpis.spread``."""


class Counted(NamedTuple):
    """Orders (finished and open), mean, sd, cv, quantiles and late share by sample, dims (…,), days."""

    orders: FloatArray
    mean: FloatArray
    sd: FloatArray
    cv: FloatArray
    p50: FloatArray
    p90: FloatArray
    p95: FloatArray
    late: FloatArray
    """Share that takes longer than promised; NaN without a promise."""


def counted_spread(finished: CountArray, still_open: CountArray, promised: FloatArray) -> Counted:
    """The figures of ``kpis.spread`` from counts by whole days (…, day), open orders at the age they have.

    Survival S(d) = Π (1 − finished/at risk), Kaplan & Meier 1958; the mass beyond the last finished
    order lies on the longest duration seen. NaN without a finished order, and for a quantile that too many
    open orders hide. ``promised`` (…,) days; an open order counts as late only from its promised day on.
    """
    longest_seen = np.flatnonzero((finished + still_open).reshape(-1, finished.shape[-1]).any(axis=0))
    days = int(longest_seen[-1]) + 1 if longest_seen.size else 1
    finished, still_open = finished[..., :days], still_open[..., :days]
    gone = finished + still_open
    at_risk = np.flip(np.cumsum(np.flip(gone, axis=-1), axis=-1), axis=-1)
    hazard = np.divide(finished, at_risk, out=np.zeros(finished.shape), where=at_risk > 0)
    alive = np.cumprod(1.0 - hazard, axis=-1)
    count = finished.sum(axis=-1)
    known = count > 0
    before = np.concatenate([np.ones((*alive.shape[:-1], 1)), alive[..., :-1]], axis=-1)
    at = np.arange(days, dtype=np.float64)
    longest = np.where(gone > 0, at, 0.0).max(axis=-1)
    rest = alive[..., -1]
    mass = before - alive
    mean = _sum(mass * at) + rest * longest
    square = _sum(mass * (at - mean[..., None]) ** 2) + rest * (longest - mean) ** 2
    unbiased = np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)
    sd = np.sqrt(square * unbiased)
    levels = [_quantile(alive, level) for level in LEVELS]
    cv = np.divide(sd, mean, out=np.zeros(mean.shape), where=mean > 0.0)
    place = np.clip(np.nan_to_num(promised, nan=0.0), 0, days - 1).astype(np.int64)
    late = np.take_along_axis(alive, np.broadcast_to(place, alive.shape[:-1])[..., None], axis=-1)[..., 0]
    figures = (mean, sd, cv, *levels, np.where(np.isnan(promised), np.nan, late))
    return Counted(gone.sum(axis=-1).astype(np.float64), *(np.where(known, each, np.nan) for each in figures))


def _sum(values: FloatArray) -> FloatArray:
    """Sum along the last axis by its running total: the same bits for any number of samples."""
    return np.asarray(np.cumsum(values, axis=-1)[..., -1])


def _quantile(alive: FloatArray, level: float) -> FloatArray:
    """First day by which at least ``level`` have finished; NaN where that day was not seen."""
    # a running product of shares misses a level it should meet by its rounding
    reached = alive <= 1.0 - level + 1e-12
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1).astype(np.float64), np.nan)
