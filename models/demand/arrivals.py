"""Sampling of the arrivals in a bank: existing customers, orders without customer, and potential new
customers with their later orders.

Addresses: ``anonymous/{cell}`` index (month << 32) | arrival; ``cohort/{stream}`` index (cohort << 32) |
customer for the acquisition mark, first mark and first day, ``path/{stream}`` the same index for the later
orders. Counts use index month with part 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from models.demand.bank import Marks
from models.ltv import Arrivals, new_customer_path
from models.quantiles import poisson_quantile
from models.streams import uniform1, uniform4

FloatArray = npt.NDArray[np.float64]
MarkArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
UInt64Array = npt.NDArray[np.uint64]

_COUNT_PART = 1
_EXTRA = np.uint64(1 << 31)
"""Customers from here on are one-off extra buyers, who come only at a multiplier above one."""
_UPPER = np.uint64(1 << 30)
"""Customers from here on have an acquisition mark above one: they come only at a level above plan."""
_NO_MARKS = np.zeros(0, dtype=np.float32)


def draw_steady(
    existing: list[Arrivals], anonymous: FloatArray, keys: UInt64Array, first_trial: int, envelope: float
) -> Marks:
    """Marks of existing customers (one ``Arrivals`` a cell) and of arrivals without customer, groups (trial,
    cell, month).

    ``anonymous`` (trial, cell, month) is the expected number at multiplier one; potential arrivals are
    Poisson with envelope times that.
    """
    trials, cells, months = anonymous.shape
    count = np.zeros((trials, cells, months), dtype=np.int64)
    _anonymous_counts(anonymous, keys, first_trial, envelope, count)
    extra = count.copy()
    for c, arrivals in enumerate(existing):
        _existing_counts(arrivals.offset, arrivals.month, c, count)
    offset = np.zeros(count.size + 1, dtype=np.int64)
    np.cumsum(count.reshape(-1), out=offset[1:])
    mark = np.empty(int(offset[-1]), dtype=np.float32)
    fill = offset[:-1].reshape(count.shape).copy()
    _anonymous_marks(extra, keys, first_trial, envelope, fill, mark)
    for c, arrivals in enumerate(existing):
        _existing_marks(arrivals.offset, arrivals.month, arrivals.mark, c, fill, mark)
    return Marks(offset, mark, _NO_MARKS)


@njit(cache=True, nogil=True)
def _anonymous_counts(
    mean: FloatArray, keys: UInt64Array, first_trial: int, envelope: float, count: IntArray
) -> None:
    trials, cells, months = mean.shape
    for t in range(trials):
        for c in range(cells):
            for j in range(months):
                if mean[t, c, j] > 0.0:
                    u = uniform1(keys[c], first_trial + t, np.uint64(j), _COUNT_PART)
                    count[t, c, j] = poisson_quantile(u, mean[t, c, j] * envelope)


@njit(cache=True, nogil=True)
def _anonymous_marks(
    count: IntArray, keys: UInt64Array, first_trial: int, envelope: float, fill: IntArray, mark: MarkArray
) -> None:
    trials, cells, months = count.shape
    for t in range(trials):
        for c in range(cells):
            for j in range(months):
                at = fill[t, c, j]
                number = count[t, c, j]
                for i in range(0, number, 4):
                    index = (np.uint64(j) << np.uint64(32)) | np.uint64(1 + i // 4)
                    u = uniform4(keys[c], first_trial + t, index, 0)
                    for k in range(min(4, number - i)):
                        mark[at + i + k] = np.float32(envelope * u[k])
                fill[t, c, j] = at + number


@njit(cache=True, nogil=True)
def _existing_counts(offset: IntArray, month: npt.NDArray[np.int16], cell: int, count: IntArray) -> None:
    trials, _, months = count.shape
    for t in range(trials):
        for i in range(offset[t], offset[t + 1]):
            if month[i] < months:
                count[t, cell, month[i]] += 1


@njit(cache=True, nogil=True)
def _existing_marks(
    offset: IntArray,
    month: npt.NDArray[np.int16],
    marks: FloatArray,
    cell: int,
    fill: IntArray,
    mark: MarkArray,
) -> None:
    trials, _, months = fill.shape
    for t in range(trials):
        for i in range(offset[t], offset[t + 1]):
            j = month[i]
            if j < months:
                mark[fill[t, cell, j]] = np.float32(marks[i])
                fill[t, cell, j] += 1


def draw_cohorts(
    mean: FloatArray,
    reach: FloatArray,
    parameters: FloatArray,
    repeats: npt.NDArray[np.bool_],
    keys: UInt64Array,
    path_keys: UInt64Array,
    clock: FloatArray,
    first_trial: int,
    envelope: float,
) -> tuple[Marks, Marks]:
    """First and later orders of potential new customers: groups (trial, stream, cohort) and (trial, stream,
    pair).

    ``mean`` (trial, stream, month) expected new customers at plan, ``reach`` (stream,) largest acquisition
    level to draw for (the part below plan is the same whatever it is), ``parameters`` (trial, stream, 4) r,
    alpha, a, b, ``repeats`` (stream,) whether customers are known and come back, ``clock`` the full
    operational clock.
    """
    _, streams, months = mean.shape
    first_offset, first_mark, first_won, base = _draw_firsts(mean, reach, keys, first_trial, envelope)
    offset, mark, won = _draw_laters(
        base,
        streams,
        months,
        reach,
        parameters,
        repeats,
        keys,
        path_keys,
        clock,
        first_trial,
        envelope,
    )
    return Marks(first_offset, first_mark, first_won), Marks(offset, mark, won)


@njit(cache=True)
def _longer(values: MarkArray, needed: int) -> MarkArray:
    if needed <= values.size:
        return values
    out = np.empty(2 * needed, dtype=np.float32)
    out[: values.size] = values
    return out


@njit(cache=True)
def _month_of(clock: FloatArray, time: float, month: int) -> int:
    while month < clock.size - 2 and time >= clock[month + 1]:
        month += 1
    return month


@njit(cache=True)
def _cohort_size(
    key: UInt64Array, trial: int, cohort: int, mean: float, reach: float, envelope: float
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


@njit(cache=True)
def _customer_index(cohort: int, i: int, lower: int) -> np.uint64:
    """Address of customer i of a cohort whose first ``lower`` customers lie below the plan level."""
    start = np.uint64(cohort + 1) << np.uint64(32)
    if i < lower:
        return start | np.uint64(i)
    return start | _UPPER | np.uint64(i - lower)


@njit(cache=True)
def _acquisition_mark(u: float, above_plan: bool, reach: float) -> np.float32:
    return np.float32(1.0 + (reach - 1.0) * u if above_plan else u)


@njit(cache=True, nogil=True)
def _draw_firsts(
    mean: FloatArray, reach: FloatArray, keys: UInt64Array, first_trial: int, envelope: float
) -> tuple[IntArray, MarkArray, MarkArray, IntArray]:
    """First orders of all cohorts: offset, mark, won, and the customers (group, below or above plan) that can
    come back.
    """
    trials, streams, months = mean.shape
    offset = np.zeros(trials * streams * months + 1, dtype=np.int64)
    base = np.zeros((trials * streams * months, 2), dtype=np.int64)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    total = 0
    for t in range(trials):
        for s in range(streams):
            for c in range(months):
                group = (t * streams + s) * months + c
                lower, upper, lower_extra, upper_extra = _cohort_size(
                    keys[s], first_trial + t, c, mean[t, s, c], reach[s], envelope
                )
                base[group, 0], base[group, 1] = lower, upper
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


@njit(cache=True)
def _stream_paths(
    months: int,
    base: IntArray,
    reach: float,
    parameters: FloatArray,
    key: UInt64Array,
    path_key: UInt64Array,
    clock: FloatArray,
    trial: int,
    envelope: float,
) -> tuple[IntArray, MarkArray, MarkArray, int]:
    """Later orders of one stream in one trial, by customer: pair, mark, acquisition mark, and their
    number.
    """
    pair = np.empty(1024, dtype=np.int64)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    times, marks = np.empty(256), np.empty(256)
    r, alpha, a, b = parameters[0], parameters[1], parameters[2], parameters[3]
    end = clock[clock.size - 1]
    stop = clock[months] if months < clock.size - 1 else np.inf
    total = 0
    for c in range(months):
        for i in range(base[c, 0] + base[c, 1]):
            index = _customer_index(c, i, base[c, 0])
            u_won, _, u_day, _ = uniform4(key, trial, index, 0)
            start = clock[c] + u_day * (clock[c + 1] - clock[c])
            number = new_customer_path(
                r, alpha, a, b, path_key, trial, index, start, end, envelope, times, marks, 0, stop
            )
            if number > times.size:
                times, marks = np.empty(2 * number), np.empty(2 * number)
                number = new_customer_path(
                    r, alpha, a, b, path_key, trial, index, start, end, envelope, times, marks, 0, stop
                )
            if total + number > pair.size:
                longer = np.empty(2 * (total + number), dtype=np.int64)
                longer[:total] = pair[:total]
                pair = longer
                mark = _longer(mark, total + number)
                won = _longer(won, total + number)
            at = c
            for k in range(number):
                at = _month_of(clock, times[k], at)
                if at >= months:
                    break
                pair[total] = at * (at + 1) // 2 + c
                mark[total] = np.float32(marks[k])
                won[total] = _acquisition_mark(u_won, i >= base[c, 0], reach)
                total += 1
    return pair, mark, won, total


@njit(cache=True, nogil=True)
def _draw_laters(
    base: IntArray,
    streams: int,
    months: int,
    reach: FloatArray,
    parameters: FloatArray,
    repeats: npt.NDArray[np.bool_],
    keys: UInt64Array,
    path_keys: UInt64Array,
    clock: FloatArray,
    first_trial: int,
    envelope: float,
) -> tuple[IntArray, MarkArray, MarkArray]:
    """Later orders of all streams sorted by (trial, stream, month, cohort): offset, mark, acquisition
    mark.
    """
    trials = parameters.shape[0]
    pairs = months * (months + 1) // 2
    offset = np.zeros(trials * streams * pairs + 1, dtype=np.int64)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    fill = np.empty(pairs + 1, dtype=np.int64)
    total = 0
    for t in range(trials):
        for s in range(streams):
            group = t * streams + s
            fill[:] = 0
            number = 0
            if repeats[s]:
                cohorts = base[group * months : (group + 1) * months]
                pair, drawn, acquired, number = _stream_paths(
                    months,
                    cohorts,
                    reach[s],
                    parameters[t, s],
                    keys[s],
                    path_keys[s],
                    clock,
                    first_trial + t,
                    envelope,
                )
                for i in range(number):
                    fill[pair[i] + 1] += 1
            for p in range(pairs):
                fill[p + 1] += fill[p]
                offset[group * pairs + p + 1] = total + fill[p + 1]
            mark = _longer(mark, total + number)
            won = _longer(won, total + number)
            for i in range(number):
                at = total + fill[pair[i]]
                fill[pair[i]] += 1
                mark[at] = drawn[i]
                won[at] = acquired[i]
            total += number
    return offset, mark[:total].copy(), won[:total].copy()
