"""A scenario played at any scale of one driver's shocks, on the same trials.

World and the draws of every trial are made once; base is played once, where the breach is measured against
it; only the scenario is played again at each scale.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from engine.breaking.rule import Breach
from engine.drivers import Paths
from engine.execute import blocks_of, executor_for, in_order
from engine.progress import Progress
from engine.responses import responses_of
from engine.scenarios import BASE, Composition, Library, NamedShock, resolve
from engine.settings import Execution, RunSettings
from engine.stages.draw import BlockDraws, draw_block
from engine.stages.extent import extent_of
from engine.stages.measure import measure
from engine.stages.outcome import ScenarioOutcome
from engine.stages.rates import within_plan
from engine.stages.simulate import play
from engine.stages.world import World
from models.arrays import FloatArray

KEPT_BYTES = 1_000_000_000
"""Draws of so many bytes are kept between scales; those beyond are drawn again, which changes no number."""
WINS_CUSTOMERS = ("spend", "cac")
"""Drivers by which a scenario may win more customers than planned, at one scale and not at another."""


@dataclass(eq=False)
class Player:
    """Plays the scenario at any scale on trials that are drawn once."""

    world: World
    composed: Composition
    library: Library
    driver: str
    rule: Breach
    settings: RunSettings
    execution: Execution
    progress: Progress
    draws: dict[range, BlockDraws] = field(default_factory=dict)
    base: dict[range, FloatArray] = field(default_factory=dict)
    clipped: dict[float, float] = field(default_factory=dict)
    """Share of demand multipliers above the envelope, by scale."""

    @cached_property
    def written(self) -> Paths:
        """Paths of the scenario as written, in the first trial."""
        return self._paths(self.settings.numbers[:1], {})

    @cached_property
    def scaled(self) -> tuple[tuple[str, NamedShock], ...]:
        """Path (driver and where) of each shock that is scaled, and the shock."""
        pairs = zip(self.composed.shocks, self.written.applied, strict=True)
        return tuple((applied.path, named) for named, applied in pairs if named.shock.driver == self.driver)

    @property
    def roles(self) -> Mapping[str, str]:
        """Who fills the roles that the scenario names."""
        return self.written.roles

    def excess(self, scale: float) -> FloatArray:
        """How far each trial is beyond the breach at a scale, dims (trial,), in the metric's unit; above 0 is
        one.
        """
        count = len(self.clipped)
        self.progress(f"scale {scale:.4g}", count, count + 1)
        extent = extent_of(self.world.plan, self.world.calendar)
        # never a block size of choice: ``clipped`` is a mean of the blocks' means
        blocks = blocks_of(self.settings.numbers, extent.block_size)
        executor = executor_for(self.execution, blocks, extent)
        parts = in_order(executor, lambda block: self._block(block, scale), blocks)
        self.clipped[scale] = float(np.mean([clipped for _, clipped in parts]))
        self.progress(f"scale {scale:.4g}", count + 1, count + 1)
        return np.concatenate([values for values, _ in parts])

    def _block(self, trials: range, scale: float) -> tuple[FloatArray, float]:
        paths = self._paths(trials, {self.driver: scale})
        # customers beyond plan are drawn only where a scenario may win them; that changes no other number
        reach = 1.0 if self.driver not in WINS_CUSTOMERS and within_plan(paths) else None
        draws = self._drawn(trials, reach)
        engine = self.execution.engine
        if self.rule.against_base and trials not in self.base:
            nothing = resolve(Composition(BASE, "", ""), self.world.view, trials, 0, self.world.calendar)
            self.base[trials] = self._figure(play(self.world, draws, nothing, (), engine=engine))
        played = play(self.world, draws, paths, responses_of(self.composed.responses), engine=engine)
        return self.rule.excess(self._figure(played), self.base.get(trials)), played.clipped

    def _paths(self, trials: range, strength: Mapping[str, float]) -> Paths:
        world, seed = self.world, self.settings.seed
        return resolve(self.composed, world.view, trials, seed, world.calendar, self.library, strength)

    def _figure(self, played: ScenarioOutcome) -> FloatArray:
        return np.asarray(self.rule.figure(measure(self.world.measuring, played)))

    def _drawn(self, trials: range, reach: float | None) -> BlockDraws:
        kept = self.draws.get(trials)
        if kept is not None:
            return kept
        draws = draw_block(self.world.calibration, trials, self.settings.seed, self.world.calendar, reach)
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
