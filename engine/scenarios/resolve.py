"""Scenario → paths: when each shock acts, how strongly on each day, and how shocks combine on a cell.

On a cell and day, in this order, whatever the order in the file: the shocks without ``then`` (one at most)
and those that say ``add`` add their differences from base; those that say ``scale`` multiply the result; one
that says ``set`` replaces it. Each is blended in by its weight w of the day: base + w·(x − base). A shock of
size zero leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.drivers import DRIVERS, Effect, Paths, PlanView
from engine.scenarios.check import NamedShock, Problem, chosen, overlap_problems
from engine.scenarios.grammar import Scenario, Shock
from engine.scenarios.library import BASE, Composition, Library, composition
from engine.scenarios.record import applied_change
from engine.scenarios.values import FAR, Distribution, TimeDistribution, later, start_day, uniform_of
from models.arrays import BoolArray, FloatArray, IntArray
from models.calendar import Calendar
from models.errors import Fault, InputError

Positions = dict[str, tuple[int, ...]]

AS_WRITTEN: Mapping[str, float] = MappingProxyType({})
"""Strength 1 for every driver."""


def check(
    scenario: Composition | Scenario, view: PlanView, calendar: Calendar, library: Library | None = None
) -> tuple[Fault, ...]:
    """Everything wrong with a scenario on this plan, sorted; empty when it can be resolved."""
    composed = composition(scenario, library) if isinstance(scenario, Scenario) else scenario
    return tuple(sorted(set(_examined(composed, view, calendar, library)[2])))


def _examined(
    composed: Composition, view: PlanView, calendar: Calendar, library: Library | None
) -> tuple[dict[str, Positions], dict[str, str], list[Fault]]:
    at = library if library is not None else Library({}, {}, {})
    positions: dict[str, Positions] = {}
    roles: dict[str, str] = {}
    faults: list[Fault] = []
    for named in composed.shocks:
        positions[named.name], found, problems = chosen(named.shock, view, named.path)
        roles |= found
        faults.extend(at.fault(named, problem) for problem in problems)
        start = named.shock.start
        if isinstance(start, str) and start_day(start, calendar) < 0:
            remedy = f"{calendar.start} or later: what came before is already in the history"
            problem = Problem((*named.path, "start"), "before the first forecast day", start, remedy)
            faults.append(at.fault(named, problem))
    meeting = overlap_problems(composed.shocks, positions, calendar)
    faults.extend(at.fault(named, problem) for named, problem in meeting)
    return positions, roles, faults


def resolve(
    scenario: Composition | Scenario,
    view: PlanView,
    trials: range,
    seed: int,
    calendar: Calendar,
    library: Library | None = None,
    strength: Mapping[str, float] = AS_WRITTEN,
) -> Paths:
    """How the scenario moves every driver in these trials, by day; every fault of it in one
    ``InputError``.

    ``strength`` multiplies the size of the shocks of a driver: base + strength·(x − base), before bounds;
    when, how long and how likely they are stays as written. A driver that is not named keeps strength 1.
    """
    composed = composition(scenario, library) if isinstance(scenario, Scenario) else scenario
    positions, roles, faults = _examined(composed, view, calendar, library)
    if faults:
        raise InputError(sorted(set(faults)))
    timed = _timed(composed.shocks, trials, seed, calendar)
    effects: dict[str, Effect] = {}
    for name in sorted({named.shock.driver for named in composed.shocks}):
        size = strength.get(name, 1.0)
        shocks = [n for n in composed.shocks if n.shock.driver == name and not is_nothing(n.shock)]
        shocks = shocks if size != 0.0 else []
        full = {n.name: transform(n, trials, seed, size) for n in shocks}
        effect = _effect(name, shocks, positions, timed, full, calendar.days, view)
        if effect is not None:
            effects[name] = effect
    return Paths(
        scenario=composed.name,
        trials=trials,
        calendar=calendar,
        shapes=MappingProxyType({name: view.shape(entry.dims) for name, entry in DRIVERS.items()}),
        effects=MappingProxyType(effects),
        applied=tuple(
            applied_change(n, positions[n.name], view, calendar, beyond=_is_beyond(n, timed, calendar))
            for n in composed.shocks
        ),
        roles=MappingProxyType(dict(sorted(roles.items()))),
        occurred=MappingProxyType({name: timing.occurred for name, timing in timed.items()}),
        start_day=MappingProxyType({name: timing.start for name, timing in timed.items()}),
    )


def base_paths(view: PlanView, trials: range, calendar: Calendar) -> Paths:
    """Paths of base: nothing moves."""
    return resolve(Composition(BASE, "", ""), view, trials, 0, calendar)


def is_nothing(shock: Shock) -> bool:
    """Whether a shock has size zero for certain: add 0, scale 1, probability 0."""
    amount = shock.change.amount
    if shock.probability == 0.0:
        return True
    if isinstance(amount, Distribution) or shock.change.kind == "set":
        return False
    if shock.change.kind == "add":
        return amount == 0.0
    return amount * (0.01 if shock.change.unit == "%" else 1.0) == 1.0


class Timing:
    """When a shock acts: first day and ends of its phases, and whether it happens; dims (trial or 1,)."""

    def __init__(
        self, occurred: BoolArray, start: IntArray, ends: tuple[IntArray, IntArray, IntArray], to: float
    ) -> None:
        self.occurred = occurred
        self.start = start
        self.ends = ends
        self.to = to

    def weights(self, days: int) -> FloatArray:
        """Weight w of the shock, share of its full size, dims (trial or 1, day)."""
        start, ramp_end, hold_end, end = (column[:, None] for column in (self.start, *self.ends))
        day = np.arange(days, dtype=np.int64)[None, :]
        with np.errstate(divide="ignore", invalid="ignore"):  # a phase of no days is never chosen below
            rising = (day - start + 1) / (ramp_end - start)
            done = (day - hold_end + 1) / (end - hold_end)
            falling = (1.0 - done) + done * self.to
        phases = [~self.occurred[:, None] | (day < start), day < ramp_end, day < hold_end, day < end]
        return np.asarray(np.select(phases, [0.0, rising, 1.0, falling], self.to))


def _timed(shocks: Sequence[NamedShock], trials: range, seed: int, calendar: Calendar) -> dict[str, Timing]:
    by_name = {named.name: named for named in shocks}
    timed: dict[str, Timing] = {}

    def place(named: NamedShock) -> Timing:
        if named.name not in timed:
            trigger = place(by_name[named.shock.after]) if named.shock.after is not None else None
            timed[named.name] = _timing(named, trigger, trials, seed, calendar)
        return timed[named.name]

    for named in shocks:
        place(named)
    return timed


def _timing(
    named: NamedShock, trigger: Timing | None, trials: range, seed: int, calendar: Calendar
) -> Timing:
    shock, name = named.shock, named.name
    occurred = np.array([shock.probability > 0.0])
    if 0.0 < shock.probability < 1.0:
        tie = (f"event/copula/{shock.tied.group}", shock.tied.loading) if shock.tied is not None else None
        occurred = uniform_of(seed, f"event/{name}", trials, tie) < shock.probability
    start = np.zeros(1, dtype=np.int64)
    if trigger is not None:
        start = _after(trigger.start, shock.delay, f"delay/{name}", trials, seed, calendar)
        occurred = occurred & trigger.occurred
    elif isinstance(shock.start, TimeDistribution):
        start = shock.start.days(uniform_of(seed, f"start/{name}", trials))
    elif shock.start is not None:
        start = np.array([start_day(shock.start, calendar)], dtype=np.int64)
    shape = shock.shape
    ramp_end = _after(start, shape.ramp, f"ramp/{name}", trials, seed, calendar)
    if shape.hold is None and shape.recover is None:
        forever = np.full(1, FAR, dtype=np.int64)
        return Timing(occurred, start, (ramp_end, forever, forever), 1.0)
    hold_end = _after(ramp_end, shape.hold, f"hold/{name}", trials, seed, calendar)
    end = _after(hold_end, shape.recover, f"recover/{name}", trials, seed, calendar)
    return Timing(occurred, start, (ramp_end, hold_end, end), shape.to or 0.0)


def _is_beyond(named: NamedShock, timed: Mapping[str, Timing], calendar: Calendar) -> bool:
    """Whether a shock whose first day is the same in every trial starts after the last day."""
    start = timed[named.name].start
    return len(start) == 1 and bool(start[0] >= calendar.days)


def _after(
    day: IntArray,
    duration: str | TimeDistribution | None,
    name: str,
    trials: range,
    seed: int,
    calendar: Calendar,
) -> IntArray:
    if duration is None:
        return day
    if isinstance(duration, TimeDistribution):
        return day + duration.days(uniform_of(seed, name, trials))
    return later(day, duration, calendar)


def transform(
    named: NamedShock, trials: range, seed: int, strength: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """The full shock as multiplier a (a ratio) and offset b (in the driver's unit), dims (1 or trial,).

    By definition x = base·a + b, before the bounds of its driver; with a strength k it is
    base + k·(x − base) = base·(1 + k·(a − 1)) + k·b.
    """
    a, b = _as_written(named, trials, seed)
    return (a, b) if strength == 1.0 else (1.0 + strength * (a - 1.0), strength * b)


def _as_written(named: NamedShock, trials: range, seed: int) -> tuple[FloatArray, FloatArray]:
    shock = named.shock
    change, entry = shock.change, DRIVERS[shock.driver]
    if isinstance(change.amount, Distribution):
        tie = (f"severity/copula/{shock.tied.group}", shock.tied.loading) if shock.tied is not None else None
        amount = change.amount.quantiles(uniform_of(seed, f"severity/{named.name}", trials, tie))
    else:
        amount = np.array([change.amount])
    zero, one = np.zeros_like(amount), np.ones_like(amount)
    size = amount / 100.0 if change.unit in ("%", "pp") else amount
    if change.kind == "scale":
        return np.maximum(size, 0.0), zero
    if change.kind == "add":
        relative = entry.level or change.unit == "%"
        return (one + size, zero) if relative else (one, size)
    return (size, zero) if entry.level else (zero, size)


def _effect(
    name: str,
    shocks: Sequence[NamedShock],
    positions: Mapping[str, Positions],
    timed: Mapping[str, Timing],
    transforms: Mapping[str, tuple[FloatArray, FloatArray]],
    days: int,
    view: PlanView,
) -> Effect | None:
    """Multiplier and offset of one driver as read-only views of full shape; None when nothing can move it.

    ``transforms`` are the shocks at full size, x = base·a + b, by name.
    """
    entry = DRIVERS[name]
    full = view.shape(entry.dims)
    if not shocks or 0 in full:
        return None
    told_apart = [
        any(len(positions[n.name][dim]) < size for n in shocks)
        for dim, size in zip(entry.dims, full, strict=True)
    ]
    compact = tuple(size if apart else 1 for size, apart in zip(full, told_apart, strict=True))
    layers = []
    for named in shocks:
        cells = np.ix_(
            *(
                np.array(positions[named.name][dim] if apart else (0,), dtype=np.int64)
                for dim, apart in zip(entry.dims, told_apart, strict=True)
            )
        )
        weight = timed[named.name].weights(days)
        a, b = transforms[named.name]
        # a multiple below zero means nothing is left, however strong the shock
        floor = 0.0 if named.shock.change.kind == "scale" else -np.inf
        layers.append((named.shock.then, cells, weight, np.maximum(a, floor), b))
    rows = max(max(len(weight), len(a)) for _, _, weight, a, _ in layers)
    multiplier = np.ones((rows, *compact, days))
    offset = np.zeros((rows, *compact, days))
    for step in ((None, "add"), ("scale",), ("set",)):
        for then, cells, weight, a, b in layers:
            if then in step:
                _combine(then, multiplier, offset, cells, weight, a, b)
    if entry.level:
        np.copyto(multiplier, np.clip(multiplier, *entry.bounds), where=multiplier != 1.0)
    if rows == 1 and bool(np.all(multiplier == 1.0)) and bool(np.all(offset == 0.0)):
        return None
    return _view(multiplier, full), _view(offset, full)


def _combine(
    then: str | None,
    multiplier: FloatArray,
    offset: FloatArray,
    cells: tuple[IntArray, ...],
    weight: FloatArray,
    a: FloatArray,
    b: FloatArray,
) -> None:
    """Lay one shock x = base·a + b with weight (trial or 1, day) over the cells of the arrays given."""
    shape = (-1, *(1 for _ in cells), weight.shape[1])
    index: tuple[Any, ...] = (slice(None), *cells)
    ones = (-1, *(1 for _ in cells), 1)
    w, slope, shift = weight.reshape(shape), a.reshape(ones), b.reshape(ones)
    if then == "scale":
        factor = 1.0 + w * (slope - 1.0)
        multiplier[index] *= factor
        offset[index] *= factor
    elif then == "set":
        multiplier[index] = (1.0 - w) * multiplier[index] + w * slope
        offset[index] = (1.0 - w) * offset[index] + w * shift
    else:
        multiplier[index] += w * (slope - 1.0)
        offset[index] += w * shift


def _view(array: FloatArray, full: tuple[int, ...]) -> FloatArray:
    """Read-only view on the full shape; dims that nothing tells apart are repeated without memory."""
    return np.broadcast_to(array, (array.shape[0], *full, array.shape[-1]))
