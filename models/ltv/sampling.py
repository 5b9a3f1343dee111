"""Blocks of trials: the marked arrivals of all customers, or only their orders and spend by month."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray, Int32Array, IntArray, WordArray
from models.compiled import compiled, inline, inner
from models.ltv.pareto_likelihood import alive_pareto
from models.ltv.paths import (
    PARETO,
    Base,
    Horizon,
    KnownCustomer,
    NewCustomer,
    active_cells,
    alive_geometric,
    existing_path,
    month_at,
    new_customer_path,
    pace_of,
)
from models.samplers import gamma
from models.streams import uniform1, uniform4

_ACQUIRED_PART = 1 << 41
"""Part of the stream that holds the time of a new customer's first order: beyond every part of its path."""
_CHUNK = 4096
"""Customers looked at in one go: their uniforms (160 kB with the positions) stay in the cache."""
_ORDER_PARTS = 1 << 16
"""Parts of the spend stream set aside for each order of a customer; its nu has the first ones."""


class Spend(NamedTuple):
    """What the kernels need to price orders: stream, p, q, v by trial (trial, 3), paid orders and their
    total.

    No customer and no trial where nothing is priced.
    """

    key: WordArray
    by_trial: FloatArray
    paid: FloatArray
    total: FloatArray


class Arrivals(NamedTuple):
    """Marked arrivals of a block of trials, flat, in the order (trial, customer, time).

    Those of trial position t are ``offset[t]`` to ``offset[t+1]``; an arrival is an order in ``month`` if its
    ``mark`` is below the demand multiplier there. ``customer`` is the position in the customers given;
    ``parameters`` (trial, 4) are those of the model.
    """

    offset: IntArray
    month: npt.NDArray[np.int16]
    mark: FloatArray
    customer: Int32Array
    parameters: FloatArray


@compiled
def _longer(values: FloatArray, size: int) -> FloatArray:
    out = np.empty(size, dtype=values.dtype)
    out[: values.size] = values
    return out


@compiled
def _cells_of_trial(
    parameters: FloatArray, base: Base, horizon: Horizon, alive: FloatArray, active: FloatArray
) -> tuple[float, float, float, float]:
    """The trial's parameters; P(alive) and P(alive with an arrival before the stop) are written per row."""
    point = (parameters[0], parameters[1], parameters[2], parameters[3])
    if base.law == PARETO:
        alive_pareto(point, base.frequency, base.recency, base.age, alive)
    else:
        alive_geometric(point, base, alive)
    active_cells(point, base, horizon, alive, active)
    return point


