"""Scales of a chart: round steps, the value axis with its grid, positions along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.report.drawing import GRID, MUTED, Chart


def nice_step(rough: float) -> float:
    """Round step of an axis: 1, 2 or 5 times a power of ten, at least ``rough``.

    >>> nice_step(0.3), nice_step(23.0), nice_step(0.0)
    (0.5, 50.0, 1.0)
    """
    if not (math.isfinite(rough) and rough > 0.0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-12))


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to pixels, with its round marks."""

    low: float
    high: float
    start: float
    end: float
    marks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def scale(values: Sequence[float], start: float, end: float, *, zero: bool = True, count: int = 4) -> Scale:
    """Scale that holds the finite values (and zero), its ends on round marks."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 1e-12 * max(abs(high), abs(low)):
        low, high = (low, low + 1.0) if zero or low == 0.0 else (low - abs(low) / 10, low + abs(low) / 10)
    step = nice_step((high - low) / count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(position * step for position in range(first, last + 1))
    return Scale(marks[0], marks[-1], start, end, marks)


def decimals(of: Scale) -> int:
    """Decimals that its marks need."""
    step = of.marks[1] - of.marks[0] if len(of.marks) > 1 else 1.0
    return max(0, -math.floor(math.log10(step) + 1e-9))


def value_axis(chart: Chart, of: Scale, left: float, right: float, *, percent: bool = False) -> None:
    """Horizontal grid lines with their values at the left."""
    shown = scaled_marks(of, percent)
    for mark, text in zip(of.marks, shown, strict=True):
        strong = mark == 0.0
        chart.line([(left, of(mark)), (right, of(mark))], MUTED if strong else GRID, 0.9 if strong else 0.7)
        chart.label(left - 5, of(mark) + 3.5, text, colour=MUTED, anchor="end")


def scaled_marks(of: Scale, percent: bool = False) -> list[str]:
    """Texts of the marks of a scale."""
    if percent:
        digits = max(0, decimals(of) - 2)
        return [f"{100.0 * mark:,.{digits}f}%" for mark in of.marks]
    digits = decimals(of)
    return [f"{mark:,.{digits}f}" if mark else "0" for mark in of.marks]
