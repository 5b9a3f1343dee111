"""A short plan made whole: what plan.yaml leaves out is taken from the orders or from ``defaults.yaml``.

``structure`` runs before the tables are read (keys that rows refer to), ``figures`` after (what orders tell).
Only what is absent is filled, never what is written; every value that is filled is an assumption.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from engine.plan.defaults.exchange import default_rate
from engine.plan.parsing import series
from engine.plan.plan import Assumption
from engine.plan.setup.defaults import default, number
from engine.plan.setup.items import NO_HS
from engine.plan.setup.lanes import stages
from engine.plan.setup.markets import REST_COUNTRY, territory_of, valuation_of
from engine.plan.setup.noted import Noted, plain
from engine.plan.setup.supply import ONE_NODE, ONE_SUPPLIER, PORT
from engine.plan.tables import ITEMS
from models.arrays import FloatArray

LISTS = ("territories", "ports", "nodes", "suppliers", "lanes")
"""Lists that a plan may leave out whole; an empty list is a fault."""
RECENT_DAYS = 90
YEAR_DAYS = 365
SMALLEST_CAPACITY = 100
SOURCE = "default of tradewind"


class Completion:
    """The data of plan.yaml under completion, and what was taken."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.listed: list[Assumption] = []
        self.short = [name for name in LISTS if data.get(name) is None]
        company = data.get("company")
        self.currency = str(company.get("currency", "")) if isinstance(company, dict) else ""
        entries = data.get("markets")
        self.markets = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
        self.sparse: list[dict[str, Any]] = []
        """Markets of which the plan says no more than where they are."""

    def take(self, identity: str, value: Any, unit: str, why: str) -> str:
        """List a value that is taken; the text of it, as plan.yaml would hold it."""
        self.listed.append(Assumption(identity, str(plain(value)), unit, SOURCE, why))
        return str(plain(value))

    def noted(self, identity: str, noted: Noted, unit: str = "") -> str:
        """The same for a default with its source."""
        return self.take(identity, noted.value, unit, noted.note)


def structure(data: Any) -> Completion | None:
    """Fill the lists and the references that a short plan leaves out; None where nothing can be read."""
    if not isinstance(data, dict):
        return None
    whole = Completion(data)
    if not whole.markets or not whole.currency:
        return whole
    for entry in whole.markets:
        _market(whole, entry)
    home = str(whole.markets[0].get("country") or REST_COUNTRY)
    _network(whole, home)
    _suppliers(whole)
    if "lanes" in whole.short:
        _lanes(whole)
    return whole


def _market(whole: Completion, entry: dict[str, Any]) -> None:
    at = f"markets.{entry.get('key')}"
    country = str(entry.get("country") or "")
    if not country:
        return
    if entry.get("territory") is None and "nodes" in whole.short:
        whole.sparse.append(entry)
    entry["currency"] = entry.get("currency") or whole.take(
        f"{at}.currency", whole.currency, "", "the company's currency: the market names none"
    )
    entry["territory"] = entry.get("territory") or whole.take(
        f"{at}.territory", territory_of(country), "", "the customs territory of the country"
    )
    if entry.get("elasticity") is None:
        noted = default("elasticity")
        whole.take(f"{at}.elasticity", f"{noted.value} ± {number('elasticity_sd')}", "", noted.note)
        entry["elasticity"] = {
            "mean": str(noted.value), "sd": str(number("elasticity_sd")), "source": noted.note
        }  # fmt: skip


def _keys(data: dict[str, Any], name: str) -> list[str]:
    entries = data.get(name)
    return (
        [str(e["key"]) for e in entries if isinstance(e, dict) and e.get("key")]
        if isinstance(entries, list)
        else []
    )


