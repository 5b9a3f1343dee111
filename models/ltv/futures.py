"""Sampled futures of customers, added up over all of them: orders and what they pay by trial and month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr

from models.arrays import FloatArray, IntArray
from models.errors import FitError, UsageError
from models.ltv.customers import Customers
from models.ltv.gamma_gamma import GammaGamma
from models.ltv.horizon import HORIZON_MONTHS, clock_of, horizon_of, monthly, seed_and_name
from models.ltv.paths import Base
from models.ltv.sampling import Spend, count_block, count_new_block, first_orders_block
from models.streams import key_of

_BLOCK = 64


class Sampled(Protocol):
    """What the sampling needs to know of an order model."""

    @property
    def law(self) -> int:
        """How customers leave."""
        ...

    def base_of(self, customers: Customers) -> Base:
        """The customers as the sampling kernels read them."""
        ...

    def parameters_by_trial(
        self, *, trials: range, seed: int, name: str, parameters: str = "draw"
    ) -> FloatArray:
        """Parameters of each trial (rates in days, not logs), dims (trial, parameter)."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Settings:
    """How a future is sampled.

    ``stream`` is a seed, a name, both as a pair, or a numpy Generator, of which one number is taken;
    ``seed`` and ``name`` say the same. Compare paths only under the same ``envelope``, the largest demand
    multiplier there will be (the largest given if omitted); a multiplier above it is cut to it. ``clock``
    (month + 1,) is the operational time at the month starts, by default months of 365.25/12 days.
    ``parameters``: draw or fitted.
    """

    trials: int | range
    months: int | None = None
    demand: Any = 1.0
    churn: Any = 1.0
    stream: Any = None
    seed: int = 0
    name: str = "customers"
    envelope: float | None = None
    clock: FloatArray | None = None
    parameters: str = "draw"


@dataclass(frozen=True, kw_only=True, eq=False)
class NewSettings(Settings):
    """How the future of new customers is sampled: ``counts`` of them by month, or by trial and month."""

    counts: Any = 0
    name: str = "new customers"


@dataclass(frozen=True, eq=False)
class _Plan:
    """Settings, checked and filled in."""

    block: range
    seed: int
    name: str
    ticks: FloatArray
    demand: FloatArray
    churn: FloatArray | None
    envelope: float
    shown: int
    parameters: str


def sampled_paths(
    model: Sampled, customers: Customers, settings: Settings, spend: GammaGamma | None
) -> xr.DataArray | xr.Dataset:
    """Orders (and spend) of existing customers, dims (trial, month)."""
    plan = _plan(settings)
    if spend is not None:
        _refuse_currency(spend, customers)
        spend.refuse_infinite(spend.spend_rate(customers)[0], "sampled spend")
    months = plan.ticks.size - 1
    orders = np.zeros((len(plan.block), months), dtype=np.int64)
    money = np.zeros((len(plan.block), months if spend is not None else 0))
    if len(customers) == 0:
        return _labelled(plan, orders, "orders of all customers", {"spend": money} if spend else {}, "")
    base, order = _by_cell(model, customers)
    for first in range(0, len(plan.block), _BLOCK):
        part, rows = plan.block[first : first + _BLOCK], slice(first, first + _BLOCK)
        by_trial = model.parameters_by_trial(
            trials=part, seed=plan.seed, name=plan.name, parameters=plan.parameters
        )
        horizon = horizon_of(part, plan.seed, plan.name, plan.ticks, plan.envelope, plan.churn, plan.shown)
        prices = _prices(spend, plan, part, customers, order)
        found = count_block(by_trial, base, horizon, _rows(plan.demand, rows), prices)
        orders[rows] = found[0]
        if spend is not None:
            money[rows] = found[1]
    return _labelled(
        plan, orders, "orders of all customers", {"spend": money} if spend else {}, customers.currency
    )


def sampled_new_paths(
    model: Sampled, settings: NewSettings, spend: GammaGamma | None, first_spend: GammaGamma | None
) -> xr.DataArray | xr.Dataset:
    """Repeat orders (and spend) of customers yet to come, dims (trial, month)."""
    plan = _plan(settings)
    months = plan.ticks.size - 1
    counts = _counts(settings.counts, plan)
    for priced in (spend, first_spend):
        if priced is not None:
            priced.population_mean()  # refuses an infinite one
    orders = np.zeros((len(plan.block), months), dtype=np.int64)
    money: dict[str, FloatArray] = {}
    if spend is not None:
        money["spend"] = np.zeros((len(plan.block), months))
    if first_spend is not None:
        money["first_spend"] = np.zeros((len(plan.block), months))
    for first in range(0, len(plan.block), _BLOCK):
        part, rows = plan.block[first : first + _BLOCK], slice(first, first + _BLOCK)
        by_trial = model.parameters_by_trial(
            trials=part, seed=plan.seed, name=plan.name, parameters=plan.parameters
        )
        horizon = horizon_of(part, plan.seed, plan.name, plan.ticks, plan.envelope, plan.churn, plan.shown)
        cohort, prices = _rows(counts, rows), _prices(spend, plan, part)
        found = count_new_block(by_trial, cohort, model.law, horizon, _rows(plan.demand, rows), prices)
        orders[rows] = found[0]
        if spend is not None:
            money["spend"][rows] = found[1]
        if first_spend is not None:
            name = f"{plan.name}/first"
            drawn = first_spend.parameters_by_trial(
                trials=part, seed=plan.seed, name=name, parameters=plan.parameters
            )
            money["first_spend"][rows] = first_orders_block(
                drawn, cohort, key_of(plan.seed, f"{name}/spend"), part.start
            )
    currency = next((m.currency for m in (spend, first_spend) if m is not None), "")
    return _labelled(plan, orders, "repeat orders of new customers", money, currency)


