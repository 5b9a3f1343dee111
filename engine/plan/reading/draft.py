"""A drafted mapping for a file that no layout fits: a confidence per column, by words and by values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from engine.plan.reading.countries import country_code, currencies
from engine.plan.reading.dates import stamp_of
from engine.plan.reading.grid import Grid
from engine.plan.reading.layout import RIGHT_OF, Layout, layouts
from engine.plan.reading.numbers import mark_of, shape_of
from engine.plan.reading.recognise import Seen, seen_in
from engine.plan.reading.settings import Settings
from engine.plan.reading.text import fold, is_none, without_brackets

LEAST_SURE = 0.3
"""Confidence of a draft with missing columns below which it is none."""
LEAST_SIMILAR = 0.62
"""Likeness of a header to a known word below which it says nothing."""
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", re.UNICODE)


class Drafted(NamedTuple):
    """A proposed column of a field."""

    field: str
    header: str
    confidence: float
    reason: str


class Draft(NamedTuple):
    """A proposed reading of a file; its settings read the file as it is or after some edits."""

    layout: str
    kind: str
    columns: tuple[Drafted, ...]
    missing: tuple[str, ...]
    """Required fields for which no column was found."""
    confidence: float

    def settings(self) -> Settings:
        """The settings under which the file is read as drafted."""
        return Settings(layout=self.layout, columns={column.field: column.header for column in self.columns})


def draft(grid: Grid) -> Draft | None:
    """The best proposed reading of a grid over all kinds; None where nothing fits at all."""
    seen = seen_in(grid)
    drafts = [_draft_of(layout, grid, seen) for layout in layouts().values() if layout.generic]
    best = max(drafts, key=_rank)
    return best if best.columns and (not best.missing or best.confidence > LEAST_SURE) else None


def _rank(found: Draft) -> tuple[float, float]:
    sure = sum(column.confidence for column in found.columns)
    return (-float(len(found.missing)), sure + found.confidence)


def _draft_of(layout: Layout, grid: Grid, seen: Seen) -> Draft:
    offers = sorted(_offers(layout, grid, seen), key=lambda offer: (-offer[0], offer[1], offer[2]))
    taken: dict[str, Drafted] = {}
    used: set[int] = set()
    for confidence, field, place, reason in offers:
        if field not in taken and place not in used:
            taken[field] = Drafted(field, grid.header[place], round(confidence, 2), reason)
            used.add(place)
    missing = tuple(need for need in layout.required if not set(need.split("|")) & set(taken))
    needed = [taken[name].confidence for need in layout.required for name in need.split("|") if name in taken]
    sure = sum(needed) / max(len(layout.required), len(needed), 1)
    columns = tuple(sorted(taken.values(), key=lambda column: -column.confidence))
    return Draft(layout.name, layout.kind, columns, missing, round(sure, 2))


Offer = tuple[float, str, int, str]


def _offers(layout: Layout, grid: Grid, seen: Seen) -> Iterator[Offer]:
    for place, header in enumerate(grid.header):
        amounts = _are_amounts(seen.columns[place] if place < len(seen.columns) else ())
        by_values = _by_values(seen.columns[place] if place < len(seen.columns) else (), layout)
        for field in layout.columns:
            kind = layout.type_of(field)
            if not seen.suits(place, kind) or (kind == "text" and amounts):
                continue
            likeness, word = likest(header, layout.columns[field])
            value = by_values.get(field, 0.0)
            if likeness >= LEAST_SIMILAR:
                yield min(0.95, 0.8 * likeness + 0.2 * value + 0.1), field, place, f"like {word}"
            elif value:
                yield 0.6 * value, field, place, "by its values"


def likest(header: str, words: Iterable[str]) -> tuple[float, str]:
    """The known word that is most like a header, and how much."""
    best = (0.0, "")
    parts = frozenset(_parts(without_brackets(header)))
    for word in words:
        if not word or word.startswith(RIGHT_OF):
            continue
        best = max(best, (_likeness(header, parts, word), word))
    return best


def _likeness(header: str, parts: frozenset[str], word: str) -> float:
    folded, known = fold(header), fold(word)
    if folded == known:
        return 1.0
    long = min(len(folded), len(known)) > 4
    ratio = difflib.SequenceMatcher(None, folded, known).ratio() if long else 0.0
    others = _parts(word)
    shared = sum(max((_part_likeness(part, other) for other in others), default=0.0) for part in parts)
    overlap = min(0.95, 2 * shared / (len(parts) + len(others))) if parts and others else 0.0
    inside = 0.75 if len(known) > 4 and known in folded else 0.0
    return max(ratio if ratio > 0.75 else 0.0, overlap, inside)


@lru_cache(maxsize=65536)
def _part_likeness(part: str, other: str) -> float:
    """How much one word is another or short for it: ``Qty`` for quantity, ``Dt`` for date."""
    if part == other:
        return 1.0
    short, long = sorted((part, other), key=len)
    if len(short) < 2 or short[0] != long[0] or 3 * len(short) < len(long):
        return 0.0
    if len(short) >= 3 and long.startswith(short):
        return 0.9
    letters = iter(long)
    return 0.75 if all(letter in letters for letter in short) and len(short) < len(long) - 1 else 0.0


@lru_cache(maxsize=8192)
def _parts(text: str) -> tuple[str, ...]:
    return tuple(fold(part) for part in _WORD.findall(text))


def _by_values(cells: tuple[str, ...], layout: Layout) -> dict[str, float]:
    """What the cells of a column look like: days, e-mails, currencies, countries, numbers, keys."""
    filled = [cell.strip() for cell in cells if not is_none(cell)]
    if not filled:
        return {}
    found: dict[str, float] = {}
    for field, told in (
        ("customer_email", _share("@" in cell for cell in filled)),
        ("currency", _share(cell.upper() in currencies() for cell in filled)),
        ("country", _share(country_code(cell) is not None for cell in filled)),
    ):
        found |= {field: told} if told > 0.8 and field in layout.columns else {}
    dates = _share(stamp_of(cell) is not None and not cell.isdigit() for cell in filled)
    first_day = next((field for field in layout.types.get("day", ())), None)
    if dates > 0.8 and first_day:
        found[first_day] = dates
    return found or _by_numbers(filled, layout)


def _by_numbers(filled: list[str], layout: Layout) -> dict[str, float]:
    shapes = [shape_of(cell) for cell in filled]
    if _share(shape is not None for shape in shapes) < 0.8:
        key = next(iter(layout.columns)) if len(set(filled)) > 0.5 * len(filled) else None
        return {key: 0.5} if key and layout.type_of(key) == "text" else {}
    whole = _share(shape is not None and shape.digits.isdigit() for shape in shapes)
    small = _share(shape is not None and len(shape.digits) <= 3 for shape in shapes)
    fields = layout.types.get("count", ()) if whole > 0.95 and small > 0.9 else layout.types.get("number", ())
    return dict.fromkeys(fields[:1], 0.5)


def _are_amounts(cells: tuple[str, ...]) -> bool:
    """Whether a column holds numbers with decimals, as no key and no status does."""
    shapes = [shape_of(cell) for cell in cells if not is_none(cell)]
    marked = sum(shape is not None and mark_of(shape.digits) is not None for shape in shapes)
    return bool(shapes) and all(shapes) and 2 * marked >= len(shapes)


def _share(told: Iterable[bool]) -> float:
    flags = list(told)
    return sum(flags) / len(flags) if flags else 0.0
