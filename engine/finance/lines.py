"""Lines of the profit and loss account and the margin ladder they form.

Sign rule: positive when money comes in, negative when it leaves, on every line, so that a rung is the plain
sum of the rung above
and its own lines. Prices are net of discount, hence ``gross_sales`` has no discount line below it. Storage
is a cost of holding
stock, not of shipping an order: it stands between CM3 and EBITDA with the fixed costs, company-wide.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A line of the profit and loss account: its name, the rung it enters and what it means."""

    name: str
    rung: str
    meaning: str


RUNGS = ("net_revenue", "cm1", "cm2", "cm3", "ebitda", "net_income")
"""Rungs of the ladder, top to bottom; each is the rung above plus its own lines."""

SEGMENT_RUNGS = RUNGS[:4]
"""Rungs known by market and sales channel; the ones below are known for the company only."""

LINES = (
    Line(
        "gross_sales", "net_revenue", "units shipped at the net price of the day, before returns, without tax"
    ),
    Line("shipping_income", "net_revenue", "what customers pay for shipping with their orders, without tax"),
    Line(
        "refunds",
        "net_revenue",
        "units returned at the net price of the day they arrive, with the shipping paid back",
    ),
    Line("cogs_goods", "cm1", "goods in the moving-average landed cost of units sold, less units restocked"),
    Line("cogs_freight", "cm1", "inbound freight in it"),
    Line("cogs_duty", "cm1", "duty in it: the release on sale of the duty paid at entry"),
    Line("cogs_fees", "cm1", "insurance, brokerage and entry fees in it"),
    Line("inventory_writedown", "cm1", "landed cost above net realisable value"),
    Line("fulfilment", "cm2", "picking and packing"),
    Line("outbound_freight", "cm2", "freight to the customer"),
    Line("parcel_duty", "cm2", "duty on parcels that enter another territory on their way to the customer"),
    Line("payment_fees", "cm2", "payment processing"),
    Line("marketplace_fees", "cm2", "referral fees of marketplaces"),
    Line("returns_processing", "cm2", "handling and refurbishing of returned units"),
    Line("liquidation_recovery", "cm2", "cash for returned units that are sold off"),
    Line("marketing", "cm3", "acquisition spend"),
    Line("fixed_costs", "ebitda", "fixed costs"),
    Line("storage", "ebitda", "storage of stock on hand"),
    Line("depreciation", "net_income", "depreciation of fixed assets"),
    Line("interest", "net_income", "interest on the credit line and term debt"),
    Line("fx_result", "net_income", "remeasurement of receivables, payables and sales tax"),
    Line("tax", "net_income", "income tax"),
)

LINE_NAMES = tuple(line.name for line in LINES)
LINE_INDEX = {name: position for position, name in enumerate(LINE_NAMES)}
SEGMENT_LINES = tuple(line.name for line in LINES if line.rung in SEGMENT_RUNGS)
COMPANY_LINES = tuple(line.name for line in LINES if line.rung not in SEGMENT_RUNGS)


def lines_to(rung: str) -> tuple[str, ...]:
    """Names of all lines that add up to a rung, those of the rungs above included."""
    reached = RUNGS[: RUNGS.index(rung) + 1]
    return tuple(line.name for line in LINES if line.rung in reached)
