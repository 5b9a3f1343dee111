"""One sheet of the workbook: text that stays text, numbers, and formulas that know their value.

A text is always written as a string, never handed to a function that guesses; a formula is written only by
code, with the value it has, so that a reader without a calculator sees the same figures.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Any

from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

from engine.report.workbook.styles import LOOKS, Styles

LONGEST_TEXT = 32_000
"""Characters of a cell; the file format allows 32,767."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\N{MINUS SIGN}")
A4, INCHES_PER_CHARACTER, PAGE_INCHES = 9, 9.6 / 96.0, 10.7
TEXT_PER_CHARACTER, LINE_POINTS, TITLE_POINTS = 1.3, 12.0, 24.0
"""Letters of running text in a column of width one; height of a line of it and of a title."""
WIDEST_COLUMN, HIGHEST_ROW = 120.0, 409.0
NOT_AVAILABLE = "n/a"
DIFFERENCE_DIGITS = 4


class Sheet:
    """A sheet that remembers the values of its cells; rows and columns count from zero."""

    def __init__(self, book: Any, name: str, styles: Styles, currency: str) -> None:
        self.name = name
        self.book = book
        self.currency = currency
        self.styles = styles
        self.page = book.add_worksheet(name)
        self.page.hide_gridlines(2)
        self._values: dict[tuple[int, int], float | str] = {}
        self._wrapped: dict[int, list[tuple[int, int]]] = {}

    def text(self, row: int, column: int, text: object, look: str = "") -> None:
        """Write a text, whatever it starts with."""
        shown = legible(text)
        if len(shown) > LONGEST_TEXT:
            shown = shown[:LONGEST_TEXT] + " ..."
        quoted = shown.startswith(FORMULA_STARTS)
        self.page.write_string(row, column, shown, self.styles.of(look, quoted=quoted))
        self._values[row, column] = shown
        if LOOKS[look].get("text_wrap"):
            self._wrapped.setdefault(row, []).append((column, len(shown)))

    def texts(self, row: int, column: int, texts: Iterable[object], look: str = "") -> None:
        """Write texts beside each other."""
        for offset, each in enumerate(texts):
            self.text(row, column + offset, each, look)

    def number(self, row: int, column: int, value: float, number: str = "money", look: str = "") -> None:
        """Write a number; what is not a number is written as not available."""
        if not math.isfinite(value):
            self.text(row, column, NOT_AVAILABLE, look or "right")
            return
        self.page.write_number(row, column, value, self.styles.of(look, number))
        self._values[row, column] = float(value)

    def numbers(
        self, row: int, column: int, values: Iterable[float], number: str = "money", look: str = ""
    ) -> None:
        """Write numbers beside each other."""
        for offset, each in enumerate(values):
            self.number(row, column + offset, float(each), number, look)

    def date(self, row: int, column: int, day: dt.date, number: str = "date", look: str = "") -> None:
        """Write a day."""
        self.page.write_datetime(
            row,
            column,
            day,
            self.styles.of(look, number),
        )

    def formula(
        self, row: int, column: int, formula: str, value: float | str, number: str = "money", look: str = ""
    ) -> None:
        """Write a live formula with the value it has."""
        self.page.write_formula(row, column, formula, self.styles.of(look, number), value)
        self._values[row, column] = value if isinstance(value, str) else float(value)

    def total(
        self, row: int, column: int, first: tuple[int, int], last: tuple[int, int], look: str = ""
    ) -> None:
        """Write the live sum of a block of money cells."""
        block = [(r, c) for r in range(first[0], last[0] + 1) for c in range(first[1], last[1] + 1)]
        area = f"{cell(*first)}:{cell(*last)}"
        self.formula(row, column, f"=SUM({area})", math.fsum(self.value(*at) for at in block), look=look)

    def difference(self, row: int, column: int, formula: str, value: float, look: str = "") -> None:
        """Write a live difference that should be nothing; what only rounding leaves is not shown."""
        rounded = round(value, DIFFERENCE_DIGITS) + 0.0
        live = f"=ROUND({formula.removeprefix('=')},{DIFFERENCE_DIGITS})"
        self.formula(row, column, live, rounded, "cents", look)

    def value(self, row: int, column: int) -> float:
        """The number in a cell."""
        held = self._values[row, column]
        if isinstance(held, str):
            raise TypeError(f"{self.name}!{cell(row, column)}: holds a text, not a number")
        return held

    def shown(self, row: int, column: int) -> float | str:
        """What a cell holds: a number or a text."""
        return self._values[row, column]

    def holds_number(self, row: int, column: int) -> bool:
        """Whether a number stands in a cell."""
        return isinstance(self._values.get((row, column)), float)

    def reference(self, row: int, column: int) -> str:
        """A cell as formulas of other sheets name it."""
        return f"'{self.name}'!{xl_rowcol_to_cell(row, column, True, True)}"

    def quiet(self) -> None:
        """No warnings of the spreadsheet about sums beside other numbers: they are meant."""
        area = "A1:XFD1048576"
        self.page.ignore_errors(
            {"formula_range": area, "formula_differs": area, "number_stored_as_text": area}
        )

    def heading(self, title: str, subtitle: str) -> None:
        """Title and what the figures are, in the first two rows."""
        self.text(0, 0, title, "title")
        self.page.set_row(0, TITLE_POINTS)
        self.text(1, 0, subtitle, "note")

    def widths(self, widths: Sequence[float], first: int = 0) -> None:
        """Column widths in characters, from a column on, and rows as high as their wrapped texts need."""
        for offset, width in enumerate(widths):
            self.page.set_column(first + offset, first + offset, min(width, WIDEST_COLUMN))
        for row, texts in self._wrapped.items():
            lines = max(
                math.ceil(length / (TEXT_PER_CHARACTER * min(widths[column - first], WIDEST_COLUMN)))
                for column, length in texts
                if first <= column < first + len(widths)
            )
            if lines > 1:
                self.page.set_row(row, min(LINE_POINTS * lines + 3.0, HIGHEST_ROW))

    def label_width(self, least: float) -> float:
        """Characters that the texts of the first column need where a number stands beside them."""
        labels = [
            len(shown) / TEXT_PER_CHARACTER + 4.0
            for (row, column), shown in self._values.items()
            if column == 0 and isinstance(shown, str) and self.holds_number(row, 1)
        ]
        return max([least, *labels])

    def freeze(self, row: int, column: int) -> None:
        """Keep the rows above and the columns to the left in sight, on screen and on paper."""
        self.page.freeze_panes(row, column)
        if row:
            self.page.repeat_rows(max(row - 2, 0), row - 1)

    def paper(self, footer: str, *, wide: bool = False) -> None:
        """Print on A4 landscape; ``wide`` sheets set their own breaks instead of being shrunk to one page."""
        self.quiet()
        self.page.set_paper(A4)
        self.page.set_landscape()
        self.page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.page.set_footer(f"&L&8{footer}&C&8&A&R&8&P / &N")
        if not wide:
            self.page.fit_to_pages(1, 0)


def cell(row: int, column: int, fixed: bool = False) -> str:
    """Address of a cell."""
    return str(xl_rowcol_to_cell(row, column, fixed, fixed))


def position(address: str) -> tuple[int, int]:
    """Row and column of an address."""
    row, column = xl_cell_to_rowcol(address)
    return int(row), int(column)


def money_width(values: Iterable[float], least: float = 10.0) -> float:
    """Characters that the widest amount needs."""
    return max([least, *(len(f"({abs(value):,.0f})") + 2.5 for value in values if math.isfinite(value))])


def print_scale(widths: Sequence[float]) -> int:
    """Percentage at which columns fill the width of an A4 page, at most 100."""
    inches = sum(width + 0.7 for width in widths) * INCHES_PER_CHARACTER
    return max(10, min(100, int(100.0 * PAGE_INCHES / inches)))


def legible(text: object) -> str:
    """A text whose control characters and broken code points, which no file may hold, are marked."""
    return "".join(c if c.isprintable() or c in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def shortened(text: object, length: int) -> str:
    """A text on one line cut to a length, with a mark where it was cut."""
    shown = " ".join(legible(text).split())
    return shown if len(shown) <= length else shown[: length - 3] + "..."
