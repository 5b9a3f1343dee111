"""What is taken where no file says: every default is computed here, and listed with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.checks import split
from engine.plan.defaults.exchange import SOURCE, default_rate
from engine.plan.parsing import series
from engine.plan.plan import Assumption, in_company_currency, last_rates
from engine.plan.schema import Lane, PlanConfig
from engine.plan.tables import ASSETS, EQUITY, LIABILITIES, TABLES
from engine.plan.tariffs import rates_by_day

_CASH_MONTHS = 3
_PAYABLE_DAYS = 30
_YEAR = 365

Tables = dict[str, pd.DataFrame]


def empty_table(name: str) -> pd.DataFrame:
    """A canonical table without rows."""
    return pd.DataFrame({column.name: series([], column) for column in TABLES[name].columns})


def fill_columns(tables: Tables, config: PlanConfig) -> None:
    """Cells whose default depends on other cells: currencies, shares and receipts."""
    currency = {supplier.key: supplier.currency for supplier in config.suppliers}
    if (purchases := tables.get("purchase_orders")) is not None:
        own = purchases["supplier"].map(currency)
        purchases["currency"] = purchases["currency"].where(purchases["currency"] != "", own).astype("str")
        full = purchases["quantity"].where(purchases["received_on"].notna(), 0)
        purchases["received"] = purchases["received"].where(purchases["received"] >= 0, full).astype("int64")
    items = tables["items"]
    suppliers = [split(text) for text in items["suppliers"]]
    shares = [
        text or ";".join(["1", *["0"] * (len(names) - 1)])
        for text, names in zip(items["shares"], suppliers, strict=True)
    ]
    items["suppliers"] = pd.Series([";".join(names) for names in suppliers], dtype="str", index=items.index)
    normal = [";".join(repr(float(part)) for part in split(text)) for text in shares]
    items["shares"] = pd.Series(normal, dtype="str", index=items.index)


def assume(tables: Tables, config: PlanConfig, *, salted: bool) -> tuple[Assumption, ...]:
    """Fill every missing table; the assumptions made, in the order in which they build on each other."""
    listed: list[Assumption] = []

    def note(identity: str, value: str, unit: str, why: str) -> None:
        listed.append(Assumption(identity, value, unit, "default of tradewind", why))

    if not salted:
        note(
            "salt",
            "none",
            "",
            "data/.salt is missing: no customer key is kept, customers are numbered by their first order; "
            "write 16 or more random characters into it to keep salted hashes",
        )
    fill_columns(tables, config)
    _assume_rates(tables, config, note)
    if "tariffs" not in tables:
        tables["tariffs"] = empty_table("tariffs")
        note("tariffs", "0", "share of customs value", "no tariffs file: every item enters free of duty")
    if "purchase_orders" not in tables:
        tables["purchase_orders"] = empty_table("purchase_orders")
        note(
            "purchase_orders",
            "0",
            "open orders",
            "no purchase order log: nothing is on the way; lead times come from the stages of the lanes",
        )
    if "spend" not in tables:
        tables["spend"] = empty_table("spend")
        note(
            "spend",
            "0",
            config.company.currency,
            "no spend file: acquisition costs nothing and does not answer to spend",
        )
    if "spend_plan" not in tables:
        tables["spend_plan"] = empty_table("spend_plan")
        note(
            "spend_plan",
            "same month last year",
            config.company.currency,
            "no spend plan: each month repeats the spend of the same month a year before",
        )
    if "inventory" not in tables:
        tables["inventory"] = _assumed_inventory(tables, config)
        units = int(tables["inventory"]["on_hand"].sum())
        note(
            "inventory",
            f"{units:,}",
            "units",
            "no inventory file: first nodes hold demand of lead time and order cycle at last year's pace",
        )
    _assume_balance(tables, config, note)
    return tuple(listed)


def _assume_rates(tables: Tables, config: PlanConfig, note) -> None:  # type: ignore[no-untyped-def]
    """Dated default rates of currencies in use without one; 1 only where plan.yaml accepts it by name."""
    closed, own = config.company.actuals_through, config.company.currency
    used = {market.currency for market in config.markets} | {
        supplier.currency for supplier in config.suppliers
    }
    for name in ("orders", "purchase_orders", "open_receivables", "open_payables"):
        used |= set(tables[name]["currency"].unique()) if name in tables else set()
    fx = tables.setdefault("fx", empty_table("fx"))
    rows: list[tuple[Any, ...]] = []
    for currency in sorted(used - {own, ""} - set(last_rates(fx, closed))):
        default = default_rate(own, currency, closed)
        per_base, day = (1.0, closed) if default is None else default
        rows.append((np.datetime64(day, "s"), currency, per_base))
        why = (
            "no rate in data/fx.csv: 1 as plan.yaml accepts it"
            if default is None
            else f"no rate in data/fx.csv: {SOURCE} {default.month}, add the rate of {closed}"
        )
        note(f"fx.{currency}", f"{per_base:.6g}", f"{currency} per {own}", why)
    if rows:
        columns = zip(TABLES["fx"].columns, zip(*rows, strict=True), strict=True)
        more = pd.DataFrame({column.name: series(list(values), column) for column, values in columns})
        kept = fx[[column.name for column in TABLES["fx"].columns]]
        tables["fx"] = more if kept.empty else pd.concat([kept, more], ignore_index=True)


def _rates(tables: Tables, config: PlanConfig) -> dict[str, float]:
    return last_rates(tables["fx"], config.company.actuals_through) | {config.company.currency: 1.0}


def _assumed_inventory(tables: Tables, config: PlanConfig) -> pd.DataFrame:
    """Stock that covers lead time and order cycle at the pace of the last year, at computed landed cost."""
    closed = config.company.actuals_through
    orders, items = tables["orders"], tables["items"]
    span = min(_YEAR, max((closed - orders["ordered_at"].min().date()).days + 1, 1))
    recent = orders[orders["ordered_at"] >= pd.Timestamp(closed) - pd.Timedelta(days=span - 1)]
    first_node = {market.key: market.nodes[0] for market in config.markets}
    units = recent.assign(node=recent["market"].map(first_node)).groupby(["node", "item"])["quantity"].sum()
    lanes = {(lane.supplier, lane.node): lane for lane in config.lanes}
    port_of_node = {node.key: node.port for node in config.nodes}
    clearance = {port.key: port.clearance_days for port in config.ports}
    makers = {item: split(text)[0] for item, text in zip(items["item"], items["suppliers"], strict=True)}
    costs = _landed_costs(tables, config, lanes)
    rows: list[tuple[Any, ...]] = []
    for (node, item), sold in units.sort_index().items():
        lane = lanes.get((makers[item], node))
        days = config.stock_policy.order_cycle_days + clearance[port_of_node[node]]
        days += lane.production.mean + lane.transit.mean + lane.inland.mean if lane else 0.0
        rows.append(
            (np.datetime64(closed, "s"), item, node, int(np.ceil(sold / span * days)), costs[item, node])
        )
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in TABLES["inventory"].columns]
    frame = {
        column.name: series(list(values), column)
        for column, values in zip(TABLES["inventory"].columns, columns, strict=True)
    }
    stock = pd.DataFrame(frame)
    if "opening_balance" in tables:
        _scale_to_balance(stock, tables["opening_balance"])
    return stock


def _scale_to_balance(stock: pd.DataFrame, balance: pd.DataFrame) -> None:
    """Make assumed stock worth what the books say, by one factor on its landed costs."""
    booked = float(balance.loc[balance["account"] == "inventory", "amount"].sum())
    value = float((stock["on_hand"] * stock["unit_landed_cost"]).sum())
    if value > 0.0:
        stock["unit_landed_cost"] *= booked / value


def _landed_costs(
    tables: Tables, config: PlanConfig, lanes: Mapping[tuple[str, str], Lane]
) -> dict[tuple[str, str], float]:
    """Landed cost of a unit by (item, node), company currency, from the item's first supplier."""
    rates, items = _rates(tables, config), tables["items"]
    supplier_of = {supplier.key: supplier for supplier in config.suppliers}
    territories = [territory.key for territory in config.territories]
    origins = sorted({supplier.country for supplier in config.suppliers})
    duty = rates_by_day(
        tables["tariffs"],
        hs=list(items["hs"]),
        origins=origins,
        territories=territories,
        start=config.company.actuals_through,
        days=1,
    )
    costs: dict[tuple[str, str], float] = {}
    for position, row in enumerate(items.itertuples(index=False)):
        supplier = supplier_of[split(row.suppliers)[0]]
        goods = row.unit_cost * rates[supplier.currency]
        for node in config.nodes:
            lane = lanes.get((supplier.key, node.key))
            freight = lane.freight_per_kg * row.weight_kg if lane else 0.0
            insured = goods * (1.0 + (lane.insurance_share if lane else 0.0))
            rate = duty[position, origins.index(supplier.country), territories.index(node.territory), 0]
            costs[row.item, node.key] = insured + freight + goods * float(rate)
    return costs


