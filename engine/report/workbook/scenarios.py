"""Scenarios against metrics: numbers of the run with their Monte Carlo errors, never formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.finance.metrics import METRICS, Metric
from engine.report.summary import Figure, Summary, limits_of, unit_of
from engine.report.workbook.sheet import NOT_AVAILABLE, Sheet, money_width, print_scale
from engine.risk.errors import Estimate

HEADER = 3
LEVELS = ("mean", "p05", "p50", "p95", "var_95", "cvar_95")
LEVEL_WORDS = {
    "mean": "Mean",
    "p05": "p05",
    "p50": "p50 (median)",
    "p95": "p95",
    "var_95": "VaR 95% (loss positive)",
    "cvar_95": "CVaR 95% (loss positive)",
}
NUMBER_OF_UNIT = {"currency": "money", "share": "share", "days": "days", "x": "x"}
MIXTURE = "mixture by weight"
ERROR_WIDTH, LEVELS_ON_PAGE = 10.5, 4


def number_of(metric: Metric) -> str:
    """Number format of a metric: concentration indices are plain shares."""
    if metric.name.endswith("_hhi"):
        return "plain share"
    return "cents" if metric.unit.startswith("currency per") else NUMBER_OF_UNIT.get(metric.unit, "general")


def write_scenarios(
    sheet: Sheet, summary: Summary, record: Mapping[str, Any], subtitle: str, footer: str
) -> None:
    """P(breach) at a glance, then every metric of every scenario."""
    sheet.heading("Scenarios: every metric over the horizon", subtitle)
    sheet.text(
        2,
        0,
        "Numbers of the run, not formulas. ± is the half-width of the 95% Monte Carlo interval; quantiles "
        "do not add.",
        "note",
    )
    row = _breaches(sheet, summary, record, HEADER + 1)
    row = _table(sheet, summary, row + 2)
    widest = [
        each.estimates[level].value
        for each in summary.figures.values()
        if each.estimates is not None
        for level in LEVELS
        if level in each.estimates
    ]
    width = money_width(widest, 11.0)
    levels = [each for _ in LEVELS for each in (width, ERROR_WIDTH)]
    widths = [26.0, 22.0, 10.0, *levels, 24.0, 11.0, ERROR_WIDTH, width + 2, ERROR_WIDTH]
    sheet.widths(widths)
    sheet.freeze(0, 2)
    sheet.paper(footer, wide=True)
    sheet.page.repeat_columns(0, 2)
    on_page = 3 + 2 * LEVELS_ON_PAGE
    sheet.page.set_print_scale(print_scale([*widths[:3], *widths[on_page:]]))
    sheet.page.set_v_pagebreaks([on_page])


def _breaches(sheet: Sheet, summary: Summary, record: Mapping[str, Any], row: int) -> int:
    """Probability of breach given the scenario, scenario by metric; the next free row."""
    policy = record["policy"]
    judged = [metric for metric in METRICS if limits_of(metric, policy) != (None, None)]
    sheet.text(row, 0, "Probability of breach, given the scenario", "section")
    sheet.texts(row + 1, 0, ("Scenario", "Weight in the mixture", ""), "head")
    for offset, metric in enumerate(judged):
        sheet.text(row + 1, 3 + offset, metric.label, "head right")
        sheet.text(
            row + 2, 3 + offset, summary.figures[summary.scenarios[0], metric.name].threshold, "wrap note"
        )
    first = row + 3
    for offset, scenario in enumerate(summary.scenarios):
        at = first + offset
        sheet.text(at, 0, scenario)
        weight = summary.weights.get(scenario)
        if weight is None:
            sheet.text(at, 1, "none", "right")
        else:
            sheet.number(at, 1, weight, "share")
        for column, metric in enumerate(judged):
            _optional(sheet, at, 3 + column, summary.figures[scenario, metric.name].breach, "share")
    last = first + len(summary.scenarios) - 1
    if summary.mixed:
        last += 1
        sheet.text(last, 0, MIXTURE, "bold")
        for column, metric in enumerate(judged):
            mixed = summary.mixed.get(metric.name)
            _optional(sheet, last, 3 + column, mixed.breach if mixed else None, "share")
    if judged:
        scale = {
            "type": "2_color_scale",
            "min_type": "num",
            "min_value": 0,
            "max_type": "num",
            "max_value": 1,
        }
        colors = {"min_color": "#ffffff", "max_color": "#e69f00"}
        sheet.page.conditional_format(first, 3, last, 2 + len(judged), scale | colors)
    return last + 1


def _optional(sheet: Sheet, row: int, column: int, each: Estimate | None, number: str) -> None:
    if each is None:
        sheet.text(row, column, NOT_AVAILABLE, "right")
    else:
        sheet.number(row, column, each.value, number)


def _table(sheet: Sheet, summary: Summary, row: int) -> int:
    """The long table: one row a metric and scenario; the next free row."""
    sheet.text(row, 0, "Every metric: value and error", "section")
    head = row + 1
    sheet.texts(head, 0, ("Metric", "Scenario", "Unit"), "head")
    titles = [title for level in LEVELS for title in (LEVEL_WORDS[level], "±")]
    sheet.texts(head, 3, titles, "head right")
    after = 3 + len(titles)
    sheet.text(head, after, "Threshold", "head")
    sheet.texts(head, after + 1, ("P(breach)", "±", "Mean less base, same trials", "±"), "head right")
    at = head
    for metric in METRICS:
        rows = [(scenario, summary.figures[scenario, metric.name]) for scenario in summary.scenarios]
        if metric.name in summary.mixed:
            rows.append((MIXTURE, summary.mixed[metric.name]))
        for scenario, figure in rows:
            at += 1
            _row(sheet, at, scenario, figure, unit_of(metric, summary.currency))
    sheet.page.autofilter(head, 0, max(at, head + 1), after + 4)
    return at + 1


def _row(sheet: Sheet, row: int, scenario: str, figure: Figure, unit: str) -> None:
    metric, number = figure.metric, number_of(figure.metric)
    sheet.text(row, 0, metric.label)
    sheet.text(row, 1, scenario)
    sheet.text(row, 2, unit)
    for offset, level in enumerate(LEVELS):
        column = 3 + 2 * offset
        if figure.estimates is None:
            sheet.text(row, column, "not defined" if offset == 0 else "", "right")
            continue
        if level in figure.estimates:
            _pair(sheet, row, column, figure.estimates[level], number)
    after = 3 + 2 * len(LEVELS)
    sheet.text(row, after, figure.threshold)
    if figure.breach is not None:
        _pair(sheet, row, after + 1, figure.breach, "share")
    if figure.difference is not None:
        _pair(sheet, row, after + 3, figure.difference, number)


def _pair(sheet: Sheet, row: int, column: int, each: Estimate, number: str) -> None:
    """Value and half-width beside each other."""
    sheet.number(row, column, each.value, number)
    if each.available:
        sheet.number(row, column + 1, each.half_width, number, "ratio")
    else:
        sheet.text(row, column + 1, NOT_AVAILABLE, "right")
