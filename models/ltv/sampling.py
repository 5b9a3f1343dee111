"""Blocks of trials: the marked arrivals of all customers, or only their orders by month."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from models.ltv.paths import Base, Horizon, cell_odds, existing_path, month_at, new_customer_path
from models.quantiles import normal_quantile
from models.streams import key_of, uniform1, uniform4

__all__ = [
    "Arrivals",
    "Base",
    "Horizon",
    "arrivals_block",
    "count_block",
    "count_new_block",
    "new_customer_path",
    "parameters_by_trial",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UInt64Array = npt.NDArray[np.uint64]

_ACQUIRED_PART = 1 << 41


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Marked arrivals of a block of trials, flat, in the order (trial, customer, time).

    Those of trial position t are ``offset[t]`` to ``offset[t+1]``; an arrival is an order in ``month`` if its
    ``mark`` is below the demand multiplier there. ``customer`` is the position in the customers given;
    ``parameters`` (trial, 4) are r, alpha, a, b.
    """

    offset: IntArray
    month: npt.NDArray[np.int16]
    mark: FloatArray
    customer: npt.NDArray[np.int32]
    parameters: FloatArray


@njit(cache=True)
def draw_log_normal(
    mean: FloatArray, factor: FloatArray, key: UInt64Array, first_trial: int, trials: int
) -> FloatArray:
    """exp(mean + factor z) per trial, shape (trial, 4), z the four addressed normals of the trial."""
    out = np.empty((trials, 4))
    z = np.empty(4)
    for t in range(trials):
        u = uniform4(key, first_trial + t, 0, 0)
        for i in range(4):
            z[i] = normal_quantile(u[i])
        for i in range(4):
            total = mean[i]
            for j in range(i + 1):
                total += factor[i, j] * z[j]
            out[t, i] = math.exp(total)
    return out


@njit(cache=True)
def _longer(values: FloatArray, size: int) -> FloatArray:
    out = np.empty(size, dtype=values.dtype)
    out[: values.size] = values
    return out


