"""What ``plan.yaml`` may hold: frozen models, unknown keys refused, every field documented.

Rates are shares (0.15), durations days, money in the currency named beside it. Lists are sorted by key on
loading, so that the order in the file means nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from models.names import LONGEST_DAYS

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
LARGEST = 1e13
"""Largest amount, number of days or rate that a field may hold: beyond it sums lose their cents."""
Positive = Annotated[float, Field(gt=0.0, le=LARGEST, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0.0, le=LARGEST, allow_inf_nan=False)]
PerYear = Annotated[float, Field(ge=0.0, le=366.0, allow_inf_nan=False)]
"""Events a year: at most one a day."""
StageDays = Annotated[float, Field(ge=0.0, le=LONGEST_DAYS, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
Finite = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]


def _calendar_day(value: object) -> object:
    """A day as ISO text or date; numbers, which would be read as seconds since 1970, are refused."""
    if isinstance(value, dt.datetime) or not isinstance(value, (str, dt.date)):
        raise ValueError("a date such as 2026-12-31 is needed")
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("a date such as 2026-12-31 is needed")
    return value


Day = Annotated[dt.date, BeforeValidator(_calendar_day)]


class Model(BaseModel):
    """Frozen and strict about keys: the root of every configuration model."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, str_max_length=500)


class Company(Model):
    """The company and the day its books are closed."""

    name: str
    currency: CurrencyCode
    """Functional currency: every statement is in it."""
    actuals_through: Day
    """Last closed day; must be the last day of a month. The forecast starts on the next day."""


class ListedNormal(Model):
    """A figure that nobody measured here: mean, standard deviation and where it comes from."""

    mean: Finite
    sd: NonNegative
    source: str


class Elasticity(ListedNormal):
    """Own-price elasticity: units never rise with their own price here."""

    mean: Annotated[float, Field(ge=-50.0, le=0.0, allow_inf_nan=False)]
    sd: Annotated[float, Field(ge=0.0, le=50.0, allow_inf_nan=False)]


class SpendResponse(ListedNormal):
    """Elasticity of new customers with respect to spend."""

    mean: Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)]
    sd: Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)]


class PriceRule(Model):
    """How a market's net price answers a lasting change of landed cost."""

    rule: Literal["absorb", "pass_through", "margin_floor"] = "absorb"
    share: Share = 0.0
    """Share of the change of landed cost per unit that the price takes over (pass_through)."""
    lag: NonNegative = 0.0
    """Days between the change of cost and the change of price."""
    floor: Share = 0.0
    """Lowest CM1 share of net price that is accepted before the price rises (margin_floor)."""


class Market(Model):
    """A ship-to market."""

    key: Key
    label: str = ""
    country: CountryCode
    territory: Key
    """Customs territory of the buyer."""
    currency: CurrencyCode
    nodes: tuple[Key, ...]
    """Nodes that may serve the market, in order of preference."""
    return_node: Key
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 1
    """Served first when stock is scarce: 1 before 2; equals share in proportion to demand."""
    backlog_share: Share = 0.5
    """Share of unmet demand that waits; the rest is lost."""
    last_mile_days: Positive = 2.0
    """Mean days from the node's door to the customer."""
    sla_days: Positive = 5.0
    """Promised days from paid to delivered."""
    consumption_tax: Share = 0.0
    """VAT or sales tax share of the net price, charged to the customer on top and remitted."""
    outbound_cost_per_order: NonNegative = 0.0
    """Outbound freight per order, company currency."""
    shipping_income_per_order: NonNegative | None = None
    """What a customer pays for shipping with an order, net of tax, market currency; not given: shipping
    charged over orders of the last 365 days of the history."""
    shipping_refund_share: Share = 0.0
    """Share of it that is paid back with returned and refused units."""
    return_handling_per_unit: NonNegative = 0.0
    """Cost of processing one returned unit, company currency."""
    refusal_share: Share = 0.0
    """Share of delivered units refused at the door in normal times."""
    orders_hold: Literal["placed", "kept"] = "placed"
    """Whether the order history holds every order placed, or only those that were not refused."""
    price_rule: PriceRule = PriceRule()
    elasticity: Elasticity
    """Own-price elasticity of units (negative)."""


