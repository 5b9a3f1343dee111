"""The files of a list of files and folders, each read; exports of one layout that overlap are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from engine.plan.faults import Faults
from engine.plan.reading.canonical import Reading
from engine.plan.reading.combine import Combined, combine
from engine.plan.reading.reader import draft_export, read_sheets
from models.errors import Fault, InputError

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
LARGEST = 1 << 30
"""Bytes of the largest export that is read (1 GiB)."""


@dataclass(frozen=True)
class Group:
    """Files of one kind and layout as one."""

    kind: str
    layout: str
    tool: str
    readings: tuple[Reading, ...]
    combined: Combined

    def frame(self, table: str) -> pd.DataFrame:
        """A canonical table of the group; empty where it has none of that name."""
        found = self.combined.tables.get(table)
        return pd.DataFrame({} if found is None else dict(found.columns))


@dataclass(frozen=True)
class Gathered:
    """All files that were read."""

    readings: tuple[Reading, ...]
    groups: tuple[Group, ...]
    unread: tuple[tuple[str, str], ...] = field(default=())
    """Files of folders that no layout fits, with the reason."""
    paths: tuple[Path, ...] = ()
    """Files that were read, in their order."""

    def of(self, kind: str, table: str = "") -> list[Group]:
        """Groups of a kind, those with a table of that name."""
        return [g for g in self.groups if g.kind == kind and (not table or table in g.combined.tables)]

    def files(self, kind: str, table: str = "") -> list[str]:
        """Names of the files of a kind."""
        return [name for group in self.of(kind, table) for name in group.combined.files]


def gather(paths: Sequence[Path]) -> Gathered:
    """Read every file of a list of files and folders.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    faults = Faults()
    found: list[Fault] = []
    readings: list[Reading] = []
    unread: list[tuple[str, str]] = []
    paths_read: list[Path] = []
    for path, given in files_in(paths, faults):
        own = Faults()
        found_in = read_sheets(path.read_bytes(), path.name, own)
        if found_in and not own:
            readings.extend(found_in)
            paths_read.append(path)
        elif not given and all(fault.problem == "no layout fits the header" for fault in own):
            unread.append((path.name, _drafted(path)))
        else:
            found.extend(own)
    found.extend(faults)
    if found:
        raise InputError(found)
    return Gathered(tuple(readings), tuple(groups_of(readings)), tuple(unread), tuple(paths_read))


def files_in(paths: Sequence[Path], faults: Faults) -> list[tuple[Path, bool]]:
    """Files to read, each once, and whether it was named itself."""
    found: dict[Path, bool] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            found |= {p.resolve(): False for p in inside if p.suffix.lower() in ENDINGS}
        elif path.is_file():
            found[path.resolve()] = True
        else:
            faults.add(str(path), problem="no such file or folder", got=str(path), remedy="check its name")
    for path in list(found):
        if path.stat().st_size > LARGEST:
            size = f"{path.stat().st_size:,} bytes"
            faults.add(path.name, problem="the file is too large", got=size, remedy=f"at most {LARGEST:,}")
            del found[path]
    return list(found.items())


def _drafted(path: Path) -> str:
    """A proposed mapping of a file that no layout fits, with the confidence of each column."""
    draft = draft_export(path.read_bytes(), path.name, Faults())
    columns = draft.columns if draft else ()
    said = ", ".join(f"{column.field}: {column.header} ({column.confidence:.0%})" for column in columns)
    return f"no layout fits; a drafted mapping: {said or 'none'}"


def groups_of(readings: Iterable[Reading]) -> list[Group]:
    """Readings of one kind and layout as one group, in the order of their first file."""
    by_layout: dict[tuple[str, str, str], list[Reading]] = {}
    for reading in readings:
        main = next(iter(reading.tables), "")
        by_layout.setdefault((reading.kind, reading.layout, main), []).append(reading)
    return [
        Group(kind, layout, parts[0].tool, tuple(parts), combine(parts))
        for (kind, layout, _), parts in by_layout.items()
    ]
