"""The workbook as a whole: one file, built in memory, the same bytes for the same run."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr
import xlsxwriter

from engine.finance.lines import RUNGS
from engine.report.reading import Source
from engine.report.summary import Summary
from engine.report.workbook.audit import write_audit
from engine.report.workbook.balance import write_balance
from engine.report.workbook.cash import write_quarters, write_weeks
from engine.report.workbook.checks import VALUE_COLUMN, VERDICT_ROW, Parts, write_checks
from engine.report.workbook.cover import CONTENTS, Linked, write_cover
from engine.report.workbook.distributions import write_distributions
from engine.report.workbook.figures import read_figures
from engine.report.workbook.inputs import write_inputs
from engine.report.workbook.pnl import write_markets, write_pnl
from engine.report.workbook.scenarios import write_scenarios
from engine.report.workbook.sheet import Sheet, shortened
from engine.report.workbook.styles import Styles
from engine.report.workbook.supply import write_supply
from engine.report.workbook.timeline import Timeline, period_label
from engine.report.workbook.unit_economics import SHEET, write_unit_economics
from engine.report.workbook.words import trials_text

WORKBOOK = "workbook.xlsx"
COVER = "Cover"
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def write_workbook(path: Path, cube: xr.DataTree, record: Mapping[str, Any], summary: Summary) -> None:
    """Write the workbook of a run beside its place, then rename.

    Parameters
    ----------
    path : file to write.
    cube : the run's cube; the base case is read from it once.
    record : the run's manifest (run.json).
    summary : quantiles, errors and breach probabilities of every scenario.
    """
    data = workbook_bytes(cube, record, summary)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_bytes(data)
    temporary.replace(path)


def workbook_bytes(cube: xr.DataTree, record: Mapping[str, Any], summary: Summary) -> bytes:
    """The workbook as the bytes of a file."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        closed = dt.date.fromisoformat(str(record["actuals_through"]))
        # Not the time of writing: the same run gives the same bytes.
        created = dt.datetime(closed.year, closed.month, closed.day)  # noqa: DTZ001 (a day, no instant)
        title = f"Forecast workbook, run {record['run_id']}"
        book.set_properties({"title": title, "author": "tradewind", "created": created})
        _fill(book, cube, record, summary)
    return buffer.getvalue()


def _fill(book: Any, cube: xr.DataTree, record: Mapping[str, Any], summary: Summary) -> None:
    """Every sheet in the order of the cover's contents."""
    styles = Styles(book)
    figures = read_figures(cube, record)
    timeline = Timeline(figures.months)
    sheets = {name: Sheet(book, name, styles, summary.currency) for name in (COVER, *CONTENTS)}
    company = shortened(record["company"], 60)
    common = f"{company} | run {record['run_id']} | {period_label(timeline.months)}"
    base = f"{common} | {summary.currency} | base case, mean over {trials_text(figures.trials)}"
    spread = f"{common} | {trials_text(figures.trials)}"
    footer = f"{company.replace('&', '&&')}, run {record['run_id']}"
    pnl = sheets["P&L"]
    ladder = write_pnl(pnl, figures, timeline, base, footer)
    markets = write_markets(sheets["P&L by market"], figures, timeline, record, base, footer)
    balance = sheets["Balance"]
    accounts = write_balance(balance, figures, timeline, pnl, ladder.rows[RUNGS[-1]], base, footer)
    weeks = write_weeks(sheets["Cash 13 weeks"], figures, record, base, footer)
    flows = write_quarters(sheets["Cash quarterly"], figures, timeline, base, footer)
    parts = Parts(
        pnl,
        ladder,
        sheets["P&L by market"],
        markets,
        balance,
        accounts,
        sheets["Cash 13 weeks"],
        weeks,
        sheets["Cash quarterly"],
        flows,
    )
    checks = sheets["Checks"]
    verdict = write_checks(checks, figures, timeline, parts, base, footer)
    write_inputs(sheets["Inputs"], record, common, footer)
    write_scenarios(sheets["Scenarios"], summary, record, spread, footer)
    write_distributions(sheets["Distributions"], cube, summary, spread, footer)
    write_unit_economics(sheets[SHEET], summary, spread, footer)
    write_supply(sheets["Supply"], Source(cube, record, summary), spread, footer)
    write_audit(sheets["Audit"], record, common, footer)
    shown = str(checks.shown(VERDICT_ROW, VALUE_COLUMN))
    linked = Linked(pnl, ladder, verdict, shown)
    write_cover(sheets[COVER], figures, summary, record, timeline, linked, footer)
