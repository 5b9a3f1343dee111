"""Unit economics of a block: what the customers won cost and bring, by acquisition channel, market and
cohort.

An order is worth its segment's revenue and CM2 of the month over the orders placed in it, so what the orders
of a month bring is shared out in full. One trial is never read with another.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.finance import unit_economics as unit
from engine.finance.statements import Statements
from engine.stages.customer_figures import COHORT_MONTHS, VALUE_MONTHS, CustomerFigures
from engine.stages.inputs import MeasureInputs
from engine.stages.outcome import ScenarioOutcome
from models import names
from models.arrays import FloatArray
from models.calendar import Calendar
from models.demand import RETURN_DAYS
from models.names import CODE, COUNT, MONEY, MONEY_PER_CUSTOMER, MONTHS, PER_CUSTOMER, RATIO, SHARE, Variable

GROUP = "customers"
_CHANNEL = (names.MARKET, names.ACQUISITION_CHANNEL)
_LAST_MONTH = "within the run; beyond it counts as one month more than the horizon"

CHANNEL_VARIABLES = {
    "cac": (MONEY_PER_CUSTOMER, "acquisition spend over customers won, over the run"),
    "ltv": (MONEY_PER_CUSTOMER, "discounted CM2 per customer won, from the cohort curve, before CAC"),
    "ltv_cac": (RATIO, "ltv over cac"),
    "cac_payback": (MONTHS, f"months until discounted CM2 reaches the cost, {_LAST_MONTH}"),
    "orders_per_customer": (PER_CUSTOMER, "orders per customer won over the months of ltv"),
    "roas": (RATIO, "net revenue of the customers won in the run over the spend of the run"),
    "cm2_share": (SHARE, "CM2 over net revenue of the customers won"),
    "dm_roi": (SHARE, "(net revenue - spend) / spend"),
    "romi": (SHARE, "(CM2 - spend) / spend"),
    "zone": (
        CODE,
        f"{', '.join(f'{k} {zone}' for k, zone in enumerate(unit.ZONES))}: return on spend by margin",
    ),
} | {
    f"repeat_rate_{days}": (SHARE, f"customers won who order again within {days} days, all observed so long")
    for days in RETURN_DAYS
}
QUARTER_VARIABLES = {
    "orders": (COUNT, "orders of the customers won in the run, first and later"),
    "net_revenue": (MONEY, "their share of net revenue, by orders"),
    "cm2": (MONEY, "their share of CM2, by orders"),
}


_NO_SPEND = "of a customer that no spend claims"
ORGANIC_VARIABLES = (
    ("organic_ltv", MONEY_PER_CUSTOMER, (names.MARKET,), f"discounted CM2 {_NO_SPEND}, months as of ltv"),
    ("organic_orders_per_customer", PER_CUSTOMER, (names.MARKET,), f"orders {_NO_SPEND}, months as of ltv"),
    (
        "organic_cm2_by_age",
        MONEY_PER_CUSTOMER,
        (names.CUSTOMER_AGE, names.MARKET),
        f"CM2 {_NO_SPEND} by months since the first order, undiscounted",
    ),
)


def customer_variables() -> Iterator[Variable]:
    """Variables of the cube about customers."""
    for name, (unit_of, meaning) in QUARTER_VARIABLES.items():
        yield Variable(name, GROUP, unit_of, (names.QUARTER, *_CHANNEL), meaning)
    by_market = (names.QUARTER, names.MARKET)
    yield Variable("organic_customers", GROUP, COUNT, by_market, "new customers that no spend claims")
    for name, unit_of, dims, meaning in ORGANIC_VARIABLES:
        yield Variable(name, GROUP, unit_of, dims, meaning)
    yield Variable(
        "repeat_revenue_share", GROUP, SHARE, by_market, "net revenue of orders by who ordered before"
    )
    for name, (unit_of, meaning) in CHANNEL_VARIABLES.items():
        yield Variable(name, GROUP, unit_of, _CHANNEL, meaning)
    yield Variable(
        "cm2_by_age",
        GROUP,
        MONEY_PER_CUSTOMER,
        (names.CUSTOMER_AGE, *_CHANNEL),
        "CM2 per customer won by months since, undiscounted, over the cohorts that reach the age in the run",
    )
    for name, unit_of, meaning in (
        ("cohort_ltv", MONEY_PER_CUSTOMER, f"discounted CM2 per customer over {COHORT_MONTHS} months"),
        ("cohort_cac", MONEY_PER_CUSTOMER, "spend over customers won"),
    ):
        yield Variable(
            name, GROUP, unit_of, (names.COHORT, *_CHANNEL), f"{meaning}, by the quarter they were won in"
        )
    by_segment = (names.MARKET, names.SALES_CHANNEL)
    yield Variable("cm3_per_spend", GROUP, RATIO, by_segment, "CM3 over marketing spend, over the run")
    yield Variable(
        "cm3_per_capital",
        GROUP,
        RATIO,
        by_segment,
        "CM3 over its share, by cost of goods sold, of the company's peak working capital",
    )
    yield Variable("cross_sell", GROUP, SHARE, (names.MARKET,), "orders with at least two categories")
    yield Variable("blended_cac", "horizon", MONEY_PER_CUSTOMER, (), "spend over all new customers")
    yield Variable(
        "repeat_revenue_share", "horizon", SHARE, (), "net revenue of orders by who ordered before"
    )


def customer_coordinates(calendar: Calendar) -> dict[str, npt.NDArray[np.generic]]:
    """Labels of the dims that only customers have: first days of cohort (cohort,), customer_age in months
    (customer_age,).
    """
    return {
        names.COHORT: calendar.month_dates()[::3],
        names.CUSTOMER_AGE: np.arange(min(calendar.months, VALUE_MONTHS)),
    }


def measure_customers(
    inputs: MeasureInputs, played: ScenarioOutcome, statements: Statements, values: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Values of those variables and of the unit economics among the metrics, (trial, …) in the dims and unit
    of each; ``values`` are those of the statements.
    """
    company = {rung: values[f"month/{rung}"] for rung in ("net_revenue", "cm2", "cm3")}
    figures = CustomerFigures(inputs, played, statements, company)
    channel = figures.by_channel
    own = {
        **figures.by_quarter,
        **figures.orders,
        **figures.organic,
        **{name: channel[name] for name in CHANNEL_VARIABLES},
        "cm2_by_age": np.ascontiguousarray(np.moveaxis(channel["curve"], -1, 1)),
        **figures.cohorts(),
        **figures.contributions(),
    }
    return {f"{GROUP}/{name}": own[name] for name in own} | {
        f"horizon/{name}": each for name, each in figures.metrics().items()
    }
