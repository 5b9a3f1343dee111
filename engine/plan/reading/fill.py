"""Cells that a tool leaves out because the row above, or another row of the order, holds them."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.plan.faults import Faults
from engine.plan.reading.numbers import POINT, parse
from engine.plan.reading.recognise import Match
from engine.plan.reading.rows import USED, Marked
from engine.plan.reading.source import Source


def fill_down(source: Source, marked: Marked) -> int:
    """Fill the blank cells of the layout's fields from the row above; the number of rows that were filled."""
    layout = source.match.layout
    names = [name for name in layout.fill_down if source.has(name)]
    if not names:
        return 0
    blank = {name: source.is_blank(name) for name in names}
    texts = {name: list(source.texts(name)) for name in names}
    last: int | None = None
    filled = 0
    for row, rule in enumerate(marked.rule):
        if rule is not USED:
            continue
        if last is None or not _continues(texts, blank, names, row, last):
            last = row if not blank[names[0]][row] else last
            continue
        filled += 1
        for name in names:
            if blank[name][row]:
                texts[name][row] = texts[name][last]
    source.derived.update(texts)
    return filled


def _continues(
    texts: dict[str, list[str]], blank: dict[str, list[bool]], names: list[str], row: int, last: int
) -> bool:
    """Whether a record leaves its key out and says nothing else than the one above."""
    return blank[names[0]][row] and all(
        blank[name][row] or texts[name][row] == texts[name][last] for name in names
    )


def fill_within(source: Source) -> None:
    """Fill blank cells of fields with what another row of the same key says."""
    layout = source.match.layout
    if not source.has(layout.fill_by):
        return
    keys = source.texts(layout.fill_by)
    for name in layout.fill_within:
        if not source.has(name):
            continue
        texts, blank = source.texts(name), source.is_blank(name)
        if not any(blank):
            continue
        known: dict[str, str] = {}
        for row, text in enumerate(texts):
            if not blank[row]:
                known.setdefault(keys[row], text)
        source.derived[name] = [
            known.get(keys[row], text) if blank[row] else text for row, text in enumerate(texts)
        ]


def extract(source: Source, faults: Faults) -> None:
    """Fill the fields that stand inside the text of other columns."""
    for name, how in source.match.layout.extract.items():
        position = source.position_of(how.header)
        if position is None:
            continue
        cells = source.column(position, faults)
        found = {cell: _added(re.findall(how.pattern, cell)) for cell in set(cells)}
        source.derived[name] = [found[cell] for cell in cells]


def _added(texts: list[str]) -> str:
    if len(texts) < 2:
        return texts[0] if texts else ""
    values = [parse(text, POINT) or Decimal(0) for text in texts]
    return str(sum(values, Decimal(0)))


def packed_columns(match: Match, header: tuple[str, ...]) -> list[int]:
    """Positions of the columns that hold packed lines."""
    packed = match.layout.packed
    if packed is None:
        return []
    return [place for place, name in enumerate(header) if re.fullmatch(packed.columns, name.strip())]


def unpack(source: Source, positions: list[int]) -> Source:
    """A source with one record for each line that its rows hold packed in cells."""
    packed = source.match.layout.packed
    if packed is None or not positions:
        return source
    index: list[int] = []
    fields: dict[str, list[str]] = {name: [] for name in packed.fields.values()}
    columns = [source._columns[position] for position in positions]  # noqa: SLF001 (one noun in two files)
    for row in range(source.count):
        lines = [line for column in columns for line in _lines_of(column[row], packed.line)]
        for line in lines or [""]:
            parts = _parts_of(line, packed.part, packed.pair, tuple(packed.fields))
            index.append(row)
            for part, name in packed.fields.items():
                fields[name].append(parts.get(part, ""))
    return source.expanded(index, fields)


def _lines_of(cell: str, separator: str) -> list[str]:
    lines = cell.split(separator) if separator else [cell]
    return [line for line in lines if line.strip()]


def _parts_of(line: str, separator: str, pair: str, names: tuple[str, ...]) -> dict[str, str]:
    """Parts of a packed line; a separator inside a name does not end it unless a known part follows."""
    starts = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    any_part = rf"(?:^|{re.escape(separator)})\s*(?:{starts}|[a-z_ ]+)\s*{re.escape(pair)}"
    places = [match.start() for match in re.finditer(any_part, line)]
    parts: dict[str, str] = {}
    for start, end in zip(places, [*places[1:], len(line)], strict=False):
        name, _, value = line[start:end].lstrip(separator).partition(pair)
        parts.setdefault(name.strip(), value.strip())
    return parts
