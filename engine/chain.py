"""The sequence of the stages, and nothing else: calibrate, draw, simulate, price, measure, store.

A run is a pure function of plan, scenarios, trials, seed and horizon. Blocks of trials are its tasks;
workers are threads, because the kernels release the interpreter. Nothing reads across trials before the
summary.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from engine.memory import release_freed
from engine.plan.plan import Plan
from engine.progress import Progress, silent
from engine.report.notebook import run_html
from engine.report.page import PAGE, write_report
from engine.report.plausibility import plausibility
from engine.report.summary import Summary, summarise
from engine.report.workbook import WORKBOOK, write_workbook
from engine.responses import playbook_problems, responses_of
from engine.scenarios import BASE, Composition, Library, load_library, resolve
from engine.stages.calibrate import Calibration, calibrate
from engine.stages.customer_history import customer_history
from engine.stages.draw import draw_block
from engine.stages.example import example_trial
from engine.stages.measure import coordinates, cube_variables, measure
from engine.stages.rates import within_plan
from engine.stages.settings import block_size, check_settings, thread_count, trial_bytes
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
from engine.store.manifest import manifest, read_manifest, run_id, run_identity, to_json
from models.arrays import CountArray
from models.calendar import Calendar
from models.errors import StoreError, UsageError


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run: its folder, its cube and what to say of it."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Inputs, assumptions, seed, code version: everything that made the run."""
        return read_manifest(self.path)

    @property
    def id(self) -> str:
        """Identity of the run: the same for the same inputs, whatever the engine or the number of
        workers.
        """
        return str(self.manifest["run_id"])

    @cached_property
    def cube(self) -> xr.DataTree:
        """The cube: dims scenario, trial and a time axis first; ``units`` on every variable."""
        return open_cube(self.path)

    @property
    def page(self) -> Path:
        """The report, one HTML file."""
        return self.path / PAGE

    @property
    def workbook(self) -> Path:
        """Workbook, one xlsx file."""
        return self.path / WORKBOOK

    def summary(self) -> Summary:
        """Quantiles, errors, breach probabilities and paired differences of the headline metrics."""
        return summarise(self.cube, self.manifest)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "run_id": self.id,
            "path": str(self.path),
            "currency": self.manifest["currency"],
            "trials": self.manifest["trials"],
            "seed": self.manifest["seed"],
            **self.summary().to_dict(),
        }

    def table(self) -> list[dict[str, str]]:
        """Rows for the terminal."""
        return self.summary().table()

    def unseen(self) -> list[str]:
        """Scenarios of which nothing is seen, or not all, because shocks start after the end of the run."""
        lines = []
        for name, entry in self.manifest["scenarios"].items():
            beyond, shocks = len(entry["beyond"]), len(entry["applied"])
            if beyond:
                what = "equal to base" if beyond == shocks else f"{beyond} of {shocks} shocks not seen"
                lines.append(f"{name}: {what}: they start after the end of this run; give more --quarters")
        return lines

    def breaches(self) -> list[str]:
        """Policy thresholds that are breached with more than the tolerated probability."""
        return self.summary().breaches()

    def report(self) -> Path:
        """Write report and workbook anew from cube and manifest, and nothing else; the report's path."""
        summary = self.summary()
        write_report(self.page, summary, self.manifest, self.cube)
        write_workbook(self.workbook, self.cube, self.manifest, summary)
        return self.page

    def _repr_html_(self) -> str:
        return run_html(self.manifest, self.summary())


def open_run(path: str | Path) -> Run:
    """A finished run from its folder."""
    folder = Path(path)
    if not (folder / "run.json").exists():
        raise StoreError(f"{folder}: no finished run here | expected run.json | give a folder under runs/")
    return Run(folder)


