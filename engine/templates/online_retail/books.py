"""Stock, open items and the opening balance: from ledger and open orders where they tell, else shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.templates.online_retail import figures
from engine.templates.online_retail.goods import category_of
from engine.templates.online_retail.purchases import shipped_value

_CENT = 2


@dataclass(frozen=True, eq=False)
class Books:
    """Tables of the last closed day."""

    inventory: pd.DataFrame
    receivables: pd.DataFrame
    payables: pd.DataFrame
    balance: pd.DataFrame


def close_books(
    orders: pd.DataFrame,
    items: pd.DataFrame,
    purchases: pd.DataFrame,
    daily_units: Mapping[str, float],
    revenue: float,
    per_base: Mapping[str, float],
) -> Books:
    """Books at as-of; ``orders`` has ordered_at, sales_channel, market, item (of the plan), quantity,
    net_price, refunded; ``revenue`` is last year's net revenue, GBP.
    """
    inventory = _inventory(items, daily_units, per_base)
    receivables = _receivables(orders)
    state = shipped_value(purchases, per_base)
    payables = _payables(state)
    amounts = {
        "cash": figures.CASH_SHARE * revenue,
        "receivables": float(receivables["amount"].sum()),
        "inventory": float((inventory["on_hand"] * inventory["unit_landed_cost"].astype(float)).sum()),
        "inventory_in_transit": float(state["value"][_left(state)].sum()),
        "prepayments": float(state["deposit"][~_left(state)].sum()),
        "fixed_assets": figures.FIXED_ASSET_SHARE * revenue,
        "payables": float((payables["amount"] / payables["currency"].map(per_base).astype(float)).sum()),
        "accrued_marketing": figures.SPEND_SHARE * revenue / 12.0,
        "sales_tax_payable": _sales_tax(orders),
    }
    assets = ("cash", "receivables", "inventory", "inventory_in_transit", "prepayments", "fixed_assets")
    cents = {name: round(100.0 * amount) for name, amount in amounts.items()}
    own = sum(cents[name] for name in assets) - sum(cents[name] for name in cents if name not in assets)
    cents["share_capital"], cents["retained_earnings"] = own // 2, own - own // 2
    rows = [(figures.AS_OF.isoformat(), name, amount / 100.0) for name, amount in cents.items()]
    return Books(inventory, receivables, payables, pd.DataFrame(rows, columns=["as_of", "account", "amount"]))


def _left(state: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.asarray([due is not None for due in state["due"]], np.bool_)


def _inventory(
    items: pd.DataFrame, daily_units: Mapping[str, float], per_base: Mapping[str, float]
) -> pd.DataFrame:
    rows = []
    for _, item in items.iterrows():
        maker = item["suppliers"].split(";")[0]
        goods = float(item["unit_cost"]) / per_base[figures.SUPPLIER_CURRENCY[maker]]
        freight = figures.FREIGHT_PER_KG[maker] * float(item["weight_kg"])
        duty = 0.0 if maker == "EU1" else category_of(item["label"])[3]
        landed = goods + freight + duty * (goods + freight)
        units = int(np.ceil(figures.COVER_DAYS * daily_units.get(item["item"], 0.0)))
        rows.append((figures.AS_OF.isoformat(), item["item"], figures.NODE, units, round(landed, 4)))
    return pd.DataFrame(rows, columns=["as_of", "item", "node", "on_hand", "unit_landed_cost"])


def _recent(orders: pd.DataFrame, days: int) -> pd.DataFrame:
    after = pd.Timestamp(figures.AS_OF) - pd.Timedelta(days=days - 1)
    recent = orders[orders["ordered_at"] >= after].copy()
    net = recent["quantity"] * recent["net_price"] - recent["refunded"]
    recent["tax"] = net * np.where(recent["market"] == "GB", figures.VAT, 0.0)
    recent["gross"] = net + recent["tax"]
    return recent


def _receivables(orders: pd.DataFrame) -> pd.DataFrame:
    """Invoices of the last days, tax included, due after the payout lag of their channel."""
    rows = []
    for channel, lag in ((figures.TRADE, figures.TRADE_LAG), (figures.WEB, figures.WEB_LAG)):
        recent = _recent(orders[orders["sales_channel"] == channel], lag)
        by_day = recent.groupby(recent["ordered_at"].dt.date, sort=True)["gross"].sum()
        rows += [
            (
                (day + dt.timedelta(days=lag)).isoformat(),
                round(float(amount), _CENT),
                figures.CURRENCY,
                channel,
            )
            for day, amount in by_day.items()
            if amount > 0.0
        ]
    return pd.DataFrame(rows, columns=["due", "amount", "currency", "sales_channel"])


def _sales_tax(orders: pd.DataFrame) -> float:
    return max(float(_recent(orders, 30)["tax"].sum()), 0.0)


def _payables(state: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Balances of goods that have left and are not paid yet, in the supplier's currency."""
    rows: dict[tuple[str, str, str], float] = {}
    for supplier, currency, rate, value, deposit, due in zip(
        *(state[name] for name in ("supplier", "currency", "rate", "value", "deposit", "due")), strict=True
    ):
        if due is not None and due > figures.AS_OF:
            key = (due.isoformat(), currency, supplier)
            rows[key] = rows.get(key, 0.0) + (value - deposit) * rate
    listed = [
        (due, round(amount, _CENT), currency, supplier)
        for (due, currency, supplier), amount in sorted(rows.items())
    ]
    return pd.DataFrame(listed, columns=["due", "amount", "currency", "supplier"])
