"""Cash: the first thirteen weeks from the daily series, and every month and quarter by group of flows."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.finance.statements import FLOWS
from engine.report.summary import LEVELS
from engine.report.workbook.figures import Figures, month_ends
from engine.report.workbook.pnl import dress
from engine.report.workbook.sheet import Sheet, cell, money_width
from engine.report.workbook.statement import LABEL_WIDTH, Statement
from engine.report.workbook.styles import PALETTE
from engine.report.workbook.timeline import Timeline
from engine.report.workbook.words import FLOW_WORDS, words
from models.arrays import FloatArray

HEADER = 3
CENT = 0.01
DATED = {
    "fixed": "Fixed costs (last day of the month)",
    "interest": "Interest (last day of the month)",
    "investing": "Investment (days of the plan)",
    "equity": "Equity paid in, less distributions (days of the plan)",
}
OTHER = "Operating receipts and payments, and tax"
ALL = "All receipts and payments"


@dataclass(frozen=True)
class WeeklyCash:
    """Rows of the weekly sheet; columns run from ``first`` to ``last``."""

    opening: int
    closing: int
    first: int
    last: int


def write_weeks(
    sheet: Sheet, figures: Figures, record: Mapping[str, Any], subtitle: str, footer: str
) -> WeeklyCash:
    """Opening plus flows is closing, week by week; the range over trials below, as numbers."""
    cash = figures.cash
    count, days = len(cash.weeks), cash.weeks[-1][1] + 1
    sheet.heading(f"Cash: the first {count} weeks", subtitle)
    sheet.text(
        HEADER - 1, 0, "Net cash is cash less drawn credit; weeks start on the first forecast day", "note"
    )
    _week_header(sheet, figures)
    flows = _weekly_flows(figures, record)
    opening = HEADER + 3
    closing = opening + len(flows) + 2
    last = 1 + count - 1
    for row, label, look in (
        (opening, "Net cash at the start", ""),
        (closing - 1, "Net cash flow", "bold"),
        (closing, "Net cash at the end", "rung"),
        (closing + 1, "Credit drawn at the end", ""),
        (closing + 2, "Cash at bank at the end", "bold"),
    ):
        sheet.text(row, 0, label, look)
    sheet.number(opening, 1, figures.opening["cash"] - figures.opening["credit_line"])
    for offset, (label, amounts) in enumerate(flows.items()):
        sheet.text(opening + 1 + offset, 0, label)
        sheet.numbers(opening + 1 + offset, 1, amounts)
    for week, (_, end) in enumerate(cash.weeks):
        _roll_week(sheet, 1 + week, opening, closing, float(cash.drawn[end]))
    row = _headroom(sheet, record, closing, last)
    row = _range(sheet, figures, row + 1)
    _chart_weeks(sheet, last, row - 5, row + 1)
    width = money_width(itertools.chain(cash.mean[:days], *cash.levels.values()), 9.5)
    sheet.widths([LABEL_WIDTH + 8, *(width for _ in range(count))])
    sheet.freeze(HEADER + 3, 1)
    sheet.paper(footer)
    return WeeklyCash(opening, closing, 1, last)


def _week_header(sheet: Sheet, figures: Figures) -> None:
    for row, label in enumerate(("Week", "First day", "Last day")):
        sheet.text(HEADER + row, 0, label, "head")
    for week, (first, last) in enumerate(figures.cash.weeks):
        sheet.number(HEADER, 1 + week, week + 1, "integer", "head right")
        for row, day in ((HEADER + 1, first), (HEADER + 2, last)):
            sheet.date(row, 1 + week, _date(figures.cash.days[day]), "date", "head right")


def _date(day: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(day))


def _roll_week(sheet: Sheet, column: int, opening: int, closing: int, drawn: float) -> None:
    """Formulas of one week."""
    if column > 1:
        sheet.formula(opening, column, f"={cell(closing, column - 1)}", sheet.value(closing, column - 1))
    net = closing - 1
    sheet.total(net, column, (opening + 1, column), (net - 1, column), "bold")
    end = sheet.value(opening, column) + sheet.value(net, column)
    sheet.formula(closing, column, f"={cell(opening, column)}+{cell(net, column)}", end, look="rung")
    sheet.number(closing + 1, column, drawn)
    bank = f"={cell(closing, column)}+{cell(closing + 1, column)}"
    sheet.formula(closing + 2, column, bank, end + drawn, look="bold")


def _headroom(sheet: Sheet, record: Mapping[str, Any], closing: int, last: int) -> int:
    """Credit line and what is left with it, where the run recorded the line; the next free row."""
    limit = record.get("terms", {}).get("credit_limit")
    if limit is None:
        return closing + 4
    row = closing + 3
    sheet.text(row, 0, "Credit line")
    sheet.text(row + 1, 0, "Headroom: net cash and credit line", "bold")
    for column in range(1, last + 1):
        sheet.number(row, column, float(limit))
        value = sheet.value(closing, column) + float(limit)
        sheet.formula(row + 1, column, f"={cell(closing, column)}+{cell(row, column)}", value, look="bold")
    return row + 3


def _range(sheet: Sheet, figures: Figures, row: int) -> int:
    """What trials say of each week: numbers, never summed; the next free row."""
    cash = figures.cash
    sheet.text(row, 0, "Range over trials (numbers of the run; quantiles do not add)", "section")
    for offset, (name, level) in enumerate(cash.levels.items()):
        at = row + 1 + offset
        sheet.text(at, 0, f"Net cash at the end, {name}", "static")
        sheet.numbers(at, 1, level, look="static")
    row += 1 + len(cash.levels)
    sheet.text(row, 0, "Lowest day of the week, mean", "static")
    sheet.numbers(row, 1, cash.lowest, look="static")
    sheet.text(row + 1, 0, "Probability of a day below zero", "static")
    sheet.numbers(row + 1, 1, cash.overdrawn, "share", "static")
    return row + 2


def _chart_weeks(sheet: Sheet, last: int, levels: int, row: int) -> None:
    """Quantiles of net cash at the end of each week as lines."""
    chart = sheet.book.add_chart({"type": "line"})
    for offset, dash in enumerate(("dash", "solid", "dash")):
        at = levels + offset
        chart.add_series(
            {
                "name": [sheet.name, at, 0],
                "categories": [sheet.name, HEADER + 2, 1, HEADER + 2, last],
                "values": [sheet.name, at, 1, at, last],
                "line": {"color": PALETTE[0], "width": 2.0 if dash == "solid" else 1.25, "dash_type": dash},
            }
        )
    dress(chart, "Net cash at the end of each week, base case: p05, p50 and p95", sheet.currency)
    chart.set_x_axis({"text_axis": True, "num_format": "d mmm", "label_position": "low"})
    sheet.page.insert_chart(row, 0, chart, {"object_position": 2})


def _weekly_flows(figures: Figures, record: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Mean flows by week: what the plan dates, and the rest of the daily change of net cash."""
    cash = figures.cash
    start = figures.opening["cash"] - figures.opening["credit_line"]
    change = np.diff(cash.mean, prepend=start)
    dated = dated_flows(figures, record)
    rest = change - sum(dated.values(), np.zeros(len(change)))
    by_day = {OTHER if dated else ALL: rest} | {DATED[name]: amounts for name, amounts in dated.items()}
    return {
        label: np.array([amounts[first : last + 1].sum() for first, last in cash.weeks])
        for label, amounts in by_day.items()
    }