def find_run(path: str | Path) -> Run:
    """The run in a run folder, or the newest run of a plan folder."""
    folder = Path(path)
    if (folder / "run.json").exists():
        return Run(folder)
    finished = [each.parent for each in (folder / "runs").glob("[!.]*/run.json")]
    if not finished:
        raise StoreError(
            f"{folder}: no finished run here | expected run.json, or runs/ with finished runs | "
            "give a run folder or a plan folder that was run"
        )
    return Run(max(finished, key=lambda each: ((each / "run.json").stat().st_mtime_ns, each.name)))


def run(
    plan: Plan,
    *,
    trials: int = 1024,
    scenarios: str | Sequence[str | Composition] = "all",
    seed: int = 1,
    first_trial: int = 0,
    quarters: int = 8,
    engine: str = "compiled",
    workers: int = 0,
    block: int = 0,
    always_simulate: bool = False,
    calibration: Calibration | None = None,
    folder: str | Path | None = None,
    progress: Progress = silent,
    clock: Timings | None = None,
) -> Run:
    """Run the chain and keep the result in the plan's ``runs`` folder (or ``folder``).

    Parameters
    ----------
    scenarios : "all", names separated by commas, or a list of names and composed scenarios; base is always
        part of it.
    first_trial : number of the first trial: runs of neighbouring trials concatenate exactly.
    engine : "compiled", or "simpy" for the readable reference; both give the same bytes.
    workers : threads; 0 means one per core; fewer where their blocks together would take too much memory.
    block : trials of a task; 0 means as many as memory allows. It changes no number.
    calibration : a calibration to use instead of fitting the plan's history (frozen calibration).

    Raises
    ------
    UsageError : a setting that cannot be meant.
    InputError : scenarios that do not fit the plan; every fault at once.
    """
    check_settings(trials, first_trial, quarters, engine, workers, block, seed)
    library = load_library(plan.path / "scenarios", examine=playbook_problems)
    composed = _choose(library, scenarios)
    calendar = Calendar(plan.forecast_start, 3 * quarters)
    watch = clock or Timings()
    with watch.part("calibrate"):
        fitted = calibrate(plan) if calibration is None else calibration.restricted_to(plan)
        world = build_world(plan, fitted, calendar)
    numbers = range(first_trial, first_trial + trials)
    resolve_all(world, composed, numbers[:1], seed, library)
    frozen = "fitted" if calibration is None else calibration.digest
    identity = run_identity(plan, composed, numbers, seed, quarters, frozen)
    name = run_id(identity)
    target = Path(folder) if folder is not None else plan.path / "runs" / name
    block = min(block or block_size(*_extent(world)), trials)
    partial = target.with_name(f".partial-{target.name}")
    template = Template(
        variables=cube_variables(),
        coordinates=coordinates(world.measuring),
        scenarios=tuple(each.name for each in composed),
        trials=numbers,
        block=block,
        attributes={"currency": plan.currency, **identity},
        identity={**identity, "block": block},
    )
    if not _resumable(partial, template):
        shutil.rmtree(partial)
    create(partial, template)
    play_blocks(
        world, composed, library, template, partial, seed, engine, workers, always_simulate, progress, watch
    )
    with watch.part("measure"):
        _publish(partial, world, composed, numbers, seed, library, name, identity)
    _swap(partial, target)
    return Run(target)


def _extent(world: World) -> tuple[int, int, int]:
    """Days, segments and items of a run: what its memory grows with."""
    return world.calendar.days, len(world.plan.segment_keys), len(world.plan.item_keys)


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


def resolve_all(
    world: World, composed: Sequence[Composition], trials: range, seed: int, library: Library
) -> dict[str, Any]:
    """Paths of every scenario in these trials, by name."""
    return {each.name: resolve(each, world.view, trials, seed, world.calendar, library) for each in composed}


