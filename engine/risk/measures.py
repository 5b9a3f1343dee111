"""Risk measures of trials: free functions of arrays.

Sign: what is called a loss, a shortfall or a depth is positive. NaN, infinity and an empty array raise a
ValueError in every function here; a trial is never left out in silence.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray, IntArray


def finite(values: npt.ArrayLike, name: str = "values") -> FloatArray:
    """The numbers as float64, any shape, any unit; NaN, infinities and nothing at all are refused.

    Raises
    ------
    ValueError
        where there is no number, or one of them is NaN or infinite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError(f"{name}: at least one number is needed | got none")
    if not bool(np.all(np.isfinite(array))):
        raise ValueError(f"{name}: finite numbers are needed | got NaN or infinity")
    return array


def sample(values: npt.ArrayLike, name: str = "values") -> FloatArray:
    """One finite number per trial, (trial,), as float64.

    Raises
    ------
    ValueError
        where there is no trial, another number of dims, NaN or infinity.
    """
    array = finite(values, name)
    if array.ndim != 1:
        raise ValueError(f"{name}: one dim (trial) is needed | got {array.ndim}")
    return array


def probability(value: float, name: str) -> float:
    """A probability strictly between 0 and 1.

    Raises
    ------
    ValueError
        where it is not; NaN is not.
    """
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name}: a number between 0 and 1 is needed | got {value}")
    return float(value)


def quantile(values: npt.ArrayLike, level: float) -> float:
    """Value that a share ``level`` of the trials (trial,) does not exceed, in their unit.

    Linear between order statistics, Hyndman and Fan 1996 type 7.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.5

    Raises
    ------
    ValueError
        where the level is not from 0 to 1, or a value is NaN or infinite.
    """
    if not 0.0 <= level <= 1.0:
        raise ValueError(f"level: a number from 0 to 1 is needed | got {level}")
    return float(np.quantile(sample(values), level))


def value_at_risk(losses: npt.ArrayLike, level: float = 0.95) -> float:
    """Loss that is exceeded with probability 1 - ``level``: the quantile of the losses (trial,), in their
    unit (money), positive when money is lost. NaN raises.
    """
    return quantile(sample(losses, "losses"), probability(level, "level"))


def conditional_value_at_risk(losses: npt.ArrayLike, level: float = 0.95) -> float:
    """Mean of the worst share 1 - ``level`` of the losses (trial,), in their unit (money), positive when
    money is lost. NaN raises.

    The mean over exactly n(1 - level) trials, the last one counted in part (Acerbi and Tasche 2002,
    definition 2.6; the CVaR of Rockafellar and Uryasev 2002 for trials of equal weight), so that it is
    coherent for any number of trials and never below the value at risk.

    >>> conditional_value_at_risk([1.0, 2.0, 3.0, 4.0], 0.5)
    3.5
    """
    worst = np.sort(sample(losses, "losses"))[::-1]
    count = len(worst) * (1.0 - probability(level, "level"))
    # n(1 - level) is a whole number in most uses but not in floating point: 10 * (1 - 0.9) < 1
    whole = min(math.floor(count + 1e-9), len(worst))
    rest = max(count - whole, 0.0)
    if rest <= 1e-9 * len(worst) and whole > 0:
        return float(np.sum(worst[:whole]) / whole)
    return float((np.sum(worst[:whole]) + rest * worst[min(whole, len(worst) - 1)]) / count)


def breach_probability(values: npt.ArrayLike, threshold: float, *, above: bool = False) -> float:
    """Share of the trials (trial,) strictly below the threshold, or strictly above with ``above``. NaN
    raises.
    """
    array = sample(values)
    breached = array > threshold if above else array < threshold
    return float(np.count_nonzero(breached) / len(array))


def expected_shortfall_below(values: npt.ArrayLike, threshold: float) -> float:
    """Mean over ALL trials (trial,) of what is missing to the threshold, in their unit, positive: by
    definition E max(threshold - x, 0), the lower partial moment of first order. NaN raises.
    """
    array = sample(values)
    return float(np.sum(np.maximum(threshold - array, 0.0)) / len(array))


def mean_depth_of_breach(values: npt.ArrayLike, threshold: float) -> float:
    """Mean over the trials (trial,) BELOW the threshold of what is missing to it, in their unit, positive;
    NaN where no trial is below. NaN in the values raises.
    """
    array = sample(values)
    below = array[array < threshold]
    return float(np.sum(threshold - below) / len(below)) if len(below) else math.nan


def time_to_breach(paths: npt.ArrayLike, threshold: float, *, above: bool = False) -> FloatArray:
    """First position (trial,), from 0, at which each path (trial, period) is strictly below the threshold, or
    strictly above with ``above``; infinity: never. NaN raises.
    """
    array = _paths(paths)
    breached = array > threshold if above else array < threshold
    return np.where(breached.any(axis=1), np.argmax(breached, axis=1), np.inf)


def time_to_recovery(paths: npt.ArrayLike, threshold: float, *, above: bool = False) -> FloatArray:
    """Number of periods (trial,) from the first breach of each path (trial, period) until it is first back at
    the threshold.

    NaN where it never breaches, infinity where it is not back within the horizon. NaN in the paths raises.
    """
    array = _paths(paths)
    breached = array > threshold if above else array < threshold
    first = np.argmax(breached, axis=1)
    after = np.arange(array.shape[1])[None, :] > first[:, None]
    back = after & ~breached
    length = np.where(back.any(axis=1), np.argmax(back, axis=1) - first, np.inf)
    return np.where(breached.any(axis=1), length, np.nan)


def cash_trough(cash: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    """Lowest cash of each path (trial, day), in its unit, negative where money is owed, and the first day on
    which it is reached; both (trial,). NaN raises.
    """
    array = _paths(cash)
    return np.min(array, axis=1), np.argmin(array, axis=1).astype(np.int64)


def _paths(values: npt.ArrayLike) -> FloatArray:
    array = finite(values, "paths")
    if array.ndim != 2:
        raise ValueError(f"paths: two dims (trial, period) are needed | got {array.ndim}")
    return array
