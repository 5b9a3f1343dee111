"""The record of what a scenario changed: ``path: old -> new``, in words a reader can check."""

from __future__ import annotations

import numpy as np

from engine.drivers import DRIVERS, AppliedChange, PlanView
from engine.scenarios.check import NamedShock
from engine.scenarios.grammar import Shape, Shock
from engine.scenarios.values import Distribution, TimeDistribution, start_day
from models.arrays import FloatArray
from models.calendar import Calendar


def applied_change(
    named: NamedShock,
    positions: dict[str, tuple[int, ...]],
    view: PlanView,
    calendar: Calendar,
    *,
    beyond: bool = False,
) -> AppliedChange:
    """The shock as applied to this plan: path, old and new value at full size, when and how likely.

    ``beyond`` says that it starts after the calendar's last day in every trial.
    """
    shock = named.shock
    entry = DRIVERS[shock.driver]
    parts = []
    for dim in entry.dims:
        members = view.members(dim)
        if len(positions[dim]) < len(members):
            parts.append(f"{dim}={'|'.join(members[i] for i in positions[dim])}")
    path = shock.driver + (f"[{', '.join(parts)}]" if parts else "")
    old, new = _values(shock, positions, view)
    chance = f"probability {shock.probability:g}" if shock.probability < 1.0 else ""
    return AppliedChange(named.name, path, old, new, shown_time(shock, calendar), chance, beyond)


def _values(shock: Shock, positions: dict[str, tuple[int, ...]], view: PlanView) -> tuple[str, str]:
    change, entry = shock.change, DRIVERS[shock.driver]
    amount = change.amount
    if any(not places for places in positions.values()):
        return "nothing", "nothing"
    base = np.ones(()) if entry.level else view.base.get(shock.driver)
    if isinstance(amount, Distribution) or base is None:
        text = amount.text() if isinstance(amount, Distribution) else f"{amount:g}"
        sign = {"add": "base + ", "scale": "base * ", "set": ""}[change.kind]
        return "base", f"{sign}{text} {change.unit}"
    if base.ndim:
        base = base[np.ix_(*(np.array(positions[dim]) for dim in entry.dims))]
    size = amount / 100.0 if change.unit in ("%", "pp") else amount
    if change.kind == "scale":
        new = base * size
    elif change.kind == "set":
        new = np.full_like(base, size)
    else:
        new = base * (1.0 + size) if entry.level or change.unit == "%" else base + size
    return _range(base), _range(np.clip(new, *entry.bounds))


def _range(values: FloatArray) -> str:
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:.6g}" if low == high else f"{low:.6g}..{high:.6g}"


def shown_change(shock: Shock) -> str:
    """The change as it was written: kind, amount, unit."""
    amount = shock.change.amount
    text = amount.text() if isinstance(amount, Distribution) else f"{amount:g}"
    return f"{shock.change.kind} {text} {shock.change.unit}"


def shown_time(shock: Shock, calendar: Calendar | None = None) -> str:
    """When a shock acts, in words; as a date where the calendar is known."""
    if shock.after is not None:
        begin = f"{_duration(shock.delay or '0d')} after {shock.after}"
    elif isinstance(shock.start, TimeDistribution):
        begin = f"from day {shock.start.text()}"
    elif calendar is None:
        begin = f"from {shock.start or '+0d'}"
    else:
        day = 0 if shock.start is None else start_day(shock.start, calendar)
        begin = f"from {np.datetime64(calendar.start, 'D') + day}"
    return f"{begin}, {_shape(shock.shape)}"


def _shape(shape: Shape) -> str:
    parts = [] if shape.ramp == "0d" else [f"ramp {_duration(shape.ramp)}"]
    if shape.hold is None and shape.recover is None:
        return ", ".join([*parts, "to the end"])
    if shape.hold is not None:
        parts.append(f"hold {_duration(shape.hold)}")
    if shape.recover is not None:
        parts.append(f"recover {_duration(shape.recover)}")
    return ", ".join(parts) + f" to {shape.to or 0.0:g}"


def _duration(duration: str | TimeDistribution) -> str:
    return duration.text() if isinstance(duration, TimeDistribution) else duration