def _plan(settings: Settings) -> _Plan:
    trials = settings.trials
    block = trials if isinstance(trials, range) else range(trials)
    if len(block) == 0:
        raise UsageError(f"trials: at least 1 is needed | got {trials}")
    if settings.parameters not in ("draw", "fitted"):
        raise UsageError(f"parameters: draw or fitted | got {settings.parameters}")
    seed, name = seed_and_name(settings.stream, settings.seed, settings.name)
    longest = max(
        [settings.months or HORIZON_MONTHS]
        + [np.shape(path)[-1] for path in (settings.demand, settings.churn) if np.ndim(path)]
    )
    ticks = clock_of(settings.clock, longest)
    demand = np.atleast_2d(monthly(settings.demand, ticks.size - 1, "demand"))
    if demand.shape[0] not in (1, len(block)):
        raise UsageError(f"demand: one row or one a trial is needed | got {demand.shape[0]} rows")
    envelope = max(1.0, float(demand.max())) if settings.envelope is None else float(settings.envelope)
    plain = np.ndim(settings.churn) == 0 and float(settings.churn) == 1.0
    churn = None if plain else monthly(settings.churn, ticks.size - 1, "churn")
    if churn is not None and churn.ndim != 1:
        raise UsageError(f"churn: one multiplier a month is needed | got shape {churn.shape}")
    shown = ticks.size - 1 if settings.months is None else settings.months
    if settings.months is None and settings.clock is None:
        shown = longest
    if not 0 < shown <= ticks.size - 1:
        raise UsageError(f"months: 1 to {ticks.size - 1} | got {settings.months}")
    return _Plan(block, seed, name, ticks, demand, churn, envelope, shown, settings.parameters)


def _counts(value: Any, plan: _Plan) -> IntArray:
    months = plan.ticks.size - 1
    given = np.atleast_2d(np.asarray(value))
    whole = (
        np.issubdtype(given.dtype, np.number)
        and np.all(np.isfinite(given))
        and np.all(given == np.floor(given))
    )
    if (
        not whole
        or np.any(given < 0)
        or given.shape[1] > months
        or given.shape[0] not in (1, len(plan.block))
    ):
        raise UsageError(f"counts: whole numbers from 0 by month are needed | got shape {given.shape}")
    return np.pad(given.astype(np.int64), ((0, 0), (0, months - given.shape[1])))


def _rows(values: Any, rows: slice) -> Any:
    return values[rows] if values.shape[0] > 1 else values


def _by_cell(model: Sampled, customers: Customers) -> tuple[Base, IntArray]:
    """The customers as the kernels read them, in the order of their summary rows, and that order."""
    base = model.base_of(customers)
    order = np.argsort(base.member, kind="stable")
    return base._replace(member=base.member[order], stream_index=base.stream_index[order]), order


def _prices(
    spend: GammaGamma | None,
    plan: _Plan,
    part: range,
    customers: Customers | None = None,
    order: IntArray | None = None,
) -> Spend:
    none = np.zeros(0)
    key = key_of(plan.seed, f"{plan.name}/spend")
    if spend is None:
        return Spend(key, np.zeros((0, 3)), none, none)
    by_trial = spend.parameters_by_trial(
        trials=part, seed=plan.seed, name=plan.name, parameters=plan.parameters
    )
    if customers is None or customers.spend is None or customers.paid is None:
        return Spend(key, by_trial, none, none)
    paid = customers.paid.astype(np.float64)[order]
    return Spend(key, by_trial, paid, paid * customers.spend[order])


def _refuse_currency(spend: GammaGamma, customers: Customers) -> None:
    if spend.currency and customers.currency and spend.currency != customers.currency:
        raise FitError(
            f"currency: the spend model is in {spend.currency} | got customers in {customers.currency}"
        )


def _labelled(
    plan: _Plan, orders: IntArray, long_name: str, money: dict[str, FloatArray], currency: str
) -> xr.DataArray | xr.Dataset:
    coordinates = {
        "trial": np.arange(plan.block.start, plan.block.stop),
        "month": np.arange(plan.shown),
    }
    attributes = {"units": "orders", "long_name": long_name, "seed": plan.seed, "stream": plan.name}
    dims = ("trial", "month")
    counted = xr.DataArray(orders[:, : plan.shown], coordinates, dims, "orders", attributes)
    if not money:
        return counted
    paid = {
        name: xr.DataArray(
            values[:, : plan.shown], coordinates, dims, name, {"units": currency or "currency"}
        )
        for name, values in money.items()
    }
    return xr.Dataset({"orders": counted, **paid}, attrs={"seed": plan.seed, "stream": plan.name})
