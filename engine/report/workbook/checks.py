"""Live checks: every identity as a difference by month, its largest amount, and one verdict over all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.finance.lines import LINES, RUNGS, SEGMENT_RUNGS
from engine.report.workbook.balance import BalanceSheet
from engine.report.workbook.cash import CashFlow, WeeklyCash
from engine.report.workbook.figures import Figures, month_ends
from engine.report.workbook.pnl import Ladder, Markets
from engine.report.workbook.sheet import Sheet, cell, money_width, print_scale
from engine.report.workbook.statement import MONTHS_ON_PAGE
from engine.report.workbook.timeline import Timeline
from engine.report.workbook.words import RUNG_WORDS, words
from models.arrays import FloatArray

VERDICT_ROW, TOLERANCE_ROW = 3, 4
VALUE_COLUMN = 1
SUMMARY = 7
CENT = 0.01
CHECKS = len(RUNGS) + 1 + len(SEGMENT_RUNGS) + 3 + 4
"""Checks in the list: ladder, markets, balance, cash; a test counts them."""
OK, WRONG = "OK", "DIFFERENCE"
FIRST = 1

Terms = Sequence[tuple[int, str, float]]
"""Sign, reference and value of each part of a difference."""


@dataclass(frozen=True)
class Parts:
    """Sheets and rows that the checks tie together."""

    pnl: Sheet
    ladder: Ladder
    by_market: Sheet
    markets: Markets
    balance: Sheet
    accounts: BalanceSheet
    weekly: Sheet
    weeks: WeeklyCash
    quarterly: Sheet
    flows: CashFlow


class Checks:
    """Differences by month and their verdicts."""

    def __init__(self, sheet: Sheet, figures: Figures, timeline: Timeline, parts: Parts) -> None:
        self.sheet, self.figures, self.timeline, self.parts = sheet, figures, timeline, parts
        self._found: list[tuple[str, int]] = []

    def monthly(self, row: int, label: str, terms_of: Callable[[int], Terms]) -> int:
        """A difference in every month; the next row."""
        for at in range(len(self.timeline.months)):
            self._difference(row, FIRST + at, terms_of(at))
        return self._named(row, label)

    def single(self, row: int, label: str, terms: Terms) -> int:
        """One difference over the horizon; the next row."""
        self._difference(row, FIRST, terms)
        return self._named(row, label)

    def _named(self, row: int, label: str) -> int:
        self.sheet.text(row, 0, label)
        self._found.append((label, row))
        return row + 1

    def _difference(self, row: int, column: int, terms: Terms) -> None:
        formula = "".join(("+" if sign > 0 else "-") + reference for sign, reference, _ in terms)
        value = sum(sign * value for sign, _, value in terms)
        self.sheet.difference(row, column, "=" + formula.removeprefix("+"), value)

    def stored(self, row: int, label: str, months: FloatArray) -> Callable[[int], tuple[str, float]]:
        """A row of amounts (month,) as the run stored them, for others to be held against."""
        self.sheet.text(row, 0, label, "note")
        self.sheet.numbers(row, FIRST, months, "cents", "static")
        return lambda at: (cell(row, FIRST + at), float(months[at]))

    def verdicts(self) -> None:
        """The list of checks with the largest difference of each, and the verdict over all."""
        sheet = self.sheet
        last_month = FIRST + len(self.timeline.months) - 1
        tolerance = cell(TOLERANCE_ROW, VALUE_COLUMN, True)
        sheet.texts(SUMMARY - 1, 0, ("Check",), "head")
        sheet.texts(SUMMARY - 1, 1, ("Largest", "Verdict"), "head right")
        for offset, (label, row) in enumerate(self._found):
            at = SUMMARY + offset
            area = f"{cell(row, FIRST)}:{cell(row, last_month)}"
            held = [sheet.value(row, c) for c in range(FIRST, last_month + 1) if self._holds(row, c)]
            largest = max(max(held), -min(held))
            sheet.text(at, 0, label)
            sheet.formula(at, 1, f"=MAX(MAX({area}),-MIN({area}))", largest, "cents")
            verdict = OK if largest <= CENT else WRONG
            formula = f'=IF({cell(at, 1)}<={tolerance},"{OK}","{WRONG}")'
            sheet.formula(at, 2, formula, verdict, "", "verdict")
        verdicts = f"{cell(SUMMARY, 2)}:{cell(SUMMARY + len(self._found) - 1, 2)}"
        good = all(sheet.shown(SUMMARY + at, 2) == OK for at in range(len(self._found)))
        sheet.text(VERDICT_ROW, 0, "All checks", "bold")
        formula = f'=IF(COUNTIF({verdicts},"{OK}")=ROWS({verdicts}),"{OK}","{WRONG}")'
        sheet.formula(VERDICT_ROW, VALUE_COLUMN, formula, OK if good else WRONG, "", "verdict")
        colour_verdicts(sheet, SUMMARY, 2, SUMMARY + len(self._found) - 1)
        colour_verdicts(sheet, VERDICT_ROW, VALUE_COLUMN, VERDICT_ROW)

    def _holds(self, row: int, column: int) -> bool:
        return self.sheet.holds_number(row, column)


def colour_verdicts(sheet: Sheet, first: int, column: int, last: int) -> None:
    """Green where a verdict is OK, red elsewhere."""
    for verdict, color in ((OK, "#d9f2e3"), (WRONG, "#f8d7d3")):
        sheet.page.conditional_format(
            first,
            column,
            last,
            column,
            {"type": "cell", "criteria": "==", "value": f'"{verdict}"', "format": sheet.styles.fill(color)},
        )


def write_checks(
    sheet: Sheet, figures: Figures, timeline: Timeline, parts: Parts, subtitle: str, footer: str
) -> str:
    """Fill the sheet; the reference of the verdict over all checks."""
    sheet.heading("Checks: every identity, live", subtitle)
    sheet.text(TOLERANCE_ROW, 0, f"Tolerance, {sheet.currency}")
    sheet.number(TOLERANCE_ROW, VALUE_COLUMN, CENT, "cents", "input")
    checks = Checks(sheet, figures, timeline, parts)
    detail = SUMMARY + 2 + CHECKS
    sheet.text(detail, 0, "Differences by month", "head")
    for at, month in enumerate(timeline.months):
        sheet.date(detail, FIRST + at, month, "month", "head right")
    row = _ladder_checks(checks, detail + 1)
    row = _market_checks(checks, row)
    row = _balance_checks(checks, row)
    row = _cash_checks(checks, row)
    checks.verdicts()
    largest = [float(abs(values).max()) for values in figures.rungs.values()]
    widths = [58.0, *(money_width(largest, 11.0) + 2.5 for _ in timeline.months)]
    sheet.widths(widths)
    sheet.freeze(0, 1)
    sheet.paper(footer, wide=True)
    sheet.page.repeat_columns(0)
    sheet.page.set_print_scale(print_scale(widths[: 1 + MONTHS_ON_PAGE]))
    sheet.page.set_v_pagebreaks(list(range(FIRST + MONTHS_ON_PAGE, len(widths), MONTHS_ON_PAGE)))
    return sheet.reference(VERDICT_ROW, VALUE_COLUMN)


def _ladder_checks(checks: Checks, row: int) -> int:
    """Each rung against the run's own, and all lines against the lowest rung."""
    pnl, rows, timeline = checks.parts.pnl, checks.parts.ladder.rows, checks.timeline

    def terms(rung: str, stored: Callable[[int], tuple[str, float]]) -> Callable[[int], Terms]:
        def of(at: int) -> Terms:
            column = timeline.month(at)
            return (
                (1, pnl.reference(rows[rung], column), pnl.value(rows[rung], column)),
                (-1, *stored(at)),
            )

        return of

    for rung in RUNGS:
        label = words(rung, RUNG_WORDS)
        stored = checks.stored(row, f"{label}: as the run stored it", checks.figures.rungs[rung])
        row = checks.monthly(row + 1, f"Ladder: {label}, live less stored", terms(rung, stored))
    lowest = rows[RUNGS[-1]]
    lines: list[tuple[int, str, float]] = [
        (1, pnl.reference(rows[line.name], timeline.total), pnl.value(rows[line.name], timeline.total))
        for line in LINES
    ]
    total = (-1, pnl.reference(lowest, timeline.total), pnl.value(lowest, timeline.total))
    return checks.single(row, "Ladder: all lines of the horizon less net income", [*lines, total])


