"""Scores of probabilistic forecasts: free functions of sampled forecasts and of what then happened.

A case is one forecast with one outcome. ``draws`` has dims (case, trial), ``actual`` (case,). Low scores are
good. NaN raises; a share between draws that equal the outcome is always half, so that counts are treated
fairly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.risk.measures import finite, probability, sample
from models.arrays import FloatArray

EMPIRICAL = "empirical distribution of the trials, pairs over n^2"
FAIR = "fair, pairs over n(n-1)"


def crps(draws: npt.ArrayLike, actual: npt.ArrayLike, *, fair: bool = False) -> FloatArray:
    """Continuous ranked probability score of each case (case,), in the unit of the outcome; 0 is perfect.

    E|X - y| - E|X - X'|/2 by the sorted-sample formula (Gneiting and Raftery 2007, equation 21). Pairs are
    divided by n², so that the score is that of the trials' own distribution; with ``fair`` by n(n-1), which
    is unbiased for the law behind the trials (Ferro 2014) and needs two of them.

    >>> crps([[0.0, 2.0]], [1.0]).tolist(), crps([[0.0, 2.0]], [1.0], fair=True).tolist()
    ([0.5], [0.0])

    Raises
    ------
    ValueError
        where the fair score is asked of one trial, the cases are not as many, or a number is NaN or infinite.
    """
    ordered, outcome = _cases(draws, actual)
    ordered = np.sort(ordered, axis=1)
    count = ordered.shape[1]
    if fair and count < 2:
        raise ValueError("draws: the fair score needs two trials | got one")
    distance = np.mean(np.abs(ordered - outcome[:, None]), axis=1)
    weight = 2.0 * np.arange(1, count + 1) - count - 1.0
    # half the mean absolute difference between two trials
    spread = (ordered * weight).sum(axis=1) / (count * (count - 1) if fair else count * count)
    return np.asarray(distance - spread)


def crps_normal(actual: npt.ArrayLike, mean: float = 0.0, deviation: float = 1.0) -> FloatArray:
    """Continuous ranked probability score of a normal forecast for each outcome, elementwise and in its unit;
    0 is perfect.

    Gneiting and Raftery 2007, equation 5: deviation * (z (2 Φ(z) - 1) + 2 φ(z) - 1/√π).

    >>> crps_normal([0.0, 1.0]).round(6).tolist()
    [0.233695, 0.602441]

    Raises
    ------
    ValueError
        where the deviation is not above 0, or an outcome is NaN or infinite.
    """
    if not (math.isfinite(deviation) and deviation > 0.0):
        raise ValueError(f"deviation: a positive number is needed | got {deviation}")
    z = (finite(actual, "actual") - mean) / deviation
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return np.asarray(
        deviation * (z * (2.0 * special.ndtr(z) - 1.0) + 2.0 * density - 1.0 / math.sqrt(math.pi))
    )


def pinball(quantiles: npt.ArrayLike, actual: npt.ArrayLike, level: float) -> FloatArray:
    """Pinball loss of a forecast quantile, elementwise and in the unit of the outcome: ``level`` per unit it
    is too low, 1 - ``level`` per unit it is too high (Koenker and Bassett 1978). NaN raises.

    >>> pinball([1.0, 3.0], [2.0, 2.0], 0.9).round(2).tolist()
    [0.9, 0.1]
    """
    share = probability(level, "level")
    error = finite(actual, "actual") - finite(quantiles, "quantiles")
    return np.asarray(np.maximum(share * error, (share - 1.0) * error))


def pit(draws: npt.ArrayLike, actual: npt.ArrayLike) -> FloatArray:
    """Probability integral transform of each case (case,): share of the forecast below the outcome. NaN
    raises.

    (draws below + half of those equal + 1/2) / (n + 1), so ties count half; uniform if the forecast is right.

    >>> pit([[1.0, 2.0, 3.0]], [2.0]).tolist()
    [0.5]
    """
    values, outcome = _cases(draws, actual)
    below = (values < outcome[:, None]).sum(axis=1)
    ties = (values == outcome[:, None]).sum(axis=1)
    return np.asarray((below + 0.5 * ties + 0.5) / (values.shape[1] + 1.0))


def central_interval(draws: npt.ArrayLike, level: float) -> tuple[FloatArray, FloatArray]:
    """Ends of the central interval that holds a share ``level`` of the draws (case, trial), each (case,), in
    the unit of the draws. NaN raises.
    """
    values = finite(draws, "draws")
    tail = 0.5 * (1.0 - probability(level, "level"))
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=-1)
    return np.asarray(low), np.asarray(high)


@dataclass(frozen=True)
class Coverage:
    """How often a central interval held, with the interval of that share and the mean width."""

    level: float
    """Share that the interval should hold."""
    held: int
    cases: int
    low: float
    high: float
    """Ends of the 95% Wilson interval of the share that held."""
    width: float
    """Mean width of the intervals, in the unit of the outcome."""

    @property
    def share(self) -> float:
        """Share of the cases in which the outcome lay in the interval, both ends included."""
        return self.held / self.cases

    @property
    def consistent(self) -> bool:
        """Whether the level lies in the interval of the share."""
        return self.low <= self.level <= self.high


def coverage(draws: npt.ArrayLike, actual: npt.ArrayLike, level: float, confidence: float = 0.95) -> Coverage:
    """Coverage of the central interval over the cases; the binomial interval takes them as independent."""
    values, outcome = _cases(draws, actual)
    low, high = central_interval(values, level)
    held = int(np.count_nonzero((low <= outcome) & (outcome <= high)))
    bounds = wilson_interval(held, len(outcome), confidence)
    return Coverage(level, held, len(outcome), *bounds, float(np.mean(high - low)))


def wilson_interval(held: int, cases: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a binomial share (Wilson 1927): usable at 0, at 1 and with few cases.

    >>> [round(end, 4) for end in wilson_interval(8, 10)]
    [0.4902, 0.9433]

    Raises
    ------
    ValueError
        where there is no case, or more held than there are.
    """
    if cases < 1 or not 0 <= held <= cases:
        raise ValueError(f"held: 0 to the number of cases, at least one case | got {held} of {cases}")
    score = float(special.ndtri(0.5 + 0.5 * probability(confidence, "confidence")))
    share, extra = held / cases, score * score / cases
    centre = (share + 0.5 * extra) / (1.0 + extra)
    half = score * math.sqrt(share * (1.0 - share) / cases + 0.25 * extra / cases) / (1.0 + extra)
    return (max(centre - half, 0.0) if held else 0.0), (min(centre + half, 1.0) if held < cases else 1.0)


