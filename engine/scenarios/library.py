"""The library of scenarios: the shipped YAML files, a plan's own beside or over them, and how they
compose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.scenarios.check import NamedShock, Problem, shock_problems, trigger_problems
from engine.scenarios.grammar import (
    Change,
    Include,
    ResponseUse,
    Scenario,
    Shape,
    Shock,
    Tie,
)
from engine.scenarios.source import Source, read
from engine.scenarios.values import Distribution, TimeDistribution
from models.errors import Fault, InputError, did_you_mean

BASE = "base"

Place = tuple[str | int, ...]
Parsed = TypeVar("Parsed", bound=BaseModel)
Examine = Callable[[Scenario], Iterable[Problem]]


@dataclass(frozen=True)
class Composition:
    """A scenario with everything it includes: named shocks sorted by name, playbooks sorted by name."""

    name: str
    why: str
    source: str
    shocks: tuple[NamedShock, ...] = ()
    responses: tuple[ResponseUse, ...] = ()
    includes: tuple[str, ...] = ()
    """Every scenario taken over, directly or not."""


@dataclass(frozen=True)
class Library:
    """Scenarios by name: the shipped ones, and a plan's own, which override or extend them."""

    shipped: Mapping[str, Scenario]
    own: Mapping[str, Scenario]
    sources: Mapping[tuple[str, bool], Source]
    """Source by (name, whether it is the plan's own)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all scenarios, sorted, base first."""
        return tuple(sorted(set(self.shipped) | set(self.own), key=lambda name: (name != BASE, name)))

    def compose(self, name: str) -> Composition:
        """The scenario with all it includes; every fault of the composition in one ``InputError``."""
        if name not in self.names:
            raise InputError(
                [
                    Fault(
                        "scenarios",
                        problem="unknown scenario",
                        got=name,
                        remedy=did_you_mean(name, self.names),
                    )
                ]
            )
        faults: list[Fault] = []
        composition = _Composer(self, faults).compose(name)
        if faults:
            raise InputError(sorted(set(faults)))
        return composition

    def fault(self, named: NamedShock, problem: Problem) -> Fault:
        """The problem at its place in the file that defines the shock."""
        for own in (True, False):
            source = self.sources.get((named.scenario, own))
            if source is not None and self._defines(named, own):
                return source.fault(*problem)
        return Source(named.scenario, None, {}).fault(*problem)

    def is_shipped(self, named: NamedShock) -> bool:
        """Whether a shipped file defines the shock, and none of the plan's own."""
        return self._defines(named, False) and not self._defines(named, True)

    def _defines(self, named: NamedShock, own: bool) -> bool:
        scenario = (self.own if own else self.shipped).get(named.scenario)
        if scenario is None or named.index >= len(scenario.shocks):
            return False
        defined = scenario.shocks[named.index]
        return defined == named.shock or defined == named.shock.model_copy(update={"then": None})


class _Composer:
    def __init__(self, library: Library, faults: list[Fault]) -> None:
        self.library = library
        self.faults = faults

    def compose(self, name: str) -> Composition:
        own = name in self.library.own
        scenario = (self.library.own if own else self.library.shipped)[name]
        found: dict[tuple[str, bool, int], NamedShock] = {}
        included: set[str] = set()
        responses: dict[str, ResponseUse] = {}
        self._collect(name, own, None, (), found, included, responses)
        shocks = tuple(sorted(found.values(), key=lambda named: named.name))
        self._clashes(shocks)
        for named, problem in trigger_problems(shocks):
            self.faults.append(self.library.fault(named, problem))
        return Composition(
            name, scenario.why, scenario.source, shocks,
            tuple(responses[key] for key in sorted(responses)), tuple(sorted(included)),
        )  # fmt: skip

    def _collect(
        self,
        name: str,
        own: bool,
        then: str | None,
        trail: tuple[tuple[str, bool], ...],
        found: dict[tuple[str, bool, int], NamedShock],
        included: set[str],
        responses: dict[str, ResponseUse],
    ) -> None:
        scenario = (self.library.own if own else self.library.shipped)[name]
        source = self.library.sources.get((name, own), Source(name, None, {}))
        for index, shock in enumerate(scenario.shocks):
            combined = shock.model_copy(update={"then": then}) if then and shock.then is None else shock
            named = NamedShock(shock.name or default_name(name, shock), combined, name, index)
            earlier = found.setdefault((name, own, index), named)
            if earlier.shock != combined:
                got = f"{earlier.shock.then or 'none'} and {combined.then or 'none'}"
                self.faults.append(
                    source.fault(named.path, "included twice with different then", got, "include it once")
                )
            for problem in shock_problems(combined, named.path):
                self.faults.append(source.fault(*problem))
        for use in scenario.responses:
            if responses.setdefault(use.name, use) != use:
                self.faults.append(
                    source.fault(
                        ("responses",), "playbook with different parameters", use.name, "agree on one"
                    )
                )
        for index, include in enumerate(scenario.includes):
            target = (include.scenario, include.scenario in self.library.own and include.scenario != name)
            place = ("includes", index)
            known = target[0] in (self.library.own if target[1] else self.library.shipped)
            if not known:
                remedy = did_you_mean(target[0], set(self.library.names) - {name})
                self.faults.append(source.fault(place, "unknown scenario", target[0], remedy))
            elif target in (*trail, (name, own)):
                self.faults.append(
                    source.fault(
                        place, "scenarios include each other in a circle", target[0], "drop one include"
                    )
                )
            else:
                included.add(target[0])
                self._collect(
                    *target, include.then or then, (*trail, (name, own)), found, included, responses
                )

    def _clashes(self, shocks: tuple[NamedShock, ...]) -> None:
        seen: dict[str, NamedShock] = {}
        for named in shocks:
            other = seen.setdefault(named.name, named)
            if other is not named:
                problem = Problem(
                    named.path,
                    "two shocks have the same name",
                    named.name,
                    "give one of them a name of its own",
                )
                self.faults.append(self.library.fault(named, problem))


