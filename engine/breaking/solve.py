"""Reverse stress on the chain: the smallest scale of one driver's shocks at which a metric breaches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.breaking.notes import notes_of
from engine.breaking.player import Player
from engine.breaking.result import BreakPoint
from engine.breaking.rule import breach_rule
from engine.breaking.target import BreachTarget
from engine.drivers import DRIVERS
from engine.plan.plan import Plan
from engine.progress import Progress, silent
from engine.responses import playbook_problems
from engine.risk.reverse_scale import smallest_scale
from engine.scenarios import Composition, Library, fit, load_library
from engine.settings import Execution, RunSettings, check
from engine.stages.calibrate import Calibration, calibrate
from engine.stages.world import build_world
from models.calendar import Calendar
from models.errors import UsageError, did_you_mean

SETTINGS = RunSettings(trials=512)
"""512: the fewest trials for which a Monte Carlo error is available."""
EXECUTION = Execution()


def break_metric(
    plan: Plan,
    target: BreachTarget,
    *,
    scenario: str | Composition,
    driver: str,
    settings: RunSettings = SETTINGS,
    execution: Execution = EXECUTION,
    calibration: Calibration | None = None,
    progress: Progress = silent,
) -> BreakPoint:
    """Smallest scale of a driver's shocks in a scenario at which P(breach) reaches what ``target`` asks for.

    Scale k makes of each shock x of the driver base + k·(x − base): twice the points added, twice as far from
    base. The scenario's other shocks stay as written; so do times and probabilities.

    Parameters
    ----------
    scenario : name of the library or the plan, path of a scenario file (.yaml), or a composition.
    driver : driver of that scenario whose shocks are scaled.
    calibration : a calibration to use instead of fitting the plan's history (frozen calibration).

    Raises
    ------
    UsageError : a metric, driver or setting that cannot be meant.
    InputError : a scenario that does not exist or does not fit the plan.
    """
    library, composed = _scenario(plan, scenario)
    complaints = [
        *_complaints(lambda: check(settings, execution)),
        *target.faults(),
        *_complaints(lambda: _check_driver(driver, composed)),
    ]
    try:
        rule = breach_rule(target, plan.policy.model_dump(), settings.quarters, plan.currency)
    except UsageError as error:
        complaints.insert(0, str(error))
    if complaints:
        raise UsageError("\n".join(complaints))
    fitted = calibrate(plan) if calibration is None else calibration.restricted_to(plan)
    world = build_world(plan, fitted, Calendar(plan.forecast_start, settings.months))
    composed = fit(composed, world.view, library).composition
    _check_driver(driver, composed)  # a shock of it may find nothing to act on in this plan
    player = Player(world, composed, library, driver, rule, settings, execution, progress)
    search = smallest_scale(player.excess, target.probability, maximum=target.max_scale)
    notes = notes_of(search, player.clipped, world, player.scaled, settings.numbers, settings.seed)
    return BreakPoint(
        target=target,
        breach=rule.text(),
        scenario=composed.name,
        driver=driver,
        settings=settings,
        search=search,
        shocks=tuple((path, named.shock) for path, named in player.scaled),
        roles=player.roles,
        clipped=player.clipped,
        notes=notes,
    )


def _scenario(plan: Plan, scenario: str | Composition) -> tuple[Library, Composition]:
    """The library and the scenario in it; a name that ends as a file does is a scenario file."""
    own = plan.scenario_files
    if not isinstance(scenario, str):
        return load_library(own=own, examine=playbook_problems), scenario
    if not scenario.endswith((".yaml", ".yml")):
        library = load_library(own=own, examine=playbook_problems)
        return library, library.compose(scenario)
    library = load_library(None, scenario, playbook_problems, own)
    return library, library.compose(Path(scenario).stem)


def _complaints(check: Callable[[], None]) -> list[str]:
    """What a check of settings complains of, so that all complaints come at once."""
    try:
        check()
    except UsageError as error:
        return [str(error)]
    return []


def _check_driver(driver: str, composed: Composition) -> None:
    shocked = sorted({named.shock.driver for named in composed.shocks})
    if driver in shocked:
        return
    if not shocked:
        raise UsageError(
            f"driver: {composed.name} shocks none | got {driver!r} | choose a scenario with shocks"
        )
    if driver in DRIVERS:
        raise UsageError(
            f"driver: {composed.name} does not shock it | got {driver!r} | one of {', '.join(shocked)}"
        )
    remedy = did_you_mean(driver, shocked)
    if not remedy.startswith("did"):
        remedy = f"{composed.name} shocks {', '.join(shocked)}"
    raise UsageError(f"driver: unknown | got {driver!r} | {remedy}")
