"""Charts along time: fans by quarter, the daily fan, lines by period."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from engine.report.axes import Scale, scale, value_axis
from engine.report.drawing import (
    ACTUAL,
    BAD,
    BAND,
    DASHES,
    FORECAST,
    GOOD,
    INK,
    INNER,
    MUTED,
    SERIES,
    WIDE,
    Chart,
    Point,
)
from models.arrays import DateArray, FloatArray

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420.0, 230.0, 56.0, 12.0, 14.0, 34.0
TALL = 300.0


def fan(
    periods: Sequence[str],
    bands: FloatArray,
    description: str,
    *,
    actual: Sequence[tuple[str, float]] = (),
    limit: float | None = None,
    percent: bool = False,
) -> Chart:
    """Fan by period: bands (level, period), levels p05, p25, p50, p75 and p95, after the actual periods
    (solid); money as amounts, or shares with ``percent``.

    The forecast's median is dashed within its bands; actual figures are solid with filled marks (IBCS).
    """
    chart = Chart(WIDTH, HEIGHT, description)
    names = [name for name, _ in actual] + list(periods)
    past = [value for _, value in actual]
    extra = [] if limit is None else [limit]
    up = scale([*bands.ravel().tolist(), *past, *extra], HEIGHT - BOTTOM, TOP)
    xs = positions(len(names), LEFT, WIDTH - RIGHT)
    value_axis(chart, up, LEFT, WIDTH - RIGHT, percent=percent)
    period_axis(chart, names, xs, HEIGHT - BOTTOM)
    ahead = xs[len(past) :]
    for low, high, colour in ((0, 4, BAND), (1, 3, INNER)):
        _band(chart, ahead, bands[low], bands[high], up, colour)
    if limit is not None:
        chart.line([(LEFT, up(limit)), (WIDTH - RIGHT, up(limit))], BAD, 1.3, "5 3")
        chart.label(WIDTH - RIGHT, up(limit) - 3, "threshold", size=9, colour=BAD, anchor="end")
    if past:
        solid = [(x, up(value)) for x, value in zip(xs, past, strict=False)]
        chart.line(solid, ACTUAL, 2.2)
        for x, y in solid:
            chart.box(x - 2.6, y - 2.6, 5.2, 5.2, ACTUAL)
        edge = (xs[len(past) - 1] + ahead[0]) / 2.0
        chart.line([(edge, TOP), (edge, HEIGHT - BOTTOM)], MUTED, 0.7, "1 2")
        chart.label(edge - 4, TOP + 2, "actual", size=9, colour=MUTED, anchor="end")
        chart.label(edge + 4, TOP + 2, "forecast", size=9, colour=MUTED)
    _curve(chart, ahead, bands[2], up, GOOD, 1.8, "6 3")
    for x, value in zip(ahead, bands[2], strict=True):
        if math.isfinite(value):
            chart.box(x - 2.2, up(value) - 2.2, 4.4, 4.4, GOOD, hatched=True)
    return chart


def daily_fan(
    days: DateArray,
    bands: FloatArray,
    description: str,
    *,
    other: FloatArray | None = None,
    limit: float | None = None,
    trough: tuple[int, float] | None = None,
    wide: bool = True,
) -> Chart:
    """Daily fan of money: ``bands`` (level, day), levels p05, p25, p50, p75 and p95, with ``other`` (level,
    day), median and p05 of another scenario, the line where the credit limit ends and the median trough
    (position of the day, amount). ``days`` (day,) are dates.
    """
    width, height = (WIDE, TALL) if wide else (WIDTH, HEIGHT)
    chart = Chart(width, height, description)
    extra = ([] if other is None else other.ravel().tolist()) + ([] if limit is None else [limit])
    up = scale([*bands.ravel().tolist(), *extra], height - BOTTOM, TOP, count=6 if wide else 4)
    xs = positions(len(days), LEFT, width - RIGHT, margin=0.0)
    value_axis(chart, up, LEFT, width - RIGHT)
    _month_axis(chart, days, xs, height - BOTTOM, 13 if wide else 6)
    for low, high, colour in ((0, 4, BAND), (1, 3, INNER)):
        _band(chart, xs, bands[low], bands[high], up, colour)
    _curve(chart, xs, bands[2], up, GOOD, 1.8, "")
    if other is not None:
        _curve(chart, xs, other[0], up, BAD, 1.6, "6 3")
        _curve(chart, xs, other[1], up, BAD, 1.0, "2 2")
    if limit is not None:
        chart.line([(LEFT, up(limit)), (width - RIGHT, up(limit))], INK, 1.2, "8 3 2 3")
        chart.label(width - RIGHT, up(limit) - 4, "credit line ends", size=9.5, anchor="end")
    if trough is not None:
        x, y = xs[trough[0]], up(trough[1])
        chart.line([(x, y - 7), (x, y + 7)], INK, 1.6)
        chart.line([(x - 7, y), (x + 7, y)], INK, 1.6)
    return chart


def lines(
    periods: Sequence[str],
    series: Mapping[str, FloatArray],
    description: str,
    *,
    limit: float | None = None,
    band: tuple[FloatArray, FloatArray] | None = None,
    percent: bool = False,
    zero: bool = True,
) -> Chart:
    """Lines by period, one colour and dash each in the order given; a limit and one band if wanted.

    ``series`` (period,) by name and both ends of ``band`` (period,) are in one unit, shares with ``percent``.
    """
    chart = Chart(WIDTH, HEIGHT, description)
    known = np.concatenate([np.asarray(values).ravel() for values in series.values()])
    extra = [] if limit is None else [limit]
    spread = [] if band is None else [*band[0].tolist(), *band[1].tolist()]
    up = scale([*known.tolist(), *extra, *spread], HEIGHT - BOTTOM, TOP, zero=zero)
    xs = positions(len(periods), LEFT, WIDTH - RIGHT)
    value_axis(chart, up, LEFT, WIDTH - RIGHT, percent=percent)
    period_axis(chart, periods, xs, HEIGHT - BOTTOM)
    if band is not None:
        _band(chart, xs, band[0], band[1], up, BAND)
    if limit is not None:
        chart.line([(LEFT, up(limit)), (WIDTH - RIGHT, up(limit))], BAD, 1.3, "5 3")
        chart.label(WIDTH - RIGHT, up(limit) - 3, "threshold", size=9, colour=BAD, anchor="end")
    for position, values in enumerate(series.values()):
        colour = SERIES[position % len(SERIES)]
        _curve(chart, xs, values, up, colour, 1.8, DASHES[position % len(DASHES)])
        for x, value in zip(xs, values, strict=True):
            if math.isfinite(value):
                chart.box(x - 2, up(value) - 2, 4, 4, colour)
    return chart


def columns(
    periods: Sequence[str], heights: Sequence[float], description: str, *, percent: bool = False
) -> Chart:
    """Columns by period, hatched: a forecast."""
    chart = Chart(WIDTH, HEIGHT, description)
    up = scale(list(heights), HEIGHT - BOTTOM, TOP)
    xs = positions(len(periods), LEFT, WIDTH - RIGHT)
    width = min((WIDTH - LEFT - RIGHT) / max(len(periods), 1) * 0.66, 26.0)
    value_axis(chart, up, LEFT, WIDTH - RIGHT, percent=percent)
    period_axis(chart, periods, xs, HEIGHT - BOTTOM)
    for x, value in zip(xs, heights, strict=True):
        if math.isfinite(value) and value:
            top, foot = min(up(value), up(0.0)), max(up(value), up(0.0))
            chart.box(x - width / 2, top, width, foot - top, FORECAST, hatched=True)
    return chart


def positions(count: int, left: float, right: float, *, margin: float = 0.5) -> list[float]:
    """Pixels of so many places along a stretch, ``margin`` places free at both ends."""
    step = (right - left) / max(count - 1 + 2 * margin, 1.0)
    start = left + margin * step if count > 1 else (left + right) / 2.0
    return [start + k * step for k in range(count)]


def period_axis(chart: Chart, names: Sequence[str], xs: Sequence[float], base: float) -> None:
    """Names below the axis, as many as have room, the longer ones in two lines."""
    if not names:
        return
    room = (xs[1] - xs[0]) if len(xs) > 1 else 60.0
    widest = max(len(part) for name in names for part in name.split(" ")) * 5.6 + 3.0
    every = max(1, math.ceil(widest / room))
    for k in range(0, len(names), every):
        for line, part in enumerate(names[k].split(" ", 1)):
            chart.label(xs[k], base + 13 + 11 * line, part, size=9.5, colour=MUTED, anchor="middle")


def _month_axis(chart: Chart, days: DateArray, xs: Sequence[float], base: float, most: int) -> None:
    starts = [k for k, day in enumerate(days) if str(day)[8:10] == "01"]
    every = next((step for step in (1, 2, 3, 6) if len(starts) / step <= most), 12)
    for k in starts[::every]:
        chart.line([(xs[k], base), (xs[k], base + 4)], MUTED, 0.8)
        anchor = "end" if xs[k] > chart.width - RIGHT - 40 else "start"
        chart.label(xs[k], base + 16, str(days[k])[:7], size=9.5, colour=MUTED, anchor=anchor)


def _runs(xs: Sequence[float], *curves: FloatArray) -> list[list[int]]:
    """Stretches in which every curve is known."""
    runs: list[list[int]] = [[]]
    for k in range(len(xs)):
        if all(math.isfinite(curve[k]) for curve in curves):
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _band(
    chart: Chart, xs: Sequence[float], low: FloatArray, high: FloatArray, up: Scale, colour: str
) -> None:
    for run in _runs(xs, low, high):
        if len(run) == 1:
            x, top, foot = xs[run[0]], up(high[run[0]]), up(low[run[0]])
            chart.box(x - 12, top, 24, max(foot - top, 0.5), colour)
            continue
        forth: list[Point] = [(xs[k], up(high[k])) for k in run]
        chart.area([*forth, *((xs[k], up(low[k])) for k in reversed(run))], colour)


def _curve(
    chart: Chart, xs: Sequence[float], values: FloatArray, up: Scale, colour: str, width: float, dash: str
) -> None:
    for run in _runs(xs, values):
        if len(run) == 1 and len(xs) == 1:
            x, y = xs[run[0]], up(values[run[0]])
            chart.line([(x - 12, y), (x + 12, y)], colour, width)
        else:
            chart.line([(xs[k], up(values[k])) for k in run], colour, width, dash)
