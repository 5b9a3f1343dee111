"""What a file is: the layout whose words its header holds best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.plan.reading.layout import Layout, layouts
from engine.plan.reading.periods import period_of
from engine.plan.reading.text import fold, without_brackets

RIGHT_OF = "right_of: "
PERIODS = "@periods"
PACKED = "@packed"


class Match(NamedTuple):
    """How well a layout fits a header."""

    layout: Layout
    mapping: dict[str, int]
    """Field to the position of its column."""
    missing: tuple[str, ...]
    """Required fields without a column."""
    score: float
    confidence: float


def assign(layout: Layout, header: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, int]:
    """Field to the position of the column that holds it; a column serves one field."""
    names = list(header)
    places = _places(names)
    taken: dict[str, int] = {}
    for field, word in (given or {}).items():
        place = next((p for p in places.get(fold(word), ()) if p not in taken.values()), None)
        if place is not None:
            taken[field] = place
    closed = {place for word in layout.unused for place in places.get(fold(word), ())}
    depth = max((len(headers) for headers in layout.columns.values()), default=0)
    for rank in range(depth):
        for field, headers in layout.columns.items():
            if field in taken or rank >= len(headers) or headers[rank].startswith(RIGHT_OF):
                continue
            used = closed | set(taken.values())
            place = next((p for p in _found(headers[rank], places) if p not in used), None)
            if place is not None:
                taken[field] = place
    return {**taken, **_beside(layout, taken, len(names))}


def _found(word: str, places: Mapping[str, list[int]]) -> list[int]:
    if word == "":
        return [place for place in places.get("", []) if place == 0]
    return places.get(fold(word), [])


def _places(names: list[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        places.setdefault(fold(name), []).append(position)
    for position, name in enumerate(names):
        bare = fold(without_brackets(name))
        if bare and bare != fold(name):
            places.setdefault(bare, []).append(position)
    return places


def _beside(layout: Layout, taken: Mapping[str, int], width: int) -> dict[str, int]:
    found = {}
    for field, headers in layout.columns.items():
        for header in headers:
            neighbour = header.removeprefix(RIGHT_OF)
            if header.startswith(RIGHT_OF) and neighbour in taken and taken[neighbour] + 1 < width:
                found[field] = taken[neighbour] + 1
    return found


def fit(layout: Layout, header: tuple[str, ...], given: Mapping[str, str] | None = None) -> Match:
    """How well one layout fits a header."""
    mapping = assign(layout, header, given)
    present = set(mapping) | _shapes(layout, header)
    missing = tuple(need for need in layout.required if not present & set(need.split("|")))
    filled = sum(bool(name.strip()) for name in header)
    explained = len(set(mapping.values())) / max(filled, 1)
    told = sum(bool(present & set(field.split("|"))) for field in layout.telling)
    marks = {fold(name) for name in header} | {fold(without_brackets(name)) for name in header}
    marked = layout.marks and all(fold(mark) in marks for mark in layout.marks)
    if layout.generic:
        score = len(mapping) + 3.0 * told + 5.0 * explained
        confidence = min(0.95, 0.5 + 0.25 * explained + 0.25 * told / max(len(layout.telling), 1))
    else:
        score = 1000.0 + len(layout.marks) if marked else 0.0
        confidence = 0.99 if marked else 0.0
    return Match(layout, mapping, missing, score, 0.0 if missing else round(confidence, 2))


def _shapes(layout: Layout, header: tuple[str, ...]) -> set[str]:
    shapes = set()
    if sum(period_of(name) is not None for name in header) >= 1:
        shapes.add(PERIODS)
    if layout.packed and any(re.fullmatch(layout.packed.columns, name.strip()) for name in header):
        shapes.add(PACKED)
    return shapes


def recognise(
    header: tuple[str, ...], given: Mapping[str, str] | None = None, among: str | None = None
) -> list[Match]:
    """Layouts whose required columns the header holds, best first."""
    fits = [fit(layout, header, given) for name, layout in layouts().items() if among in (None, name)]
    found = [match for match in fits if not match.missing and (match.score > 0 or among)]
    return sorted(found, key=lambda match: (-match.score, match.layout.name))
