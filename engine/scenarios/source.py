"""YAML 1.2 text → plain values and the place of each in the file; safe, small, no duplicate keys,
no aliases.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, MappingStartEvent, SequenceStartEvent

from engine.plan.characters import DRIVING, REMEDY, one_line
from models.errors import Fault

MAXIMUM_BYTES = 256 * 1024
MAXIMUM_DEPTH = 16

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file's values and where they stand: path in the document → (row, column), both counted from 1."""

    file: str
    value: Any
    places: dict[Path, tuple[int, int]]

    def fault(self, path: Path, problem: str, got: str, remedy: str) -> Fault:
        """Fault at a path of the document, or at the nearest place above it."""
        place = path
        while place not in self.places and place:
            place = place[:-1]
        row, column = self.places.get(place, (0, 0))
        where = _dotted(path)
        text = f"{where}: {problem}" if where else problem
        return Fault(self.file, row, str(column) if column else "", text, _short(got), remedy)


def _dotted(path: Path) -> str:
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else (f".{part}" if out else str(part))
    return out


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."


@lru_cache(maxsize=64)  # every run reads the shipped library: the same bytes give the same source
def read(file: str, content: bytes) -> tuple[Source | None, list[Fault]]:
    """Values and places of a YAML document, or the faults that keep it from being read."""
    if len(content) > MAXIMUM_BYTES:
        return None, [
            Fault(file, 0, "", "file is too large", f"{len(content)} bytes", f"at most {MAXIMUM_BYTES}")
        ]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, [
            Fault(file, 0, "", "not a text file in UTF-8", f"byte {error.start}", "save it as UTF-8 text")
        ]
    if not text.strip():
        return None, [Fault(file, 0, "", "file is empty", "", "a scenario: name, why, source, shocks")]
    try:
        fault = _structure_fault(file, text)
        if fault is not None:
            return None, [fault]
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        row, column = (mark.line + 1, str(mark.column + 1)) if mark is not None else (0, "")
        problem = (error.problem or "not YAML").splitlines()[0]
        return None, [Fault(file, row, column, problem, "", "valid YAML 1.2 without duplicate keys")]
    except (YAMLError, ValueError) as error:
        return None, [Fault(file, 0, "", "not YAML", _short(str(error).splitlines()[0]), "valid YAML 1.2")]
    places: dict[Path, tuple[int, int]] = {(): (1, 1)}
    return _shown(Source(file, _plain(document, (), places), places))


def from_values(file: str, values: Any) -> tuple[Source | None, list[Fault]]:
    """Values given in Python under the name of a file that they could stand in, or the faults that keep them
    from being read; no rows or columns.
    """
    try:
        return _shown(Source(file, _lowered(values, 0), {}))
    except RecursionError:
        return None, [Fault(file, 0, "", "nested too deeply", "", f"at most {MAXIMUM_DEPTH} levels")]


def _lowered(value: Any, depth: int) -> Any:
    """Mappings, sequences and numbers of numpy and pandas as those of YAML."""
    if depth > MAXIMUM_DEPTH:
        raise RecursionError
    if isinstance(value, Mapping):
        return {str(key): _lowered(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_lowered(inner, depth + 1) for inner in value]
    if isinstance(value, dt.datetime):
        return value.date()
    return value.item() if isinstance(value, np.generic) else value


def _shown(source: Source) -> tuple[Source | None, list[Fault]]:
    """The source, unless it holds a character that cannot be shown."""
    driving = [
        source.fault(path, "a character that cannot be shown", one_line(text), REMEDY)
        for path, text in _texts(source.value, ())
        if DRIVING.search(text)
    ]
    return (None, driving) if driving else (source, [])


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text of a document and its place; of a mapping, its keys too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(str(key), path)
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*path, position))


def _structure_fault(file: str, text: str) -> Fault | None:
    depth = 0
    for event in YAML(typ="rt").parse(text):
        row = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            return Fault(
                file, row, "", "aliases are not read here", f"*{event.anchor}", "write the value out"
            )
        if getattr(event, "tag", None) is not None and getattr(event, "ctag", None) is not None and event.tag:
            return Fault(file, row, "", "tags are not read here", str(event.tag), "plain values only")
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                return Fault(
                    file, row, "", "nested too deeply", str(depth), f"at most {MAXIMUM_DEPTH} levels"
                )
        elif type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
    return None


def _plain(node: Any, path: Path, places: dict[Path, tuple[int, int]]) -> Any:
    if isinstance(node, CommentedMap):
        out = {}
        for key, value in node.items():
            row, column = node.lc.value(key)
            places[(*path, key)] = (row + 1, column + 1)
            out[key] = _plain(value, (*path, key), places)
        return out
    if isinstance(node, CommentedSeq):
        values = []
        for i, value in enumerate(node):
            row, column = node.lc.item(i)
            places[(*path, i)] = (row + 1, column + 1)
            values.append(_plain(value, (*path, i), places))
        return values
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    if isinstance(node, dt.date) and not isinstance(node, dt.datetime):
        return dt.date(node.year, node.month, node.day)
    return node
