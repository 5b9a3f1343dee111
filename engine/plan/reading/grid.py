"""The grid of an export: separator, header row, title rows above it, and its records as text."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from engine.plan.faults import Faults
from engine.plan.reading.dates import stamp_of
from engine.plan.reading.periods import period_of
from engine.plan.reading.text import fold, is_none, without_brackets

DELIMITERS = (",", ";", "\t", "|")
SEARCHED = 60
"""Records from the start among which the header is sought."""
COMPARED = 20
"""Records after the header whose width must agree with it."""
LEAST_KNOWN = 2
LONGEST_DAY = 30
"""Letters of the longest cell that is taken as a day in a header."""
LONGEST_CELL = 200
"""Lines of one record above which a quote was opened and never closed."""
LARGEST_CELL = 1 << 22

Record = tuple[int, list[str]]
"""First line of a record in the file, from 1, and its cells."""


@dataclass(frozen=True)
class Grid:
    """Where the table of a file begins; ``records`` reads what follows the header, again at each call."""

    delimiter: str
    quoted: bool
    header_row: int
    header: tuple[str, ...]
    titles: tuple[Record, ...]
    known: int
    """Header cells that some layout knows."""
    source: Callable[[], Iterator[Record]] = field(repr=False)

    def first_records(self, count: int) -> list[Record]:
        """The first filled records after the header, fewer where one cannot be split."""
        found: list[Record] = []
        with contextlib.suppress(csv.Error):
            found.extend(islice((record for record in self.records() if any(record[1])), count))
        return found

    def records(self) -> Iterator[Record]:
        """Records after the header, blank ones too."""
        return (record for record in self.source() if record[0] > self.header_row)


def find_grid(text: str, known: frozenset[str], name: str, faults: Faults) -> Grid | None:
    """The grid of a text: its separator is the one whose header has most known words and fits the rows."""
    best: tuple[tuple[float, ...], Grid] | None = None
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    for delimiter in DELIMITERS:
        for quoted in _quoting(text, delimiter):
            source = _text_source(text, delimiter, quoted=quoted)
            found = _header_of(source, known)
            if found is None:
                continue
            score, header, titles, hits = found
            rank = (*score, float(quoted))
            if best is None or rank > best[0]:
                grid = Grid(delimiter, quoted, header[0], tuple(header[1]), titles, hits, source)
                best = (rank, grid)
    if best is None:
        faults.add(
            name,
            problem="no table is found: the rows have no separator",
            got=text[:40].splitlines()[0] if text.strip() else "nothing",
            remedy="export it with a comma, a semicolon or a tab between the columns",
        )
        return None
    return best[1]


def grid_of_rows(rows: list[list[str]], known: frozenset[str]) -> Grid | None:
    """The grid of rows that are split already, as a workbook has them."""

    def source() -> Iterator[Record]:
        return ((line, row) for line, row in enumerate(rows, 1))

    found = _header_of(source, known)
    if found is None:
        return None
    _, header, titles, hits = found
    return Grid("", True, header[0], tuple(header[1]), titles, hits, source)


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        yield text[start:end]
        start = end


def _text_source(text: str, delimiter: str, *, quoted: bool) -> Callable[[], Iterator[Record]]:
    csv.field_size_limit(LARGEST_CELL)

    def source() -> Iterator[Record]:
        if quoted:
            reader = csv.reader(_lines(text), delimiter=delimiter)
        else:
            reader = csv.reader(_lines(text), delimiter=delimiter, quoting=csv.QUOTE_NONE)
        before = last = 0
        for cells in reader:
            if reader.line_num - last > LONGEST_CELL:
                raise csv.Error(f"a quote opens in line {last + 1:,} and is never closed")
            yield last + 1, cells
            before, last = last, reader.line_num
        if quoted and last and last - before > 1 and text.count('"') % 2:
            raise csv.Error(f"a quote opens in line {before + 1:,} and is never closed")

    return source


def _quoting(text: str, delimiter: str) -> tuple[bool, ...]:
    """Whether quotes enclose cells: in tab text only where the rows agree in width as well as without."""
    if delimiter != "\t":
        return (True,)
    if '"' not in text:
        return (False,)
    quoted, bare = (_uneven(_text_source(text, delimiter, quoted=how)) for how in (True, False))
    return (quoted[0] < bare[0] or quoted == bare,)


def _uneven(source: Callable[[], Iterator[Record]]) -> tuple[float, int]:
    """Records whose width is not the usual one, and all records."""
    widths: dict[int, int] = {}
    try:
        for _, cells in source():
            widths[len(cells)] = widths.get(len(cells), 0) + 1
    except csv.Error:
        return float("inf"), 0
    count = sum(widths.values())
    return float(count - max(widths.values(), default=0)), count


Found = tuple[tuple[float, float, float], Record, tuple[Record, ...], int]


def _header_of(source: Callable[[], Iterator[Record]], known: frozenset[str]) -> Found | None:
    first: list[Record] = []
    with contextlib.suppress(csv.Error):  # a row that cannot be split is told when the records are read
        first.extend(islice(source(), SEARCHED + COMPARED))
    filled = [(place, record) for place, record in enumerate(first) if any(c.strip() for c in record[1])]
    if not filled or max(len(record[1]) for _, record in filled) < 2:
        return None
    searched = filled[:SEARCHED]
    hits = [known_cells(record[1], known) for _, record in searched]
    best = max(range(len(searched)), key=lambda place: (hits[place], -place))
    if hits[best] < LEAST_KNOWN:
        best = _plain_header(searched)
    place, header = searched[best]
    titles = tuple(record for record in first[:place])
    agreement = _agreement(header[1], (record[1] for _, record in filled[best + 1 :]))
    width = sum(bool(cell.strip()) for cell in header[1])
    return (float(hits[best]), agreement, float(width)), header, titles, hits[best]


def known_cells(cells: Iterable[str], known: frozenset[str]) -> int:
    """Distinct cells of a row that some layout knows as a header, months included."""
    cells = list(cells)
    words = {cell for cell in cells if cell.strip()}
    found = sum(
        fold(word) in known
        or fold(without_brackets(word)) in known
        or period_of(word) is not None
        or _is_worded_day(word)
        for word in words
    )
    return found + (found == 1 == len(words) and len(cells) > 1 and not cells[0].strip())


def _is_worded_day(text: str) -> bool:
    """Whether a cell is a day with its month in words, as balance sheets head their columns."""
    stamp = stamp_of(text) if len(text) <= LONGEST_DAY else None
    return stamp is not None and stamp.form == "word"


def _agreement(header: list[str], rows: Iterable[list[str]]) -> float:
    compared = list(islice(rows, COMPARED))
    if not compared:
        return 0.0
    return sum(len(row) == len(header) for row in compared) / len(compared)


def _plain_header(rows: list[tuple[int, Record]]) -> int:
    """The first row of full width whose cells are all words, for a file that no layout knows."""
    width = max(len(record[1]) for _, record in rows)
    for place, (_, record) in enumerate(rows):
        cells = [cell.strip() for cell in record[1] if cell.strip()]
        if len(cells) >= 0.7 * width and not any(cell[0].isdigit() or is_none(cell) for cell in cells):
            return place
    return 0
