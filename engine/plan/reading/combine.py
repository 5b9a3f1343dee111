"""Several exports of one kind as one: a record of two files counts once, in the later file's state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.plan.reading.canonical import Reading, Table
from engine.plan.reading.order_figures import figures_of_tables


@dataclass(frozen=True)
class Combined:
    """Tables of several files of one kind, later ones over earlier ones."""

    files: tuple[str, ...]
    """From the earliest to the latest."""
    tables: Mapping[str, Table]
    figures: Mapping[str, Any]
    repeated: int
    """Records that stood in two files or more."""
    changed: tuple[str, ...]
    """Those of them whose state differs."""


def last_day(reading: Reading) -> dt.date:
    """The last day that a file holds."""
    found = reading.figures.get("last_day") or reading.figures.get("as_of")
    return found if isinstance(found, dt.date) else dt.date.min


def combine(readings: Sequence[Reading]) -> Combined:
    """Files of one kind as one; the later file is the one whose last day is later.

    An order that another file shows with more refunded is in a later state there: refunds are never undone.
    """
    ordered = sorted(readings, key=last_day)
    tables = dict(ordered[0].tables)
    repeated: set[Any] = set()
    changed: list[str] = []
    main = next(iter(tables))
    seen = _seen(ordered[0], main)
    for reading in ordered[1:]:
        both = seen & _seen(reading, main)
        seen |= _seen(reading, main)
        repeated |= both
        changed += _changed(tables, reading, both)
        stays = _further(tables, reading, both)
        tables = {
            name: _over(tables.get(name), table, reading, both - stays, stays)
            for name, table in reading.tables.items()
        }
    figures: dict[str, Any] = {}
    if ordered[0].kind == "orders":
        figures = figures_of_tables(tables)
    figures |= {"orders_in_both": len(repeated), "changed_since": sorted(set(changed))}
    return Combined(
        tuple(r.file for r in ordered), tables, figures, len(repeated), tuple(sorted(set(changed)))
    )


def _seen(reading: Reading, main: str) -> set[Any]:
    """Keys of every record of a file."""
    return set(reading.seen) or set(_keys(reading.tables[main], reading.identity))


def _keys(table: Table, identity: tuple[str, ...]) -> list[Any]:
    names = [name for name in identity if name in table.columns]
    if not names:
        names = list(table.columns)
    columns = [table.columns[name] for name in names]
    return list(zip(*columns, strict=True)) if len(columns) > 1 else list(columns[0])


def _over(first: Table | None, later: Table, reading: Reading, both: set[Any], stays: set[Any]) -> Table:
    """Rows of an earlier table that the later one does not repeat, then the later one's but what stays."""
    if first is None:
        return later
    kept = [row for row, key in enumerate(_keys(first, reading.identity)) if key not in both]
    new = [row for row, key in enumerate(_keys(later, reading.identity)) if key not in stays]
    names = [name for name in later.columns if name in first.columns]
    return Table(
        later.name,
        {n: [first.columns[n][r] for r in kept] + [later.columns[n][r] for r in new] for n in names},
    )


def _further(tables: Mapping[str, Table], reading: Reading, both: set[Any]) -> set[Any]:
    """Orders of which the earlier file shows more refunded than the later one."""
    if reading.kind != "orders" or not both or "orders" not in tables:
        return set()
    before, after = (
        dict(zip(_keys(table, reading.identity), table.column("refunded"), strict=True))
        for table in (tables["orders"], reading.tables["orders"])
    )
    return {key for key in both if key in before and key in after and (before[key] or 0) > (after[key] or 0)}


def _changed(tables: Mapping[str, Table], reading: Reading, both: set[Any]) -> list[str]:
    """Records of both files whose state is another in the later one."""
    changed: set[Any] = set()
    for name, table in reading.tables.items():
        before, after = _rows(tables[name], reading.identity, both), _rows(table, reading.identity, both)
        changed |= {key for key in both if before.get(key) != after.get(key)}
    return [key if isinstance(key, str) else " ".join(map(str, key)) for key in changed]


def _rows(table: Table, identity: tuple[str, ...], both: set[Any]) -> dict[Any, list[tuple[Any, ...]]]:
    found: dict[Any, list[tuple[Any, ...]]] = {}
    columns = list(table.columns.values())
    for key, row in zip(_keys(table, identity), zip(*columns, strict=True), strict=True):
        if key in both:
            found.setdefault(key, []).append(row)
    return found
