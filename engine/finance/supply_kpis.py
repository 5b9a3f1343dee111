"""Figures of supply and stock: free functions of arrays, one trial never read with another.

A share of nothing is NaN. Days are whole calendar days unless a docstring says otherwise; money is positive
when it is a value or a recovery.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.finance.kpis import ratio
from models.arrays import BoolArray, CountArray, FloatArray, IntArray
from models.calendar import ACCOUNTING_YEAR
from models.errors import UsageError

Flags = BoolArray

COVERAGE_DAYS = 2.0
"""Days within which a node must deliver to count as near (warehouse coverage)."""
FAST_DAYS = 2.0
"""48 hours."""
LAST_MILE_VARIATION = 0.4
"""Standard deviation over mean of the days from a node's door to the customer: no plan says it, so it is
listed here.
"""
DEAD_COVER_DAYS = 180
"""Days of forward demand above which an item's stock is dead."""
NO_SALE_DAYS = 180
"""Days without a sale after which stock is dead; items known for less are left out."""
AGED_DAYS = 90
"""Days in stock after which a unit is aged."""
FORWARD_DAYS = 90
"""Days of forward demand over which the daily rate of stock cover is taken."""
CLEARANCE_LIMIT_DAYS = 5.0
"""Days at customs, queue included, above which an entry counts as long."""
SERVICE_DAYS = 7
"""Days over which the share of demand that is not served is taken."""
FAILURE_POINTS = 0.05
"""Share of demand not served, beyond base in the same trial, at which supply has failed."""
RECOVERED_DAYS = 28
"""Days for which service must stay within the points of base again to count as recovered."""


class Redundancy(NamedTuple):
    """Whether each item has a second supplier, and one in a second country, dims (item,)."""

    suppliers: Flags
    origins: Flags


def redundancy(qualified: Flags, origin: CountArray) -> Redundancy:
    """Items with at least two qualified suppliers, and with suppliers in at least two countries of origin.

    ``qualified`` (supplier, item) says who makes an item and reaches a warehouse, ``origin`` (supplier,) is
    the country by number. Two suppliers in one country are no redundancy against a duty or a closed border.
    """
    countries = [qualified[origin == country].any(axis=0) for country in np.unique(origin)]
    made = np.sum(countries, axis=0) if countries else np.zeros(qualified.shape[1], dtype=np.int64)
    return Redundancy(qualified.sum(axis=0) >= 2, made >= 2)


def weighted_share(flags: Flags, weight: FloatArray) -> FloatArray:
    """Share of the weight (…, item) that flagged items (item,) carry."""
    return ratio(in_order(np.where(flags, weight, 0.0)), in_order(np.asarray(weight, dtype=np.float64)))


def in_order(values: FloatArray) -> FloatArray:
    """Sum along the last axis of an array of any shape, in its unit, one entry after the other: the same bits
    for any number of trials.
    """
    total = np.zeros(values.shape[:-1])
    for at in range(values.shape[-1]):
        total = total + values[..., at]
    return total