def _market_checks(checks: Checks, row: int) -> int:
    parts, timeline = checks.parts, checks.timeline
    for rung in SEGMENT_RUNGS:
        here, there = parts.markets.sums[rung], parts.ladder.rows[rung]

        def terms(at: int, here: int = here, there: int = there) -> Terms:
            column = timeline.month(at)
            return (
                (1, parts.by_market.reference(here, column), parts.by_market.value(here, column)),
                (-1, parts.pnl.reference(there, column), parts.pnl.value(there, column)),
            )

        row = checks.monthly(row, f"Markets: {words(rung, RUNG_WORDS)}, sum of markets less company", terms)
    return row


def _balance_checks(checks: Checks, row: int) -> int:
    """Assets against liabilities and equity; equity against the run's own; periods against months."""
    balance, accounts = checks.parts.balance, checks.parts.accounts
    pnl, timeline = checks.parts.pnl, checks.timeline

    def of_account(at: int, name: str, sign: int) -> tuple[int, str, float]:
        column = accounts.first + at
        return (
            sign,
            balance.reference(accounts.rows[name], column),
            balance.value(accounts.rows[name], column),
        )

    row = checks.monthly(
        row,
        "Balance: assets less liabilities less equity",
        lambda at: (
            of_account(at, "total_assets", 1),
            of_account(at, "total_liabilities", -1),
            of_account(at, "equity", -1),
        ),
    )
    equity = checks.stored(row, "Equity: as the run stored it", checks.figures.equity)
    row = checks.monthly(
        row + 1,
        "Balance: equity rolled forward less stored",
        lambda at: (of_account(at, "equity", 1), (-1, *equity(at))),
    )
    lowest = checks.parts.ladder.rows[RUNGS[-1]]
    sums: list[tuple[int, str, float]] = [
        (1, pnl.reference(lowest, timeline.start + at), pnl.value(lowest, timeline.start + at))
        for at in range(len(timeline.quarters))
    ]
    total = (-1, pnl.reference(lowest, timeline.total), pnl.value(lowest, timeline.total))
    return checks.single(row, "Periods: net income, sum of quarters less the horizon", [*sums, total])


