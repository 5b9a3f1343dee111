"""The scenarios of a call: names of the library, and scenarios given in Python beside its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.scenarios.draft import Scenario as Draft
from engine.scenarios.grammar import Scenario
from engine.scenarios.library import Composition, Examine, Library, parse
from engine.scenarios.source import Source, from_values
from models.errors import Fault, InputError, UsageError

Given = str | Composition | Draft | Mapping[str, Any]
"""A name, a composed scenario, or a scenario in the grammar of the files: ``engine.Scenario`` or a dict."""


def compose_all(
    library: Library, given: Iterable[Given], examine: Examine | None = None
) -> tuple[Library, tuple[Composition, ...]]:
    """The library with the scenarios that were given in Python, and every scenario composed, in order.

    Given ones stand over files of the same name and may include each other. ``examine`` adds what only a
    floor above knows to be wrong with a scenario.

    Raises
    ------
    UsageError : an entry that is no scenario.
    InputError : every fault of the given ones; the address says scenario and shock.
    """
    entries = tuple(given)
    extended = _extended(library, [each for each in entries if isinstance(each, (Draft, Mapping))], examine)
    return extended, tuple(_composed(extended, each) for each in entries)


def _composed(library: Library, given: Given) -> Composition:
    if isinstance(given, Composition):
        return given
    if isinstance(given, Draft):
        return library.compose(given.name)
    if isinstance(given, Mapping):
        return library.compose(str(given["name"]))
    if isinstance(given, str):
        return library.compose(given)
    raise UsageError(
        f"scenarios: no scenario | got {type(given).__name__} | a name, an engine.Scenario or a dict"
    )


def _extended(
    library: Library, documents: Iterable[Draft | Mapping[str, Any]], examine: Examine | None
) -> Library:
    seen: set[str] = set()
    own: dict[str, Scenario] = {}
    sources: dict[tuple[str, bool], Source] = {}
    faults: list[Fault] = []
    for each in documents:
        content = each.to_dict() if isinstance(each, Draft) else each
        name = str(content.get("name", "without a name"))
        source, unreadable = from_values(f"scenario {name}", content)
        faults.extend(unreadable)
        if source is None:
            continue
        scenario, wrong = parse(source, examine, name)
        faults.extend(wrong)
        if name in seen:
            faults.append(source.fault(("name",), "given twice", name, "give each a name of its own"))
        seen.add(name)
        if scenario is not None:
            own[name], sources[name, True] = scenario, source
    if faults:
        raise InputError(sorted(set(faults)))
    return Library(library.shipped, {**library.own, **own}, {**library.sources, **sources})
