"""Newton's method for smooth log-likelihoods of a few log parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray

Objective = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]

_FARTHEST = 40.0
"""Log parameter beyond which there is no maximum to be found."""
_LONGEST_STEP = 2.0
"""Longest move of a log parameter in one step: the quadratic does not hold much farther."""
_DECREMENT = 1e-11
"""Gain still to be expected, in log-likelihood, at which the search ends."""
_ROUNDING = 1e-12
"""The same relative to the value: a gradient tolerance alone would spin on rounding (LTV.md §2)."""


@dataclass(frozen=True)
class Maximum:
    """Where the search ended: the point, value, gradient and Hessian there, and whether it is a maximum."""

    point: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray
    converged: bool
    steps: int


def maximise(
    objective: Objective, start: FloatArray, *, most_steps: int = 200, look_again: bool = True
) -> Maximum:
    """Maximise ``objective`` (value, gradient, Hessian) from ``start`` (parameter,).

    Each step solves with the absolute eigenvalues of the Hessian, so that it climbs where the surface is not
    concave. The search ends when half the Newton decrement (the gain still to be expected, in log-likelihood
    units) is below 1e-11 or below the rounding of the value; it gives up beyond exp(40). Without
    ``look_again`` the last step is taken on trust: the gain is what Newton expects, gradient and Hessian are
    those before it, which is right to the rounding of the value where observations are many.
    """
    point = np.array(start, dtype=np.float64)
    value, gradient, hessian = objective(point)
    for step_number in range(1, most_steps + 1):
        step = _ascent(gradient, hessian)
        gain = 0.5 * float(np.sum(gradient * step))
        size = float(np.max(np.abs(step)))
        if size > _LONGEST_STEP:
            step *= _LONGEST_STEP / size
        small = gain < _DECREMENT or gain < _ROUNDING * abs(value)
        if small and not look_again:
            return Maximum(point + step, value + gain, gradient, hessian, True, step_number)
        # the last step moves the value by less than its rounding: it is taken for the point's sake
        least = value - 1e-12 * abs(value) if small else value
        tried = _line_search(objective, point, least, step, halvings=0 if small else 40)
        if tried is None:
            return Maximum(point, value, gradient, hessian, small or gain < 1e-6, step_number)
        point, value, gradient, hessian = tried
        if small:
            return Maximum(point, value, gradient, hessian, True, step_number)
        if np.max(np.abs(point)) > _FARTHEST:
            break
    return Maximum(point, value, gradient, hessian, False, step_number)


def _ascent(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    eigenvalues, vectors = np.linalg.eigh(-hessian)
    size = np.abs(eigenvalues)
    # a flat direction gets a long step, which is cut, instead of an infinite one
    size = np.maximum(size, 1e-14 * max(float(size.max()), 1e-300))
    return np.asarray(vectors @ ((vectors.T @ gradient) / size))


def _line_search(
    objective: Objective, point: FloatArray, least: float, step: FloatArray, *, halvings: int
) -> tuple[FloatArray, float, FloatArray, FloatArray] | None:
    for halving in range(halvings + 1):
        candidate = point + step * 0.5**halving
        candidate_value, gradient, hessian = objective(candidate)
        if np.isfinite(candidate_value) and candidate_value >= least and np.all(np.isfinite(hessian)):
            return candidate, candidate_value, gradient, hessian
    return None
