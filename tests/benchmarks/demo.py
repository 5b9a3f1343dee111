"""Benchmarks on the demo company: the whole run and its parts, the command, the engines and the hot calls."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from engine import chain
from engine.demo import write_demo
from engine.plan.load import load_plan
from engine.scenarios import load_library, resolve
from engine.settings import Execution, RunSettings
from engine.stages import simulate
from engine.stages.calibrate import calibrate
from engine.stages.draw import BlockDraws, draw_block
from engine.stages.simulate import play
from engine.stages.timings import Timings
from engine.stages.world import build_world
from models.calendar import Calendar
from models.demand import count_month, demand_multiplier, units_month
from models.network import kernel, process
from tests.benchmarks.registry import Result, best_of, peak_mb

TRIALS = 256
PARTS = ("sample", "simulate", "price", "measure", "store")
ALLOWED = 60.0
"""Seconds that 1,024 trials of the demo may take on two cores."""
BLOCK = 16
MONTHS = 24
SIMPY_TRIALS = 2


@contextmanager
def demo_folder() -> Iterator[Path]:
    """A freshly written demo plan."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo"
        write_demo(path)
        yield path


def run_with_parts() -> list[Result]:
    """256 trials, all scenarios, one worker, from the calibrated plan to the saved run; the parts of it."""
    with demo_folder() as path:
        plan = load_plan(path)
        calibration, one = calibrate(plan), Execution(workers=1)
        chain.run(plan, RunSettings(trials=1), execution=one, calibration=calibration)  # compiles
        clock = Timings()
        started = time.perf_counter()
        made = chain.run(
            plan, RunSettings(trials=TRIALS), execution=one, calibration=calibration, timings=clock
        )
        with clock.part("measure"):
            made.report()
        total = time.perf_counter() - started
    memory = peak_mb()
    parts = {f"demo_run_{name}": clock.seconds.get(name, 0.0) for name in PARTS}
    parts["demo_run_world"] = clock.seconds.get("calibrate", 0.0)
    parts["demo_run_unaccounted"] = total - sum(clock.seconds.values())
    rows = [Result("demo_run_total", total, f"{ALLOWED / 4:.0f} s allowed", ALLOWED / 4 / total, memory)]
    return rows + [
        Result(name, seconds, "demo_run_total", total / max(seconds, 1e-9), memory)
        for name, seconds in parts.items()
    ]


def _command(path: Path, trials: int, cache: Path | None = None) -> float:
    """Wall seconds of the command as a user types it, in a process of its own."""
    program = Path(sys.executable).with_name("tradewind")
    arguments = [program, "run", path, "--trials", str(trials), "--scenarios", "all", "--workers", "2"]
    more = {} if cache is None else {"NUMBA_CACHE_DIR": str(cache)}
    started = time.perf_counter()
    subprocess.run(
        [str(each) for each in arguments], check=True, capture_output=True, env={**os.environ, **more}
    )
    return time.perf_counter() - started


def _children_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024.0


def command_1024() -> list[Result]:
    """``tradewind run demo --trials 1024 --scenarios all --workers 2``, compiled code in the cache."""
    with demo_folder() as path:
        _command(path, 2)
        seconds = _command(path, 1024)
    return [
        Result(
            "demo_run_1024_two_workers",
            seconds,
            f"{ALLOWED:.0f} s allowed",
            ALLOWED / seconds,
            _children_mb(),
        )
    ]


def first_compile() -> list[Result]:
    """The same command with two trials and an empty cache of compiled code, against a warm one."""
    with demo_folder() as path, tempfile.TemporaryDirectory() as cache:
        cold = _command(path, 2, Path(cache))
        warm = _command(path, 2, Path(cache))
    memory = _children_mb()
    return [
        Result("demo_run_first_compile", cold, "demo_run_2_trials", warm / cold, memory),
        Result("demo_run_2_trials", warm, "demo_run_first_compile", cold / warm, memory),
    ]


