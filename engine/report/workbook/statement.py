"""A table with the timeline in its columns: months hold values or formulas, periods are made from months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.report.workbook.sheet import Sheet, cell, money_width, print_scale
from engine.report.workbook.timeline import Timeline
from models.arrays import FloatArray

LABEL_WIDTH = 36.0
MONTHS_ON_PAGE = 12


class Statement:
    """Rows of one sheet over the timeline; the first column names them."""

    def __init__(self, sheet: Sheet, timeline: Timeline) -> None:
        self.sheet = sheet
        self.timeline = timeline

    def header(self, row: int, corner: str) -> None:
        """Two rows: what the columns are, and each column's name."""
        sheet, line = self.sheet, self.timeline
        for column in range(line.start + len(line.periods) + len(line.months)):
            sheet.text(row, column, "", "band")
        sheet.text(row, line.start, "Periods (live sums of the months)", "band")
        sheet.text(row, line.first_month, "Months", "band")
        sheet.text(row + 1, 0, corner, "head")
        for offset, period in enumerate(line.periods):
            sheet.text(row + 1, line.start + offset, period.label, "head right")
        for at, month in enumerate(line.months):
            sheet.date(row + 1, line.month(at), month, "month", "head right")

    def values(self, row: int, label: str, months: FloatArray, number: str = "money", look: str = "") -> None:
        """Months (month,) as numbers, amounts or units; a period is their sum, so no share belongs here."""
        self.sheet.text(row, 0, label, look)
        for at, value in enumerate(months):
            self.sheet.number(row, self.timeline.month(at), float(value), number, look)
        self._sums(row, look)

    def _sums(self, row: int, look: str) -> None:
        line = self.timeline
        for offset, period in enumerate(line.periods):
            first, last = line.month(period.first), line.month(period.last)
            self.sheet.total(row, line.start + offset, (row, first), (row, last), look)

    def sum(self, row: int, label: str, terms: Sequence[tuple[int, int]], look: str = "rung") -> None:
        """Every column as a live sum of other rows of that column: (sign, row)."""
        self.sheet.text(row, 0, label, look)
        for column in self.timeline.columns:
            self.sheet.formula(row, column, signed_sum(terms, column), self._signed(terms, column), look=look)

    def _signed(self, terms: Sequence[tuple[int, int]], column: int) -> float:
        return sum(sign * self.sheet.value(term, column) for sign, term in terms)

    def ratio(self, row: int, label: str, top: int, bottom: int, sign: int = 1) -> None:
        """Every column as the live ratio of two rows; a text where there is nothing to divide by."""
        self.sheet.text(row, 0, label, "ratio")
        for column in self.timeline.columns:
            write_ratio(self.sheet, (row, column), (top, column), (bottom, column), sign)

    def carried(self, opening: int, closing: int, label: str, start: float, look: str = "") -> None:
        """Opening row of a roll-forward: the first month starts from a value, every other column from a
        closing.

        Call ``closed`` afterwards for the closing row of the same months.
        """
        sheet, line = self.sheet, self.timeline
        sheet.text(opening, 0, label, look)
        sheet.number(opening, line.first_month, start, look=look)
        self._carry = (opening, closing, look)

    def closed(self, label: str, flows: Sequence[int], look: str = "rung") -> None:
        """Closing row: opening plus the flows, month after month and for every period."""
        opening, closing, carried_look = self._carry
        sheet, line = self.sheet, self.timeline
        sheet.text(closing, 0, label, look)
        terms = [(1, opening), *((1, flow) for flow in flows)]
        for at in range(len(line.months)):
            column = line.month(at)
            if at:
                before = sheet.value(closing, column - 1)
                sheet.formula(opening, column, f"={cell(closing, column - 1)}", before, look=carried_look)
            sheet.formula(closing, column, signed_sum(terms, column), self._signed(terms, column), look=look)
        for offset, period in enumerate(line.periods):
            column, first = line.start + offset, line.month(period.first)
            value = sheet.value(opening, first)
            sheet.formula(opening, column, f"={cell(opening, first)}", value, look=carried_look)
            sheet.formula(closing, column, signed_sum(terms, column), self._signed(terms, column), look=look)

    def at_end(self, row: int, label: str, months: FloatArray, look: str = "") -> None:
        """Months (month,) as numbers, amounts at the end of each; a period shows its last month."""
        sheet, line = self.sheet, self.timeline
        sheet.text(row, 0, label, look)
        for at, value in enumerate(months):
            sheet.number(row, line.month(at), float(value), look=look)
        for offset, period in enumerate(line.periods):
            last = line.month(period.last)
            value = sheet.value(row, last)
            sheet.formula(row, line.start + offset, f"={cell(row, last)}", value, look=look)

    def finish(self, header: int, amounts: Iterable[float], footer: str, breaks: Sequence[int] = ()) -> None:
        """Widths, frozen panes and pages: the periods on the first page, twelve months on each other."""
        sheet, line = self.sheet, self.timeline
        width = money_width(amounts)
        widths = [sheet.label_width(LABEL_WIDTH), *(width for _ in line.columns)]
        sheet.widths(widths)
        sheet.freeze(header + 2, line.start)
        sheet.page.repeat_columns(0, line.start - 1)
        sheet.paper(footer, wide=True)
        count = max(len(line.periods), min(MONTHS_ON_PAGE, len(line.months)))
        sheet.page.set_print_scale(print_scale(widths[: 1 + count]))
        sheet.page.set_h_pagebreaks(list(breaks))
        sheet.page.set_v_pagebreaks(
            [line.first_month + at for at in range(0, len(line.months), MONTHS_ON_PAGE)]
        )


def signed_sum(terms: Sequence[tuple[int, int]], column: int) -> str:
    """A formula that adds rows of a column, neighbours as one range."""
    parts: list[str] = []
    at = 0
    while at < len(terms):
        sign, first = terms[at]
        last = first
        while at + 1 < len(terms) and terms[at + 1] == (sign, last + 1):
            at, last = at + 1, last + 1
        area = cell(first, column) if first == last else f"SUM({cell(first, column)}:{cell(last, column)})"
        parts.append(("+" if sign > 0 else "-") + area)
        at += 1
    text = "".join(parts)
    return "=" + text.removeprefix("+")


def write_ratio(
    sheet: Sheet, at: tuple[int, int], top: tuple[int, int], bottom: tuple[int, int], sign: int = 1
) -> None:
    """A live ratio; "n/a" where there is nothing to divide by."""
    below = sheet.value(*bottom)
    value: float | str = sign * sheet.value(*top) / below if below != 0.0 else "n/a"
    minus = "-" if sign < 0 else ""
    formula = f'=IF({cell(*bottom)}=0,"n/a",{minus}{cell(*top)}/{cell(*bottom)})'
    sheet.formula(*at, formula, value, "share", "ratio")
