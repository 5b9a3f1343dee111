"""Customers one by one: won by spend, ordering until they drop out; and orders of nobody knows whom.

A customer's rate is Gamma(r, rate alpha) per operational day (BG/NBD); after each repeat order the
customer leaves with probability p ~ Beta(a, b). New customers of a month are Poisson(k · spend^beta ·
residual).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.demo.clock import MONTHS, Clock
from engine.demo.company import (
    ACQUISITION,
    HISTORY_MONTHS,
    MARKETPLACE_ORDERS_PER_DAY,
    NEW_CUSTOMERS_PER_MONTH,
    START,
    Company,
    MarketTruth,
)

#: Spend by calendar month relative to the base, January first.
SPEND_PROFILE = (0.90, 0.92, 0.95, 0.95, 1.00, 0.95, 0.90, 0.92, 1.00, 1.08, 1.30, 1.13)
LAUNCH_MONTHS, LAUNCH_FACTOR = 3, 1.9


@dataclass(frozen=True)
class Event:
    """Orders as events, in time order; a row is an order. ``time`` is in days since START."""

    time: np.ndarray
    market: np.ndarray
    channel: np.ndarray
    customer: np.ndarray
    """-1 where the marketplace does not say who ordered."""
    taste: np.ndarray
    """Price class that the customer leans to, 0 to 4."""
    appetite: np.ndarray
    """Multiplier of the extra lines per order."""


def monthly_spend(company: Company, seed: int) -> dict[tuple[str, str], np.ndarray]:
    """USD by market and acquisition channel, (month,): after the history each month repeats last year's."""
    spend = {}
    for market in company.markets:
        for channel, (_, cost, _) in ACQUISITION.items():
            generator = company.generator(seed, f"spend {market.key} {channel}")
            base = base_new_customers(company, market.key, channel) * cost
            path = np.empty(MONTHS)
            for month in range(MONTHS):
                if month >= HISTORY_MONTHS:
                    path[month] = path[month - 12]
                    continue
                level = SPEND_PROFILE[(START.month - 1 + month) % 12] * np.exp(
                    generator.normal(-0.03125, 0.25)
                )
                path[month] = base * level * (LAUNCH_FACTOR if month < LAUNCH_MONTHS else 1.0)
            spend[market.key, channel] = path
    return spend


def base_new_customers(company: Company, market: str, channel: str) -> float:
    """New customers per month at the base spend."""
    return NEW_CUSTOMERS_PER_MONTH * company.scale * company.shares[market] * ACQUISITION[channel][0]


def response_constant(company: Company, market: str, channel: str) -> float:
    """K of new customers = k · spend^beta, per month."""
    _, cost, beta = ACQUISITION[channel]
    base = base_new_customers(company, market, channel)
    return float(base / (base * cost) ** beta)


def acquire(
    company: Company, clock: Clock, seed: int, spend: dict[tuple[str, str], np.ndarray]
) -> list[tuple[float, str, str]]:
    """Every customer won, in time order: (time of the first order, market, acquisition channel)."""
    won: list[tuple[float, str, str]] = []
    for (market, channel), path in spend.items():
        generator = company.generator(seed, f"acquire {market} {channel}")
        constant, beta = response_constant(company, market, channel), ACQUISITION[channel][2]
        for month in range(MONTHS):
            first, last = int(clock.starts[month]), int(clock.starts[month + 1])
            count = generator.poisson(constant * path[month] ** beta * clock.residual[market][month])
            profile = np.cumsum(clock.weekday_rate[first:last])
            for u in generator.random(count):
                day = int(np.searchsorted(profile, u * profile[-1], side="right"))
                won.append((first + min(day, last - first - 1) + generator.random(), market, channel))
    return sorted(won)


def order_times(
    market: MarketTruth, clock: np.ndarray, first: float, generator: np.random.Generator
) -> list[float]:
    """Times of one customer's orders, days since START, the first included, until dropout or the clock's
    end.
    """
    rate = generator.gamma(market.r) / market.alpha
    leaving = generator.beta(market.a, market.b)
    day = int(first)
    now = clock[day] + (first - day) * (clock[day + 1] - clock[day])
    times, end = [first], clock[-1]
    while rate > 0.0:
        now += generator.exponential() / rate
        if now >= end:
            break
        day = int(clock.searchsorted(now, side="right")) - 1
        times.append(float(day + (now - clock[day]) / (clock[day + 1] - clock[day])))
        if generator.random() < leaving:
            break
    return times


def simulate_orders(company: Company, clock: Clock, seed: int, won: list[tuple[float, str, str]]) -> Event:
    """All orders of the simulated time, by time: each customer's and the marketplaces' day by day."""
    truths = {market.key: market for market in company.markets}
    generators = {key: company.generator(seed, f"orders {key}") for key in truths}
    times: list[float] = []
    counts, tastes, appetites = np.empty(len(won), np.int64), np.empty(len(won), np.int64), np.empty(len(won))
    for number, (first, key, _) in enumerate(won):
        generator = generators[key]
        tastes[number], appetites[number] = generator.integers(5), generator.gamma(4.0, 0.25)
        own = order_times(truths[key], clock.elapsed[key], first, generator)
        counts[number] = len(own)
        times += own
    customer = np.repeat(np.arange(len(won)), counts)
    anonymous = [_anonymous(company, clock, seed, key) for key in truths]
    markets = np.asarray([market for _, market, _ in won], dtype="U8")
    merged = Event(
        time=np.concatenate([times, *(time for time, _ in anonymous)]),
        market=np.concatenate(
            [markets[customer], *(np.full(len(t), k) for k, (t, _) in zip(truths, anonymous, strict=True))]
        ),
        channel=np.where(
            np.arange(len(times) + sum(len(t) for t, _ in anonymous)) < len(times), "shop", "marketplace"
        ),
        customer=np.concatenate([customer, *(np.full(len(t), -1) for t, _ in anonymous)]),
        taste=np.concatenate([tastes[customer], *(taste for _, taste in anonymous)]),
        appetite=np.concatenate([appetites[customer], *(np.ones(len(t)) for t, _ in anonymous)]),
    )
    order = np.argsort(merged.time, kind="stable")
    return Event(**{field: getattr(merged, field)[order] for field in Event.__dataclass_fields__})


def _anonymous(company: Company, clock: Clock, seed: int, market: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and tastes of a market's marketplace orders: a Poisson count each day at the day's rate."""
    generator = company.generator(seed, f"marketplace {market}")
    level = MARKETPLACE_ORDERS_PER_DAY * company.scale * company.shares[market]
    counts = generator.poisson(level * clock.rate(market))
    day = np.repeat(np.arange(len(counts)), counts)
    return day + generator.random(len(day)), generator.integers(5, size=len(day))


def customer_key(number: int) -> str:
    """Key of a customer in the files: an address nobody owns."""
    return f"customer-{number:06d}@example.invalid"
