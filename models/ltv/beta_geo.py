"""BG/NBD and MBG/NBD: how often customers order and whether they have left, fitted and sampled."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import betainc, gammaln

from models.errors import FitError, UsageError
from models.ltv.customers import Customers, days_per
from models.ltv.fitting import Fit, fit_geometric_dropout, score_of
from models.ltv.horizon import horizon_of, labelled_paths, monthly, settings_of
from models.ltv.priors import Prior
from models.ltv.quadrature import orders_given_alive
from models.ltv.sampling import (
    Arrivals,
    Base,
    arrivals_block,
    count_block,
    count_new_block,
    parameters_by_trial,
)

FloatArray = npt.NDArray[np.float64]

NAMES = ("r", "alpha", "a", "b")
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class GeometricDropoutNBD:
    """Orders at a gamma-distributed rate; after each the customer leaves with a beta-distributed chance.

    Time is in days (operational days, if the customers have a clock). ``log_parameters`` are ln r, ln alpha,
    ln a, ln b at the highest likelihood (or posterior). ``mean`` and ``draw_covariance`` are what every
    expectation and every sample uses: the same, with the inverse of the negative Hessian, or at a boundary
    the posterior under the weak prior.
    """

    log_parameters: FloatArray
    mean: FloatArray
    draw_covariance: FloatArray
    loglik: float
    nbd_loglik: float
    n: int
    orders: int
    converged: bool
    boundary: bool
    message: str
    operational: bool = False

    shift: ClassVar[int]
    title: ClassVar[str]

    @classmethod
    def fit(cls, customers: Customers, *, prior: Prior | None = None) -> Self:
        """Fit by Newton's method on the log parameters; ``prior`` makes it a posterior mode."""
        found: Fit = fit_geometric_dropout(customers.cells, cls.shift, prior)
        return cls(
            **found.__dict__,
            n=len(customers),
            orders=int(customers.frequency.sum()),
            operational=customers.operational,
        )

    @classmethod
    def from_parameters(cls, r: float, alpha: float, a: float, b: float, *, unit: str = "day") -> Self:
        """A model with known parameters, alpha in ``unit``; nothing about them is uncertain."""
        point = np.log(np.array([r, alpha * days_per(unit), a, b], dtype=np.float64))
        if not np.all(np.isfinite(point)):
            raise UsageError(f"parameters: four positive numbers are needed | got {r}, {alpha}, {a}, {b}")
        return cls(point, point, np.zeros((4, 4)), np.nan, np.nan, 0, 0, True, False, "given, not fitted")

    @property
    def params(self) -> dict[str, float]:
        """r, alpha (days), a, b at the highest likelihood."""
        return dict(zip(NAMES, np.exp(self.log_parameters).tolist(), strict=True))

    @property
    def covariance(self) -> FloatArray:
        """Covariance of ln r, ln alpha, ln a, ln b, shape (4, 4); NaN at a boundary: there is none."""
        return np.full((4, 4), np.nan) if self.boundary else self.draw_covariance

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of r, alpha (days), a, b by the delta method; NaN at a boundary."""
        errors = np.exp(self.log_parameters) * np.sqrt(np.diag(self.covariance))
        return dict(zip(NAMES, errors.tolist(), strict=True))

    def alpha_in(self, unit: str) -> float:
        """Alpha in another time unit: one day's alpha of 30.9 is 4.41 in weeks."""
        return self.params["alpha"] / days_per(unit)

    def loglik_in(self, unit: str) -> float:
        """Log-likelihood with time in another unit: per week an order is 7 times as dense as per day."""
        return self.loglik + self.orders * float(np.log(days_per(unit)))

    def with_covariance(self, covariance: FloatArray) -> Self:
        """The same model with another covariance of the log parameters (clustered by month, say)."""
        return replace(self, draw_covariance=np.asarray(covariance, dtype=np.float64))

    def score(self, customers: Customers) -> FloatArray:
        """Gradient of the log-likelihood of ``customers`` at the fitted log parameters, shape (4,)."""
        return score_of(self.log_parameters, customers.cells, self.shift)

    def p_alive(self, customers: Customers) -> xr.DataArray:
        """Probability that each customer is still a customer, dims (customer,).

        BG/NBD gives 1 to every one-time buyer, because one can only leave after a repeat order: a feature of
        the model and not a finding about the customers. MBG/NBD lets them leave after the first order.
        """
        return _by_customer(self._alive(customers)[customers.cells.member], "1", "probability of being alive")

    def expected_orders(self, customers: Customers, *, days: float) -> xr.DataArray:
        """Expected orders of each customer in the next ``days``, dims (customer,)."""
        given_alive = self._orders_given_alive(customers, np.array([_positive(days)]))[:, 0]
        values = (self._alive(customers) * given_alive)[customers.cells.member]
        return _by_customer(values, "orders", f"expected orders in {days:g} days")

    def expected_orders_by_month(self, customers: Customers, clock: FloatArray) -> FloatArray:
        """Expected orders of all customers by month, dims (month,); ``clock`` (month + 1,) as in sampling."""
        elapsed = np.asarray(clock, dtype=np.float64)
        if elapsed.ndim != 1 or np.any(np.diff(elapsed) < 0):
            raise UsageError("clock: rising operational times of the month starts are needed")
        if len(customers) == 0:
            return np.zeros(elapsed.size - 1)
        weight = customers.cells.count * self._alive(customers)
        by_cell = self._orders_given_alive(customers, elapsed - elapsed[0])
        return np.asarray(np.diff((weight[:, None] * by_cell).sum(axis=0)))

    def expected_orders_new(self, days: Any) -> FloatArray:
        """Expected repeat orders of a new customer within ``days`` (of the clock) of the first order."""
        r, alpha, a, b = np.exp(self.mean)
        stays = (b / (a + b)) ** self.shift
        elapsed = np.asarray(days, dtype=np.float64)
        return np.asarray(
            stays * orders_given_alive(float(a), float(b + self.shift), float(r), elapsed / alpha)
        )

    def probability_of_orders(self, n: Any, *, days: float) -> FloatArray:
        """Probability that a new customer places ``n`` repeat orders within ``days``; the shape of ``n``."""
        r, alpha, a, b = np.exp(self.mean)
        count = np.asarray(n, dtype=np.float64)
        if np.any(count < 0) or np.any(count != np.floor(count)):
            raise UsageError(f"n: whole numbers from 0 are needed | got {n}")
        t = _positive(days)
        y = count + self.shift
        log_nbd = gammaln(r + count) - gammaln(r) - gammaln(count + 1) + r * np.log(alpha / (alpha + t))
        log_nbd = log_nbd + (count * np.log(t / (alpha + t)) if t > 0 else np.where(count > 0, -np.inf, 0.0))
        log_stays = _log_rising_ratio(a, b, y)
        at_least = np.where(count > 0, betainc(np.maximum(count, 1.0), r, t / (alpha + t)), 1.0)
        leaves = np.where(y > 0, a / np.maximum(b + (y - 1.0), 1e-300) * np.exp(log_stays) * at_least, 0.0)
        return np.asarray(np.exp(log_stays + log_nbd) + leaves)

    def parameters_by_trial(
        self, *, trials: range, seed: int, name: str, parameters: str = "draw"
    ) -> FloatArray:
        """r, alpha, a, b of each trial, dims (trial, 4): drawn on the log scale, or the fitted ones in every
        trial.
        """
        if parameters not in ("draw", "fitted"):
            raise UsageError(f"parameters: draw or fitted | got {parameters}")
        covariance = self.draw_covariance if parameters == "draw" else None
        return parameters_by_trial(self.mean, covariance, seed, name, trials)

    def sample_arrivals(
        self,
        customers: Customers,
        *,
        trials: range,
        seed: int,
        name: str,
        clock: FloatArray,
        envelope: float,
        parameters: str = "draw",
        churn: FloatArray | None = None,
        kept: int | None = None,
    ) -> Arrivals:
        """Marked arrivals of ``customers`` in a block of trials: an order where mark < demand multiplier.

        ``clock`` (month + 1,) is the operational time at the month starts, 0 now, always to the fixed
        horizon; ``envelope`` is the largest demand multiplier there will be. Leaving is already applied.
        Arrivals of the first ``kept`` months are given (all if omitted).
        """
        by_trial = self.parameters_by_trial(trials=trials, seed=seed, name=name, parameters=parameters)
        horizon = horizon_of(trials, seed, name, clock, envelope, churn, kept)
        if len(customers) == 0:
            offset = np.zeros(len(trials) + 1, dtype=np.int64)
            none = np.zeros(0)
            return Arrivals(offset, none.astype(np.int16), none, none.astype(np.int32), by_trial)
        offset, month, mark, customer = arrivals_block(by_trial, self._base(customers), horizon)
        return Arrivals(offset, month, mark, customer, by_trial)

    def sample_paths(
        self,
        customers: Customers,
        *,
        months: int | None = None,
        trials: int | range,
        seed: int = 0,
        name: str = "customers",
        demand: Any = 1.0,
        churn: Any = 1.0,
        envelope: float | None = None,
        clock: FloatArray | None = None,
        parameters: str = "draw",
    ) -> xr.DataArray:
        """Orders of all ``customers`` together, dims (trial, month), memory bounded by the result.

        ``demand`` and ``churn`` are multipliers: one number or one a month (demand also one a trial and
        month). Compare paths only under the same ``envelope``; a multiplier above it is cut to it. The
        default clock has months of 365.25/12 days.
        """
        block, ticks, multiplier, top = settings_of(trials, clock, demand, envelope)
        churn_path = None if np.ndim(churn) == 0 and churn == 1.0 else monthly(churn, ticks.size - 1)
        orders = np.zeros((len(block), ticks.size - 1), dtype=np.int64)
        for first in range(0, len(block) if len(customers) else 0, _BLOCK):
            part = block[first : first + _BLOCK]
            by_trial = self.parameters_by_trial(trials=part, seed=seed, name=name, parameters=parameters)
            horizon = horizon_of(part, seed, name, ticks, top, churn_path)
            rows = multiplier[first : first + _BLOCK] if multiplier.shape[0] > 1 else multiplier
            orders[first : first + _BLOCK] = count_block(by_trial, self._base(customers), horizon, rows)
        return labelled_paths(orders, block, months, "orders of all customers", seed)

    def sample_new_customers(
        self,
        counts: Any,
        *,
        months: int | None = None,
        trials: int | range,
        seed: int = 0,
        name: str = "new customers",
        demand: Any = 1.0,
        envelope: float | None = None,
        clock: FloatArray | None = None,
        parameters: str = "draw",
    ) -> xr.DataArray:
        """Repeat orders of customers yet to come, dims (trial, month); their first orders are ``counts``.

        ``counts`` is the number of new customers by month, or by trial and month; the first order lies
        uniformly (in operational time) within its month. Each customer keeps its path when a count changes.
        """
        block, ticks, multiplier, top = settings_of(trials, clock, demand, envelope)
        arriving = np.atleast_2d(np.asarray(counts, dtype=np.int64))
        if (
            np.any(arriving < 0)
            or arriving.shape[1] > ticks.size - 1
            or arriving.shape[0] not in (1, len(block))
        ):
            raise UsageError(
                f"counts: 0 or more new customers by month are needed | got shape {arriving.shape}"
            )
        arriving = np.pad(arriving, ((0, 0), (0, ticks.size - 1 - arriving.shape[1])))
        orders = np.zeros((len(block), ticks.size - 1), dtype=np.int64)
        for first in range(0, len(block), _BLOCK):
            part = block[first : first + _BLOCK]
            by_trial = self.parameters_by_trial(trials=part, seed=seed, name=name, parameters=parameters)
            horizon = horizon_of(part, seed, name, ticks, top, None)
            rows = multiplier[first : first + _BLOCK] if multiplier.shape[0] > 1 else multiplier
            cohort = arriving[first : first + _BLOCK] if arriving.shape[0] > 1 else arriving
            orders[first : first + _BLOCK] = count_new_block(by_trial, cohort, self.shift, horizon, rows)
        return labelled_paths(orders, block, months, "repeat orders of new customers", seed)

    def _base(self, customers: Customers) -> Base:
        cells = customers.cells
        return Base(
            cells.frequency, cells.recency, cells.age, cells.times, cells.member, customers.index, self.shift
        )

    def _alive(self, customers: Customers) -> FloatArray:
        """P(alive) of each cell."""
        r, alpha, _, b = np.exp(self.mean)
        cells = customers.cells
        y = cells.frequency + self.shift
        log_time = np.log1p(cells.times / alpha)
        gap = log_time[cells.age] - log_time[cells.recency]
        odds = self.mean[2] - np.log(np.maximum(b + (y - 1.0), 1e-300)) + (r + cells.frequency) * gap
        return np.where(y > 0, 0.5 * (1.0 - np.tanh(0.5 * odds)), 1.0)

    def _orders_given_alive(self, customers: Customers, elapsed: FloatArray) -> FloatArray:
        """Expected orders within each elapsed time of a customer who is alive now, dims (cell, elapsed)."""
        r, alpha, a, b = (float(value) for value in np.exp(self.mean))
        cells = customers.cells
        out = np.empty((cells.frequency.size, elapsed.size))
        pairs, back = np.unique(np.stack([cells.frequency, cells.age]), axis=1, return_inverse=True)
        values = np.empty((pairs.shape[1], elapsed.size))
        for x in np.unique(pairs[0]):
            rows = np.flatnonzero(pairs[0] == x)
            ratio = elapsed[None, :] / (alpha + cells.times[pairs[1, rows]])[:, None]
            values[rows] = orders_given_alive(a, b + float(x) + self.shift, r + float(x), ratio)
        out[:] = values[back.reshape(-1)]
        return out

    def to_json(self) -> str:
        """The fitted model as JSON; every number comes back to the bit."""
        content: dict[str, Any] = {"model": type(self).__name__}
        for name, value in self.__dict__.items():
            content[name] = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The model written by ``to_json``."""
        content = json.loads(text)
        kind = content.pop("model", None)
        if kind != cls.__name__:
            raise FitError(f"model: {cls.__name__} is needed | got {kind}")
        for name in ("log_parameters", "mean", "draw_covariance"):
            content[name] = np.array(content[name], dtype=np.float64)
        return cls(**content)


class BetaGeoNBD(GeometricDropoutNBD):
    """BG/NBD (Fader, Hardie and Lee 2005): one may leave after a repeat order."""

    shift = 0
    title = "BG/NBD"


class ModifiedBetaGeoNBD(GeometricDropoutNBD):
    """MBG/NBD (Batislam, Denizel, Filiztekin 2007): one may leave after the first order as well."""

    shift = 1
    title = "MBG/NBD"


def _log_rising_ratio(a: float, b: float, y: FloatArray) -> FloatArray:
    """sum_{k<y} -ln(1 + a/(b+k)) for each whole y: the log chance to stay y times."""
    longest = int(y.max()) if y.size else 0
    sums = np.concatenate([[0.0], np.cumsum(-np.log1p(a / (b + np.arange(longest))))])
    return np.asarray(sums[y.astype(np.int64)])


def _by_customer(values: FloatArray, units: str, long_name: str) -> xr.DataArray:
    return xr.DataArray(values, dims=("customer",), attrs={"units": units, "long_name": long_name})


def _positive(days: float) -> float:
    if not (np.isfinite(days) and days >= 0):
        raise UsageError(
            f"days: a finite number of at least 0 is needed | got {days} | an endless total may be infinite"
        )
    return float(days)
