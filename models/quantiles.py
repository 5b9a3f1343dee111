"""Inverse distribution functions for every draw whose law a scenario can change; one compiled path.

Inversion keeps common random numbers: the same uniform under a higher rate gives at least as many orders, in
every trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.compiled import compiled, pasted

_SQRT_HALF = math.sqrt(0.5)
"""Phi(z) = erfc(-z sqrt(1/2)) / 2: taken once, not at every call."""
_SPREAD = 9.0
"""Standard deviations below the mean at which a discrete inversion starts; the mass left out is tiny."""

_CENTRAL_TOP = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
_CENTRAL_BOTTOM = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
_MIDDLE_TOP = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
_MIDDLE_BOTTOM = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
_TAIL_TOP = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
_TAIL_BOTTOM = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


@pasted
def _ratio(top: tuple[float, ...], bottom: tuple[float, ...], x: float) -> float:
    a = top[7]
    b = bottom[7]
    for i in range(6, -1, -1):
        a = a * x + top[i]
        b = b * x + bottom[i]
    return a / b


@compiled
def normal_quantile(u: float) -> float:
    """Standard normal score z with P(Z <= z) = u, for u in (0, 1).

    Rational approximation PPND16, relative error about 1e-16 (Wichura 1988, algorithm AS 241).
    """
    q = u - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(_CENTRAL_TOP, _CENTRAL_BOTTOM, 0.180625 - q * q)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        z = _ratio(_MIDDLE_TOP, _MIDDLE_BOTTOM, r - 1.6)
    else:
        z = _ratio(_TAIL_TOP, _TAIL_BOTTOM, r - 5.0)
    return -z if q < 0.0 else z


@compiled
def normal_cdf(z: float) -> float:
    """Probability P(Z <= z) of a standard normal Z."""
    return 0.5 * math.erfc(-z * _SQRT_HALF)


@compiled
def poisson_quantile(u: float, mean: float) -> int:
    """Smallest count k with P(N <= k) >= u for a Poisson N; non-decreasing in u and in the mean.

    Sums the probabilities upward from nine standard deviations below the mean.
    """
    if mean <= 0.0:
        return 0
    k = max(0, int(mean - _SPREAD * math.sqrt(mean) - 10.0))
    p = math.exp(k * math.log(mean) - mean - math.lgamma(k + 1.0))
    total = p
    last = mean + 12.0 * math.sqrt(mean) + 60.0
    while total < u and k < last:
        k += 1
        p *= mean / k
        total += p
    return k


@compiled
def binomial_quantile(u: float, n: int, p: float) -> int:
    """Smallest count k with P(N <= k) >= u for a binomial N of n trials with success probability p."""
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    mean = n * p
    k = max(0, int(mean - _SPREAD * math.sqrt(mean * (1.0 - p)) - 10.0))
    log_mass = math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
    mass = math.exp(log_mass + k * math.log(p) + (n - k) * math.log1p(-p))
    total = mass
    odds = p / (1.0 - p)
    while total < u and k < n:
        mass *= odds * (n - k) / (k + 1.0)
        k += 1
        total += mass
    return k


@compiled
def table_value(scores: FloatArray, values: FloatArray, z: float) -> float:
    """Value at normal score z by linear interpolation in an even grid; the last slope goes on in the tails.

    Both have one entry a point, the same shape: ``scores`` evenly spaced and increasing, ``values``
    non-decreasing; never below zero when the values are not.
    """
    n = scores.size
    step = (scores[n - 1] - scores[0]) / (n - 1)
    i = math.floor((z - scores[0]) / step)
    if i < 0:
        i = 0
    elif i > n - 2:
        i = n - 2
    w = (z - scores[i]) / step
    value = values[i] + w * (values[i + 1] - values[i])
    if w < 0.0 and value < values[0] and values[0] >= 0.0:
        value = max(value, 0.0)
    return value


@dataclass(frozen=True)
class Table:
    """Inverse distribution function over the normal score: value = F^-1(Phi(z)), in the unit of its values.

    ``scores`` (point,) evenly spaced normal scores, ``values`` (point,) non-decreasing.
    """

    scores: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        if self.scores.ndim != 1 or self.scores.shape != self.values.shape or self.scores.size < 2:
            raise ValueError(
                f"table: two vectors of one length >= 2 | got {self.scores.size}, {self.values.size}"
            )
        if not np.all(np.isfinite(self.values)) or np.any(np.diff(self.values) < 0.0):
            raise ValueError("table: values must be finite and non-decreasing")

    def __call__(self, z: float) -> float:
        """Value at one normal score."""
        return float(table_value(self.scores, self.values, z))
