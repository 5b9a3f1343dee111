"""Reverse stress on the chain: the smallest scale of one driver's shocks at which a metric breaches.

Plan, calibration, world and the draws of every trial are made once; base is played once, where the breach is
measured against it; only the scenario is played again at each scale, on the same trials.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.breaking.notes import notes_of
from engine.breaking.result import BreakPoint
from engine.breaking.rule import Breach, breach_rule
from engine.drivers import DRIVERS
from engine.plan.plan import Plan
from engine.progress import Progress, silent
from engine.responses import Response, playbook_problems, responses_of
from engine.risk.reverse_scale import smallest_scale
from engine.scenarios import BASE, Composition, Library, load_library, resolve
from engine.stages.calibrate import Calibration, calibrate
from engine.stages.draw import BlockDraws, draw_block
from engine.stages.measure import measure
from engine.stages.outcome import ScenarioOutcome
from engine.stages.rates import within_plan
from engine.stages.settings import block_size, check_settings, thread_count, trial_bytes
from engine.stages.simulate import play
from engine.stages.world import World, build_world
from models.arrays import FloatArray
from models.calendar import Calendar
from models.errors import UsageError, did_you_mean
from models.workers import each

TRIALS = 512
"""Fewest trials for which a Monte Carlo error is available."""

MOST_SCALE = 8.0
KEPT_BYTES = 1_000_000_000
"""Draws of so many bytes are kept between scales; those beyond are drawn again, which changes no number."""


def break_metric(
    plan: Plan,
    metric: str,
    *,
    scenario: str | Composition,
    driver: str,
    probability: float = 0.5,
    threshold: float | None = None,
    drop: float | None = None,
    rise: float | None = None,
    quarter: int | str | None = None,
    max_scale: float = MOST_SCALE,
    trials: int = TRIALS,
    first_trial: int = 0,
    quarters: int = 8,
    seed: int = 1,
    engine: str = "compiled",
    workers: int = 0,
    calibration: Calibration | None = None,
    progress: Progress = silent,
) -> BreakPoint:
    """Smallest scale of a driver's shocks in a scenario at which P(breach of the metric) ≥ ``probability``.

    Scale k makes of each shock x of the driver base + k·(x − base): twice the points added, twice as far from
    base. The scenario's other shocks stay as written; so do times and probabilities.

    Parameters
    ----------
    scenario : name of the library or the plan, path of a scenario file (.yaml), or a composition.
    threshold : level that counts as breach; omitted, that of ``policy.yaml``, else of the metric registry.
    drop, rise : instead of a threshold, share of base by which the metric must be below or above base in the
        same trial.
    quarter : forecast quarter from 1, or "any" for a breach in at least one; omitted, the horizon.
    max_scale : greatest scale tried.

    Raises
    ------
    UsageError : a metric, driver or setting that cannot be meant.
    InputError : a scenario that does not exist or does not fit the plan.
    """
    library, composed = _scenario(plan, scenario)
    complaints = [
        *_complaints(lambda: check_settings(trials, first_trial, quarters, engine, workers, 1, seed)),
        *_complaints(lambda: _check_search(probability, max_scale)),
        *_complaints(lambda: _check_driver(driver, composed)),
    ]
    policy = plan.policy.model_dump()
    try:
        rule = breach_rule(metric, policy, threshold, drop, rise, quarter, quarters, plan.currency)
    except UsageError as error:
        complaints.insert(0, str(error))
    if complaints:
        raise UsageError("\n".join(complaints))
    fitted = calibrate(plan) if calibration is None else calibration.restricted_to(plan)
    world = build_world(plan, fitted, Calendar(plan.forecast_start, 3 * quarters))
    numbers = range(first_trial, first_trial + trials)
    player = _Player(world, composed, library, driver, rule, numbers, seed, engine, workers, progress)
    search = smallest_scale(player.excess, probability, maximum=max_scale)
    return BreakPoint(
        breach=rule.text(),
        metric=metric,
        scenario=composed.name,
        driver=driver,
        probability=probability,
        max_scale=max_scale,
        trials=trials,
        first_trial=first_trial,
        seed=seed,
        quarters=quarters,
        search=search,
        shocks=tuple((path, named.shock) for path, named in player.scaled),
        roles=player.roles,
        clipped=player.clipped,
        notes=notes_of(search, player.clipped, world, player.scaled, numbers, seed),
    )


def _scenario(plan: Plan, scenario: str | Composition) -> tuple[Library, Composition]:
    """The library and the scenario in it; a name that ends as a file does is a scenario file."""
    own = plan.path / "scenarios"
    if not isinstance(scenario, str):
        return load_library(own, examine=playbook_problems), scenario
    if not scenario.endswith((".yaml", ".yml")):
        library = load_library(own, examine=playbook_problems)
        return library, library.compose(scenario)
    library = load_library(own, scenario, playbook_problems)
    return library, library.compose(Path(scenario).stem)


def _complaints(check: Callable[[], None]) -> list[str]:
    """What a check of settings complains of, so that all complaints come at once."""
    try:
        check()
    except UsageError as error:
        return [str(error)]
    return []


def _check_search(probability: float, max_scale: float) -> None:
    if not 0.0 < probability < 1.0:
        raise UsageError(f"probability: between 0 and 1 | got {probability:g} | 0.5 is an even chance")
    if not (math.isfinite(max_scale) and max_scale > 0.0):
        raise UsageError(f"max_scale: a number above 0 | got {max_scale:g} | 8 is the default")


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


@dataclass(eq=False)
class _Player:
    """Plays the scenario at any scale on trials that are drawn once."""

    world: World
    composed: Composition
    library: Library
    driver: str
    rule: Breach
    numbers: range
    seed: int
    engine: str
    workers: int
    progress: Progress
    draws: dict[range, BlockDraws] = field(default_factory=dict)
    base: dict[range, FloatArray] = field(default_factory=dict)
    clipped: dict[float, float] = field(default_factory=dict)
    """Share of demand multipliers above the envelope, by scale."""

    def __post_init__(self) -> None:
        self.responses: tuple[Response, ...] = responses_of(self.composed.responses)
        first = self.numbers[:1]
        written = resolve(self.composed, self.world.view, first, self.seed, self.world.calendar, self.library)
        pairs = zip(self.composed.shocks, written.applied, strict=True)
        self.scaled = tuple(
            (applied.path, named) for named, applied in pairs if named.shock.driver == self.driver
        )
        self.roles: Mapping[str, str] = written.roles
        self.reach_known = self.driver not in ("spend", "cac")
        count = len(self.numbers)
        plan = self.world.plan
        self.extent = self.world.calendar.days, len(plan.segment_keys), len(plan.item_keys)
        size = block_size(*self.extent)
        self.blocks = [self.numbers[start : start + size] for start in range(0, count, size)]

    def excess(self, scale: float) -> FloatArray:
        """How far each trial is beyond the breach at a scale (trial,)."""
        count = len(self.clipped)
        self.progress(f"scale {scale:.4g}", count, count + 1)
        largest = max(len(block) for block in self.blocks)
        threads = thread_count(self.workers, len(self.blocks), largest * trial_bytes(*self.extent))
        parts = each(lambda block: self._block(block, scale), self.blocks, threads)
        self.clipped[scale] = float(np.mean([clipped for _, clipped in parts]))
        self.progress(f"scale {scale:.4g}", count + 1, count + 1)
        return np.concatenate([values for values, _ in parts])

    def _block(self, trials: range, scale: float) -> tuple[FloatArray, float]:
        paths = resolve(
            self.composed,
            self.world.view,
            trials,
            self.seed,
            self.world.calendar,
            self.library,
            {self.driver: scale},
        )
        # customers beyond plan are drawn only where a scenario may win them; that changes no other number
        reach = 1.0 if self.reach_known and within_plan(paths) else None
        draws = self._drawn(trials, reach)
        if self.rule.against_base and trials not in self.base:
            nothing = resolve(Composition(BASE, "", ""), self.world.view, trials, 0, self.world.calendar)
            self.base[trials] = self._figure(play(self.world, draws, nothing, (), engine=self.engine))
        played = play(self.world, draws, paths, self.responses, engine=self.engine)
        base = self.base.get(trials)
        return self.rule.excess(self._figure(played), base), played.clipped

    def _figure(self, played: ScenarioOutcome) -> FloatArray:
        return np.asarray(self.rule.figure(measure(self.world.measuring, played)))

    def _drawn(self, trials: range, reach: float | None) -> BlockDraws:
        kept = self.draws.get(trials)
        if kept is not None:
            return kept
        draws = draw_block(self.world.calibration, trials, self.seed, self.world.calendar, reach)
        if (len(self.draws) + 1) * held_bytes(draws) <= KEPT_BYTES:
            self.draws[trials] = draws
        return draws


def held_bytes(value: Any, seen: set[int] | None = None) -> int:
    """Bytes of all arrays in a tree of frozen data classes, each array counted once."""
    known = set() if seen is None else seen
    if id(value) in known:
        return 0
    known.add(id(value))
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if dataclasses.is_dataclass(value):
        return sum(held_bytes(getattr(value, entry.name), known) for entry in dataclasses.fields(value))
    if isinstance(value, (tuple, list)):
        return sum(held_bytes(each, known) for each in value)
    return 0