def _assume_balance(tables: Tables, config: PlanConfig, note) -> None:  # type: ignore[no-untyped-def]
    given = "opening_balance" in tables
    booked = dict(tables["opening_balance"].groupby("account")["amount"].sum()) if given else {}
    rates, currency = _rates(tables, config), config.company.currency
    for name, account, build in (
        ("open_receivables", "receivables", _assumed_receivables),
        ("open_payables", "payables", _assumed_payables),
    ):
        if name not in tables:
            amount = float(booked.get(account, 0.0))
            tables[name] = build(amount, tables, config) if amount > 0.0 else empty_table(name)
            note(
                name,
                f"{amount:,.2f}",
                currency,
                f"no {name} file: {account} of the opening balance fall due after the payout lag "
                f"(payables: {_PAYABLE_DAYS} days)",
            )
    if given:
        return
    stock = tables["inventory"]
    purchases = tables["purchase_orders"]
    deposits = purchases[purchases["received_on"].isna()]
    assets = {
        "cash": _CASH_MONTHS * sum(cost.monthly for cost in config.finance.fixed_costs),
        "receivables": _total(tables["open_receivables"], "amount", rates),
        "inventory": float((stock["on_hand"] * stock["unit_landed_cost"]).sum()),
        "prepayments": _total(deposits, "deposit_paid", rates),
    }
    payables = _total(tables["open_payables"], "amount", rates)
    amounts = dict.fromkeys((*ASSETS, *LIABILITIES, *EQUITY), 0.0) | assets | {"payables": payables}
    amounts["share_capital"] = sum(assets.values()) - payables
    day = np.datetime64(config.company.actuals_through, "s")
    values: dict[str, list[Any]] = {
        "as_of": [day] * len(amounts),
        "account": list(amounts),
        "amount": list(amounts.values()),
    }
    tables["opening_balance"] = pd.DataFrame(
        {c.name: series(values[c.name], c) for c in TABLES["opening_balance"].columns}
    )
    note(
        "opening_balance.cash",
        f"{amounts['cash']:,.2f}",
        currency,
        f"no opening balance: cash for {_CASH_MONTHS} months of fixed costs",
    )
    note(
        "opening_balance.share_capital",
        f"{amounts['share_capital']:,.2f}",
        currency,
        "no opening balance: what stock, deposits and open items leave",
    )


