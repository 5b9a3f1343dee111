"""The registry entries of unit economics (KPIS.md 1 to 5, 21 to 23, 26 to 28): what each figure is and for
whom.
"""

from __future__ import annotations

from functools import partial

from engine.finance.metric import Metric

_profit = partial(Metric, layer=2, owner="Marketing & Product")

UNIT_METRICS = (
    _profit(
        "cac",
        "currency per customer",
        "Acquisition cost",
        "fully loaded acquisition spend / new customers",
        "all that the spend tables hold, over customers won by spend; blended with organic ones beside",
        "low",
        action="move spend to the channel whose cohort brings more than it costs",
    ),
    _profit(
        "ltv",
        "currency per customer",
        "Lifetime value",
        "discounted CM2 per acquired customer, before acquisition cost",
        "over the run, at most 24 months from the first order; continuous rate, mid-month",
        "high",
        action="raise margin or repeat orders of the cohort that is worth least",
    ),
    _profit(
        "roas",
        "x",
        "Return on advertising spend",
        "attributed net revenue / spend",
        "all orders of the customers won in the run; zone: ROAS against 1 / CM2%, CM2% against the company's",
        "high",
        action="scale stars, fix the margin of optimise, test potential, pause problem",
    ),
    _profit(
        "ltv_cac",
        "x",
        "LTV / CAC",
        "CM2 lifetime value / fully loaded acquisition cost",
        "on CM2, never on revenue; P(< 3) and P(< 1) beside",
        "high",
        minimum=3.0,
        action="below 1 stop the channel; below 3 find out whether margin, repeat or cost is to blame",
    ),
    _profit(
        "cac_payback",
        "months",
        "CAC payback",
        "first month in which cumulative discounted CM2 per acquired customer reaches the acquisition cost",
        "from the cohort's curve; not reached within its months counts as one month more",
        "low",
        action="fund the gap or win customers who pay back sooner",
    ),
    _profit(
        "high_value_share",
        "share",
        "High-value customer share",
        "revenue of the chosen customers / revenue",
        "the tenth of today's known customers with most orders expected over two years",
        "none",
        action="keep them first; a falling share of repeat customers is a leak",
    ),
    _profit(
        "repeat_rate",
        "share",
        "Repeat purchase rate",
        "share of a cohort with a second order within the days",
        "365 days; cohorts won in the run and observed so long (history: Kaplan and Meier)",
        "high",
        action="look at the second order before paying for more first ones",
    ),
    _profit(
        "cross_sell",
        "share",
        "Cross-sell ratio",
        "orders with at least two categories / orders",
        "by the lines and item shares of the trial; beyond-chance bundles are in the history only",
        "high",
        action="bundle what is bought together",
    ),
    _profit(
        "cm3_per_spend",
        "x",
        "CM3 per unit of spend",
        "CM3 / marketing spend",
        "the company; by market and sales channel beside",
        "high",
        action="fund the line with more contribution per unit",
    ),
    _profit(
        "cm3_per_capital",
        "x",
        "CM3 per unit of working capital",
        "CM3 / peak working capital",
        "largest month-end receivables, stock, prepayments and import VAT less payables, accruals and taxes",
        "high",
        action="fund the line with more contribution per unit",
    ),
    _profit(
        "lead_rate",
        "share",
        "Lead rate",
        "leads / visitors",
        "where the plan gives visitors and leads",
        "high",
    ),
    _profit(
        "lead_to_order",
        "share",
        "Lead to order",
        "customers won / leads",
        "where the plan gives leads",
        "high",
    ),
    _profit(
        "order_conversion",
        "share",
        "Order conversion",
        "customers won / visitors",
        "where the plan gives visitors",
        "high",
    ),
    _profit(
        "dm_roi",
        "share",
        "dmROI",
        "(attributed revenue - spend) / spend",
        "on revenue of the customers won in the run",
        "high",
        action="read ROMI first: revenue does not pay the bill",
    ),
    _profit(
        "romi",
        "share",
        "ROMI",
        "(attributed CM2 - spend) / spend",
        "on CM2 of the customers won in the run",
        "high",
        minimum=0.0,
    ),
)
