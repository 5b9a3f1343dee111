"""Customers of the past, worked by hand on a ledger of a few lines."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from engine.stages.customer_history import customer_history

# (order, customer, day, market, item, quantity, net price, refunded)
LINES = (
    (
        "1",
        "ann",
        "2024-10-05",
        "DE",
        "tea",
        1,
        10.0,
        0.0,
    ),  # in the first three months: says nothing of new ones
    ("2", "bob", "2025-11-10", "DE", "tea", 1, 10.0, 0.0),
    ("2", "bob", "2025-11-10", "DE", "cup", 1, 30.0, 0.0),
    ("3", "bob", "2025-11-10", "DE", "tea", 1, 20.0, 0.0),  # the same day: the same order
    ("4", "bob", "2026-01-09", "DE", "tea", 2, 10.0, 5.0),  # 60 days later
    ("5", "cat", "2025-12-01", "DE", "tea", 1, 25.0, 0.0),
    ("6", "", "2026-02-01", "DE", "cup", 1, 60.0, 0.0),
    ("7", "", "2026-03-01", "FR", "tea", 1, 10.0, 0.0),
    ("8", "ann", "2026-04-01", "FR", "tea", 1, 40.0, 0.0),
    ("9", "dan", "2026-10-02", "DE", "tea", 1, 99.0, 0.0),  # after the last closed day
    ("10", "eve", "2026-09-01", "DE", "tea", -1, 99.0, 0.0),  # a correction, no order
)


def plan() -> Any:
    columns = (
        "order_id",
        "customer_key",
        "ordered_at",
        "market",
        "item",
        "quantity",
        "net_price",
        "refunded",
    )
    orders = pd.DataFrame(LINES, columns=columns)
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    orders["sales_channel"], orders["currency"] = "shop", "EUR"
    channel = SimpleNamespace(key="shop", customer_known=True)
    return SimpleNamespace(
        orders=orders,
        market_keys=("DE", "FR"),
        item_keys=("cup", "tea"),
        items=pd.DataFrame({"category": ["ware", "drink"]}),
        base_rates={"EUR": 2.0},
        forecast_start=dt.date(2026, 10, 1),
        config=SimpleNamespace(sales_channels=(channel,)),
    )


def demand() -> Any:
    return SimpleNamespace(
        customers=(SimpleNamespace(key=("ann", "bob", "cat")),),
        best_customers=(np.array([False, True, False]),),
    )


@pytest.fixture(scope="module")
def history() -> dict[str, Any]:
    return customer_history(plan(), demand())


def test_every_market_and_the_company_are_there(history):
    assert list(history) == ["DE", "FR", "all"]


def test_second_orders_by_day_count_customers_observed_so_long(history):
    # bob came back after 60 days, cat did not in 303 days; ann's first order is no evidence
    rate = history["DE"]["repeat_rate"]
    assert rate["90"]["value"] == pytest.approx(0.5)
    assert rate["90"]["half_width"] == pytest.approx(1.96 * np.sqrt(0.5 * 0.5 * 0.5), rel=1e-3)
    assert rate["90"]["at_risk"] == 1
    assert history["all"]["repeat_rate"]["180"]["value"] == pytest.approx(0.5)


def test_orders_with_two_categories_and_their_revenue(history):
    # orders in DE of the last year: bob's day of 60, bob's 15, cat's 25, 60 of somebody; one of four is wide
    assert history["DE"]["cross_sell_orders"]["value"] == pytest.approx(1 / 4)
    assert history["DE"]["cross_sell_revenue"]["value"] == pytest.approx(60 / 160)
    spread = np.sqrt(3 * (1 / 4) ** 2 + (3 / 4) ** 2) / 4
    assert history["DE"]["cross_sell_orders"]["half_width"] == pytest.approx(1.96 * spread, rel=1e-4)
    assert history["FR"]["cross_sell_orders"]["value"] == 0.0


def test_the_share_of_the_best_tenth_is_of_all_revenue_net_of_refunds(history):
    assert history["DE"]["best_tenth_revenue"]["value"] == pytest.approx(75 / 160)
    assert history["all"]["best_tenth_revenue"]["value"] == pytest.approx(75 / 210)
    assert history["FR"]["best_tenth_revenue"]["value"] == 0.0


def test_a_market_without_orders_has_no_figures():
    empty = plan()
    empty.market_keys = ("AT", "DE", "FR")
    found = customer_history(empty, demand())["AT"]
    assert found["cross_sell_orders"] == {"value": None, "half_width": None}
    assert found["repeat_rate"]["90"] == {"value": None, "half_width": None, "at_risk": 0}
