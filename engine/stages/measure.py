"""Stage 6: what a block did, reduced to the variables of the cube.

One trial is never read with another.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from engine.finance import kpis
from engine.finance.accounts import BALANCE_NAMES
from engine.finance.lines import COMPANY_LINES, LINES, RUNGS, SEGMENT_LINES, SEGMENT_RUNGS
from engine.finance.metrics import METRICS, STATEMENT_METRICS
from engine.finance.statements import FLOWS, Statements, assemble
from engine.risk.concentration import concentration
from engine.stages.inputs import MeasureInputs
from engine.stages.measure_customers import customer_coordinates, customer_variables, measure_customers
from engine.stages.measure_supply import measure_supply, supply_variables
from engine.stages.outcome import ScenarioOutcome
from models import names
from models.arrays import FloatArray
from models.calendar import MONTHS_IN_QUARTER
from models.errors import TradewindError
from models.names import COUNT, DAYS, MONEY, RATIO, SHARE, UNITS, Variable

UNIT_VARIABLES = {
    "orders": (COUNT, "orders placed"),
    "units_demanded": (UNITS, "units demanded"),
    "units_sold": (UNITS, "units shipped to customers"),
    "units_lost": (UNITS, "units of demand lost for want of stock"),
    "units_returned": (UNITS, "units that came back"),
    "short_item_days": (COUNT, "item-days with lost or waiting demand"),
}
QUARTER_KPIS = {
    "days_inventory": (DAYS, "days inventory outstanding, average balances, days of the quarter"),
    "days_receivables": (DAYS, "days sales outstanding, average balances, days of the quarter"),
    "days_payables": (DAYS, "days payables outstanding, average balances, days of the quarter"),
    "cash_conversion_cycle": (DAYS, "DIO + DSO - DPO, average balances, days of the quarter"),
    "cash_flow_coverage": (
        RATIO,
        "operating cash flow before fixed costs and undrawn credit over fixed costs",
    ),
    "minimum_cash": (MONEY, "lowest net cash at the end of any day of the quarter"),
    "top_1_market_share": (SHARE, "largest market's share of net revenue"),
    "market_hhi": (SHARE, "sum of squared market shares of net revenue"),
    "top_1_channel_share": (SHARE, "largest sales channel's share of net revenue"),
    "channel_hhi": (SHARE, "sum of squared sales channel shares of net revenue"),
    "fill_rate": (SHARE, "units demanded less units lost, over units demanded"),
}


def cube_variables() -> tuple[Variable, ...]:
    """Every variable of the cube, by group."""
    return tuple(_variables())


def _variables() -> Iterable[Variable]:
    yield from _segment_variables()
    yield from _company_variables()
    yield from _quarter_variables()
    yield from customer_variables()
    yield from supply_variables()
    for metric in METRICS:
        yield Variable(metric.name, "horizon", metric.unit, (), f"{metric.formula}; {metric.variant}")
    yield Variable("top_1_item_share", "horizon", SHARE, (), "largest item's share of gross sales")


def _segment_variables() -> Iterable[Variable]:
    """Lines, rungs and units by month and market or sales channel."""
    by_market, by_channel = (names.MONTH, names.MARKET), (names.MONTH, names.SALES_CHANNEL)
    for line in LINES[: len(SEGMENT_LINES)]:
        yield Variable(line.name, "market", MONEY, by_market, line.meaning)
    for rung in SEGMENT_RUNGS:
        yield Variable(rung, "market", MONEY, by_market, f"{rung} by ship-to market")
        yield Variable(rung, "sales_channel", MONEY, by_channel, f"{rung} by sales channel")
    for name, (unit, meaning) in UNIT_VARIABLES.items():
        yield Variable(name, "market", unit, by_market, meaning)


def _company_variables() -> Iterable[Variable]:
    """Figures of the company by month, of suppliers, nodes and acquisition channels, and cash by day."""
    monthly = (names.MONTH,)
    for line in LINES[len(SEGMENT_LINES) :]:
        yield Variable(line.name, "month", MONEY, monthly, line.meaning)
    for rung in RUNGS:
        yield Variable(rung, "month", MONEY, monthly, f"{rung} of the company")
    for account in BALANCE_NAMES:
        yield Variable(f"balance_{account}", "month", MONEY, monthly, f"{account} at month end")
    yield Variable("equity", "month", MONEY, monthly, "opening equity + net income + contributions")
    yield Variable("contributions", "month", MONEY, monthly, "equity paid in")
    yield Variable("duty_paid", "month", MONEY, monthly, "duty paid at entry: cash")
    for flow in FLOWS:
        yield Variable(f"cash_flow_{flow}", "month", MONEY, monthly, f"{flow} cash flow")
    yield Variable(
        "purchases", "supplier", MONEY, (names.MONTH, names.SUPPLIER), "orders placed, at the day's rate"
    )
    yield Variable("units_on_hand", "node", UNITS, (names.MONTH, names.NODE), "units in stock at month end")
    won = (names.MONTH, names.MARKET, names.ACQUISITION_CHANNEL)
    yield Variable("new_customers", "acquisition", COUNT, won, "customers won")
    yield Variable("spend", "acquisition", MONEY, won, "acquisition spend")
    yield Variable("net_cash", "day", MONEY, (names.DAY,), "cash less drawn credit at the end of the day")
    yield Variable("credit_drawn", "day", MONEY, (names.DAY,), "credit drawn at the end of the day")


def _quarter_variables() -> Iterable[Variable]:
    """Rungs and KPIs of the company by quarter."""
    for rung in RUNGS:
        yield Variable(rung, "quarter", MONEY, (names.QUARTER,), f"{rung} of the company")
    for name, (unit, meaning) in QUARTER_KPIS.items():
        yield Variable(name, "quarter", unit, (names.QUARTER,), meaning)


def coordinates(inputs: MeasureInputs) -> dict[str, npt.NDArray[np.generic]]:
    """Labels of every dim of the cube but scenario and trial, each along its own dim: dates (month,),
    (quarter,), (day,), keys (market,), (sales_channel,), (supplier,), ...
    """
    calendar, view = inputs.calendar, inputs.view

    def text(keys: Iterable[str]) -> npt.NDArray[np.generic]:
        return np.array(list(keys), dtype=object)

    return {
        names.MONTH: calendar.month_dates(),
        names.QUARTER: calendar.month_dates()[::MONTHS_IN_QUARTER],
        names.DAY: calendar.dates(),
        names.MARKET: text(view.markets),
        names.SALES_CHANNEL: text(inputs.sales_channels),
        names.ACQUISITION_CHANNEL: text(view.acquisition_channels),
        names.SUPPLIER: text(view.suppliers),
        names.NODE: text(view.nodes),
        names.PORT: text(view.ports),
    } | customer_coordinates(calendar)


def measure(inputs: MeasureInputs, played: ScenarioOutcome) -> dict[str, FloatArray]:
    """Values of every cube variable for one scenario and block, (trial, …) in the dims and the unit that
    ``cube_variables`` names.

    Raises
    ------
    TradewindError : the books do not cover the run, or hold what is no number.
    """
    _check(inputs, played)
    statements = assemble(inputs.finance.opening, played.booked)
    net_cash = np.concatenate([booked.cash.net_cash for booked in played.booked], axis=1)
    drawn = np.concatenate([booked.cash.drawn for booked in played.booked], axis=1)
    purchases = np.stack([booked.purchases for booked in played.booked], axis=1)
    values = _by_market(inputs, played, statements)
    values |= _by_month(statements)
    values |= {
        "supplier/purchases": purchases,
        "node/units_on_hand": played.counts.stock.astype(np.float64),
        "acquisition/new_customers": played.counts.new_customers.astype(np.float64),
        "acquisition/spend": played.spend,
        "day/net_cash": net_cash,
        "day/credit_drawn": drawn,
    }
    values |= _by_quarter(inputs, statements, values, net_cash, drawn)
    values |= _over_horizon(inputs, played, values, purchases)
    values |= measure_customers(inputs, played, statements, values)
    values |= measure_supply(inputs, played, values)
    return values


def _check(inputs: MeasureInputs, played: ScenarioOutcome) -> None:
    """Refuse books that are not what the stage before promises: every month, and numbers only."""
    months, booked = inputs.calendar.months, played.booked
    if len(booked) != months or played.counts.orders.shape[:2] != (len(played.spend), months):
        raise TradewindError(f"books: {months} closed months are needed | got {len(booked)}")
    if not all(np.isfinite(each.segments).all() and np.isfinite(each.cash.net_cash).all() for each in booked):
        raise TradewindError("books: an amount is not a number")


def _over(values: FloatArray, axis: int) -> FloatArray:
    """Sum along an axis, one entry after the other: the same bits for any shape."""
    moved = np.moveaxis(values, axis, 0)
    total = np.zeros(moved.shape[1:])
    for entry in moved:
        total = total + entry
    return total


def _split(inputs: MeasureInputs, by_segment: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By market and by sales channel, from dims (..., segment)."""
    channels = len(inputs.sales_channels)
    grid = by_segment.reshape(*by_segment.shape[:-1], -1, channels)
    return _over(grid, -1), _over(grid, -2)