def _network(whole: Completion, home: str) -> None:
    data = whole.data
    if "territories" in whole.short:
        used = {str(entry.get("territory") or "") for entry in whole.markets} | {territory_of(home)}
        used |= {str(e.get("territory") or "") for e in data.get("nodes") or () if isinstance(e, dict)}
        data["territories"] = [{"key": key, "valuation": valuation_of(key)} for key in sorted(used - {""})]
        named = ", ".join(f"{entry['key']} {entry['valuation']}" for entry in data["territories"])
        whole.take(
            "territories",
            named,
            "",
            "the territories of the markets; the value that their law charges duty on",
        )
    if "ports" in whole.short:
        names = ("clearance_days", "closures_per_year", "closure_days")
        data["ports"] = [{"key": PORT} | {n: whole.noted(f"ports.{PORT}.{n}", default(n)) for n in names}]
    if "nodes" in whole.short:
        ports = _keys(data, "ports") or [PORT]
        why = "the plan names no node: ONE warehouse in the country of its first market"
        whole.take("nodes", ONE_NODE, "", why)
        data["nodes"] = [
            {"key": ONE_NODE, "country": home, "territory": territory_of(home), "port": ports[0]}
        ]
    nodes = _keys(data, "nodes")
    for entry in whole.markets:
        if nodes and entry.get("nodes") is None:
            entry["nodes"] = nodes[:1]
            whole.take(f"markets.{entry.get('key')}.nodes", nodes[0], "", "the first node serves it")
        served = entry.get("nodes")
        if entry.get("return_node") is None and isinstance(served, list) and served:
            entry["return_node"] = served[0]


def _suppliers(whole: Completion) -> None:
    if "suppliers" not in whole.short:
        return
    why = "the plan names no supplier: ONE listed supplier, in the company's currency, its country is a guess"
    whole.take("suppliers", ONE_SUPPLIER, "", why)
    terms = {
        name: whole.noted(f"suppliers.{ONE_SUPPLIER}.{name}", default(name))
        for name in ("outages_per_year", "outage_days", "deposit_share", "net_days")
    }
    whole.data["suppliers"] = [
        {"key": ONE_SUPPLIER, "country": "CN", "currency": whole.currency, "capacity_per_week": "1"} | terms
    ]


def _lanes(whole: Completion) -> None:
    parts = stages(None, [])
    text = {name: {k: str(plain(v)) for k, v in part.items()} for name, part in parts.items()}
    whole.data["lanes"] = [
        {"supplier": supplier, "node": node, "freight_per_kg": "0"} | text
        for supplier in _keys(whole.data, "suppliers")
        for node in _keys(whole.data, "nodes")
    ]
    lead = default("lead_days")
    whole.take("lanes.*", lead.value, "days from order to receipt", f"{lead.note}; split by defaults")
    whole.take(
        "lanes.*.freight_per_kg",
        0,
        whole.currency,
        "no lane is given: freight is taken as part of the unit cost",
    )


def figures(whole: Completion, tables: dict[str, pd.DataFrame]) -> None:
    """Fill what the orders tell: items, capacity, delivery, tax and fixed cost of a short plan."""
    orders = tables.get("orders")
    if orders is None or orders.empty or not whole.currency:
        return
    rate = _rates(whole.currency, orders, tables.get("fx"))
    worth = orders["quantity"].to_numpy(np.float64) * orders["net_price"].to_numpy(np.float64) * rate
    days = orders["ordered_at"]
    if "items" not in tables and whole.short:
        tables["items"] = _items(whole, orders, worth)
    if "suppliers" in whole.short:
        recent = orders[days > days.max() - pd.Timedelta(days=RECENT_DAYS)]
        weekly = float(recent["quantity"].clip(lower=0).sum()) * 7.0 / RECENT_DAYS
        capacity = max(round(number("capacity_times") * weekly), SMALLEST_CAPACITY)
        entry = whole.data["suppliers"][0]
        entry["capacity_per_week"] = whole.take(
            f"suppliers.{ONE_SUPPLIER}.capacity_per_week", capacity, "units", default("capacity_times").note
        )
    for market in whole.sparse:
        _delivery(whole, market, orders, worth, rate)
    if whole.data.get("finance") is None and "suppliers" in whole.short:
        last = days > days.max() - pd.Timedelta(days=YEAR_DAYS)
        months = max(min(YEAR_DAYS, (days.max() - days.min()).days + 1) / (YEAR_DAYS / 12), 1.0)
        share = default("fixed_cost_share")
        monthly = round(share.value * float(worth[last.to_numpy()].sum()) / months, 2)
        whole.data["finance"] = {"fixed_costs": [{"name": "fixed costs", "monthly": str(monthly)}]}
        whole.take("finance.fixed_costs", monthly, f"{whole.currency} a month", share.note)