class Base:
    """One block of base on the demo company, ready to be played, with what its calls were given."""

    def __init__(self, trials: int) -> None:
        with demo_folder() as path:
            plan = load_plan(path)
        calibration = calibrate(plan)
        calendar = Calendar(plan.forecast_start, MONTHS)
        library = load_library(None)
        self.trials = range(trials)
        self.world = build_world(plan, calibration, calendar)
        self.paths = resolve(library.compose("base"), self.world.view, self.trials, 1, calendar, library)
        self.draws = self.draw()
        self.engine_calls: list[tuple[Any, ...]] = []
        self.start: Any = None
        self.booking = 0.0
        self.play()  # compiles
        self._record()

    def draw(self) -> BlockDraws:
        """The block's draws, no customers above plan."""
        return draw_block(self.world.calibration, self.trials, 1, self.world.calendar, 1.0)

    def play(self, engine: str = "compiled") -> None:
        """Two years of the block."""
        play(self.world, self.draws, self.paths, (), engine=engine)

    def _record(self) -> None:
        close_month = simulate.close_month

        def engine(network: Any, state: Any, *more: Any) -> Any:
            if self.start is None:
                self.start = state.copy()
            self.engine_calls.append((network, *more))
            return kernel.advance(network, state, *more)

        def close(*given: Any) -> Any:
            # its state is used up, so it cannot be called again alone
            started = time.perf_counter()
            booked = close_month(*given)
            self.booking += time.perf_counter() - started
            return booked

        engines = {**simulate.ENGINES, "recorded": engine}
        with patch.object(simulate, "ENGINES", engines), patch.object(simulate, "close_month", close):
            self.play("recorded")

    def advance(self, engine: Callable[..., Any]) -> float:
        """Seconds of an engine alone on the recorded calls."""
        state = self.start.copy()
        started = time.perf_counter()
        for network, *more in self.engine_calls:
            state, _ = engine(network, state, *more)
        return time.perf_counter() - started


def network_engines() -> list[Result]:
    """Two years of the demo network, per trial: compiled engine against the readable one, same draws."""
    base = Base(SIMPY_TRIALS)
    fast = min(base.advance(kernel.advance) for _ in range(5)) / SIMPY_TRIALS
    slow = base.advance(process.advance) / SIMPY_TRIALS
    return [
        Result("demo_network_vs_own_simpy", fast, "own_simpy", slow / fast, peak_mb()),
        Result("own_simpy", slow, "own_simpy", 1.0, peak_mb()),
    ]


def hot_calls() -> list[Result]:
    """Seconds per trial of two years: drawing, demand, units, network, books; all of base is the baseline."""
    base = Base(BLOCK)
    bank = base.draws.demand
    ones = np.ones((1, bank.markets))
    level = np.ones((BLOCK, bank.markets, bank.channels, MONTHS))

    def count() -> list[Any]:
        return [count_month(bank, j, demand_multiplier(bank, j, ones, ones), level)[0] for j in range(MONTHS)]

    orders = count()
    timed = {
        "draw_block": best_of(3, base.draw),
        "count_month": best_of(3, count),
        "units_month": best_of(3, lambda: [units_month(bank, j, orders[j]) for j in range(MONTHS)]),
        "advance_month": min(base.advance(kernel.advance) for _ in range(3)),
        "close_month": base.booking,
    }
    whole = best_of(3, base.play) + timed["draw_block"]
    rows = [
        Result(name, seconds / BLOCK, "base_trial", whole / seconds, peak_mb())
        for name, seconds in timed.items()
    ]
    plain = best_of(1, lambda: [_plain_units(bank, j, orders[j][:1]) for j in range(MONTHS)])
    units = timed["units_month"] / BLOCK
    rows.append(Result("units_month_vs_numpy", units, "numpy_generator_loop", plain / units, peak_mb()))
    return [*rows, Result("base_trial", whole / BLOCK, "base_trial", 1.0, peak_mb())]


def _plain_units(bank: Any, month: int, orders: Any) -> Any:
    """Units by day, segment and item of one trial as one would write it with a numpy generator."""
    generator = np.random.default_rng(month)
    days = int(bank.month_start[month + 1] - bank.month_start[month])
    items = len(bank.item_keys)
    out = np.zeros((days, orders.shape[1], items), dtype=np.int64)
    for segment in range(orders.shape[1]):
        for _ in range(int(orders[0, segment])):
            day = generator.integers(days)
            for item in generator.choice(items, size=1 + generator.poisson(0.5)):
                out[day, segment, item] += 1 + generator.poisson(0.2)
    return out
