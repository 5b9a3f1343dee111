"""A figure of a reading by the name that people give it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Reading

_OF_FILE = (
    "encoding", "bom", "delimiter", "header_row", "date_order", "rows_total", "rows_records", "layout",
)  # fmt: skip


def figure(reading: Reading, name: str, like: Any = None) -> Any:
    """A figure by name; None where the file cannot tell it. ``like`` shows the form that is asked for."""
    if name in _OF_FILE:
        return getattr(reading, name)
    if name == "title_rows":
        return reading.header_row - 1
    found = reading.figures.get(name)
    if name in reading.figures and (isinstance(like, Mapping) or not isinstance(found, Mapping)):
        return found
    if name in reading.figures and isinstance(found, Mapping):
        return found if like is None else next(iter(found.values()), None)
    return _derived(reading, name)


def _derived(reading: Reading, name: str) -> Any:
    for pattern, build in _PATTERNS:
        found = re.fullmatch(pattern, name)
        if found:
            return build(reading, *found.groups())
    return None


def _sum(reading: Reading, name: str) -> Decimal | None:
    for table in reading.tables.values():
        column = table.column(name)
        if column and any(isinstance(value, Decimal) for value in column):
            return sum((value for value in column if value is not None), Decimal(0))
    return None


_PATTERNS: list[tuple[str, Any]] = [(r"(\w+)", _sum)]
