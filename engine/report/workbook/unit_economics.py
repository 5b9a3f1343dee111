"""Unit economics by scenario, market and acquisition channel: numbers of the run, never formulas."""

from __future__ import annotations

from engine.finance.unit_economics import ZONES
from engine.report.channels import ALL, UNITS, Channels, Line
from engine.report.summary import Summary
from engine.report.workbook.sheet import NOT_AVAILABLE, Sheet, print_scale
from engine.risk.errors import Estimate

SHEET = "Unit economics"
HEADER = 8
TEXTS = ("Scenario", "Market", "Acquisition channel")
FIGURES = {
    "won": "Customers won, mean",
    "spend": "Spend, mean",
    "cac": "CAC",
    "ltv": "LTV",
    "ltv_cac": "LTV/CAC",
    "cac_payback": "Payback, months",
    "roas": "ROAS",
    "cm2_share": "CM2%",
    "dm_roi": "dmROI",
    "romi": "ROMI",
}
MEANS = ("won", "spend")
LEVELS = ("p05", "p50", "p95")
NUMBERS = {
    "count": "integer",
    "currency": "money",
    "currency per customer": "cents",
    "x": "x",
    "months": "days",
    "share": "share",
}
GLANCE = (
    ("won", "mean"),
    ("spend", "mean"),
    ("cac", "p50"),
    ("ltv", "p50"),
    ("ltv_cac", "p05"),
    ("ltv_cac", "p50"),
    ("ltv_cac", "p95"),
    ("cac_payback", "p50"),
    ("roas", "p50"),
    ("cm2_share", "p50"),
    ("romi", "p50"),
)
"""Figures of the first page; every quantile with its error stands to the right."""
CHANCES = ("below_one", "below_policy", "unpaid", *ZONES)


def write_unit_economics(sheet: Sheet, summary: Summary, subtitle: str, footer: str) -> None:
    """One row a scenario, market and acquisition channel; the scenario first, totals in bold."""
    sheet.heading("Unit economics: what a customer won costs and brings", subtitle)
    channels = summary.channels
    if channels is None:
        sheet.text(3, 0, "The plan has no acquisition channel: nobody is won by spend.", "note")
        sheet.paper(footer)
        return
    for offset, note in enumerate(_notes(channels)):
        sheet.text(2 + offset, 0, note, "note")
    _head(sheet, channels)
    row = HEADER
    for line in channels.lines:
        row += 1
        _row(sheet, row, line)
    first = len(TEXTS) + len(GLANCE) + 3
    columns = first + 2 * (sum(1 if n in MEANS else len(LEVELS) for n in FIGURES) + len(CHANCES) + 1)
    widths = [20.0, 12.0, 20.0, *([10.5] * (len(GLANCE) + 2)), 14.0, *([10.5] * (columns - first))]
    sheet.page.autofilter(HEADER, 0, row, columns - 1)
    sheet.widths(widths)
    sheet.freeze(HEADER + 1, 3)
    sheet.paper(footer, wide=True)
    sheet.page.repeat_columns(0, 2)
    sheet.page.set_print_scale(print_scale(widths[:first]))
    sheet.page.set_v_pagebreaks(list(range(first, columns, len(GLANCE) + 3)))


def _notes(channels: Channels) -> tuple[str, ...]:
    months = channels.months
    parts = (
        (
            "Numbers of the run, not formulas; quantiles of trials; ± is the half-width of the 95% Monte",
            "Carlo interval.",
        ),
        (
            f"LTV: CM2 of the {months} months from the first order, discounted at {channels.rate:.1%} a year",
            "(continuous), before CAC; nothing beyond is counted.",
        ),
        (
            "CAC: all that the spend tables hold over customers won by it. ROAS, dmROI, ROMI: the run's",
            "spend and what the customers won in the run brought in it.",
        ),
        (
            f"Payback: {months + 1} stands for: not within {months} months. Zones: ROAS against 1/CM2%, CM2%",
            "against the company's.",
        ),
        (
            "An order is worth its market and sales channel's revenue and CM2 of the month over the orders",
            "placed in it.",
        ),
    )
    return tuple(" ".join(part) for part in parts)


def _head(sheet: Sheet, channels: Channels) -> None:
    sheet.texts(HEADER, 0, TEXTS, "head")
    glance = [f"{FIGURES[name]} {level}" if name not in MEANS else FIGURES[name] for name, level in GLANCE]
    labels = {
        "below_one": "P(LTV/CAC < 1)",
        "below_policy": f"P(LTV/CAC < {channels.policy:g})",
        "unpaid": f"P(not paid back within {channels.months} months)",
    }
    titles = [*glance, labels["below_one"], labels["below_policy"], "Likeliest zone"]
    for name, label in FIGURES.items():
        if name in MEANS:
            titles += [label, "±"]
        else:
            titles += [text for level in LEVELS for text in (f"{label} {level}", "±")]
    titles += [text for name in CHANCES for text in (labels.get(name, f"P({name})"), "±")]
    titles += ["Mean LTV/CAC less base, same trials", "±"]
    sheet.texts(HEADER, len(TEXTS), titles, "head right")


def _row(sheet: Sheet, row: int, line: Line) -> None:
    look = "bold" if line.market == ALL else ""
    channel = "all channels" if line.channel == ALL else line.channel
    sheet.texts(row, 0, (line.scenario, line.market, channel), look)
    column = len(TEXTS)
    for name, level in GLANCE:
        known = line.figures[name]
        _number(sheet, row, column, None if known is None else known[level], NUMBERS[UNITS[name]], look)
        column += 1
    for name in CHANCES[:2]:
        _number(sheet, row, column, line.chances[name], "share", look)
        column += 1
    sheet.text(row, column, line.zone or NOT_AVAILABLE, "right")
    column += 1
    for name in FIGURES:
        number = NUMBERS[UNITS[name]]
        for level in ("mean",) if name in MEANS else LEVELS:
            known = line.figures[name]
            _pair(sheet, row, column, None if known is None else known[level], number)
            column += 2
    for name in CHANCES:
        _pair(sheet, row, column, line.chances[name], "share")
        column += 2
    _pair(sheet, row, column, line.change, "x")


def _number(sheet: Sheet, row: int, column: int, each: Estimate | None, number: str, look: str) -> None:
    """A value; its error stands further to the right."""
    if each is None:
        sheet.text(row, column, NOT_AVAILABLE, "right")
    else:
        sheet.number(row, column, each.value, number, look)


def _pair(sheet: Sheet, row: int, column: int, each: Estimate | None, number: str) -> None:
    """Value and half-width beside each other."""
    if each is None:
        sheet.text(row, column, NOT_AVAILABLE, "right")
        return
    sheet.number(row, column, each.value, number)
    if each.available:
        sheet.number(row, column + 1, each.half_width, number, "ratio")
    else:
        sheet.text(row, column + 1, NOT_AVAILABLE, "right")
