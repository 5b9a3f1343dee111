"""Files in the canonical layout, with the aliases and constants of their mapping."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from engine.plan.faults import Faults
from engine.plan.importers.imported import FILE, ROW, Imported, Vocabulary, hash_customers, translated
from engine.plan.mappings import Source
from engine.plan.parsing import convert, series, unknown_keys
from engine.plan.readers import TextTable
from engine.plan.tables import TABLES, Column
from models.arrays import BoolArray
from models.errors import did_you_mean

PURCHASES = "purchase_orders"
STATUS = "status"
"""Header of a purchase log that says what became of a line: of all words only those of ``SETTLED`` act."""
SETTLED = frozenset({"cancelled", "canceled", "closed"})


def import_canonical(text: TextTable, source: Source, vocabulary: Vocabulary, faults: Faults) -> Imported:
    """Typed rows of a file whose columns are those of a canonical table."""
    mapping, table = source.mapping, TABLES[source.mapping.table]
    headers = {column.name: mapping.columns.get(column.name, column.name) for column in table.columns}
    known_headers = {headers[name] for name in headers if name not in mapping.constants}
    if table.name == PURCHASES:
        known_headers.add(STATUS)
    unknown = tuple(name for name in text.header if name not in known_headers)
    kept, rejected = _rejections(text, source, headers)
    rows = text.row[kept]
    sound = np.ones(len(rows), np.bool_)
    columns: dict[str, pd.Series] = {}
    defaulted = []
    for column in table.columns:
        header = headers[column.name]
        cells = _cells(text, column, header, source, kept)
        if cells is None:
            defaulted.append(column.name)
            if column.required:
                _missing(text, column, header, unknown, faults)
                sound[:] = False
            columns[column.name] = _filled(column, len(rows))
            continue
        address = header if column.name not in mapping.constants else column.name
        typed, fits = convert(cells, rows, column, text.file, faults, header=address)
        sound &= fits
        if column.refers and (keys := vocabulary.known(column.refers)) is not None:
            readable = pd.Series(np.where(fits, typed.to_numpy(dtype=object), ""), dtype="str")
            what = column.refers.replace("_", " ")
            sound &= unknown_keys(readable, rows, keys, what, text.file, address, faults)
        columns[column.name] = typed
    if table.name == "orders":
        columns["customer_key"] = pd.Series(
            hash_customers(columns["customer_key"], vocabulary.salt), dtype="str"
        )
    frame = pd.DataFrame(columns)
    frame[ROW], frame[FILE] = rows, text.file
    rejected.update({"blank row": text.blank_rows} if text.blank_rows else {})
    return Imported(
        table.name,
        frame[sound].reset_index(drop=True),
        text.rows_in_file,
        rejected,
        unknown,
        tuple(defaulted),
    )


def _rejections(text: TextTable, source: Source, headers: dict[str, str]) -> tuple[BoolArray, Counter[str]]:
    kept = np.ones(len(text), np.bool_)
    rejected: Counter[str] = Counter()
    for name, texts in source.mapping.reject.items():
        cells = text.cells.get(headers[name])
        if cells is None:
            continue
        refused = frozenset(texts)
        out = np.fromiter((cell in refused for cell in cells), np.bool_, len(cells)) & kept
        kept &= ~out
        for cell, count in Counter(np.asarray(cells, dtype=object)[out]).items():
            rejected[f"{name} {cell} is rejected by {source.by}"] = count
    if source.mapping.table == PURCHASES:
        _leave_out_settled(text, headers["received_on"], kept, rejected)
    return kept, rejected


def _leave_out_settled(text: TextTable, received: str, kept: BoolArray, rejected: Counter[str]) -> None:
    """Leave out purchase lines that were never received and never will be, by their status; in place."""
    statuses = text.cells.get(STATUS)
    if statuses is None:
        return
    days = text.cells.get(received) or [""] * len(statuses)
    for row, (status, day) in enumerate(zip(statuses, days, strict=True)):
        word = status.strip().casefold()
        if kept[row] and not day.strip() and word in SETTLED:
            kept[row] = False
            rejected[f"{STATUS} {word} and never received"] += 1


def _cells(text: TextTable, column: Column, header: str, source: Source, kept: BoolArray) -> list[str] | None:
    if column.name in source.mapping.constants:
        return [source.mapping.constants[column.name]] * int(kept.sum())
    if header not in text.cells:
        return None
    cells = text.cells[header]
    if not kept.all():
        cells = [cell for cell, keep in zip(cells, kept, strict=True) if keep]
    return translated(cells, column.name, source.mapping)


def _filled(column: Column, count: int) -> pd.Series:
    if column.kind in ("day", "moment"):
        return series(np.full(count, np.datetime64("NaT"), "datetime64[s]"), column)
    blank: str | float | int = column.default
    if column.kind in ("number", "integer") and blank == "":
        blank = 0
    return series([blank] * count, column)


def _missing(text: TextTable, column: Column, header: str, unknown: tuple[str, ...], faults: Faults) -> None:
    remedy = f"add the column ({column.meaning})"
    if unknown and "did you mean" in (guess := did_you_mean(header, unknown)):
        remedy = f"{guess} name it {header}, or map it in mappings/"
    faults.add(text.file, 1, header, problem="a column is missing", got=", ".join(text.header), remedy=remedy)
