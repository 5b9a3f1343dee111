"""Customer models per segment (market × sales channel): fit in operational time, pool what is thin, expect,
and widen by month.

A segment with enough repeat orders stands alone. A thin one is fitted under the normal law of the strong
segments' log parameters (empirical Bayes); an empty one has that law itself; with no repeat order anywhere a
documented default stands in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.arrays import FloatArray, IntArray
from models.errors import FitError
from models.ltv import BetaGeoNBD, Customers, NormalPrior

Clock = Callable[[FloatArray], FloatArray]

STRONG_REPEATS = 200
DEFAULT_LOG = np.log(np.array([0.5, 150.0, 0.8, 2.5]))
"""r, alpha (days), a, b of a company without a single repeat order: a common shape in retail, standard
deviation 1 on the log scale."""
DEFAULT_SD = 1.0
LEAST_SPREAD = 0.25
"""Least standard deviation between segments on the log scale."""
LAGS = 2
"""Months over which the scores of neighbouring months are taken to be related (Bartlett weights)."""


@dataclass(frozen=True)
class OrderDays:
    """Order days of one segment's known customers, sorted by (customer, day); days count from the first
    forecast day.
    """

    customer: tuple[str, ...]
    start: IntArray
    """Position of each customer's first order day, shape (customer + 1,)."""
    day: IntArray

    @property
    def first(self) -> IntArray:
        """First order day of each customer, dims (customer,)."""
        return self.day[self.start[:-1]]

    def repeat_days(self) -> IntArray:
        """Days of all repeat orders, dims (order,)."""
        later = np.ones(len(self.day), dtype=bool)
        later[self.start[:-1]] = False
        return self.day[later]


def order_days(orders: pd.DataFrame) -> OrderDays:
    """Order days of the known customers among a segment's orders (columns customer, day)."""
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
class SegmentFit:
    """A segment's customer model, its customers and how it was reached; ``weight`` is the share of evidence
    that is the segment's own.
    """

    model: BetaGeoNBD
    customers: Customers
    how: str
    weight: float
    clustered: bool = False
    inflation: float = 1.0
    """Largest ratio of the clustered to the plain variance."""


def fit_segments(days: list[OrderDays], clock: Clock) -> list[SegmentFit]:
    """Customer models of all segments, in the order given."""
    customers = [customers_of(segment, clock) for segment in days]
    alone: list[BetaGeoNBD | None] = [_alone(segment) for segment in customers]
    prior = _law_between([model for model in alone if model is not None], customers)
    fits = []
    for segment, model in zip(customers, alone, strict=True):
        if model is not None:
            fits.append(SegmentFit(model, segment, "own", 1.0))
        elif len(segment) == 0:
            fits.append(SegmentFit(_given(prior), segment, "pooled: no customers", 0.0))
        else:
            fits.append(_pooled(segment, prior))
    return fits


def fit_company(customers: list[Customers]) -> BetaGeoNBD | None:
    """One model of all customers, for the season; nothing where there are no repeat orders."""
    company = [segment for segment in customers if len(segment)]
    if not company or sum(int(segment.frequency.sum()) for segment in company) == 0:
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


def _law_between(strong: list[BetaGeoNBD], customers: list[Customers]) -> NormalPrior:
    """Normal law of the log parameters between segments, by moments; from the company as a whole where no
    segment is strong.
    """
    if not strong:
        company = [segment for segment in customers if len(segment)]
        default = NormalPrior(DEFAULT_LOG, np.eye(4) * DEFAULT_SD**2)
        if not company or sum(int(segment.frequency.sum()) for segment in company) == 0:
            return default
        model = BetaGeoNBD.fit(join(company), prior=default)
        return NormalPrior(model.mean, model.draw_covariance + np.eye(4) * LEAST_SPREAD**2)
    points = np.stack([model.mean for model in strong])
    within = np.stack([model.draw_covariance for model in strong])
    mean = points.mean(axis=0)
    between = points.var(axis=0, ddof=1) if len(strong) > 1 else np.zeros(4)
    spread = np.maximum(between, LEAST_SPREAD**2)
    return NormalPrior(mean, np.diag(spread) + within.mean(axis=0) / len(strong))


def join(parts: list[Customers]) -> Customers:
    """Customers of several segments together."""
    return Customers(
        frequency=np.concatenate([part.frequency for part in parts]),
        recency=np.concatenate([part.recency for part in parts]),
        age=np.concatenate([part.age for part in parts]),
        operational=True,
    )


def _given(prior: NormalPrior) -> BetaGeoNBD:
    r, alpha, a, b = np.exp(prior.mean)
    return replace(
        BetaGeoNBD.from_parameters(r, alpha, a, b), draw_covariance=prior.covariance, operational=True
    )


def _pooled(customers: Customers, prior: NormalPrior) -> SegmentFit:
    try:
        model = BetaGeoNBD.fit(customers, prior=prior)
    except FitError:
        return SegmentFit(_given(prior), customers, "pooled: no maximum of its own", 0.0)
    own = 1.0 - float(np.trace(np.linalg.solve(prior.covariance, model.draw_covariance))) / 4.0
    return SegmentFit(model, customers, "pooled: thin", min(max(own, 0.0), 1.0))


def widen(
    fit: SegmentFit, days: OrderDays, clock: Clock, month_ends: IntArray, absorbed: float = 0.0
) -> SegmentFit:
    """The fit with a month-clustered covariance of the log parameters: a shock hits all customers of a month
    at once, which the plain Hessian ignores.

    The score of month j is the score of the data up to its end (``month_ends`` (month,), days) less that up
    to its beginning; neighbouring months are joined with Bartlett weights (Newey and West 1987). The
    covariance is H^-1 B H^-1 with B at least -H in every direction, so it is never narrower than the plain
    one. ``absorbed`` is the share of the months' shocks that the season fitted to the same months has taken:
    it is given back.
    """
    if fit.how != "own" or fit.model.boundary or len(month_ends) < 8:
        return fit
    model = fit.model
    total = [np.zeros(4)]
    for end in month_ends:
        seen = customers_of(days, clock, int(end))
        total.append(model.score(seen) if len(seen) else np.zeros(4))
    score = np.diff(np.stack(total), axis=0)
    score = score - score.mean(axis=0)
    between = score.T @ score
    for lag in range(1, LAGS + 1):
        cross = score[lag:].T @ score[:-lag]
        between += (1.0 - lag / (LAGS + 1.0)) * (cross + cross.T)
    between *= len(score) / (len(score) - 4.0) / (1.0 - absorbed)
    root = np.linalg.cholesky(model.draw_covariance)
    values, vectors = np.linalg.eigh(root.T @ between @ root)
    lifted = (vectors * np.maximum(values, 1.0)) @ vectors.T
    covariance = root @ lifted @ root.T
    wide = model.with_covariance(0.5 * (covariance + covariance.T))
    return replace(fit, model=wide, clustered=True, inflation=float(max(values.max(), 1.0)))


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
