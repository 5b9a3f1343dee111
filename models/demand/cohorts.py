"""Customer models per cell (market × sales channel): fit in operational time and pooled, expect, and widen by
the months' shocks.

Cells are pooled by ``models.ltv.fit_pooled``: one with many repeat orders stands where it is, a thin one
leans on the others, an empty one has the law between them; where the whole company is thin a documented
default stands in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.errors import FitError
from models.ltv import BetaGeoNBD, Customers, NormalPrior, fit_pooled

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Clock = Callable[[FloatArray], FloatArray]

STRONG_REPEATS = 200
DEFAULT_LOG = np.log(np.array([0.5, 150.0, 0.8, 2.5]))
"""r, alpha (days), a, b of a company with hardly a repeat order: a common shape in retail, standard deviation
1 on the log scale."""
DEFAULT_SD = 1.0
STEP = 0.02
"""Change of the log pace of a month from which the pull of its shock is read."""


@dataclass(frozen=True)
class OrderDays:
    """Order days of one cell's known customers, sorted by (customer, day); days count from the first forecast
    day.
    """

    customer: tuple[str, ...]
    start: IntArray
    """Position of each customer's first order day, shape (customer + 1,)."""
    day: IntArray

    @property
    def first(self) -> IntArray:
        """First order day of each customer."""
        return self.day[self.start[:-1]]

    def repeat_days(self) -> IntArray:
        """Days of all repeat orders."""
        later = np.ones(len(self.day), dtype=bool)
        later[self.start[:-1]] = False
        return self.day[later]


def order_days(orders: pd.DataFrame) -> OrderDays:
    """Order days of the known customers among a cell's orders (columns customer, day)."""
    known = (
        orders[orders["customer"] != ""][["customer", "day"]]
        .drop_duplicates()
        .sort_values(["customer", "day"])
    )
    customer = known["customer"].to_numpy(dtype=object)
    change = np.r_[True, customer[1:] != customer[:-1]] if len(customer) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(change).astype(np.int64)
    return OrderDays(
        tuple(customer[starts].tolist()),
        np.r_[starts, len(customer)].astype(np.int64),
        known["day"].to_numpy(np.int64),
    )


def customers_of(days: OrderDays, clock: Clock, end: int = -1) -> Customers:
    """Customers as seen at the end of day ``end``, in operational days of ``clock``; those who come later are
    left out.
    """
    seen = days.day <= end
    owner = np.repeat(np.arange(len(days.customer)), np.diff(days.start))[seen]
    day = days.day[seen]
    if len(owner) == 0:
        none = np.zeros(0)
        return Customers(none.astype(np.int64), none, none, key=(), operational=True)
    start = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    stop = np.r_[start[1:], len(owner)]
    tick = clock(day.astype(np.float64))
    now = float(clock(np.array([float(end)]))[0])
    return Customers(
        frequency=stop - start - 1,
        recency=tick[stop - 1] - tick[start],
        age=now - tick[start],
        key=tuple(days.customer[i] for i in owner[start]),
        operational=True,
    )


@dataclass(frozen=True)
class CellFit:
    """A cell's customer model, its customers and how it was reached; ``weight`` is the share of evidence that
    is the cell's own.
    """

    model: BetaGeoNBD
    customers: Customers
    how: str
    weight: float
    alone: BetaGeoNBD | None = None
    """The same customers fitted without the others, where they have enough repeat orders."""
    clustered: bool = False
    inflation: float = 1.0
    """Largest ratio of the clustered to the plain variance."""


def fit_cells(days: list[OrderDays], clock: Clock) -> list[CellFit]:
    """Customer models of all cells, in the order given."""
    customers = [customers_of(cell, clock) for cell in days]
    models, weight = _pooled(customers)
    fits = []
    for cell, model, own in zip(customers, models, weight, strict=True):
        alone = _alone(cell)
        how = "own" if alone is not None else "pooled: thin" if len(cell) else "pooled: no customers"
        fits.append(CellFit(model, cell, how, own, alone))
    return fits


def _pooled(customers: list[Customers]) -> tuple[list[BetaGeoNBD], list[float]]:
    """Models of the cells and their weights; under the default law where the company has too few repeats."""
    names = [str(position) for position in range(len(customers))]
    if sum(int(cell.frequency.sum()) for cell in customers) >= STRONG_REPEATS:
        try:
            fits = fit_pooled(BetaGeoNBD, dict(zip(names, customers, strict=True)))
        except FitError:  # a company whose likelihood has no maximum of its own
            pass
        else:
            return [fits.models[name] for name in names], [fits.weight[name] for name in names]
    models = [_by_default(cell) for cell in customers]
    own = [1.0 - float(np.trace(model.draw_covariance)) / DEFAULT_SD**2 / 4.0 for model in models]
    return models, [min(max(each, 0.0), 1.0) for each in own]


