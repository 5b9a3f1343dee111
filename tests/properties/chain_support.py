"""What the chain tests share: plans changed in one respect, the cube of a few trials, byte comparison."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from engine.chain import Assignment, play_block
from engine.plan.load import load_plan
from engine.plan.plan import Plan
from engine.scenarios import BASE, Composition, Library, load_library
from engine.scenarios.grammar import Scenario
from engine.scenarios.library import composition
from engine.settings import Execution, RunSettings
from engine.stages.calibrate import Calibration, calibrate
from engine.stages.measure import cube_variables
from engine.stages.timings import Timings
from engine.stages.world import World, build_world
from engine.store.cube import open_cube
from models.arrays import FloatArray
from models.calendar import Calendar

Arrays = dict[str, FloatArray]
Config = dict[str, Any]
Tables = dict[str, pd.DataFrame]

DIMS = {variable.path: variable.all_dims for variable in cube_variables()}
"""Dims of every cube variable by path, scenario and trial first."""


@dataclass(frozen=True, eq=False)
class Cube:
    """Every variable of some scenarios and trials by path, dims (scenario, trial, ...)."""

    scenarios: tuple[str, ...]
    arrays: Arrays

    def __getitem__(self, at: tuple[str, str]) -> FloatArray:
        scenario, path = at
        return self.arrays[path][self.scenarios.index(scenario)]

    def of(self, scenario: str) -> Arrays:
        """Every variable of one scenario."""
        return {path: self[scenario, path] for path in self.arrays}


@dataclass(eq=False)
class Chain:
    """A plan with its calibration, played a few trials at a time."""

    plan: Plan
    frozen: Calibration | None = None
    _worlds: dict[int, World] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, calibration: Calibration | None = None) -> Chain:
        """The plan in a folder."""
        return cls(load_plan(folder), calibration)

    @cached_property
    def calibration(self) -> Calibration:
        """Fitted once, unless it was given."""
        return self.frozen or calibrate(self.plan)

    @cached_property
    def library(self) -> Library:
        """Shipped scenarios and the plan's own."""
        return load_library(self.plan.path / "scenarios")

    def world(self, quarters: int) -> World:
        """The plan as the stages see it."""
        if quarters not in self._worlds:
            calendar = Calendar(self.plan.forecast_start, 3 * quarters)
            self._worlds[quarters] = build_world(self.plan, self.calibration, calendar)
        return self._worlds[quarters]

    def scenario(self, name: str, *shocks: Mapping[str, Any], responses: Sequence[Any] = ()) -> Composition:
        """A scenario made here, of shocks as a file would write them."""
        content = {"name": name, "why": "test", "source": "test", "shocks": shocks, "responses": responses}
        return composition(Scenario.model_validate(content), self.library)

    def play(
        self,
        scenarios: Iterable[str | Composition] = (),
        *,
        trials: range = range(8),
        quarters: int = 2,
        engine: str = "compiled",
        always_simulate: bool = False,
        seed: int = 1,
    ) -> Cube:
        """The cube of base and the scenarios, one block, without store and page."""
        named = (self.library.compose(each) if isinstance(each, str) else each for each in (BASE, *scenarios))
        chosen = tuple({each.name: each for each in named}.values())
        settings = RunSettings(len(trials), trials.start, quarters, seed)
        execution = Execution(engine, always_simulate=always_simulate)
        assigned = Assignment(self.world(quarters), chosen, self.library, settings, execution)
        arrays = play_block(assigned, trials, Timings())
        return Cube(tuple(each.name for each in chosen), arrays)


def stored(folder: Path) -> Arrays:
    """Every variable of a run's cube on disk by path, dims (scenario, trial, ...)."""
    arrays = {}
    for node in open_cube(folder).subtree:
        for name, values in node.to_dataset().data_vars.items():
            arrays[f"{node.path.strip('/')}/{name}"] = np.ascontiguousarray(values.to_numpy())
    assert arrays.keys() == DIMS.keys()
    return arrays


def differing(one: Mapping[str, FloatArray], other: Mapping[str, FloatArray]) -> list[str]:
    """Paths of the variables whose shape, type or bytes differ, or that only one side has."""
    return [
        path
        for path in sorted(one.keys() | other.keys())
        if path not in one
        or path not in other
        or one[path].shape != other[path].shape
        or one[path].dtype != other[path].dtype
        or np.ascontiguousarray(one[path]).tobytes() != np.ascontiguousarray(other[path]).tobytes()
    ]


def along(
    arrays: Mapping[str, FloatArray], dim: str, keep: Callable[[FloatArray, int], FloatArray]
) -> Arrays:
    """The variables that have a dim, each after ``keep(array, axis of the dim)``."""
    return {
        path: keep(values, DIMS[path].index(dim) - (len(DIMS[path]) - values.ndim))
        for path, values in arrays.items()
        if dim in DIMS[path]
    }


def first(count: int) -> Callable[[FloatArray, int], FloatArray]:
    """The first entries along an axis."""
    return lambda values, axis: np.take(values, np.arange(count), axis=axis)


def members(keys: Sequence[str], wanted: Sequence[str]) -> Callable[[FloatArray, int], FloatArray]:
    """The entries of some keys along an axis."""
    places = [keys.index(key) for key in wanted]
    return lambda values, axis: np.take(values, places, axis=axis)


def edited(
    source: Path,
    target: Path,
    config: Callable[[Config], None] | None = None,
    tables: Callable[[Tables], None] | None = None,
    scenarios: Mapping[str, str] | None = None,
) -> Path:
    """A copy of a plan folder with ``plan.yaml`` and the data files changed in place by the callers."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("runs", ".partial-*"))
    if config is not None:
        yaml = YAML(typ="rt")
        yaml.preserve_quotes = True
        content = yaml.load((target / "plan.yaml").read_text(encoding="utf-8"))
        config(content)
        text = io.StringIO()
        yaml.dump(content, text)
        (target / "plan.yaml").write_text(text.getvalue(), encoding="utf-8")
    if tables is not None:
        paths = {path.stem: path for path in sorted((target / "data").glob("*.csv"))}
        frames = {name: pd.read_csv(path, dtype=str, keep_default_na=False) for name, path in paths.items()}
        tables(frames)
        for name, frame in frames.items():
            frame.to_csv(target / "data" / f"{name}.csv", index=False, lineterminator="\n")
    for name, text_of in (scenarios or {}).items():
        (target / "scenarios").mkdir(exist_ok=True)
        (target / "scenarios" / name).write_text(text_of, encoding="utf-8")
    return target


def absorb(config: Config) -> None:
    """Every market's price stays where it is, whatever the landed cost."""
    for market in config["markets"]:
        market["price_rule"] = {"rule": "absorb"}
