"""Order to receipt through the network: base runs of the demo against its own purchase log, per lane."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.demo import write_demo
from engine.plan.load import load_plan
from engine.scenarios import load_library, resolve
from engine.stages.calibrate import calibrate
from engine.stages.draw import draw_block
from engine.stages.sharing import Kept
from engine.stages.simulate import play_base
from engine.stages.world import World, build_world
from models.arrays import FloatArray
from models.calendar import Calendar
from models.network.state import LineTable
from tests.verify.registry import Row

TRIALS = 64
TOLERANCE = 0.05
SETTLED = 180
"""Days before the horizon's end after which orders are left out: they may not have been received yet."""


def played() -> tuple[World, LineTable]:
    """The demo's world and the order lines of its base runs over two years."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo"
        write_demo(path)
        plan = load_plan(path)
    calibration = calibrate(plan)
    calendar = Calendar(plan.forecast_start, 24)
    world = build_world(plan, calibration, calendar)
    library = load_library(None)
    trials = range(TRIALS)
    draws = draw_block(calibration, trials, 1, calendar)
    paths = resolve(library.compose("base"), world.view, trials, 1, calendar, library)
    return world, play_base(world, draws, paths, kept=Kept()).lines


def days_by_lane(world: World, lines: LineTable) -> dict[str, FloatArray]:
    """Days from order to receipt of every order placed in the first part of the horizon, by lane key."""
    found: dict[str, list[int]] = {}
    last = world.calendar.days - SETTLED
    for t in range(lines.count.size):
        count = int(lines.count[t])
        day, node, supplier, received = (
            getattr(lines, name)[t, :count] for name in ("day_ordered", "node", "supplier", "received")
        )
        chosen = (day >= 0) & (day < last) & (received >= 0)
        rows = np.unique(np.stack([day, node, supplier, received], axis=1)[chosen], axis=0)
        for placed, n, s, arrived in rows.tolist():
            lane = f"{world.simulation.network.suppliers[s]}|{world.simulation.network.nodes[n]}"
            found.setdefault(lane, []).append(arrived - placed)
    return {lane: np.array(values, dtype=np.float64) for lane, values in sorted(found.items())}


def lane_rows() -> Iterator[Row]:
    """Mean and 90% quantile of order to receipt per lane, history against base."""
    world, lines = played()
    history = world.calibration.supply.lead_time.history
    for lane, days in days_by_lane(world, lines).items():
        past = history[lane]
        for name, got in (("mean", days.mean()), ("p90", np.quantile(days, 0.9))):
            expected = past[name]
            gap = got / expected - 1.0
            yield Row(
                f"{lane} order to receipt, {name}, {past['orders']:.0f} past orders",
                f"{expected:.1f} days",
                f"{got:.1f} ({gap:+.1%})",
                f"{TOLERANCE:.0%}",
                abs(gap) <= TOLERANCE,
            )
