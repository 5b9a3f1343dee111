"""Generalised Pareto tail beyond a threshold: survival, inverse, moments, profile likelihood.

S(u + y) = S(u) (1 + shape y / scale)^(-1/shape) for y > 0, exponential at shape 0 (Pickands 1975,
"Statistical
inference using extreme order statistics", Annals of Statistics 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar

from models.arrays import BoolArray, FloatArray
from models.errors import FitError

FEWEST_EXCEEDANCES: Final = 50
"""Finished orders beyond the threshold below which no tail is fitted."""
TAIL_SHARE: Final = 0.05
"""Share of orders beyond the threshold: the 95% quantile."""
_FLAT: Final = 1e-9
"""Shape taken for zero: the exponential tail."""
_LOWEST: Final = -1e300
"""Log survival that stands for minus infinity beyond a finite end."""


@dataclass(frozen=True)
class Tail:
    """Generalised Pareto excess over ``threshold`` (days): scale in days, shape without unit."""

    threshold: float
    scale: float
    shape: float
    exceedances: int = 0

    def __post_init__(self) -> None:
        if not (self.scale > 0.0 and np.isfinite([self.threshold, self.scale, self.shape]).all()):
            raise FitError(f"tail: a finite threshold, shape and positive scale are needed | got {self}")
        if self.shape >= 0.5:
            what = "mean" if self.shape >= 1.0 else "variance"
            raise FitError(f"tail: a shape >= 0.5 has no {what} | got {self.shape:.3f} | leave the tail out")

    def log_survival(self, excess: FloatArray) -> FloatArray:
        """Log P(L > threshold + excess | L > threshold), elementwise for each excess in days; -1e300 beyond a
        finite end.
        """
        y = np.maximum(np.asarray(excess, dtype=np.float64), 0.0) / self.scale
        if abs(self.shape) < _FLAT:
            return np.asarray(-y)
        with np.errstate(divide="ignore"):
            value = -np.log1p(np.maximum(self.shape * y, -1.0)) / self.shape
        # Finite beyond the end of the law, so that root finders can compare.
        return np.asarray(np.maximum(value, _LOWEST))

    def log_density(self, excess: FloatArray) -> FloatArray:
        """Log density of the excess given there is one, per day, in the shape of ``excess``."""
        return np.asarray((1.0 + self.shape) * self.log_survival(excess) - np.log(self.scale))

    def mean_excess(self, excess: float) -> float:
        """E[L - threshold - excess | L > threshold + excess], days."""
        return max(0.0, (self.scale + self.shape * excess) / (1.0 - self.shape))

    @property
    def mean_square(self) -> float:
        """E[(L - threshold)² | L > threshold], days²."""
        return 2.0 * self.scale**2 / ((1.0 - self.shape) * (1.0 - 2.0 * self.shape))


def fit_tail(threshold: float, days: FloatArray, observed: BoolArray) -> Tail:
    """Censored maximum likelihood of the orders (order,) beyond the threshold, all in days.

    With t = shape / scale the shape has the closed form sum of log(1 + t y) over all exceedances by the
    number of finished ones (without censoring that of Grimshaw 1993), so the likelihood is searched in t
    alone.

    Raises
    ------
    FitError
        where fewer than ``FEWEST_EXCEEDANCES`` finished orders lie beyond the threshold
    """
    beyond = days > threshold
    excess, seen = days[beyond] - threshold, observed[beyond]
    count = int(seen.sum())
    if count < FEWEST_EXCEEDANCES:
        raise FitError(
            f"tail: {FEWEST_EXCEEDANCES} finished orders beyond {threshold:.6g} days are needed | got {count}"
        )
    mean = float(excess.sum()) / count

    def shape_at(t: float) -> float:
        return float(np.log1p(t * excess).sum()) / count

    def loss(t: float) -> float:
        if abs(t) * mean < _FLAT:
            return count * np.log(mean) + count
        shape = shape_at(t)
        return count * np.log(shape / t) + count + float(np.log1p(t * excess[seen]).sum())

    # Below -1/max some order would lie beyond the end of the law; shapes under -1 have no finite optimum.
    low, high = -0.999 / float(excess.max()), 10.0 / mean
    grid = np.concatenate([np.linspace(low, 0.0, 60), np.geomspace(1e-4 / mean, high, 60)])
    shapes = np.array([shape_at(float(t)) for t in grid])
    losses = np.array([loss(float(t)) for t in grid])
    losses[shapes <= -1.0] = np.inf
    best = int(np.argmin(losses))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        loss, bounds=(float(left), float(right)), method="bounded", options={"xatol": 1e-12}
    )
    t = float(found.x) if found.fun <= losses[best] else float(grid[best])
    if abs(t) * mean < 1e-7:
        return Tail(threshold, mean, 0.0, count)
    shape = shape_at(t)
    return Tail(threshold, shape / t, shape, count)
