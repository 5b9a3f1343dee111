"""Customers simulated order by order with numpy alone: the truth that models are tested against."""

from typing import NamedTuple

import numpy as np

from models.ltv import Customers


class Months(NamedTuple):
    """Months to come: operational time at their starts, multipliers of demand and churn, the envelope."""

    clock: np.ndarray
    demand: np.ndarray
    churn: np.ndarray
    envelope: float


def customers(rng, count, *parameters, longest=700.0, shift=0):
    """Customers observed for a uniform age up to ``longest`` days; parameters are r, alpha, a, b."""
    return customers_and_orders(rng, count, *parameters, longest=longest, shift=shift)[0]


def customers_and_orders(rng, count, *parameters, ahead=0.0, longest=700.0, shift=0):
    """The same, and how many orders they place together in the ``ahead`` days that follow."""
    r, alpha, a, b = parameters
    age = rng.uniform(0.0, longest, count)
    rate = rng.gamma(r, 1.0 / alpha, count)
    leave = rng.beta(a, b, count)
    orders = np.zeros(count, dtype=np.int64)
    now, last = np.zeros(count), np.zeros(count)
    alive = rng.random(count) >= leave if shift else np.ones(count, dtype=bool)
    after = 0
    while alive.any():
        now = now + rng.exponential(1.0, count) / rate
        ordered = alive & (now <= age)
        orders += ordered
        last = np.where(ordered, now, last)
        later = alive & (now > age) & (now <= age + ahead)
        after += int(later.sum())
        alive = (ordered | later) & (rng.random(count) >= leave)
    return Customers(orders, last, age), after


def futures(rng, count, parameters, known, months, *, shift=0):
    """Orders by month of ``count`` copies of one customer, dims (copy, month): state drawn, then event by
    event. ``known`` is its x, t_x and T.
    """
    r, alpha, a, b = parameters
    x, recency, age = known
    clock, demand, churn, envelope = months
    y = x + shift
    alive = np.ones(count, dtype=bool)
    if y > 0:
        odds = np.log(a / (b + y - 1)) + (r + x) * np.log((alpha + age) / (alpha + recency))
        alive = rng.random(count) < 1.0 / (1.0 + np.exp(odds))
    rate = rng.gamma(r + x, 1.0 / (alpha + age), count)
    leave = rng.beta(a, b + y, count)
    orders = np.zeros((count, len(clock) - 1), dtype=np.int64)
    now = np.zeros(count)
    while True:
        now = now + rng.exponential(1.0, count) / (rate * envelope)
        alive &= now < clock[-1]
        if not alive.any():
            return orders
        month = np.clip(np.searchsorted(clock, now, side="right") - 1, 0, len(clock) - 2)
        mark = rng.uniform(0.0, envelope, count)
        hit = alive & (mark < demand[month])
        np.add.at(orders, (np.flatnonzero(hit), month[hit]), 1)
        drop = (mark < 1.0) & (rng.random(count) < 1.0 - (1.0 - leave) ** churn[month])
        alive &= ~drop


def pareto_customers(rng, count, r, alpha, s, beta, *, longest=700.0):
    """Customers under Pareto/NBD observed for a uniform age up to ``longest`` days."""
    age = rng.uniform(0.0, longest, count)
    rate = rng.gamma(r, 1.0 / alpha, count)
    end = np.minimum(rng.exponential(1.0, count) / rng.gamma(s, 1.0 / beta, count), age)
    orders = np.zeros(count, dtype=np.int64)
    now, last = np.zeros(count), np.zeros(count)
    alive = np.ones(count, dtype=bool)
    while alive.any():
        now = now + rng.exponential(1.0, count) / rate
        alive &= now <= end
        orders += alive
        last = np.where(alive, now, last)
    return Customers(orders, last, age)


def pareto_futures(rng, count, parameters, known, calendar, *, p_alive):
    """Orders by month of ``count`` copies of one customer under Pareto/NBD, dims (copy, month); ``known`` is
    its x and T, ``calendar`` a ``Months``.
    """
    r, alpha, s, beta = parameters
    x, age = known
    clock, demand, churn, envelope = calendar
    months = len(clock) - 1
    rate = rng.gamma(r + x, 1.0 / (alpha + age), count)
    leave = rng.gamma(s, 1.0 / (beta + age), count)
    there = rng.random(count) < p_alive
    orders = np.zeros((count, months), dtype=np.int64)
    for j in range(months):
        length = clock[j + 1] - clock[j]
        left_after = rng.exponential(1.0, count) / np.maximum(leave * churn[j], 1e-300)
        stay = np.where(there, np.minimum(left_after, length), 0.0)
        orders[:, j] = rng.poisson(rate * min(demand[j], envelope) * stay)
        there &= left_after >= length
    return orders