def bias(draws: npt.ArrayLike, actual: npt.ArrayLike) -> float:
    """Mean forecast over mean outcome, less one: positive when too much was forecast.

    NaN where nothing happened.

    >>> bias([[9.0, 13.0]], [10.0])
    0.10000000000000009
    """
    values, outcome = _cases(draws, actual)
    total = math.fsum(outcome)
    return math.fsum(values.mean(axis=1)) / total - 1.0 if total != 0.0 else math.nan


def skill(scores: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Share of the reference's mean score that is saved, 1 perfect, 0 no better, negative worse.

    NaN where the reference is perfect. Both (case,), the same cases.

    >>> skill([1.0, 2.0], [2.0, 4.0])
    0.5

    Raises
    ------
    ValueError
        where the cases are not as many, or a score is NaN or infinite.
    """
    mine, theirs = sample(scores, "scores"), sample(reference, "reference")
    if mine.shape != theirs.shape:
        raise ValueError(f"reference: the same {len(mine)} cases are needed | got {len(theirs)}")
    total = math.fsum(theirs)
    return 1.0 - math.fsum(mine) / total if total > 0.0 else math.nan


def _cases(draws: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    values, outcome = finite(draws, "draws"), sample(actual, "actual")
    if values.ndim != 2 or len(values) != len(outcome):
        raise ValueError(
            f"draws: dims (case, trial) with {len(outcome)} cases are needed | got {values.shape}"
        )
    return values, outcome
