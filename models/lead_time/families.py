"""Two-parameter lead-time families: distribution functions, partial means, right-censored likelihood.

Lognormal, Weibull and log-logistic are log-location-scale families: log L = location + scale * e with e
normal, smallest extreme value or logistic. In (a, b) = (1/scale, location/scale) their censored
log-likelihood is concave (Burridge 1981, JRSS B 43, "Empirical Bayes analysis of survival time data"), so a
damped Newton finds THE optimum. Gamma is fitted in (log shape, log mean). Native parameters: (location,
scale) of log L for the first three, (shape, scale) for gamma.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FAMILIES: Final = ("gamma", "loglogistic", "lognormal", "weibull")
_TOLERANCE = 1e-10
_STEPS = 100
_SHAPE_STEP = 1e-4
_HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


def log_density(
    family: str, first: FloatArray | float, second: FloatArray | float, days: FloatArray
) -> FloatArray:
    """Log density at ``days`` > 0 (per day) of one family with native parameters."""
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
    """Log P(L > days) of one family, accurate far into the tail; 0 at and below zero days."""
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
    """P(L <= days) of one family, accurate in the lower tail."""
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


def partial_mean(family: str, first: float, second: float, age: float) -> float:
    """E[L; L > age] in days: the closed form of each family."""
    mean = raw_moment(family, first, second, 1)
    if age <= 0.0:
        return mean
    if family == "gamma":
        return mean * float(special.gammaincc(first + 1.0, age / second))
    z = (np.log(age) - first) / second
    if family == "lognormal":
        return mean * float(special.ndtr(second - z))
    if family == "weibull":
        return mean * float(special.gammaincc(1.0 + second, np.exp(min(z, 700.0))))
    return mean * float(special.betaincc(1.0 + second, 1.0 - second, special.expit(z)))


def from_moments(family: str, mean: float, sd: float) -> tuple[float, float]:
    """Native parameters of the lognormal or gamma with this mean and standard deviation (days)."""
    square = (sd / mean) ** 2
    if family == "lognormal":
        variance = np.log1p(square)
        return float(np.log(mean) - 0.5 * variance), float(np.sqrt(variance))
    if family == "gamma":
        return 1.0 / square, mean * square
    raise ValueError(f"family: closed-form moments exist here for lognormal and gamma | got {family}")


def fit_family(
    family: str, days: FloatArray, observed: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Right-censored maximum likelihood: native parameters and log-likelihood, each of shape (batch,).

    Parameters
    ----------
    days : (batch, n) positive durations; where ``observed`` is False the duration exceeds the number given.
    observed : (batch, n)
    """
    days = np.atleast_2d(np.asarray(days, dtype=np.float64))
    observed = np.atleast_2d(np.asarray(observed, dtype=np.bool_))
    if family == "gamma":
        first, second = _fit_gamma(days, observed)
    else:
        first, second = _fit_location_scale(family, np.log(days), observed)
    return first, second, log_likelihood(family, first, second, days, observed)


def log_likelihood(
    family: str, first: FloatArray, second: FloatArray, days: FloatArray, observed: BoolArray
) -> FloatArray:
    """Right-censored log-likelihood, shape (batch,)."""
    one, two = np.asarray(first)[..., None], np.asarray(second)[..., None]
    terms = np.where(observed, log_density(family, one, two, days), log_survival(family, one, two, days))
    return np.asarray(terms.sum(axis=-1))


