"""The face of reading: bytes of an export to a Reading, every row with one treatment."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.plan.faults import Faults
from engine.plan.reading import sheet
from engine.plan.reading.canonical import Reading
from engine.plan.reading.dates import stamp_of
from engine.plan.reading.draft import Draft, draft
from engine.plan.reading.encoding import Decoded, decode
from engine.plan.reading.fill import extract, fill_down, fill_within, packed_columns, unpack
from engine.plan.reading.grid import LEAST_KNOWN, Grid, find_grid, grid_of_rows
from engine.plan.reading.kinds import READERS
from engine.plan.reading.layout import STRUCTURAL, known_headers
from engine.plan.reading.numbers import shape_of
from engine.plan.reading.recognise import Match, recognise, seen_in
from engine.plan.reading.rows import apply_rules, apply_settings, structure
from engine.plan.reading.settings import Settings
from engine.plan.reading.source import Source
from engine.plan.reading.text import is_none
from engine.plan.reading.title import facts_of
from engine.plan.reading.values import Values
from engine.plan.reading.work import Work


class Opened(NamedTuple):
    """A file whose grid is known."""

    name: str
    decoded: Decoded
    grid: Grid


def read_export(
    content: bytes, name: str, faults: Faults, settings: Settings | None = None
) -> Reading | None:
    """Read an export; None and faults where it cannot be told what it is or what its cells mean."""
    settings = settings or Settings()
    opened = open_export(content, name, faults, settings)
    if opened is None:
        return None
    matches = recognise(opened.grid.header, settings.columns, settings.layout, seen_in(opened.grid))
    if not matches:
        _unknown(opened, faults)
        return None
    return read_as(opened, matches[0], faults, settings)


def draft_export(content: bytes, name: str, faults: Faults, settings: Settings | None = None) -> Draft | None:
    """A proposed mapping for a file that no layout fits, with a confidence for each column."""
    opened = open_export(content, name, faults, settings or Settings())
    return None if opened is None else draft(opened.grid)


def _unknown(opened: Opened, faults: Faults) -> None:
    if _is_data(opened.grid):
        faults.add(
            opened.name,
            opened.grid.header_row,
            problem="the file has no header row",
            got=", ".join(opened.grid.header)[:60],
            remedy="write a first row with the name of each column",
        )
        return
    proposed = draft(opened.grid)
    said = (
        ", ".join(f"{column.field}: {column.header}" for column in proposed.columns[:6]) if proposed else ""
    )
    faults.add(
        opened.name,
        opened.grid.header_row,
        problem="no layout fits the header",
        got=", ".join(opened.grid.header)[:60],
        remedy=f"say columns: {{{said}}}" if said else "say what it is (layout:) and its columns:",
    )


def open_export(content: bytes, name: str, faults: Faults, settings: Settings) -> Opened | None:
    """Text and grid of a file, of the sheet with most known headers in a workbook."""
    if not content.strip():
        faults.add(name, problem="the file is empty", got="0 rows", remedy="export it again, or delete it")
        return None
    if sheet.is_workbook(content, name):
        sheets = _open_sheets(content, name, faults)
        return max(sheets, key=lambda opened: opened.grid.known, default=None)
    decoded = decode(content, name, faults, given=settings.encoding)
    if decoded is None:
        return None
    grid = find_grid(decoded.text, known_headers(), name, faults)
    return None if grid is None else Opened(name, decoded, grid)


def _open_sheets(content: bytes, name: str, faults: Faults) -> list[Opened]:
    """Every sheet of a workbook that holds a table, in its order."""
    known = known_headers()
    grids = [grid_of_rows(rows, known) for _, rows in sheet.sheets_of(content, name, faults)]
    found = [Opened(name, Decoded("", "workbook", bom=False), grid) for grid in grids if grid is not None]
    if not found and not list(faults):
        faults.add(name, problem="no sheet holds a table", got="0 rows", remedy="save the sheet as CSV")
    return found


def read_sheets(content: bytes, name: str, faults: Faults) -> list[Reading]:
    """Read an export: every sheet of a workbook that some layout fits, or the one table of another file.

    Where no sheet fits, the fault of the one with most known headers.
    """
    sheets = _open_sheets(content, name, faults) if sheet.is_workbook(content, name) else []
    fits = [(one, recognise(one.grid.header, None, None, seen_in(one.grid))) for one in sheets]
    fits = [(one, matches) for one, matches in fits if matches and one.grid.known >= LEAST_KNOWN]
    if len(fits) < 2:
        reading = None if list(faults) else read_export(content, name, faults)
        return [] if reading is None else [reading]
    readings = [read_as(one, matches[0], faults, Settings()) for one, matches in fits]
    return [reading for reading in readings if reading is not None]


def read_as(opened: Opened, match: Match, faults: Faults, settings: Settings) -> Reading | None:
    """Read a file by one layout; None where a cell of a row that counts cannot be read."""
    before = len(list(faults))
    source = _loaded(opened, match, settings, faults)
    if not source.count:
        faults.add(opened.name, problem="no rows after the header", got="0 rows", remedy="export it again")
        return None
    total = len(set(source.lines))
    marked = structure(source, faults)
    filled = fill_down(source, marked)
    fill_within(source)
    apply_rules(source, marked, faults, structural=False)
    apply_settings(source, settings, marked, faults)
    rows = [
        row for row, rule in enumerate(marked.rule) if rule.means not in STRUCTURAL or rule.means == "head"
    ]
    values = Values(source, settings, faults, rows, marked)
    values.decide()
    facts, titles = facts_of(opened.grid.titles)
    work = Work(source, settings, faults, values, marked, facts, titles)
    if filled:
        work.notes.append(f"{filled:,} rows repeat the row above them: filled down")
    result = READERS[match.layout.kind](work)
    return _reading(opened, work, result, total) if len(list(faults)) == before else None


def _loaded(opened: Opened, match: Match, settings: Settings, faults: Faults) -> Source:
    source = Source(opened.name, opened.grid, match)
    packed = packed_columns(match, opened.grid.header)
    words = [word for rule in match.layout.rules for word in rule.when]
    asked = (source.position_of(word) for word in (*words, *settings.reject, *settings.keep))
    raw = {place for place in asked if place is not None}
    periods = set(range(len(opened.grid.header))) if match.layout.options.get("periods") else set()
    source.load(set(match.mapping.values()) | set(packed) | raw | periods, faults)
    if periods:
        source.derived["amounts"] = amounts_of(source, faults)
    extract(source, faults)
    return unpack(source, packed)


def _is_data(grid: Grid) -> bool:
    """Whether the row that stands where the header should is a row of data."""
    cells = [cell for cell in grid.header if not is_none(cell)]
    return not grid.known and any(shape_of(cell) or stamp_of(cell) for cell in cells)


def amounts_of(source: Source, faults: Faults) -> list[str]:
    """What stands in the columns of amounts of each record: empty in headings."""
    header = source.grid.header
    account = source.match.mapping.get("account")
    columns = [source.column(place, faults) for place in range(len(header)) if place != account]
    return [" ".join(cell for cell in cells if not is_none(cell)) for cells in zip(*columns, strict=True)]


def _reading(opened: Opened, work: Work, result: Any, total: int) -> Reading:
    match = work.match
    header = opened.grid.header
    mapped = set(match.mapping.values())
    return Reading(
        file=opened.name,
        kind=match.layout.kind,
        layout=match.layout.name,
        tool=match.layout.tool,
        confidence=match.confidence,
        encoding=opened.decoded.encoding,
        bom=opened.decoded.bom,
        delimiter="tab" if opened.grid.delimiter == "\t" else opened.grid.delimiter,
        header_row=opened.grid.header_row,
        mapping={field: header[place] for field, place in match.mapping.items()},
        unread=tuple(name for place, name in enumerate(header) if place not in mapped and name.strip()),
        rows_total=total,
        rows_records=result.used.rows,
        treatments=tuple(result.treatments),
        used=result.used,
        tables=result.tables,
        facts=work.facts,
        figures=result.figures,
        identity=match.layout.identity,
        seen=result.seen,
        date_order=_date_order(work),
        notes=tuple(work.notes),
        questions=tuple(work.questions),
    )


def _date_order(work: Work) -> str | None:
    """Order of the numbers of the first date column, else of a date in the title rows."""
    for order in work.values.written.values():
        if order is not None:
            return order
    return work.facts.get("date_order") or None
