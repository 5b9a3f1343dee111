"""The sequence of the stages, and nothing else: calibrate, draw, simulate, price, measure, store.

A run is a pure function of plan, scenarios and settings. Blocks of trials are its tasks; an executor runs
them, and which one changes no number. Nothing reads across trials before the summary.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.drivers import Paths
from engine.execute import executor_for
from engine.finished import Run
from engine.memory import release_freed
from engine.plan.plan import Plan
from engine.progress import Progress, silent
from engine.report.plausibility import plausibility
from engine.report.summary import summarise
from engine.responses import playbook_problems, responses_of
from engine.scenarios import BASE, Composition, Library, fit, load_library, resolve
from engine.settings import Execution, RunSettings, check
from engine.stages.calibrate import Calibration, calibrate
from engine.stages.customer_history import customer_history
from engine.stages.draw import BlockDraws, draw_block
from engine.stages.example import example_trial
from engine.stages.extent import extent_of
from engine.stages.measure import coordinates, cube_variables, measure
from engine.stages.rates import within_plan
from engine.stages.sharing import BaseRun, Fork, Kept, Shared, forks_of
from engine.stages.simulate import play, play_base
from engine.stages.supply_watch import shock_metrics, watch
from engine.stages.timings import Timings
from engine.stages.world import World, build_world
from engine.store.cube import (
    Template,
    create,
    missing_blocks,
    open_arrays,
    open_cube,
    write_atomically,
    write_block,
)
from engine.store.example import write_example
from engine.store.manifest import manifest, run_id, run_identity, to_json
from models.arrays import CountArray
from models.calendar import Calendar
from models.errors import StoreError, UsageError

SETTINGS = RunSettings()
EXECUTION = Execution()


@dataclass(frozen=True, eq=False)
class Assignment:
    """What every block of trials is played from, and under which settings."""

    world: World
    composed: tuple[Composition, ...]
    """Scenarios, base first."""
    library: Library
    settings: RunSettings
    execution: Execution = EXECUTION
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What of each scenario finds nothing to act on in the plan, in words, by name."""

    def paths(self, trials: range) -> dict[str, Paths]:
        """Paths of every scenario in these trials, by name."""
        seed, world = self.settings.seed, self.world
        return {
            each.name: resolve(each, world.view, trials, seed, world.calendar, self.library)
            for each in self.composed
        }


def run(
    plan: Plan,
    settings: RunSettings = SETTINGS,
    scenarios: str | Sequence[str | Composition] = "all",
    *,
    execution: Execution = EXECUTION,
    calibration: Calibration | None = None,
    folder: str | Path | None = None,
    progress: Progress = silent,
    timings: Timings | None = None,
) -> Run:
    """Run the chain and keep cube, manifest and summary in the plan's ``runs`` folder (or ``folder``).

    Report and workbook are written when first asked for: ``run(...).report()``, ``.page``, ``.workbook``.

    Parameters
    ----------
    scenarios : "all", names separated by commas, or a list of names and composed scenarios; base is always
        part of it.
    calibration : a calibration to use instead of fitting the plan's history (frozen calibration).

    Raises
    ------
    UsageError : a setting that cannot be meant.
    InputError : scenarios that do not fit the plan; every fault at once.
    """
    check(settings, execution)
    library = load_library(own=plan.scenario_files, examine=playbook_problems)
    composed = _choose(library, scenarios)
    timings = timings or Timings()
    with timings.part("calibrate"):
        fitted = calibrate(plan) if calibration is None else calibration.restricted_to(plan)
        world = build_world(plan, fitted, Calendar(plan.forecast_start, settings.months))
    assigned = assign(world, composed, library, settings, execution)
    assigned.paths(settings.numbers[:1])  # scenarios that do not fit are told before anything is written
    frozen = "fitted" if calibration is None else calibration.digest
    identity = run_identity(plan, assigned.composed, settings, frozen)
    name = run_id(identity)
    target = Path(folder) if folder is not None else plan.path / "runs" / name
    partial = target.with_name(f".partial-{target.name}")
    template = _template(assigned, identity)
    if not _resumable(partial, template):
        shutil.rmtree(partial)
    create(partial, template)
    play_blocks(assigned, template, partial, progress, timings)
    with timings.part("measure"):
        _publish(partial, assigned, name, identity)
    _swap(partial, target)
    return Run(target)


def assign(
    world: World,
    composed: Sequence[Composition],
    library: Library,
    settings: RunSettings,
    execution: Execution = EXECUTION,
) -> Assignment:
    """What blocks are played from: the part of each scenario that acts on this plan, and what it lost."""
    fitted = [fit(each, world.view, library) for each in composed]
    left_out = {each.composition.name: each.lines() for each in fitted}
    return Assignment(
        world, tuple(each.composition for each in fitted), library, settings, execution, left_out
    )


def _choose(library: Library, scenarios: str | Sequence[str | Composition]) -> tuple[Composition, ...]:
    """Composed scenarios, base first, then by name; base is always among them."""
    if isinstance(scenarios, str):
        names = (
            library.names if scenarios == "all" else [n.strip() for n in scenarios.split(",") if n.strip()]
        )
        if not names:
            raise UsageError("scenarios: none chosen | write all, or names separated by commas")
        wanted: Sequence[str | Composition] = tuple(names)
    else:
        wanted = scenarios
    chosen = {
        each.name: each for each in (library.compose(w) if isinstance(w, str) else w for w in (BASE, *wanted))
    }
    return tuple(sorted(chosen.values(), key=lambda each: (each.name != BASE, each.name)))


