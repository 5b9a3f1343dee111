"""What a report is made of: sections of blocks, plain data; markup is made in the templates and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.report.drawing import DASHES, SERIES, Chart
from engine.report.formats import MINUS, MISSING, NONE, NOT_DEFINED

COMPANY = "company"
"""Stands in the column of a market where a line is known for the company only."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and whether it holds numbers."""

    title: str
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell that is more than text: ``tone`` is alarm, calm or strong; ``lines`` stand one below the
    other.
    """

    text: str
    tone: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of a table; a strong row is a sum."""

    cells: tuple[Cell, ...]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption (which names the unit); ``stacked`` tables become cards on a phone."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    stacked: bool = False
    dense: bool = False
    closed: bool = False
    """Shown on demand on a screen; always printed."""

    kind = "table"

    @property
    def span(self) -> int:
        """Rough width in characters: the longest figure of each column, text columns wrap at 24."""
        return sum(
            2
            + max(
                [_longest(column.title)]
                + [
                    len(row.cells[k].text) if column.numeric else min(len(row.cells[k].text), 24)
                    for row in self.rows
                ]
            )
            for k, column in enumerate(self.columns)
        )


@dataclass(frozen=True)
class Key:
    """An entry of a legend: a name, its colour, and the dash of its line (blank: solid); a filled box
    instead of a line where ``filled``.
    """

    name: str
    colour: str
    dash: str = ""
    filled: bool = False


@dataclass(frozen=True)
class Picture:
    """A chart with its title, and the table of what it shows."""

    title: str
    chart: Chart
    table: Table
    narrow: Chart | None = None
    """The same for a phone, where the chart is a wide one."""
    legend: tuple[Key, ...] = ()

    kind = "picture"


@dataclass(frozen=True)
class Pictures:
    """Charts beside each other where there is room."""

    pictures: tuple[Picture, ...]

    kind = "pictures"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    tone: str = ""

    kind = "text"


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]

    kind = "points"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str

    kind = "heading"


@dataclass(frozen=True)
class Missing:
    """Something that a reader expects and that was not computed, with the reason."""

    name: str
    reason: str

    kind = "missing"


def _numeric(texts: Sequence[str]) -> bool:
    """Whether most of the texts that say something are figures."""
    said = [text for text in texts if text and text not in {NONE, MISSING, NOT_DEFINED, COMPANY}]
    return 2 * sum(text[0] in f"0123456789+-±≤≥({MINUS}" for text in said) >= len(said)


def _longest(title: str) -> int:
    return max(len(word) for word in title.split(" "))


Block = Table | Picture | Pictures | Text | Points | Heading | Missing


@dataclass(frozen=True)
class Section:
    """A section of the report."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def legend_of(names: Sequence[str]) -> tuple[Key, ...]:
    """Legend of lines in the order in which charts colour and dash them."""
    return tuple(Key(name, SERIES[k % len(SERIES)], DASHES[k % len(DASHES)]) for k, name in enumerate(names))


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    text_columns: int = 1,
    strong: Sequence[int] = (),
    stacked: bool = False,
    dense: bool = False,
    closed: bool = False,
) -> Table:
    """A table whose first ``text_columns`` columns are text; the others are numbers if most of their cells
    look so. Rows in ``strong`` are sums.
    """
    kept = tuple(
        Row(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row), position in strong)
        for position, row in enumerate(rows)
    )
    return Table(
        caption,
        tuple(
            Column(title, position >= text_columns and _numeric([row.cells[position].text for row in kept]))
            for position, title in enumerate(columns)
        ),
        kept,
        stacked,
        dense,
        closed,
    )


def words(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[str | Cell]], *, dense: bool = False
) -> Table:
    """A table of text only; cards on a phone."""
    return table(caption, columns, rows, text_columns=len(columns), stacked=True, dense=dense)
