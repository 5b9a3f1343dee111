"""What every fitted model of one series can do: a mean path and sampled paths."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.demand.univariate.simulation import normal_scores


class FittedSeries(Protocol):
    """A model of one series, fitted; its numbers are in the unit of the series."""

    @property
    def label(self) -> str:
        """The model in words."""
        ...

    def mean(self, periods: int) -> FloatArray:
        """Point forecast in the unit of the series, shape (period,)."""
        ...

    def paths(self, scores: FloatArray) -> FloatArray:
        """Paths under standard normal scores, dims (trial, period), or (trial, source, period) where the
        model has several sources of error; not cut at zero.
        """
        ...


def sample_paths(
    fitted: FittedSeries, *, periods: int, trials: range, seed: int, name: str, least: float | None = None
) -> FloatArray:
    """Sampled futures of a series in its unit, dims (trial, period); addressed by (seed, name, trial,
    period).

    ``least`` is the smallest possible value (0 for counts). Parameters are held at their estimates; the
    deviation of the errors is corrected for their number.
    """
    out = fitted.paths(normal_scores(seed, name, trials, periods))
    return out if least is None else np.maximum(out, least)


def usable(series: npt.ArrayLike) -> FloatArray:
    """The series in its unit as finite float64 (period,), at least one value; anything else is refused.

    Raises
    ------
    ValueError
        where it has another number of dims, no value, or one that is not finite
    """
    y = np.asarray(series, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0:
        raise ValueError(f"series: one dim (time) with at least one value is needed | got shape {y.shape}")
    if not np.all(np.isfinite(y)):
        raise ValueError("series: finite numbers are needed | got NaN or infinity")
    return y


def scale_of(y: FloatArray) -> float:
    """Mean absolute value of a series (period,) in its unit, 1 for a series of zeros: a series over its scale
    is of the size of one.
    """
    size = float(np.mean(np.abs(y)))
    return size if size > 0.0 else 1.0


def unbiased(squares: float, count: int, parameters: int) -> float:
    """Standard deviation from a sum of squares, corrected for what was estimated."""
    return float(np.sqrt(squares / max(count - parameters, 1)))
