"""Sampling of potential new customers with their later orders.

Addresses: ``cohort/{stream}`` index (cohort << 32) | customer for the acquisition mark, first mark and first
day, ``path/{stream}`` the same index for the later orders. CountArray use index cohort with part 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.arrays import AgeArray, BoolArray, FloatArray, Int32Array, IntArray, MarkArray, WordArray
from models.compiled import compiled, inner
from models.demand.bank import Marks, Returning
from models.ltv import NewCustomer, new_customer_path
from models.ltv.paths import BETA_GEO
from models.quantiles import poisson_quantile
from models.streams import uniform4

_COUNT_PART = 1
"""Part of the cohort's stream that holds its sizes; part 0 belongs to customers."""
_EXTRA = np.uint64(1 << 31)
"""Customers from here on are one-off extra buyers, who come only at a multiplier above one."""
_UPPER = np.uint64(1 << 30)
"""Customers from here on have an acquisition mark above one: they come only at a level above plan."""


class NewStreams(NamedTuple):
    """Streams of new customers, all (stream,): largest acquisition level to draw for (the part below plan is
    the same whatever it is), whether customers are known and come back, keys of first and of later orders.
    """

    reach: FloatArray
    repeats: BoolArray
    keys: WordArray
    path_keys: WordArray


class _Largest(NamedTuple):
    """Largest acquisition level and demand multiplier there will be."""

    level: float
    multiplier: float


def draw_cohorts(
    mean: FloatArray,
    parameters: FloatArray,
    streams: NewStreams,
    clock: FloatArray,
    edge: IntArray,
    first_trial: int,
    envelope: float,
) -> tuple[Marks, Marks, Returning]:
    """First and later orders of potential new customers: groups (trial, stream, cohort) and (trial, stream,
    pair).

    ``mean`` (trial, stream, month) expected number of new customers at plan, ``parameters`` (trial, stream,
    parameter) r, alpha, a, b, ``clock`` (month + 1,) the full operational clock, ``edge`` (month + 1,) the
    day offsets of its months.
    """
    offset, mark, won, base = _draw_firsts(mean, streams.reach, streams.keys, first_trial, envelope)
    firsts = Marks(offset, mark, won)
    offset, mark, won, customer, age = _draw_laters(
        base, parameters, streams, clock, edge, first_trial, envelope
    )
    return firsts, Marks(offset, mark, won), Returning(customer, age)


@compiled
def _longer(values: MarkArray, needed: int) -> MarkArray:
    if needed <= values.size:
        return values
    out = np.empty(2 * needed, dtype=np.float32)
    out[: values.size] = values
    return out


@inner
def _month_of(clock: FloatArray, time: float, month: int) -> int:
    while month < clock.size - 2 and time >= clock[month + 1]:
        month += 1
    return month


@inner
def _cohort_size(
    key: WordArray, trial: int, cohort: int, mean: float, reach: float, envelope: float
) -> tuple[int, int, int, int]:
    """Potential customers of one cohort: up to plan level, above it, and the one-off extra buyers of both."""
    if mean <= 0.0:
        return 0, 0, 0, 0
    u = uniform4(key, trial, np.uint64(cohort), _COUNT_PART)
    lower = poisson_quantile(u[0], mean)
    lower_extra = poisson_quantile(u[1], mean * (envelope - 1.0))
    if reach <= 1.0:
        return lower, 0, lower_extra, 0
    upper = poisson_quantile(u[2], mean * (reach - 1.0))
    upper_extra = poisson_quantile(u[3], mean * (reach - 1.0) * (envelope - 1.0))
    return lower, upper, lower_extra, upper_extra


@inner
def _customer_index(cohort: int, i: int, lower: int) -> np.uint64:
    """Address of customer i of a cohort whose first ``lower`` customers lie below the plan level."""
    start = np.uint64(cohort + 1) << np.uint64(32)
    if i < lower:
        return start | np.uint64(i)
    return start | _UPPER | np.uint64(i - lower)


@inner
def _acquisition_mark(u: float, above_plan: bool, reach: float) -> np.float32:
    # customers above plan come at marks between 1 and the largest level, all others below 1
    return np.float32(1.0 + (reach - 1.0) * u if above_plan else u)


@compiled
def _draw_firsts(
    mean: FloatArray, reach: FloatArray, keys: WordArray, first_trial: int, envelope: float
) -> tuple[IntArray, MarkArray, MarkArray, IntArray]:
    """First orders of all cohorts: offset, mark, won, and the number of customers (trial, stream, month,
    below or above plan) that can come back.
    """
    trials, streams, months = mean.shape
    offset = np.zeros(trials * streams * months + 1, dtype=np.int64)
    base = np.zeros((trials, streams, months, 2), dtype=np.int64)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    total = 0
    for t in range(trials):
        for s in range(streams):
            for c in range(months):
                group = (t * streams + s) * months + c
                lower, upper, lower_extra, upper_extra = _cohort_size(
                    keys[s], first_trial + t, c, mean[t, s, c], reach[s], envelope
                )
                base[t, s, c, 0], base[t, s, c, 1] = lower, upper
                mark = _longer(mark, total + lower + upper + lower_extra + upper_extra)
                won = _longer(won, total + lower + upper + lower_extra + upper_extra)
                for i in range(lower + upper):
                    u = uniform4(keys[s], first_trial + t, _customer_index(c, i, lower), 0)
                    won[total] = _acquisition_mark(u[0], i >= lower, reach[s])
                    mark[total] = np.float32(u[1])
                    total += 1
                for i in range(lower_extra + upper_extra):
                    u = uniform4(keys[s], first_trial + t, _EXTRA | _customer_index(c, i, lower_extra), 0)
                    won[total] = _acquisition_mark(u[0], i >= lower_extra, reach[s])
                    mark[total] = np.float32(1.0 + (envelope - 1.0) * u[1])
                    total += 1
                offset[group + 1] = total
    return offset, mark[:total].copy(), won[:total].copy(), base


