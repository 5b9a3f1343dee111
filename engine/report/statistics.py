"""Quantiles and means of many columns of trials at once, each with its Monte Carlo error.

The trials are sorted once and every level is read from the sorted columns; the sections are those of
``engine.risk.errors``, so a figure here and the same figure of the summary agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from engine.risk.errors import Estimate, interval, section_bounds
from models.arrays import BoolArray, FloatArray


def sorted_quantiles(ordered: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles (level, …) of values sorted along the trial (trial, …), in their unit: linear between order
    statistics, Hyndman and Fan 1996 type 7; ``levels`` are probabilities.

    The values must be sorted already. NaN stands last and counts as the greatest: callers leave such columns
    out.

    >>> sorted_quantiles(np.array([1.0, 2.0, 3.0, 4.0]), [0.5]).tolist()
    [2.5]
    """
    last = len(ordered) - 1
    at = np.asarray(levels, dtype=np.float64) * last
    below = np.floor(at).astype(np.int64)
    above = np.minimum(below + 1, last)
    share = (at - below).reshape(-1, *(1,) * (ordered.ndim - 1))
    low, high = ordered[below], ordered[above]
    return np.asarray(low + share * (high - low))


def quantile_estimates(
    values: FloatArray, levels: Sequence[float], confidence: float = 0.95
) -> list[list[Estimate | None]]:
    """Estimates by level and column of values (trial, column), each column in its own unit; None where a
    column is not defined in every trial.
    """
    bounds = section_bounds(len(values))
    pooled = sorted_quantiles(np.sort(values, axis=0), levels)
    parts = np.array(
        [sorted_quantiles(np.sort(values[a:b], axis=0), levels) for a, b in itertools.pairwise(bounds)]
    ).reshape(-1, *pooled.shape)
    return _intervals(pooled, parts, np.asarray(np.isfinite(values).all(axis=0)), confidence)


def mean_estimates(values: FloatArray, confidence: float = 0.95) -> list[Estimate | None]:
    """Estimates of the mean by column of values (trial, column), each column in its own unit; None where a
    column is not defined in every trial.
    """
    bounds = section_bounds(len(values))
    pooled = values.mean(axis=0)[None]
    parts = np.array([values[a:b].mean(axis=0)[None] for a, b in itertools.pairwise(bounds)])
    return _intervals(
        pooled, parts.reshape(-1, *pooled.shape), np.asarray(np.isfinite(values).all(axis=0)), confidence
    )[0]


def _intervals(
    pooled: FloatArray, parts: FloatArray, known: BoolArray, confidence: float
) -> list[list[Estimate | None]]:
    return [
        [
            interval(float(pooled[level, column]), parts[:, level, column], confidence)
            if known[column]
            else None
            for column in range(pooled.shape[1])
        ]
        for level in range(pooled.shape[0])
    ]
