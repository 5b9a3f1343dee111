"""The theta method of one series: the standard one and the dynamic optimised one, season by decomposition.

Fiorucci et al. 2016. With theta held at 2 this is Assimakopoulos and Nikolopoulos 2000 (the winner of M3) as
a state space model: exponential smoothing with half the slope of the series as drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.demand.univariate.decomposition import is_seasonal, season_indices
from models.demand.univariate.fitted import scale_of, unbiased, usable
from models.demand.univariate.recursions import THETA, search, theta, unpack_theta
from models.demand.univariate.simulation import theta_paths

STARTS = (-1.5, 0.5, 2.0)
EVALUATIONS = 600
LEAST_FACTOR = 0.01


@dataclass(frozen=True)
class Theta:
    """A fitted theta model; numbers are those of the deseasonalised series over ``scale``.

    ``values`` alpha, theta, first level; ``state`` level, mean, slope, intercept, (1 - alpha)^n; ``season``
    indices of the coming periods (period,), of ones where there is no season.
    """

    values: FloatArray
    state: FloatArray
    count: int
    deviation: float
    scale: float
    season: FloatArray
    dynamic: bool
    fitted: FloatArray
    """One-step expectations of the past, in the unit of the series."""

    @property
    def label(self) -> str:
        """The model in words."""
        season = ", seasonal" if len(self.season) > 1 else ""
        return f"{'dynamic theta' if self.dynamic else 'theta'} ({self.values[1]:.2f}{season})"

    def mean(self, periods: int) -> FloatArray:
        """Point forecast in the unit of the series, shape (period,): the path without errors."""
        return np.asarray(self.paths(np.zeros((1, periods)))[0])

    def paths(self, scores: FloatArray) -> FloatArray:
        """Paths in the unit of the series under standard normal scores, dims (trial, period)."""
        index = self.season[np.arange(scores.shape[1]) % len(self.season)]
        return np.asarray(
            theta_paths(self.values, self.state, self.count, self.deviation, scores) * (index * self.scale)
        )


def fit_theta(series: npt.ArrayLike, period: int = 1, *, dynamic: bool = True) -> Theta:
    """The theta model of a series (time,): alpha and first level searched, theta too where ``dynamic``.

    A season is taken out (multiplied) where the autocorrelation test finds one in a positive series.
    """
    y = usable(series)
    index = np.ones(1)
    if y.min() > 0.0 and is_seasonal(y, period):
        seen = season_indices(y, period, multiplied=True)
        index = seen if seen.min() >= LEAST_FACTOR else index
    past = index[np.arange(len(y)) % len(index)]
    plain = y / past
    scale = scale_of(plain)
    z = plain / scale
    fixed = 0.0 if dynamic and len(z) >= 5 else 2.0
    shape = np.array([fixed, 0.0, 0.0])
    best: tuple[FloatArray, float] | None = None
    for alpha in STARTS:
        start = np.array([alpha, z[0], 0.0][: 2 if fixed else 3])
        found = search(
            THETA, start, np.array([1.0, 0.2, 0.7])[: len(start)], z, np.ones(1), shape, EVALUATIONS
        )
        if best is None or found[1] < best[1]:
            best = found
    assert best is not None  # noqa: S101 (there are starts)
    values = unpack_theta(best[0], fixed)
    expected, state = np.empty(len(z)), np.empty(5)
    theta(z, values, expected, state)
    error = z[2:] - expected[2:] if len(z) > 3 else z - z.mean()
    deviation = unbiased(float(error @ error), len(error), len(best[0]) - 1)
    coming = np.roll(index, -(len(y) % len(index)))
    return Theta(values, state, len(z), deviation, scale, coming, fixed == 0.0, expected * past * scale)
