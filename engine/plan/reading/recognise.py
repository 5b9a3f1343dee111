"""What a file is: the layout whose words its header holds best."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.plan.reading.dates import YMD, day_stamp_of, moment_of, stamp_of
from engine.plan.reading.grid import Grid
from engine.plan.reading.layout import Layout, layouts
from engine.plan.reading.numbers import shape_of
from engine.plan.reading.periods import period_of
from engine.plan.reading.text import fold, is_none, without_brackets

PERIODS = "@periods"
PACKED = "@packed"
LATEST_DAY = "@latest_day"
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LOOKED_AT = 200
"""Records whose first cell helps to tell the kind."""


class Match(NamedTuple):
    """How well a layout fits a header."""

    layout: Layout
    mapping: dict[str, int]
    """Field to the position of its column."""
    missing: tuple[str, ...]
    """Required fields without a column."""
    score: float
    confidence: float


class Seen(NamedTuple):
    """What a file shows beside its header: folded words of title rows and first column, and some records."""

    titles: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    columns: tuple[tuple[str, ...], ...] = ()

    def suits(self, place: int, kind: str) -> bool:
        """Whether half of the filled cells of a column can be of a type."""
        if kind == "text" or place >= len(self.columns):
            return True
        cells = [cell for cell in self.columns[place] if not is_none(cell)]
        read: Callable[[str], object] = day_stamp_of if kind == "day" else shape_of
        return 2 * sum(read(cell) is not None for cell in cells) >= len(cells)

    def are_mails(self, place: int) -> bool:
        """Whether most filled cells of a column are e-mail addresses."""
        cells = [cell for cell in self.columns[place] if not is_none(cell)] if self.columns else []
        return len(cells) > 0 and 2 * sum(_MAIL.fullmatch(cell.strip()) is not None for cell in cells) > len(
            cells
        )

    @property
    def dated(self) -> bool:
        """Whether a column holds days, as books by account never do."""
        return any(_are_days(cells) for cells in self.columns)


NOTHING = Seen()


def _are_days(cells: tuple[str, ...]) -> bool:
    filled = [cell for cell in cells if not is_none(cell)][:20]
    return len(filled) > 0 and sum(stamp_of(cell) is not None for cell in filled) > 0.8 * len(filled)


def seen_in(grid: Grid) -> Seen:
    """Words of the title rows and of the first column of a grid."""
    titles = frozenset(fold(cell) for _, row in grid.titles for cell in row if cell.strip())
    rows = [cells for _, cells in grid.first_records(LOOKED_AT)]
    width = len(grid.header)
    full = [tuple(cells[:width]) + ("",) * (width - len(cells)) for cells in rows]
    columns = tuple(zip(*full, strict=True)) if full else ()
    return Seen(titles, frozenset(fold(cells[0]) for cells in rows), columns)


def assign(
    layout: Layout, header: Iterable[str], given: Mapping[str, str] | None = None, seen: Seen = NOTHING
) -> dict[str, int]:
    """Field to the position of the column that holds it; a column serves one field."""
    names = tuple(header)
    places = _places(names)
    taken: dict[str, int] = {}
    for field, word in (given or {}).items():
        place = next((p for p in places.get(fold(word), ()) if p not in taken.values()), None)
        if place is not None:
            taken[field] = place
    closed = {place for word in layout.unused for place in places.get(fold(word), ())}
    used = closed | set(taken.values())
    words = [
        (rank, where, field, word) for word in places for rank, where, field in layout.words.get(word, ())
    ]
    for _, _, field, word in sorted(words):
        if field in taken:
            continue
        kind = layout.type_of(field)
        free = (p for p in places[word] if p not in used and (word or p == 0) and seen.suits(p, kind))
        place = next(free, None)
        if place is not None:
            taken[field] = place
            used.add(place)
    if "customer_email" in layout.columns and "customer_email" not in taken:
        mails = [place for place in range(len(names)) if place not in used and seen.are_mails(place)]
        if len(mails) == 1:
            taken["customer_email"] = mails[0]
    latest = _latest_day(names) if LATEST_DAY in layout.columns.get("balance", ()) else None
    if latest is not None:
        taken["balance"] = latest
    return {**taken, **_beside(layout, taken, len(names))}


def _latest_day(names: tuple[str, ...]) -> int | None:
    """Position of the column whose header is the latest day, None where no header is a day."""
    days = {place: day for place, name in enumerate(names) if (day := day_of_header(name))}
    return max(days, key=lambda place: (days[place], -place)) if days else None


def day_of_header(name: str) -> dt.date | None:
    """The day that a header names (``30 Jun 2025``, ``As of 2025-06-30``), None if it names none."""
    stamp = stamp_of(re.sub(r"(?i)^\s*(as (of|at)|zum|au|al)\s+", "", name))
    moment = moment_of(stamp, YMD) if stamp is not None and stamp.form in (YMD, "word") else None
    return moment.date() if moment else None


@lru_cache(maxsize=64)
def _places(names: tuple[str, ...]) -> dict[str, list[int]]:
    """Positions of the columns that a folded word may mean: by the whole header, without its brackets, by
    its last part. Shared: not to be changed.
    """
    places: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        places.setdefault(fold(name), []).append(position)
    for position, name in enumerate(names):
        bare = fold(without_brackets(name))
        if bare and bare != fold(name):
            places.setdefault(bare, []).append(position)
    for position, name in enumerate(names):
        last = fold(without_brackets(name).rpartition("/")[2])
        if "/" in name and len(last) > 2:
            places.setdefault(last, []).append(position)
    return places


def _beside(layout: Layout, taken: Mapping[str, int], width: int) -> dict[str, int]:
    return {
        field: taken[neighbour] + 1
        for field, neighbour in layout.beside
        if neighbour in taken and taken[neighbour] + 1 < width
    }


def fit(layout: Layout, header: tuple[str, ...], given: Mapping[str, str] | None, seen: Seen) -> Match:
    """How well one layout fits a header."""
    mapping = assign(layout, header, given, seen)
    present = set(mapping) | _shapes(layout, header, mapping)
    missing = tuple(need for need in layout.required if not present & set(need.split("|")))
    filled = sum(bool(name.strip()) for name in header)
    explained = len(set(mapping.values())) / max(filled, 1)
    told = sum(bool(present & set(field.split("|"))) for field in layout.telling)
    marks = {fold(name) for name in header} | {fold(without_brackets(name)) for name in header}
    marked = layout.marks and all(fold(mark) in marks for mark in layout.marks)
    if layout.generic:
        score = len(mapping) + 3.0 * told + 5.0 * explained + _words_fit(layout, seen)
        score -= 10.0 * (bool(layout.options.get("form")) and seen.dated)
        score -= 6.0 * len(marks & {fold(name) for name in layout.against})
        confidence = min(0.95, 0.5 + 0.25 * explained + 0.25 * told / max(len(layout.telling), 1))
    else:
        score = 1000.0 + len(layout.marks) if marked else 0.0
        confidence = 0.99 if marked else 0.0
    return Match(layout, mapping, missing, score, 0.0 if missing else round(confidence, 2))


def _words_fit(layout: Layout, seen: Seen) -> float:
    """Points for title rows and headings of a layout that the file has."""
    titled = any(fold(word) in title for word in layout.titles for title in seen.titles)
    headings = {fold(word) for words in layout.sections.values() for word in words}
    return 20.0 * titled + 2.0 * min(len(headings & seen.first), 5)


def _shapes(layout: Layout, header: tuple[str, ...], mapping: Mapping[str, int]) -> set[str]:
    shapes = set()
    for field, parts in layout.sums.items():
        if any(part.lstrip("-") in mapping for part in parts):
            shapes.add(field)
    if sum(period_of(name) is not None for name in header) >= 1:
        shapes.add(PERIODS)
    if layout.packed and any(re.fullmatch(layout.packed.columns, name.strip()) for name in header):
        shapes.add(PACKED)
    return shapes


def _is_hollow(match: Match, seen: Seen) -> bool:
    """Whether the columns of amounts that a layout must have are all blank in the records."""
    needed = {field for need in match.layout.required for field in need.split("|")}
    places = [
        place
        for field, place in match.mapping.items()
        if field in needed and match.layout.type_of(field) in ("number", "count")
    ]
    columns = [seen.columns[place] for place in places if place < len(seen.columns)]
    return len(columns) > 0 and all(is_none(cell) for column in columns for cell in column)


def recognise(
    header: tuple[str, ...],
    given: Mapping[str, str] | None = None,
    among: str | None = None,
    seen: Seen = NOTHING,
) -> list[Match]:
    """Layouts whose required columns the header holds, best first."""
    fits = [fit(layout, header, given, seen) for name, layout in layouts().items() if among in (None, name)]
    found = [match for match in fits if not match.missing and (match.score > 0 or among)]
    found = [match for match in found if among or not _is_hollow(match, seen)]
    return sorted(found, key=lambda match: (-match.score, match.layout.name))
