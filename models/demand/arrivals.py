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
    first_offset, first_mark, first_won, offset, mark, won = _draw_cohorts(
        mean, reach, parameters, repeats, keys, path_keys, clock, first_trial, envelope
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


@njit(cache=True, nogil=True)
def _draw_cohorts(
    mean: FloatArray,
    reach: FloatArray,
    parameters: FloatArray,
    repeats: npt.NDArray[np.bool_],
    keys: UInt64Array,
    path_keys: UInt64Array,
    clock: FloatArray,
    first_trial: int,
    envelope: float,
) -> tuple[IntArray, MarkArray, MarkArray, IntArray, MarkArray, MarkArray]:
    trials, streams, months = mean.shape
    pairs = months * (months + 1) // 2
    first_offset = np.zeros(trials * streams * months + 1, dtype=np.int64)
    offset = np.zeros(trials * streams * pairs + 1, dtype=np.int64)
    first_mark, first_won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    mark, won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    firsts, laters = 0, 0
    times, marks = np.empty(256), np.empty(256)
    queue_pair = np.empty(1024, dtype=np.int64)
    queue_mark, queue_won = np.empty(1024, dtype=np.float32), np.empty(1024, dtype=np.float32)
    fill = np.empty(pairs + 1, dtype=np.int64)
    end = clock[clock.size - 1]
    for t in range(trials):
        trial = first_trial + t
        for s in range(streams):
            r, alpha, a, b = (
                parameters[t, s, 0],
                parameters[t, s, 1],
                parameters[t, s, 2],
                parameters[t, s, 3],
            )
            queued = 0
            fill[:] = 0
            for c in range(months):
                group = (t * streams + s) * months + c
                lower, lower_extra, upper, upper_extra = 0, 0, 0, 0
                if mean[t, s, c] > 0.0:
                    u = uniform4(keys[s], trial, np.uint64(c), _COUNT_PART)
                    lower = poisson_quantile(u[0], mean[t, s, c])
                    lower_extra = poisson_quantile(u[1], mean[t, s, c] * (envelope - 1.0))
                    if reach[s] > 1.0:
                        upper = poisson_quantile(u[2], mean[t, s, c] * (reach[s] - 1.0))
                        upper_extra = poisson_quantile(
                            u[3], mean[t, s, c] * (reach[s] - 1.0) * (envelope - 1.0)
                        )
                base = lower + upper
                first_mark = _longer(first_mark, firsts + base + lower_extra + upper_extra)
                first_won = _longer(first_won, firsts + base + lower_extra + upper_extra)
                cohort = np.uint64(c + 1) << np.uint64(32)
                for i in range(base):
                    index = cohort | np.uint64(i) if i < lower else cohort | _UPPER | np.uint64(i - lower)
                    u_won, u_mark, u_day, _ = uniform4(keys[s], trial, index, 0)
                    acquired = np.float32(u_won if i < lower else 1.0 + (reach[s] - 1.0) * u_won)
                    first_won[firsts] = acquired
                    first_mark[firsts] = np.float32(u_mark)
                    firsts += 1
                    if not repeats[s]:
                        continue
                    start = clock[c] + u_day * (clock[c + 1] - clock[c])
                    number = times.size + 1
                    while True:
                        number = new_customer_path(
                            r, alpha, a, b, path_keys[s], trial, index, start, end, envelope, times, marks, 0
                        )
                        if number <= times.size:
                            break
                        times, marks = np.empty(2 * number), np.empty(2 * number)
                    if queued + number > queue_pair.size:
                        longer = np.empty(2 * (queued + number), dtype=np.int64)
                        longer[:queued] = queue_pair[:queued]
                        queue_pair = longer
                        queue_mark = _longer(queue_mark, queued + number)
                        queue_won = _longer(queue_won, queued + number)
                    at = c
                    for k in range(number):
                        at = _month_of(clock, times[k], at)
                        if at >= months:
                            break
                        pair = at * (at + 1) // 2 + c
                        queue_pair[queued] = pair
                        queue_mark[queued] = np.float32(marks[k])
                        queue_won[queued] = acquired
                        fill[pair + 1] += 1
                        queued += 1
                for i in range(lower_extra + upper_extra):
                    above = i >= lower_extra
                    index = cohort | _EXTRA | (_UPPER | np.uint64(i - lower_extra) if above else np.uint64(i))
                    u_won, u_mark, _, _ = uniform4(keys[s], trial, index, 0)
                    first_won[firsts] = np.float32(1.0 + (reach[s] - 1.0) * u_won if above else u_won)
                    first_mark[firsts] = np.float32(1.0 + (envelope - 1.0) * u_mark)
                    firsts += 1
                first_offset[group + 1] = firsts
            group = (t * streams + s) * pairs
            for p in range(pairs):
                fill[p + 1] += fill[p]
                offset[group + p + 1] = laters + fill[p + 1]
            mark = _longer(mark, laters + queued)
            won = _longer(won, laters + queued)
            for i in range(queued):
                at = laters + fill[queue_pair[i]]
                fill[queue_pair[i]] += 1
                mark[at] = queue_mark[i]
                won[at] = queue_won[i]
            laters += queued
    return (
        first_offset,
        first_mark[:firsts].copy(),
        first_won[:firsts].copy(),
        offset,
        mark[:laters].copy(),
        won[:laters].copy(),
    )