def last_mile_within(days: npt.ArrayLike, mean: npt.ArrayLike) -> FloatArray:
    """Probability, elementwise, that the last mile takes at most so many days: gamma with this mean and
    ``LAST_MILE_VARIATION``.
    """
    shape = LAST_MILE_VARIATION**-2
    allowed, average = np.broadcast_arrays(
        np.asarray(days, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    )
    return np.asarray(special.gammainc(shape, shape * np.maximum(allowed, 0.0) / average))


def delivered_within(wait: CountArray, within: FloatArray) -> FloatArray:
    """Units expected to reach the customer in time, dims of ``wait`` but its last: Σ_w wait[w] · P(last mile
    ≤ limit − w).

    ``wait`` (…, bin) counts units by whole days waited for stock, ``within`` (…, bin) holds the
    probability of each wait (``last_mile_within(limit - w, mean)``).
    Orders and their last mile are not followed one by one.
    """
    total = np.zeros(wait.shape[:-1])
    for waited in range(wait.shape[-1]):
        if np.any(within[..., waited] > 0.0):
            total = total + wait[..., waited] * within[..., waited]
    return total


def turnover(cogs: FloatArray, inventory: FloatArray, days: FloatArray) -> FloatArray:
    """Turns a year of each period, elementwise, x: COGS × 365 / days / average inventory at landed cost.

    365 over it is the DIO of the same balances, so both are one fact.
    """
    return ratio(np.asarray(cogs) * ACCOUNTING_YEAR / days, inventory)


def dead_item_share(on_hand: CountArray, coming: FloatArray, eligible: Flags) -> FloatArray:
    """Share of eligible items (…, item) with stock above the demand of the coming ``DEAD_COVER_DAYS`` days.

    An item that nobody will buy has infinite cover: any stock of it is dead, none of it is not.
    """
    dead = (on_hand > coming) & eligible
    count = np.broadcast_to(eligible, dead.shape).sum(axis=-1)
    return ratio(dead.sum(axis=-1).astype(np.float64), count.astype(np.float64))


def known_long_enough(known_since: CountArray, day: int) -> Flags:
    """Items (item,) known for at least ``NO_SALE_DAYS`` on a day."""
    return np.asarray(day - known_since >= NO_SALE_DAYS)


def unsold(last_sale: CountArray, day: int, eligible: Flags) -> Flags:
    """Eligible items (…, item) without a sale in the ``NO_SALE_DAYS`` days that end on a day."""
    return np.asarray((day - last_sale >= NO_SALE_DAYS) & eligible)


def aged_units(on_hand: CountArray, entered: CountArray) -> CountArray:
    """Units in stock for longer than a time, elementwise, first in first out: on hand beyond what entered in
    that time.

    Age, not cover: a fast seller that came in yesterday is new however much of it there is.
    """
    return np.maximum(on_hand - entered, 0)


def recovery(cash: FloatArray, restocked: FloatArray, landed: FloatArray) -> FloatArray:
    """Return value recovery, elementwise, a share: (cash + restocked landed value) / landed cost of
    returned units.
    """
    return ratio(np.asarray(cash) + restocked, landed)


def unserved_share(
    asked: CountArray, lost: CountArray, waiting: CountArray, days: int = SERVICE_DAYS
) -> FloatArray:
    """Share of demand not served on each day (…, day): units lost in the last ``days`` days and units waiting
    at the day's end over units demanded in those days; 0 where nothing was asked for.
    """
    asked_lately, lost_lately = (_trailing(np.asarray(each, dtype=np.int64), days) for each in (asked, lost))
    missing = lost_lately + waiting
    return np.divide(missing, asked_lately, out=np.zeros(missing.shape), where=asked_lately > 0)


def _trailing(daily: IntArray, days: int) -> IntArray:
    total = np.cumsum(daily, axis=-1)
    before = np.zeros_like(total)
    before[..., days:] = total[..., :-days]
    return np.asarray(total - before)


class Survival(NamedTuple):
    """What a shock did to supply, dims (trial,)."""

    failed: Flags
    to_failure: FloatArray
    """Days from the shock's start to failure; without one the days to the horizon's end."""
    to_recovery: FloatArray
    """Days from the shock's start until service is back and stays back; 0 without a failure, the days to the
    horizon's end where it is not seen."""


def survival(excess: FloatArray, start: IntArray, until: IntArray) -> Survival:
    """Time to failure and to recovery of supply after a shock, days.

    ``excess`` (trial, day) is the share of demand not served beyond base in the same trial; the shock
    can break supply on the days from ``start`` to before ``until`` (trial,), none where it never comes: two
    runs that once differed go on to differ; what comes long after is not its doing. Failure is the first of
    these days above ``FAILURE_POINTS``; recovery the first day after it from which ``RECOVERED_DAYS`` days
    stay at or below.

    Raises
    ------
    UsageError
        When the arrays do not fit each other.
    """
    if excess.ndim != 2 or not start.shape == until.shape == excess.shape[:1]:
        raise UsageError(
            f"survival: (trial, day), one start and end a trial | got {excess.shape}, {start.shape}, "
            f"{until.shape} | give all three"
        )
    days = excess.shape[1]
    at = np.arange(days)
    broken = (excess > FAILURE_POINTS) & (at >= start[:, None]) & (at < until[:, None])
    failed = np.asarray(broken.any(axis=1))
    failure = np.where(failed, broken.argmax(axis=1), days)
    calm = np.cumsum(np.pad(excess <= FAILURE_POINTS, ((0, 0), (1, 0))), axis=1, dtype=np.int64)
    back = np.zeros_like(broken)
    if days >= RECOVERED_DAYS:
        run = calm[:, RECOVERED_DAYS:] - calm[:, :-RECOVERED_DAYS]
        back[:, : days - RECOVERED_DAYS + 1] = run == RECOVERED_DAYS
    back &= at > failure[:, None]
    recovered = np.where(back.any(axis=1), back.argmax(axis=1), days)
    begun = np.minimum(start, days)
    return Survival(
        failed,
        (failure - begun).astype(np.float64),
        np.where(failed, recovered - begun, 0).astype(np.float64),
    )
