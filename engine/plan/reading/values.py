"""Typed columns of a source: number and date forms are decided over all rows before any cell is read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from engine.plan.faults import Faults
from engine.plan.reading import dates, numbers
from engine.plan.reading.countries import currency_code
from engine.plan.reading.layout import COUNTED
from engine.plan.reading.rows import Marked
from engine.plan.reading.settings import Settings
from engine.plan.reading.source import Source
from engine.plan.reading.text import is_none

TIMES = ("price", "quantity")
SUMS = (
    ("cod_amount", "charges", "net"),
    ("amount", "fee", "net"),
    ("instalment", "interest", "principal"),
    ("opening_balance", "principal", "closing_balance"),
    (*TIMES, "line_total"),
    ("line_total_before", "discount", "line_total_after"),
)
"""Fields of which the first less the second (or price times quantity) is the third."""
NUMBER_TYPES = ("number", "count", "share")
ZERO = Decimal(0)


@dataclass
class Values:
    """Numbers and days of a source's fields, each distinct cell read once."""

    source: Source
    settings: Settings
    faults: Faults
    rows: list[int]
    """Records that are read; headings, totals and footers are not."""
    marked: Marked
    marks: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    written: dict[str, str | None] = field(default_factory=dict)
    """Order of the numbers of a date column as a reader would name it, None for month names."""
    asked: set[str] = field(default_factory=set)
    """Fields whose form no row settles; a fault names each, and nothing of them is read."""
    _numbers: dict[str, list[Decimal | None]] = field(default_factory=dict)
    _moments: dict[str, list[dt.datetime | None]] = field(default_factory=dict)

    def decide(self) -> None:
        """Settle the form of every typed column of the file; faults name what cannot be settled."""
        layout = self.source.match.layout
        present = [
            name for name in {**self.source.match.mapping, **self.source.derived} if self.source.has(name)
        ]
        self._decide_numbers([name for name in present if layout.type_of(name) in NUMBER_TYPES])
        self._decide_dates([name for name in present if layout.type_of(name) == "day"])

    def distinct(self, name: str) -> set[str]:
        """Distinct cells of a field in the rows that are read."""
        texts = self.source.texts(name)
        return {texts[row] for row in self.rows}

    def _decide_numbers(self, names: list[str]) -> None:
        given = numbers.mark_of_form(self.settings.numbers) if self.settings.numbers else None
        shown = {name: numbers.marks_of(self.distinct(name)) for name in names}
        told: set[str] = {marks.decided or "" for marks in shown.values()} - {""}
        if not given and any(m.either and not m.decided for m in shown.values()) and len(told) != 1:
            told |= self._told_elsewhere()
        common = next(iter(told)) if len(told) == 1 else self._told_by_sums(shown) if not told else None
        for name, marks in shown.items():
            mark = given or marks.decided or common or self._by_currency(marks)
            if mark is None and (marks.either or (marks.point and marks.comma)):
                self._ask_numbers(name, marks)
                self.asked.add(name)
            self.marks[name] = mark or numbers.POINT

    def _told_elsewhere(self) -> set[str]:
        told = set()
        for position in range(len(self.source.grid.header)):
            cells = set(self.source.column(position, self.faults)) - {""}
            if cells and all(is_none(cell) or numbers.shape_of(cell) for cell in cells):
                told.add(numbers.marks_of(cells).decided or "")
        return told - {""}

    def _told_by_sums(self, shown: dict[str, numbers.Marks]) -> str | None:
        """The mark under which amounts of a record make another of them, where the other mark fails."""
        open_names = {name for name, marks in shown.items() if marks.either}
        ties = {numbers.POINT: 0, numbers.COMMA: 0}
        for first, second, result in SUMS:
            if not ({first, second, result} & open_names and {first, second, result} <= set(shown)):
                continue
            texts = [self.source.texts(name) for name in (first, second, result)]
            for mark in ties:
                for row in self.rows:
                    one, two, three = (numbers.parse(column[row], mark) for column in texts)
                    if one is not None and two is not None and three is not None:
                        made = one * two if (first, second) == TIMES else one - abs(two)
                        ties[mark] += made == three
        best = max(ties, key=lambda mark: ties[mark])
        return best if len(set(ties.values())) > 1 else None

    def _by_currency(self, marks: numbers.Marks) -> str | None:
        currencies = {currency_code(text) for text in self.source.texts("currency") if text}
        currencies |= {self.settings.currency or self.source.assumed_currency()} - {""}
        whole = bool(currencies) and currencies <= numbers.WHOLE_CURRENCIES
        if not whole or marks.point or marks.comma or not marks.either:
            return None
        return numbers.POINT if "," in marks.example else numbers.COMMA

    def _ask_numbers(self, name: str, marks: numbers.Marks) -> None:
        both = bool(marks.point and marks.comma)
        self.faults.add(
            self.source.name,
            column=self.source.header_of(name),
            problem="two decimal marks in one column"
            if both
            else "thousands or decimals: no row of the column tells",
            got=marks.example or "1,234.50 and 1.234,50",
            remedy='say numbers: "1,234.50" or numbers: "1.234,50"',
        )

    def _decide_dates(self, names: list[str]) -> None:
        fits = {name: dates.fits_of(self.distinct(name)) for name in names}
        told = {fit.decided or "" for fit in fits.values() if fit.open and fit.decided}
        undecided = any(fit.open and not fit.decided for fit in fits.values())
        if undecided and not told and not self.settings.dates:
            told = self._dates_elsewhere()
        common = next(iter(told)) if len(told) == 1 else None
        asked = []
        for name, fit in fits.items():
            order = self.settings.dates if fit.open and self.settings.dates else fit.decided
            order = order or (common if common in fit.orders else None)
            if order is None:
                asked.append((name, fit))
                self.asked.add(name)
            self.orders[name] = (common or dates.YMD) if fit.empty else order or dates.YMD
            self.written[name] = order if fit.open else fit.written
        if asked:
            self._ask_dates(asked)

    def _dates_elsewhere(self) -> set[str]:
        told: set[str] = set()
        for position in range(len(self.source.grid.header)):
            cells = [text for text in set(self.source.column(position, self.faults)) if not is_none(text)]
            if cells and dates.stamp_of(cells[0]) and not dates.fits_of(cells).unread:
                fit = dates.fits_of(cells)
                told |= {fit.decided or ""} if fit.open and fit.decided else set()
        if not told and numbers.COMMA in self.marks.values() and self._comma_is_shown():
            return {dates.DMY}
        return told

    def _comma_is_shown(self) -> bool:
        return any(numbers.marks_of(self.distinct(name)).comma for name in self.marks)

    def _ask_dates(self, asked: list[tuple[str, dates.Fits]]) -> None:
        headers = ", ".join(self.source.header_of(name) for name, _ in asked)
        count = sum(not is_none(self.source.texts(asked[0][0])[row]) for row in self.rows)
        self.faults.add(
            self.source.name,
            column=headers,
            problem=f"day or month first: none of {count:,} rows tells, no number is above 12",
            got=asked[0][1].example,
            remedy="say dates: dmy or dates: mdy",
        )

    def number(self, name: str) -> list[Decimal | None]:
        """Exact numbers of a field in every record, None where the cell has none."""
        if name not in self._numbers:
            self._numbers[name] = self._read_numbers(name)
        return self._numbers[name]

    def _read_numbers(self, name: str) -> list[Decimal | None]:
        parts = self.source.match.layout.sums.get(name, ())
        if parts and name not in self.source.match.mapping and name not in self.source.derived:
            return self._added([part for part in parts if self.source.has(part.lstrip("-"))])
        texts = self.source.texts(name)
        mark = self.marks.get(name, numbers.POINT)
        read = {text: None if is_none(text) else numbers.parse(text, mark) for text in set(texts)}
        self._note_unread(name, texts, read, "not a number", "a number; leave out rows without one")
        if self.source.match.layout.type_of(name) == "share":
            read = _as_shares(read)
        return [read[text] for text in texts]

    def _added(self, parts: list[str]) -> list[Decimal | None]:
        """Sum of fields by record, None where all of them are blank."""
        columns = [(part.startswith("-"), self.number(part.lstrip("-"))) for part in parts]
        sums: list[Decimal | None] = [None] * self.source.count
        for minus, column in columns:
            for row, value in enumerate(column):
                if value is not None:
                    sums[row] = (sums[row] or ZERO) + (-abs(value) if minus else value)
        return sums

    def read(self, cells: list[str]) -> list[Decimal | None]:
        """Exact numbers of cells outside the fields, under the mark that they or the file's fields show."""
        marks = numbers.marks_of(set(cells))
        told = set(self.marks.values())
        mark = marks.decided or (next(iter(told)) if len(told) == 1 else numbers.POINT)
        return [None if is_none(cell) else numbers.parse(cell, mark) for cell in cells]

    def amount(self, name: str) -> list[Decimal]:
        """Numbers of a field, zero where a record has none."""
        return [ZERO if value is None else value for value in self.number(name)]

    def moment(self, name: str) -> list[dt.datetime | None]:
        """Local moments of a field in every record, None where the cell has none."""
        if name not in self._moments:
            self._moments[name] = self._read_moments(name)
        return self._moments[name]

    def _read_moments(self, name: str) -> list[dt.datetime | None]:
        texts = self.source.texts(name)
        order = self.orders.get(name, dates.YMD)
        read: dict[str, dt.datetime | None] = {}
        for text in set(texts):
            stamp = None if is_none(text) else dates.day_stamp_of(text)
            read[text] = dates.moment_of(stamp, order) if stamp else None
        self._note_unread(name, texts, read, "not a date", "a date such as 2026-03-31, or say dates:")
        return [read[text] for text in texts]

    def day(self, name: str) -> list[dt.date | None]:
        """Local days of a field in every record."""
        return [moment.date() if moment else None for moment in self.moment(name)]

    def _note_unread(
        self,
        name: str,
        texts: list[str],
        read: dict[str, object | None] | dict[str, Decimal | None] | dict[str, dt.datetime | None],
        problem: str,
        remedy: str,
    ) -> None:
        if name in self.asked:
            return
        bad = {text for text, value in read.items() if value is None and not is_none(text)}
        rows = [row for row in self.marked.rows(COUNTED) if texts[row] in bad] if bad else []
        if rows:
            self.faults.add(
                self.source.name,
                self.source.lines[rows[0]],
                self.source.header_of(name),
                problem=f"{problem} in {len(rows):,} rows",
                got=texts[rows[0]],
                remedy=remedy,
            )


def _as_shares(read: dict[str, Decimal | None]) -> dict[str, Decimal | None]:
    """Shares: whole per cents (``20``) are told from shares (``0.2``, ``20%``) by the largest of them."""
    plain = [value for text, value in read.items() if value is not None and "%" not in text]
    if plain and max(abs(value) for value in plain) > 1:
        return {text: v / 100 if v is not None and "%" not in text else v for text, v in read.items()}
    return read
