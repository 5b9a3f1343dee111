"""A small company, generated event by event; shares no code with ``models``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from models.demand import (
    AcquisitionSettings,
    DemandModel,
    DemandSettings,
    MarketSettings,
    Prior,
    SalesChannelSettings,
    fit_demand,
)

SEASON = np.array([0.85, 0.85, 0.95, 0.95, 1.0, 0.95, 0.85, 0.85, 1.0, 1.05, 1.45, 1.25])
ITEMS = tuple(f"ITEM{i:02d}" for i in range(12))
TRUTH = {"r": 0.9, "alpha": 60.0, "a": 0.8, "b": 2.5}
BETA = 0.7

NOTHING = (0.0, 0.0, 0.0)
"""Shipping, tax and refund of a line."""


@dataclass(frozen=True)
class Company:
    orders: pd.DataFrame
    spend: pd.DataFrame
    settings: DemandSettings
    season: np.ndarray


def settings(**changes: object) -> DemandSettings:
    values: dict[str, object] = {
        "actuals_through": dt.date(2025, 12, 31),
        "markets": (
            MarketSettings("us", "USD", Prior(-1.6, 0.4, "test")),
            MarketSettings("de", "EUR", Prior(-1.4, 0.4, "test"), rate=0.9),
        ),
        "sales_channels": (
            SalesChannelSettings("shop"),
            SalesChannelSettings("bazaar", customer_known=False),
        ),
        "acquisition_channels": (
            AcquisitionSettings("meta", "shop", Prior(0.7, 0.15, "test")),
            AcquisitionSettings("google", "shop", Prior(0.7, 0.15, "test")),
        ),
        "items": ITEMS,
        "list_price": dict.fromkeys(ITEMS, 30.0),
    }
    return DemandSettings(**(values | changes))  # type: ignore[arg-type]


def generate(
    seed: int, size: dict[str, float], shock: float = 0.0, years: int = 2
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders and spend of 24 months: customers are won by spend, order at season-driven times and leave after
    an order."""
    rng = np.random.default_rng(seed)
    start, end = dt.date(2024, 1, 1), dt.date(2024 + years, 1, 1)
    days = [start + dt.timedelta(days=i) for i in range((end - start).days)]
    rate = np.array([SEASON[day.month - 1] for day in days])
    month = np.array([(day.year - 2024) * 12 + day.month - 1 for day in days])
    level = np.exp(shock * rng.standard_normal(12 * years) - 0.5 * shock**2)
    pace = rate * level[month]
    lines, spend = [], []
    number = 0

    def place(day: int, market: str, channel: str, customer: str) -> None:
        nonlocal number
        number += 1
        for _ in range(1 + rng.geometric(0.7) - 1):
            item = ITEMS[min(int(rng.exponential(3.0)), len(ITEMS) - 1)]
            units, price = int(rng.geometric(0.8)), 20.0 + ITEMS.index(item)
            currency = "USD" if market == "us" else "EUR"
            lines.append(
                (
                    f"#{number:06d}",
                    customer,
                    days[day],
                    market,
                    channel,
                    currency,
                    item,
                    units,
                    price,
                    *NOTHING,
                )
            )

    for market in sorted(size):
        people = 0
        for j in range(12 * years):
            mine = np.flatnonzero(month == j)
            for channel, share in (("meta", 0.6), ("google", 0.4)):
                amount = 1000.0 * share * float(np.exp(0.3 * rng.standard_normal()))
                won = rng.poisson(
                    size[market] * share * (amount / (1000.0 * share)) ** BETA * pace[mine].mean()
                )
                spend.append((days[mine[0]], market, channel, amount, int(won)))
                for _ in range(won):
                    people += 1
                    weight = pace[mine] / pace[mine].sum()
                    _live(rng, int(rng.choice(mine, p=weight)), pace, market, f"{market}-{people:05d}", place)
            for day in mine:
                for _ in range(rng.poisson(size[market] / 60.0 * pace[day] * 1.01**j)):
                    place(int(day), market, "bazaar", "")
    columns = [
        "order_id",
        "customer_key",
        "ordered_at",
        "market",
        "sales_channel",
        "currency",
        "item",
        "quantity",
        "net_price",
    ]
    frame = pd.DataFrame(lines, columns=[*columns, "shipping", "tax", "refunded"])
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    table = pd.DataFrame(spend, columns=["day", "market", "acquisition_channel", "amount", "new_customers"])
    table["day"] = pd.to_datetime(table["day"])
    return frame, table


def _live(rng, day, pace, market, customer, place) -> None:  # type: ignore[no-untyped-def]
    rate = rng.gamma(TRUTH["r"], 1.0 / TRUTH["alpha"])
    leave = rng.beta(TRUTH["a"], TRUTH["b"])
    place(day, market, "shop", customer)
    reached = np.concatenate([[0.0], np.cumsum(pace)])
    time = reached[day] + rng.random() * pace[day]
    while True:
        time += rng.exponential() / rate
        if time >= reached[-1]:
            return
        place(int(np.searchsorted(reached, time, side="right")) - 1, market, "shop", customer)
        if rng.random() < leave:
            return


@pytest.fixture(scope="session")
def company() -> Company:
    orders, spend = generate(7, {"us": 90.0, "de": 40.0}, shock=0.08)
    return Company(orders, spend, settings(), SEASON)


@pytest.fixture(scope="session")
def model(company: Company) -> DemandModel:
    return fit_demand(company.orders, company.spend, settings=company.settings)
