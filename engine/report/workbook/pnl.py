"""The margin ladder of the base case: every line a value, every rung and ratio a live formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.finance.lines import LINES, RUNGS, SEGMENT_RUNGS
from engine.report.workbook.figures import Figures
from engine.report.workbook.sheet import Sheet, cell
from engine.report.workbook.statement import Statement, write_ratio
from engine.report.workbook.styles import PALETTE
from engine.report.workbook.timeline import Timeline
from engine.report.workbook.words import LINE_WORDS, RUNG_WORDS, market_label, words
from models.arrays import FloatArray

HEADER = 3
RATIOS = (
    ("Refunds, share of gross sales", "refunds", "gross_sales", -1),
    ("CM1 margin, share of net revenue", "cm1", "net_revenue", 1),
    ("CM2 margin, share of net revenue", "cm2", "net_revenue", 1),
    ("CM3 margin, share of net revenue", "cm3", "net_revenue", 1),
    ("Marketing, share of net revenue", "marketing", "net_revenue", -1),
    ("EBITDA margin, share of net revenue", "ebitda", "net_revenue", 1),
)
CHART_ROWS = 19


@dataclass(frozen=True)
class Ladder:
    """Rows of a ladder by line and rung."""

    rows: Mapping[str, int]
    last: int


def write_ladder(
    statement: Statement, row: int, lines: Mapping[str, FloatArray], rungs: tuple[str, ...]
) -> Ladder:
    """Write lines (month,), company currency, and rungs from a row on: a rung is the rung above plus its own
    lines.
    """
    rows: dict[str, int] = {}
    above: list[tuple[int, int]] = []
    for rung in rungs:
        terms = list(above)
        for line in LINES:
            if line.rung == rung:
                statement.values(row, words(line.name, LINE_WORDS), lines[line.name], look="")
                rows[line.name] = row
                terms.append((1, row))
                row += 1
        statement.sum(row, words(rung, RUNG_WORDS), terms)
        rows[rung] = row
        above = [(1, row)]
        row += 1
    return Ladder(rows, row - 1)


def write_pnl(sheet: Sheet, figures: Figures, timeline: Timeline, subtitle: str, footer: str) -> Ladder:
    """The ladder of the company, its ratios, what each line means, and a chart by quarter."""
    sheet.heading("Profit and loss: the margin ladder", subtitle)
    statement = Statement(sheet, timeline)
    statement.header(HEADER, "Positive: money in; (negative): money out")
    ladder = write_ladder(statement, HEADER + 2, figures.lines, RUNGS)
    row = ladder.last + 2
    sheet.text(row, 0, "Ratios of the means (live)", "section")
    for label, top, bottom, sign in RATIOS:
        row += 1
        statement.ratio(row, label, ladder.rows[top], ladder.rows[bottom], sign)
    row += 2
    statement.values(row, "Memo: duty paid at entry (cash)", figures.duty_paid, look="")
    row += 2
    chart_row = row
    chart_by_quarter(sheet, timeline, ladder, HEADER + 1, row)
    row += CHART_ROWS
    sheet.text(row, 0, "What the lines are", "section")
    for line in LINES:
        row += 1
        sheet.text(row, 0, words(line.name, LINE_WORDS), "")
        sheet.text(row, 1, line.meaning, "note")
    row += 1
    sheet.text(row, 0, "Tax and interest are values of the run, not formulas.", "note")
    amounts = [sheet.value(at, timeline.total) for at in ladder.rows.values()]
    statement.finish(HEADER, amounts, footer, [chart_row])
    return ladder


def chart_by_quarter(sheet: Sheet, timeline: Timeline, ladder: Ladder, header: int, row: int) -> None:
    """Net revenue, CM2 and EBITDA by quarter as columns."""
    chart = sheet.book.add_chart({"type": "column"})
    first, last = timeline.start, timeline.start + len(timeline.quarters) - 1
    for color, name in zip(PALETTE, ("net_revenue", "cm2", "ebitda"), strict=False):
        at = ladder.rows[name]
        chart.add_series(
            {
                "name": [sheet.name, at, 0],
                "categories": [sheet.name, header, first, header, last],
                "values": [sheet.name, at, first, at, last],
                "fill": {"color": color},
            }
        )
    dress(chart, "Base case by quarter, mean over trials", sheet.currency)
    sheet.page.insert_chart(row, 0, chart, {"object_position": 2})


def dress(chart: Any, title: str, unit: str, number: str = "#,##0;(#,##0)") -> None:
    """Title, unit, legend and size, alike on every chart."""
    font = {"name": "Arial", "size": 9}
    chart.set_title({"name": title, "name_font": {"name": "Arial", "size": 11}, "overlay": False})
    chart.set_y_axis(
        {
            "name": unit,
            "num_format": number,
            "num_font": font,
            "name_font": font,
            "major_gridlines": {"visible": True, "line": {"color": "#e4e7ea"}},
        }
    )
    chart.set_x_axis({"num_font": font, "label_position": "low"})
    chart.set_legend({"position": "bottom", "font": font})
    chart.set_size({"width": 880, "height": 340})


@dataclass(frozen=True)
class Markets:
    """Rows of the sheet by market: the sums over markets of every rung, and each market's ladder."""

    sums: Mapping[str, int]
    ladders: Mapping[str, Ladder]


