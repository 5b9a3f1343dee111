"""What every order model offers: fit, expectations and sampled futures, frozen, with units."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import xarray as xr

from models.arrays import FloatArray
from models.errors import UsageError
from models.ltv.customers import Customers, days_per, needed
from models.ltv.draws import parameters_by_trial
from models.ltv.fitting import DropoutLikelihood, Fit, fit_with_dropout, score_of
from models.ltv.futures import NewSettings, Settings, sampled_new_paths, sampled_paths
from models.ltv.gamma_gamma import GammaGamma
from models.ltv.horizon import ArrivalSettings, horizon_of
from models.ltv.json_form import content_of
from models.ltv.paths import Base
from models.ltv.priors import Prior
from models.ltv.sampling import Arrivals, arrivals_block


@dataclass(frozen=True, eq=False)
class OrderModel(ABC):
    """Orders of customers who may have left unseen; time is in days (operational days, if there is a clock).

    ``log_parameters`` are the logarithms of ``names`` at the highest likelihood (or posterior). ``mean`` and
    ``draw_covariance`` are what every expectation and every sample uses: the same, with the inverse of the
    negative Hessian, or at a boundary the posterior under the weak prior.
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

    names: ClassVar[tuple[str, str, str, str]]
    times: ClassVar[tuple[str, ...]]
    """Parameters that are times; they are held in days."""
    law: ClassVar[int]
    title: ClassVar[str]
    likelihood: ClassVar[DropoutLikelihood]

    @classmethod
    def fit(cls, customers: Customers, *, prior: Prior | None = None) -> Self:
        """Fit by Newton's method on the log parameters; ``prior`` makes it a posterior mode."""
        found: Fit = fit_with_dropout(needed(customers).evidence, cls.likelihood, prior)
        return cls(
            **found.__dict__,
            n=len(customers),
            orders=int(customers.frequency.sum()),
            operational=customers.operational,
        )

    @classmethod
    def from_parameters(cls, *values: float, unit: str = "day", **named: float) -> Self:
        """A model with known parameters, times in ``unit``; nothing about them is uncertain."""
        given = dict(zip(cls.names, values, strict=False)) | named
        if set(given) != set(cls.names) or len(values) + len(named) != len(cls.names):
            raise UsageError(
                f"parameters: {', '.join(cls.names)} are needed | got {', '.join(given) or 'none'}"
            )
        scaled = [given[name] * (days_per(unit) if name in cls.times else 1.0) for name in cls.names]
        if not all(np.isfinite(value) and value > 0.0 for value in scaled):
            raise UsageError(f"parameters: four positive numbers are needed | got {given}")
        point = np.log(np.array(scaled, dtype=np.float64))
        return cls(point, point, np.zeros((4, 4)), np.nan, np.nan, 0, 0, True, False, "given, not fitted")

    @property
    def params(self) -> dict[str, float]:
        """The parameters at the highest likelihood, times in days."""
        return dict(zip(self.names, np.exp(self.log_parameters).tolist(), strict=True))

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the log parameters, dims (parameter, parameter); NaN at a boundary: there is none."""
        return np.full((4, 4), np.nan) if self.boundary else self.draw_covariance

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the parameters by the delta method, times in days; NaN at a boundary."""
        errors = np.exp(self.log_parameters) * np.sqrt(np.diag(self.covariance))
        return dict(zip(self.names, errors.tolist(), strict=True))

    def params_in(self, unit: str) -> dict[str, float]:
        """The parameters with times in another unit: an alpha of 30.9 days is 4.41 weeks."""
        scale = days_per(unit)
        return {name: value / (scale if name in self.times else 1.0) for name, value in self.params.items()}

    def alpha_in(self, unit: str) -> float:
        """Alpha in another time unit."""
        return self.params_in(unit)["alpha"]

    def loglik_in(self, unit: str) -> float:
        """Log-likelihood with time in another unit: per week an order is 7 times as dense as per day."""
        return self.loglik + self.orders * float(np.log(days_per(unit)))

    def with_covariance(self, covariance: FloatArray) -> Self:
        """The same model with another covariance of the log parameters (parameter, parameter), clustered by
        month, say.
        """
        return replace(self, draw_covariance=np.asarray(covariance, dtype=np.float64))

    def score(self, customers: Customers) -> FloatArray:
        """Gradient of the log-likelihood of ``customers`` at the fitted log parameters, dims (parameter,)."""
        return score_of(self.log_parameters, customers.evidence, self.likelihood)

    def p_alive(self, customers: Customers) -> xr.DataArray:
        """Probability that each customer is still a customer, dims (customer,).

        BG/NBD gives 1 to every one-time buyer, because one can only leave after a repeat order: a feature of
        the model and not a finding about the customers. MBG/NBD lets them leave after the first order,
        Pareto/NBD at any time.
        """
        if len(customers) == 0:
            return by_customer(np.zeros(0), "1", "probability of being alive")
        self._same_clock(customers)
        return by_customer(
            self._alive(customers)[customers.summary.member], "1", "probability of being alive", customers
        )

    def expected_orders(self, customers: Customers, *, days: float) -> xr.DataArray:
        """Expected orders of each customer in the next ``days``, dims (customer,)."""
        until, label = finite_days(days), f"expected orders in {days:g} days"
        if len(customers) == 0:
            return by_customer(np.zeros(0), "orders", label)
        self._same_clock(customers)
        given_alive = self._orders_given_alive(customers, np.array([until]))[:, 0]
        values = (self._alive(customers) * given_alive)[customers.summary.member]
        return by_customer(values, "orders", label, customers)

    def expected_orders_by_month(self, customers: Customers, clock: FloatArray) -> FloatArray:
        """Expected number of orders of all customers by month, dims (month,); ``clock`` (month + 1,) as in
        sampling.

        Raises
        ------
        UsageError
            where the clock is not one row of rising times
        """
        elapsed = np.asarray(clock, dtype=np.float64)
        if elapsed.ndim != 1 or np.any(np.diff(elapsed) < 0):
            raise UsageError("clock: rising operational times of the month starts are needed")
        if len(customers) == 0:
            return np.zeros(elapsed.size - 1)
        weight = customers.summary.count * self._alive(customers)
        by_cell = self._orders_given_alive(customers, elapsed - elapsed[0])
        return np.asarray(np.diff((weight[:, None] * by_cell).sum(axis=0)))

    @abstractmethod
    def expected_orders_new(self, days: Any) -> FloatArray:
        """Expected number of repeat orders of a new customer within ``days`` (of the clock) of the first
        order, shape of ``days``.
        """

    def probability_of_orders(
        self, n: Any, *, days: float, customers: Customers | None = None
    ) -> FloatArray | xr.DataArray:
        """Probability of ``n`` repeat orders within ``days``.

        Of a new customer, in the shape of ``n``; or of each of ``customers`` from now on, dims (customer, n).

        Raises
        ------
        UsageError
            where ``n`` are not whole numbers from 0
        """
        count = np.asarray(n, dtype=np.float64)
        if np.any(count < 0) or np.any(count != np.floor(count)):
            raise UsageError(f"n: whole numbers from 0 are needed | got {n}")
        until = finite_days(days)
        if customers is None:
            return self._count_law_new(count, until)
        self._same_clock(customers)
        flat = np.atleast_1d(count)
        alive = self._alive(customers)[:, None]
        chance = alive * self._count_law_alive(customers, flat, until) + (1.0 - alive) * (flat == 0.0)
        attributes = {"units": "1", "long_name": f"probability of n orders in {days:g} days"}
        coordinates: dict[str, Any] = {"n": flat.astype(np.int64)}
        if customers.key is not None:
            coordinates["customer"] = np.array(customers.key, dtype=object)
        return xr.DataArray(
            chance[customers.summary.member], coordinates, ("customer", "n"), attrs=attributes
        )

    def parameters_by_trial(
        self, *, trials: range, seed: int, name: str, parameters: str = "draw"
    ) -> FloatArray:
        """Parameters of each trial (rates in days, not logs), dims (trial, parameter): drawn on the log
        scale, or the fitted ones in every trial.

        Raises
        ------
        UsageError
            where ``parameters`` is neither draw nor fitted
        """
        if parameters not in ("draw", "fitted"):
            raise UsageError(f"parameters: draw or fitted | got {parameters}")
        covariance = self.draw_covariance if parameters == "draw" else None
        return parameters_by_trial(self.mean, covariance, seed, name, trials)

    def sample_arrivals(self, customers: Customers, settings: ArrivalSettings, trials: range) -> Arrivals:
        """Marked arrivals of ``customers`` in a block of trials: an order where mark < demand multiplier.

        Leaving is already applied.
        """
        seed, name, parameters = settings.seed, settings.name, settings.parameters
        by_trial = self.parameters_by_trial(trials=trials, seed=seed, name=name, parameters=parameters)
        horizon = horizon_of(
            trials, seed, name, settings.clock, settings.envelope, settings.churn, settings.kept
        )
        if len(customers) == 0:
            offset = np.zeros(len(trials) + 1, dtype=np.int64)
            none = np.zeros(0)
            return Arrivals(offset, none.astype(np.int16), none, none.astype(np.int32), by_trial)
        offset, month, mark, customer = arrivals_block(by_trial, self.base_of(customers), horizon)
        return Arrivals(offset, month, mark, customer, by_trial)

    def sample_paths(
        self,
        customers: Customers,
        *,
        months: int | None = None,
        trials: int | range,
        stream: Any = None,
        demand: Any = 1.0,
        churn: Any = 1.0,
        spend: GammaGamma | None = None,
        **settings: Any,
    ) -> xr.DataArray | xr.Dataset:
        """Orders of all ``customers`` together, dims (trial, month), memory bounded by the result.

        With a ``spend`` model it is a Dataset: what they pay stands beside as ``spend``, in the customers'
        currency, one draw an order. ``demand`` and ``churn`` are multipliers: one number or one a month
        (demand also one a trial and month). ``stream`` is a seed, a name, both as a pair or a numpy
        Generator. The other ``settings`` are those of ``models.ltv.futures.Settings``: seed, name, envelope,
        clock, parameters.
        """
        self._same_clock(customers)
        chosen = Settings(months=months, trials=trials, stream=stream, demand=demand, churn=churn, **settings)
        return sampled_paths(self, customers, chosen, spend)

    def sample_new_customers(
        self,
        counts: Any,
        *,
        months: int | None = None,
        trials: int | range,
        stream: Any = None,
        demand: Any = 1.0,
        churn: Any = 1.0,
        spend: GammaGamma | None = None,
        first_spend: GammaGamma | None = None,
        **settings: Any,
    ) -> xr.DataArray | xr.Dataset:
        """Repeat orders of customers yet to come, dims (trial, month); their first orders are ``counts``.

        ``counts`` is the number of new customers by month, or by trial and month; the first order lies
        uniformly (in operational time) within its month. Each customer keeps its path when a count changes.
        With spend models it is a Dataset: ``spend`` of the repeat orders and ``first_spend`` of the first
        ones, which follow a law of their own. The other ``settings`` are those of ``sample_paths``.
        """
        chosen = NewSettings(
            months=months,
            trials=trials,
            stream=stream,
            demand=demand,
            churn=churn,
            counts=counts,
            **settings,
        )
        return sampled_new_paths(self, chosen, spend, first_spend)

    def base_of(self, customers: Customers) -> Base:
        """The customers as the sampling kernels read them."""
        summary = customers.summary
        recency, age = summary.times[summary.recency], summary.times[summary.age]
        return Base(summary.frequency, recency, age, summary.member, customers.index, self.law)

    @abstractmethod
    def _alive(self, customers: Customers) -> FloatArray:
        """P(alive) of each summary row."""

    @abstractmethod
    def _orders_given_alive(self, customers: Customers, elapsed: FloatArray) -> FloatArray:
        """Expected orders within each elapsed time of a customer who is alive now, dims (summary row,
        elapsed).
        """

    @abstractmethod
    def _count_law_new(self, n: FloatArray, days: float) -> FloatArray:
        """Probability of ``n`` repeat orders of a new customer, the shape of ``n``."""

    @abstractmethod
    def _count_law_alive(self, customers: Customers, n: FloatArray, days: float) -> FloatArray:
        """Probability of ``n`` orders of a customer who is alive now, dims (summary row, n)."""

    def _same_clock(self, customers: Customers) -> None:
        if self.n and len(customers) and self.operational != customers.operational:
            have = {True: "operational days", False: "calendar days"}
            raise UsageError(
                f"customers: the model was fitted in {have[self.operational]} | got "
                f"{have[customers.operational]} | pass the same clock to Customers.from_orders"
            )

    def to_json(self) -> str:
        """The fitted model as JSON; every number comes back to the bit."""
        content: dict[str, Any] = {"model": type(self).__name__}
        for name, value in self.__dict__.items():
            content[name] = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The model written by ``to_json``."""
        content = content_of(text, cls.__name__, [field.name for field in fields(cls)])
        for name in ("log_parameters", "mean", "draw_covariance"):
            content[name] = np.array(content[name], dtype=np.float64)
        return cls(**content)


def by_customer(
    values: FloatArray, units: str, long_name: str, customers: Customers | None = None
) -> xr.DataArray:
    """A figure of each customer with its unit, dims (customer,), labelled with the customers' keys where they
    have any.
    """
    coordinates = None
    if customers is not None and customers.key is not None:
        coordinates = {"customer": np.array(customers.key, dtype=object)}
    return xr.DataArray(
        values, coordinates, dims=("customer",), attrs={"units": units, "long_name": long_name}
    )


def finite_days(days: float) -> float:
    """A horizon that can be meant: finite and not negative."""
    if not (np.isfinite(days) and days >= 0):
        raise UsageError(
            f"days: a finite number of at least 0 is needed | got {days} | an endless total may be infinite"
        )
    return float(days)