def dated_flows(figures: Figures, record: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Mean flows whose day is known, company currency, each (day,): fixed costs and interest on the last day
    of the month, investment and equity on the days of the plan. Empty where plan and cube do not agree to
    the cent.
    """
    days = figures.cash.days
    plan = {str(each["path"]): each["value"] for each in record.get("plan_inputs", ())}
    if not plan:
        return {}
    flows: dict[str, FloatArray] = {}
    ends = month_ends(days)
    for name in ("fixed", "interest"):
        flows[name] = np.zeros(len(days))
        flows[name][ends] = figures.flows[name]
    flows["investing"] = -_on_days(plan, "finance.capex", days)
    flows["equity"] = _on_days(plan, "finance.contributions", days)
    starts = np.array([0, *(end + 1 for end in ends[:-1])])
    for name, months in (("investing", figures.flows["investing"]), ("equity", figures.contributions)):
        if np.abs(np.add.reduceat(flows[name], starts) - months).max() > CENT:
            return {}
    return flows


def _on_days(plan: Mapping[str, Any], path: str, days: Sequence[np.datetime64] | Any) -> FloatArray:
    """Dated amounts of a list of the plan by day of the forecast."""
    amounts = np.zeros(len(days))
    for position in itertools.count():
        if f"{path}[{position}].day" not in plan:
            return amounts
        at = int((np.datetime64(str(plan[f"{path}[{position}].day"])) - days[0]).astype(int))
        if 0 <= at < len(days):
            amounts[at] += float(plan[f"{path}[{position}].amount"])
    return amounts


@dataclass(frozen=True)
class CashFlow:
    """Rows of the cash flow statement."""

    opening: int
    closing: int


def write_quarters(
    sheet: Sheet, figures: Figures, timeline: Timeline, subtitle: str, footer: str
) -> CashFlow:
    """Cash flow by group: months hold the values, periods are live, opening plus flows is closing."""
    sheet.heading("Cash by quarter, year and month", subtitle)
    statement = Statement(sheet, timeline)
    statement.header(HEADER, "Positive: money in; (negative): money out")
    opening = HEADER + 2
    closing = opening + len(FLOWS) + 1
    flows = [opening + 1 + offset for offset in range(len(FLOWS))]
    for row, name in zip(flows, FLOWS, strict=True):
        statement.values(row, words(name, FLOW_WORDS), figures.flows[name])
    statement.carried(opening, closing, "Cash at the start", figures.opening["cash"])
    statement.closed("Cash at the end", flows)
    statement.at_end(closing + 1, "Credit drawn at the end", figures.balance["credit_line"])
    statement.sum(closing + 2, "Net cash at the end", [(1, closing), (-1, closing + 1)], look="bold")
    row = _lowest(sheet, figures, timeline, closing + 4)
    chart = sheet.book.add_chart({"type": "column"})
    first, last = timeline.start, timeline.start + len(timeline.quarters) - 1
    for at, color in ((closing + 2, PALETTE[0]), (closing + 1, PALETTE[1])):
        chart.add_series(
            {
                "name": [sheet.name, at, 0],
                "categories": [sheet.name, HEADER + 1, first, HEADER + 1, last],
                "values": [sheet.name, at, first, at, last],
                "fill": {"color": color},
            }
        )
    dress(chart, "Net cash and credit drawn at the end of each quarter, base case, mean", sheet.currency)
    sheet.page.insert_chart(row + 1, 0, chart, {"object_position": 2})
    amounts = itertools.chain(
        *figures.flows.values(),
        (sheet.value(at, timeline.total) for at in (*flows, closing)),
        (sheet.value(closing, timeline.month(at)) for at in range(len(timeline.months))),
        *figures.lowest_cash.values(),
    )
    statement.finish(HEADER, amounts, footer)
    return CashFlow(opening, closing)


def _lowest(sheet: Sheet, figures: Figures, timeline: Timeline, row: int) -> int:
    """Lowest day of each quarter over trials: numbers, for quarters only; the next free row."""
    sheet.text(row, 0, "Range over trials (numbers of the run; quantiles do not add)", "section")
    for offset, name in enumerate(LEVELS):
        at = row + 1 + offset
        sheet.text(at, 0, f"Net cash on the lowest day, {name}", "static")
        sheet.numbers(at, timeline.start, figures.lowest_cash[name], look="static")
    row += 1 + len(LEVELS)
    sheet.text(row, 0, "Probability of a day below zero", "static")
    sheet.numbers(row, timeline.start, figures.overdrawn, "share", "static")
    return row + 1
