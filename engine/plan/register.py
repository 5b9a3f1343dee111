"""``assumptions.yaml``: what nobody measured, each with its figure, its source and who answers for it.

An entry names a figure of plan.yaml by its path (``finance.tax.rate``, ``markets.GB.sla_days``, ``*`` for
every entry of a list) and never repeats its value: the plan is its one home. A figure of a data file has no
path; its entry states the value in words.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.plan import Assumption
from engine.plan.schema import Day, Model
from engine.plan.validate import validate
from engine.plan.yaml_file import Document, read_yaml

FILE = "assumptions.yaml"
_DATA = "data/"
_SHOWN = 8


class Entry(Model):
    """One assumption."""

    id: str
    """Path of a figure in plan.yaml, or a file and column: data/items.csv: unit_cost."""
    value: str = ""
    """Only for figures of data files: what was taken, in words."""
    unit: str = ""
    source: str
    """Where the figure comes from; an assumption nobody can cite says so."""
    why: str = ""
    """Why this figure and not another."""
    owner: str = ""
    as_of: Day | None = None
    review_by: Day | None = None


class Register(Model):
    """``assumptions.yaml`` as a whole."""

    assumptions: tuple[Entry, ...] = Field(default_factory=tuple)


def read_register(folder: Folder, document: Document | None, faults: Faults) -> tuple[Assumption, ...]:
    """Assumptions that the plan folder lists, with the values that the plan gives them."""
    path = folder.root / FILE
    if not path.exists() and not path.is_symlink():
        return ()
    listed = read_yaml(folder, FILE, faults)
    register = None if listed is None else validate(Register, listed, faults)
    if listed is None or register is None:
        return ()
    found: list[Assumption] = []
    seen: dict[str, int] = {}
    for position, entry in enumerate(register.assumptions):
        place = ("assumptions", position, "id")
        if entry.id in seen:
            listed.fault(
                faults,
                place,
                problem="an assumption that is listed twice",
                got=f"{entry.id} (first in line {seen[entry.id]})",
                remedy="keep one entry",
            )
        seen.setdefault(entry.id, listed.mark(place)[0])
        value = entry.value if entry.id.startswith(_DATA) else _value(entry, listed, place, document, faults)
        why = "; ".join(part for part in (entry.why, _answers(entry)) if part)
        found.append(Assumption(entry.id, value, entry.unit, entry.source, why))
    return tuple(found)


def _answers(entry: Entry) -> str:
    parts = [f"owner {entry.owner}"] if entry.owner else []
    parts += [f"as of {entry.as_of}"] if entry.as_of else []
    parts += [f"review by {entry.review_by}"] if entry.review_by else []
    return ", ".join(parts)


def _value(
    entry: Entry, listed: Document, place: tuple[str | int, ...], document: Document | None, faults: Faults
) -> str:
    if document is None:
        return ""
    figures = figures_at(document.data, entry.id)
    if not figures:
        listed.fault(
            faults,
            place,
            problem="an assumption about no figure of plan.yaml",
            got=entry.id,
            remedy="a path such as finance.tax.rate, or data/FILE: column with a value",
        )
    if entry.value:
        listed.fault(
            faults,
            (*place[:-1], "value"),
            problem="a value that plan.yaml already gives",
            got=entry.value,
            remedy="remove it: the figure has one home",
        )
    distinct = sorted({text for _, text in figures})
    if len(distinct) == 1:
        return distinct[0]
    shown = [f"{name} {text}" for name, text in figures]
    return ", ".join(shown[:_SHOWN]) + (f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")


def figures_at(data: Any, path: str) -> list[tuple[str, str]]:
    """Figures at a path of plan.yaml: what ``*`` stood for, and the text of the figure."""
    places: list[tuple[tuple[str, ...], Any]] = [((), data)]
    for step in path.split("."):
        places = [
            ((*names, name) if step == "*" else names, inner)
            for names, value in places
            for name, inner in _children(value)
            if step in ("*", name)
        ]
    return [("/".join(names), _spelled(value)) for names, value in places]


def _children(value: Any) -> list[tuple[str, Any]]:
    """Named parts of a value; entries of a list go by their key, name, or supplier and node."""
    if isinstance(value, dict):
        return [(str(name), inner) for name, inner in value.items()]
    if not isinstance(value, list):
        return []
    named = []
    for position, inner in enumerate(value):
        name = str(position)
        if isinstance(inner, dict):
            lane = [str(inner[part]) for part in ("supplier", "node") if part in inner]
            name = str(inner.get("key") or inner.get("name") or ">".join(lane) or position)
        named.append((name, inner))
    return named


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {_spelled(inner)}" for name, inner in value.items() if name != "source")
    if isinstance(value, list):
        return ", ".join(_spelled(inner) for inner in value)
    return "" if value is None else str(value)
