"""The carrier ``Paths``: how one scenario moves every driver, by day, in a block of trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from engine.drivers.catalogue import DRIVERS, driver
from models.arrays import BoolArray, FloatArray, IntArray
from models.calendar import Calendar
from models.compiled import compiled

Effect = tuple[FloatArray, FloatArray]
"""Multiplier and offset, dims (trial or 1, *driver dims, day): value = base * multiplier + offset."""


@dataclass(frozen=True)
class AppliedChange:
    """One shock as applied: what was changed where and when, ``path: old -> new``."""

    shock: str
    path: str
    old: str
    new: str
    when: str
    probability: str = ""
    beyond: bool = False
    """Whether it starts after the last day of the run in every trial, so that nothing of it is seen."""

    def __str__(self) -> str:
        chance = f", {self.probability}" if self.probability else ""
        unseen = ", after the end of this run: not seen" if self.beyond else ""
        return f"{self.path}: {self.old} -> {self.new} ({self.when}{chance}{unseen})"


@dataclass(frozen=True)
class Paths:
    """The drivers of one scenario and block of trials; a driver that is not in ``effects`` is exactly as in
    base.

    ``effects`` holds read-only views of full shape (trial or 1, *driver dims, day); along dims that no shock
    tells apart, and along the trial axis of a shock that is the same in every trial, they take no memory.
    ``compact`` gives those dims length 1.
    """

    scenario: str
    trials: range
    calendar: Calendar
    shapes: Mapping[str, tuple[int, ...]]
    """Lengths of each driver's dims."""
    effects: Mapping[str, Effect] = field(default_factory=lambda: MappingProxyType({}))
    applied: tuple[AppliedChange, ...] = ()
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Roles the scenario named, and who filled them."""
    occurred: Mapping[str, BoolArray] = field(default_factory=lambda: MappingProxyType({}))
    """Whether each shock happened, dims (trial or 1), by shock name."""
    start_day: Mapping[str, IntArray] = field(default_factory=lambda: MappingProxyType({}))
    """First day of each shock, dims (trial or 1), by shock name; meaningless where it did not happen."""

    def is_identity(self, name: str) -> bool:
        """Whether a driver is exactly as in base, in every trial, cell and day."""
        driver(name)
        return name not in self.effects

    def effect(self, name: str) -> Effect:
        """Multiplier and offset of a driver, read-only, dims (trial or 1, *driver dims, day)."""
        if name in self.effects:
            return self.effects[name]
        shape = (1, *self.shapes[driver(name).name], self.calendar.days)
        return np.broadcast_to(_ONE, shape), np.broadcast_to(_ZERO, shape)

    def compact(self, name: str) -> Effect:
        """Like ``effect``, with length 1 along every dim but day that no shock tells apart."""
        multiplier, offset = self.effect(name)
        return _squeeze(multiplier), _squeeze(offset)

    def dense(self, name: str) -> Effect:
        """Like ``effect``, as contiguous arrays of the caller's own: one compiled specialisation for every
        scenario.
        """
        multiplier, offset = self.effect(name)
        return np.array(multiplier, order="C"), np.array(offset, order="C")

    def value(self, name: str, base: FloatArray) -> FloatArray:
        """Bounded value of a driver from its base values, dims of ``base`` with the effect's: trial or 1 in
        front, then those of the driver, day or 1 last.

        Base itself, bit for bit, wherever the effect is identity: one trial's value never depends on its
        block.
        """
        if self.is_identity(name):
            return base
        multiplier, offset = self.effects[name]
        low, high = DRIVERS[name].bounds
        same = (multiplier == 1.0) & (offset == 0.0)
        return np.where(same, base, np.clip(base * multiplier + offset, low, high))

    def same_effect(self, other: Paths, name: str) -> bool:
        """Whether a driver is moved in exactly the same way by two scenarios."""
        mine, theirs = self.effect(name), other.effect(name)
        return all(
            bool(np.all(a == b)) for a, b in zip(map(_squeeze, mine), map(_squeeze, theirs), strict=True)
        )


_ONE = np.ones(())
_ZERO = np.zeros(())


def _squeeze(array: FloatArray) -> FloatArray:
    """The array (…, day) with length 1 along every dim but day that only repeats it (stride 0)."""
    index = tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides[:-1])
    return array[(*index, slice(None))]


@compiled
def _month_means(path: FloatArray, month_start: IntArray) -> FloatArray:
    rows = path.shape[0]
    months = len(month_start) - 1
    out = np.empty((rows, months))
    for row in range(rows):
        for month in range(months):
            first = path[row, month_start[month]]
            total = 0.0
            for day in range(month_start[month], month_start[month + 1]):
                total += path[row, day] - first
            out[row, month] = first + total / (month_start[month + 1] - month_start[month])
    return out


def month_means(path: FloatArray, calendar: Calendar) -> FloatArray:
    """Means of a daily path by month, dims (…, month), in the unit of the path (…, day); exact where the path
    is constant.

    Raises
    ------
    ValueError
        When the path has not the days of the calendar.
    """
    if path.shape[-1] != calendar.days:
        raise ValueError(f"path: {calendar.days} days are needed | got {path.shape[-1]}")
    flat = np.array(path, dtype=np.float64, order="C").reshape(-1, calendar.days)
    means = _month_means(flat, np.ascontiguousarray(calendar.month_start))
    return np.asarray(means).reshape(*path.shape[:-1], calendar.months)
