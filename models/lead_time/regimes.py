"""Normal and congested times of a port or supplier, for shocks: a two-state Markov switch of the level of
log days.

The base keeps its fitted law, in which past congestion is part; a switch is laid over it only as a shock,
so that
nothing is counted twice. Fitted on weekly mean log ratios (days of an order over its lane's median) by
Baum & Welch's EM (Rabiner 1989, "A tutorial on hidden Markov models", Proc. IEEE 77); weeks without orders
are
passed through. Where the log is short, or a wandering level (AR(1)) describes it as well, the listed
switch stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.errors import FitError
from models.lead_time.drift import level_filter

WEEK: Final = 7.0
_FEWEST_WEEKS: Final = 52
_STEPS: Final = 60
_CLEARLY: Final = 6.0
"""BIC by which a switch must beat one level that wanders: a slow AR(1) has good and bad months too."""
_LEAST_RATIO: Final = 1.1
"""Ratio of days below which the states do not differ enough to be called congestion."""
_LARGEST_SHARE: Final = 0.4
"""Share of time beyond which the slow state is the normal one."""
_LEAST_SPELL: Final = 14.0
"""Mean days of a congested spell below which the switch is noise between weeks."""


@dataclass(frozen=True)
class Congestion:
    """Mean days of a normal and of a congested spell; ratio of lead times in congested to normal times."""

    normal_days: float
    congested_days: float
    ratio: float
    source: str = "listed"
    weeks: int = 0

    def __post_init__(self) -> None:
        if not (min(self.normal_days, self.congested_days) > 0.0 and self.ratio >= 1.0):
            raise FitError(
                "congestion: spells longer than zero days and a ratio of at least 1 are needed | "
                f"got {self.normal_days}, {self.congested_days}, {self.ratio}"
            )

    @property
    def share(self) -> float:
        """Share of the days that are congested in the long run."""
        return self.congested_days / (self.normal_days + self.congested_days)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"share": self.share}


LISTED_CONGESTION: Final = Congestion(normal_days=540.0, congested_days=60.0, ratio=1.5)
"""Assumed where the log cannot tell: a spell of two months every twenty, half as long again."""


def fit_congestion(ratio: npt.ArrayLike, day: npt.ArrayLike) -> Congestion:
    """Switch from orders' days over their lane's median (0 days are left out) by day; listed where not
    shown.
    """
    values, days = np.asarray(ratio, dtype=np.float64), np.asarray(day, dtype=np.float64)
    if values.shape != days.shape or not np.isfinite(values).all() or not np.isfinite(days).all():
        raise FitError(
            f"congestion: one finite ratio and day for each order is needed | got {values.shape}, "
            f"{days.shape}"
        )
    if np.any(values < 0.0):
        raise FitError(f"congestion: ratios must not be negative | got {values[values < 0.0][:3].tolist()}")
    kept = values > 0.0
    if not kept.any():
        return LISTED_CONGESTION
    x, week = np.log(values[kept]), np.floor(days[kept] / WEEK).astype(np.int64)
    week -= week.min()
    count = np.bincount(week).astype(np.float64)
    weeks = int((count > 0).sum())
    if weeks < _FEWEST_WEEKS:
        return LISTED_CONGESTION
    mean = np.divide(np.bincount(week, weights=x), count, out=np.zeros(count.size), where=count > 0)
    within = float(((x - mean[week]) ** 2).sum()) / max(1.0, x.size - weeks)
    noise = np.divide(within, count, out=np.full(count.size, np.inf), where=count > 0)
    found = _two_states(mean, noise)
    better = 2.0 * (found.value - _wandering(mean, count, within)) - np.log(weeks)
    switch = Congestion(
        normal_days=float(WEEK / found.leave[0]),
        congested_days=float(WEEK / found.leave[1]),
        ratio=max(1.0, float(np.exp(found.level[1] - found.level[0]))),
        source="fitted",
        weeks=weeks,
    )
    shown = better >= _CLEARLY and switch.ratio >= _LEAST_RATIO
    rare = switch.congested_days >= _LEAST_SPELL and switch.share <= _LARGEST_SHARE
    return switch if shown and rare else LISTED_CONGESTION


@dataclass
class _States:
    """Levels of log ratio, variance between weeks of one state, chance to leave each state in a week."""

    level: FloatArray
    spread: float
    leave: FloatArray
    value: float = -np.inf


def _wandering(mean: FloatArray, count: FloatArray, within: float) -> float:
    """Log-likelihood of weekly means around one level that follows an AR(1), best on a grid."""
    seen = count > 0.0
    y = mean - float((mean * count)[seen].sum() / count[seen].sum())
    total = float(y[seen].var()) + 1e-9
    return max(
        level_filter(
            y, count, persistence, total * size * (1.0 - persistence**2), total * size * extra, within
        )[0]
        for persistence in (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
        for size in (0.02, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5)
        for extra in ((0.0,) if persistence == 0.0 else (0.0, 0.5))
    )


def _two_states(mean: FloatArray, noise: FloatArray) -> _States:
    seen = np.isfinite(noise)
    low, high = np.quantile(mean[seen], [0.3, 0.95])
    states = _States(np.array([low, high]), float(mean[seen].var()) * 0.5 + 1e-6, np.array([0.03, 0.15]))
    for _ in range(_STEPS):
        last = states.value
        chance, change, states.value = _smooth(states, mean, noise)
        if states.value - last < 1e-6 * abs(states.value):
            break
        weight = np.where(seen[:, None], chance / (np.where(seen, noise, 1.0)[:, None] + states.spread), 0.0)
        states.level = (weight * mean[:, None]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)
        square = (chance * (mean[:, None] - states.level) ** 2).sum(axis=1)[seen]
        states.spread = max(1e-6, float((square - noise[seen]).mean()))
        spent = np.maximum(chance[:-1].sum(axis=0), 1e-9)
        # a chance of nothing or one would be held for ever: no later step could leave it
        states.leave = np.clip(change / spent, 1e-4, 0.999)
    if states.level[0] > states.level[1]:
        states = _States(states.level[::-1], states.spread, states.leave[::-1], states.value)
    return states


def _smooth(states: _States, mean: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Forward-backward pass: chance of each state by week, expected changes out of each, log-likelihood."""
    move = np.array([[1.0 - states.leave[0], states.leave[0]], [states.leave[1], 1.0 - states.leave[1]]])
    variance = np.where(np.isfinite(noise), noise, 1.0) + states.spread
    log_density = -0.5 * (np.log(variance)[:, None] + (mean[:, None] - states.level) ** 2 / variance[:, None])
    log_density = np.where(np.isfinite(noise)[:, None], log_density, 0.0)
    top = log_density.max(axis=1)
    density = np.exp(log_density - top[:, None])
    forward, scale = np.zeros_like(density), np.zeros(len(density))
    now = states.leave[::-1] / states.leave.sum()
    for k in range(len(density)):
        now = (now if k == 0 else forward[k - 1] @ move) * density[k]
        scale[k] = now.sum()
        forward[k] = now / scale[k]
    backward = np.ones_like(density)
    change = np.zeros(2)
    for k in range(len(density) - 2, -1, -1):
        ahead = density[k + 1] * backward[k + 1] / scale[k + 1]
        joint = forward[k][:, None] * move * ahead
        change += (joint[0, 1], joint[1, 0])
        backward[k] = move @ ahead
    return forward * backward, change, float((np.log(scale) + top).sum())