def default_name(scenario: str, shock: Shock) -> str:
    """Name of a shock that was given none: defining scenario, driver and where; never its position."""
    where = ",".join(f"{word}={'|'.join(sorted(shock.where[word]))}" for word in sorted(shock.where))
    return f"{scenario}.{shock.driver}" + (f"[{where}]" if where else "")


def load_library(
    folder: Path | str | None = None,
    file: Path | str | None = None,
    examine: Examine | None = None,
    own: Iterable[tuple[str, bytes]] = (),
) -> Library:
    """The shipped scenarios, those in ``folder`` (a plan's ``scenarios``) and the one in ``file``.

    ``own``: name and content of files that a loaded plan keeps, which stand for its folder.
    ``examine`` adds what only a floor above knows to be wrong with a scenario. Every fault of every file
    comes in one ``InputError``.
    """
    return _loaded([*own, *_own_files(folder), *_one_file(file)], examine)


def _one_file(file: Path | str | None) -> Iterable[tuple[str, bytes]]:
    if file is None:
        return
    path = Path(file)
    if not path.is_file():
        raise InputError(
            [
                Fault(
                    str(path),
                    problem="no such scenario file",
                    got=str(path),
                    remedy="the path of a .yaml file",
                )
            ]
        )
    yield path.name, path.read_bytes()


def _loaded(own_files: Iterable[tuple[str, bytes]], examine: Examine | None) -> Library:
    faults: list[Fault] = []
    sources: dict[tuple[str, bool], Source] = {}
    shipped = _read_all(_shipped_files(), False, sources, faults, examine)
    own = _read_all(own_files, True, sources, faults, examine)
    library = Library(shipped, own, sources)
    if not faults:
        composer = _Composer(library, faults)
        for name in library.names:
            composer.compose(name)
    if faults:
        raise InputError(sorted(set(faults)))
    return library


def composition(scenario: Scenario, library: Library | None = None) -> Composition:
    """Composition of a scenario made in Python, which may include those of ``library``."""
    shipped = dict(library.shipped) if library is not None else {}
    own = dict(library.own) if library is not None else {}
    sources = dict(library.sources) if library is not None else {}
    own[scenario.name] = scenario
    sources.pop((scenario.name, True), None)
    return Library(shipped, own, sources).compose(scenario.name)


def _shipped_files() -> Iterable[tuple[str, bytes]]:
    folder = resources.files("scenarios")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".yaml"):
            yield f"scenarios/{entry.name}", entry.read_bytes()


def _own_files(folder: Path | str | None) -> Iterable[tuple[str, bytes]]:
    if folder is None or not Path(folder).is_dir():
        return
    for path in sorted(Path(folder).iterdir()):
        if path.suffix in (".yaml", ".yml") and path.is_file():
            yield f"{Path(folder).name}/{path.name}", path.read_bytes()


