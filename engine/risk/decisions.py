"""Choosing a plan when nobody knows which future comes: payoffs (plan, future), more is better."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.risk.measures import finite
from models.arrays import FloatArray


def regret(payoffs: npt.ArrayLike) -> FloatArray:
    """What each plan misses to the best plan of each future, dims (plan, future), never negative."""
    table = _table(payoffs)
    return np.max(table, axis=0, keepdims=True) - table


def minimax_regret(payoffs: npt.ArrayLike) -> tuple[int, FloatArray]:
    """Plan with the smallest greatest regret (the first of equals), and the greatest regret of each plan
    (plan,).

    >>> minimax_regret([[10, 4, -2], [6, 6, 1], [3, 3, 3]])[1].tolist()
    [5.0, 4.0, 7.0]
    """
    worst = np.max(regret(payoffs), axis=1)
    return int(np.argmin(worst)), worst


def maximin(payoffs: npt.ArrayLike) -> tuple[int, FloatArray]:
    """Plan with the greatest worst payoff (the first of equals), and the worst payoff of each plan
    (plan,).
    """
    worst = np.min(_table(payoffs), axis=1)
    return int(np.argmax(worst)), worst


def satisficing_share(payoffs: npt.ArrayLike, threshold: float) -> FloatArray:
    """Share of futures in which each plan reaches the threshold, dims (plan,)."""
    table = _table(payoffs)
    return np.count_nonzero(table >= threshold, axis=1) / table.shape[1]


def _table(payoffs: npt.ArrayLike) -> FloatArray:
    table = finite(payoffs, "payoffs")
    if table.ndim != 2:
        raise ValueError(f"payoffs: two dims (plan, future) are needed | got {table.ndim}")
    return table
