"""CSV files as text: encoding, separator and header found, every cell kept as the string that was written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.plan.faults import Faults
from models.arrays import IntArray

_SEPARATORS = ",;\t"


class TextColumns(Mapping[str, list[str]]):
    """Columns of a file by header; cells are stripped when a column is first asked for."""

    def __init__(self, columns: dict[str, Sequence[str]]) -> None:
        self._raw, self._stripped = columns, dict[str, list[str]]()

    def __getitem__(self, name: str) -> list[str]:
        if name not in self._stripped:
            self._stripped[name] = [cell.strip() for cell in self._raw[name]]
        return self._stripped[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@dataclass(frozen=True)
class TextTable:
    """A file of rows as read: cells are stripped text, nothing is typed yet."""

    file: str
    encoding: str
    header: tuple[str, ...]
    cells: TextColumns
    row: IntArray
    """Row of each record in the file; the header is row 1."""
    rows_in_file: int
    """Records below the header, including rejected ones."""
    blank_rows: int
    broken_rows: int

    def __len__(self) -> int:
        return len(self.row)


def parse_table(text: str, file: str, encoding: str, faults: Faults) -> TextTable | None:
    """Parse CSV text; rows of a wrong length are faults, blank rows are counted."""
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[list[str]] = []
    try:
        records.extend(reader)
    except csv.Error as error:
        faults.add(
            file,
            len(records) + 1,
            problem="not a readable CSV row",
            got=str(error),
            remedy="close the quotes",
        )
        if not records:
            return None
    start = next((position for position, record in enumerate(records) if any(map(str.strip, record))), None)
    if start is None:
        faults.add(file, problem="the file is empty", got="0 rows", remedy="export it again, or delete it")
        return None
    header = [name.strip() for name in records[start]]
    while header and not header[-1]:
        header.pop()
    if not header_is_sound(header, file, start + 1, faults):
        return None
    return _collect(records[start + 1 :], header, file, encoding, start + 2, faults)


def header_is_sound(header: list[str], file: str, row: int, faults: Faults) -> bool:
    """Whether every column has a name of its own; faults where not."""
    seen: set[str] = set()
    sound = True
    for position, name in enumerate(header):
        if not name:
            faults.add(
                file,
                row,
                str(position + 1),
                problem="a column without a name",
                got="''",
                remedy="name the column",
            )
            sound = False
        elif name in seen:
            faults.add(
                file, row, name, problem="duplicate column", got=name, remedy="keep one of the two columns"
            )
            sound = False
        seen.add(name)
    return sound


def _collect(
    records: list[list[str]], header: list[str], file: str, encoding: str, first_row: int, faults: Faults
) -> TextTable:
    width, kept, rows, blank, broken = len(header), [], [], 0, 0
    for row, record in enumerate(records, start=first_row):
        if len(record) > width and not any(map(str.strip, record[width:])):
            record = record[:width]
        if not any(map(str.strip, record)):
            blank += 1
        elif len(record) != width:
            broken += 1
            faults.add(
                file,
                row,
                problem=f"a row of the wrong length, the header has {width} columns",
                got=f"{len(record)} cells",
                remedy="one cell per column; quote cells that hold the separator",
            )
        else:
            kept.append(record)
            rows.append(row)
    columns = list(zip(*kept, strict=True)) if kept else [() for _ in header]
    cells = TextColumns(dict(zip(header, columns, strict=True)))
    return TextTable(
        file, encoding, tuple(header), cells, np.asarray(rows, np.int64), len(records), blank, broken
    )
