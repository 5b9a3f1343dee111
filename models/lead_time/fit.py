"""Fit of one lead-time stage: censored likelihood by family, AIC weights, two components, a point mass at
zero,
a Pareto tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from models.arrays import BoolArray, FloatArray
from models.errors import FitError
from models.lead_time import families
from models.lead_time.distribution import Component, LeadTime
from models.lead_time.lattice import mixed_log_likelihood, whole_days
from models.lead_time.mixture import fit_two_lognormals
from models.lead_time.tail import FEWEST_EXCEEDANCES, TAIL_SHARE, fit_tail
from models.names import FARTHEST_DAYS

_FLOOR_SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
_RESOLUTION = 1.0
"""Days between a profiled floor and the shortest order at least: dates are whole days."""
_LOGLOGISTIC = "loglogistic"
_SINGLE: Final = 2
"""Parameters of a family."""
_DOUBLE: Final = 5
"""Parameters of two lognormals and their share."""
_CLEARLY: Final = 10.0
"""AIC by which two components must beat every single family: the usual penalty is too small where a component
may vanish, because then its parameters are not identified.
"""


@dataclass(frozen=True)
class Orders:
    """Checked durations of one lane and stage, dims (order,): days, finished or open, age at late entry."""

    days: FloatArray
    observed: BoolArray
    entered: FloatArray

    def take(self, chosen: BoolArray) -> Orders:
        """Some of the orders, by a mask (order,) of whether each is taken."""
        return Orders(self.days[chosen], self.observed[chosen], self.entered[chosen])

    def beyond(self, floor: float) -> Orders:
        """What is left of the orders that say something about the days after the floor."""
        # An open order younger than the floor says nothing: it has not had the time to arrive.
        kept = self.take(self.observed | (self.days > floor))
        return Orders(kept.days - floor, kept.observed, np.maximum(kept.entered - floor, 0.0))

    @property
    def late_entry(self) -> FloatArray | None:
        """Ages at entry, days (order,), where any order entered late."""
        return self.entered if np.any(self.entered > 0.0) else None


def fit_lane(
    days: npt.ArrayLike,
    *,
    observed: npt.ArrayLike | None = None,
    entered: npt.ArrayLike | None = None,
    floor: float | str = 0.0,
    family_names: Sequence[str] = families.FAMILIES,
    mixture: bool = True,
    tail: bool = False,
) -> LeadTime:
    """Distribution of a lead time in days, from finished and open orders.

    Parameters
    ----------
    days : (order,) duration of a finished order; age so far of an open one.
    observed : (order,) False for open orders, which are right-censored: their lead time exceeds the age
        given. All finished if omitted. Dropping open orders instead biases the mean low, because long orders
        are open more often.
    entered : (order,) age at which an order came under observation (late entry, left truncation): a log that
        begins on some day holds of the earlier orders only those still open then. 0 if omitted.
    floor : days below which nothing can arrive: a number, or ``"profile"`` to pick it by likelihood among
        fixed shares of the shortest finished order, a whole day below it at least (a free maximum over the
        floor is unbounded and is never used).
    family_names : families to weigh, among gamma, loglogistic, lognormal, weibull.
    mixture : whether two lognormals (inspected or not, say) are weighed too; they enter where they beat every
        single family by 10 of AIC, from 40 finished orders without late entry on.
    tail : whether a generalised Pareto law replaces what lies beyond the 95% quantile, from 50 finished
    orders
        there on; with fewer the families go on and ``refused`` says so.

    Notes
    -----
    Finished orders of exactly zero days are a point mass, n0 / (n0 + n+ + open orders older than zero): the
    likelihood factorises. Families are weighted by exp(-AIC / 2). A log-logistic of shape <= 1 has no mean
    and is refused; in a mixture shape <= 2 (no variance) is left out too.

    Raises
    ------
    FitError
        Every fault of the orders at once: no order, lengths that differ, values that are not finite or below
        zero, an entry that is not before the end, no finished order, fewer than two different finished
        durations above zero (one order, or no variance at all).

    Examples
    --------
    >>> lead_time = fit_lane([31.0, 38.0, 45.0, 29.0, 20.0], observed=[True, True, True, True, False])
    >>> lead_time.open_orders
    1
    >>> 30.0 < lead_time.mean < 50.0
    True
    """
    orders = checked_orders(days, observed, entered)
    names = _checked_names(family_names)
    zero = orders.observed & (orders.days == 0.0)
    positive = orders.take(~zero & (orders.observed | (orders.days > 0.0)))
    shift = _floor(floor, positive, names)
    above = positive.beyond(shift)
    components, refused = _components(above, names)
    if mixture:
        components, refused = _with_mixture(components, refused, above)
    finished = int(positive.observed.sum())
    # A late entry has outlived zero days: it says nothing about the point mass.
    exposed = positive.days.size - int((positive.entered > 0.0).sum())
    fitted = LeadTime(
        components=components,
        floor=shift,
        zero_share=float(zero.sum() / max(1, zero.sum() + exposed)),
        observed_orders=int(orders.observed.sum()),
        open_orders=int((~orders.observed).sum()),
        source="fitted",
        log_mean_error=_log_mean_error(components, shift, finished),
        refused=refused,
        floor_profiled=floor == "profile",
    )
    return _with_tail(fitted, positive) if tail else fitted


def checked_orders(
    days: npt.ArrayLike,
    observed: npt.ArrayLike | None = None,
    entered: npt.ArrayLike | None = None,
    *,
    spread: bool = True,
    finished: bool = True,
) -> Orders:
    """Orders fit for fitting; a FitError with all that is wrong with them, one line a fault.

    ``spread``: whether two different finished durations above zero are needed; ``finished``: whether any
    finished order is.
    """
    values = _numbers("days", days)
    seen = np.ones(values.shape, dtype=np.bool_) if observed is None else _flags(observed)
    since = np.zeros(values.shape) if entered is None else _numbers("entered", entered)
    faults = _wrong_shapes(values, seen, since) + _wrong_numbers(values, since)
    if finished and not seen.any():
        faults.append(
            f"lead time: no finished order | got {values.size} open ones | list the stage's mean and sd"
        )
    # what follows compares durations with entries: only sound numbers can be compared
    if not faults:
        faults = _wrong_together(values, seen, since, spread=spread)
    if faults:
        raise FitError("\n".join(faults))
    return Orders(values, seen, since)


def _wrong_shapes(values: FloatArray, seen: BoolArray, since: FloatArray) -> list[str]:
    faults = [] if values.ndim == 1 else [f"lead time: days must be one row of numbers | got {values.shape}"]
    for name, other in (("observed", seen), ("entered", since)):
        if other.shape != values.shape:
            faults.append(
                f"lead time: days and {name} must have one length | got {values.shape}, {other.shape} | "
                "give one value for each order"
            )
    return faults


def _wrong_numbers(values: FloatArray, since: FloatArray) -> list[str]:
    faults = []
    bad = values[~(np.isfinite(values) & (values >= 0.0))]
    if bad.size:
        faults.append(
            f"lead time: durations must be finite and not negative | got {bad[:3].tolist()}"
            f"{f' and {bad.size - 3} more' if bad.size > 3 else ''} | correct or leave out these orders"
        )
    long = values[np.isfinite(values) & (values > FARTHEST_DAYS)]
    if long.size:
        faults.append(
            f"lead time: longer than a million days | got {long[:3].tolist()} | "
            "give days, not hours, dates or nanoseconds"
        )
    wrong = since[~(np.isfinite(since) & (since >= 0.0))]
    if wrong.size:
        faults.append(
            f"lead time: ages at entry must be finite and not negative | got {wrong[:3].tolist()} | "
            "give 0 for orders seen from their start"
        )
    return faults


def _wrong_together(values: FloatArray, seen: BoolArray, since: FloatArray, *, spread: bool) -> list[str]:
    faults = []
    early = (since > 0.0) & (since >= values)
    if early.any():
        faults.append(
            f"lead time: an order must end after its entry | got {int(early.sum())} that entered at or "
            "after their end | leave them out: they were never at risk"
        )
    different = np.unique(values[seen & (values > 0.0)]).size
    if spread and different < 2:
        faults.append(
            "lead time: two different finished durations above zero are needed | "
            f"got {different} | pool the lane or list its mean and sd"
        )
    return faults


def _numbers(name: str, values: npt.ArrayLike) -> FloatArray:
    try:
        return np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise FitError(f"lead time: {name} must be numbers | got {error} | give days as numbers") from None


def _flags(observed: npt.ArrayLike) -> BoolArray:
    given = np.atleast_1d(np.asarray(observed))
    if given.dtype != np.bool_:
        plain = given.size == 0 or (
            np.issubdtype(given.dtype, np.number) and bool(np.isin(given, (0, 1)).all())
        )
        if not plain:
            raise FitError(
                f"lead time: observed must be True or False for each order | got {given[:3].tolist()} | "
                "True: finished, False: open"
            )
    return np.asarray(given, dtype=np.bool_)


def _checked_names(family_names: Sequence[str]) -> tuple[str, ...]:
    names = (family_names,) if isinstance(family_names, str) else tuple(sorted(set(family_names)))
    unknown = [name for name in names if name not in families.FAMILIES]
    if unknown or not names:
        raise FitError(
            f"family_names: unknown or none | got {unknown or 'nothing'} | choose among "
            f"{', '.join(families.FAMILIES)}"
        )
    return names


def _floor(floor: float | str, positive: Orders, names: Sequence[str]) -> float:
    shortest = float(positive.days[positive.observed].min())
    if floor != "profile":
        if isinstance(floor, str) or not 0.0 <= floor < shortest:
            raise FitError(f"floor: a number in [0, {shortest}) or 'profile' is needed | got {floor}")
        return float(floor)
    best, chosen = -np.inf, 0.0
    for share in _FLOOR_SHARES:
        shift = share * shortest
        if share > 0.0 and shortest - shift < _RESOLUTION:
            break
        above = positive.beyond(shift)
        fits = [_fit(name, above)[2] for name in names]
        # One more parameter costs one unit of log-likelihood, so a floor must earn its place.
        value = float(np.nanmax(fits)) - (1.0 if share > 0.0 else 0.0)
        if value > best + 1e-9:
            best, chosen = value, shift
    return chosen


def _fit(name: str, above: Orders) -> tuple[float, float, float]:
    """Native parameters and log-likelihood of one family."""
    first, second, value = families.fit_family(name, above.days, above.observed, above.late_entry)
    return float(first[0]), float(second[0]), float(value[0])


def _components(above: Orders, names: Sequence[str]) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """AIC-weighted families, sorted by name, and why others were left out."""
    found: list[tuple[str, float, float, float]] = []
    refused: list[str] = []
    alone = len(names) == 1
    for name in names:
        first, second, value = _fit(name, above)
        if not np.isfinite([first, second, value]).all():
            refused.append(f"{name}: no finite optimum")
        elif name == _LOGLOGISTIC and second >= (1.0 if alone else 0.5):
            what = "mean" if second >= 1.0 else "variance"
            refused.append(f"{name}: shape {1.0 / second:.3f} has no {what}")
        else:
            found.append((name, first, second, value))
    if not found:
        raise FitError(
            "lead time: no family is usable | "
            + "; ".join(refused)
            + " | use another family or a cap on the data"
        )
    best = max(value for *_, value in found)
    raw = np.exp([value - best for *_, value in found])
    weights = raw / raw.sum()
    return tuple(
        Component(name, first, second, float(weight), value)
        for (name, first, second, value), weight in zip(found, weights, strict=True)
    ), tuple(refused)


def _with_mixture(
    components: tuple[Component, ...], refused: tuple[str, ...], above: Orders
) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """The two-component family weighed among the single ones where it is clearly better."""
    if above.late_entry is not None:
        return components, (*refused, "lognormal mixture: not fitted under late entry")
    needed = max(c.log_likelihood for c in components) + 0.5 * _CLEARLY + _DOUBLE - _SINGLE
    two = fit_two_lognormals(above.days, above.observed, needed)
    if two is None:
        return components, refused
    parts = [("lognormal", *two.quick, 1.0 - two.slow_share), ("lognormal", *two.slow, two.slow_share)]
    rounded = whole_days(above.days[above.observed])
    value = mixed_log_likelihood(parts, above.days, above.observed, rounded=rounded)
    singles = [
        mixed_log_likelihood(
            [(c.family, c.first, c.second, 1.0)], above.days, above.observed, rounded=rounded
        )
        for c in components
    ]
    if 2.0 * (value - max(singles)) - 2.0 * (_DOUBLE - _SINGLE) < _CLEARLY:
        return components, refused
    # Whole days weigh every candidate by the chance of the day, so that all are compared on one scale.
    values = np.array([*(single - _SINGLE for single in singles), value - _DOUBLE])
    raw = np.exp(values - values.max())
    weights = raw / raw.sum()
    weighed = tuple(
        replace(component, weight=float(weight))
        for component, weight in zip(components, weights, strict=False)
    )
    both = tuple(
        Component(family, first, second, float(weights[-1]) * share, two.log_likelihood, part)
        for (family, first, second, share), part in zip(parts, ("quick", "slow"), strict=True)
    )
    return (*weighed, *both), refused


def _with_tail(fitted: LeadTime, positive: Orders) -> LeadTime:
    """The law with a Pareto tail beyond its 95% quantile above zero, where enough orders lie there."""
    above_zero = replace(fitted, zero_share=0.0)
    threshold = float(above_zero.quantile(1.0 - TAIL_SHARE))
    beyond = int((positive.observed & (positive.days > threshold)).sum())
    if beyond < FEWEST_EXCEEDANCES:
        reason = (
            f"tail: {beyond} finished orders beyond {threshold:.1f} days, {FEWEST_EXCEEDANCES} are needed"
        )
        return replace(fitted, refused=(*fitted.refused, reason))
    late = positive.entered > threshold
    try:
        tail = fit_tail(threshold, positive.days[~late], positive.observed[~late])
    except FitError as error:
        return replace(fitted, refused=(*fitted.refused, str(error)))
    return replace(fitted, tail=tail)


def _log_mean_error(components: Sequence[Component], floor: float, finished: int) -> float:
    """Standard error of the log of the mean, to first order: coefficient of variation / sqrt(finished)."""
    mean = sum(c.weight * families.raw_moment(c.family, c.first, c.second, 1) for c in components)
    square = sum(c.weight * families.raw_moment(c.family, c.first, c.second, 2) for c in components)
    return float(min(1.0, np.sqrt(max(square - mean**2, 0.0)) / (floor + mean) / np.sqrt(finished)))
