"""Gamma-Gamma: what customers spend an order (Fader and Hardie 2013)."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import xarray as xr
from scipy.special import gammaln, polygamma, psi

from models.arrays import FloatArray, IntArray
from models.compiled import compiled
from models.errors import FitError
from models.ltv.correlation import correlation_of
from models.ltv.customers import Customers, needed
from models.ltv.draws import parameters_by_trial
from models.ltv.json_form import content_of
from models.ltv.newton import Maximum, Objective, maximise

NAMES = ("p", "q", "v")
_FARTHEST = 12.0
"""A log parameter farther out than this is no maximum but the way to the boundary."""
_MANY = 32_000
"""Customers above which an eighth of them is searched first: from there one look less at all pays for it."""


@compiled
def _sums(p: float, q: float, v: float, x: FloatArray, total: FloatArray) -> FloatArray:
    """Sums over customers of logs and powers of v + total spend, with the weights the derivatives need."""
    out = np.zeros(7)
    for i in range(x.size):
        whole = total[i] + v
        shape = p * x[i] + q
        log_whole = np.log(whole)
        out[0] += shape * log_whole
        out[1] += x[i] * (log_whole - np.log(total[i]))
        out[2] += log_whole
        out[3] += shape / whole
        out[4] += x[i] / whole
        out[5] += 1.0 / whole
        out[6] += shape / (whole * whole)
    return out


@dataclass(frozen=True, eq=False)
class GammaGamma:
    """Spend per order is Gamma(p, nu) within a customer, nu ~ Gamma(q, v) across; apart from how often.

    ``p`` and ``q`` here are shapes; they have nothing to do with the dropout probability p of the order
    models. ``v`` is in ``currency``. ``log_parameters`` are ln p, ln q, ln v and ``covariance`` is theirs.
    """

    log_parameters: FloatArray
    covariance: FloatArray
    loglik: float
    n: int
    currency: str
    converged: bool
    boundary: bool
    message: str
    correlation: tuple[float, float]
    """Pearson and Spearman correlation of mean spend and number of orders; the model assumes none."""

    @classmethod
    def fit(cls, customers: Customers) -> Self:
        """Fit to the mean spend of customers with at least one paid repeat order."""
        customers = needed(customers)
        if customers.spend is None or customers.paid is None:
            raise FitError("the customers have no spend | pass value= to Customers.from_orders")
        keep = customers.paid > 0
        paid, spend = customers.paid[keep], customers.spend[keep]
        return cls._fit(paid, spend, customers.currency, "paid repeat order", correlation_of(paid, spend))

    @classmethod
    def fit_first(cls, customers: Customers) -> Self:
        """Fit to the value of the first orders, which follow a law of their own: often larger, or discounted.

        One order a customer shows the compound law but hardly what is between and what within customers: p
        and q may lie at a boundary.
        """
        customers = needed(customers)
        if customers.first_spend is None:
            raise FitError("the customers have no first spend | pass value= to Customers.from_orders")
        spend = customers.first_spend[customers.first_spend > 0.0]
        paid = np.ones(spend.size, dtype=np.int64)
        return cls._fit(paid, spend, customers.currency, "paid first order", (np.nan, np.nan))

    @classmethod
    def _fit(
        cls, paid: IntArray, spend: FloatArray, currency: str, what: str, correlation: tuple[float, float]
    ) -> Self:
        if paid.size < 2:
            raise FitError(
                f"{paid.size} customers with a {what} | at least 2 are needed | pool them with others"
            )
        x = paid.astype(np.float64)
        mean = float((x * spend).sum() / x.sum())
        found = _search(x, spend / mean)
        point = found.point + np.array([0.0, 0.0, np.log(mean)])
        loglik = found.value - x.size * float(np.log(mean))
        eigenvalues = np.linalg.eigvalsh(-found.hessian)
        inside = found.converged and bool(np.max(np.abs(found.point)) < _FARTHEST)
        proper = inside and bool(eigenvalues[0] > 1e-9 * max(eigenvalues[-1], 1.0))
        covariance = np.asarray(np.linalg.inv(-found.hessian)) if proper else np.full((3, 3), np.nan)
        message = (
            "converged"
            if proper
            else "customers do not differ in spend: the likelihood rises to the boundary"
        )
        return cls(
            point, covariance, loglik, x.size, currency, found.converged, not proper, message, correlation
        )

    @classmethod
    def from_parameters(cls, p: float, q: float, v: float, *, currency: str = "") -> Self:
        """A model with known parameters; nothing about them is uncertain."""
        point = np.log(np.array([p, q, v], dtype=np.float64))
        return cls(
            point, np.zeros((3, 3)), np.nan, 0, currency, True, False, "given, not fitted", (np.nan, np.nan)
        )

    @property
    def params(self) -> dict[str, float]:
        """p, q, v."""
        return dict(zip(NAMES, np.exp(self.log_parameters).tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of p, q, v by the delta method."""
        errors = np.exp(self.log_parameters) * np.sqrt(np.diag(self.covariance))
        return dict(zip(NAMES, errors.tolist(), strict=True))

    def population_mean(self) -> float:
        """Mean spend per order of a customer nobody has seen, p v / (q - 1); refused if q <= 1 (infinite)."""
        p, q, v = np.exp(self.log_parameters)
        if q <= 1.0:
            raise FitError(f"the mean spend of the population is infinite: q = {q:.4g} | it needs q > 1")
        return float(p * v / (q - 1.0))

    def expected_spend(self, customers: Customers) -> xr.DataArray:
        """Expected mean spend per order of each customer given what it paid, currency, dims (customer,).

        p (v + x z) / (p x + q - 1) with x paid orders of mean z (Fader and Hardie 2013); refused where it is
        infinite (p x + q <= 1).
        """
        shape, rate = self._known(customers)
        self.refuse_infinite(shape, "expected spend", 1.0)
        return self._by_customer(
            self.params["p"] * rate / (shape - 1.0), "expected spend per order", customers
        )

    def spend_deviation(self, customers: Customers) -> xr.DataArray:
        """Standard deviation of what is known of each customer's mean spend per order, currency, dims
        (customer,).

        That of p / nu, nu ~ Gamma(p x + q, v + x z) (Fader and Hardie 2013); refused where it is infinite (p
        x + q <= 2).
        """
        shape, rate = self._known(customers)
        self.refuse_infinite(shape, "deviation of the expected spend", 2.0)
        values = self.params["p"] * rate / (shape - 1.0) / np.sqrt(shape - 2.0)
        return self._by_customer(values, "deviation of the expected spend per order", customers)

    def refuse_infinite(self, shape: FloatArray, figure: str, least: float = 1.0) -> None:
        """Refuse a figure of customers that is infinite because the shape p x + q (customer,), a number
        without unit, is too small.

        Raises
        ------
        FitError
            where the shape of any customer is at or below ``least``
        """
        infinite = np.count_nonzero(shape <= least)
        if infinite:
            raise FitError(f"the {figure} of {infinite} customers is infinite: p x + q <= {least:g}")

    def _known(self, customers: Customers) -> tuple[FloatArray, FloatArray]:
        if customers.spend is None or customers.paid is None:
            raise FitError("the customers have no spend | pass value= to Customers.from_orders")
        if self.currency and customers.currency and self.currency != customers.currency:
            raise FitError(
                f"currency: the model is in {self.currency} | got customers in {customers.currency}"
            )
        return self.spend_rate(customers)

    def _by_customer(self, values: FloatArray, long_name: str, customers: Customers) -> xr.DataArray:
        key = customers.key
        coordinates = None if key is None else {"customer": np.array(key, dtype=object)}
        attributes = {"units": self.currency or "currency", "long_name": long_name}
        return xr.DataArray(values, coordinates, dims=("customer",), attrs=attributes)

    def spend_rate(self, customers: Customers) -> tuple[FloatArray, FloatArray]:
        """Shape (number) and rate (1 / currency) of each customer's nu, q + p x and v + x z, both
        (customer,); n orders total Gamma(p n, rate nu) (Fader and Hardie 2013).
        """
        p, q, v = np.exp(self.log_parameters)
        if customers.spend is None or customers.paid is None:
            return np.full(len(customers), q), np.full(len(customers), v)
        return q + p * customers.paid, v + customers.paid * customers.spend

    def parameters_by_trial(
        self, *, trials: range, seed: int, name: str, parameters: str = "draw"
    ) -> FloatArray:
        """p, q, v of each trial, dims (trial, 3): drawn on the log scale, or the fitted ones in every trial.

        At a boundary there is no covariance: the fitted ones.
        """
        drawn = parameters == "draw" and not self.boundary
        return parameters_by_trial(
            self.log_parameters, self.covariance if drawn else None, seed, f"{name}/spend", trials
        )

    def to_json(self) -> str:
        """The fitted model as JSON; every number comes back to the bit."""
        content = {
            key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in self.__dict__.items()
        }
        return json.dumps({"model": "GammaGamma", **content}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The model written by ``to_json``."""
        content = content_of(text, "GammaGamma", [field.name for field in fields(cls)])
        content["log_parameters"] = np.array(content["log_parameters"], dtype=np.float64)
        content["covariance"] = np.array(content["covariance"], dtype=np.float64)
        content["correlation"] = tuple(content["correlation"])
        return cls(**content)


def loglik_of_spend(log_parameters: FloatArray, customers: Customers) -> float:
    """Log-likelihood of the mean spend of ``customers`` at any ln p, ln q, ln v (parameter,); Fader and
    Hardie 2013.

    Raises
    ------
    FitError
        where the customers have no spend
    """
    if customers.spend is None or customers.paid is None:
        raise FitError("the customers have no spend | pass value= to Customers.from_orders")
    keep = customers.paid > 0
    x = customers.paid[keep].astype(np.float64)
    return _objective(x, customers.spend[keep])(np.asarray(log_parameters))[0]


def _search(x: FloatArray, spend: FloatArray) -> Maximum:
    """The maximum, looked for among an eighth of the customers first."""
    start = np.log(np.array([4.0, 4.0, 0.75]))
    many = x.size > _MANY
    if many:
        few = _search(x[::8].copy(), spend[::8].copy())
        start = few.point if few.converged and np.max(np.abs(few.point)) < _FARTHEST else start
    return maximise(_objective(x, spend), start, look_again=not many)


def _objective(x: FloatArray, spend: FloatArray) -> Objective:
    """Log-likelihood in (ln p, ln q, ln v) with gradient and Hessian; gamma functions once per distinct x."""
    total = x * spend
    orders, count = np.unique(x, return_counts=True)
    n = float(x.size)
    fixed = float((x * np.log(total)).sum()), float(np.log(spend).sum())

    def value(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        p, q, v = np.exp(point)
        sums = _sums(p, q, v, x, total)
        inner, outer = p * orders, p * orders + q
        result = float((count * (gammaln(outer) - gammaln(inner))).sum()) - n * float(gammaln(q))
        result += n * q * point[2] + p * fixed[0] - fixed[1] - sums[0]
        slope = np.array(
            [
                (count * orders * (psi(outer) - psi(inner))).sum() - sums[1],
                (count * psi(outer)).sum() - n * psi(q) + n * point[2] - sums[2],
                n * q / v - sums[3],
            ]
        )
        spread = polygamma(1, outer)
        bend = np.array(
            [
                [
                    (count * orders**2 * (spread - polygamma(1, inner))).sum(),
                    (count * orders * spread).sum(),
                    -sums[4],
                ],
                [0.0, (count * spread).sum() - n * polygamma(1, q), n / v - sums[5]],
                [0.0, 0.0, sums[6] - n * q / v**2],
            ]
        )
        bend = np.triu(bend) + np.triu(bend, 1).T
        scale = np.array([p, q, v])
        return float(result), slope * scale, bend * np.outer(scale, scale) + np.diag(slope * scale)

    return value
