"""Quantile tables of key metrics by scenario and their curves: numbers of the run, never formulas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from engine.finance.metrics import HEADLINE, METRIC_OF, Metric
from engine.report.summary import Summary, unit_of
from engine.report.workbook.pnl import dress
from engine.report.workbook.scenarios import number_of
from engine.report.workbook.sheet import Sheet, money_width
from engine.report.workbook.styles import NUMBERS, PALETTE
from models.arrays import FloatArray
from models.names import SCENARIO

LEVELS = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
KEY_METRICS = (*HEADLINE, "unfunded_peak", "cash_flow_coverage", "fill_rate")
CHARTED = ("net_revenue", "ebitda", "minimum_cash", "cash_conversion_cycle")
HEADER = 4
FIRST = 4
CHART_ROWS, CHART_COLUMNS = 19, 8


def write_distributions(
    sheet: Sheet, cube: xr.DataTree, summary: Summary, subtitle: str, footer: str
) -> None:
    """Quantiles, mean and standard deviation of each key metric under each scenario, and four charts."""
    sheet.heading("Distributions of key metrics over trials", subtitle)
    sheet.text(
        2, 0, "Numbers of the run, not formulas; a quantile of a sum is not the sum of quantiles.", "note"
    )
    if summary.trials == 1:
        sheet.text(3, 0, "One trial: every quantile is that trial, and there is no spread.", "note")
    names = ("Mean", "Standard deviation", "Lowest", "Highest")
    sheet.texts(HEADER, 0, ("Metric", "Scenario", "Unit", "Trials"), "head")
    sheet.texts(HEADER, FIRST, [f"p{100 * level:02.0f}" for level in LEVELS], "head right")
    sheet.texts(HEADER, FIRST + len(LEVELS), names, "head right")
    horizon = cube["horizon"].to_dataset()
    order = [str(name) for name in horizon[SCENARIO].values]
    row, rows, widest = HEADER, {}, [0.0]
    for name in KEY_METRICS:
        metric, values = METRIC_OF[name], np.asarray(horizon[name].values)
        for scenario in summary.scenarios:
            row += 1
            rows[name, scenario] = row
            widest += _row(sheet, row, metric, scenario, values[order.index(scenario)], summary.currency)
    sheet.page.autofilter(HEADER, 0, row, FIRST + len(LEVELS) + len(names) - 1)
    _charts(sheet, summary, rows, row + 2)
    width = money_width(widest, 10.5)
    sheet.widths([24.0, 20.0, 8.0, 8.0, *(width for _ in range(len(LEVELS) + len(names)))])
    sheet.freeze(HEADER + 1, 2)
    sheet.paper(footer)


def _row(
    sheet: Sheet, row: int, metric: Metric, scenario: str, values: FloatArray, currency: str
) -> list[float]:
    """One distribution; where a metric is not defined in every trial, those in which it is."""
    defined = values[np.isfinite(values)]
    number = number_of(metric)
    sheet.texts(row, 0, (metric.label, scenario, unit_of(metric, currency)))
    sheet.number(row, 3, float(len(defined)), "integer")
    if not len(defined):
        sheet.text(row, FIRST, "not defined", "right")
        return []
    levels = [float(each) for each in np.quantile(defined, LEVELS)]
    spread = float(defined.std(ddof=1)) if len(defined) > 1 else float("nan")
    moments = [float(defined.mean()), spread, float(defined.min()), float(defined.max())]
    sheet.numbers(row, FIRST, [*levels, *moments], number)
    return [*levels, moments[0]] if metric.unit == "currency" else []


def _charts(sheet: Sheet, summary: Summary, rows: Mapping[tuple[str, str], int], row: int) -> None:
    """Quantile curves, one chart a metric, one line a scenario."""
    for position, name in enumerate(CHARTED):
        metric = METRIC_OF[name]
        chart = sheet.book.add_chart({"type": "line"})
        drawn = [each for each in summary.scenarios if sheet.holds_number(rows[name, each], FIRST)]
        for offset, scenario in enumerate(drawn):
            at = rows[name, scenario]
            chart.add_series(
                {
                    "name": [sheet.name, at, 1],
                    "categories": [sheet.name, HEADER, FIRST, HEADER, FIRST + len(LEVELS) - 1],
                    "values": [sheet.name, at, FIRST, at, FIRST + len(LEVELS) - 1],
                    "line": {
                        "color": PALETTE[offset % len(PALETTE)],
                        "width": 2.5 if offset == 0 else 1.25,
                        "dash_type": "solid" if offset < len(PALETTE) else "dash",
                    },
                }
            )
        if not drawn:
            continue
        number = NUMBERS[number_of(metric)].split(";")[0].replace("_)", "")
        negative = f"({number})"
        dress(
            chart,
            f"{metric.label}: value by quantile of the trials",
            unit_of(metric, summary.currency),
            f"{number};{negative}",
        )
        chart.set_size({"width": 760, "height": 340})
        place = (row + CHART_ROWS * (position // 2), 0 if position % 2 == 0 else CHART_COLUMNS)
        sheet.page.insert_chart(*place, chart, {"object_position": 2})