def _total(frame: pd.DataFrame, column: str, rates: Mapping[str, float]) -> float:
    return in_company_currency(frame[column], frame["currency"], rates)


def _assumed_receivables(amount: float, tables: Tables, config: PlanConfig) -> pd.DataFrame:
    """Receivables by the recent sales of each channel, due after its payout lag."""
    closed, orders = config.company.actuals_through, tables["orders"]
    recent = orders[orders["ordered_at"] >= pd.Timestamp(closed) - pd.Timedelta(days=_PAYABLE_DAYS - 1)]
    sold = (recent["net_price"] * recent["quantity"]).groupby(recent["sales_channel"]).sum()
    weights = {channel.key: float(sold.get(channel.key, 0.0)) for channel in config.sales_channels}
    if sum(weights.values()) <= 0.0:
        weights = dict.fromkeys(weights, 1.0)
    lags = {channel.key: max(1, round(channel.payout_lag_days)) for channel in config.sales_channels}
    return _dated("open_receivables", "sales_channel", amount, weights, lags, closed, config.company.currency)


def _assumed_payables(amount: float, _tables: Tables, config: PlanConfig) -> pd.DataFrame:
    """Payables to all suppliers alike, due in 30 days."""
    weights = {supplier.key: 1.0 for supplier in config.suppliers}
    lags = dict.fromkeys(weights, _PAYABLE_DAYS)
    return _dated(
        "open_payables",
        "supplier",
        amount,
        weights,
        lags,
        config.company.actuals_through,
        config.company.currency,
    )


def _dated(
    name: str,
    party: str,
    amount: float,
    weights: Mapping[str, float],
    lags: Mapping[str, int],
    closed: dt.date,
    currency: str,
) -> pd.DataFrame:
    keys = sorted(key for key in weights if weights[key] > 0.0)
    total = sum(weights[key] for key in keys)
    values: dict[str, list[Any]] = {
        "due": [np.datetime64(closed + dt.timedelta(days=lags[key]), "s") for key in keys],
        "amount": [amount * weights[key] / total for key in keys],
        "currency": [currency] * len(keys),
        party: keys,
    }
    return pd.DataFrame({column.name: series(values[column.name], column) for column in TABLES[name].columns})
