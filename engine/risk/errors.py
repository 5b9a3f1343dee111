"""Monte Carlo errors by sectioning: the pooled estimate, with the spread of the same estimate over groups of
trials.

K = min(32, n // 64) contiguous groups of trials. With K < 8 there is no error to be had (coverage of the
interval of a 95% quantile is .94 at 64 trials a section, .92 at 32, .88 at 16), and none is printed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.risk.measures import probability, sample
from models.arrays import FloatArray, IntArray

MAXIMUM_SECTIONS = 32
MINIMUM_SECTIONS = 8
TRIALS_PER_SECTION = 64

Statistic = Callable[[FloatArray], float]
"""A figure of trials (trial,)."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its Monte Carlo interval: centre ± half_width at ``confidence``; NaN half-width: error
    not available.
    """

    value: float
    half_width: float
    standard_error: float
    sections: int
    confidence: float

    @property
    def available(self) -> bool:
        """Whether the error is known."""
        return not math.isnan(self.half_width)

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.half_width

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the interval; False while the error is not available."""
        return self.available and (self.low > 0.0 or self.high < 0.0)

    def __str__(self) -> str:
        text = f"{self.value:,.6g}"
        return f"{text} ± {self.half_width:,.3g}" if self.available else f"{text} (error not available)"


def section_count(trials: int) -> int:
    """Number of sections for so many trials."""
    return min(MAXIMUM_SECTIONS, trials // TRIALS_PER_SECTION)


def section_bounds(trials: int) -> IntArray:
    """Trial numbers at which the contiguous sections start, and the end of the last, (section + 1,); sizes
    differ by one trial at most.
    """
    count = section_count(trials)
    return np.array([trials * k // max(count, 1) for k in range(count + 1)], dtype=np.int64)


def interval(pooled: float, parts: FloatArray, confidence: float) -> Estimate:
    """Sectioning interval around the pooled estimate from the estimates of the sections (section,), in their
    unit, amounts and shares alike.

    Half-width t(K−1)·√(Σ(part − pooled)²/(K(K−1))), Asmussen and Glynn 2007, III.5a: the spread is taken
    around the pooled estimate, which has less bias than the mean of the parts.
    """
    count = len(parts)
    if count < MINIMUM_SECTIONS:
        return Estimate(pooled, math.nan, math.nan, count, confidence)
    spread = float(np.sum((parts - pooled) ** 2)) / (count - 1)
    error = math.sqrt(spread / count)
    return Estimate(pooled, student_quantile(count - 1, confidence) * error, error, count, confidence)


def student_quantile(degrees: int, confidence: float) -> float:
    """Two-sided quantile of Student's t."""
    return float(special.stdtrit(degrees, 0.5 + 0.5 * probability(confidence, "confidence")))


def estimate(values: npt.ArrayLike, statistic: Statistic, confidence: float = 0.95) -> Estimate:
    """A statistic of the trials (trial,), any unit, with its Monte Carlo interval (Asmussen and Glynn 2007,
    III.5a, sectioning). NaN raises.
    """
    array = sample(values)
    bounds = section_bounds(len(array))
    parts = np.array([statistic(array[a:b]) for a, b in itertools.pairwise(bounds)])
    return interval(statistic(array), parts, confidence)
