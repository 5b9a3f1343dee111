"""Records of a file as columns of text, with the line of each record; distinct cells are held once."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

from engine.plan.faults import Faults
from engine.plan.reading.grid import Grid
from engine.plan.reading.recognise import Match
from engine.plan.reading.text import clean, fold, is_none


@dataclass
class Source:
    """Text columns of a file by position, read when first asked for; fields by a mapping."""

    name: str
    grid: Grid
    match: Match
    lines: list[int] = field(default_factory=list)
    """Line of each record in the file."""
    first: list[str] = field(default_factory=list)
    """First cell of each record that is not blank."""
    filled: list[int] = field(default_factory=list)
    """Cells of each record that are not empty."""
    after_blank: list[bool] = field(default_factory=list)
    """Whether a blank line stands before the record."""
    derived: dict[str, list[str]] = field(default_factory=dict)
    """Fields that were filled down or unpacked, in place of their columns."""
    _columns: dict[int, list[str]] = field(default_factory=dict)
    _blank: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Records after the header with any content."""
        return len(self.lines)

    def load(self, positions: set[int], faults: Faults) -> None:
        """Read columns by position; the first call also counts the records."""
        wanted = sorted(positions - set(self._columns))
        columns: dict[int, list[str]] = {position: [] for position in wanted}
        counting = not self.lines
        interned: dict[str, str] = {}
        keep = interned.setdefault
        takers = [(columns[position].append, position) for position in wanted]
        width = len(self.grid.header)
        blank_before = False
        wide: list[int] = []
        try:
            for line, cells in self.grid.records():
                filled = len(cells) - cells.count("")
                if not filled or not any(cell.strip() for cell in cells):
                    blank_before = True
                    continue
                if len(cells) < width:
                    cells = cells + [""] * (width - len(cells))
                for take, position in takers:
                    cell = cells[position]
                    take(keep(cell, cell))
                if counting and len(cells) > width and any(cell.strip() for cell in cells[width:]):
                    wide.append(line)
                if counting:
                    self._count(line, cells, filled, blank_before=blank_before)
                blank_before = False
        except csv.Error as error:
            faults.add(
                self.name, problem="the rows cannot be split", got=str(error), remedy="export it again"
            )
        self._columns.update(columns)
        if wide:
            faults.add(
                self.name,
                wide[0],
                problem=f"more cells than the header in {len(wide):,} rows",
                got=f"more than {width}",
                remedy="put cells that hold the separator in quotes, or name every column",
            )

    def _count(self, line: int, cells: list[str], filled: int, *, blank_before: bool) -> None:
        self.lines.append(line)
        self.first.append(next((cell.strip() for cell in cells if cell.strip()), ""))
        self.filled.append(filled)
        self.after_blank.append(blank_before)

    def column(self, position: int, faults: Faults) -> list[str]:
        """Cells of a column as they are written."""
        if position not in self._columns:
            self.load({position}, faults)
        return self._columns[position]

    def has(self, field_name: str) -> bool:
        """Whether the file has a column (or unpacked part) of a field."""
        if field_name in self.derived or field_name in self.match.mapping:
            return True
        return any(
            part.lstrip("-") in self.match.mapping for part in self.match.layout.sums.get(field_name, ())
        )

    def texts(self, field_name: str) -> list[str]:
        """Cleaned cells of a field, blank ones where the file has no such column."""
        if field_name not in self.derived:
            position = self.match.mapping.get(field_name)
            if position is None:
                if len(self._blank) != self.count:
                    self._blank = [""] * self.count
                return self._blank
            cells = self._columns[position]
            cleaned = {cell: clean(cell) for cell in set(cells)}
            self.derived[field_name] = [cleaned[cell] for cell in cells]
        return self.derived[field_name]

    def at(self, field_name: str, rows: list[int]) -> list[str]:
        """Cleaned cells of a field in some records."""
        texts = self.texts(field_name)
        return [texts[row] for row in rows]

    def header_of(self, field_name: str) -> str:
        """The header of a field's column."""
        position = self.match.mapping.get(field_name)
        return field_name if position is None else self.grid.header[position]

    def assumed_currency(self) -> str:
        """Currency that the tool or the language of the headers implies, empty without one."""
        layout = self.match.layout
        if layout.currency:
            return layout.currency
        words = " ".join(self.grid.header)
        return next((code for how, code in layout.currency_by_header.items() if re.search(how, words)), "")

    def position_of(self, word: str) -> int | None:
        """Position of a source column by its header."""
        folded = fold(word)
        return next((p for p, name in enumerate(self.grid.header) if fold(name) == folded), None)

    def expanded(self, index: list[int], fields: dict[str, list[str]]) -> Source:
        """The source with its records repeated as an index says, and fields that each repetition holds."""
        return Source(
            self.name,
            self.grid,
            self.match,
            [self.lines[row] for row in index],
            [self.first[row] for row in index],
            [self.filled[row] for row in index],
            [self.after_blank[row] for row in index],
            {**{name: [texts[row] for row in index] for name, texts in self.derived.items()}, **fields},
            {place: [cells[row] for row in index] for place, cells in self._columns.items()},
        )

    def is_blank(self, field_name: str) -> list[bool]:
        """Whether each cell of a field says nothing."""
        texts = self.texts(field_name)
        nothing = {text: is_none(text) for text in set(texts)}
        return [nothing[text] for text in texts]