def _read_all(
    files: Iterable[tuple[str, bytes]],
    own: bool,
    sources: dict[tuple[str, bool], Source],
    faults: list[Fault],
    examine: Examine | None,
) -> dict[str, Scenario]:
    scenarios: dict[str, Scenario] = {}
    for file, content in files:
        source, unreadable = read(file, content)
        faults.extend(unreadable)
        if source is None:
            continue
        scenario, wrong = parse(source, examine)
        faults.extend(wrong)
        if scenario is not None:
            scenarios[scenario.name] = scenario
            sources[(scenario.name, own)] = source
    return scenarios


def parse(source: Source, examine: Examine | None = None) -> tuple[Scenario | None, list[Fault]]:
    """The scenario of a file, or every fault of it: the head, and each shock on its own."""
    if not isinstance(source.value, dict):
        return None, [
            source.fault((), "a mapping is needed", type(source.value).__name__, "name, why, source, shocks")
        ]
    faults: list[Fault] = []
    shocks = source.value.get("shocks") or []
    head = {**source.value, "shocks": []}
    if not isinstance(shocks, list):
        faults.append(
            source.fault(
                ("shocks",), "a list is needed", type(shocks).__name__, "start each shock with a dash"
            )
        )
        shocks = []
    scenario = _validated(Scenario, head, (), source, faults)
    if scenario is not None and examine is not None:
        faults.extend(source.fault(*problem) for problem in examine(scenario))
    checked = []
    for index, raw in enumerate(shocks):
        shock = _validated(Shock, raw, ("shocks", index), source, faults)
        if shock is not None:
            faults.extend(source.fault(*problem) for problem in shock_problems(shock, ("shocks", index)))
            checked.append(shock)
    stem = Path(source.file).stem
    name = source.value.get("name")
    if isinstance(name, str) and name != stem:
        faults.append(source.fault(("name",), "differs from the file's name", name, f"name: {stem}"))
    if stem == BASE and any(source.value.get(key) for key in ("shocks", "includes", "responses")):
        faults.append(
            source.fault(
                (), "base is what the others are compared with", "", "no shocks, includes or responses"
            )
        )
    if faults or scenario is None:
        return None, faults
    return scenario.model_copy(update={"shocks": tuple(checked)}), []


def _validated(
    model: type[Parsed], value: Any, path: Place, source: Source, faults: list[Fault]
) -> Parsed | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        texts: dict[Place, list[str]] = {}
        for entry in error.errors():
            place = _place(value, entry["loc"])
            if entry["type"] == "extra_forbidden":
                options = _FIELDS.get(str(place[-2]) if len(place) > 1 else "", tuple(model.model_fields))
                remedy = did_you_mean(str(place[-1]), options)
                faults.append(source.fault((*path, *place), "unknown key", str(place[-1]), remedy))
                continue
            texts.setdefault(place, []).append(entry["msg"].removeprefix("Value error, "))
        for place, messages in texts.items():
            remedy = " or ".join(dict.fromkeys(_spoken(message) for message in messages))
            missing = place and _at(value, place) is _NOTHING
            problem = "is missing" if missing else "cannot be read"
            got = "" if missing else str(_at(value, place))
            faults.append(source.fault((*path, *place), problem, got, remedy))
        return None


_NOTHING = object()


def _spoken(message: str) -> str:
    return message.replace("Input should be a valid dictionary or instance of", "a").replace(
        "Input should be", "needed:"
    )


def _place(value: Any, location: tuple[str | int, ...]) -> Place:
    """The path of a validation error in the document: the parts that name branches of a union are
    left out.
    """
    place: list[str | int] = []
    for position, part in enumerate(location):
        if isinstance(value, dict) and (
            part in value or (position == len(location) - 1 and part not in _BRANCHES)
        ):
            place.append(part)
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            place.append(part)
            value = value[part]
    return tuple(place)


def _at(value: Any, place: Place) -> Any:
    for part in place:
        if isinstance(value, dict):
            value = value.get(part, _NOTHING)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


_BRANCHES = frozenset({"float", "str", "Distribution", "TimeDistribution"})
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "change": tuple(Change.model_fields),
    "shape": tuple(Shape.model_fields),
    "tied": tuple(Tie.model_fields),
    "includes": tuple(Include.model_fields),
    **dict.fromkeys(("add", "scale", "set"), tuple(Distribution.model_fields)),
    **dict.fromkeys(("start", "delay", "ramp", "hold", "recover"), tuple(TimeDistribution.model_fields)),
}
