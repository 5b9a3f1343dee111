"""Two lognormal components, as of orders that customs inspects and those it lets pass: censored EM.

The E step gives each order its chance of belonging to either component and each open order its expected log
days, after which mean and standard deviation of the logs are closed forms. Scales stay above a bound, without
which one component could shrink onto a single order and the likelihood grow for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray

FEWEST: Final = 40
"""Finished orders below which two components are not told apart."""
_MOST: Final = 2_000
"""Different orders that the runs take one by one."""
_SCOUTING: Final = 30
_STEPS: Final = 400
_IN_SIGHT: Final = 4.0
"""Log-likelihood that later steps may still gain."""
_TOLERANCE: Final = 1e-9
"""Relative gain of a step below which a run stands still."""
_HALF_LOG_2PI: Final = 0.5 * np.log(2.0 * np.pi)
_LEAST_SHARE: Final = 0.02
"""Share below which a component is an outlier rather than a kind of order."""
_LEAST_SCALE: Final = 0.02
_LARGEST_SCALE: Final = 1.0
"""Log scale beyond which a component is a heap of unlike orders with a tail that nobody saw."""
_DAY: Final = 0.29
"""Standard deviation of rounding to whole days: no component is narrower, in days."""
_STARTS: Final = (0.5, 0.7, 0.85, 0.95)
"""Quantiles of the finished orders at which the starts part quick from slow."""


@dataclass(frozen=True)
class TwoLognormals:
    """Location and scale of log days of the quick and the slow component, share of the slow one."""

    quick: tuple[float, float]
    slow: tuple[float, float]
    slow_share: float
    log_likelihood: float


def fit_two_lognormals(
    days: FloatArray, observed: BoolArray, needed: float = -np.inf
) -> TwoLognormals | None:
    """Best of several EM runs on positive durations, days (order,); None where the data do not hold two
    components.

    ``needed``: log-likelihood of which runs must be within sight after their first steps to go on.
    """
    if int(observed.sum()) < FEWEST or np.unique(days[observed]).size < 4:
        return None
    # Whole days repeat: one term for each different order serves all its equals.
    pairs, count = np.unique(np.stack([_gridded(np.log(days)), observed]), axis=1, return_counts=True)
    log_days, seen, number = pairs[0], pairs[1] > 0.5, count.astype(np.float64)
    cuts = np.unique(np.quantile(np.log(days[observed]), _STARTS))
    slow = np.where(log_days > cuts[:, None], 0.95, 0.05)
    runs = _Runs(log_days, seen, number, np.stack([1.0 - slow, slow], axis=1))
    jacobian = float(number[seen] @ log_days[seen])
    runs.climb(_SCOUTING)
    if float(np.nanmax(runs.value)) - jacobian < needed - _IN_SIGHT:
        return None
    runs.climb(_STEPS)
    sound = (
        np.isfinite(runs.value)
        & (runs.share >= _LEAST_SHARE).all(axis=1)
        & (runs.scale <= _LARGEST_SCALE).all(axis=1)
    )
    if not sound.any():
        return None
    best = int(np.argmax(np.where(sound, runs.value, -np.inf)))
    parts = [(float(runs.location[best, k]), float(runs.scale[best, k])) for k in (0, 1)]
    share = float(runs.share[best, 1])
    value = float(runs.value[best]) - jacobian
    if parts[0][0] <= parts[1][0]:
        return TwoLognormals(parts[0], parts[1], share, value)
    return TwoLognormals(parts[1], parts[0], 1.0 - share, value)


def _gridded(log_days: FloatArray) -> FloatArray:
    """Log days, on a fine grid where they are very many: the runs then cost no more than for a few."""
    if log_days.size <= _MOST:
        return log_days
    low, width = float(log_days.min()), float(np.ptp(log_days)) / _MOST
    return low + width * np.round((log_days - low) / width)


class _Runs:
    """EM runs side by side, dims (run, component, order); open orders enter by their expected log days."""

    def __init__(self, log_days: FloatArray, seen: BoolArray, number: FloatArray, chance: FloatArray) -> None:
        self._y, self._seen, self._number = log_days, seen, number
        weight = number * chance
        self.share = weight.sum(axis=2) / number.sum()
        self.location = (weight * log_days).sum(axis=2) / weight.sum(axis=2)
        self.scale = np.full(self.location.shape, max(float(np.std(log_days)), 0.05))
        self.value = np.full(len(chance), -np.inf)

    def climb(self, steps: int) -> None:
        """So many steps, fewer where the log-likelihood stands still."""
        for _ in range(steps):
            last = self.value
            self._step()
            if np.all(self.value - last <= _TOLERANCE * np.abs(self.value)):
                break

    def _step(self) -> None:
        location, scale = self.location[..., None], self.scale[..., None]
        z = (self._y - location) / scale
        density = -0.5 * z * z - _HALF_LOG_2PI
        tail = special.log_ndtr(-z)
        terms = np.where(self._seen, density - np.log(scale), tail) + np.log(self.share)[..., None]
        total = np.logaddexp(terms[:, 0], terms[:, 1])
        self.value = (self._number * total).sum(axis=1)
        weight = self._number * np.exp(terms - total[:, None, :])
        # Mean and square of log days of an order known only to exceed its age (truncated normal).
        hazard = np.exp(density - tail)
        mean = np.where(self._seen, self._y, location + scale * hazard)
        excess = np.where(self._seen, 0.0, scale**2 * (1.0 - hazard * (hazard - z)))
        # an emptied component must not divide by nothing; it is refused at the end by its share
        size = np.maximum(weight.sum(axis=2), 1e-9)
        self.share = np.clip(size / self._number.sum(), 1e-9, 1.0)
        self.location = (weight * mean).sum(axis=2) / size
        square = (weight * ((mean - self.location[..., None]) ** 2 + excess)).sum(axis=2) / size
        least = np.maximum(_LEAST_SCALE, np.minimum(0.3, _DAY / np.exp(self.location)))
        self.scale = np.maximum(np.sqrt(square), least)