def _by_default(customers: Customers) -> BetaGeoNBD:
    """The model under the default law; the law itself without customers or a maximum."""
    prior = NormalPrior(DEFAULT_LOG, np.eye(4) * DEFAULT_SD**2)
    if len(customers):
        try:
            return BetaGeoNBD.fit(customers, prior=prior)
        except FitError:
            pass
    given = BetaGeoNBD.from_parameters(*np.exp(prior.mean))
    return replace(given, draw_covariance=prior.covariance, operational=True)


def fit_company(customers: list[Customers]) -> BetaGeoNBD | None:
    """One model of all customers, for the season; nothing where there are no repeat orders."""
    company = [cell for cell in customers if len(cell)]
    if not company or sum(int(cell.frequency.sum()) for cell in company) == 0:
        return None
    try:
        return BetaGeoNBD.fit(join(company))
    except FitError:
        return BetaGeoNBD.fit(join(company), prior=NormalPrior(DEFAULT_LOG, np.eye(4) * DEFAULT_SD**2))


def _alone(customers: Customers) -> BetaGeoNBD | None:
    if len(customers) == 0 or int(customers.frequency.sum()) < STRONG_REPEATS:
        return None
    try:
        model = BetaGeoNBD.fit(customers)
    except FitError:
        return None
    return model if model.converged or model.boundary else None


def join(parts: list[Customers]) -> Customers:
    """Customers of several cells together."""
    return Customers(
        frequency=np.concatenate([part.frequency for part in parts]),
        recency=np.concatenate([part.recency for part in parts]),
        age=np.concatenate([part.age for part in parts]),
        operational=True,
    )


def widen(fit: CellFit, days: OrderDays, edge: IntArray, tick: FloatArray, shocks: FloatArray) -> CellFit:
    """The fit with the error that shocks of whole months bring: they hit all customers of a month at once,
    which the plain Hessian ignores.

    ``tick`` (month + 1,) is the operational time at the month starts ``edge``, ``shocks`` (month, month) the
    covariance of the months' log pace beyond it. A shock x of month j moves the score by its derivative with
    respect to the log pace of that month, D_j x, and the estimate by H^-1 D_j x, so the covariance is
    H^-1 + H^-1 D' shocks D H^-1: never narrower than the plain one.
    """
    model = fit.model
    if model.boundary or len(fit.customers) == 0:
        return fit

    def score(reached: FloatArray) -> FloatArray:
        return model.score(customers_of(days, lambda day: np.interp(day, edge, reached)))

    base, length = score(tick), np.diff(tick)
    later = np.arange(len(tick))[None, :] > np.arange(len(length))[:, None]
    stretched = tick + later * (length * np.expm1(STEP))[:, None]
    pull = np.stack([score(each) - base for each in stretched]) / STEP
    root = np.linalg.cholesky(model.draw_covariance)
    moved = root.T @ (pull.T @ shocks @ pull) @ root
    covariance = root @ (np.eye(4) + 0.5 * (moved + moved.T)) @ root.T
    wide = model.with_covariance(0.5 * (covariance + covariance.T))
    inflation = 1.0 + float(np.linalg.eigvalsh(moved)[-1])
    return replace(fit, model=wide, clustered=True, inflation=inflation)


def expected_repeats(
    model: BetaGeoNBD, first_day: IntArray, clock: Clock, month_start: IntArray
) -> FloatArray:
    """Expected repeat orders by month of customers with the first order days given, knowing nothing else of
    them, shape (month,).
    """
    if len(first_day) == 0:
        return np.zeros(len(month_start) - 1)
    day, count = np.unique(first_day, return_counts=True)
    edge = clock(month_start.astype(np.float64))
    elapsed = np.maximum(edge[None, :] - clock(day.astype(np.float64))[:, None], 0.0)
    grid = np.linspace(0.0, float(elapsed.max()), 400) ** 2 / max(float(elapsed.max()), 1e-9)
    table = model.expected_orders_new(grid)
    return np.diff((count[:, None] * np.interp(elapsed, grid, table)).sum(axis=0))


def sigma_points(model: BetaGeoNBD) -> list[BetaGeoNBD]:
    """Eight equally weighted parameter points with the mean and covariance of the parameter draws (unscented
    transform).
    """
    drawn = np.diag(model.draw_covariance) > 0.0
    if not drawn.any():
        return [model]
    root = np.zeros((4, 4))
    keep = np.flatnonzero(drawn)
    root[np.ix_(keep, keep)] = np.linalg.cholesky(model.draw_covariance[np.ix_(keep, keep)])
    shifts = np.concatenate([2.0 * root.T, -2.0 * root.T])
    return [replace(model, mean=model.mean + shift) for shift in shifts]
