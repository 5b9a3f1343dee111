"""A plan derived from gathered files: the entries of plan.yaml, the canonical tables, and what was found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from engine.plan.reading.countries import currency_code, currency_of_country
from engine.plan.setup import channels, items, lanes, markets, money, sales, stock, supply
from engine.plan.setup.defaults import default, rate
from engine.plan.setup.gather import Gathered
from engine.plan.setup.noted import Noted, asked, found
from engine.plan.setup.telling import Told, assumed, findings
from models.errors import Fault, InputError


@dataclass
class Derived:
    """Everything that a plan folder is written from."""

    config: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    accounts: list[tuple[str, str, str]] = field(default_factory=list)
    """Account of the books, its line of the opening balance, why."""
    findings: list[str] = field(default_factory=list)
    assumed: list[tuple[str, str, str]] = field(default_factory=list)


def derive(gathered: Gathered, name: str) -> Derived:
    """Derive a plan.

    Raises
    ------
    InputError
        Where no file holds orders, or no rate is known between two of their currencies.
    """
    lines = sales.sales(gathered)
    if lines.empty:
        kinds = ", ".join(sorted({reading.kind for reading in gathered.readings})) or "no file"
        raise InputError([Fault("--from", 0, "", "no orders at all", kinds, "add an export of orders")])
    closed, closed_how = sales.last_complete_month(lines)
    currency = _currency(gathered, lines)
    base = str(currency.value)
    lines["currency"] = lines["currency"].where(lines["currency"] != "", base)
    rates = _rates(gathered, lines, base)
    lines["rate"] = [1.0 / rates[code].value for code in lines["currency"]]
    lines["base"] = lines["net"] * lines["rate"]
    late = lines["ordered_at"] >= pd.Timestamp(closed) + pd.Timedelta(days=1)
    counted_out = int(lines.loc[late, "order_id"].nunique()), float(lines.loc[late, "base"].sum())
    lines = lines[~late].reset_index(drop=True)
    return _assemble(gathered, lines, name, currency, rates, (closed, closed_how), counted_out)


def _assemble(
    gathered: Gathered,
    lines: pd.DataFrame,
    name: str,
    currency: Noted,
    rates: dict[str, Noted],
    end: tuple[dt.date, str],
    counted_out: tuple[int, float],
) -> Derived:
    closed, files, base = end[0], gathered.files("orders"), str(currency.value)
    goods = items.items(lines, gathered)
    lines["plan_item"] = lines["item"].map(goods.of_code)
    chain = supply.supply(gathered, goods, base, closed)
    refusal = money.refusals(gathered, lines["order_id"].nunique())
    sold = markets.markets(lines, base, files, chain.main_node, refusal)
    lines["market"] = lines["country"].map(sold.of_country)
    shops = channels.sales_channels(lines, files, money.channel_terms(gathered))
    pairs = zip(lines["layout"], lines["channel"], strict=True)
    lines["sales_channel"] = [shops.of_text[pair] for pair in pairs]
    largest = max(sold.shares, key=lambda key: sold.shares[key])
    per_base = {code: float(noted.value) for code, noted in rates.items()}
    spend = channels.ads(gathered, list(sold.shares), largest, pd.Timestamp(closed), per_base)
    spend = channels.with_customers(spend, lines)
    bought = supply.unit_costs(chain, goods, per_base)
    books = stock.opening(gathered, lines, bought, goods, chain, closed, base)
    months = lines["ordered_at"].dt.to_period("M")
    placed = lines.groupby(months)["order_id"].nunique() / (1.0 - refusal.value)
    per_order = money.delivery_cost(gathered, placed)
    if per_order is not None:
        for entry in sold.entries:
            entry["outbound_cost_per_order"] = per_order
    monthly = float(lines["base"].sum()) / max(months.nunique(), 1)
    config: dict[str, Any] = {
        "company": {
            "name": name,
            "currency": currency,
            "actuals_through": found(closed, files, end[1]),
        },
        "markets": sold.entries,
        "sales_channels": shops.entries,
    }
    platforms = channels.acquisition_channels(spend, gathered.files("ad_spend"), str(shops.entries[0]["key"]))
    if platforms:
        config["acquisition_channels"] = platforms
    config |= _network(gathered, lines, chain, bought, sold, base)
    config["finance"] = money.finance(gathered, monthly, closed, books.debt)
    derived = Derived(config, _tables(lines, chain, bought, books, spend, rates, base), books.accounts)
    told = Told(gathered, lines, goods, chain, sold, shops, books, counted_out, base)
    derived.findings += findings(told)
    derived.assumed += assumed(told, derived.tables)
    return derived


def _currency(gathered: Gathered, lines: pd.DataFrame) -> Noted:
    """Currency of the books, else the one of most revenue in the orders."""
    for reading in gathered.readings:
        currency = str(reading.figures.get("currency") or "")
        if reading.kind in ("ledger", "cash_book") and len(currency) == 3 and currency.isupper():
            return found(currency, [reading.file])
    known = lines[lines["currency"] != ""]
    if known.empty:
        home = lines.loc[lines["country"] != "", "country"].mode()
        guess = currency_of_country(str(home.iat[0])) if len(home) else None
        return asked(
            guess or "USD", "no file tells the currency; that of most orders' country is taken, else USD"
        )
    return found(str(known.groupby("currency")["net"].sum().idxmax()), gathered.files("orders"))


def _rates(gathered: Gathered, lines: pd.DataFrame, base: str) -> dict[str, Noted]:
    """Units of each currency in use per unit of the company's."""
    used = set(lines["currency"])
    for group in gathered.of("purchase_orders"):
        used |= {str(code) for code in group.frame("purchase_orders").get("currency", []) if code}
    for group in gathered.of("ad_spend"):
        codes = group.frame("ad_spend").get("currency", [channels.group_currency(group)])
        used |= {currency_code(str(code)) for code in codes if code}
    rates = {base: Noted(1.0, "")}
    faults = []
    for code in sorted(used - {base, ""}):
        known = rate(base, code)
        if known is None:
            got = f"{code} per {base}"
            faults.append(
                Fault(
                    "--from",
                    0,
                    "",
                    "no rate between two currencies of the files",
                    got,
                    "keep one currency per plan, or write data/fx.csv by hand",
                )
            )
        else:
            rates[code] = known
    if faults:
        raise InputError(faults)
    return rates