def _template(assigned: Assignment, identity: dict[str, Any]) -> Template:
    """The empty cube of a run."""
    plan, settings = assigned.world.plan, assigned.settings
    block = extent_of(plan, assigned.world.calendar).block(assigned.execution, settings.trials)
    return Template(
        variables=cube_variables(),
        coordinates=coordinates(assigned.world.measuring),
        scenarios=tuple(each.name for each in assigned.composed),
        trials=settings.numbers,
        block=block,
        attributes={"currency": plan.currency, **identity},
        identity={**identity, "block": block},
    )


def play_block(assigned: Assignment, trials: range, timings: Timings) -> dict[str, Any]:
    """One block of trials under every scenario: the values of every cube variable, scenario first."""
    world, composed, engine = assigned.world, assigned.composed, assigned.execution.engine
    with timings.part("sample"):
        paths = assigned.paths(trials)
        reach = 1.0 if all(within_plan(each) for each in paths.values()) else None
        draws = draw_block(world.calibration, trials, assigned.settings.seed, world.calendar, reach)
        forks = _forks(assigned, draws, paths)
    base: BaseRun | None = None
    measured = []
    followed = watch(world.simulation, paths)
    service: CountArray = np.zeros((0, 0, 0, 0), dtype=np.int32)
    for each in composed:
        chosen, watched = paths[each.name], followed.sets_of(each.name, BASE)
        responses = responses_of(each.responses)
        if each.name == BASE and forks:
            kept = Kept.for_forks(forks.values(), world.calendar.months)
            base = play_base(world, draws, chosen, kept=kept, engine=engine, timings=timings, watched=watched)
            played = base.outcome
        else:
            shared = None if base is None else Shared(base, forks[each.name])
            played = play(
                world,
                draws,
                chosen,
                responses,
                engine=engine,
                shared=shared,
                timings=timings,
                watched=watched,
            )
        service = played.supply.service if each.name == BASE else service
        with timings.part("measure"):
            shock = shock_metrics(each.name, followed, played.supply.service, service, responses)
            measured.append(measure(world.measuring, played) | shock)
    with timings.part("measure"):
        return _stack(measured)


def _forks(assigned: Assignment, draws: BlockDraws, paths: dict[str, Paths]) -> dict[str, Fork]:
    """Where each scenario leaves base, by name; none where nothing may be taken from base."""
    composed, base = assigned.composed, assigned.composed[0]
    if assigned.execution.always_simulate or base.name != BASE or base.responses:
        return {}
    others = {each.name: (paths[each.name], responses_of(each.responses)) for each in composed[1:]}
    return forks_of(assigned.world.simulation.rates, draws, paths[BASE], others)


def _stack(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.stack([each[name] for each in measured]) for name in measured[0]}


def play_blocks(
    assigned: Assignment, template: Template, folder: Path, progress: Progress, timings: Timings
) -> None:
    """Every block without a marker, a few at a time; what is done is safe on disk."""
    todo = missing_blocks(folder, template)
    total = len(template.blocks())
    done = total - len(todo)
    arrays = open_arrays(folder, template)

    def task(trials: range) -> None:
        values = play_block(assigned, trials, timings)
        with timings.part("store"):
            write_block(folder, template, trials, values, arrays)

    progress("blocks", done, total)
    executor = executor_for(assigned.execution, todo, extent_of(assigned.world.plan, assigned.world.calendar))
    with closing(executor.finished(task, todo)) as finished:
        for _ in finished:
            done += 1
            progress("blocks", done, total)


def _resumable(partial: Path, template: Template) -> bool:
    """Whether a partial folder (if any) is of this very run; any other is started afresh."""
    if not partial.exists():
        return True
    try:
        create(partial, template)
        missing_blocks(partial, template)
    except (StoreError, OSError, ValueError, KeyError):
        return False
    return True


def _publish(partial: Path, assigned: Assignment, name: str, identity: dict[str, Any]) -> None:
    """Manifest, summary and example trial beside the cube: all that a report needs."""
    release_freed()
    world, trials = assigned.world, assigned.settings.numbers
    record = manifest(world, assigned.composed, assigned.paths(trials[:1]), trials, name, identity)
    for scenario, lines in assigned.left_out.items():
        record["scenarios"][scenario]["left_out"] = list(lines)
    record["customer_history"] = customer_history(world.plan, world.calibration.demand)
    cube = open_cube(partial)
    record["plausibility"] = plausibility(cube, record)
    write_atomically(partial / "run.json", to_json(record))
    write_atomically(partial / "summary.json", to_json(summarise(cube, record).to_dict()))
    lost = cube["market/units_lost"].sum(["month", "market"]).to_numpy()
    seed = assigned.settings.seed
    write_example(partial, example_trial(world, assigned.composed, assigned.library, trials, seed, lost))


def _swap(partial: Path, target: Path) -> None:
    """Put the finished run into its place; an older run of the same identity gives way in one rename."""
    if target.exists():
        old = target.with_name(f".old-{target.name}")
        if old.exists():
            shutil.rmtree(old)
        target.rename(old)
        partial.rename(target)
        shutil.rmtree(old)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(target)