@njit(cache=True, nogil=True)
def arrivals_block(
    parameters: FloatArray, base: Base, horizon: Horizon
) -> tuple[IntArray, npt.NDArray[np.int16], FloatArray, npt.NDArray[np.int32]]:
    """Arrivals of all customers in a block of trials: offset (trial + 1,), month, mark, customer."""
    # fields are unpacked once: taking an array out of a tuple in the loop costs half the speed
    frequency, member, index = base.frequency, base.member, base.stream_index
    key, clock, envelope, churn = horizon.key, horizon.clock, horizon.envelope, horizon.churn
    stop = horizon.stop
    cell_age = base.times[base.age]
    trials = parameters.shape[0]
    room = 1024 + member.size
    offset = np.zeros(trials + 1, dtype=np.int64)
    month = np.empty(room, dtype=np.int16)
    mark = np.empty(room)
    customer = np.empty(room, dtype=np.int32)
    active = np.empty(base.frequency.size)
    exponent = np.empty(base.frequency.size)
    times = np.empty(256)
    marks = np.empty(256)
    total = 0
    for t in range(trials):
        trial = horizon.first_trial + t
        r, alpha, a, b = parameters[t]
        cell_odds(parameters[t], base, horizon, active, exponent)
        for i in range(member.size):
            c = member[i]
            x = frequency[c]
            while True:
                number = existing_path(
                    r, alpha, a, b, base.shift, x, cell_age[c], active[c], exponent[c],
                    key, trial, index[i], envelope, stop, churn, clock, times, marks,
                )  # fmt: skip
                if number <= times.size:
                    break
                times = np.empty(number)
                marks = np.empty(number)
            if total + number > room:
                # by what the trials so far have needed, and at least double
                room = total + number + max(total, (total // (t + 1)) * (trials - t) * 9 // 8)
                month = _longer(month, room)
                mark = _longer(mark, room)
                customer = _longer(customer, room)
            at = 0
            for k in range(number):
                at = month_at(clock, times[k], at)
                month[total] = at
                mark[total] = marks[k]
                customer[total] = i
                total += 1
        offset[t + 1] = total
    return offset, month[:total], mark[:total], customer[:total]


@njit(cache=True, nogil=True)
def count_block(parameters: FloatArray, base: Base, horizon: Horizon, demand: FloatArray) -> IntArray:
    """Orders of all customers per trial and month under ``demand`` (1 or trial, month); keeps no arrival."""
    frequency, member, index = base.frequency, base.member, base.stream_index
    key, clock, envelope, churn = horizon.key, horizon.clock, horizon.envelope, horizon.churn
    stop = horizon.stop
    cell_age = base.times[base.age]
    trials = parameters.shape[0]
    orders = np.zeros((trials, clock.size - 1), dtype=np.int64)
    active = np.empty(base.frequency.size)
    exponent = np.empty(base.frequency.size)
    times = np.empty(256)
    marks = np.empty(256)
    for t in range(trials):
        row = min(t, demand.shape[0] - 1)
        trial = horizon.first_trial + t
        r, alpha, a, b = parameters[t]
        cell_odds(parameters[t], base, horizon, active, exponent)
        for i in range(member.size):
            c = member[i]
            x = frequency[c]
            while True:
                number = existing_path(
                    r, alpha, a, b, base.shift, x, cell_age[c], active[c], exponent[c],
                    key, trial, index[i], envelope, stop, churn, clock, times, marks,
                )  # fmt: skip
                if number <= times.size:
                    break
                times = np.empty(number)
                marks = np.empty(number)
            at = 0
            for k in range(number):
                at = month_at(clock, times[k], at)
                if marks[k] < demand[row, at]:
                    orders[t, at] += 1
    return orders


@njit(cache=True, nogil=True)
def count_new_block(
    parameters: FloatArray, counts: IntArray, shift: int, horizon: Horizon, demand: FloatArray
) -> IntArray:
    """Repeat orders per trial and month of ``counts`` (1 or trial, month) new customers a month.

    The k-th customer of a month has index (month << 32) | k; the time of its first order within the month is
    the uniform of part 2**41.
    """
    key, clock, envelope = horizon.key, horizon.clock, horizon.envelope
    trials = parameters.shape[0]
    months = clock.size - 1
    orders = np.zeros((trials, months), dtype=np.int64)
    times = np.empty(256)
    marks = np.empty(256)
    for t in range(trials):
        row = min(t, demand.shape[0] - 1)
        trial = horizon.first_trial + t
        r, alpha, a, b = parameters[t]
        for cohort in range(months):
            for k in range(counts[min(t, counts.shape[0] - 1), cohort]):
                index = np.uint64((cohort << 32) | k)
                share = uniform1(key, trial, index, _ACQUIRED_PART)
                start = clock[cohort] + share * (clock[cohort + 1] - clock[cohort])
                while True:
                    number = new_customer_path(
                        r, alpha, a, b, key, trial, index, start, clock[months], envelope,
                        times, marks, shift,
                    )  # fmt: skip
                    if number <= times.size:
                        break
                    times = np.empty(number)
                    marks = np.empty(number)
                at = cohort
                for j in range(number):
                    at = month_at(clock, times[j], at)
                    if marks[j] < demand[row, at]:
                        orders[t, at] += 1
    return orders


def parameters_by_trial(
    mean: FloatArray, covariance: FloatArray | None, seed: int, name: str, trials: range
) -> FloatArray:
    """r, alpha, a, b of each trial, dims (trial, 4); without a covariance all trials have the fitted ones."""
    factor = np.zeros((4, 4)) if covariance is None else factor_of(covariance)
    key = key_of(seed, f"{name}/parameters")
    return np.asarray(
        draw_log_normal(np.asarray(mean, dtype=np.float64), factor, key, trials.start, len(trials))
    )


def factor_of(covariance: FloatArray) -> FloatArray:
    """Lower Cholesky factor; zero rows (a parameter that is not drawn) stay zero."""
    drawn = np.flatnonzero(np.diag(covariance) > 0.0)
    factor = np.zeros_like(covariance)
    if drawn.size:
        factor[np.ix_(drawn, drawn)] = np.linalg.cholesky(covariance[np.ix_(drawn, drawn)])
    return factor
