"""Texts of the plan folder, from the templates in ``texts`` and what the data say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template

from engine.templates.online_retail import figures
from engine.templates.online_retail.countries import COUNTRIES, OTHER, Country

_NOBODY = "assumed for the template: nobody measured it for this company"
_ELASTICITY = (
    "listed prior: published own-price elasticities of brands average about -2.6 (Bijmolt, van Heerde and "
    "Pieters 2005); -1.5 is taken for low-priced gifts bought for resale"
)


@dataclass(frozen=True)
class Facts:
    """What the texts take from the data."""

    ledger: str
    """The ledger's file in the plan folder."""
    names: tuple[str, ...]
    """Countries of the ledger that are markets of their own, largest first."""
    edges: tuple[float, ...]
    revenue: float
    """Net revenue of the last twelve months, GBP."""
    weekly_units: Mapping[str, float]
    """Units sold a week of each supplier's items."""
    production: Mapping[str, tuple[float, float]]
    """Mean and standard deviation of the days from order to leaving."""
    fee_share: float
    """Fees that the ledger books, over the sales without customer."""
    kept_share: float
    sold_codes: int
    codes: Mapping[str, str]
    """Codes that are no product, and what they are."""
    scms: Iterable[tuple[str, int]]
    """What became of every SCMS row."""
    days: Mapping[str, float]
    """Mean days from order to receipt by supplier."""

    @property
    def markets(self) -> tuple[Country, ...]:
        """Countries with a market of their own, by code."""
        return tuple(sorted((COUNTRIES[name] for name in self.names), key=lambda country: country.code))


def texts(facts: Facts) -> dict[str, str]:
    """Text of every YAML file of the plan folder, by its place."""
    values = _values(facts)
    places = {
        "plan.yaml": "plan.yaml",
        "policy.yaml": "policy.yaml",
        "assumptions.yaml": "assumptions.yaml",
        "mappings/ledger.yaml": "ledger.yaml",
    }
    folder = resources.files(__package__) / "texts"
    return {
        place: Template((folder / name).read_text(encoding="utf-8")).substitute(values)
        for place, name in places.items()
    }


def _values(facts: Facts) -> dict[str, object]:
    month = facts.revenue / 12.0
    countries = [f"    {json.dumps(name)}: {COUNTRIES[name].code}" for name in sorted(facts.names)]
    codes = [f"    {json.dumps(code)}: {kind}" for code, kind in facts.codes.items()]
    costs = [
        f"    - {{name: {name}, monthly: {share * month:.0f}}}"
        for name, share in figures.FIXED_COST_SHARES.items()
    ]
    markets = [_market(c.code, c.name, c.code, c.territory, c.currency) for c in facts.markets]
    markets.append(_market(OTHER, "Every other country", "ZZ", "ROW", figures.CURRENCY))
    return {
        "as_of": figures.AS_OF,
        "bands": len(facts.edges) + 1,
        "capacity_times": f"{figures.CAPACITY_TIMES:g}",
        "cash_share": f"{figures.CASH_SHARE:.0%}",
        "clearance_days": figures.CLEARANCE_DAYS,
        "codes": "\n".join(codes) if facts.codes else "    {}",
        "cost_share": f"{figures.COST_SHARE:.0%}",
        "countries": "\n".join(countries),
        "cover_days": figures.COVER_DAYS,
        "credit": f"{figures.CREDIT_SHARE * facts.revenue:.0f}",
        "credit_share": f"{figures.CREDIT_SHARE:.0%}",
        "currency": figures.CURRENCY,
        "days": ", ".join(f"{supplier} {value:.1f}" for supplier, value in sorted(facts.days.items())),
        "depreciation": f"{figures.DEPRECIATION_SHARE * month:.0f}",
        "depreciation_share": f"{figures.DEPRECIATION_SHARE:.1%}",
        "duty_source": figures.DUTY_SOURCE,
        "edges": ", ".join(f"{edge:g}" for edge in facts.edges),
        "fee_share": f"{facts.fee_share:.4f}",
        "file": facts.ledger,
        "fixed_asset_share": f"{figures.FIXED_ASSET_SHARE:.0%}",
        "fixed_costs": "\n".join(costs),
        "fixed_share": f"{sum(figures.FIXED_COST_SHARES.values()):.1%}",
        "home": figures.HOME,
        "kept_items": figures.KEPT_ITEMS,
        "kept_share": f"{facts.kept_share:.1%}",
        "kg_per_pound": f"{figures.KG_PER_POUND:g}",
        "lanes": "".join(_lane(key, facts) for key in figures.SUPPLIERS),
        "markets": "".join(markets),
        "nobody": _NOBODY,
        "node": figures.NODE,
        "other": OTHER,
        "pace_days": figures.PACE_DAYS,
        "port": figures.PORT,
        "scms": "; ".join(f"{reason}: {count:,}" for reason, count in facts.scms),
        "snapshot": figures.SNAPSHOT,
        "sold_codes": f"{facts.sold_codes:,}",
        "spend_share": f"{figures.SPEND_SHARE:.1%}",
        "suppliers": "".join(_supplier(key, facts) for key in figures.SUPPLIERS),
        "trade": figures.TRADE,
        "trade_lag": figures.TRADE_LAG,
        "vat": figures.VAT,
        "web": figures.WEB,
        "web_lag": figures.WEB_LAG,
    }


def _market(key: str, label: str, country: str, territory: str, currency: str) -> str:
    home = key == "GB"
    return f"""\
  - key: {key}
    label: {label}
    country: {country}
    territory: {territory}
    currency: {currency}
    nodes: [{figures.NODE}]
    return_node: {figures.NODE}
    backlog_share: 0.7
    last_mile_days: {2.0 if home else 5.0}
    sla_days: {5.0 if home else 10.0}
    consumption_tax: {figures.VAT if home else 0.0}
    outbound_cost_per_order: {figures.OUTBOUND.get(key, figures.OUTBOUND[territory])}
    return_handling_per_unit: 0.05
    price_rule: {{rule: pass_through, share: 0.3, lag: 60}}
    elasticity:
      mean: -1.5
      sd: 0.5
      source: {json.dumps(_ELASTICITY)}
"""


def _supplier(key: str, facts: Facts) -> str:
    capacity = max(round(figures.CAPACITY_TIMES * facts.weekly_units.get(key, 0.0)), 100)
    return f"""\
  - key: {key}
    label: {json.dumps(figures.SUPPLIER_LABEL[key])}
    country: {figures.SUPPLIER_COUNTRY[key]}
    currency: {figures.SUPPLIER_CURRENCY[key]}
    capacity_per_week: {capacity}
    outages_per_year: 0.27   # a month or more every 3.7 years (McKinsey 2020)
    outage_days: 21
    incoterm: FOB
    deposit_share: {figures.DEPOSIT[key]}
    balance_trigger: shipped
    net_days: {figures.NET_DAYS[key]}
    backup: {figures.BACKUP[key]}
"""


def _lane(key: str, facts: Facts) -> str:
    mean, sd = facts.production[key]
    transit, inland = figures.TRANSIT[key], figures.INLAND[key]
    return f"""\
  - supplier: {key}
    node: {figures.NODE}
    mode: {figures.MODE[key]}
    freight_per_kg: {figures.FREIGHT_PER_KG[key]}
    production: {{mean: {mean:.1f}, sd: {sd:.1f}}}
    transit: {{mean: {transit[0]}, sd: {transit[1]}}}
    inland: {{mean: {inland[0]}, sd: {inland[1]}}}
"""