@compiled
def _stream_paths(
    base: IntArray,
    parameters: FloatArray,
    key: WordArray,
    path_key: WordArray,
    clock: FloatArray,
    edge: IntArray,
    trial: int,
    largest: _Largest,
) -> tuple[IntArray, MarkArray, MarkArray, Int32Array, AgeArray, int]:
    """Later orders of one stream in one trial, by customer: pair, mark, acquisition mark, position of the
    customer in the cohort, days since the first order, and their number.
    """
    months = base.shape[0]
    pair = np.empty(1024, dtype=np.int64)
    customer, age = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.uint16)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    times, marks = np.empty(256), np.empty(256)
    none = np.empty(0)
    point = (parameters[0], parameters[1], parameters[2], parameters[3])
    stop = clock[min(months, clock.size - 1)]
    total = 0
    pace = np.empty(months)
    for j in range(months):
        # calendar days per operational day; a month that passes in no time has no arrivals
        pace[j] = (edge[j + 1] - edge[j]) / max(clock[j + 1] - clock[j], 1e-300)
    for c in range(months):
        for i in range(base[c, 0] + base[c, 1]):
            index = _customer_index(c, i, base[c, 0])
            u_won, _, u_day, _ = uniform4(key, trial, index, 0)
            start = clock[c] + u_day * (clock[c + 1] - clock[c])
            day = edge[c] + u_day * (edge[c + 1] - edge[c])
            who = NewCustomer(point, BETA_GEO, start, stop, largest.multiplier)
            number = new_customer_path(who, trial, index, path_key, none, none, times, marks)
            if number > times.size:
                times, marks = np.empty(2 * number), np.empty(2 * number)
                number = new_customer_path(who, trial, index, path_key, none, none, times, marks)
            if total + number > pair.size:
                room = 2 * (total + number)
                pair, customer, age = _wider(pair, room), _wider(customer, room), _wider(age, room)
                mark = _longer(mark, total + number)
                won = _longer(won, total + number)
            at = c
            for k in range(number):
                at = _month_of(clock, times[k], at)
                if at >= months:
                    break
                passed = edge[at] + (times[k] - clock[at]) * pace[at] - day
                customer[total] = i
                age[total] = np.uint16(np.int64(max(passed, 0.0)) + 1)
                pair[total] = at * (at + 1) // 2 + c
                mark[total] = np.float32(marks[k])
                won[total] = _acquisition_mark(u_won, i >= base[c, 0], largest.level)
                total += 1
    return pair, mark, won, customer, age, total


@compiled
def _wider(values: Any, room: int) -> Any:
    out = np.empty(room, dtype=values.dtype)
    out[: values.size] = values
    return out


@compiled
def _draw_laters(
    base: IntArray,
    parameters: FloatArray,
    places: NewStreams,
    clock: FloatArray,
    edge: IntArray,
    first_trial: int,
    envelope: float,
) -> tuple[IntArray, MarkArray, MarkArray, Int32Array, AgeArray]:
    """Later orders of all streams sorted by (trial, stream, month, cohort): offset, mark, acquisition mark,
    customer, days since the first order.
    """
    # arrays are taken out of their record once: in the loop that would count references
    reach, repeats, keys, path_keys = places
    trials, streams, months, _ = base.shape
    pairs = months * (months + 1) // 2
    offset = np.zeros(trials * streams * pairs + 1, dtype=np.int64)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    customer, age = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.uint16)
    fill = np.empty(pairs + 1, dtype=np.int64)
    total = 0
    for t in range(trials):
        for s in range(streams):
            group = t * streams + s
            fill[:] = 0
            number = 0
            if repeats[s]:
                pair, drawn, acquired, owner, passed, number = _stream_paths(
                    base[t, s],
                    parameters[t, s],
                    keys[s],
                    path_keys[s],
                    clock,
                    edge,
                    first_trial + t,
                    _Largest(reach[s], envelope),
                )
                for i in range(number):
                    fill[pair[i] + 1] += 1
            for p in range(pairs):
                fill[p + 1] += fill[p]
                offset[group * pairs + p + 1] = total + fill[p + 1]
            if total + number > customer.size:
                customer = _wider(customer, 2 * (total + number))
                age = _wider(age, 2 * (total + number))
            mark = _longer(mark, total + number)
            won = _longer(won, total + number)
            for i in range(number):
                at = total + fill[pair[i]]
                fill[pair[i]] += 1
                mark[at] = drawn[i]
                won[at] = acquired[i]
                customer[at] = owner[i]
                age[at] = passed[i]
            total += number
    kept = customer[:total].copy(), age[:total].copy()
    return offset, mark[:total].copy(), won[:total].copy(), kept[0], kept[1]