def _delivery(
    whole: Completion, market: dict[str, Any], orders: pd.DataFrame, worth: FloatArray, rate: FloatArray
) -> None:
    at, own = f"markets.{market.get('key')}", (orders["market"] == market.get("key")).to_numpy()
    if not own.any():
        return
    abroad = "" if market is whole.markets[0] else "_abroad"
    for name in ("last_mile_days", "sla_days"):
        if market.get(name) is None:
            market[name] = whole.noted(f"{at}.{name}", default(f"{name}{abroad}"), "days")
    if market.get("outbound_cost_per_order") is None:
        share = default("outbound_cost_per_order")
        cost = round(share.value * float(worth[own].sum()) / orders.loc[own, "order_id"].nunique(), 2)
        market["outbound_cost_per_order"] = whole.take(
            f"{at}.outbound_cost_per_order", cost, whole.currency, share.note
        )
    if market.get("consumption_tax") is None:
        base = float(worth[own].sum() + (orders["shipping"].to_numpy(np.float64) * rate)[own].sum())
        tax = float((orders["tax"].to_numpy(np.float64) * rate)[own].sum())
        taxed = round(min(max(tax / base if base > 0.0 else 0.0, 0.0), 1.0), 4)
        why = "tax of the orders over net sales and shipping"
        market["consumption_tax"] = whole.take(f"{at}.consumption_tax", taxed, "share", why)


def _rates(base: str, orders: pd.DataFrame, fx: pd.DataFrame | None) -> FloatArray:
    """Company currency per unit of the currency of each line; 1 where no rate is known (a fault later)."""
    known = {base: 1.0}
    if fx is not None and len(fx):
        latest = fx.sort_values("day", kind="stable").drop_duplicates("currency", keep="last")
        known |= {str(c): 1.0 / float(r) for c, r in zip(latest["currency"], latest["per_base"], strict=True)}
    closed = orders["ordered_at"].max().date()
    for code in sorted(set(orders["currency"].astype(str)) - set(known)):
        shipped = default_rate(base, code, closed)
        known[code] = 1.0 / shipped.per_base if shipped else 1.0
    return orders["currency"].astype(str).map(known).to_numpy(np.float64)


def _items(whole: Completion, orders: pd.DataFrame, worth: FloatArray) -> pd.DataFrame:
    """One item for each code of the orders, at its mean price."""
    sums = orders.assign(worth=worth).groupby("item", sort=True)[["worth", "quantity"]].sum()
    price = (sums["worth"] / sums["quantity"].where(sums["quantity"] > 0, 1)).clip(lower=0.0)
    supplier = (_keys(whole.data, "suppliers") or [ONE_SUPPLIER])[0]
    cost, weight = default("unit_cost"), default("weight_kg")
    columns: dict[str, list[Any]] = {
        "item": [str(item) for item in sums.index],
        "label": [str(item) for item in sums.index],
        "hs": [NO_HS] * len(sums),
        "category": [""] * len(sums),
        "weight_kg": [float(weight.value)] * len(sums),
        "unit_cost": [float(value) for value in (price * cost.value).round(4)],
        "suppliers": [supplier] * len(sums),
        "shares": [""] * len(sums),
        "moq": [1] * len(sums),
        "multiple": [1] * len(sums),
        "list_price": [float(value) for value in price.round(4)],
    }
    whole.take("items", len(sums), "items", "no items file: the codes of the orders at their mean price")
    whole.take("items.unit_cost", f"{cost.value} of the list price", "", cost.note)
    whole.take("items.weight_kg", weight.value, "kg", weight.note)
    whole.take("items.hs", NO_HS, "", "no file tells the tariff number")
    frame = pd.DataFrame({column.name: series(columns[column.name], column) for column in ITEMS.columns})
    return frame.assign(_file=orders["_file"].iloc[0], _row=0)
