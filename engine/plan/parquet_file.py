"""Parquet files as text, so that they pass the same contracts as CSV: no cell is typed by its storage."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.plan.faults import Faults
from engine.plan.readers import TextColumns, TextTable, header_is_sound

MAGIC = b"PAR1"
ENDING = ".parquet"
MOST_ROWS = 10_000_000
MOST_CELLS = 200_000_000
LARGEST_UNPACKED = 4 << 30
"""Bytes of the columns once unpacked (4 GiB): a small file may hold a huge table."""


def parse_parquet(content: bytes, file: str, faults: Faults) -> TextTable | None:
    """Rows of a Parquet file as text; null is blank, a moment is ISO text; row 1 is the header, as in CSV."""
    try:
        source = pq.ParquetFile(io.BytesIO(content))
        layout = source.metadata
        unpacked = sum(layout.row_group(group).total_byte_size for group in range(layout.num_row_groups))
        if (
            layout.num_rows > MOST_ROWS
            or layout.num_rows * layout.num_columns > MOST_CELLS
            or unpacked > LARGEST_UNPACKED
        ):
            faults.add(
                file,
                problem="the file is too large",
                got=f"{layout.num_rows:,} rows, {unpacked:,} bytes unpacked",
                remedy=f"at most {MOST_ROWS:,} rows, {MOST_CELLS:,} cells and {LARGEST_UNPACKED:,} bytes",
            )
            return None
        table = source.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["unknown"])[0]
        faults.add(
            file,
            problem="not a readable Parquet file",
            got=reason,
            remedy="write it again, or save it as CSV",
        )
        return None
    header = [str(name).strip() for name in table.column_names]
    if not header_is_sound(header, file, 1, faults):
        return None
    columns = _columns(table, header, file, faults)
    if columns is None:
        return None
    rows = np.arange(2, table.num_rows + 2, dtype=np.int64)
    if not table.num_rows and not header:
        faults.add(file, problem="the file is empty", got="0 rows", remedy="export it again, or delete it")
        return None
    filled = np.zeros(table.num_rows, np.bool_)
    for texts in columns.values():
        filled |= np.fromiter((text.strip() != "" for text in texts), np.bool_, len(texts))
    blank = int((~filled).sum())
    if blank:
        keep = np.flatnonzero(filled).tolist()
        columns = {name: [texts[at] for at in keep] for name, texts in columns.items()}
        rows = rows[filled]
    return TextTable(
        file, "parquet", tuple(header), TextColumns(dict(columns)), rows, table.num_rows, blank, 0
    )


def _columns(table: Any, header: list[str], file: str, faults: Faults) -> dict[str, list[str]] | None:
    """Text of every column by name; None and a fault for each that is no plain value or cannot be read."""
    columns: dict[str, list[str]] = {}
    for name, column in zip(header, table.columns, strict=True):
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
            faults.add(
                file,
                1,
                name,
                problem="a column that is no plain value",
                got=str(column.type),
                remedy="text, numbers or dates, one a cell",
            )
            continue
        try:
            columns[name] = _texts(column)
        except (pa.ArrowException, ValueError, OverflowError) as error:
            faults.add(
                file,
                1,
                name,
                problem="cells that cannot be read",
                got=(str(error).splitlines() or ["unknown"])[0],
                remedy="text in UTF-8, dates of the years 1 to 9999; write the file again, or save it as CSV",
            )
    return columns if len(columns) == len(header) else None


def _texts(column: Any) -> list[str]:
    """Cells of a column as a CSV export would write them; every distinct value is written once."""
    coded = column.combine_chunks().dictionary_encode() if column.num_chunks else None
    if coded is None:
        return []
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    words = [_text(value) for value in coded.dictionary.to_pylist()]
    return ["" if code is None else words[code] for code in coded.indices.to_pylist()]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return "" if value != value else repr(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