class SalesChannel(Model):
    """Where orders are placed: a shop or a marketplace."""

    key: Key
    label: str = ""
    customer_known: bool = True
    """False: orders carry no customer key, demand is forecast as counts."""
    payout_lag_days: NonNegative = 3.0
    reserve_share: Share = 0.0
    """Share of each payout that is held back."""
    reserve_days: NonNegative = 0.0
    marketplace_fee_share: Share = 0.0
    payment_fee_share: Share = 0.0
    payment_fee_per_order: NonNegative = 0.0


class AcquisitionChannel(Model):
    """Where customers are won: Meta, Google, ..."""

    key: Key
    label: str = ""
    payment_days: NonNegative = 30.0
    """Days from the month's end to the payment of that month's spend."""
    response: SpendResponse
    """Elasticity of new customers with respect to spend (diminishing returns: below 1), prior."""
    sales_channel: Key
    """Attribution rule: new customers won here place their orders in this sales channel."""


class Territory(Model):
    """A customs territory."""

    key: Key
    label: str = ""
    valuation: Literal["FOB", "CIF"]
    """Value that ad valorem duty is charged on."""
    import_vat: Share = 0.0
    """Import VAT share; cash at entry, recovered later: never a cost."""
    import_vat_recovery_days: NonNegative = 60.0
    de_minimis: NonNegative = 0.0
    """Parcels up to this retail value (company currency) enter free of duty."""
    entry_fee: NonNegative = 0.0
    """Brokerage and entry fee per purchase order that enters, company currency."""


class Port(Model):
    """A port of entry with customs as a finite resource."""

    key: Key
    label: str = ""
    servers: Annotated[int, Field(ge=1, le=10_000)] = 2
    closures_per_year: PerYear = 0.0
    closure_days: Positive = 2.0
    """Mean length of a closure."""
    clearance_days: Annotated[float, Field(gt=0.0, le=LONGEST_DAYS, allow_inf_nan=False)] = 2.0
    """Mean customs service time, used where the purchase log shows too few entries."""


class Node(Model):
    """A warehouse."""

    key: Key
    label: str = ""
    country: CountryCode
    territory: Key
    port: Key
    """Port its replenishment enters through."""
    pick_capacity: Count = 0
    """Units a day; 0 means unlimited."""
    storage_capacity: Count = 0
    """Units; 0 means unlimited. Overflow is recorded, never blocks."""
    pick_cost_per_unit: NonNegative = 0.0
    pick_cost_per_order: NonNegative = 0.0
    storage_cost_per_unit_month: NonNegative = 0.0


class Supplier(Model):
    """A supplier and its terms."""

    key: Key
    label: str = ""
    country: CountryCode
    """Country of origin of what it makes."""
    currency: CurrencyCode
    capacity_per_week: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    """Units a week over all items."""
    outages_per_year: PerYear = 0.0
    outage_days: Positive = 14.0
    """Mean length of an outage."""
    incoterm: Literal["EXW", "FCA", "FOB", "CIF", "DAP", "DDP"] = "FOB"
    deposit_share: Share = 0.0
    """Paid on the order day."""
    balance_trigger: Literal["ordered", "shipped", "received"] = "shipped"
    net_days: NonNegative = 0.0
    """Days from the trigger to the payment of the balance."""
    backup: Key | None = None
    """Supplier that the failover response switches to."""


class Stage(Model):
    """Mean and standard deviation of one lead-time stage in days, used where the purchase log is too thin."""

    mean: StageDays
    sd: StageDays


class Lane(Model):
    """The way from a supplier to a node."""

    supplier: Key
    node: Key
    mode: Literal["sea", "air", "road", "rail"] = "sea"
    freight_per_kg: NonNegative
    """Company currency per kg."""
    insurance_share: Share = 0.0
    """Share of goods value."""
    production: Stage
    transit: Stage
    inland: Stage


