"""What the grammar cannot see: drivers, units, dims, members, roles, triggers, and shocks that meet on a
cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.drivers import DRIVERS, ROLE_DIMS, SELECTORS, PlanView
from engine.scenarios.grammar import Shock
from engine.scenarios.values import FAR, Distribution, TimeDistribution, later, start_day
from models.calendar import Calendar
from models.errors import did_you_mean


class Problem(NamedTuple):
    """One thing wrong: where in the document, what, what was got, what would do."""

    path: tuple[str | int, ...]
    problem: str
    got: str
    remedy: str


@dataclass(frozen=True)
class NamedShock:
    """A shock with the name that addresses its random numbers, and where it was written."""

    name: str
    shock: Shock
    scenario: str
    """Scenario whose file defines it."""
    index: int
    """Position in that file, for messages only."""

    @property
    def path(self) -> tuple[str | int, ...]:
        """Path of the shock in its document."""
        return ("shocks", self.index)


def words_of(driver: str) -> dict[str, str]:
    """Words a ``where`` of this driver may use, and the dim each one chooses from."""
    dims = DRIVERS[driver].dims
    words = {word: dim for dim in dims for word in SELECTORS.get(dim, ())}
    return words | {dim: dim for dim in dims}


def shock_problems(shock: Shock, path: tuple[str | int, ...]) -> list[Problem]:
    """Faults of one shock that need no plan: driver, unit, size, words of ``where``, ``then``."""
    if shock.driver not in DRIVERS:
        return [
            Problem((*path, "driver"), "unknown driver", shock.driver, did_you_mean(shock.driver, DRIVERS))
        ]
    found = [*_change_problems(shock, (*path, "change"))]
    words = words_of(shock.driver)
    for word in shock.where:
        if word not in words:
            place = (*path, "where", word)
            found.append(Problem(place, f"{shock.driver} has no such dim", word, did_you_mean(word, words)))
    return found + _then_problems(shock, (*path, "then"))


def _change_problems(shock: Shock, path: tuple[str | int, ...]) -> Iterable[Problem]:
    change, entry = shock.change, DRIVERS[shock.driver]
    allowed = entry.units[change.kind]
    if change.unit not in allowed:
        remedy = f"{change.kind} of {entry.name} is written in {' or '.join(allowed)}"
        yield Problem((*path, "unit"), "this unit does not fit", change.unit, remedy)
    amount = change.amount
    low, high = amount.support if isinstance(amount, Distribution) else (amount, amount)
    place = (*path, change.kind)
    got = amount.text() if isinstance(amount, Distribution) else f"{amount:g}"
    if change.kind == "scale" and low < 0.0 and not math.isinf(low):
        yield Problem(place, "a scale is never negative", got, "0 takes it away, 1 leaves it, 2 doubles it")
    if change.kind == "set" and change.unit in allowed:
        factor = 0.01 if change.unit in ("%", "pp") else 1.0
        if not (math.isinf(low) or math.isinf(high)) and (
            low * factor < entry.bounds[0] or high * factor > entry.bounds[1]
        ):
            remedy = f"between {entry.bounds[0]:g} and {entry.bounds[1]:g} {entry.unit}"
            yield Problem(place, f"{entry.name} cannot be that", f"{got} {change.unit}", remedy)


def _then_problems(shock: Shock, path: tuple[str | int, ...]) -> list[Problem]:
    kind, then = shock.change.kind, shock.then
    relative = kind == "scale" or (kind == "add" and shock.change.unit == "%")
    if then == "scale" and not relative:
        return [
            Problem(path, "only a relative change can scale another", f"{kind}", "use scale, or then: add")
        ]
    if then == "set" and kind != "set":
        return [
            Problem(path, "only a set can replace another", f"{kind}", "use change: {set: …}, or then: add")
        ]
    return []


def chosen(
    shock: Shock, view: PlanView, path: tuple[str | int, ...]
) -> tuple[dict[str, tuple[int, ...]], dict[str, str], list[Problem]]:
    """Positions a shock chooses along each dim of its driver, the roles it named, and what is wrong with its
    ``where``.
    """
    dims = DRIVERS[shock.driver].dims
    words = words_of(shock.driver)
    members = {dim: set(view.members(dim)) for dim in dims}
    roles: dict[str, str] = {}
    found: list[Problem] = []
    for word, written in shock.where.items():
        if word not in words:
            continue
        dim = words[word]
        labels = view.labels(dim).get(word) if word != dim else None
        known = set(view.members(dim)) if labels is None else {x for each in labels.values() for x in each}
        if labels is not None and word in _DIM_WORDS:
            known |= set(view.members(word))
        wanted: set[str] = set()
        for name in written:
            member, problem = _member(name, word, known, view, (*path, "where", word))
            if problem is not None:
                found.append(problem)
            else:
                wanted.add(member)
                if member != name:
                    roles[name] = member
        if labels is None:
            members[dim] &= wanted
        else:
            members[dim] &= {m for m, own in labels.items() if own & wanted}
    if not found and shock.where and any(not members[dim] for dim in dims):
        empty = ", ".join(dim for dim in dims if not members[dim])
        shown = ", ".join(f"{word}: {'/'.join(names)}" for word, names in shock.where.items())
        found.append(
            Problem((*path, "where"), f"chooses no {empty}", shown, "name members that belong together")
        )
    positions = {
        dim: tuple(i for i, member in enumerate(view.members(dim)) if member in members[dim]) for dim in dims
    }
    return positions, roles, found


_DIM_WORDS = frozenset({"market", "supplier", "origin", "port", "node", "territory", "currency"})


def _member(
    name: str, word: str, known: set[str], view: PlanView, path: tuple[str | int, ...]
) -> tuple[str, Problem | None]:
    if name in known:
        return name, None
    if name in ROLE_DIMS:
        if ROLE_DIMS[name] != word:
            fitting = [role for role, dim in ROLE_DIMS.items() if dim == word]
            return name, Problem(
                path, f"this role is for {ROLE_DIMS[name]}, not for {word}", name, did_you_mean(name, fitting)
            )
        if name not in view.roles:
            return name, Problem(path, "the plan has nobody in this role", name, "name a member")
        return view.roles[name], None
    options = known | {role for role, dim in ROLE_DIMS.items() if dim == word}
    return name, Problem(path, f"unknown {word}", name, did_you_mean(name, options))


def window(
    named: NamedShock, by_name: dict[str, NamedShock], calendar: Calendar, seen: frozenset[str] = frozenset()
) -> tuple[int, int]:
    """Earliest first day and the day after the latest day on which a shock can act, whatever is drawn."""
    first, last = _start_support(named, by_name, calendar, seen)
    shape = named.shock.shape
    if (shape.hold is None and shape.recover is None) or (shape.to or 0.0) > 0.0:
        return first, int(FAR)
    for duration in (shape.ramp, shape.hold, shape.recover):
        if duration is not None:
            last = _most(last, duration, calendar)
    return first, last


def _most(day: int, duration: str | TimeDistribution, calendar: Calendar) -> int:
    if day >= FAR:
        return int(FAR)
    if isinstance(duration, TimeDistribution):
        return min(day + duration.day_support[1], int(FAR))
    return int(later(np.array([day]), duration, calendar)[0])


def _start_support(
    named: NamedShock, by_name: dict[str, NamedShock], calendar: Calendar, seen: frozenset[str]
) -> tuple[int, int]:
    shock = named.shock
    if shock.after is not None:
        if shock.after not in by_name or named.name in seen:
            return 0, int(FAR)
        first, last = _start_support(by_name[shock.after], by_name, calendar, seen | {named.name})
        delay = shock.delay or "0d"
        if isinstance(delay, TimeDistribution):
            return first + delay.day_support[0], _most(last, delay, calendar)
        return int(later(np.array([first]), delay, calendar)[0]), _most(last, delay, calendar)
    if isinstance(shock.start, TimeDistribution):
        return shock.start.day_support
    day = 0 if shock.start is None else start_day(shock.start, calendar)
    return day, day


def trigger_problems(shocks: Sequence[NamedShock]) -> list[tuple[NamedShock, Problem]]:
    """Unknown and circular ``after`` references."""
    by_name = {named.name: named for named in shocks}
    found = []
    for named in shocks:
        place = (*named.path, "after")
        visited = {named.name}
        current = named
        while current.shock.after is not None:
            target = current.shock.after
            if target not in by_name:
                if current is named:
                    remedy = did_you_mean(target, set(by_name) - {named.name})
                    found.append((named, Problem(place, "unknown shock", target, remedy)))
                break
            if target in visited:
                found.append(
                    (named, Problem(place, "shocks trigger each other in a circle", target, "drop one after"))
                )
                break
            visited.add(target)
            current = by_name[target]
    return found


def overlap_problems(
    shocks: Sequence[NamedShock],
    positions: dict[str, dict[str, tuple[int, ...]]],
    calendar: Calendar,
) -> list[tuple[NamedShock, Problem]]:
    """Pairs of shocks that meet on a cell and day without saying how they combine."""
    by_name = {named.name: named for named in shocks}
    windows = {named.name: window(named, by_name, calendar) for named in shocks}
    found = []
    for i, one in enumerate(shocks):
        for other in shocks[i + 1 :]:
            if one.shock.driver != other.shock.driver:
                continue
            both = (one.shock.then, other.shock.then)
            if both.count(None) < 2 and both.count("set") < 2:
                continue
            (a, b), (c, d) = windows[one.name], windows[other.name]
            meet = max(a, c) < min(b, d)
            cells = (positions[one.name], positions[other.name])
            if meet and all(set(cells[0][dim]) & set(cells[1][dim]) for dim in cells[0]):
                found.append((other, _overlap(one, other, both)))
    return found


def _overlap(one: NamedShock, other: NamedShock, both: tuple[str | None, str | None]) -> Problem:
    pair = f"{one.name} and {other.name}"
    if both.count("set") == 2:
        return Problem(
            (*other.path, "then"), "two shocks both replace the same cell", pair, "let only one say then: set"
        )
    remedy = "say then: add, scale or set on one of them"
    return Problem(other.path, f"two shocks of {one.shock.driver} meet on a cell and day", pair, remedy)
