"""Reverse stress: not what a shock does, but which shock does it; the nearest breach in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.risk.measures import finite
from models.arrays import FloatArray


@dataclass(frozen=True)
class NearestBreach:
    """The most likely way to breach a threshold when factors are normal and the outcome is linear in them."""

    point: FloatArray
    """Factors (factor,) at the nearest breach, in their own units; NaN where no factors can bring it."""
    distance: float
    """Distance of that point from the mean in standard deviations; negative when the mean is beyond."""
    probability: float
    """Probability of a breach."""


def nearest_breach(
    weights: npt.ArrayLike, covariance: npt.ArrayLike, mean: float, threshold: float
) -> NearestBreach:
    """Nearest breach of y = mean + w·x, x normal with mean 0 and covariance Σ, breached below the threshold.

    ``weights`` w (factor,): unit of the outcome per unit of each factor; ``covariance`` Σ (factor, factor).

    With σ² = wᵀΣw: distance β = (mean − threshold)/σ, point x* = −Σw·β/σ, probability Φ(−β); x* is the
    point of the breach with the smallest xᵀΣ⁻¹x (first-order reliability: Hasofer and Lind 1974). A
    covariance without full rank is allowed: the point lies in its range.

    >>> nearest_breach([1.0, 0.0], [[0.04, 0.02], [0.02, 0.09]], 0.1, -0.3).point.round(3).tolist()
    [-0.4, -0.2]

    Raises
    ------
    ValueError
        where a number is NaN or infinite, the shapes do not fit, or Σ is not symmetric or has a negative
        variance.
    """
    w, sigma = finite(weights, "weights"), finite(covariance, "covariance")
    gap = float(finite([mean, threshold], "mean and threshold")[0]) - float(threshold)
    if w.ndim != 1 or sigma.shape != (len(w), len(w)):
        raise ValueError(f"covariance: ({len(w)}, {len(w)}) is needed for the weights | got {sigma.shape}")
    if not np.allclose(sigma, sigma.T, rtol=1e-9, atol=0.0):
        raise ValueError("covariance: a symmetric matrix is needed | got one that is not")
    smallest = float(np.linalg.eigvalsh(sigma)[0])
    if smallest < -1e-12 * max(float(np.max(np.abs(sigma))), 1e-300):
        raise ValueError(f"covariance: no negative variance is possible | got eigenvalue {smallest:g}")
    # fsum: where factors hedge each other the variance must come out as zero, not as a rest of rounding
    pull = np.array([math.fsum(row * w) for row in sigma])
    variance = math.fsum(pull * w)
    if variance <= 0.0:
        distance = math.copysign(math.inf, gap) if gap != 0.0 else math.inf
        return NearestBreach(np.full(len(w), math.nan), distance, 0.0 if gap >= 0.0 else 1.0)
    spread = math.sqrt(variance)
    distance = gap / spread
    return NearestBreach(-pull * distance / spread, distance, float(special.ndtr(-distance)))
