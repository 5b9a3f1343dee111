"""What is in an order: lines, items, units, price, discount, tax, refund."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.demo.company import RETURN_SHARE, START, Company
from engine.demo.customers import Event

TASTES = 5
EXTRA_LINES = 0.70
PRICE_TILT = 0.45
DISCOUNTS = (0.10, 0.15)
DISCOUNTED_SHARE = 0.12


def local_price(company: Company, market: str) -> np.ndarray:
    """Price of each item in the market's currency without tax, (item,): set once at the first day's rate."""
    per_base = next(m.per_base for m in company.markets if m.key == market)
    return np.asarray(
        [np.round(item.price * per_base) if per_base != 1.0 else item.price for item in company.items]
    )


def item_distribution(company: Company, market: str) -> np.ndarray:
    """Cumulative probability of each item by taste, (taste, item); higher tastes lean to dearer items."""
    popularity = np.asarray([item.popularity if market in item.markets else 0.0 for item in company.items])
    score = np.log(np.asarray([item.price for item in company.items]))
    score = (score - score.mean()) / score.std()
    rows = []
    for taste in range(TASTES):
        weight = popularity * np.exp(PRICE_TILT * (taste - (TASTES - 1) / 2.0) / 2.0 * score)
        rows.append(np.cumsum(weight) / weight.sum())
    return np.asarray(rows)


def add_baskets(company: Company, seed: int, orders: Event) -> pd.DataFrame:
    """Order lines: one row per order and item, with what the export layouts need beside."""
    generator = company.generator(seed, "baskets")
    count = len(orders.time)
    lines = 1 + generator.poisson(EXTRA_LINES * orders.appetite)
    order = np.repeat(np.arange(count), lines)
    item = np.empty(len(order), dtype=np.int64)
    u = generator.random(len(order))
    for market in company.markets:
        table = item_distribution(company, market.key)
        for taste in range(TASTES):
            chosen = (orders.market[order] == market.key) & (orders.taste[order] == taste)
            item[chosen] = np.searchsorted(table[taste], u[chosen], side="right")
    quantity = 1 + (generator.random(len(order)) < 0.18).astype(np.int64)
    rate = generator.random(count)
    discount = np.where(
        rate < DISCOUNTED_SHARE, np.where(rate < DISCOUNTED_SHARE * 0.6, DISCOUNTS[0], DISCOUNTS[1]), 0.0
    )
    discount = np.where(orders.channel == "shop", discount, 0.0)
    frame = (
        pd.DataFrame({"order": order, "item": item, "quantity": quantity})
        .groupby(["order", "item"], as_index=False)
        .sum()
    )
    return _price(company, orders, frame, discount, generator)


def _price(
    company: Company, orders: Event, frame: pd.DataFrame, discount: np.ndarray, generator: np.random.Generator
) -> pd.DataFrame:
    order = frame["order"].to_numpy()
    item = frame["item"].to_numpy()
    quantity = frame["quantity"].to_numpy()
    market = orders.market[order]
    price, tax_share = np.empty(len(frame)), np.empty(len(frame))
    currency = np.empty(len(frame), dtype=object)
    for truth in company.markets:
        here = market == truth.key
        price[here] = local_price(company, truth.key)[item[here]]
        tax_share[here], currency[here] = truth.tax, truth.currency
    share = np.asarray([RETURN_SHARE[i.category] for i in company.items])[item]
    returned = generator.random(len(frame)) < share
    gross = price * quantity
    cut = np.round(gross * discount[order], 2)
    net = gross - cut
    tax = np.round(net * tax_share, 2)
    first = np.concatenate([[True], order[1:] != order[:-1]])
    basket = np.bincount(order, weights=net)
    small = basket < 60.0 * _per_base(company, orders.market)
    shipping = np.where(first & small[order], np.round(6.0 * _per_base(company, market)), 0.0)
    time = orders.time[order]
    channel = orders.channel[order]
    prefix = np.where(channel == "shop", "#", "M-")
    stamp = np.datetime64(START, "s") + np.floor(time * 86400.0).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "order": order,
            "first": first,
            "time": time,
            "customer": orders.customer[order],
            "list_price": price,
            "discount_rate": discount[order],
            "discount": cut,
            "returned": returned,
            "order_id": np.char.add(prefix.astype(str), (order + 100001).astype(str)),
            "ordered_at": stamp,
            "market": market,
            "sales_channel": channel,
            "currency": currency,
            "item_number": item,
            "item": np.asarray([i.key for i in company.items])[item],
            "quantity": quantity,
            "net_price": net / quantity,
            "net": net,
            "shipping": shipping,
            "tax": tax,
            "refunded": np.where(returned, net, 0.0),
        }
    )


def _per_base(company: Company, market: np.ndarray) -> np.ndarray:
    rates = {m.key: m.per_base for m in company.markets}
    return np.asarray([rates[key] for key in market.tolist()])
