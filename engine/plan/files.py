"""Paths and bytes of a plan folder: nothing outside it is read, whatever links or names say."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from engine.plan.faults import Faults

LARGEST_TABLE = 1 << 30
"""Bytes of the largest table file that is read (1 GiB)."""

_BINARY_STARTS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
}


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
"""Characters that no text export holds."""


@dataclass(frozen=True)
class Folder:
    """A plan folder; ``root`` is resolved once, every file must lie under it."""

    root: Path
    hashes: dict[str, str] = field(default_factory=dict, repr=False)
    """sha256 of every file that was read so far, by name."""

    @classmethod
    def open(cls, path: str | Path) -> Folder:
        """The folder of a plan, given as the folder or as its ``plan.yaml``."""
        given = Path(path)
        if given.name == "plan.yaml" and given.is_file():
            given = given.parent
        return cls(given.resolve())

    def find(self, name: str, faults: Faults) -> Path | None:
        """The resolved path of a file of the folder, None (and a fault) if it leads outside."""
        try:
            path = (self.root / name).resolve()
        except (OSError, RuntimeError):  # RuntimeError is Python's word for a circle of links before 3.13
            faults.add(
                name, problem="a link that leads nowhere", got=name, remedy="put the file itself in its place"
            )
            return None
        if not path.is_relative_to(self.root):
            faults.add(
                name,
                problem="the path leads outside the plan folder",
                got=name,
                remedy="copy the file into the plan folder",
            )
            return None
        return path

    def list(self, folder: str, endings: tuple[str, ...]) -> list[str]:
        """Names, relative to the root and sorted, of the files of a sub-folder with one of the endings."""
        base = self.root / folder
        if not base.is_dir():
            return []
        found = (entry for entry in base.iterdir() if not entry.name.startswith("."))
        return sorted(
            f"{folder}/{entry.name}"
            for entry in found
            if entry.name.lower().endswith(endings) and (entry.is_symlink() or entry.is_file())
        )


def read_bytes(folder: Folder, name: str, faults: Faults, *, largest: int) -> bytes | None:
    """Content of a file, None (and a fault) if it is missing, a folder, empty, unreadable or too large."""
    path = folder.find(name, faults)
    if path is None:
        return None
    try:
        if not path.is_file():
            faults.add(name, problem="the file does not exist", got="", remedy=f"put a file at {name}")
            return None
        size = path.stat().st_size
        if size > largest:
            faults.add(
                name, problem="the file is too large", got=f"{size:,} bytes", remedy=f"at most {largest:,}"
            )
            return None
        content = path.read_bytes()
    except OSError as error:
        faults.add(
            name,
            problem="the file cannot be read",
            got=error.strerror or "an error",
            remedy="check its rights",
        )
        return None
    folder.hashes[name] = hashlib.sha256(content).hexdigest()
    if not content.strip():
        faults.add(name, problem="the file is empty", got="0 rows", remedy="export it again, or delete it")
        return None
    return content


def decode(content: bytes, name: str, faults: Faults) -> tuple[str, str] | None:
    """Text of a file and the encoding it was in, None (and a fault) if it is not text."""
    for start, kind in _BINARY_STARTS.items():
        if content.startswith(start):
            faults.add(
                name, problem="the file is binary, not text", got=kind, remedy="save it as CSV in UTF-8"
            )
            return None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif b"\x00" in content:
        position = content.index(b"\x00")
        faults.add(
            name,
            content.count(b"\n", 0, position) + 1,
            problem="the file is binary, not text",
            got=f"byte 00 at offset {position}",
            remedy="save it as text (CSV, YAML) in UTF-8",
        )
        return None
    else:
        candidates = ["utf-8-sig", "cp1252"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROLS.search(text):
            break
        return text, "utf-8" if encoding == "utf-8-sig" else encoding
    faults.add(
        name,
        problem="the file is binary, not text",
        got=f"bytes {content[:8].hex(' ')}",
        remedy="save it as text (CSV, YAML) in UTF-8",
    )
    return None
