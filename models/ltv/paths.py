"""Exact sampling of one customer's future orders as marked arrivals under an envelope (LTV.md, section 3).

An alive customer has *arrivals* at ``envelope`` times its order rate, each with a mark v ~ U(0, envelope).
An arrival is an order where its mark is below the demand multiplier of its month; under BG/NBD the customer
may leave only at arrivals with mark below 1, whether they are orders or not. So a multiplier changes the
months it is on, monotonically, and no other month.

Three identities make it fast and spare every rejection:

- With a gamma-distributed rate the arrivals are a Pólya process: given k arrivals up to time t, the next
  one is later than t + h with probability ((beta+t) / (beta+t+h))^(n+k). One uniform gives the next time;
  neither the rate nor the number of arrivals is drawn, and no arrival depends on where the horizon ends.
- With p ~ Beta(a, b') the chance to stay through k base epochs is prod_{j<k} (b'+j) / (a+b'+j): one uniform
  is the survival at which the customer leaves, and p itself is never drawn. A churn multiplier g turns the
  product into E[(1-p)^G], G the sum of g over the epochs: more churn means leaving earlier in the same trial.
- Under Pareto/NBD the time to leave has survival ((beta'/(beta'+h))^s: one uniform again, h the time weighted
  with the churn multiplier.

Addresses: key of the caller's name, index = the customer's hash, part 0 = (alive and first time, leaving,
first mark, second time), parts 1, 2, ... = two marks and times each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from models.arrays import FloatArray, IntArray, WordArray
from models.compiled import in_place, inline, inner
from models.streams import uniform4

BETA_GEO, MODIFIED, PARETO = 0, 1, 2
"""Laws of leaving; for the two geometric ones the number is also the shift of y = x + shift."""


class Base(NamedTuple):
    """Existing customers as the kernels read them: summary rows, and the row and stream index of each."""

    frequency: IntArray
    recency: FloatArray
    age: FloatArray
    member: IntArray
    stream_index: WordArray
    law: int


class Horizon(NamedTuple):
    """What every path of a block shares: stream, first trial, month starts on the clock, envelope, churn."""

    key: WordArray
    first_trial: int
    clock: FloatArray
    envelope: float
    churn: FloatArray
    stop: float
    """Operational time from which on arrivals are not kept; it changes none before."""


class NewCustomer(NamedTuple):
    """A customer acquired at operational time ``start``: parameters of its trial, law of leaving, and where
    its arrivals stop.

    Records of paths hold numbers only: arrays are passed beside them, because taking one out of a record for
    each customer would count its references.
    """

    parameters: tuple[float, float, float, float]
    law: int
    start: float
    stop: float
    envelope: float


class KnownCustomer(NamedTuple):
    """An existing customer at time 0: parameters of its trial, repeat orders, age (days) and P(alive) of its
    row, uniforms of part 0, and where its arrivals stop.
    """

    parameters: tuple[float, float, float, float]
    law: int
    frequency: int
    age: float
    alive: float
    uniforms: tuple[float, float, float, float]
    stop: float
    envelope: float


class _Course(NamedTuple):
    """A Pólya process of arrivals on its way: ``n`` and ``beta`` of the rate, ``a`` and ``b`` of leaving.

    ``reached`` is ``beta`` + the time since ``start`` of the first arrival, ``u_mark`` its uniform,
    ``u_time`` that of the second time. ``threshold`` is the survival at which the customer leaves; ``a`` =
    0 is one who does not leave at an order.
    """

    n: float
    beta: float
    a: float
    b: float
    threshold: float
    reached: float
    u_mark: float
    u_time: float
    start: float
    stop: float
    envelope: float


@inline
def _stay(a: float, b: float, g: float) -> float:
    """Chance to stay through ``g`` epochs, E[(1-p)^g] for p ~ Beta(a, b)."""
    if g == 1.0:
        return b / (a + b)
    return math.exp(math.lgamma(b + g) - math.lgamma(b) - math.lgamma(a + b + g) + math.lgamma(a + b))


@inline
def month_at(clock: FloatArray, pace: float, time: float, month: int) -> int:
    """Month in which an operational time lies, not before ``month``; the last one has no end.

    ``clock`` (month + 1,) operational days at the month starts; ``pace`` is the number of months over the
    length of the clock: where to look first.
    """
    last = clock.size - 2
    guess = max(int(min(time * pace, float(last))), month)
    while guess < last and time >= clock[guess + 1]:
        guess += 1
    while guess > month and time < clock[guess]:
        guess -= 1
    return guess


@inner
def pace_of(clock: FloatArray) -> float:
    """Months over the length of the clock (month + 1,), a rate per operational day; 0 if it stands still."""
    return (clock.size - 1) / clock[clock.size - 1] if clock[clock.size - 1] > 0.0 else 0.0


@inner
def leaving_time(hazard: float, clock: FloatArray, churn: FloatArray) -> float:
    """Operational time at which the churn multipliers have added up to ``hazard`` (operational days);
    1 beyond the clock.

    ``clock`` (month + 1,), ``churn`` (month,) or empty where it is 1 throughout.
    """
    if churn.size == 0:
        return hazard
    for j in range(churn.size):
        length = clock[j + 1] - clock[j]
        if hazard < churn[j] * length:
            return clock[j] + hazard / churn[j]
        hazard -= churn[j] * length
    return clock[churn.size] + hazard


@inline
def _path(
    course: _Course,
    trial: int,
    index: np.uint64,
    key: WordArray,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Number of arrivals of one customer before it leaves or stops, written in order as far as there is
    room.
    """
    n, beta, a, b, threshold, reached, u_mark, u_time, start, stop, envelope = course
    stay = 1.0
    next_mark, next_time = 0.0, 0.0
    month = 0
    number = 0
    last, shift = beta + (stop - start), start - beta
    while reached < last:
        if number > 0:
            # one word of four uniforms serves two arrivals
            if number % 2 == 1:
                u_mark, u_time, next_mark, next_time = uniform4(key, trial, index, (number + 1) // 2)
            else:
                u_mark, u_time = next_mark, next_time
        mark = envelope * u_mark
        if number < times.size:
            times[number] = reached + shift
            marks[number] = mark
        number += 1
        if mark < 1.0 and a > 0.0:
            g = 1.0
            if churn.size > 0:
                month = month_at(clock, pace_of(clock), reached + shift, month)
                g = churn[month]
            # who has stayed through g epochs has p ~ Beta(a, b + g)
            stay *= _stay(a, b, g)
            b += g
            if stay <= threshold:
                break
        reached *= math.exp(-math.log(u_time) / (n + number))
    return number


@in_place
def new_customer_path(
    customer: NewCustomer,
    trial: int,
    index: np.uint64,
    key: WordArray,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Number of later arrivals of a customer acquired at operational time ``start``, up to ``stop``.

    Sorted ``times`` (operational days) and ``marks``, both (order,), are written as far as there is room; a
    number above ``times.size`` says that it was not enough: call again with a longer buffer, the draw is the
    same. Under MBG/NBD the first order may be the last. An earlier ``stop`` only leaves out what comes after
    it. ``churn`` (month,) is empty where it is 1 throughout; then ``clock`` (month + 1,) is not read.
    """
    r, alpha, a, b = customer.parameters
    start, stop, envelope = customer.start, customer.stop, customer.envelope
    u, threshold, u_mark, u_time = uniform4(key, trial, index, 0)
    if customer.law == PARETO:
        hazard = b * math.expm1(-math.log(threshold) / a)
        if churn.size > 0:
            month = month_at(clock, pace_of(clock), start, np.int64(0))
            before = churn[month] * (start - clock[month])
            for j in range(month):
                before += churn[j] * (clock[j + 1] - clock[j])
            stop = min(stop, leaving_time(before + hazard, clock, churn))
        else:
            stop = min(stop, start + hazard)
        a = 0.0
    if customer.law == MODIFIED:
        g = churn[month_at(clock, pace_of(clock), start, np.int64(0))] if churn.size > 0 else 1.0
        stays = _stay(a, b, g)
        if stays <= threshold:
            return 0
        # given that the customer stayed, the rest of the same uniform decides when it leaves
        threshold /= stays
        b += g
    beta = alpha / envelope
    reached = beta * math.exp(-math.log1p(-u) / r)
    course = _Course(r, beta, a, b, threshold, reached, u_mark, u_time, start, stop, envelope)
    return _path(course, trial, index, key, churn, clock, times, marks)


@inline
def existing_path(
    customer: KnownCustomer,
    trial: int,
    index: np.uint64,
    key: WordArray,
    churn: FloatArray,
    clock: FloatArray,
    times: FloatArray,
    marks: FloatArray,
) -> int:
    """Number of arrivals of one existing customer who is active, that is, whose first uniform is below its
    row's chance.

    ``times`` (operational days) and ``marks``, both (order,), are written as far as there is room; ``churn``
    (month,) and ``clock`` (month + 1,) as for a new customer.
    """
    u, threshold, u_mark, u_time = customer.uniforms
    r, alpha, a, b = customer.parameters
    age, stop, envelope = customer.age, customer.stop, customer.envelope
    if customer.law == PARETO:
        hazard = (b + age) * math.expm1(-math.log(threshold) / a)
        stop = min(stop, leaving_time(hazard, clock, churn))
        a = 0.0
    else:
        b += customer.frequency + customer.law
    n = r + customer.frequency
    beta = (alpha + age) / envelope
    # u below P(alive and active) is a uniform of the time as well: it needs no draw of its own
    reached = beta * math.exp(-math.log1p(-u / customer.alive) / n)
    course = _Course(n, beta, a, b, threshold, reached, u_mark, u_time, 0.0, stop, envelope)
    return _path(course, trial, index, key, churn, clock, times, marks)


@in_place
def alive_geometric(parameters: tuple[float, float, float, float], base: Base, alive: FloatArray) -> None:
    """P(alive) of each summary row under BG/NBD and MBG/NBD, a probability, written into ``alive`` (row,).

    Fader, Hardie and Lee 2005 and Batislam, Denizel and Filiztekin 2007; the odds of having left (LTV.md
    §3) in logarithms, because the power overflows for many orders. Rows lie sorted by x: what depends on x
    alone is said once.
    """
    r, alpha, a, b = parameters
    log_a = math.log(a) if a > 0.0 else -np.inf
    before, shared = -1, 0.0
    for i in range(base.frequency.size):
        x = base.frequency[i]
        y = x + base.law
        if y == 0:
            alive[i] = 1.0
            continue
        if x != before:
            before, shared = x, log_a - math.log(b + (y - 1))
        ratio = (alpha + base.age[i]) / (alpha + base.recency[i])
        alive[i] = 1.0 / (1.0 + math.exp(shared + (r + x) * math.log(ratio)))


@inner
def active_cells(
    parameters: tuple[float, float, float, float],
    base: Base,
    horizon: Horizon,
    alive: FloatArray,
    active: FloatArray,
) -> None:
    """Probability of each summary row to be alive with an arrival to come before the stop, written into
    ``active`` (row,).
    """
    r, alpha = parameters[0], parameters[1]
    span = horizon.envelope * min(horizon.stop, horizon.clock[horizon.clock.size - 1])
    for i in range(base.frequency.size):
        exponent = (r + base.frequency[i]) * math.log1p(span / (alpha + base.age[i]))
        active[i] = -alive[i] * math.expm1(-exponent)