def write_markets(
    sheet: Sheet,
    figures: Figures,
    timeline: Timeline,
    record: Mapping[str, Any],
    subtitle: str,
    footer: str,
) -> Markets:
    """Ladders down to CM3 of every market, their live sums in front."""
    sheet.heading("Profit and loss by ship-to market, down to CM3", subtitle)
    statement = Statement(sheet, timeline)
    statement.header(HEADER, "Positive: money in; (negative): money out")
    count = len(figures.markets)
    summary = HEADER + 2
    block = 2 + len(SEGMENT_RUNGS) + sum(line.rung in SEGMENT_RUNGS for line in LINES) + 1
    top = summary + (len(SEGMENT_RUNGS) + 1) * (count + 2) + 1 + CHART_ROWS
    ladders = {}
    for position, key in enumerate(figures.markets):
        row = top + position * block
        sheet.text(row, 0, market_label(record, key), "section")
        lines = {name: np.asarray(values[:, position]) for name, values in figures.market_lines.items()}
        ladder = write_ladder(statement, row + 1, lines, SEGMENT_RUNGS)
        statement.ratio(ladder.last + 1, "CM3 margin", ladder.rows["cm3"], ladder.rows["net_revenue"])
        ladders[key] = ladder
    sums = {}
    row = summary
    for rung in SEGMENT_RUNGS:
        row, sums[rung] = _rung_by_market(statement, figures, record, ladders, rung, row)
    _shares(statement, figures, record, row, sums["net_revenue"])
    chart_row = row + count + 2
    _chart_markets(sheet, timeline, count, sums["net_revenue"], HEADER + 1, chart_row)
    amounts = [sheet.value(at, timeline.total) for at in sums.values()]
    breaks = [ladder.rows["gross_sales"] - 1 for ladder in ladders.values()]
    statement.finish(HEADER, amounts, footer, breaks)
    return Markets(sums, ladders)


def _rung_by_market(
    statement: Statement,
    figures: Figures,
    record: Mapping[str, Any],
    ladders: Mapping[str, Ladder],
    rung: str,
    row: int,
) -> tuple[int, int]:
    """One rung of every market and their sum; the next free row and the row of the sum."""
    sheet = statement.sheet
    sheet.text(row, 0, words(rung, RUNG_WORDS), "section")
    first = row + 1
    for offset, key in enumerate(figures.markets):
        at = first + offset
        sheet.text(at, 0, market_label(record, key))
        source = ladders[key].rows[rung]
        for column in statement.timeline.columns:
            sheet.formula(at, column, f"={cell(source, column)}", sheet.value(source, column))
    total = first + len(figures.markets)
    statement.sum(total, f"{words(rung, RUNG_WORDS)}, all markets", [(1, at) for at in range(first, total)])
    return total + 1, total


def _shares(statement: Statement, figures: Figures, record: Mapping[str, Any], row: int, total: int) -> None:
    """Share of net revenue by market."""
    sheet = statement.sheet
    sheet.text(row, 0, "Share of net revenue", "section")
    for offset, key in enumerate(figures.markets):
        at, source = row + 1 + offset, total - len(figures.markets) + offset
        sheet.text(at, 0, market_label(record, key), "ratio")
        for column in statement.timeline.columns:
            write_ratio(sheet, (at, column), (source, column), (total, column))


def _chart_markets(sheet: Sheet, timeline: Timeline, count: int, total: int, header: int, row: int) -> None:
    """Net revenue by quarter, markets stacked."""
    chart = sheet.book.add_chart({"type": "column", "subtype": "stacked"})
    first, last = timeline.start, timeline.start + len(timeline.quarters) - 1
    for offset in range(count):
        at = total - count + offset
        chart.add_series(
            {
                "name": [sheet.name, at, 0],
                "categories": [sheet.name, header, first, header, last],
                "values": [sheet.name, at, first, at, last],
                "fill": {"color": PALETTE[offset % len(PALETTE)]},
            }
        )
    dress(chart, "Net revenue by market and quarter, base case, mean over trials", sheet.currency)
    sheet.page.insert_chart(row, 0, chart, {"object_position": 2})
