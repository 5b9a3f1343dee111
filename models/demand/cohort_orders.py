"""Orders of a run by who places them: the customers each stream wins, by cohort and month, how many of them
come back, and the customers known at its start.

Nothing is drawn here: the marks of the bank are counted at the multipliers and levels a scenario had, so
the orders of all of them and of nobody known sum exactly to the month's orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.arrays import AgeArray, CountArray, FloatArray, Int32Array, IntArray, MarkArray
from models.compiled import compiled, in_place, inner
from models.demand.bank import DemandBank, Marks, Returning, Steady, Streams

RETURN_DAYS = (90, 180, 365)
"""Days after the first order within which a customer may come back."""
LAST_AGE = 13
"""Months of a cohort's life after which no order can be within ``RETURN_DAYS`` of the first."""
_NEVER = 65535
"""Age that stands for no order: the largest of 16 bits, so that a bitwise or gives it without a branch."""


def pair_of(month: int, cohort: int) -> int:
    """Position of a month and a cohort (at most the month) on the axis of pairs.

    >>> [pair_of(month, cohort) for month in range(3) for cohort in range(month + 1)]
    [0, 1, 2, 3, 4, 5]
    """
    return month * (month + 1) // 2 + cohort


@dataclass(frozen=True, eq=False)
class CohortOrders:
    """Orders by who places them, whole numbers; a stream is an acquisition channel of a market or its organic
    customers (``stream_channel`` -1).
    """

    stream_segment: IntArray
    """Segment in which a stream's customers order."""
    stream_channel: IntArray
    won: CountArray
    """Customers won, dims (trial, stream, cohort month)."""
    first: CountArray
    """First orders, dims (trial, stream, month)."""
    orders: CountArray
    """First and later orders, dims (trial, stream, pair of month and cohort)."""
    returned: CountArray
    """Customers who came back within ``RETURN_DAYS``, dims (trial, stream, cohort month, days)."""
    known: CountArray
    """Orders of the customers known at the start, dims (trial, month, segment)."""
    best: CountArray
    """Those of the best tenth of them."""


def cohort_orders(
    bank: DemandBank, multiplier: FloatArray, level: FloatArray, orders: IntArray
) -> CohortOrders:
    """Count a whole run: ``multiplier`` (trial, market, month) and ``level`` (trial, market, acquisition
    channel, month) as the scenario had them, ``orders`` (trial, month, segment) all it brought.
    """
    trials, months, streams = len(bank.trials), bank.months, len(bank.stream_segment)
    pairs = months * (months + 1) // 2

    def counts(*shape: int) -> CountArray:
        return np.zeros((trials, *shape), dtype=np.int32)

    of_streams = _StreamCounts(
        won=counts(streams, months),
        first=counts(streams, months),
        orders=counts(streams, pairs),
        returned=counts(streams, months, len(RETURN_DAYS)),
    )
    multiplier = np.ascontiguousarray(multiplier, dtype=np.float64)
    _count_cohorts(
        bank.streams,
        multiplier,
        np.ascontiguousarray(level, dtype=np.float64),
        bank.first,
        bank.later,
        bank.returning,
        np.array(RETURN_DAYS, dtype=np.int64),
        of_streams,
    )
    known, best = counts(months, bank.segments), counts(months, bank.segments)
    _count_known(
        bank.stream_segment,
        multiplier,
        bank.steady,
        bank.whose,
        np.ascontiguousarray(orders, dtype=np.int64),
        of_streams.orders,
        known,
        best,
    )
    return CohortOrders(bank.stream_segment, bank.stream_channel, *of_streams, known, best)


class _StreamCounts(NamedTuple):
    """Counts by stream that are filled: fields of ``CohortOrders``."""

    won: CountArray
    first: CountArray
    orders: CountArray
    returned: CountArray


class _Cut(NamedTuple):
    """An arrival is an order of a customer won if its marks lie below both: multiplier and acquisition level,
    in the 32 bits of the marks.
    """

    multiplier: np.float32
    level: np.float32


