"""Texts of the plan folder: plan.yaml, the mapping of the ledger, policy.yaml and the list of assumptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from engine.templates.online_retail import figures
from engine.templates.online_retail.countries import COUNTRIES, OTHER, Country

_OUTAGE = "a month or more every 3.7 years (McKinsey 2020), as for any maker"
_ELASTICITY = (
    "listed prior: published own-price elasticities of brands average about -2.6 (Bijmolt, van Heerde and Pieters "
    "2005); -1.5 is taken for low-priced gifts bought for resale"
)


@dataclass(frozen=True)
class Facts:
    """What the texts take from the data."""

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
    codes: int
    history: str

    @property
    def markets(self) -> tuple[Country, ...]:
        """Countries with a market of their own, by code."""
        return tuple(sorted((COUNTRIES[name] for name in self.names), key=lambda country: country.code))


def plan_yaml(facts: Facts) -> str:
    """plan.yaml."""
    month = facts.revenue / 12.0
    fixed = "\n".join(
        f"    - {{name: {name}, monthly: {share * month:.0f}}}" for name, share in figures.FIXED_COST_SHARES.items()
    )
    return f"""\
# Online Retail as a plan: orders of a wholesaler of gifts (UCI dataset 352), lead times of SCMS, rates of the
# ECB. What no file tells is an assumption: assumptions.yaml lists each, tradewind check prints them.
# Rates are shares (0.15 is 15%), durations are days, money is in {figures.CURRENCY} unless a currency stands beside it.

company:
  name: Online Retail (UCI 352)
  currency: {figures.CURRENCY}
  actuals_through: {figures.AS_OF}   # the ledger ends on 2011-12-09; December is not closed

markets:
{"".join(_market(c.code, c.name, c.code, c.territory, c.currency) for c in facts.markets)}\
{_market(OTHER, "Every other country", "ZZ", "ROW", figures.CURRENCY)}
sales_channels:
  # orders with a customer number, invoiced
  - {{key: {figures.TRADE}, label: Customers with an account, customer_known: true, payout_lag_days: {figures.TRADE_LAG}, payment_fee_share: 0.005}}
  # orders without one: web sales and tills, paid out by marketplaces and cards
  - {{key: {figures.WEB}, label: Sales without an account, customer_known: false, payout_lag_days: {figures.WEB_LAG}, marketplace_fee_share: {facts.fee_share:.4f}}}

acquisition_channels:
  - key: catalogue
    label: Catalogue and search
    payment_days: 30
    sales_channel: {figures.TRADE}
    response: {{mean: 0.5, sd: 0.2, source: "listed prior: advertising response with diminishing returns; the assumed spend is flat, so the ledger cannot update it"}}

territories:
  - {{key: EU, label: European Union with Great Britain, valuation: CIF, import_vat: {figures.VAT}, import_vat_recovery_days: 60, entry_fee: 120}}
  - {{key: ROW, label: Elsewhere, valuation: CIF}}
  - {{key: US, label: United States, valuation: FOB, de_minimis: 125}}   # duties are in data/tariffs.csv for a market there

ports:
  - {{key: {figures.PORT}, label: Port of entry, servers: 4, closures_per_year: 0.3, closure_days: 3, clearance_days: {figures.CLEARANCE_DAYS}}}

nodes:
  - {{key: {figures.NODE}, label: Warehouse, country: GB, territory: {figures.HOME}, port: {figures.PORT}, pick_cost_per_order: 1.5, pick_cost_per_unit: 0.03, storage_cost_per_unit_month: 0.004}}

suppliers:
{"".join(_supplier(key, facts) for key in figures.SUPPLIERS)}
lanes:
{"".join(_lane(key, facts) for key in figures.SUPPLIERS)}
stock_policy: {{service_level: 0.95, review_days: 14, order_cycle_days: 45}}

returns: {{resale: 0.8, refurbish: 0.0, liquidate: 0.1, scrap: 0.1, liquidation_value_share: 0.3}}

finance:
  fixed_costs:
{fixed}
  depreciation_monthly: {figures.DEPRECIATION_SHARE * month:.0f}
  credit: {{limit: {figures.CREDIT_SHARE * facts.revenue:.0f}, rate: 0.05}}
  tax: {{rate: 0.26, payment_lag_days: 30}}
  discount_rate: 0.10
  net_realisable_share: 0.6
  return_handling_source: "assumed: a minute of a packer's time for a handful of units"

# Twelve closed months show one Christmas: a season needs two. No outside profile fits (the US Census series of
# the data folder is seasonally adjusted), so none is used and the forecast is flat within the year.
season: {{source: none}}
demand_envelope: 2.0
acquisition_envelope: 2.0

