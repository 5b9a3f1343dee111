"""Rows of a workbook as text: every number with a point and never three decimals, every date as ISO."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

from engine.plan.faults import Faults

START = b"PK\x03\x04"
MOST_MEMBERS = 2_000
LARGEST_UNPACKED = 1 << 30
LARGEST_RATIO = 200
MOST_CELLS = 40_000_000


def is_workbook(content: bytes, name: str) -> bool:
    """Whether a file is an .xlsx or .ods workbook by its name and its first bytes."""
    return content.startswith(START) and name.lower().endswith((".xlsx", ".xlsm", ".ods"))


def sheets_of(content: bytes, name: str, faults: Faults) -> list[tuple[str, list[list[str]]]]:
    """Name and rows of every sheet that holds anything; none and a fault where a cap is broken."""
    if not _within_caps(content, name, faults):
        return []
    try:
        from python_calamine import (
            CalamineError,
            CalamineWorkbook,
        )
    except ImportError:
        faults.add(
            name,
            problem="a workbook cannot be read: python-calamine is not installed",
            got=".xlsx",
            remedy="save the sheet as CSV in UTF-8, or install python-calamine",
        )
        return []
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = [(sheet, workbook.get_sheet_by_name(sheet)) for sheet in workbook.sheet_names]
        cells = sum(sheet.total_height * sheet.total_width for _, sheet in found)
        if cells > MOST_CELLS:
            faults.add(
                name, problem="the workbook is too large", got=f"{cells:,} cells", remedy="save it as CSV"
            )
            return []
        texts = [
            (title, [[cell_text(c) for c in row] for row in sheet.to_python(skip_empty_area=False)])
            for title, sheet in found
        ]
    except (CalamineError, ValueError, OSError) as error:
        faults.add(name, problem="the workbook cannot be read", got=str(error)[:60], remedy="save it as CSV")
        return []
    return [(title, rows) for title, rows in texts if any(any(row) for row in rows)]


def _within_caps(content: bytes, name: str, faults: Faults) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError):
        faults.add(name, problem="not a readable workbook", got="a damaged archive", remedy="save it again")
        return False
    unpacked = sum(member.file_size for member in members)
    macros = [m.filename for m in members if m.filename.lower().endswith("vbaproject.bin")]
    broken = [
        (len(members) > MOST_MEMBERS, f"{len(members):,} members", f"at most {MOST_MEMBERS:,}"),
        (unpacked > LARGEST_UNPACKED, f"{unpacked:,} bytes unpacked", f"at most {LARGEST_UNPACKED:,}"),
        (unpacked > LARGEST_RATIO * max(len(content), 1), "a packing ratio above 200", "save it again"),
        (bool(macros), "macros", "save it as .xlsx without macros"),
    ]
    for fails, got, remedy in broken:
        if fails:
            faults.add(name, problem="the workbook breaks a cap", got=got, remedy=remedy)
            return False
    return True


def cell_text(value: Any) -> str:
    """A typed cell as text that reads back in one way only."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _decimal_text(value)
    return "" if value is None else str(value)


def _decimal_text(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = format(round(value, 10), "f") if abs(value) < 1e15 else repr(value)
    text = f"{round(value, 10):.10f}".rstrip("0") if "." in text else text
    return text + "0" if "." in text and len(text.split(".")[1]) == 3 else text