def play_block(
    world: World,
    composed: Sequence[Composition],
    library: Library,
    trials: range,
    seed: int,
    engine: str,
    always_simulate: bool,
    clock: Timings,
) -> dict[str, Any]:
    """One block of trials under every scenario: the values of every cube variable, scenario first."""
    with clock.part("sample"):
        paths = resolve_all(world, composed, trials, seed, library)
        reach = 1.0 if all(within_plan(each) for each in paths.values()) else None
        draws = draw_block(world.calibration, trials, seed, world.calendar, reach)
        responses = {each.name: responses_of(each.responses) for each in composed}
        forks: dict[str, Fork] = {}
        if not always_simulate and composed[0].name == BASE and not responses[BASE]:
            others = {name: (each, responses[name]) for name, each in paths.items() if name != BASE}
            forks = forks_of(world.simulation.rates, draws, paths[BASE], others)
    base: BaseRun | None = None
    measured = []
    followed = watch(world.simulation, paths)
    service: CountArray = np.zeros((0, 0, 0, 0), dtype=np.int32)
    for each in composed:
        chosen, watched = paths[each.name], followed.sets_of(each.name, BASE)
        if each.name == BASE and forks:
            kept = Kept.for_forks(forks.values(), world.calendar.months)
            base = play_base(world, draws, chosen, kept=kept, engine=engine, timings=clock, watched=watched)
            played = base.outcome
        else:
            played = play(
                world,
                draws,
                chosen,
                responses[each.name],
                engine=engine,
                shared=None if base is None else Shared(base, forks[each.name]),
                timings=clock,
                watched=watched,
            )
        service = played.supply.service if each.name == BASE else service
        with clock.part("measure"):
            shock = shock_metrics(each.name, followed, played.supply.service, service, responses[each.name])
            measured.append(measure(world.measuring, played) | shock)
    with clock.part("measure"):
        return _stack(measured)


def _stack(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.stack([each[name] for each in measured]) for name in measured[0]}


def play_blocks(
    world: World,
    composed: Sequence[Composition],
    library: Library,
    template: Template,
    folder: Path,
    seed: int,
    engine: str,
    workers: int,
    always_simulate: bool,
    progress: Progress,
    clock: Timings,
) -> None:
    """Every block without a marker, a few at a time; what is done is safe on disk."""
    todo = missing_blocks(folder, template)
    total = len(template.blocks())
    done = total - len(todo)
    threads = thread_count(workers, len(todo), template.block * trial_bytes(*_extent(world)))

    arrays = open_arrays(folder, template)

    def task(trials: range) -> None:
        values = play_block(world, composed, library, trials, seed, engine, always_simulate, clock)
        with clock.part("store"):
            write_block(folder, template, trials, values, arrays)

    progress("blocks", done, total)
    if threads == 1:
        for trials in todo:
            task(trials)
            done += 1
            progress("blocks", done, total)
        return
    with ThreadPoolExecutor(threads) as pool:
        running: set[Future[None]] = set()
        queue = list(todo)
        while queue or running:
            while queue and len(running) < threads:
                running.add(pool.submit(task, queue.pop(0)))
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
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


def _publish(
    partial: Path,
    world: World,
    composed: Sequence[Composition],
    trials: range,
    seed: int,
    library: Library,
    name: str,
    identity: dict[str, Any],
) -> None:
    """Manifest, summary and page beside the cube."""
    release_freed()
    paths = resolve_all(world, composed, trials[:1], seed, library)
    record = manifest(world, composed, paths, trials, name, identity)
    record["customer_history"] = customer_history(world.plan, world.calibration.demand)
    cube = open_cube(partial)
    record["plausibility"] = plausibility(cube, record)
    write_atomically(partial / "run.json", to_json(record))
    summary = summarise(cube, record)
    write_atomically(partial / "summary.json", to_json(summary.to_dict()))
    lost = cube["market/units_lost"].sum(["month", "market"]).to_numpy()
    write_example(partial, example_trial(world, composed, library, trials, seed, lost))
    write_report(partial / PAGE, summary, record, cube)
    write_workbook(partial / WORKBOOK, cube, record, summary)


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