@compiled
def arrivals_block(
    parameters: FloatArray, base: Base, horizon: Horizon
) -> tuple[IntArray, npt.NDArray[np.int16], FloatArray, Int32Array]:
    """Arrivals of all customers in a block of trials: offset (trial + 1,), month, mark, customer."""
    # fields are unpacked once: taking an array out of a tuple in the loop costs half the speed
    frequency, cell_age, law = base.frequency, base.age, base.law
    member, index = base.member, base.stream_index
    key, clock, envelope, churn = horizon.key, horizon.clock, horizon.envelope, horizon.churn
    stop, pace = min(horizon.stop, clock[clock.size - 1]), pace_of(clock)
    trials = parameters.shape[0]
    room = 1024 + member.size
    offset = np.zeros(trials + 1, dtype=np.int64)
    month = np.empty(room, dtype=np.int16)
    mark = np.empty(room)
    customer = np.empty(room, dtype=np.int32)
    alive, active = np.empty(base.frequency.size), np.empty(base.frequency.size)
    times, marks = np.empty(256), np.empty(256)
    total = 0
    for t in range(trials):
        trial = horizon.first_trial + t
        point = _cells_of_trial(parameters[t], base, horizon, alive, active)
        for i in range(member.size):
            c = member[i]
            uniforms = uniform4(key, trial, index[i], 0)
            if uniforms[0] >= active[c]:
                continue
            known = KnownCustomer(point, law, frequency[c], cell_age[c], alive[c], uniforms, stop, envelope)
            while True:
                number = existing_path(known, trial, index[i], key, churn, clock, times, marks)
                if number <= times.size:
                    break
                times, marks = np.empty(number), np.empty(number)
            if total + number > room:
                # by what the trials so far have needed, and at least double
                room = total + number + max(total, (total // (t + 1)) * (trials - t) * 9 // 8)
                month = _longer(month, room)
                mark = _longer(mark, room)
                customer = _longer(customer, room)
            at = 0
            for k in range(number):
                at = month_at(clock, pace, times[k], at)
                month[total] = at
                mark[total] = marks[k]
                customer[total] = i
                total += 1
        offset[t + 1] = total
    return offset, month[:total], mark[:total], customer[:total]


@inner
def _customer_rate(
    point: FloatArray, paid: float, total: float, key: WordArray, trial: int, index: np.uint64
) -> float:
    """The customer's nu: Gamma(q + p x) with rate v + total spend."""
    value, _ = gamma(point[1] + point[0] * paid, key, trial, index, np.int64(0))
    return value / (point[2] + total)


@inline
def _count_path(
    number: int,
    times: FloatArray,
    marks: FloatArray,
    at: int,
    clock: FloatArray,
    pace: float,
    demand: FloatArray,
    orders: IntArray,
) -> None:
    """Add one customer's orders to the months of its trial."""
    for k in range(number):
        at = month_at(clock, pace, times[k], at)
        orders[at] += marks[k] < demand[at]


class _Payer(NamedTuple):
    """A customer whose orders are priced: trial and stream index, paid orders and their total, arrivals.

    ``month`` is where to look for the first arrival, ``pace`` that of the clock.
    """

    trial: int
    who: np.uint64
    paid: float
    total: float
    number: int
    month: int
    pace: float


@inner
def _price_path(
    payer: _Payer,
    times: FloatArray,
    marks: FloatArray,
    clock: FloatArray,
    demand: FloatArray,
    spend: FloatArray,
    point: FloatArray,
    key: WordArray,
) -> None:
    """Add what one customer pays for its orders to the months of its trial."""
    trial, index, at = payer.trial, payer.who, payer.month
    rate = 0.0
    for k in range(payer.number):
        at = month_at(clock, payer.pace, times[k], at)
        if marks[k] < demand[at]:
            if rate == 0.0:
                rate = _customer_rate(point, payer.paid, payer.total, key, trial, index)
            value, _ = gamma(point[0], key, trial, index, (k + 1) * _ORDER_PARTS)
            spend[at] += value / rate


@inline
def _pick_active(
    first: int,
    member: IntArray,
    index: WordArray,
    active: FloatArray,
    key: WordArray,
    trial: int,
    who: IntArray,
    uniforms: FloatArray,
) -> int:
    """Number of active customers among the chunk from ``first`` on, written with their uniforms without a
    branch.
    """
    found = 0
    for i in range(first, min(first + _CHUNK, member.size)):
        u, threshold, mark, time = uniform4(key, trial, index[i], 0)
        who[found] = i
        uniforms[found, 0], uniforms[found, 1], uniforms[found, 2], uniforms[found, 3] = (
            u,
            threshold,
            mark,
            time,
        )
        found += u < active[member[i]]
    return found


@compiled
def count_block(
    parameters: FloatArray, base: Base, horizon: Horizon, demand: FloatArray, prices: Spend
) -> tuple[IntArray, FloatArray]:
    """Orders and spend of all customers per trial and month under ``demand`` (1 or trial, month).

    No arrival is kept. Each order has its own price draw: it is the same under every demand multiplier.
    Customers in the order of their summary rows are read twice as fast.
    """
    frequency, cell_age, law = base.frequency, base.age, base.law
    member, index = base.member, base.stream_index
    key, clock, envelope, churn = horizon.key, horizon.clock, horizon.envelope, horizon.churn
    stop, pace = min(horizon.stop, clock[clock.size - 1]), pace_of(clock)
    trials = parameters.shape[0]
    orders = np.zeros((trials, clock.size - 1), dtype=np.int64)
    spend = np.zeros((trials, clock.size - 1))
    alive, active = np.empty(base.frequency.size), np.empty(base.frequency.size)
    times, marks = np.empty(256), np.empty(256)
    who, uniforms = np.empty(_CHUNK, dtype=np.int64), np.empty((_CHUNK, 4))
    price_key, by_trial, known, known_total = prices.key, prices.by_trial, prices.paid, prices.total
    priced = by_trial.shape[0] > 0
    for t in range(trials):
        multiplier, counted, paid_for = demand[min(t, demand.shape[0] - 1)], orders[t], spend[t]
        trial = horizon.first_trial + t
        point = _cells_of_trial(parameters[t], base, horizon, alive, active)
        for first in range(0, member.size, _CHUNK):
            found = _pick_active(first, member, index, active, key, trial, who, uniforms)
            for j in range(found):
                i = who[j]
                c = member[i]
                drawn = (uniforms[j, 0], uniforms[j, 1], uniforms[j, 2], uniforms[j, 3])
                customer = KnownCustomer(
                    point, law, frequency[c], cell_age[c], alive[c], drawn, stop, envelope
                )
                while True:
                    number = existing_path(customer, trial, index[i], key, churn, clock, times, marks)
                    if number <= times.size:
                        break
                    times, marks = np.empty(number), np.empty(number)
                _count_path(number, times, marks, 0, clock, pace, multiplier, counted)
                if priced:
                    paid, total = (known[i], known_total[i]) if known.size > 0 else (0.0, 0.0)
                    payer = _Payer(trial, index[i], paid, total, number, 0, pace)
                    _price_path(payer, times, marks, clock, multiplier, paid_for, by_trial[t], price_key)
    return orders, spend


@compiled
def count_new_block(
    parameters: FloatArray, counts: IntArray, law: int, horizon: Horizon, demand: FloatArray, prices: Spend
) -> tuple[IntArray, FloatArray]:
    """Repeat orders and their spend per trial and month of customers acquired by month, ``counts`` (1 or
    trial, month).
    """
    key, clock, envelope, churn = horizon.key, horizon.clock, horizon.envelope, horizon.churn
    stop, pace = min(horizon.stop, clock[clock.size - 1]), pace_of(clock)
    trials, months = parameters.shape[0], clock.size - 1
    orders = np.zeros((trials, months), dtype=np.int64)
    spend = np.zeros((trials, months))
    times, marks = np.empty(256), np.empty(256)
    price_key, by_trial = prices.key, prices.by_trial
    priced = by_trial.shape[0] > 0
    for t in range(trials):
        multiplier, counted, paid_for = demand[min(t, demand.shape[0] - 1)], orders[t], spend[t]
        trial = horizon.first_trial + t
        point = (parameters[t, 0], parameters[t, 1], parameters[t, 2], parameters[t, 3])
        for cohort in range(months):
            for k in range(counts[min(t, counts.shape[0] - 1), cohort]):
                index = np.uint64((cohort << 32) | k)
                share = uniform1(key, trial, index, _ACQUIRED_PART)
                start = clock[cohort] + share * (clock[cohort + 1] - clock[cohort])
                customer = NewCustomer(point, law, start, stop, envelope)
                while True:
                    number = new_customer_path(customer, trial, index, key, churn, clock, times, marks)
                    if number <= times.size:
                        break
                    times, marks = np.empty(number), np.empty(number)
                _count_path(number, times, marks, cohort, clock, pace, multiplier, counted)
                if priced:
                    payer = _Payer(trial, index, 0.0, 0.0, number, cohort, pace)
                    _price_path(payer, times, marks, clock, multiplier, paid_for, by_trial[t], price_key)
    return orders, spend


@compiled
def first_orders_block(
    by_trial: FloatArray, counts: IntArray, key: WordArray, first_trial: int
) -> FloatArray:
    """Spend of the first orders, currency, dims (trial, month): one compound gamma draw per new customer.

    ``by_trial`` (trial, parameter) p, q, v of each trial, ``counts`` (trial or 1, month) new customers.
    """
    trials, months = by_trial.shape[0], counts.shape[1]
    spend = np.zeros((trials, months))
    for t in range(trials):
        point = by_trial[t]
        for cohort in range(months):
            for k in range(counts[min(t, counts.shape[0] - 1), cohort]):
                index = np.uint64((cohort << 32) | k)
                rate = _customer_rate(point, 0.0, 0.0, key, first_trial + t, index)
                value, _ = gamma(point[0], key, first_trial + t, index, np.int64(_ORDER_PARTS))
                spend[t, cohort] += value / rate
    return spend
