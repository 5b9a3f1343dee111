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
        "currency",
        "Acquisition cost",
        "fully loaded acquisition spend / new customers",
        "ads, agency, tools, first-order promotion; by market, channel, cohort, blended beside",
        "low",
        action="move spend to the channel whose cohort brings more than it costs",
    ),
    _profit(
        "ltv",
        "currency",
        "Lifetime value",
        "discounted CM2 per acquired customer, before acquisition cost",
        "over the horizon printed, continuous rate, mid-month",
        "high",
        action="raise margin or repeat orders of the cohort that is worth least",
    ),
    _profit(
        "roas",
        "x",
        "Return on advertising spend",
        "attributed net revenue / spend",
        "zone: ROAS against 1 / CM2% of the channel, margin against the company's CM2%",
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
        "from the cohort's curve; not reached within the horizon is infinite",
        "low",
        action="fund the gap or win customers who pay back sooner",
    ),
    _profit(
        "high_value_share",
        "share",
        "High-value customer share",
        "revenue of the chosen customers / revenue",
        "top decile by predicted lifetime value unless configured",
        "none",
        action="keep them first; a falling share of repeat customers is a leak",
    ),
    _profit(
        "repeat_rate",
        "share",
        "Repeat purchase rate",
        "share of a cohort with a second order within the days",
        "90, 180 and 365 days, Kaplan and Meier's estimate for cohorts observed less long",
        "high",
        action="look at the second order before paying for more first ones",
    ),
    _profit(
        "cross_sell",
        "share",
        "Cross-sell ratio",
        "orders with at least two categories / orders",
        "and the same of revenue",
        "high",
        action="bundle what is bought together",
    ),
    _profit(
        "cm3_per_spend",
        "x",
        "CM3 per unit of spend",
        "CM3 / marketing spend",
        "by channel and category",
        "high",
        action="fund the line with more contribution per unit",
    ),
    _profit(
        "cm3_per_capital",
        "x",
        "CM3 per unit of working capital",
        "CM3 / peak working capital",
        "by channel and category",
        "high",
        action="fund the line with more contribution per unit",
    ),
    _profit("lead_rate", "share", "Lead rate", "leads / visitors", "named apart from the other two", "high"),
    _profit("lead_to_order", "share", "Lead to order", "orders / leads", "named apart", "high"),
    _profit("order_conversion", "share", "Order conversion", "orders / visitors", "named apart", "high"),
    _profit(
        "dm_roi",
        "share",
        "dmROI",
        "(attributed revenue - spend) / spend",
        "on revenue",
        "high",
        action="read ROMI first: revenue does not pay the bill",
    ),
    _profit("romi", "share", "ROMI", "(attributed CM2 - spend) / spend", "on margin", "high", minimum=0.0),
)
