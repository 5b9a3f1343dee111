"""Maximum likelihood of the two-parameter families: open orders, late entry, weights, many samples at once.

In (a, b) = (1/scale, location/scale) the right-censored log-likelihood of a log-location-scale family is
concave (Burridge 1981, JRSS B 43, "Empirical Bayes analysis of survival time data"), so a damped Newton finds
THE optimum. Late entry subtracts log S(entry) and can undo the concavity: where the matrix is not negative
definite its largest eigenvalue is taken off. Gamma is fitted in (log shape, log mean).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.lead_time.laws import (
    FAMILIES,
    cumulative,
    from_moments,
    log_density,
    log_survival,
    partial_mean,
    partial_moment,
    raw_moment,
)

__all__ = [
    "FAMILIES",
    "cumulative",
    "fit_family",
    "from_moments",
    "log_density",
    "log_likelihood",
    "log_survival",
    "partial_mean",
    "partial_moment",
    "raw_moment",
]

Value = Callable[[FloatArray, FloatArray], FloatArray]

_TOLERANCE: Final = 1e-10
"""Relative size of a step below which a fit stands still."""
_STEPS: Final = 100
_HALVINGS: Final = 40
_SHAPE_STEP: Final = 1e-4
_HALF_LOG_2PI: Final = 0.5 * np.log(2.0 * np.pi)
_NO_ENTRY: Final = 1e-12
"""Days that stand for entry at the start, whose survival is one in every family."""


def fit_family(
    family: str,
    days: FloatArray,
    observed: BoolArray,
    entered: FloatArray | None = None,
    weights: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Maximum likelihood: native parameters and log-likelihood of each sample, (sample,).

    Parameters
    ----------
    days : (sample, order) positive durations; where ``observed`` is False the duration exceeds the number.
    observed : (sample, order)
    entered : (sample, order) age at which an order came under observation (left truncation); 0 at its start.
    weights : (sample, order) times that each order counts.
    """
    sample = _Sample.of(days, observed, entered, weights)
    if family == "gamma":
        first, second = _fit_gamma(sample)
    else:
        first, second = _fit_location_scale(family, sample)
    return first, second, sample.log_likelihood(family, first, second)


def log_likelihood(
    family: str,
    first: FloatArray,
    second: FloatArray,
    days: FloatArray,
    observed: BoolArray,
    entered: FloatArray | None = None,
) -> FloatArray:
    """Log-likelihood of each sample (sample,) under right censoring and late entry; orders in days (sample,
    order).
    """
    return _Sample.of(days, observed, entered, None).log_likelihood(
        family, np.atleast_1d(first), np.atleast_1d(second)
    )


@dataclass(frozen=True)
class _Sample:
    """Durations of a batch, dims (batch, n) each; ``entered`` None without late entry, ``weight`` of one."""

    days: FloatArray
    observed: BoolArray
    entered: FloatArray | None
    weight: FloatArray | None

    @classmethod
    def of(
        cls, days: FloatArray, observed: BoolArray, entered: FloatArray | None, weights: FloatArray | None
    ) -> _Sample:
        values = np.atleast_2d(np.asarray(days, dtype=np.float64))
        seen = np.broadcast_to(np.atleast_2d(np.asarray(observed, dtype=np.bool_)), values.shape)
        late = None
        if entered is not None and np.any(np.asarray(entered) > 0.0):
            late = np.atleast_2d(np.maximum(np.asarray(entered, dtype=np.float64), _NO_ENTRY))
        weight = None if weights is None else np.atleast_2d(np.asarray(weights, dtype=np.float64))
        return cls(values, seen, late, weight)

    def rows(self, chosen: BoolArray) -> _Sample:
        """The samples of some of the batch."""
        if chosen.all():
            return self
        return _Sample(
            self.days[chosen],
            self.observed[chosen],
            None if self.entered is None else self.entered[chosen],
            None if self.weight is None else self.weight[chosen],
        )

    def sum(self, terms: FloatArray) -> FloatArray:
        """Weighted sum over the orders."""
        return np.asarray((terms if self.weight is None else self.weight * terms).sum(axis=1))

    def mean(self, values: FloatArray) -> FloatArray:
        if self.weight is None:
            return np.asarray(values.mean(axis=1))
        return np.asarray((self.weight * values).sum(axis=1) / self.weight.sum(axis=1))

    def log_likelihood(self, family: str, first: FloatArray, second: FloatArray) -> FloatArray:
        one, two = np.asarray(first)[:, None], np.asarray(second)[:, None]
        if self.observed.all():
            terms = log_density(family, one, two, self.days)
        else:
            terms = np.where(
                self.observed,
                log_density(family, one, two, self.days),
                log_survival(family, one, two, self.days),
            )
        if self.entered is not None:
            terms = terms - log_survival(family, one, two, self.entered)
        return self.sum(terms)


