"""One trial told in full: the event log of the SimPy engine on the plan's own network, under base and under
the shock that costs most sales; small enough to be kept beside the cube.

The trial is the one whose loss of sales under that shock is the median; it begins as the run's own trial
does, draw for draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from engine.responses import responses_of
from engine.scenarios import BASE, Composition, Library, resolve
from engine.stages.draw import draw_block
from engine.stages.simulate import follow
from engine.stages.world import World
from models.arrays import FloatArray
from models.network.movements import Movements, concatenate
from models.network.state import State
from models.network.timelines import MOMENTS, customs_queue, journal_table, order_timelines

MONTHS = 9
"""Months that are told: a shock that begins after a quarter, and what its orders come to."""
KEPT_ORDERS = 40
"""Orders kept for the timelines: the largest of those placed in these months."""
DIGITS = 3


def example_trial(
    world: World,
    composed: Sequence[Composition],
    library: Library,
    trials: range,
    seed: int,
    lost: FloatArray,
) -> dict[str, Any]:
    """The example of a run as plain data; ``lost`` units by (scenario, trial), scenarios as composed."""
    shock, position = chosen(lost)
    trial = trials[position]
    months = min(MONTHS, world.calendar.months)
    names = [BASE] if shock is None else [BASE, composed[shock].name]
    by_name = {each.name: each for each in composed}
    told = {name: _told(world, by_name[name], library, trial, seed, months) for name in names}
    return {
        "trial": trial,
        "months": months,
        "start": world.calendar.start.isoformat(),
        "days": int(world.calendar.month_start[months]),
        "scenarios": told,
    }


def chosen(lost: FloatArray) -> tuple[int | None, int]:
    """The scenario that loses most units more than base, the first row (None: none does), and the trial
    (position) whose loss is the median; of equals the first. ``lost`` units (scenario, trial).
    """
    more = lost - lost[0]
    worst = int(np.argmax(more.sum(axis=1)))
    if more[worst].sum() <= 0.0:
        return None, 0
    by_loss = np.argsort(more[worst], kind="stable")
    return worst, int(by_loss[(len(by_loss) - 1) // 2])


def _told(
    world: World, composed: Composition, library: Library, trial: int, seed: int, months: int
) -> dict[str, Any]:
    trials = range(trial, trial + 1)
    paths = resolve(composed, world.view, trials, seed, world.calendar, library)
    draws = draw_block(world.calibration, trials, seed, world.calendar)
    journal, moved, state = follow(world, draws, paths, responses_of(composed.responses), months)
    log = journal_table(world.simulation.network, journal, state)
    return {
        "orders": _orders(log, state),
        "queue": _queue(log, world.simulation.network.ports),
        "stock": _stock(world, concatenate(moved)),
        "flows": _flows(world, state, concatenate(moved)),
    }


def _orders(log: pd.DataFrame, state: State) -> list[list[Any]]:
    """The largest new orders by day: supplier, port, node, units, then the day of each of MOMENTS or null."""
    if log.empty:
        return []
    rows = order_timelines(log)
    placed = state.orders.first_line[0, rows["order"].to_numpy(np.int64)]
    rows["ordered_day"] = state.lines.day_ordered[0, placed].astype(np.float64)
    rows = rows.loc[rows["ordered_day"] >= 0.0]
    largest = rows.sort_values(["units", "order"], ascending=[False, True], kind="stable").head(KEPT_ORDERS)
    kept = largest.sort_values(["ordered_day", "order"], kind="stable")
    return [
        [
            row.supplier,
            row.port,
            row.node,
            int(row.units),
            *(_day(getattr(row, f"{name}_day")) for name in MOMENTS),
        ]
        for row in kept.itertuples(index=False)
    ]


def _day(value: float) -> float | None:
    return round(float(value), DIGITS) if np.isfinite(value) else None


def _queue(log: pd.DataFrame, ports: Sequence[str]) -> dict[str, list[list[float]]]:
    """Days and orders waiting from them on, by port; changes only."""
    found: dict[str, list[list[float]]] = {port: [[0.0, 0.0]] for port in ports}
    for port, day, waiting in customs_queue(log).itertuples(index=False) if len(log) else ():
        steps = found[str(port)]
        at = round(max(float(day), 0.0), DIGITS)
        if steps[-1][0] == at:
            steps[-1][1] = float(waiting)
        elif steps[-1][1] != waiting:
            steps.append([at, float(waiting)])
    return found


def _stock(world: World, moved: Movements) -> dict[str, list[int]]:
    """Units in each node at the end of each day."""
    units = moved.on_hand[0].sum(axis=2, dtype=np.int64)
    return {node: units[:, n].tolist() for n, node in enumerate(world.simulation.network.nodes)}


def _flows(world: World, state: State, moved: Movements) -> dict[str, list[list[Any]]]:
    """Units ordered by (supplier, port, node) and shipped by (node, market)."""
    network, lines = world.simulation.network, state.lines
    ordered: dict[tuple[str, str, str], int] = {}
    for row in range(int(lines.count[0])):
        if lines.day_ordered[0, row] >= 0:
            node = int(lines.node[0, row])
            way = (
                network.suppliers[int(lines.supplier[0, row])],
                network.ports[int(network.node_port[node])],
                network.nodes[node],
            )
            ordered[way] = ordered.get(way, 0) + int(lines.units[0, row])
    shipped: dict[tuple[str, str], int] = {}
    by_arc = moved.shipped[0].sum(axis=(0, 2), dtype=np.int64)
    channels = len(world.plan.sales_channel_keys)
    for arc, units in enumerate(by_arc.tolist()):
        market = world.plan.market_keys[int(network.arc_point[arc]) // channels]
        pair = network.nodes[int(network.arc_node[arc])], market
        shipped[pair] = shipped.get(pair, 0) + units
    return {
        "ordered": [[*way, units] for way, units in sorted(ordered.items())],
        "shipped": [[*pair, units] for pair, units in sorted(shipped.items())],
    }
