"""The first sheet: whose figures these are, what is inside, how to read it, and what is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.finance.metrics import METRIC_OF
from engine.report.summary import Summary
from engine.report.workbook.checks import colour_verdicts
from engine.report.workbook.figures import Figures
from engine.report.workbook.pnl import Ladder
from engine.report.workbook.sheet import Sheet
from engine.report.workbook.timeline import Timeline, period_label
from engine.report.workbook.words import RUNG_WORDS, trials_text, words

CONTENTS = {
    "Checks": "every identity of the statements as a live difference by month, with one verdict",
    "Inputs": "every value of the plan with unit and source; thresholds; assumptions made where no file said",
    "P&L": "base case: margin ladder by month, quarter and year; rungs and ratios are live",
    "P&L by market": "base case: the ladder down to CM3 of every ship-to market, with live sums",
    "Balance": "base case: accounts at month end, live totals, equity rolled forward",
    "Cash 13 weeks": "base case: net cash week by week, with its range over trials",
    "Cash quarterly": "base case: cash flow by group for quarters, years and months",
    "Scenarios": "every metric of every scenario: quantiles, errors, probability of breach, change from base",
    "Distributions": "quantile tables and curves of key metrics",
    "Unit economics": "CAC, LTV, LTV/CAC, payback, ROAS and zones by channel, market and scenario",
    "Supply": "service, lead times, customs, stock and returns by scenario, market, lane, port and warehouse",
    "Audit": "what made the run: hashes, files used and rejected, scenarios, versions",
}
READING = (
    "Figures of the base case are means over its trials: they add up over lines, months and markets.",
    "Quantiles (p05, p50, p95) do not add, so they stand as numbers and no formula touches them.",
    "Money is positive when it comes in and negative, in parentheses, when it leaves.",
    "Balances are in their natural sign; VaR and CVaR are losses, positive.",
    "± is the half-width of the 95% Monte Carlo interval; n/a means too few trials to know it.",
    "Tax and interest are values of the run, not formulas.",
)
LEGEND = (
    ("input", "1,234", "input: a value of the plan"),
    ("", "1,234", "value of the run, base case mean, or a live formula on such values"),
    ("rung", "1,234", "live total"),
    ("ratio", "12.3%", "live ratio"),
    ("static", "1,234", "quantile or probability over trials: a number that does not add"),
)
NOT_COMPUTED = ("Backtest: no earlier forecast of this plan is held against its actuals in this run.",)


class Linked(NamedTuple):
    """Cells of other sheets that the cover shows live."""

    pnl: Sheet
    ladder: Ladder
    """Rows of the ladder on ``pnl``."""
    verdict: str
    """Reference to the verdict over all checks."""
    verdict_text: str
    """What that cell shows."""


def write_cover(
    sheet: Sheet,
    figures: Figures,
    summary: Summary,
    record: Mapping[str, Any],
    timeline: Timeline,
    linked: Linked,
    footer: str,
) -> None:
    """Everything a reader needs before the first figure."""
    sheet.text(0, 0, "Forecast workbook", "title")
    sheet.text(1, 0, record["company"], "wrap bold")
    facts = (
        ("Run id", record["run_id"]),
        (
            "Period",
            f"{period_label(timeline.months)}, {len(timeline.months)} months",
        ),
        ("Actuals through", record["actuals_through"]),
        (
            "Currency",
            f"{summary.currency}; amounts in whole {summary.currency} unless a unit stands beside them",
        ),
        ("Trials and seed", f"{trials_text(figures.trials)}, seed {record['seed']}"),
        ("Scenarios", ", ".join(summary.scenarios)),
    )
    row = 3
    for label, value in facts:
        sheet.text(row, 0, label, "bold")
        sheet.text(row, 1, value, "wrap")
        row += 1
    sheet.text(row, 0, "Checks", "bold")
    sheet.formula(row, 1, f"={linked.verdict}", linked.verdict_text, "", "verdict")
    colour_verdicts(sheet, row, 1, row)
    row = _headline(sheet, timeline, linked.pnl, linked.ladder, row + 2)
    row = _contents(sheet, row + 1)
    row = _reading(sheet, row + 1)
    sheet.text(row, 0, "Not computed", "section")
    for each in (*NOT_COMPUTED, *_without_metric(record)):
        row += 1
        sheet.text(row, 0, "not computed", "note")
        sheet.text(row, 1, each, "wrap")
    sheet.widths([34.0, 30.0, *(16.0 for _ in timeline.years), 16.0])
    sheet.freeze(0, 0)
    sheet.paper(footer)


def _headline(sheet: Sheet, timeline: Timeline, pnl: Sheet, ladder: Ladder, row: int) -> int:
    """Rungs of the base case by year and over the horizon, live."""
    sheet.text(row, 0, f"Base case in short, {sheet.currency} (mean over trials, live)", "section")
    first = timeline.total - len(timeline.years)
    sheet.text(row + 1, 0, "", "head")
    for column in range(first, timeline.total + 1):
        sheet.text(row + 1, 1 + column - first, timeline.periods[column - timeline.start].label, "head right")
    for offset, rung in enumerate(RUNG_WORDS):
        at = row + 2 + offset
        sheet.text(at, 0, words(rung, RUNG_WORDS))
        for column in range(first, timeline.total + 1):
            source = (ladder.rows[rung], column)
            sheet.formula(at, 1 + column - first, f"={pnl.reference(*source)}", pnl.value(*source))
    return row + 2 + len(RUNG_WORDS)


def _contents(sheet: Sheet, row: int) -> int:
    sheet.text(row, 0, "Contents", "section")
    for name, what in CONTENTS.items():
        row += 1
        sheet.page.write_url(row, 0, f"internal:'{name}'!A1", sheet.styles.of("link"), name)
        sheet.text(row, 1, what)
    return row + 1


def _reading(sheet: Sheet, row: int) -> int:
    sheet.text(row, 0, "How to read it", "section")
    for each in READING:
        row += 1
        sheet.text(row, 0, each, "")
    row += 1
    for look, shown, meaning in LEGEND:
        row += 1
        sheet.text(row, 0, shown, look)
        sheet.text(row, 1, meaning)
    return row + 2


def _without_metric(record: Mapping[str, Any]) -> Sequence[str]:
    """Thresholds of the policy whose metric the run does not hold."""
    missing = sorted(name for name in record["policy"]["thresholds"] if name not in METRIC_OF)
    return [f"Threshold {name}: no such metric." for name in missing]