class StockPolicy(Model):
    """(s, S) by node and item, recomputed monthly."""

    service_level: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    review_days: Annotated[int, Field(ge=1, le=92)] = 1
    """Days between two reviews of stock, counted from the first forecast day: orders leave on those only."""
    order_cycle_days: Positive = 30.0
    """Days of expected demand between the reorder level and the order-up-to level."""


class Returns(Model):
    """What becomes of returned units, shares that sum to one, and what is recovered."""

    resale: Share = 0.6
    refurbish: Share = 0.1
    liquidate: Share = 0.2
    scrap: Share = 0.1
    refurbish_cost_share: Share = 0.15
    """Cost of refurbishing as a share of landed cost."""
    liquidation_value_share: Share = 0.3
    """Cash from liquidation as a share of landed cost."""


class FixedCost(Model):
    """A fixed cost per month, company currency, paid on the last day of the month."""

    name: str
    monthly: NonNegative


class Credit(Model):
    """Revolving credit line and term debt, company currency."""

    limit: NonNegative = 0.0
    rate: NonNegative = 0.0
    """Yearly interest rate on the drawn amount."""


class Tax(Model):
    """Corporate income tax."""

    rate: Share = 0.0
    payment_lag_days: NonNegative = 30.0
    """Days from the end of a quarter to the payment of its tax."""


class Capex(Model):
    """A dated investment, company currency, depreciated straight-line."""

    day: Day
    amount: NonNegative
    life_months: Annotated[int, Field(ge=1, le=1200)] = 36


class Finance(Model):
    """Company-level financial terms."""

    fixed_costs: tuple[FixedCost, ...] = ()
    depreciation_monthly: NonNegative = 0.0
    """Depreciation of the assets in the opening balance."""
    capex: tuple[Capex, ...] = ()
    credit: Credit = Credit()
    term_debt_rate: NonNegative = 0.0
    """Yearly interest on the term debt of the opening balance."""
    tax: Tax = Tax()
    contributions: tuple[tuple[Day, Finite], ...] = ()
    """Dated equity contributions (negative: distributions)."""
    discount_rate: NonNegative = 0.10
    """Yearly rate for LTV, continuous."""
    net_realisable_share: Share = 0.6
    """Net realisable value as a share of net price, for the write-down test."""
    return_handling_source: str = ""


class Season(Model):
    """Season of demand in operational time."""

    source: Literal["history", "profile", "none"] = "history"
    profile: tuple[Positive, ...] = ()
    """Twelve monthly factors, January first, mean one, when source is profile."""


class PlanConfig(Model):
    """``plan.yaml`` as a whole."""

    company: Company
    markets: tuple[Market, ...]
    sales_channels: tuple[SalesChannel, ...]
    acquisition_channels: tuple[AcquisitionChannel, ...] = ()
    territories: tuple[Territory, ...]
    ports: tuple[Port, ...]
    nodes: tuple[Node, ...]
    suppliers: tuple[Supplier, ...]
    lanes: tuple[Lane, ...]
    stock_policy: StockPolicy = StockPolicy()
    returns: Returns = Returns()
    finance: Finance = Finance()
    season: Season = Season()
    demand_envelope: Annotated[float, Field(ge=1.0, le=10.0)] = 3.0
    """M of the marked arrivals: no month's demand multiplier may exceed it (what is clipped is printed)."""
    acquisition_envelope: Annotated[float, Field(ge=1.0, le=10.0)] = 2.0
    """A of the marked cohorts: no month's acquisition level may exceed it times plan."""
    accept: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9_.:/\-]{0,127}$")], ...] = ()
    """Names of faults that the company accepts: each becomes a warning; a fault says its name."""
    scenario_weights: dict[str, NonNegative] = {}
    """Probability weights of the scenarios in the mixture; scaled to sum to one; others weigh nothing."""