def _by_market(
    inputs: MeasureInputs, played: ScenarioOutcome, statements: Statements
) -> dict[str, FloatArray]:
    values = {}
    for position, name in enumerate(SEGMENT_LINES):
        values[f"market/{name}"] = _split(inputs, statements.segment_lines[:, :, position])[0]
    for rung in SEGMENT_RUNGS:
        market, channel = _split(inputs, statements.segment_rung(rung))
        values[f"market/{rung}"], values[f"sales_channel/{rung}"] = market, channel
    counted = (
        played.counts.orders,
        played.counts.demanded,
        played.counts.sold,
        played.counts.lost,
        played.counts.returned,
        played.counts.short_item_days,
    )
    for name, units in zip(UNIT_VARIABLES, counted, strict=True):
        values[f"market/{name}"] = _split(inputs, units.astype(np.float64))[0]
    return values


def _by_month(statements: Statements) -> dict[str, FloatArray]:
    values = {f"month/{name}": statements.line(name) for name in COMPANY_LINES}
    values |= {f"month/{rung}": statements.rung(rung) for rung in RUNGS}
    values |= {f"month/balance_{name}": statements.account(name) for name in BALANCE_NAMES}
    values |= {
        f"month/cash_flow_{flow}": statements.cash_flow[:, :, position] for position, flow in enumerate(FLOWS)
    }
    return values | {
        "month/equity": statements.equity,
        "month/contributions": statements.contributions,
        "month/duty_paid": statements.duty_paid,
    }


