"""Which demand a scenario's physical shock reaches, from when on, and how long supply held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.drivers import DRIVERS, Paths
from engine.finance.supply_kpis import Flags, survival, unserved_share
from engine.responses import Response
from engine.stages.inputs import SimulationInputs
from models import names
from models.arrays import CountArray, FloatArray, IntArray

PHYSICAL = ("lead_time", "supplier_capacity", "port_closure", "clearance", "congestion")
"""Drivers that hold up goods; any of them makes a scenario a physical shock."""
HOURS = 24.0
SHOCK_METRICS = ("response_hours", "supply_failure", "time_to_failure", "time_to_recovery")
"""Metrics of a scenario as a whole, which the units of one run alone do not tell."""


@dataclass(frozen=True, eq=False)
class Shock:
    """The physical part of a scenario: demand it may reach and its first day."""

    pairs: Flags
    """(segment, item) demand planned at a node that something held up supplies."""
    start: IntArray
    """(trial,) first day of it; the number of days where it never comes."""
    until: IntArray
    """(trial,) day before which it can break supply: until what was ordered in its last days has come."""


@dataclass(frozen=True, eq=False)
class Watch:
    """Shocks of the scenarios of a block, and the different sets of demand they reach."""

    shocks: Mapping[str, Shock]
    sets: Flags
    """(set, segment, item)."""

    def position(self, scenario: str) -> int:
        """Which set a scenario reaches."""
        pairs = self.shocks[scenario].pairs
        return next(k for k, each in enumerate(self.sets) if np.array_equal(each, pairs))

    def sets_of(self, scenario: str, base: str) -> Flags:
        """What to follow day by day in a scenario: every set in base, else its own."""
        if scenario == base:
            return self.sets
        return self.shocks[scenario].pairs[None] if scenario in self.shocks else self.sets[:0]


def watch(inputs: SimulationInputs, paths: Mapping[str, Paths]) -> Watch:
    """What to follow in a block, from the paths of its scenarios by name."""
    found = {name: shock_of(inputs, each) for name, each in paths.items()}
    shocks = {name: shock for name, shock in found.items() if shock is not None}
    shape = (len(inputs.network.demand_points), len(inputs.network.items))
    sets: list[Flags] = []
    for shock in shocks.values():
        if not any(np.array_equal(shock.pairs, each) for each in sets):
            sets.append(shock.pairs)
    return Watch(shocks, np.array(sets, dtype=np.bool_).reshape(-1, *shape))


def shock_of(inputs: SimulationInputs, paths: Paths) -> Shock | None:
    """The physical shock of a scenario; None where it holds up no goods that anybody is waiting for."""
    network = inputs.network
    trials, days = len(paths.trials), paths.calendar.days
    lanes = np.zeros((len(network.suppliers), len(network.nodes)), dtype=np.bool_)
    start, until = np.full(trials, days, dtype=np.int64), np.zeros(trials, dtype=np.int64)
    for name in PHYSICAL:
        if paths.is_identity(name):
            continue
        multiplier, offset = paths.compact(name)
        moved = (multiplier != 1.0) | (offset != 0.0)
        lanes |= _lanes(name, moved.any(axis=(0, -1)), network.node_port, lanes.shape)
        daily = moved.reshape(len(moved), -1, moved.shape[-1]).any(axis=1)
        ever = daily.any(axis=1)
        start = np.minimum(start, np.where(ever, daily.argmax(axis=1), days))
        until = np.maximum(until, np.where(ever, days - np.flip(daily, axis=1).argmax(axis=1), 0))
    held_up = (inputs.purchasing.share * lanes.T[:, None, :]).any(axis=2) & inputs.supply.planned
    pairs = held_up[inputs.purchasing.primary_node]
    reach = math.ceil(float(inputs.purchasing.lead_mean.max(initial=0.0)) + inputs.purchasing.cycle_days)
    return Shock(pairs, start, until + reach) if pairs.any() else None


def _lanes(driver: str, segments: Flags, node_port: IntArray, shape: tuple[int, int]) -> Flags:
    """Lanes (supplier, node) that the moved segments of a driver lie on: lanes, suppliers or ports."""
    dims = DRIVERS[driver].dims
    if dims == (names.PORT,):
        segments = np.broadcast_to(segments, (int(node_port.max()) + 1,))[node_port][None]
    elif dims == (names.SUPPLIER,):
        segments = segments[:, None]
    return np.broadcast_to(segments, shape)


def reaction_hours(responses: Sequence[Response]) -> float:
    """Hours from knowing of a disruption to acting on it, the slowest playbook; NaN without one."""
    return max((HOURS * each.reaction_days for each in responses), default=float("nan"))


def shock_metrics(
    scenario: str, followed: Watch, own: CountArray, base: CountArray, responses: Sequence[Response]
) -> dict[str, FloatArray]:
    """Horizon metrics of how a scenario's physical shock went, each (trial,); NaN without one.

    ``own`` and ``base`` (trial, day, set, 3) are units demanded, lost and waiting over the sets followed in
    the scenario and in base; a scenario that is base re-priced has base's.
    """
    trials = len(own)
    values = {name: np.full(trials, np.nan) for name in SHOCK_METRICS}
    values["response_hours"] = np.full(trials, reaction_hours(responses))
    shock = followed.shocks.get(scenario)
    if shock is not None:
        at = followed.position(scenario)
        mine, theirs = own[:, :, at if own is base else 0], base[:, :, at]
        shares = [unserved_share(*np.moveaxis(each, -1, 0)) for each in (mine, theirs)]
        outcome = survival(shares[0] - shares[1], shock.start, shock.until)
        values["supply_failure"] = outcome.failed.astype(np.float64)
        values["time_to_failure"], values["time_to_recovery"] = outcome.to_failure, outcome.to_recovery
    return {f"horizon/{name}": each for name, each in values.items()}
