"""The metric registry: every headline figure with its unit, formula, variant, threshold and what to do
about it.

Docs, report, summary and thresholds read this table and no other. Thresholds are defaults; ``policy.yaml``
of a plan overrides them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric over the horizon, one number per scenario and trial."""

    name: str
    unit: str
    label: str
    formula: str
    variant: str
    good: str
    """``high`` or ``low``: which way is good; ``none`` where neither is."""

    minimum: float | None = None
    """Breached below."""

    maximum: float | None = None
    """Breached above."""

    layer: int = 1
    """1 health check, 2 profit mining, 3 risk defence."""

    owner: str = "Finance"
    cadence: str = "quarterly"
    action: str = ""


METRICS = (
    Metric(
        "net_revenue",
        "currency",
        "Net revenue",
        "gross sales less refunds, after discounts, without VAT and sales tax",
        "sum over the horizon",
        "high",
        action="compare price, demand and returns by market",
    ),
    Metric(
        "cm1",
        "currency",
        "CM1",
        "net revenue less landed cost of goods sold",
        "sum over the horizon",
        "high",
        owner="Finance & Ops",
        action="renegotiate purchase price, freight and origin where landed cost moved",
    ),
    Metric(
        "cm2",
        "currency",
        "CM2",
        "CM1 less fulfilment, outbound freight, fees and returns",
        "sum over the horizon",
        "high",
        action="look for the line that moved in the market that moved",
    ),
    Metric(
        "cm3",
        "currency",
        "CM3",
        "CM2 less marketing",
        "sum over the horizon",
        "high",
        layer=2,
        owner="Marketing & Product",
        action="move spend to the channel and market whose customers cost least",
    ),
    Metric(
        "ebitda",
        "currency",
        "EBITDA",
        "CM3 less fixed costs and storage",
        "sum over the horizon",
        "high",
        action="cut or delay fixed cost before cash is short",
    ),
    Metric(
        "net_income",
        "currency",
        "Net income",
        "EBITDA less depreciation, interest, fx, tax",
        "sum over the horizon",
        "high",
        action="lower debt and hedge what EBITDA does not explain",
    ),
    Metric(
        "minimum_cash",
        "currency",
        "Minimum cash",
        "lowest cash less drawn credit at the end of any day",
        "daily, before the credit line",
        "high",
        minimum=0.0,
        cadence="weekly",
        action="draw credit, delay purchases, cut spend; arrange funding for the trough",
    ),
    Metric(
        "unfunded_peak",
        "currency",
        "Unfunded peak",
        "largest shortfall of any day beyond the credit line",
        "daily",
        "low",
        maximum=0.0,
        action="arrange funding before the day it is needed",
    ),
    Metric(
        "cash_conversion_cycle",
        "days",
        "Cash conversion cycle",
        "DIO + DSO - DPO",
        "averages of opening and closing balances, days of the period, mean over quarters",
        "low",
        maximum=60.0,
        owner="Finance & Ops",
        action="lower stock cover or renegotiate terms",
    ),
    Metric(
        "cash_flow_coverage",
        "x",
        "Cash-flow coverage",
        "(operating cash flow before fixed cash costs + undrawn credit) / fixed cash costs",
        "lowest quarter",
        "high",
        minimum=1.2,
        action="hold fixed cost, secure the credit line",
    ),
    Metric(
        "top_1_market_share",
        "share",
        "Top-1 market share",
        "largest ship-to market's share of net revenue",
        "over the horizon",
        "low",
        maximum=0.5,
        layer=3,
        owner="Leadership",
        action="grow the second market before the first is shocked",
    ),
    Metric(
        "top_3_market_share",
        "share",
        "Top-3 market share",
        "three largest markets' share of net revenue",
        "over the horizon",
        "low",
        layer=3,
        owner="Leadership",
        action="open or grow markets beyond the three largest",
    ),
    Metric(
        "market_hhi",
        "share",
        "Market HHI",
        "sum of squared market shares",
        "of net revenue, over the horizon",
        "low",
        layer=3,
        owner="Leadership",
        action="spread growth over markets that no single rule can hit together",
    ),
    Metric(
        "channel_hhi",
        "share",
        "Sales channel HHI",
        "sum of squared shares",
        "of net revenue, over the horizon",
        "low",
        layer=3,
        owner="Marketing & Product",
        action="build the sales channel that depends least on one platform's rules",
    ),
    Metric(
        "item_hhi",
        "share",
        "Item HHI",
        "sum of squared shares",
        "of gross sales, over the horizon",
        "low",
        layer=3,
        owner="Marketing & Product",
        action="widen the range behind the best sellers",
    ),
    Metric(
        "supplier_hhi",
        "share",
        "Supplier HHI",
        "sum of squared shares",
        "of purchases, over the horizon",
        "low",
        layer=3,
        owner="Operations",
        action="qualify and order from a second supplier",
    ),
    Metric(
        "origin_hhi",
        "share",
        "Origin HHI",
        "sum of squared shares",
        "of purchases, over the horizon",
        "low",
        layer=3,
        owner="Operations",
        action="qualify a supplier in another country: two in one tariffed country are not redundancy",
    ),
    Metric(
        "fill_rate",
        "share",
        "Fill rate",
        "units not lost / units demanded",
        "over the horizon",
        "high",
        owner="Finance & Ops",
        cadence="weekly",
        action="raise safety stock where units are lost, expedite what is late",
    ),
)

METRIC_NAMES = tuple(metric.name for metric in METRICS)
METRIC_OF = {metric.name: metric for metric in METRICS}
HEADLINE = (
    "net_revenue",
    "cm2",
    "ebitda",
    "minimum_cash",
    "cash_conversion_cycle",
    "top_1_market_share",
    "market_hhi",
)
"""Metrics that every summary shows first."""