def _tail_terms(family: str, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log S(z) with its first and second derivative in z."""
    if family == "lognormal":
        value = special.log_ndtr(-z)
        hazard = np.exp(-0.5 * z * z - _HALF_LOG_2PI - value)
        return value, -hazard, -hazard * (hazard - z)
    if family == "weibull":
        power = np.exp(np.minimum(z, 700.0))
        return -power, -power, -power
    chance = special.expit(z)
    return -np.logaddexp(0.0, z), -chance, -chance * (1.0 - chance)


def _score_terms(
    family: str, z: FloatArray, observed: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Contribution log f(z) or log S(z) with its first and second derivative in z."""
    if family == "lognormal":
        density = -0.5 * z * z - _HALF_LOG_2PI
        if observed.all():
            return density, -z, np.full(z.shape, -1.0)
        value, one, two = _tail_terms(family, z)
        return (
            np.where(observed, density, value),
            np.where(observed, -z, one),
            np.where(observed, -1.0, two),
        )
    value, one, two = _tail_terms(family, z)
    if family == "weibull":
        return value + np.where(observed, z, 0.0), one + np.where(observed, 1.0, 0.0), two
    return (
        np.where(observed, z + 2.0 * value, value),
        np.where(observed, 1.0 + 2.0 * one, one),
        np.where(observed, 2.0 * two, two),
    )


@dataclass(frozen=True)
class _Standard:
    """A batch on the standardised log scale."""

    family: str
    x: FloatArray
    entry: FloatArray | None
    sample: _Sample
    count: FloatArray
    """Weight of the finished orders, shape (batch,)."""

    def rows(self, chosen: BoolArray) -> _Standard:
        if chosen.all():
            return self
        entry = None if self.entry is None else self.entry[chosen]
        return _Standard(self.family, self.x[chosen], entry, self.sample.rows(chosen), self.count[chosen])

    def value(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Log-likelihood up to a constant; minus infinity outside a > 0."""
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            # the logarithm must exist although the result is not used there
            safe = np.maximum(a, 1e-12)
            terms, _, _ = _score_terms(self.family, safe[:, None] * self.x - b[:, None], self.sample.observed)
            if self.entry is not None:
                terms = terms - _tail_terms(self.family, safe[:, None] * self.entry - b[:, None])[0]
            return np.where(a > 0.0, self.count * np.log(safe) + self.sample.sum(terms), -np.inf)

    def step(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Newton step, dims (parameter, batch)."""
        add = self.sample.sum
        _, one, two = _score_terms(self.family, a[:, None] * self.x - b[:, None], self.sample.observed)
        gradient = np.stack([self.count / a + add(self.x * one), -add(one)])
        h_aa = -self.count / a**2 + add(self.x * self.x * two)
        h_ab, h_bb = -add(self.x * two), add(two)
        if self.entry is not None:
            _, one, two = _tail_terms(self.family, a[:, None] * self.entry - b[:, None])
            gradient = gradient - np.stack([add(self.entry * one), -add(one)])
            h_aa, h_ab, h_bb = (
                h_aa - add(self.entry * self.entry * two),
                h_ab + add(self.entry * two),
                h_bb - add(two),
            )
            h_aa, h_bb = _negative_definite(h_aa, h_ab, h_bb)
        determinant = h_aa * h_bb - h_ab**2
        return np.stack(
            [
                -(h_bb * gradient[0] - h_ab * gradient[1]) / determinant,
                -(h_aa * gradient[1] - h_ab * gradient[0]) / determinant,
            ]
        )


def _negative_definite(h00: FloatArray, h01: FloatArray, h11: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Diagonal from which the largest eigenvalue, where it is not clearly negative, is taken off."""
    largest = 0.5 * (h00 + h11) + np.hypot(0.5 * (h00 - h11), h01)
    size = np.abs(h00) + np.abs(h11)
    shift = np.where(largest > -1e-6 * size, largest + 0.05 * size + 1e-9, 0.0)
    return h00 - shift, h11 - shift


def _climb(
    value: Value, step: Value, a: FloatArray, b: FloatArray, scale: bool
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """One damped step uphill: new point and which fits still move."""
    now = value(a, b)
    move = step(a, b)
    length = np.ones(a.size)
    for _ in range(_HALVINGS):
        proposed = value(a + length * move[0], b + length * move[1])
        # written so that NaN is worse; near the top a step changes less than the sum's rounding
        worse = ~(proposed >= now - 1e-12 * np.abs(now))
        if not worse.any():
            break
        length = np.where(worse, 0.5 * length, length)
    length = np.where(worse, 0.0, length)
    size = np.abs(length * move[0]) / (a if scale else 1.0) + np.abs(length * move[1])
    return a + length * move[0], b + length * move[1], size > (_TOLERANCE if scale else 1e-8)


def _fit_location_scale(family: str, sample: _Sample) -> tuple[FloatArray, FloatArray]:
    """Damped Newton in (1/scale, location/scale) on standardised logs; fits that stand still drop out."""
    y = np.log(sample.days)
    # Over open orders too: a start far below them would overflow in the tail.
    centre = sample.mean(y)
    spread = np.sqrt(sample.mean((y - centre[:, None]) ** 2))
    # Nearly equal durations: the square loses all digits.
    spread = np.where(spread > 0.0, spread, 1e-9)
    entry = None
    if sample.entered is not None:
        entry = (np.log(sample.entered) - centre[:, None]) / spread[:, None]
    whole = _Standard(
        family,
        (y - centre[:, None]) / spread[:, None],
        entry,
        sample,
        sample.sum(sample.observed.astype(np.float64)),
    )
    a, b = np.ones(centre.size), np.zeros(centre.size)
    active = np.ones(centre.size, dtype=np.bool_)
    for _ in range(_STEPS):
        part = whole.rows(active)
        new_a, new_b, moving = _climb(part.value, part.step, a[active], b[active], scale=True)
        a[active], b[active] = new_a, new_b
        active[np.flatnonzero(active)[~moving]] = False
        if not active.any():
            break
    return centre + spread * b / a, spread / a


def _fit_gamma(sample: _Sample) -> tuple[FloatArray, FloatArray]:
    """Damped Newton in (log shape, log mean), from the lognormal fit's moments."""
    location, spread = _fit_location_scale("lognormal", sample)
    variance = np.clip(spread**2, 1e-14, 3.0)
    log_shape, log_mean = -np.log(np.expm1(variance)), location + 0.5 * variance
    active = np.ones(location.size, dtype=np.bool_)
    for _ in range(_STEPS):
        part = _GammaSample(sample.rows(active))
        one, two, moving = _climb(part.value, part.step, log_shape[active], log_mean[active], scale=False)
        log_shape[active], log_mean[active] = one, two
        active[np.flatnonzero(active)[~moving]] = False
        if not active.any():
            break
    shape = np.exp(log_shape)
    return shape, np.exp(log_mean) / shape


class _GammaSample:
    """Gamma log-likelihood of a batch in (log shape, log mean): the finished orders by their sums; the
    survival terms of open orders and late entries differ in the shape by central differences only.
    """

    def __init__(self, sample: _Sample) -> None:
        seen = sample.observed.astype(np.float64)
        self._count = sample.sum(seen)
        self._total = sample.sum(seen * sample.days)
        self._log_total = sample.sum(seen * np.log(sample.days))
        weight = np.ones(sample.days.shape) if sample.weight is None else sample.weight
        tails = [(~sample.observed, sample.days, weight)]
        if sample.entered is not None:
            tails.append((sample.entered > _NO_ENTRY, sample.entered, -weight))
        self._row = np.concatenate([np.nonzero(chosen)[0] for chosen, _, _ in tails])
        self._tail = np.concatenate([days[chosen] for chosen, days, _ in tails])
        self._weight = np.concatenate([signed[chosen] for chosen, _, signed in tails])

    def _finished(self, log_shape: FloatArray, log_mean: FloatArray) -> FloatArray:
        shape = np.exp(log_shape)
        rate = shape * np.exp(-log_mean)
        constant = shape * np.log(rate) - special.gammaln(shape)
        return np.asarray(self._count * constant + (shape - 1.0) * self._log_total - rate * self._total)

    def _tail_terms(self, log_shape: FloatArray, log_mean: FloatArray) -> tuple[FloatArray, ...]:
        """Log S, its slope u in the log mean and the slope of u, of each tail term."""
        shape = np.exp(log_shape)[self._row]
        scaled = self._tail * shape * np.exp(-log_mean)[self._row]
        value = log_survival("gamma", shape, 1.0, scaled)
        slope = np.exp(shape * np.log(scaled) - scaled - special.gammaln(shape) - value)
        return value, slope, -slope * (shape - scaled + slope)

    def _sum(self, terms: FloatArray) -> FloatArray:
        return np.asarray(
            np.bincount(self._row, weights=self._weight * terms, minlength=self._count.size),
            dtype=np.float64,
        )

    def value(self, log_shape: FloatArray, log_mean: FloatArray) -> FloatArray:
        """Log-likelihood, shape (batch,)."""
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            value = self._finished(log_shape, log_mean)
            if self._row.size:
                shape = np.exp(log_shape)[self._row]
                scaled = self._tail * shape * np.exp(-log_mean)[self._row]
                value = value + self._sum(log_survival("gamma", shape, 1.0, scaled))
            return np.asarray(value)

    def step(self, log_shape: FloatArray, log_mean: FloatArray) -> FloatArray:
        """Newton step of at most length 1, uphill also where the log-likelihood is not concave."""
        shape, rate = np.exp(log_shape), np.exp(log_shape - log_mean)
        n, total = self._count, self._total
        inner = n * (log_shape - log_mean + 1.0 - special.digamma(shape)) + self._log_total
        g0 = shape * inner - rate * total
        g1 = rate * total - n * shape
        h00 = g0 + shape * n * (1.0 - shape * special.polygamma(1, shape))
        h11 = -rate * total
        h01 = rate * total - n * shape
        if self._row.size:
            width = _SHAPE_STEP
            here, slope, curve = self._tail_terms(log_shape, log_mean)
            up, slope_up, _ = self._tail_terms(log_shape + width, log_mean)
            down, slope_down, _ = self._tail_terms(log_shape - width, log_mean)
            g0 = g0 + self._sum((up - down) / (2.0 * width))
            g1 = g1 + self._sum(slope)
            h00 = h00 + self._sum((up - 2.0 * here + down) / width**2)
            h11 = h11 + self._sum(curve)
            h01 = h01 + self._sum((slope_up - slope_down) / (2.0 * width))
        h00, h11 = _negative_definite(h00, h01, h11)
        determinant = h00 * h11 - h01**2
        move = np.stack([(h01 * g1 - h11 * g0) / determinant, (h01 * g0 - h00 * g1) / determinant])
        return np.asarray(move / np.maximum(1.0, np.hypot(move[0], move[1])))
