"""The part of a scenario that a plan can play: what has no target there is left out, and listed.

A shipped scenario runs on any plan. A plan's own file may name a role that nobody fills or a dim the plan
does not have; a member that does not exist stays a fault, because somebody meant one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.drivers import DRIVERS, ROLE_DIMS, PlanView
from engine.scenarios.check import NamedShock, chosen
from engine.scenarios.grammar import ResponseUse
from engine.scenarios.library import Composition, Library


@dataclass(frozen=True)
class LeftOut:
    """A shock or response of a scenario that finds nothing to act on in this plan."""

    scenario: str
    what: str
    """Name of the shock, or of the response."""
    why: str

    def __str__(self) -> str:
        return f"{self.scenario}: {self.what} is left out: {self.why}"


@dataclass(frozen=True)
class Fitted:
    """A scenario as a plan can play it, and what of it was left out."""

    composition: Composition
    left_out: tuple[LeftOut, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """What was left out, one line each; one more where nothing remains and the scenario equals base."""
        played = self.composition.shocks or self.composition.responses
        rest = () if played or not self.left_out else (f"{self.composition.name}: nothing is left: as base",)
        return (*map(str, self.left_out), *rest)


def fit(composed: Composition, view: PlanView, library: Library) -> Fitted:
    """What of a scenario acts on this plan; faults of what remains are ``check``'s and ``resolve``'s."""
    reasons = {
        named.name: why
        for named in composed.shocks
        if (why := _no_target(named, view, shipped=library.is_shipped(named)))
    }
    _follow(composed.shocks, reasons)
    out = [LeftOut(composed.name, name, why) for name, why in sorted(reasons.items())]
    idle = {use.name: why for use in composed.responses if (why := _idle(use, view))}
    out += [LeftOut(composed.name, name, why) for name, why in sorted(idle.items())]
    kept = replace(
        composed,
        shocks=tuple(named for named in composed.shocks if named.name not in reasons),
        responses=tuple(use for use in composed.responses if use.name not in idle),
    )
    return Fitted(kept, tuple(out))


def _no_target(named: NamedShock, view: PlanView, *, shipped: bool) -> str:
    """Why a shock has nothing to act on in this plan; blank where it has, or where its file is at fault."""
    shock = named.shock
    absent = [dim for dim in DRIVERS[shock.driver].dims if not view.members(dim)]
    if absent:
        words = {"currency": "foreign currency"}
        return "the plan has no " + " and no ".join(words.get(dim, dim.replace("_", " ")) for dim in absent)
    problems = chosen(shock, view, named.path)[2]
    if not problems:
        return ""
    wanted = [name for names in shock.where.values() for name in names]
    unfilled = [name for name in wanted if name in ROLE_DIMS and name not in view.roles]
    # a member that somebody wrote into a file of the plan is meant: its absence is a fault, not a fact
    by_role = bool(unfilled) and all(problem.got in unfilled for problem in problems)
    apart = problems[0].problem.startswith("chooses no") and any(name in ROLE_DIMS for name in wanted)
    if not (shipped or by_role or apart):
        return ""
    return "; ".join(f"{problem.problem} ({problem.got})" for problem in problems)


def _follow(shocks: Sequence[NamedShock], reasons: dict[str, str]) -> None:
    """A shock that comes after one that is left out never comes either."""
    waiting = [named for named in shocks if named.name not in reasons]
    while True:
        orphans = [named for named in waiting if named.shock.after in reasons]
        if not orphans:
            return
        for named in orphans:
            reasons[named.name] = f"it comes after {named.shock.after}, which is left out"
        waiting = [named for named in waiting if named.name not in reasons]


def _idle(use: ResponseUse, view: PlanView) -> str:
    """Why a response can do nothing in this plan; blank where it can."""
    if use.name == "failover" and not view.has_backup:
        return "no supplier has a backup"
    return ""
