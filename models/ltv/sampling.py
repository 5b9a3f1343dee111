"""Exact sampling of customers' future orders as marked arrivals under a fixed envelope (LTV.md, section 3).

An alive customer has *arrivals* at ``envelope`` times its order rate, each with a mark uniform on (0, envelope). An arrival is an
order where its mark is below the demand multiplier of its month; the customer may leave only at arrivals with mark below 1,
whether they are orders or not. So a multiplier changes the months it is on, monotonically, and no other month.

Two identities make it fast and need no rejection:

- The number of arrivals over the fixed horizon h is negative binomial, so one uniform decides whether a customer has any
  at all (alive, and at least one arrival) and, rescaled, how many. Their sorted times follow from exponential spacings.
- With p ~ Beta(a, b') the chance to stay through k base epochs is prod_{j<k} (b'+j) / (a+b'+j): one uniform is the threshold at
  which the customer leaves, and p itself is never drawn. A churn multiplier g turns the product into
  E[(1-p)^G], G the sum of g over the epochs, so more churn means leaving earlier in the same trial.

Addresses: key of the caller's name, index = the customer's hash, part 0 = (active and count, leaving, first arrival), parts 1, 2, ... two
arrivals each, parts from 2**40 on the rate of a customer who is certain to return.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from models.quantiles import normal_quantile
from models.samplers import gamma
from models.streams import key_of, uniform4

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UInt64Array = npt.NDArray[np.uint64]

_CERTAIN = 37.0
"""Beyond this exponent P(no arrival) is below 2**-53, the grain of a uniform: the rate is drawn instead of the count."""
_RATE_PART = 1 << 40
_NO_CHURN = np.zeros(0)


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Marked arrivals of a block of trials, flat, in the order (trial, customer, time).

    Those of trial position t are ``offset[t]`` to ``offset[t+1]``; an arrival is an order in ``month`` if its ``mark`` is below the
    demand multiplier there. ``customer`` is the position in the customers given; ``parameters`` (trial, 4) are r, alpha, a, b.
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
def _arrival_count(share: float, n: float, exponent: float, fraction: float) -> int:
    """Negative binomial count given at least 1, by inversion: n the shape, P(0) = exp(-exponent), share in (0, 1)."""
    term = math.exp(-exponent) * n * fraction
    total = term
    target = share * -math.expm1(-exponent)
    count = 1
    while total < target:
        step = (n + count) / (count + 1.0) * fraction
        term *= step
        count += 1
        total += term
        if step < 1.0 and term < 1e-17 * total:
            break
    return count


@njit(cache=True)
def _log_stay(a: float, b: float, g: float) -> float:
    """ln E[(1-p)^g] for p ~ Beta(a, b)."""
    return math.lgamma(b + g) - math.lgamma(b) - math.lgamma(a + b + g) + math.lgamma(a + b)


@njit(cache=True)
def _month_at(clock: FloatArray, time: float, month: int) -> int:
    while month < clock.size - 2 and time >= clock[month + 1]:
        month += 1
    return month


@njit(cache=True)
def _path(
    count: int,
    rate: float,
    a: float,
    b: float,
    threshold: float,
    first_time: float,
    first_mark: float,
    key: UInt64Array,
    trial: int,
    index: np.uint64,
    start: float,
    end: float,
    envelope: float,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Write the sorted arrivals of one customer until it leaves; the number of them, which may exceed the room given.

    ``count`` arrivals are uniform on (start, end); with ``rate`` above 0 they are a Poisson stream instead. ``threshold`` is the
    survival at which the customer leaves, ``first_time`` and ``first_mark`` the uniforms of the first arrival.
    """
    u_time, u_mark = first_time, first_mark
    next_time, next_mark = 0.0, 0.0
    spacing = 0.0
    stay = 1.0
    extra = 0.0
    whole = True
    month = 0
    number = 0
    while rate > 0.0 or number < count:
        if number > 0:
            if number % 2 == 1:
                u_time, u_mark, next_time, next_mark = uniform4(key, trial, index, 1 + (number - 1) // 2)
            else:
                u_time, u_mark = next_time, next_mark
        if rate > 0.0:
            spacing -= math.log(u_time) / rate
            time = start + spacing
            if time >= end:
                break
        else:
            spacing -= math.log(u_time) / (count - number)
            time = start - (end - start) * math.expm1(-spacing)
        mark = envelope * u_mark
        if number < times.size:
            times[number] = time
            marks[number] = mark
        number += 1
        if mark < 1.0:
            g = 1.0
            if churn.size > 0:
                month = _month_at(clock, time, month)
                g = churn[month]
            if whole and g == 1.0:
                stay *= b / (a + b)
                b += 1.0
                alive = stay
            else:
                whole = False
                extra += g
                alive = stay * math.exp(_log_stay(a, b, extra))
            if alive <= threshold:
                break
    return number


@njit(cache=True)
def new_customer_path(
    r: float,
    alpha: float,
    a: float,
    b: float,
    key: UInt64Array,
    trial: int,
    index: np.uint64,
    start: float,
    end: float,
    envelope: float,
    times: FloatArray,
    marks: FloatArray,
    shift: int = 0,
) -> int:
    """Later arrivals of a customer acquired at operational time ``start``, up to ``end``; returns their number.

    Sorted times and marks are written as far as there is room; a number above ``times.size`` says that it was not enough: call
    again with a longer buffer, the draw is the same. ``shift`` 1 is MBG/NBD, where the first order may be the last.
    """
    span = (end - start) * envelope
    if span <= 0.0:
        return 0
    u, threshold, first_time, first_mark = uniform4(key, trial, index, 0)
    if shift == 1:
        stays = b / (a + b)
        if stays <= threshold:
            return 0
        threshold /= stays
        b += 1.0
    exponent = r * math.log1p(span / alpha)
    count, rate = 0, 0.0
    if exponent > _CERTAIN:
        value, _ = gamma(r, key, trial, index, _RATE_PART)
        rate = value / alpha * envelope
    else:
        active = -math.expm1(-exponent)
        if u >= active:
            return 0
        count = _arrival_count(u / active, r, exponent, span / (alpha + span))
    return _path(
        count, rate, a, b, threshold, first_time, first_mark,
        key, trial, index, start, end, envelope, _NO_CHURN, _NO_CHURN, times, marks,
    )  # fmt: skip


@njit(cache=True)
def _cell_odds(
    parameters: FloatArray,
    frequency: IntArray,
    recency: IntArray,
    age: IntArray,
    times: FloatArray,
    shift: int,
    span: float,
    active: FloatArray,
    exponent: FloatArray,
    log_time: FloatArray,
    log_span: FloatArray,
) -> None:
    """Chance to be alive with at least one arrival, and -ln P(no arrival | alive), of each cell in one trial."""
    r, alpha, a, b = parameters
    for j in range(times.size):
        log_time[j] = math.log1p(times[j] / alpha)
        log_span[j] = math.log1p(span / (alpha + times[j]))
    log_a = math.log(a) if a > 0.0 else -np.inf
    for i in range(frequency.size):
        n = r + frequency[i]
        y = frequency[i] + shift
        alive = 1.0
        if y > 0:
            odds = log_a - math.log(b + y - 1) + n * (log_time[age[i]] - log_time[recency[i]])
            alive = 1.0 / (1.0 + math.exp(odds))
        exponent[i] = n * log_span[age[i]]
        active[i] = alive if exponent[i] > _CERTAIN else -alive * math.expm1(-exponent[i])


@njit(cache=True)
def _customer_path(
    parameters: FloatArray,
    x: int,
    age: float,
    active: float,
    exponent: float,
    shift: int,
    key: UInt64Array,
    trial: int,
    index: np.uint64,
    envelope: float,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Arrivals of one existing customer in one trial; 0 for those who have left or have none."""
    u, threshold, first_time, first_mark = uniform4(key, trial, index, 0)
    if u >= active:
        return 0
    r, alpha, a, b = parameters
    n = r + x
    start, end = clock[0], clock[clock.size - 1]
    count, rate = 0, 0.0
    if exponent > _CERTAIN:
        value, _ = gamma(n, key, trial, index, _RATE_PART)
        rate = value / (alpha + age) * envelope
    else:
        span = envelope * (end - start)
        count = _arrival_count(u / active, n, exponent, span / (alpha + age + span))
    return _path(
        count, rate, a, b + x + shift, threshold, first_time, first_mark,
        key, trial, index, start, end, envelope, churn, clock, times, marks,
    )  # fmt: skip


@njit(cache=True)
def _longer_float(values: FloatArray, size: int) -> FloatArray:
    out = np.empty(size, dtype=values.dtype)
    out[: values.size] = values
    return out


@njit(cache=True, nogil=True)
def arrivals_block(
    parameters: FloatArray,
    frequency: IntArray,
    recency: IntArray,
    age: IntArray,
    cell_times: FloatArray,
    member: IntArray,
    index: UInt64Array,
    shift: int,
    key: UInt64Array,
    first_trial: int,
    clock: FloatArray,
    envelope: float,
    churn: FloatArray,
) -> tuple[IntArray, npt.NDArray[np.int16], FloatArray, npt.NDArray[np.int32]]:
    """Arrivals of all customers in a block of trials: offset (trial + 1,), month, mark, customer."""
    trials = parameters.shape[0]
    room = 1024 + trials * member.size
    offset = np.zeros(trials + 1, dtype=np.int64)
    month = np.empty(room, dtype=np.int16)
    mark = np.empty(room)
    customer = np.empty(room, dtype=np.int32)
    active = np.empty(frequency.size)
    exponent = np.empty(frequency.size)
    log_time = np.empty(cell_times.size)
    log_span = np.empty(cell_times.size)
    times = np.empty(256)
    marks = np.empty(256)
    span = envelope * (clock[clock.size - 1] - clock[0])
    total = 0
    for t in range(trials):
        _cell_odds(
            parameters[t],
            frequency,
            recency,
            age,
            cell_times,
            shift,
            span,
            active,
            exponent,
            log_time,
            log_span,
        )
        for i in range(member.size):
            c = member[i]
            number = times.size + 1
            while True:
                number = _customer_path(
                    parameters[t], frequency[c], cell_times[age[c]], active[c], exponent[c], shift,
                    key, first_trial + t, index[i], envelope, churn, clock, times, marks,
                )  # fmt: skip
                if number <= times.size:
                    break
                times = np.empty(2 * number)
                marks = np.empty(2 * number)
            if total + number > room:
                room = 2 * (total + number)
                month = _longer_float(month, room)
                mark = _longer_float(mark, room)
                customer = _longer_float(customer, room)
            at = 0
            for k in range(number):
                at = _month_at(clock, times[k], at)
                month[total] = at
                mark[total] = marks[k]
                customer[total] = i
                total += 1
        offset[t + 1] = total
    return offset, month[:total].copy(), mark[:total].copy(), customer[:total].copy()


@njit(cache=True, nogil=True)
def count_block(
    parameters: FloatArray,
    frequency: IntArray,
    recency: IntArray,
    age: IntArray,
    cell_times: FloatArray,
    member: IntArray,
    index: UInt64Array,
    shift: int,
    key: UInt64Array,
    first_trial: int,
    clock: FloatArray,
    envelope: float,
    churn: FloatArray,
    demand: FloatArray,
) -> IntArray:
    """Orders of all customers per trial and month under ``demand`` (1 or trial, month), without keeping an arrival."""
    trials = parameters.shape[0]
    orders = np.zeros((trials, clock.size - 1), dtype=np.int64)
    active = np.empty(frequency.size)
    exponent = np.empty(frequency.size)
    log_time = np.empty(cell_times.size)
    log_span = np.empty(cell_times.size)
    times = np.empty(256)
    marks = np.empty(256)
    span = envelope * (clock[clock.size - 1] - clock[0])
    for t in range(trials):
        row = min(t, demand.shape[0] - 1)
        _cell_odds(
            parameters[t],
            frequency,
            recency,
            age,
            cell_times,
            shift,
            span,
            active,
            exponent,
            log_time,
            log_span,
        )
        for i in range(member.size):
            c = member[i]
            number = times.size + 1
            while True:
                number = _customer_path(
                    parameters[t], frequency[c], cell_times[age[c]], active[c], exponent[c], shift,
                    key, first_trial + t, index[i], envelope, churn, clock, times, marks,
                )  # fmt: skip
                if number <= times.size:
                    break
                times = np.empty(2 * number)
                marks = np.empty(2 * number)
            at = 0
            for k in range(number):
                at = _month_at(clock, times[k], at)
                if marks[k] < demand[row, at]:
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