def _by_quarter(
    inputs: MeasureInputs,
    statements: Statements,
    values: dict[str, FloatArray],
    net_cash: FloatArray,
    drawn: FloatArray,
) -> dict[str, FloatArray]:
    starts = inputs.calendar.month_start[::MONTHS_IN_QUARTER]
    days = np.diff(starts).astype(np.float64)
    rungs = {f"quarter/{rung}": kpis.by_quarter(values[f"month/{rung}"]) for rung in RUNGS}
    cycle = kpis.cash_conversion(inputs.finance.opening.balance, statements, days)
    coverage = kpis.coverage(statements, drawn[:, starts[1:] - 1], inputs.finance.terms.company.credit_limit)
    market = concentration(kpis.by_quarter(values["market/net_revenue"]))
    channel = concentration(kpis.by_quarter(values["sales_channel/net_revenue"]))
    low = [net_cash[:, a:b].min(axis=1) for a, b in itertools.pairwise(starts)]
    demanded = _over(kpis.by_quarter(values["market/units_demanded"]), -1)
    lost = _over(kpis.by_quarter(values["market/units_lost"]), -1)
    measured = {
        "days_inventory": cycle.days_inventory,
        "days_receivables": cycle.days_receivables,
        "days_payables": cycle.days_payables,
        "cash_conversion_cycle": cycle.cycle,
        "cash_flow_coverage": coverage,
        "minimum_cash": np.stack(low, axis=1),
        "top_1_market_share": market.top_1,
        "market_hhi": market.hhi,
        "top_1_channel_share": channel.top_1,
        "channel_hhi": channel.hhi,
        "fill_rate": _fill_rate(demanded, lost),
    }
    return rungs | {f"quarter/{name}": value for name, value in measured.items()}


def _fill_rate(demanded: FloatArray, lost: FloatArray) -> FloatArray:
    """Share of units demanded that were not lost; NaN where nothing was demanded."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(demanded > 0.0, (demanded - lost) / demanded, np.nan)


def _over_horizon(
    inputs: MeasureInputs, played: ScenarioOutcome, values: dict[str, FloatArray], purchases: FloatArray
) -> dict[str, FloatArray]:
    market = concentration(_over(values["market/net_revenue"], 1))
    bought = _over(purchases, 1)
    origins = np.stack(
        [
            _over(
                bought[
                    :, [s for s, key in enumerate(inputs.view.suppliers) if _comes_from(inputs, key, origin)]
                ],
                1,
            )
            for origin in inputs.view.origins
        ],
        axis=1,
    )
    item_sales = np.zeros_like(played.booked[0].item_sales)
    for booked in played.booked:
        item_sales = item_sales + booked.item_sales
    items = concentration(item_sales)
    net = values["day/net_cash"]
    unfunded = np.maximum(-net - inputs.finance.terms.company.credit_limit, 0.0).max(axis=1)
    quarters = values["quarter/cash_conversion_cycle"]
    demanded, lost = (_over(_over(values[f"market/units_{name}"], -1), -1) for name in ("demanded", "lost"))
    rungs = {rung: _over(values[f"month/{rung}"], 1) for rung in RUNGS}
    measured = rungs | {
        "gross_margin": kpis.gross_margin(rungs["net_revenue"], rungs["cm1"]),
        "minimum_cash": net.min(axis=1),
        "unfunded_peak": unfunded,
        "cash_conversion_cycle": _over(quarters, 1) / quarters.shape[1],
        "cash_flow_coverage": values["quarter/cash_flow_coverage"].min(axis=1),
        "top_1_market_share": market.top_1,
        "top_3_market_share": market.top_3,
        "market_hhi": market.hhi,
        "channel_hhi": concentration(_over(values["sales_channel/net_revenue"], 1)).hhi,
        "item_hhi": items.hhi,
        "supplier_hhi": concentration(bought).hhi,
        "origin_hhi": concentration(origins).hhi,
        "fill_rate": _fill_rate(demanded, lost),
    }
    return {f"horizon/{metric.name}": measured[metric.name] for metric in STATEMENT_METRICS} | {
        "horizon/top_1_item_share": items.top_1
    }


def _comes_from(inputs: MeasureInputs, supplier: str, origin: str) -> bool:
    return inputs.view.origin_of_supplier[supplier] == origin
