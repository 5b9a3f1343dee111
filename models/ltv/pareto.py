"""Pareto/NBD: customers who order until they leave, unseen, at some time of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from models.arrays import FloatArray
from models.ltv.customers import Customers
from models.ltv.evidence import Evidence
from models.ltv.fitting import DropoutLikelihood
from models.ltv.order_model import OrderModel
from models.ltv.pareto_likelihood import alive_pareto, pareto_derivatives
from models.ltv.paths import PARETO
from models.ltv.priors import WeakParetoPrior

_GRADES = 48
"""Panels of the count law halve this often towards either end of the horizon."""


def _value(point: FloatArray, evidence: Evidence) -> tuple[float, FloatArray, FloatArray]:
    found = pareto_derivatives(point, evidence.start, evidence.recency, evidence.age, evidence.more_than)
    return float(found[0]), found[1], found[2]


def _starts(alpha: float) -> tuple[FloatArray, ...]:
    """Where to look for s and beta, beside an alpha: leaving about as fast as ordering, or slowly."""
    return (np.log([0.7, alpha]), np.log([2.0, 8.0 * alpha]))


class ParetoNBD(OrderModel):
    """Pareto/NBD (Schmittlein, Morrison and Colombo 1987): orders at rate lambda ~ Gamma(r, alpha) until an
    exponential time of rate mu ~ Gamma(s, beta).

    The scale of leaving is often flat: on CDNOW beta is known to within a factor of two. Its mean lifetime is
    infinite for s <= 1, so every expectation has a horizon.
    """

    names = ("r", "alpha", "s", "beta")
    times = ("alpha", "beta")
    law = PARETO
    likelihood = DropoutLikelihood(_value, _starts, WeakParetoPrior())
    title = "Pareto/NBD"

    def expected_orders_new(self, days: Any) -> FloatArray:
        """Expected number of repeat orders of a new customer within ``days`` (of the clock) of the first
        order, shape of ``days``: the mean rate times the expected time there (Schmittlein, Morrison and
        Colombo 1987).
        """
        r, alpha, s, beta = np.exp(self.mean)
        elapsed = np.asarray(days, dtype=np.float64)
        return np.asarray(r / alpha * _time_there(float(s), beta, elapsed))

    def _alive(self, customers: Customers) -> FloatArray:
        summary = customers.summary
        alive = np.empty(summary.frequency.size)
        point = tuple(np.exp(self.mean).tolist())
        alive_pareto(
            point, summary.frequency, summary.times[summary.recency], summary.times[summary.age], alive
        )
        return alive

    def _orders_given_alive(self, customers: Customers, elapsed: FloatArray) -> FloatArray:
        r, alpha, s, beta = np.exp(self.mean)
        summary = customers.summary
        age = summary.times[summary.age][:, None]
        rate = (r + summary.frequency[:, None]) / (alpha + age)
        return np.asarray(rate * _time_there(float(s), beta + age, elapsed[None, :]))

    def _count_law_new(self, n: FloatArray, days: float) -> FloatArray:
        r, alpha, s, beta = (float(value) for value in np.exp(self.mean))
        return _count_law(np.atleast_1d(n).ravel(), days, r, alpha, s, beta).reshape(n.shape)

    def _count_law_alive(self, customers: Customers, n: FloatArray, days: float) -> FloatArray:
        r, alpha, s, beta = (float(value) for value in np.exp(self.mean))
        summary = customers.summary
        pairs, back = np.unique(np.stack([summary.frequency, summary.age]), axis=1, return_inverse=True)
        values = np.empty((pairs.shape[1], n.size))
        for i in range(pairs.shape[1]):
            age = float(summary.times[pairs[1, i]])
            values[i] = _count_law(n, days, r + float(pairs[0, i]), alpha + age, s, beta + age)
        return np.asarray(values[back.reshape(-1)])


def _time_there(s: float, beta: FloatArray, elapsed: FloatArray) -> FloatArray:
    """Expected days until leaving or ``elapsed``: beta/(s-1) (1 - (beta/(beta+t))^(s-1)), also at s = 1."""
    log_growth = np.log1p(elapsed / beta)
    # the limit for s to 1, where the quotient is 0 / 0
    if abs(s - 1.0) < 1e-12:
        return np.asarray(beta * log_growth)
    return np.asarray(beta * -np.expm1((1.0 - s) * log_growth) / (s - 1.0))


def _count_law(n: FloatArray, days: float, r: float, alpha: float, s: float, beta: float) -> FloatArray:
    """P(n orders): there to the end and the NBD count, or left at some time before with n orders till then.

    The time of leaving is integrated by Gauss-Legendre on panels that halve towards 0, where leaving may be
    fast, and towards the end, where many orders have their mass.
    """
    there = s * np.log(beta / (beta + days)) + _log_nbd(n, np.array([days]), r, alpha)[:, 0]
    if days == 0.0:
        return np.asarray(np.exp(there))
    part = 0.5 ** np.arange(_GRADES, 0, -1)
    edges = days * np.concatenate([[0.0], part, (1.0 - part[::-1])[1:], [1.0]])
    points, weights = np.polynomial.legendre.leggauss(16)
    half = 0.5 * np.diff(edges)
    at = (edges[:-1, None] + half[:, None] * (points + 1.0)).ravel()
    weight = (half[:, None] * weights).ravel()
    log_leaves = np.log(s / beta) - (s + 1.0) * np.log1p(at / beta)
    left = np.array([(weight * np.exp(log_leaves + row)).sum() for row in _log_nbd(n, at, r, alpha)])
    return np.asarray(np.exp(there) + left)


def _log_nbd(n: FloatArray, days: FloatArray, r: float, alpha: float) -> FloatArray:
    """Log probability of n orders in ``days`` while there, dims (n, days)."""
    ratio = days[None, :] / alpha
    with np.errstate(divide="ignore"):
        log_share = np.log(ratio / (1.0 + ratio))
    front = gammaln(r + n) - gammaln(r) - gammaln(n + 1.0)
    count = n[:, None]
    return np.asarray(
        front[:, None]
        - r * np.log1p(ratio)
        + np.where(count > 0, count * np.where(count > 0, log_share, 0.0), 0.0)
    )
