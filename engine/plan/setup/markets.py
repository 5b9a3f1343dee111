"""Ship-to countries as markets: to 97% of revenue, at most eight; the tail is one market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from engine.plan.reading.countries import currency_of_country
from engine.plan.setup.defaults import default, number, standard_tax
from engine.plan.setup.noted import Noted, asked, found

ENOUGH = 0.97
"""Share of revenue that markets of their own cover."""
MOST = 8
REST = "REST"
REST_COUNTRY = "ZZ"
_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_UNION = frozenset(_MEMBERS.split())
"""Members of the European customs union."""


@dataclass(frozen=True)
class Markets:
    """Markets with their shares of revenue and what became of the tail."""

    entries: list[dict[str, Any]]
    of_country: dict[str, str]
    """Country to the key of its market."""
    shares: dict[str, float]
    tail: dict[str, float]
    """Countries of the market REST with their shares."""
    home: str
    """Country of the largest market."""


def territory_of(country: str) -> str:
    """Customs territory of a country: the union for its members, else the country's own."""
    return "EU" if country in _UNION else "ROW" if country == REST_COUNTRY else country


def valuation_of(territory: str) -> str:
    """Value that a territory charges ad valorem duty on: FOB in North America and Oceania, else CIF."""
    return "FOB" if territory in ("US", "CA", "AU", "NZ") else "CIF"


def home_country(lines: pd.DataFrame, base: str) -> str:
    """The country that most revenue ships to, else one whose currency is the company's."""
    known = lines[lines["country"] != ""]
    if len(known):
        return str(known.groupby("country")["base"].sum().idxmax())
    return {"USD": "US", "EUR": "DE", "GBP": "GB", "JPY": "JP"}.get(base) or base[:2]


UNPAID = Noted(1.0, "who refuses a parcel pays no shipping")
KEPT = Noted("kept", "orders.csv holds no refused order: a run places 1 / (1 - refusal_share) of them")


def markets(lines: pd.DataFrame, base: str, files: list[str], node: str, refusal: Noted) -> Markets:
    """Markets of the order lines; ``base`` is the column of money in company currency."""
    country = lines["country"]
    home = home_country(lines, base)
    if not (country != "").any():
        country = pd.Series(home, index=lines.index)
    revenue = lines["base"].groupby(country.where(country != "", REST_COUNTRY)).sum()
    revenue = revenue.sort_values(ascending=False, kind="stable")
    shares = revenue / max(float(revenue.sum()), 1e-9)
    kept: list[str] = []
    for code in shares.index:
        if code != REST_COUNTRY and len(kept) < MOST and float(shares[kept].sum()) < ENOUGH:
            kept.append(str(code))
    tail = {str(code): float(share) for code, share in shares.items() if code not in kept}
    of_country = {code: code for code in kept} | dict.fromkeys([*tail, ""], REST)
    if not tail:
        of_country[""] = kept[0]
    told = bool((lines["country"] != "").any())
    entries = [_entry(lines, code, home, node, files, told, refusal) for code in kept]
    if tail:
        entries.append(_rest(lines, sorted(tail), node, files, refusal))
    keys = {code: float(shares[code]) for code in kept} | ({REST: sum(tail.values())} if tail else {})
    return Markets(entries, of_country, keys, tail, home)


def _entry(
    lines: pd.DataFrame, code: str, home: str, node: str, files: list[str], told: bool, refusal: Noted
) -> dict[str, Any]:
    own = lines[lines["country"] == code] if told else lines
    country = found(code, files, "ship-to country") if told else asked(code, "no file tells the country")
    return {"key": code, "country": country} | _terms(own, code, code == home, node, files, refusal)


def _rest(
    lines: pd.DataFrame, codes: list[str], node: str, files: list[str], refusal: Noted
) -> dict[str, Any]:
    own = lines[lines["country"].isin([code if code != REST_COUNTRY else "" for code in codes])]
    names = ", ".join(code if code != REST_COUNTRY else "no country" for code in codes)
    entry = {
        "key": REST,
        "label": "Every other country",
        "country": found(REST_COUNTRY, files, f"the tail: {names}"),
    }
    return entry | _terms(own, REST_COUNTRY, False, node, files, refusal)


def _tax(own: pd.DataFrame, code: str, share: float, files: list[str]) -> Noted:
    standard = standard_tax(code) if bool(own["tax_assumed"].any()) else None
    if standard is not None:
        return Noted(standard.value, f"{standard.note}; prices include tax and the files name none: ASK")
    return found(round(min(max(share, 0.0), 1.0), 4), files, "tax over net sales and shipping")


def _terms(
    own: pd.DataFrame, code: str, at_home: bool, node: str, files: list[str], refusal: Noted
) -> dict[str, Any]:
    currency = str(own.groupby("currency")["base"].sum().idxmax())
    net = float((own["net"] + own["shipping"]).sum())
    tax = float(own["tax"].sum()) / net if net > 0.0 else 0.0
    place = "" if at_home else "_abroad"
    per_order = float(own["base"].sum()) / max(own["order_id"].nunique(), 1)
    cost = default("outbound_cost_per_order")
    priced = " (priced in it; the country's own differs)" if currency_of_country(code) != currency else ""
    return {
        "territory": territory_of(code),
        "currency": found(currency, files, f"currency of the orders{priced}"),
        "nodes": [node],
        "return_node": node,
        "backlog_share": default("backlog_share"),
        "last_mile_days": default(f"last_mile_days{place}"),
        "sla_days": default(f"sla_days{place}"),
        "consumption_tax": _tax(own, code, tax, files),
        "outbound_cost_per_order": Noted(round(cost.value * per_order, 2), cost.note),
        "refusal_share": refusal,
        **({"orders_hold": KEPT, "shipping_refund_share": UNPAID} if refusal.value else {}),
        "elasticity": {
            "mean": default("elasticity"),
            "sd": number("elasticity_sd"),
            "source": "default of tradewind: see engine/plan/defaults.yaml",
        },
    }
