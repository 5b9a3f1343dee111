"""A figure of a reading by the name that people give it."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Reading, Table, total

_OF_FILE = (
    "encoding",
    "bom",
    "delimiter",
    "header_row",
    "date_order",
    "rows_total",
    "rows_records",
    "layout",
)
ZERO = Decimal(0)


def figure(reading: Reading, name: str, like: Any = None) -> Any:
    """A figure by name, None where the file cannot tell it; ``like`` shows the form that is asked for."""
    if name in _OF_FILE:
        return getattr(reading, name)
    if name == "title_rows":
        return reading.header_row - 1
    if name in reading.figures:
        found = reading.figures[name]
        if not isinstance(found, Mapping) and isinstance(like, Mapping):
            return _grouped(reading, name, like)
        one = isinstance(found, Mapping) and like is not None and not isinstance(like, Mapping)
        return sum(found.values(), ZERO) if one else found
    return _derived(reading, name, like)


def _derived(reading: Reading, name: str, like: Any) -> Any:
    for pattern, build in _PATTERNS:
        found = re.fullmatch(pattern, name)
        if found:
            value = build(reading, *found.groups())
            if value is not None:
                return value
    return _grouped(reading, name, like) if isinstance(like, Mapping) else None


def _column(reading: Reading, name: str) -> tuple[Table, list[Any]] | None:
    for table in reading.tables.values():
        if name in table.columns:
            return table, table.column(name)
    return None


def _grouped(reading: Reading, name: str, like: Mapping[str, Any]) -> dict[str, Decimal] | None:
    """Sum of a column by the column that holds the keys that are asked for."""
    found = _column(reading, name)
    if found is None:
        return None
    table, values = found
    asked = set(map(str, like))
    for column in table.columns.values():
        if asked and asked == {str(value) for value in column if value not in (None, "")}:
            return total([(str(k), v or ZERO) for k, v in zip(column, values, strict=True)])
    return None


def _sum(reading: Reading, name: str) -> Decimal | None:
    found = _column(reading, name)
    if found is None or not any(isinstance(value, Decimal) for value in found[1]):
        return None
    return sum((value for value in found[1] if value is not None), ZERO)


def _sum_by(reading: Reading, name: str, group: str) -> dict[str, Decimal] | None:
    found, by = _column(reading, name), _column(reading, group)
    if found is None or by is None or len(found[1]) != len(by[1]):
        return None
    return total([(str(key), value or ZERO) for key, value in zip(by[1], found[1], strict=True)])


def _rows_by(reading: Reading, group: str) -> dict[str, int] | None:
    found = _column(reading, group)
    return None if found is None else dict(Counter(str(value) for value in found[1]))


def _negative(reading: Reading, name: str) -> int | None:
    found = _column(reading, name)
    return None if found is None else sum(value is not None and value < 0 for value in found[1])


def _without(reading: Reading, name: str) -> int | None:
    found = _column(reading, name)
    return None if found is None else sum(not value for value in found[1])


def _distinct(reading: Reading, name: str) -> int | None:
    found = _column(reading, name)
    return None if found is None else len({value for value in found[1] if value not in (None, "")})


def _balance(reading: Reading, year: str, month: str, day: str) -> Decimal | None:
    wanted = dt.date(int(year), int(month), int(day))
    return next((v for d, v in reading.figures.get("balances", {}).items() if d == wanted), None)


def _overdue(reading: Reading, year: str, month: str, day: str) -> int | None:
    """Open lines whose promised day lies before a day."""
    wanted = dt.date(int(year), int(month), int(day))
    table = reading.tables.get("purchase_orders")
    if table is None:
        return None
    pairs = zip(table.column("promised_on"), table.column("open"), strict=True)
    return sum(promised is not None and promised < wanted and bool(left) for promised, left in pairs)


_DAY = r"(\d{4})_(\d{2})_(\d{2})"
_PATTERNS: list[tuple[str, Callable[..., Any]]] = [
    (rf"closing_balance_{_DAY}", _balance),
    (rf"rows_overdue_on_{_DAY}", _overdue),
    (r"rows_by_(\w+)", _rows_by),
    (r"rows_with_negative_(\w+)", _negative),
    (r"rows_without_(\w+)", _without),
    (r"(\w+)_by_(\w+)", _sum_by),
    (r"(\w+)_total", _sum),
    (r"total_(\w+)", _sum),
    (r"(\w+)", _sum),
    (r"(\w+)s", _distinct),
    (r"(\w+)", _distinct),
]
