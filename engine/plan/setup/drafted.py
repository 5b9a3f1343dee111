"""What a drafted plan remembers: the files it was made from, and what it looked like before any edit."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.errors import Fault, InputError

FOLDER = ".drafted"
SOURCES = "sources.json"
NO_COPY = ("data/orders.csv",)
"""Tables of which only the hash is kept."""


@dataclass(frozen=True)
class SourceFile:
    """An export that a plan was made from."""

    path: Path
    sha256: str


def digest(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered(path: Path, sources: Iterable[Path], texts: dict[str, str]) -> dict[str, str]:
    """Name to text of what the folder of a plan remembers; paths are relative to the plan."""
    files = [{"path": os.path.relpath(each, path), "sha256": digest(each)} for each in sources]
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())}
    kept = {f"{FOLDER}/{name}": text for name, text in texts.items() if name not in NO_COPY}
    return kept | {f"{FOLDER}/{SOURCES}": json.dumps({"files": files, "drafted": hashes}, indent=1) + "\n"}


@dataclass(frozen=True)
class Drafted:
    """What the folder of a plan remembers."""

    sources: tuple[SourceFile, ...]
    hashes: dict[str, str]
    texts: dict[str, str]
    """Files as they were drafted, those without a copy left out."""


def read_drafted(path: Path) -> Drafted:
    """What a plan remembers.

    Raises
    ------
    InputError
        Where the plan was not drafted from exports.
    """
    try:
        said = json.loads((path / FOLDER / SOURCES).read_text(encoding="utf-8"))
        sources = tuple(
            SourceFile(Path(os.path.normpath(path / each["path"])), str(each["sha256"]))
            for each in said["files"]
        )
        hashes = {str(name): str(value) for name, value in said["drafted"].items()}
    except FileNotFoundError:
        problem, remedy = "the plan was not made by init --from", "put new rows into its data files by hand"
        raise InputError([Fault(str(path), 0, "", problem, f"no {FOLDER}/{SOURCES}", remedy)]) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem, remedy = "what the plan remembers cannot be read", "make the plan anew with init --from"
        raise InputError([Fault(f"{FOLDER}/{SOURCES}", 0, "", problem, str(error)[:60], remedy)]) from None
    copies = {name: path / FOLDER / name for name in hashes if name not in NO_COPY}
    texts = {name: copy.read_text(encoding="utf-8") for name, copy in copies.items() if copy.is_file()}
    return Drafted(sources, hashes, texts)