def _network(
    gathered: Gathered,
    lines: pd.DataFrame,
    chain: supply.Supply,
    bought: pd.DataFrame,
    sold: markets.Markets,
    base: str,
) -> dict[str, Any]:
    """Territories, port, nodes, suppliers and lanes."""
    territories = sorted(
        {str(entry["territory"]) for entry in sold.entries} | {markets.territory_of(sold.home)}
    )
    nodes = {key: text for text, key in chain.nodes.items()} or {
        chain.main_node: "The only warehouse (assumed)"
    }
    nodes.setdefault(chain.main_node, "Warehouse")
    home = asked(sold.home, "no file tells the warehouse's country: the largest market's")
    recent = lines[lines["ordered_at"] > lines["ordered_at"].max() - pd.Timedelta(days=90)]
    maker = dict(zip(bought["item"], [text.split(";")[0] for text in bought["suppliers"]], strict=True))
    weekly = (recent.groupby(recent["plan_item"].map(maker))["quantity"].sum() * 7.0 / 90.0).to_dict()
    suppliers = lanes.supplier_entries(chain, weekly, base)
    cost = lanes.freight(bought, lines.groupby("plan_item")["quantity"].sum(), gathered.files("products"))
    return {
        "territories": [
            {
                "key": key,
                "valuation": Noted(
                    markets.valuation_of(key),
                    "default: the territory's customs law",
                ),
            }
            for key in territories
        ],
        "ports": [
            {
                "key": supply.PORT,
                "clearance_days": default("clearance_days"),
                "closures_per_year": default("closures_per_year"),
                "closure_days": default("closure_days"),
            }
        ],
        "nodes": [
            {
                "key": key,
                "label": text,
                "country": home,
                "territory": markets.territory_of(sold.home),
                "port": supply.PORT,
            }
            for key, text in sorted(nodes.items())
        ],
        "suppliers": suppliers,
        "lanes": [
            {"supplier": entry["key"].value, "node": node, "freight_per_kg": cost}
            | lanes.stages(chain.lead.get(str(entry["key"].value)), chain.files)
            for entry in suppliers
            for node in sorted(nodes)
        ],
    }


def _tables(
    lines: pd.DataFrame,
    chain: supply.Supply,
    bought: pd.DataFrame,
    books: stock.Opening,
    spend: pd.DataFrame,
    rates: dict[str, Noted],
    base: str,
) -> dict[str, pd.DataFrame]:
    """Canonical tables by name."""
    orders = lines.assign(
        net_price=lines["net"] / lines["quantity"], customer_key=lines["customer"], item=lines["plan_item"]
    )
    names = [
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
    tables = {
        "orders": orders[names],
        "items": bought[
            ["item", "label", "hs", "category", "weight_kg", "unit_cost", "suppliers", "shares", "list_price"]
        ],
        "inventory": books.inventory,
        "opening_balance": books.balance if books.own is None else books.own,
    }
    if not chain.lines.empty:
        prepaid = float(books.balance.set_index("account")["amount"].get("prepayments", 0.0))
        tables["purchase_orders"] = _purchases(chain.lines, prepaid, rates)
    if not spend.empty:
        names = ["day", "market", "acquisition_channel", "amount", "new_customers", "visitors"]
        tables["spend"] = spend[names].assign(day=spend["day"].dt.date)
    foreign = {code: noted for code, noted in rates.items() if code != base}
    if foreign:
        first = lines["ordered_at"].min().date().replace(day=1)
        rows = [(first, code, noted.value) for code, noted in foreign.items()]
        tables["fx"] = pd.DataFrame(rows, columns=["day", "currency", "per_base"])
    return tables


def _purchases(log: pd.DataFrame, prepaid: float, rates: dict[str, Noted]) -> pd.DataFrame:
    """The purchase log with the books' deposits spread over open orders by value."""
    is_open = log["received_on"].isna() & (log["status"] == "")
    per_base = log["currency"].map({code: noted.value for code, noted in rates.items()})
    value = (log["quantity"] * log["unit_cost"] / per_base).where(is_open, 0.0)
    total = float(value.sum())
    share = min(max(prepaid, 0.0) / total, 1.0) if total > 0.0 else 0.0
    log = log.assign(
        deposit_paid=(value * share * per_base).round(4), received=log["quantity"].where(~is_open, 0)
    )
    names = [
        "po",
        "line",
        "supplier",
        "item",
        "node",
        "ordered_on",
        "promised_on",
        "received_on",
        "quantity",
        "received",
        "unit_cost",
        "currency",
        "deposit_paid",
        "status",
    ]
    return log[names]
