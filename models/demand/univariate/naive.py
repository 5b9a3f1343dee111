"""Naive forecasts of one series with the spread of their own past errors: what any model has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.demand.univariate.fitted import usable


@dataclass(frozen=True)
class Naive:
    """Repeats the last cycle of values (one: the last value); errors add up from cycle to cycle."""

    cycle: FloatArray
    deviation: float
    errors: int
    """Number of past errors that the deviation is read from."""

    @property
    def label(self) -> str:
        """The model in words."""
        return "last value" if len(self.cycle) == 1 else "seasonal naive"

    def mean(self, periods: int) -> FloatArray:
        """Point forecast in the unit of the series, shape (period,)."""
        return np.asarray(self.cycle[np.arange(periods) % len(self.cycle)])

    def paths(self, scores: FloatArray) -> FloatArray:
        """Paths in the unit of the series under standard normal scores, dims (trial, period)."""
        out = np.empty_like(scores)
        period = len(self.cycle)
        for j in range(scores.shape[1]):
            before = out[:, j - period] if j >= period else self.cycle[j]
            out[:, j] = before + self.deviation * scores[:, j]
        return out


LEAST_ERRORS = 2


def fit_naive(series: npt.ArrayLike, period: int = 1) -> Naive | None:
    """Naive forecast of a series (time,); None where the past has no two errors to read a spread from."""
    y = usable(series)
    error = y[period:] - y[:-period]
    if len(error) < LEAST_ERRORS:
        return None
    return Naive(y[-period:].copy(), float(np.sqrt(np.mean(error**2))), len(error))
