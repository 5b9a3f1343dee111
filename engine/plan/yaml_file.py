"""YAML 1.2 read safely, with the line and column of every node.

Scalars stay the text that was written: ``NO`` is a country, ``1E10`` an item and ``12:30`` no number, because
the frozen models say what each field is, not the look of its value. Duplicate keys, tags, endless aliases and
deep nesting are faults.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from engine.plan.characters import DRIVING, DRIVING_OR_BREAKING, REMEDY
from engine.plan.faults import Faults
from engine.plan.files import Folder, decode, read_bytes

LARGEST_FILE = 1 << 20
MOST_ALIASES = 100
DEEPEST = 24
MOST_NODES = 100_000

Place = tuple[str | int, ...]
"""Where a node lies in a document: keys and list positions from the root."""

_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = {
    _CORE + kind
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map", "value", "merge")
}


@dataclass(frozen=True)
class Document:
    """A YAML file: plain data whose scalars are text or None, and where each node stands."""

    file: str
    data: Any
    marks: Mapping[Place, tuple[int, int]] = field(default_factory=dict, repr=False)
    """Row and column, both counted from 1, of each value."""
    key_marks: Mapping[Place, tuple[int, int]] = field(default_factory=dict, repr=False)
    """Row and column of each mapping key."""

    def mark(self, place: Place) -> tuple[int, int]:
        """Row and column of a node, or of its nearest parent that exists."""
        for length in range(len(place), -1, -1):
            found = self.marks.get(place[:length])
            if found is not None:
                return found
        return (1, 1)

    def fault(self, faults: Faults, place: Place, *, problem: str, got: object = "", remedy: str) -> None:
        """Note a fault at a node; the problem names the node by its path."""
        key = self.key_marks.get(place)
        row, column = key if key is not None and place not in self.marks else self.mark(place)
        faults.add(self.file, row, str(column), problem=f"{spell(place)}: {problem}", got=got, remedy=remedy)


def spell(place: Place) -> str:
    """A place as people write it, ``markets[0].country``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text or "the file"


def read_yaml(folder: Folder, name: str, faults: Faults) -> Document | None:
    """Read a YAML file of a plan folder; None if nothing of it is usable (the faults say why)."""
    content = read_bytes(folder, name, faults, largest=LARGEST_FILE)
    if content is None:
        return None
    decoded = decode(content, name, faults)
    return None if decoded is None else parse_yaml(decoded[0], name, faults)


def parse_yaml(text: str, file: str, faults: Faults) -> Document | None:
    """Parse YAML text; None if it is not YAML at all or breaks a cap."""
    try:
        if not _within_caps(text, file, faults):
            return None
        node = YAML(typ="safe", pure=True).compose(io.StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        row, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        faults.add(
            file,
            row,
            str(column or ""),
            problem="not valid YAML",
            got=error.problem or "",
            remedy="correct the line; indent with spaces",
        )
        return None
    except (YAMLError, ValueError, RecursionError) as error:
        faults.add(
            file, problem="not valid YAML", got=str(error).splitlines()[0], remedy="save it as UTF-8 text"
        )
        return None
    if node is None:
        faults.add(
            file, problem="the file is empty", got="only comments", remedy="write into it, or delete it"
        )
        return None
    builder = _Builder(file, faults)
    data = builder.build(node, ())
    return Document(file, data, builder.marks, builder.key_marks)


def _within_caps(text: str, file: str, faults: Faults) -> bool:
    depth = aliases = 0
    for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            depth -= 1
        elif isinstance(event, AliasEvent):
            aliases += 1
        if depth > DEEPEST or aliases > MOST_ALIASES:
            mark = event.start_mark
            what, most = (
                ("nested too deep", DEEPEST) if depth > DEEPEST else ("too many aliases", MOST_ALIASES)
            )
            got = f"{depth} levels" if depth > DEEPEST else f"{aliases} aliases"
            faults.add(
                file, mark.line + 1, str(mark.column + 1), problem=what, got=got, remedy=f"at most {most}"
            )
            return False
    return True


class _Builder:
    """Turns a node tree into plain data, notes where each node stands, refuses what YAML must not do here."""

    def __init__(self, file: str, faults: Faults) -> None:
        self.file, self.faults = file, faults
        self.marks: dict[Place, tuple[int, int]] = {}
        self.key_marks: dict[Place, tuple[int, int]] = {}
        self._stopped = False

    def build(self, node: Node, place: Place) -> Any:
        row, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.marks[place] = (row, column)
        if len(place) > DEEPEST or len(self.marks) > MOST_NODES:
            if not self._stopped:
                self._stopped = True
                self._fault(
                    node,
                    place,
                    "aliases unfold too far",
                    f"more than {MOST_NODES:,} nodes or {DEEPEST} levels",
                    "write it out",
                )
            return None
        if node.tag not in _PLAIN_TAGS:
            self._fault(
                node,
                place,
                "tags are refused",
                str(node.tag),
                "remove the tag; write plain text, lists and mappings",
            )
            return None
        if isinstance(node, ScalarNode):
            text = str(node.value)
            if DRIVING.search(text):
                self._fault(node, place, "a character that cannot be shown", text, REMEDY)
            return None if node.tag == _CORE + "null" else text
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        return [self.build(child, (*place, position)) for position, child in enumerate(node.value)]

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._fault(
                    key_node,
                    place,
                    "a key must be plain text",
                    "a list or mapping",
                    "write a name before the colon",
                )
                continue
            key = str(key_node.value)
            here = (*place, key)
            if DRIVING_OR_BREAKING.search(key):
                self._fault(key_node, place, "a key with a character that cannot be shown", key, REMEDY)
                continue
            if key in data:
                first = self.key_marks[here][0]
                self._fault(
                    key_node, here, "duplicate key", f"{key} (first in line {first})", "keep one of the two"
                )
                continue
            self.key_marks[here] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            data[key] = self.build(value_node, here)
        return data

    def _fault(self, node: Node, place: Place, problem: str, got: str, remedy: str) -> None:
        self.faults.add(
            self.file,
            node.start_mark.line + 1,
            str(node.start_mark.column + 1),
            problem=f"{spell(place)}: {problem}",
            got=got,
            remedy=remedy,
        )
