"""Base prices of orders in another currency than their market's, and what a ledger's first months say."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from models.demand import DemandSettings, MarketSettings, Prior, SalesChannelSettings
from models.demand.basket import fit_basket
from models.demand.history import read_history
from models.demand.prices import base_prices

PRIOR = Prior(-1.5, 0.3, "test")


def settings(**changes: object) -> DemandSettings:
    values: dict[str, object] = {
        "actuals_through": dt.date(2011, 11, 30),
        "markets": (MarketSettings("de", "EUR", PRIOR, rate=1.25), MarketSettings("gb", "GBP", PRIOR)),
        "sales_channels": (SalesChannelSettings("shop"),),
        "acquisition_channels": (),
        "items": ("a",),
        "list_price": {"a": 99.0},
        "rates": {"GBP": 1.0, "EUR": 0.8},
    }
    return DemandSettings(**(values | changes))  # type: ignore[arg-type]


def orders(*rows: tuple[str, str, str, int, float], order: str = "") -> pd.DataFrame:
    """Day, market, currency, quantity, price."""
    return pd.DataFrame(
        {
            "order_id": [order or f"o{number}" for number in range(len(rows))],
            "customer_key": [order or f"c{number}" for number in range(len(rows))],
            "ordered_at": pd.to_datetime([day for day, *_ in rows]),
            "market": [market for _, market, *_ in rows],
            "sales_channel": "shop",
            "currency": [currency for _, _, currency, _, _ in rows],
            "item": "a",
            "quantity": [quantity for *_, quantity, _ in rows],
            "net_price": [price for *_, price in rows],
        }
    )


def test_orders_in_sterling_price_a_market_in_euro_at_todays_rate() -> None:
    rows = orders(("2011-11-01", "de", "GBP", 3, 8.0), ("2011-11-02", "de", "EUR", 1, 14.0))
    prices = base_prices(read_history(rows, settings()), settings())
    assert prices[:, 0].tolist() == [(3 * 10.0 + 14.0) / 4.0, 99.0]


def test_a_currency_without_a_rate_is_left_out_and_no_price_is_the_list_price() -> None:
    rows = orders(("2011-11-01", "de", "USD", 3, 8.0))
    assert base_prices(read_history(rows, settings()), settings())[0, 0] == 99.0 * 1.25


@pytest.mark.parametrize(
    ("first", "learning"), [("2009-01-05", 3), ("2010-12-01", 3), ("2011-02-01", 1), ("2011-06-01", 0)]
)
def test_the_first_months_of_a_ledger_are_no_evidence_of_new_customers(first: str, learning: int) -> None:
    rows = orders((first, "gb", "GBP", 1, 1.0), ("2011-11-02", "gb", "GBP", 1, 1.0))
    assert read_history(rows, settings()).learning_months == learning


def test_an_order_of_hundreds_of_lines_keeps_its_units() -> None:
    rows = orders(*[("2011-11-02", "gb", "GBP", 2, 1.0)] * 700, order="till")
    basket = fit_basket(read_history(rows, settings()), settings())
    np.testing.assert_allclose(basket.units_per_order()[1], 1400.0)