def _cash_checks(checks: Checks, row: int) -> int:
    """Cash flows against the balance sheet, the daily series and the weeks."""
    parts, timeline, figures = checks.parts, checks.timeline, checks.figures
    balance, accounts, cash = parts.balance, parts.accounts, figures.cash

    def account(at: int, name: str, sign: int) -> tuple[int, str, float]:
        place = (accounts.rows[name], accounts.first + at)
        return sign, balance.reference(*place), balance.value(*place)

    def closing(at: int) -> tuple[int, str, float]:
        place = (parts.flows.closing, timeline.month(at))
        return 1, parts.quarterly.reference(*place), parts.quarterly.value(*place)

    row = checks.monthly(
        row,
        "Cash: opening plus flows less cash of the balance",
        lambda at: (closing(at), account(at, "cash", -1)),
    )
    daily = checks.stored(row, "Net cash at month end: daily series", cash.mean[month_ends(cash.days)])
    row = checks.monthly(
        row + 1,
        "Cash: net cash of the balance less daily series",
        lambda at: (account(at, "cash", 1), account(at, "credit_line", -1), (-1, *daily(at))),
    )
    weeks, weekly = parts.weeks, parts.weekly
    last_day = cash.weeks[-1][1]
    sheet = checks.sheet
    sheet.text(row, 0, "Net cash on the last day of the weeks: daily series", "note")
    sheet.number(row, FIRST, float(cash.mean[last_day]), "cents", "static")
    row = checks.single(
        row + 1,
        "Cash: weeks rolled forward less daily series",
        (
            (1, weekly.reference(weeks.closing, weeks.last), weekly.value(weeks.closing, weeks.last)),
            (-1, cell(row, FIRST), float(cash.mean[last_day])),
        ),
    )
    opening = (parts.flows.opening, timeline.first_month)
    start: Mapping[str, float] = figures.opening
    sheet.text(row, 0, "Credit drawn at the opening", "note")
    sheet.number(row, FIRST, start["credit_line"], "cents", "static")
    return checks.single(
        row + 1,
        "Cash: opening of the weeks less opening of the quarters",
        (
            (1, weekly.reference(weeks.opening, weeks.first), weekly.value(weeks.opening, weeks.first)),
            (-1, parts.quarterly.reference(*opening), parts.quarterly.value(*opening)),
            (1, cell(row, FIRST), start["credit_line"]),
        ),
    )
