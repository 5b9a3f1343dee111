"""The balance sheet by month: accounts as values, totals and the equity roll-forward as live formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.finance.accounts import ASSETS, LIABILITIES
from engine.report.workbook.figures import Figures
from engine.report.workbook.sheet import Sheet, cell, money_width, print_scale
from engine.report.workbook.statement import LABEL_WIDTH, MONTHS_ON_PAGE, signed_sum
from engine.report.workbook.timeline import Timeline
from engine.report.workbook.words import ACCOUNT_WORDS, words

HEADER = 4
OPENING, FIRST = 1, 2
WORKING_ASSETS = ("receivables", "inventory", "inventory_in_transit", "prepayments")
WORKING_LIABILITIES = ("payables", "accrued_marketing")


@dataclass(frozen=True)
class BalanceSheet:
    """Rows by account and total; ``first`` is the column of the first month."""

    rows: Mapping[str, int]
    first: int = FIRST


def write_balance(
    sheet: Sheet,
    figures: Figures,
    timeline: Timeline,
    pnl: Sheet,
    income_row: int,
    subtitle: str,
    footer: str,
) -> BalanceSheet:
    """Accounts at month end; equity rolls forward with the net income of the ladder."""
    sheet.heading("Balance sheet", subtitle)
    sheet.text(2, 0, "Assets, liabilities and equity in their natural (positive) sign", "note")
    table = _Table(sheet, figures, timeline)
    table.header()
    rows: dict[str, int] = {}
    row = HEADER + 1
    for title, names, total in (
        ("Assets", ASSETS, "total_assets"),
        ("Liabilities", LIABILITIES, "total_liabilities"),
    ):
        sheet.text(row, 0, title, "section")
        first = row + 1
        for name in names:
            row += 1
            rows[name] = row
            table.account(row, name)
        row += 1
        rows[total] = row
        table.sum(row, f"Total {title.lower()}", [(1, at) for at in range(first, row)])
        row += 2
    row = _equity(table, rows, row, pnl, income_row)
    sheet.text(row, 0, "Working capital and liquidity (live)", "section")
    working = [(1, rows[name]) for name in WORKING_ASSETS] + [
        (-1, rows[name]) for name in WORKING_LIABILITIES
    ]
    table.sum(row + 1, "Net working capital", working, look="")
    table.sum(row + 2, "Net cash: cash less credit drawn", [(1, rows["cash"]), (-1, rows["credit_line"])], "")
    debt = [(1, rows["credit_line"]), (1, rows["term_debt"]), (-1, rows["cash"])]
    table.sum(row + 3, "Net debt: credit and term debt less cash", debt, look="")
    rows |= {"working_capital": row + 1, "net_cash": row + 2, "net_debt": row + 3}
    if not table.opened:
        sheet.text(row + 5, 0, "Opening balances by account are not recorded in this run.", "note")
    table.finish(rows["total_assets"], footer)
    return BalanceSheet(rows)


def _equity(table: _Table, rows: dict[str, int], row: int, pnl: Sheet, income_row: int) -> int:
    """Opening equity plus net income plus contributions, and what is left to assets less liabilities."""
    sheet, timeline, figures = table.sheet, table.timeline, table.figures
    names = ("equity_opening", "net_income", "contributions", "equity", "difference")
    rows |= {name: row + 1 + offset for offset, name in enumerate(names)}
    opening, income, paid, equity, difference = (rows[name] for name in names)
    sheet.text(row, 0, "Equity: roll-forward (live)", "section")
    for at, label, look in (
        (opening, "Equity at the start of the month", ""),
        (income, "Net income (from the P&L sheet)", ""),
        (paid, "Contributions less distributions", ""),
        (equity, "Total equity", "rung"),
        (difference, "Check: assets less liabilities less equity", "ratio"),
    ):
        sheet.text(at, 0, label, look)
    sheet.number(equity, OPENING, figures.opening_equity, look="rung")
    for at in range(len(timeline.months)):
        column, source = FIRST + at, timeline.month(at)
        before = sheet.value(equity, column - 1)
        sheet.formula(opening, column, f"={cell(equity, column - 1)}", before)
        earned = pnl.value(income_row, source)
        sheet.formula(income, column, f"={pnl.reference(income_row, source)}", earned)
        sheet.number(paid, column, float(figures.contributions[at]))
        value = before + earned + float(figures.contributions[at])
        sheet.formula(
            equity, column, f"=SUM({cell(opening, column)}:{cell(paid, column)})", value, look="rung"
        )
    terms = [(1, rows["total_assets"]), (-1, rows["total_liabilities"]), (-1, equity)]
    for column in table.columns:
        value = sum(sign * sheet.value(at, column) for sign, at in terms)
        sheet.difference(difference, column, signed_sum(terms, column), value, "ratio")
    return difference + 2


class _Table:
    """Columns of the balance sheet: the opening, where it is known, and the end of every month."""

    def __init__(self, sheet: Sheet, figures: Figures, timeline: Timeline) -> None:
        self.sheet, self.figures, self.timeline = sheet, figures, timeline
        self.opened = figures.opening.keys() >= {*ASSETS, *LIABILITIES}
        self.columns = range(OPENING if self.opened else FIRST, FIRST + len(timeline.months))

    def header(self) -> None:
        self.sheet.text(HEADER, 0, "At the end of the month", "head")
        self.sheet.text(HEADER, OPENING, "Opening", "head right")
        for at, month in enumerate(self.timeline.months):
            self.sheet.date(HEADER, FIRST + at, month, "month", "head right")

    def account(self, row: int, name: str) -> None:
        self.sheet.text(row, 0, words(name, ACCOUNT_WORDS))
        if name in self.figures.opening:
            self.sheet.number(row, OPENING, self.figures.opening[name])
        self.sheet.numbers(row, FIRST, self.figures.balance[name])

    def sum(self, row: int, label: str, terms: Sequence[tuple[int, int]], look: str = "rung") -> None:
        self.sheet.text(row, 0, label, look)
        for column in self.columns:
            value = sum(sign * self.sheet.value(at, column) for sign, at in terms)
            self.sheet.formula(row, column, signed_sum(terms, column), value, look=look)

    def finish(self, widest: int, footer: str) -> None:
        sheet = self.sheet
        width = money_width(sheet.value(widest, column) for column in self.columns)
        widths = [LABEL_WIDTH, *(width for _ in range(1 + len(self.timeline.months)))]
        sheet.widths(widths)
        sheet.freeze(HEADER + 1, OPENING)
        sheet.page.repeat_columns(0)
        sheet.paper(footer, wide=True)
        sheet.page.set_print_scale(print_scale(widths[: 2 + MONTHS_ON_PAGE]))
        breaks = range(FIRST + MONTHS_ON_PAGE, FIRST + len(self.timeline.months), MONTHS_ON_PAGE)
        sheet.page.set_v_pagebreaks(list(breaks))
