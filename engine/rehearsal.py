"""What ``tradewind check`` tries before anybody runs: the world built, and one trial of every scenario.

After a rehearsal without a fault a run cannot fail on its input. It plays the same functions as ``run``, over
the shortest horizon in which the shipped shocks have begun, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.chain import Assignment, assign, play_block
from engine.plan.load import PLAN_FILE
from engine.plan.plan import Plan
from engine.responses import playbook_problems
from engine.scenarios import Composition, Library, load_library
from engine.scenarios import check as scenario_faults
from engine.settings import RunSettings
from engine.stages.calibrate import calibrate
from engine.stages.timings import Timings
from engine.stages.world import World, build_world
from models.calendar import MAXIMUM_MONTHS, Calendar
from models.errors import Fault, InputError, TradewindError

SETTINGS = RunSettings(trials=1, quarters=2)
"""Two quarters: the shipped shocks begin after the first."""
_MUST_BE_FINITE = ("month/net_cash", "month/ebitda", "month/equity", "market/net_revenue")
_INPUT_ERRORS = (ArithmeticError, ValueError, LookupError, TypeError, MemoryError)
"""What numbers beyond every bound come to inside the run."""

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """One trial of everything that ``run`` does, without a fault."""

    scenarios: tuple[str, ...]
    left_out: tuple[str, ...]
    """What of the scenarios finds nothing to act on in the plan, one line each."""


def rehearse(plan: Plan) -> Rehearsal:
    """Build the world of a plan and play one trial of every scenario of the library and the plan.

    Raises
    ------
    InputError
        With everything that would have stopped a run.
    """
    library = load_library(own=plan.scenario_files, examine=playbook_problems)
    world = _tried("the history is fitted", lambda: _world(plan))
    composed = tuple(library.compose(name) for name in library.names)
    assigned = assign(world, composed, library, SETTINGS)
    _check_scenarios(assigned, library)
    _play(assigned)
    left_out = tuple(line for lines in assigned.left_out.values() for line in lines)
    return Rehearsal(library.names, left_out)


def _world(plan: Plan) -> World:
    return build_world(plan, calibrate(plan), Calendar(plan.forecast_start, SETTINGS.months))


def _play(assigned: Assignment) -> None:
    """One trial of all scenarios; where that fails, of one after the other, so that a fault names its own."""
    try:
        _play_some(assigned, assigned.composed)
    except InputError:
        base, *others = assigned.composed
        for some in ((base,), *((base, other) for other in others)):
            _play_some(assigned, some)
        raise


def _play_some(assigned: Assignment, some: tuple[Composition, ...]) -> None:
    part = Assignment(assigned.world, some, assigned.library, SETTINGS)
    name = some[-1].name
    values = _tried(f"one trial of {name} is played", lambda: play_block(part, SETTINGS.numbers, Timings()))
    _check_finite(values, name)


def _check_scenarios(assigned: Assignment, library: Library) -> None:
    """Every fault of every scenario over the longest horizon that a run may have."""
    calendar = Calendar(assigned.world.calendar.start, MAXIMUM_MONTHS)
    faults = {
        fault
        for each in assigned.composed
        for fault in scenario_faults(each, assigned.world.view, calendar, library)
    }
    if faults:
        raise InputError(faults)


def _tried(what: str, action: Callable[[], Made]) -> Made:
    """What an action makes, or one fault that says what could not be done with this plan."""
    try:
        with np.errstate(all="ignore"):
            return action()
    except InputError:
        raise
    except (TradewindError, *_INPUT_ERRORS) as error:
        fault = Fault(
            PLAN_FILE,
            problem=f"{what}, and fails",
            got=f"{type(error).__name__}: {error}",
            remedy="look for a figure that is far too large or small; --debug shows where it fails",
        )
        raise InputError([fault]) from error


def _check_finite(values: dict[str, np.ndarray], scenario: str) -> None:
    broken = [name for name in _MUST_BE_FINITE if name in values and not np.isfinite(values[name]).all()]
    if broken:
        fault = Fault(
            PLAN_FILE,
            problem=f"one trial of {scenario} is played, and a figure is beyond every number",
            got=", ".join(broken),
            remedy="look for a figure that is far too large",
        )
        raise InputError([fault])