@compiled
def _count_cohorts(
    places: Streams,
    multiplier: FloatArray,
    level: FloatArray,
    first_orders: Marks,
    later_orders: Marks,
    returning: Returning,
    days: IntArray,
    counts: _StreamCounts,
) -> None:
    # arrays are taken out of their records once: in the loop that would count references
    segments, stream_segment, stream_channel = places
    first_offset, first_mark, first_won = first_orders
    later_offset, later_mark, later_won = later_orders
    customer, age = returning
    won, first, orders, returned = counts
    trials, markets, months = multiplier.shape
    streams, pairs = stream_segment.size, orders.shape[2]
    per_market = segments // markets
    reach = np.ones(months, dtype=np.float32)
    since = np.empty(_largest(first_offset, months), dtype=np.uint16)
    for t in range(trials):
        for s in range(streams):
            market, q = stream_segment[s] // per_market, stream_channel[s]
            cohorts = first_offset[(t * streams + s) * months : (t * streams + s + 1) * months + 1]
            if cohorts[0] == cohorts[months]:
                continue
            since[: cohorts[months] - cohorts[0]] = _NEVER
            for c in range(months):
                reach[c] = np.float32(level[t, market, q, c]) if q >= 0 else np.float32(1.0)
                # a customer is won at plan's multiplier, whether or not a slump cancels its first order
                plan, now = (
                    _Cut(np.float32(1.0), reach[c]),
                    _Cut(np.float32(multiplier[t, market, c]), reach[c]),
                )
                won[t, s, c] = _kept(first_mark, first_won, plan, cohorts[c], cohorts[c + 1])
                first[t, s, c] = _kept(first_mark, first_won, now, cohorts[c], cohorts[c + 1])
            for j in range(months):
                m = np.float32(multiplier[t, market, j])
                for c in range(j + 1):
                    pair = j * (j + 1) // 2 + c
                    group = (t * streams + s) * pairs + pair
                    start, stop = later_offset[group], later_offset[group + 1]
                    cut = _Cut(m, reach[c])
                    if j - c > LAST_AGE:
                        orders[t, s, pair] = _kept(later_mark, later_won, cut, start, stop)
                    else:
                        mine = since[cohorts[c] - cohorts[0] :]
                        orders[t, s, pair] = _kept_since(
                            later_mark, later_won, cut, start, stop, customer, age, mine
                        )
                orders[t, s, pair] += first[t, s, j]
            for c in range(months):
                mine = since[cohorts[c] - cohorts[0] : cohorts[c + 1] - cohorts[0]]
                for d in range(days.size):
                    returned[t, s, c, d] = _within(mine, days[d])


@inner
def _largest(offset: IntArray, months: int) -> int:
    """Most customers that a stream wins in a trial."""
    most = 0
    for at in range(months, offset.size, months):
        most = max(most, offset[at] - offset[at - months])
    return most


@inner
def _kept(mark: MarkArray, won: MarkArray, cut: _Cut, start: int, stop: int) -> int:
    m, reach = cut
    count = 0
    for i in range(start, stop):
        count += int(mark[i] < m) & int(won[i] < reach)
    return count


@inner
def _kept_since(
    mark: MarkArray,
    won: MarkArray,
    cut: _Cut,
    start: int,
    stop: int,
    customer: Int32Array,
    age: AgeArray,
    since: AgeArray,
) -> int:
    """The same, and each customer's earliest age: without a branch, which would be mispredicted."""
    m, reach = cut
    count = 0
    for i in range(start, stop):
        kept = int(mark[i] < m) & int(won[i] < reach)
        count += kept
        who = customer[i]
        passed = np.uint16(age[i] | np.uint16(_NEVER * (1 - kept)))
        since[who] = min(since[who], passed)
    return count


@inner
def _within(since: AgeArray, days: int) -> int:
    limit = np.uint16(days)
    count = 0
    for i in range(since.size):
        count += int(since[i] <= limit)
    return count


@inner
def _below(mark: MarkArray, m: np.float32, start: int, stop: int) -> int:
    count = 0
    for i in range(start, stop):
        count += int(mark[i] < m)
    return count


@in_place
def _count_known(
    stream_segment: IntArray,
    multiplier: FloatArray,
    steady: Marks,
    whose: Steady,
    orders: IntArray,
    cohorts: CountArray,
    known: CountArray,
    top: CountArray,
) -> None:
    """Orders of the customers known at the start: all of a segment less those of its streams and of nobody.

    A group without marks of customers has no known ones: its rest is nobody's.
    """
    offset, mark, _ = steady
    anonymous, best = whose
    trials, months, segments = orders.shape
    per_market = segments // multiplier.shape[1]
    for t in range(trials):
        for j in range(months):
            for c in range(segments):
                at = (t * segments + c) * months + j
                if offset[at + 1] - offset[at] > anonymous[t, c, j]:
                    known[t, j, c] = orders[t, j, c]
            pair = j * (j + 1) // 2
            for s in range(stream_segment.size):
                c = stream_segment[s]
                at = (t * segments + c) * months + j
                if offset[at + 1] - offset[at] > anonymous[t, c, j]:
                    for i in range(pair, pair + j + 1):
                        known[t, j, c] -= cohorts[t, s, i]
            for c in range(segments):
                at = (t * segments + c) * months + j
                if offset[at + 1] - offset[at] > anonymous[t, c, j]:
                    m = np.float32(multiplier[t, c // per_market, j])
                    known[t, j, c] -= _below(mark, m, offset[at], offset[at] + anonymous[t, c, j])
                    top[t, j, c] = _below(mark, m, offset[at + 1] - best[t, c, j], offset[at + 1])
