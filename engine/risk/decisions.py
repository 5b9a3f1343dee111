"""Choosing an option when nobody knows which future comes: payoffs (option, future), more is better.

An option is what can be done, a future a scenario, or a scenario with a trial. No probabilities are used. NaN
raises.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.risk.measures import finite
from models.arrays import FloatArray


def regret(payoffs: npt.ArrayLike) -> FloatArray:
    """What each option misses to the best option of each future, (option, future), in the unit of the
    payoffs (money, units); never negative (Savage 1951).
    """
    table = _table(payoffs)
    return np.max(table, axis=0, keepdims=True) - table


def minimax_regret(payoffs: npt.ArrayLike) -> tuple[int, FloatArray]:
    """Position of the option with the smallest greatest regret (the first of equals), and the greatest
    regret of each option (option,), in the unit of the payoffs (Savage 1951).

    >>> minimax_regret([[10, 4, -2], [6, 6, 1], [3, 3, 3]])[1].tolist()
    [5.0, 4.0, 7.0]
    """
    worst = np.max(regret(payoffs), axis=1)
    return int(np.argmin(worst)), worst


def maximin(payoffs: npt.ArrayLike) -> tuple[int, FloatArray]:
    """Position of the option with the greatest worst payoff (the first of equals), and the worst payoff of
    each option (option,), in the unit of the payoffs (Wald 1950).
    """
    worst = np.min(_table(payoffs), axis=1)
    return int(np.argmax(worst)), worst


def satisficing_share(payoffs: npt.ArrayLike, threshold: float) -> FloatArray:
    """Share of the futures in which each option (option,) reaches the threshold; at the threshold counts."""
    table = _table(payoffs)
    return np.count_nonzero(table >= threshold, axis=1) / table.shape[1]


def _table(payoffs: npt.ArrayLike) -> FloatArray:
    table = finite(payoffs, "payoffs")
    if table.ndim != 2:
        raise ValueError(f"payoffs: two dims (option, future) are needed | got {table.ndim}")
    return table
