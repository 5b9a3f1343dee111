"""The probability-weighted mixture of scenarios: one of them comes true, with the user's probabilities.

Its distribution function is the weighted sum of the scenarios' own, each linear between order statistics, so
the mixture of one scenario has that scenario's quantiles.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.risk.errors import Estimate, interval, section_bounds
from engine.risk.measures import sample
from models.arrays import FloatArray


@dataclass(frozen=True)
class Mixture:
    """Trials of several scenarios, sorted by scenario name, and the weights that sum to one."""

    names: tuple[str, ...]
    values: tuple[FloatArray, ...]
    weights: tuple[float, ...]

    def mean(self) -> float:
        """Weighted mean, in the unit of the trials."""
        return sum(
            weight * float(np.sum(own) / len(own))
            for own, weight in zip(self.values, self.weights, strict=True)
        )

    def breach_probability(self, threshold: float, *, above: bool = False) -> float:
        """Probability that the threshold is breached strictly, whichever scenario comes true."""
        total = 0.0
        for own, weight in zip(self.values, self.weights, strict=True):
            breached = own > threshold if above else own < threshold
            total += weight * float(np.count_nonzero(breached) / len(own))
        return total

    def quantile(self, level: float) -> float:
        """Value that the mixture does not exceed with probability ``level``, in the unit of the trials."""
        if not 0.0 <= level <= 1.0:
            raise ValueError(f"level: a number from 0 to 1 is needed | got {level}")
        return _inverse(*self._cumulative, level)

    @cached_property
    def _cumulative(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Points, and the distribution function just below and at each: every quantile reads the same."""
        grid = np.unique(np.concatenate(self.values))
        below, upto = np.zeros(len(grid)), np.zeros(len(grid))
        for own, weight in zip(self.values, self.weights, strict=True):
            left, right = _distribution(np.sort(own), grid)
            below += weight * left
            upto += weight * right
        return grid, below, upto

    @cached_property
    def _sections(self) -> tuple[Mixture, ...]:
        """The mixture of each section of the trials that all scenarios share."""
        lengths = {len(own) for own in self.values}
        if len(lengths) != 1:
            raise ValueError(f"values: the same trials in every scenario are needed | got {sorted(lengths)}")
        bounds = section_bounds(lengths.pop())
        return tuple(
            Mixture(self.names, tuple(own[a:b] for own in self.values), self.weights)
            for a, b in itertools.pairwise(bounds)
        )

    def value_at_risk(self, level: float = 0.95) -> float:
        """Loss that is exceeded with probability 1 - ``level``, for values that are losses."""
        return self.quantile(level)

    def conditional_value_at_risk(self, level: float = 0.95) -> float:
        """Mean of the worst share 1 - ``level`` of the weighted trials, for values that are losses."""
        if not 0.0 < level < 1.0:
            raise ValueError(f"level: a number between 0 and 1 is needed | got {level}")
        pooled = np.concatenate(self.values)
        mass = np.concatenate(
            [
                np.full(len(own), weight / len(own))
                for own, weight in zip(self.values, self.weights, strict=True)
            ]
        )
        order = np.argsort(-pooled, kind="stable")
        tail = 1.0 - level
        before = np.concatenate([[0.0], np.cumsum(mass[order])[:-1]])
        counted = np.clip(tail - before, 0.0, mass[order])
        return float(np.sum(counted * pooled[order]) / np.sum(counted))

    def estimate(self, statistic: str, level: float = math.nan, confidence: float = 0.95) -> Estimate:
        """A figure of the mixture with its interval, sectioned over the trials that all scenarios share.

        ``statistic``: ``mean``, or ``quantile``, ``value_at_risk``, ``conditional_value_at_risk``,
        ``breach_probability`` with its ``level``.
        """
        if statistic not in _FIGURES:
            raise ValueError(f"statistic: one of {', '.join(_FIGURES)} is needed | got {statistic}")
        parts = np.array([_figure(section, statistic, level) for section in self._sections])
        return interval(_figure(self, statistic, level), parts, confidence)


def _figure(of: Mixture, statistic: str, level: float) -> float:
    if statistic == "mean":
        return of.mean()
    return float(getattr(of, statistic)(level))


_FIGURES = ("mean", "quantile", "value_at_risk", "conditional_value_at_risk", "breach_probability")


def mixture(values: Mapping[str, npt.ArrayLike], weights: Mapping[str, float]) -> Mixture:
    """Mixture of the trials (trial,) of scenarios by name, any unit; weights are scaled to sum to one, those
    omitted weigh nothing.

    Raises
    ------
    ValueError
        where a weight is negative, not finite or of no scenario, where all weigh nothing, or where a trial is
        NaN or infinite.
    """
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0.0):
            raise ValueError(f"weights: finite numbers from 0 are needed | got {weight} for {name}")
        if name not in values:
            raise ValueError(f"weights: no such scenario | got {name} | one of {', '.join(sorted(values))}")
    names = tuple(name for name in sorted(values) if weights.get(name, 0.0) > 0.0)
    total = math.fsum(weights[name] for name in names)
    if not names:
        raise ValueError("weights: at least one above 0 is needed | got none")
    return Mixture(
        names,
        tuple(sample(values[name], name) for name in names),
        tuple(weights[name] / total for name in names),
    )


def _distribution(ordered: FloatArray, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distribution function of one sample just below and at each point: linear between order statistics, a
    jump at ties.
    """
    first = np.searchsorted(ordered, grid, side="left")
    last = np.searchsorted(ordered, grid, side="right")
    steps = max(len(ordered) - 1, 1)
    inside = (first > 0) & (last < len(ordered)) & (first == last)
    low = ordered[np.maximum(first - 1, 0)]
    high = ordered[np.minimum(first, len(ordered) - 1)]
    width = np.where(inside, high - low, 1.0)
    between = (first - 1 + np.where(inside, (grid - low) / width, 0.0)) / steps
    at_left, at_right = first / steps, (last - 1) / steps
    outside = np.where(last == len(ordered), 1.0, 0.0)
    missing = np.where(inside, between, outside)
    present = first < last
    if len(ordered) == 1:
        return np.where(grid > ordered[0], 1.0, 0.0), np.where(grid >= ordered[0], 1.0, 0.0)
    return np.where(present, at_left, missing), np.where(present, at_right, missing)


def _inverse(grid: FloatArray, below: FloatArray, upto: FloatArray, level: float) -> float:
    # the weighted sums carry rounding: a level that equals a step, 1 above all, must still find that step
    k = int(np.searchsorted(upto, level - 1e-12, side="left"))
    if k >= len(grid):
        return float(grid[-1])
    if k == 0 or below[k] <= level:
        return float(grid[k])
    share = (level - upto[k - 1]) / (below[k] - upto[k - 1])
    return float(grid[k - 1] + share * (grid[k] - grid[k - 1]))
