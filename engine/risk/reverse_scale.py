"""Reverse stress by search: the smallest scale of a shock at which a breach has a given probability.

The same trials are met at every scale, so the probability is a fixed step function of the scale and can be
bracketed: the scale is doubled until the probability is reached, then the bracket is halved; straight lines
between the figures of each trial say where to look first. The interval is that of the probability turned
round: all scales whose probability differs from the one asked for by no more than its own Monte Carlo error.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from engine.risk.errors import Estimate, estimate, interval, section_bounds
from engine.risk.measures import probability
from engine.risk.paired import mean
from models.arrays import FloatArray

Excess = Callable[[float], FloatArray]
"""How far each trial (trial,) is beyond the threshold at a scale: above 0 is a breach, NaN is undefined."""

FOUND = "found"
BREACHED_AT_ZERO = "breached at 0"
NOT_REACHED = "not reached"

SMALLEST_STEP = 1e-4
"""Width of a bracket that is not halved again, however small the scale."""

_CONFIDENCE = 0.95
_GRID = 65
_ZOOMS = 4
"""Points between two scales at which straight lines are read, and how often the cell of the crossing is read
again: 1/64⁴ of the bracket, far below the tolerance, for 260 readings."""


@dataclass(frozen=True)
class Probe:
    """What was seen at one scale."""

    scale: float
    probability: Estimate
    """P(breach) over the trials; one whose figure is undefined counts as not breached."""
    undefined: int
    """Trials whose figure is undefined."""


@dataclass(frozen=True)
class ScaleSearch:
    """The smallest scale that breaches, or why there is none, and everything that was tried."""

    outcome: str
    """``found``, ``breached at 0`` or ``not reached``."""
    scale: float
    """Smallest probed scale at which the probability is reached; NaN where none was found."""
    low: float
    """Lower end of its interval; NaN: error not available."""
    high: float
    """Upper end of its interval; infinity: beyond the greatest scale; NaN: error not available."""
    resolution: float
    """Width of the last bracket: the scale is known no better than this on these trials."""
    probes: tuple[Probe, ...]
    """By scale."""

    @property
    def available(self) -> bool:
        """Whether the interval is known."""
        return not math.isnan(self.low)

    @property
    def at_zero(self) -> Probe:
        """What is seen without the shock."""
        return self.probes[0]

    @property
    def at_most(self) -> Probe:
        """What is seen at the greatest scale probed."""
        return self.probes[-1]

    @property
    def at_scale(self) -> Probe | None:
        """What is seen at the scale found."""
        return next((probe for probe in self.probes if probe.scale == self.scale), None)

    @property
    def reversals(self) -> tuple[tuple[Probe, Probe], ...]:
        """Neighbouring probes between which the probability falls although the scale rises."""
        pairs = itertools.pairwise(self.probes)
        return tuple((a, b) for a, b in pairs if b.probability.value < a.probability.value)


def smallest_scale(
    excess: Excess,
    wanted: float = 0.5,
    *,
    maximum: float = 8.0,
    tolerance: float = 0.002,
) -> ScaleSearch:
    """Smallest scale from 0 to ``maximum`` at which a share ``wanted`` of the trials is breached.

    ``tolerance`` is the width of the last bracket as a share of the scale. If the probability is not monotone
    in the scale, the crossing found is the first one between the scales of the ladder 0, 1, 2, 4, …;
    ``reversals`` says so.

    >>> found = smallest_scale(lambda k: k * np.linspace(0.1, 1.0, 10) - 1.0, 0.5)
    >>> 1.66 < found.scale < 1.68
    True

    Raises
    ------
    ValueError
        where ``wanted`` or ``tolerance`` is not between 0 and 1, ``maximum`` not above 0, or ``excess`` does
        not give the same trials (trial,) at every scale.
    """
    probability(wanted, "wanted")
    if not (math.isfinite(maximum) and maximum > 0.0):
        raise ValueError(f"maximum: a number above 0 is needed | got {maximum}")
    if not 0.0 < tolerance < 1.0:
        raise ValueError(f"tolerance: a number between 0 and 1 is needed | got {tolerance}")
    return _Search(excess, wanted, maximum, tolerance).run()


def ladder(maximum: float) -> tuple[float, ...]:
    """Scales that are tried first: 0, 1, 2, 4, … up to the greatest."""
    steps = [0.0]
    step = 1.0
    while step < maximum:
        steps.append(step)
        step *= 2.0
    return (*steps, maximum)


@dataclass
class _Search:
    excess: Excess
    wanted: float
    maximum: float
    tolerance: float
    seen: dict[float, FloatArray] = field(default_factory=dict)
    probes: dict[float, Probe] = field(default_factory=dict)

    def run(self) -> ScaleSearch:
        """Ladder, bracket, interval."""
        if self._reached(0.0):
            return self._result(BREACHED_AT_ZERO, 0.0, 0.0, math.nan, math.nan)
        steps = ladder(self.maximum)
        top = next((scale for scale in steps[1:] if self._reached(scale)), None)
        if top is None:
            low, high = self._interval(steps[-1:])
            return self._result(NOT_REACHED, math.nan, math.nan, low, high)
        low, high = steps[steps.index(top) - 1], top
        while not self._narrow(low, high):
            for scale in (*self._looks(low, high), (low + high) / 2.0):
                if low < scale < high and not self._narrow(low, high):
                    low, high = (low, scale) if self._reached(scale) else (scale, high)
        ends = self._interval(tuple(step for step in steps if step > high))
        return self._result(FOUND, high, high - low, *ends)

    def _narrow(self, low: float, high: float) -> bool:
        return high - low <= max(self.tolerance * high, SMALLEST_STEP)

    def _reached(self, scale: float) -> bool:
        return self._probe(scale).probability.value >= self.wanted

    def _probe(self, scale: float) -> Probe:
        if scale not in self.probes:
            values = np.asarray(self.excess(scale), dtype=np.float64)
            if values.ndim != 1 or not len(values):
                raise ValueError(f"excess: one dim (trial) with numbers is needed | got {values.shape}")
            if self.seen and len(values) != len(self.seen[0.0]):
                raise ValueError(
                    f"excess: {len(self.seen[0.0])} trials at every scale are needed | got {len(values)}"
                )
            self.seen[scale] = values
            self.probes[scale] = Probe(
                scale,
                estimate((values > 0.0).astype(np.float64), mean),
                int(np.count_nonzero(np.isnan(values))),
            )
        return self.probes[scale]

    def _looks(self, low: float, high: float) -> tuple[float, ...]:
        """Scales on both sides of where straight lines between the trials' figures put the crossing."""
        guess = self._crossing(0.0, low, high)
        aside = 0.4 * max(self.tolerance * high, SMALLEST_STEP)
        return (guess - aside, guess + aside) if math.isfinite(guess) else ()

    def _bounds(self, scales: FloatArray, side: float) -> FloatArray:
        """P(breach) and ``side`` times its half-width, at scales up to the greatest seen (scale,).

        Between two scales that were seen, each trial's figure is taken as linear.
        """
        known = np.array(sorted(self.seen))
        figures = np.stack([self.seen[scale] for scale in known])
        at = np.clip(np.searchsorted(known, scales, side="right"), 1, len(known) - 1)
        share = ((scales - known[at - 1]) / (known[at] - known[at - 1]))[:, None]
        below, above = figures[at - 1], figures[at]
        # undefined, or infinity less infinity: the nearer end counts instead, two lines below
        with np.errstate(invalid="ignore"):
            values = below + share * (above - below)
        values = np.where(np.isnan(values), np.where(share < 0.5, below, above), values)
        breached = (values > 0.0).astype(np.float64)
        pooled = breached.sum(axis=1) / breached.shape[1]
        if side == 0.0:
            return pooled
        bounds = section_bounds(breached.shape[1])
        parts = np.add.reduceat(breached, bounds[:-1], axis=1) / np.diff(bounds)
        widths = [interval(p, part, _CONFIDENCE).half_width for p, part in zip(pooled, parts, strict=True)]
        return np.asarray(pooled + side * np.array(widths))

    def _crossing(self, side: float, low: float, high: float) -> float:
        """First place between two scales where a bound reaches the wanted probability, or NaN."""
        inner = [k for k in self.seen if low <= k <= high]
        grid = np.unique(np.concatenate([np.linspace(low, high, _GRID), inner]))
        for _ in range(_ZOOMS):
            reached = np.flatnonzero(self._bounds(grid, side) >= self.wanted)
            if not len(reached):
                return math.nan
            first = int(reached[0])
            found = float(grid[first])
            grid = np.linspace(grid[max(first - 1, 0)], found, _GRID)
        return found

    def _interval(self, further: tuple[float, ...]) -> tuple[float, float]:
        """Scales at which probability plus error, and probability less error, first reach what is wanted.

        Both ends are probed until straight lines no longer move them.
        """
        if not self.probes[0.0].probability.available:
            return math.nan, math.nan
        for scale in further:
            if self._bounds(np.array([max(self.seen)]), -1.0)[0] < self.wanted:
                self._probe(scale)
        ends = (math.nan, math.nan)
        # a round plays two scales at most: the limit of what the interval may cost beside the search
        for _ in range(4):
            before, top = ends, max(self.seen)
            ends = (
                self._crossing(1.0, 0.0, top),
                self._crossing(-1.0, 0.0, top),
            )
            moved = [
                end
                for end, last in zip(ends, before, strict=True)
                if math.isfinite(end) and not abs(end - last) <= max(self.tolerance * end, SMALLEST_STEP)
            ]
            if not moved:
                break
            for end in moved:
                self._probe(end)
        low, high = (math.inf if math.isnan(end) else end for end in ends)
        return low, high

    def _result(self, outcome: str, scale: float, resolution: float, low: float, high: float) -> ScaleSearch:
        probes = tuple(self.probes[each] for each in sorted(self.probes))
        return ScaleSearch(outcome, scale, low, high, resolution, probes)