def _score_terms(
    family: str, z: FloatArray, observed: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Contribution log f(z) or log S(z) with its first and second derivative in z."""
    if family == "lognormal":
        log_tail = special.log_ndtr(-z)
        hazard = np.exp(-0.5 * z * z - _HALF_LOG_2PI - log_tail)
        value = np.where(observed, -0.5 * z * z - _HALF_LOG_2PI, log_tail)
        return value, np.where(observed, -z, -hazard), np.where(observed, -1.0, -hazard * (hazard - z))
    if family == "weibull":
        power = np.exp(np.minimum(z, 700.0))
        return np.where(observed, z - power, -power), np.where(observed, 1.0, 0.0) - power, -power
    chance = special.expit(z)
    tail = -np.logaddexp(0.0, z)
    slope = -chance * (1.0 - chance)
    return (
        np.where(observed, z + 2.0 * tail, tail),
        np.where(observed, 1.0 - 2.0 * chance, -chance),
        np.where(observed, 2.0 * slope, slope),
    )


def _location_scale_value(
    family: str, a: FloatArray, b: FloatArray, y: FloatArray, observed: BoolArray
) -> FloatArray:
    value, _, _ = _score_terms(family, a[:, None] * y - b[:, None], observed)
    return np.asarray(observed.sum(axis=1) * np.log(a) + value.sum(axis=1))


def _fit_location_scale(family: str, y: FloatArray, observed: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Damped Newton in (1/scale, location/scale), where the log-likelihood is concave; y is standardised."""
    count = observed.sum(axis=1)
    # Over open orders too: a start far below them would overflow in the tail.
    centre = y.mean(axis=1)
    spread = y.std(axis=1)
    x = (y - centre[:, None]) / spread[:, None]
    a, b = np.ones(len(y)), np.zeros(len(y))
    value = _location_scale_value(family, a, b, x, observed)
    for _ in range(_STEPS):
        _, one, two = _score_terms(family, a[:, None] * x - b[:, None], observed)
        gradient_a, gradient_b = count / a + (x * one).sum(axis=1), -one.sum(axis=1)
        h_aa = -count / a**2 + (x * x * two).sum(axis=1)
        h_ab, h_bb = -(x * two).sum(axis=1), two.sum(axis=1)
        determinant = h_aa * h_bb - h_ab**2
        step_a = -(h_bb * gradient_a - h_ab * gradient_b) / determinant
        step_b = -(h_aa * gradient_b - h_ab * gradient_a) / determinant
        length = np.ones(len(y))
        for _ in range(40):
            trial_a, trial_b = a + length * step_a, b + length * step_b
            with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
                proposed = _location_scale_value(family, np.maximum(trial_a, 1e-12), trial_b, x, observed)
            worse = (trial_a <= 0.0) | ~(proposed >= value - 1e-12 * np.abs(value))
            if not worse.any():
                break
            length = np.where(worse, 0.5 * length, length)
        length = np.where(worse, 0.0, length)
        a, b = a + length * step_a, b + length * step_b
        value = _location_scale_value(family, a, b, x, observed)
        if np.max(np.abs(length * step_a) / a + np.abs(length * step_b)) < _TOLERANCE:
            break
    return centre + spread * b / a, spread / a


def _gamma_value(
    log_shape: FloatArray, log_mean: FloatArray, days: FloatArray, observed: BoolArray
) -> FloatArray:
    shape = np.exp(log_shape)
    return log_likelihood("gamma", shape, np.exp(log_mean) / shape, days, observed)


def _fit_gamma(days: FloatArray, observed: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Damped Newton in (log shape, log mean) by central differences, from the lognormal fit's moments."""
    location, spread = _fit_location_scale("lognormal", np.log(days), observed)
    variance = np.minimum(spread**2, 3.0)
    point = np.stack([-np.log(np.expm1(variance)), location + 0.5 * variance])
    value = _gamma_value(point[0], point[1], days, observed)
    for _ in range(_STEPS):
        move = _ascent(point, value, days, observed)
        length = np.ones(len(days))
        for _ in range(40):
            step = length * move
            proposed = _gamma_value(point[0] + step[0], point[1] + step[1], days, observed)
            worse = ~(proposed >= value - 1e-12 * np.abs(value))
            if not worse.any():
                break
            length = np.where(worse, 0.5 * length, length)
        length = np.where(worse, 0.0, length)
        point = point + length * move
        value = _gamma_value(point[0], point[1], days, observed)
        if np.max(np.abs(length * move)) < 1e-8:
            break
    shape = np.exp(point[0])
    return shape, np.exp(point[1]) / shape


def _ascent(point: FloatArray, value: FloatArray, days: FloatArray, observed: BoolArray) -> FloatArray:
    """Newton step of at most length 1 for each fit, uphill also where the log-likelihood is not concave."""
    step = _SHAPE_STEP
    at = {
        (i, j): _gamma_value(point[0] + i * step, point[1] + j * step, days, observed)
        for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1))
    }
    g0, g1 = (at[1, 0] - at[-1, 0]) / (2 * step), (at[0, 1] - at[0, -1]) / (2 * step)
    h00 = (at[1, 0] - 2 * value + at[-1, 0]) / step**2
    h11 = (at[0, 1] - 2 * value + at[0, -1]) / step**2
    h01 = (at[1, 1] + at[-1, -1] - 2 * value) / (2 * step**2) - 0.5 * (h00 + h11)
    # Subtracting the largest eigenvalue, where not clearly negative, makes the matrix negative definite.
    largest = 0.5 * (h00 + h11) + np.hypot(0.5 * (h00 - h11), h01)
    size = np.abs(h00) + np.abs(h11)
    shift = np.where(largest > -1e-6 * size, largest + 0.05 * size + 1e-9, 0.0)
    h00, h11 = h00 - shift, h11 - shift
    determinant = h00 * h11 - h01**2
    move = np.stack([(h01 * g1 - h11 * g0) / determinant, (h01 * g0 - h00 * g1) / determinant])
    return np.asarray(move / np.maximum(1.0, np.hypot(move[0], move[1])))
