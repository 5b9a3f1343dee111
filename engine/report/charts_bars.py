"""Charts of amounts beside each other: the waterfall, ranked changes, shares, stacked durations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.report.axes import Scale, scale, scaled_marks
from engine.report.drawing import (
    ACTUAL,
    BAD,
    CHARACTER,
    FORECAST,
    GOOD,
    GRID,
    INK,
    MUTED,
    SERIES,
    Chart,
    fitted,
)

WIDTH, ROW, NAMES, VALUES = 420.0, 17.0, 128.0, 62.0


def waterfall_chart(
    start: tuple[str, float], bars: Sequence[tuple[str, float]], end: tuple[str, float], description: str
) -> Chart:
    """Waterfall read from top to bottom: start, one bar a line (blue helps, orange hurts), end; forecasts
    are hatched. Every bar begins where the one above ended.
    """
    height = ROW * (len(bars) + 2) + 26.0
    chart = Chart(WIDTH, height, description)
    levels = [start[1]]
    for _, change in bars:
        levels.append(levels[-1] + change)
    across = scale([*levels, end[1]], NAMES + 4, WIDTH - VALUES)
    _grid(chart, across, 4.0, height - 20.0)
    total_rows = ((0, start), (len(bars) + 1, end))
    for row, (name, value) in total_rows:
        _bar(chart, across, row, 0.0, value, FORECAST, hatched=True)
        _texts(chart, row, name, f"{value:,.0f}", max(across(value), across(0.0)), bold=True)
    for row, (name, change) in enumerate(bars, start=1):
        before, after = levels[row - 1], levels[row]
        _bar(chart, across, row, before, after, GOOD if change > 0 else BAD, hatched=False)
        _texts(chart, row, name, f"{change:+,.0f}", max(across(before), across(after)))
    for row, level in enumerate(levels):
        y = 4.0 + ROW * row
        chart.line([(across(level), y + ROW - 3.0), (across(level), y + ROW + 3.0)], INK, 0.8)
    return chart


def ranked(rows: Sequence[tuple[str, float, float]], description: str, *, digits: int = 0) -> Chart:
    """Changes (name, value, half-width or NaN) from zero, with the interval as a whisker."""
    height = ROW * len(rows) + 30.0
    chart = Chart(WIDTH, height, description)
    ends = [
        value + sign * (error if math.isfinite(error) else 0.0)
        for _, value, error in rows
        for sign in (-1, 1)
    ]
    across = scale(ends, NAMES + 4, WIDTH - VALUES)
    _grid(chart, across, 4.0, height - 20.0)
    for row, (name, value, error) in enumerate(rows):
        _bar(chart, across, row, 0.0, value, GOOD if value > 0 else BAD, hatched=False)
        y = 4.0 + ROW * row + ROW / 2.0
        right = max(across(value), across(0.0))
        if math.isfinite(error):
            low, high = across(value - error), across(value + error)
            chart.line([(low, y), (high, y)], INK, 1.2)
            for x in (low, high):
                chart.line([(x, y - 3), (x, y + 3)], INK, 1.2)
            right = max(right, high)
        _texts(chart, row, name, f"{value:+,.{digits}f}", right)
    return chart


def shares(
    rows: Sequence[tuple[str, float, float]], description: str, *, limit: float | None = None
) -> Chart:
    """Shares (name, forecast, actual or NaN): forecast hatched, actual solid below it where it is known."""
    height = ROW * 1.5 * len(rows) + 30.0
    chart = Chart(WIDTH, height, description)
    known = [value for _, *values in rows for value in values if math.isfinite(value)]
    across = scale([*known, *([] if limit is None else [limit])], NAMES + 4, WIDTH - VALUES)
    _grid(chart, across, 4.0, height - 20.0, percent=True)
    for row, (name, forecast, actual) in enumerate(rows):
        y = 4.0 + ROW * 1.5 * row
        if math.isfinite(forecast):
            chart.box(across(0.0), y + 2, across(forecast) - across(0.0), 10, FORECAST, hatched=True)
        if math.isfinite(actual):
            chart.box(across(0.0), y + 14, across(actual) - across(0.0), 5, ACTUAL)
        chart.label(NAMES, y + 11, fitted(name, NAMES - 4), anchor="end")
        right = max(across(each) for each in (forecast, actual, 0.0) if math.isfinite(each))
        chart.label(right + 5, y + 11, f"{100 * forecast:.1f}%" if math.isfinite(forecast) else "n/a")
    if limit is not None:
        chart.line([(across(limit), 2.0), (across(limit), height - 20.0)], BAD, 1.3, "5 3")
    return chart


def stacked(rows: Sequence[tuple[str, Sequence[float]]], description: str, *, digits: int = 0) -> Chart:
    """Bars of parts one after the other, (name, parts); every row has the same parts in the same order."""
    height = ROW * 1.3 * len(rows) + 30.0
    chart = Chart(WIDTH, height, description)
    across = scale([sum(parts) for _, parts in rows], NAMES + 4, WIDTH - VALUES)
    _grid(chart, across, 4.0, height - 20.0)
    for row, (name, parts) in enumerate(rows):
        y, reached = 4.0 + ROW * 1.3 * row, 0.0
        for position, part in enumerate(parts):
            chart.box(across(reached), y + 3, across(reached + part) - across(reached), 14, SERIES[position])
            reached += part
        chart.label(NAMES, y + 14, fitted(name, NAMES - 4), anchor="end")
        chart.label(across(reached) + 5, y + 14, f"{reached:,.{digits}f}")
    return chart


def _grid(chart: Chart, across: Scale, top: float, foot: float, *, percent: bool = False) -> None:
    texts = scaled_marks(across, percent)
    room = across(across.marks[1]) - across(across.marks[0]) if len(across.marks) > 1 else 60.0
    every = max(1, math.ceil(max(len(text) for text in texts) * CHARACTER * 9.5 / max(room - 4.0, 1.0)))
    first = next((k for k, mark in enumerate(across.marks) if mark == 0.0), 0) % every
    for k, (mark, text) in enumerate(zip(across.marks, texts, strict=True)):
        strong = mark == 0.0
        chart.line(
            [(across(mark), top), (across(mark), foot)], MUTED if strong else GRID, 0.9 if strong else 0.7
        )
        if (k - first) % every == 0:
            chart.label(across(mark), foot + 13, text, size=9.5, colour=MUTED, anchor="middle")


def _bar(
    chart: Chart, across: Scale, row: int, low: float, high: float, colour: str, *, hatched: bool
) -> None:
    left, right = min(across(low), across(high)), max(across(low), across(high))
    chart.box(left, 4.0 + ROW * row + 3.0, max(right - left, 0.8), ROW - 6.0, colour, hatched=hatched)


def _texts(chart: Chart, row: int, name: str, value: str, right: float, *, bold: bool = False) -> None:
    y = 4.0 + ROW * row + ROW / 2.0 + 3.5
    chart.label(NAMES, y, fitted(name, NAMES - 4), anchor="end", bold=bold)
    chart.label(right + 5, y, value.replace("-", "\N{MINUS SIGN}"), bold=bold)
