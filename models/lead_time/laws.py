"""Two-parameter lead-time families: density, survival, moments and partial moments in days.

Lognormal, Weibull and log-logistic are log-location-scale families: log L = location + scale * e with e
normal, smallest extreme value or logistic. Native parameters: (location, scale) of log L for these three,
(shape, scale) for gamma.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import special

from models.arrays import FloatArray

FAMILIES: Final = ("gamma", "loglogistic", "lognormal", "weibull")
_HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


def log_density(
    family: str, first: FloatArray | float, second: FloatArray | float, days: FloatArray
) -> FloatArray:
    """Log density at ``days`` > 0 (per day) of one family with native parameters, elementwise."""
    if family == "gamma":
        scaled = days / second
        return np.asarray((first - 1.0) * np.log(scaled) - scaled - special.gammaln(first) - np.log(second))
    z = (np.log(days) - first) / second
    if family == "lognormal":
        core = -0.5 * z * z - _HALF_LOG_2PI
    elif family == "weibull":
        core = z - np.exp(z)
    else:
        core = z - 2.0 * np.logaddexp(0.0, z)
    return np.asarray(core - np.log(second) - np.log(days))


def log_survival(
    family: str, first: FloatArray | float, second: FloatArray | float, days: FloatArray
) -> FloatArray:
    """Log P(L > days) of one family, elementwise, accurate far into the tail; 0 at and below zero days."""
    days = np.maximum(np.asarray(days, dtype=np.float64), 1e-300)
    if family == "gamma":
        return _log_upper_gamma(np.asarray(first, dtype=np.float64), days / second)
    z = (np.log(days) - first) / second
    if family == "lognormal":
        return np.asarray(special.log_ndtr(-z))
    if family == "weibull":
        return np.asarray(-np.exp(np.minimum(z, 700.0)))
    return np.asarray(-np.logaddexp(0.0, z))


def _log_upper_gamma(shape: FloatArray, x: FloatArray) -> FloatArray:
    """Log of the regularised upper incomplete gamma function, by its leading terms where that underflows."""
    with np.errstate(divide="ignore"):
        plain = np.log(special.gammaincc(shape, x))
    far = (
        (shape - 1.0) * np.log(x)
        - x
        - special.gammaln(shape)
        + np.log1p((shape - 1.0) / np.maximum(x, 1.0 + shape))
    )
    return np.asarray(np.where(np.isfinite(plain), plain, far))


def cumulative(family: str, first: float, second: float, days: FloatArray) -> FloatArray:
    """P(L <= days) of one family, a probability in the shape of ``days``, accurate in the lower tail."""
    days = np.maximum(np.asarray(days, dtype=np.float64), 1e-300)
    if family == "gamma":
        return np.asarray(special.gammainc(first, days / second))
    z = (np.log(days) - first) / second
    if family == "lognormal":
        return np.asarray(special.ndtr(z))
    if family == "weibull":
        return np.asarray(-np.expm1(-np.exp(np.minimum(z, 700.0))))
    return np.asarray(special.expit(z))


def raw_moment(family: str, first: float, second: float, order: int) -> float:
    """E[L**order] in days**order; infinite where the family has none (log-logistic with shape <= order)."""
    if family == "gamma":
        return float(second**order * np.exp(special.gammaln(first + order) - special.gammaln(first)))
    if family == "lognormal":
        return float(np.exp(order * first + 0.5 * (order * second) ** 2))
    if family == "weibull":
        return float(np.exp(order * first + special.gammaln(1.0 + order * second)))
    if second * order >= 1.0:
        return float("inf")
    angle = np.pi * order * second
    return float(np.exp(order * first) * angle / np.sin(angle))


def partial_moment(family: str, first: float, second: float, age: float, order: int) -> float:
    """E[L**order; L > age] in days**order: the closed form of each family; infinite where there is none."""
    whole = raw_moment(family, first, second, order)
    if age <= 0.0 or not np.isfinite(whole):
        return whole
    if family == "gamma":
        return whole * float(special.gammaincc(first + order, age / second))
    z = (np.log(age) - first) / second
    if family == "lognormal":
        return whole * float(special.ndtr(order * second - z))
    if family == "weibull":
        return whole * float(special.gammaincc(1.0 + order * second, np.exp(min(z, 700.0))))
    return whole * float(special.betaincc(1.0 + order * second, 1.0 - order * second, special.expit(z)))


def partial_mean(family: str, first: float, second: float, age: float) -> float:
    """E[L; L > age] in days."""
    return partial_moment(family, first, second, age, 1)


def from_moments(family: str, mean: float, sd: float) -> tuple[float, float]:
    """Native parameters of the lognormal or gamma with this mean and standard deviation (days)."""
    square = (sd / mean) ** 2
    if family == "lognormal":
        variance = np.log1p(square)
        return float(np.log(mean) - 0.5 * variance), float(np.sqrt(variance))
    if family == "gamma":
        return 1.0 / square, mean * square
    raise ValueError(f"family: closed-form moments exist here for lognormal and gamma | got {family}")


def quantile(family: str, first: float, second: float, share: FloatArray) -> FloatArray:
    """Days that a share (0 to 1) of one family does not exceed, elementwise; gamma by a fine table over the
    normal score.
    """
    share = np.asarray(share, dtype=np.float64)
    if family == "gamma":
        grid = np.linspace(-8.0, 8.0, 801)
        nodes = second * special.gammaincinv(first, special.ndtr(grid))
        return np.asarray(np.interp(special.ndtri(share), grid, nodes))
    if family == "lognormal":
        z = special.ndtri(share)
    elif family == "weibull":
        z = np.log(-np.log1p(-share))
    else:
        z = special.logit(share)
    return np.asarray(np.exp(first + second * z))