scenario_weights:
  base: 0.50
  tariff_15pp: 0.10
  customs_shock: 0.08
  supplier_outage: 0.08
  port_closure: 0.06
  demand_slump: 0.08
  fx_shock: 0.05
  stagflation: 0.05
"""


def _market(key: str, label: str, country: str, territory: str, currency: str) -> str:
    outbound = figures.OUTBOUND.get(key, figures.OUTBOUND[territory])
    tax = figures.VAT if key == "GB" else 0.0
    return f"""\
  - key: {key}
    label: {label}
    country: {country}
    territory: {territory}
    currency: {currency}
    nodes: [{figures.NODE}]
    return_node: {figures.NODE}
    backlog_share: 0.7
    last_mile_days: {2.0 if key == "GB" else 5.0}
    sla_days: {5.0 if key == "GB" else 10.0}
    consumption_tax: {tax}
    outbound_cost_per_order: {outbound}
    return_handling_per_unit: 0.05
    price_rule: {{rule: pass_through, share: 0.3, lag: 60}}
    elasticity: {{mean: -1.5, sd: 0.5, source: {json.dumps(_ELASTICITY)}}}
"""


def _supplier(key: str, facts: Facts) -> str:
    capacity = max(round(figures.CAPACITY_TIMES * facts.weekly_units.get(key, 0.0)), 100)
    return (
        f"  - {{key: {key}, label: {json.dumps(figures.SUPPLIER_LABEL[key])}, country: {figures.SUPPLIER_COUNTRY[key]}, "
        f"currency: {figures.SUPPLIER_CURRENCY[key]}, capacity_per_week: {capacity}, outages_per_year: 0.27, "
        f"outage_days: 21, incoterm: FOB, deposit_share: {figures.DEPOSIT[key]}, balance_trigger: shipped, "
        f"net_days: {figures.NET_DAYS[key]}, backup: {figures.BACKUP[key]}}}\n"
    )


def _lane(key: str, facts: Facts) -> str:
    mean, sd = facts.production[key]
    transit, inland = figures.TRANSIT[key], figures.INLAND[key]
    return (
        f"  - {{supplier: {key}, node: {figures.NODE}, mode: {figures.MODE[key]}, "
        f"freight_per_kg: {figures.FREIGHT_PER_KG[key]}, production: {{mean: {mean:.1f}, sd: {sd:.1f}}}, "
        f"transit: {{mean: {transit[0]}, sd: {transit[1]}}}, inland: {{mean: {inland[0]}, sd: {inland[1]}}}}}\n"
    )


def mapping_yaml(facts: Facts, file: str, codes: Mapping[str, str]) -> str:
    """Mapping of the ledger onto orders."""
    countries = "\n".join(f"    {json.dumps(name)}: {COUNTRIES[name].code}" for name in sorted(facts.names))
    listed = "\n".join(f"    {json.dumps(code)}: {kind}" for code, kind in codes.items())
    edges = ", ".join(f"{edge:g}" for edge in facts.edges)
    return f"""\
# Online Retail's ledger: every line becomes part of an order, or is left out with its reason and amount.
file: {file}
table: orders
layout: transactions
constants: {{sales_channel: {figures.TRADE}, currency: {figures.CURRENCY}}}
values:
  market:
{countries}
    "*": {OTHER}   # every other country is one market
ledger:
  through: {figures.AS_OF}   # December 2011 has nine days only
  anonymous_channel: {figures.WEB}
  # Kept: of the 1,933 invoices with repeated lines 7 repeat all of them. Items were entered more than once; an
  # export done twice would repeat invoices as a whole. What they are worth stands in the notes of the check.
  duplicates: keep
  cancellation_prefixes: [C]
  adjustment_prefixes: [A]
  codes:   # codes that are no product, and what they are
{listed}
  # Codes beyond the {figures.KEPT_ITEMS} that sell most ({facts.kept_share:.1%} of the amount sold; {facts.codes:,} codes were sold) are
  # items by the unit price of the line, bands of about equal amount.
  price_bands:
    prefix: BAND-
    edges: [{edges}]
"""


def policy_yaml() -> str:
    """Thresholds."""
    return f"""\
# Thresholds that the company wants to be told about; min: breached below, max: breached above.
thresholds:
  top_1_market_share: {{max: 0.90}}        # of net revenue by ship-to market
  supplier_redundancy: {{min: 0.80}}       # share of items with two qualified suppliers
  inventory_turnover: {{min: 2, max: 8}}   # a year
  dead_stock: {{max: 0.10}}                # share of items with more than 180 days of cover
  cash_conversion_cycle: {{max: 150}}      # days
  minimum_cash: {{min: 0}}                 # {figures.CURRENCY}, daily
  unfunded_peak: {{max: 0}}                # {figures.CURRENCY} beyond the credit line
"""
