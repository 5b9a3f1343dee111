"""The demo company's orders without its files: what tests of the truth need."""

from __future__ import annotations

import pandas as pd

from engine.demo.baskets import add_baskets
from engine.demo.clock import Clock
from engine.demo.company import HISTORY_DAYS, Company
from engine.demo.customers import acquire, customer_key, monthly_spend, simulate_orders


def generate_orders(
    seed: int,
    *,
    template: str = "demo",
    residual: bool = True,
    season: bool = True,
    customers_scale: float = 1.0,
    markets: tuple[str, ...] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """History and continuation as canonical order lines: what truth tests need, in about a second."""
    company = Company.of(template, customers_scale)
    clock = Clock.of(company, seed, residual=residual, season=season)
    won = acquire(company, clock, seed, monthly_spend(company, seed))
    frame = add_baskets(company, seed, simulate_orders(company, clock, seed, won))
    frame["customer_key"] = [customer_key(n) if n >= 0 else "" for n in frame["customer"].tolist()]
    if markets is not None:
        frame = frame[frame["market"].isin(markets)]
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
        "shipping",
        "tax",
        "refunded",
    ]
    past = frame["time"] < HISTORY_DAYS
    return frame.loc[past, columns].reset_index(drop=True), frame.loc[~past, columns].reset_index(drop=True)
