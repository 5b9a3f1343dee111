"""Exact sampling of customers' future orders as marked arrivals under a fixed envelope (LTV.md, section 3).

An alive customer has *arrivals* at ``envelope`` times its order rate, each with a mark v ~ U(0, envelope).
An arrival is an order where its mark is below the demand multiplier of its month; the customer may leave only
at arrivals with mark below 1, whether they are orders or not. So a multiplier changes the months it is on,
monotonically, and no other month.

Two identities make it fast and spare every rejection:

- The number of arrivals over the fixed horizon is negative binomial, so one uniform decides whether there are
  any at all (alive, and at least one arrival) and, rescaled, how many; their sorted times follow one by one.
- With p ~ Beta(a, b') the chance to stay through k base epochs is prod_{j<k} (b'+j) / (a+b'+j): one uniform
  is the survival at which the customer leaves, and p itself is never drawn. A churn multiplier g turns the
  product into E[(1-p)^G], G the sum of g over the epochs: more churn means leaving earlier in the same trial.

Addresses: key of the caller's name, index = the customer's hash, part 0 = (active and count, leaving, first
arrival), parts 1, 2, ... two arrivals each, parts from 2**40 on the rate of a customer sure to return.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from models.samplers import gamma
from models.streams import uniform4

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UInt64Array = npt.NDArray[np.uint64]

_CERTAIN = 37.0
"""Beyond this exponent P(no arrival) is below 2**-53, the grain of a uniform: the rate is drawn instead."""

_RATE_PART = 1 << 40


@njit(cache=True, _nrt=False)
def _arrival_count(share: float, n: float, exponent: float, fraction: float) -> int:
    """Negative binomial count given at least 1, by inversion at ``share``: shape n, P(0) = exp(-exponent)."""
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
    """Logarithm of E[(1-p)^g] for p ~ Beta(a, b)."""
    return math.lgamma(b + g) - math.lgamma(b) - math.lgamma(a + b + g) + math.lgamma(a + b)


@njit(cache=True, _nrt=False)
def month_at(clock: FloatArray, time: float, month: int) -> int:
    """Month in which an operational time lies, searched upwards from ``month``; the last one has no end."""
    while month < clock.size - 2 and time >= clock[month + 1]:
        month += 1
    return month


@njit(cache=True, _nrt=False)
def _root(u: float, degree: int) -> float:
    """U^(1/degree): the share of the span left by the first of ``degree`` uniform times."""
    if degree == 1:
        return u
    if degree == 2:
        return math.sqrt(u)
    return math.exp(math.log(u) / degree)


@njit(cache=True, _nrt=False)
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
    stop: float,
    envelope: float,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Number of arrivals of one customer until it leaves or ``stop``, written in order as far as there is
    room.

    ``stop`` only cuts what is kept: the arrivals before it are the same for every stop.

    ``count`` arrivals are uniform on (start, end); with ``rate`` above 0 they are a Poisson stream instead.
    ``threshold`` is the survival at which the customer leaves, ``first_time`` and ``first_mark`` the
    uniforms of the first arrival.
    """
    u_time, u_mark = first_time, first_mark
    next_time, next_mark = 0.0, 0.0
    spacing = 0.0
    left = 1.0
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
            left *= _root(u_time, count - number)
            time = end - (end - start) * left
        if time >= stop:
            break
        mark = envelope * u_mark
        if number < times.size:
            times[number] = time
            marks[number] = mark
        number += 1
        if mark < 1.0:
            g = 1.0
            if churn.size > 0:
                month = month_at(clock, time, month)
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
    stop: float = np.inf,
) -> int:
    """Number of later arrivals of a customer acquired at operational time ``start``, up to ``end``.

    Sorted times and marks are written as far as there is room; a number above ``times.size`` says that it was
    not enough: call again with a longer buffer, the draw is the same. ``shift`` 1 is MBG/NBD, where the first
    order may be the last.
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
        key, trial, index, start, end, stop, envelope, marks[:0], marks[:0], times, marks,
    )  # fmt: skip


class Base(NamedTuple):
    """Existing customers as the kernels read them: cells, and the cell and stream index of each."""

    frequency: IntArray
    recency: IntArray
    age: IntArray
    times: FloatArray
    member: IntArray
    stream_index: UInt64Array
    shift: int


class Horizon(NamedTuple):
    """What every path of a block shares: stream, first trial, month starts on the clock, envelope,
    churn.
    """

    key: UInt64Array
    first_trial: int
    clock: FloatArray
    envelope: float
    churn: FloatArray
    stop: float
    """Operational time from which on arrivals are not kept; it changes none before."""


@njit(cache=True)
def cell_odds(
    parameters: FloatArray, base: Base, horizon: Horizon, active: FloatArray, exponent: FloatArray
) -> None:
    """Chance to be alive with an arrival to come, and -ln P(no arrival | alive), of each cell."""
    r, alpha, a, b = parameters
    clock = horizon.clock
    span = horizon.envelope * (clock[clock.size - 1] - clock[0])
    log_time = np.empty(base.times.size)
    log_span = np.empty(base.times.size)
    for j in range(base.times.size):
        log_time[j] = math.log1p(base.times[j] / alpha)
        log_span[j] = math.log1p(span / (alpha + base.times[j]))
    log_a = math.log(a) if a > 0.0 else -np.inf
    for i in range(base.frequency.size):
        n = r + base.frequency[i]
        y = base.frequency[i] + base.shift
        alive = 1.0
        if y > 0:
            odds = log_a - math.log(b + (y - 1)) + n * (log_time[base.age[i]] - log_time[base.recency[i]])
            alive = 1.0 / (1.0 + math.exp(odds))
        exponent[i] = n * log_span[base.age[i]]
        active[i] = alive if exponent[i] > _CERTAIN else -alive * math.expm1(-exponent[i])


@njit(cache=True, _nrt=False)
def existing_path(
    r: float,
    alpha: float,
    a: float,
    b: float,
    shift: int,
    x: int,
    age: float,
    active: float,
    exponent: float,
    key: UInt64Array,
    trial: int,
    index: np.uint64,
    envelope: float,
    stop: float,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Arrivals of one existing customer in one trial, 0 for those who have left or have none.

    ``active`` and ``exponent`` come from ``cell_odds``. Written as far as there is room.
    """
    u, threshold, first_time, first_mark = uniform4(key, trial, index, 0)
    if u >= active:
        return 0
    start, end = clock[0], clock[clock.size - 1]
    count, rate = 0, 0.0
    if exponent > _CERTAIN:
        value, _ = gamma(r + x, key, trial, index, _RATE_PART)
        rate = value / (alpha + age) * envelope
    else:
        span = envelope * (end - start)
        count = _arrival_count(u / active, r + x, exponent, span / (alpha + age + span))
    return _path(
        count, rate, a, b + x + shift, threshold, first_time, first_mark,
        key, trial, index, start, end, stop, envelope, churn, clock, times, marks,
    )  # fmt: skip
