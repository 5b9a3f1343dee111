"""Pictures of a network: who supplies whom, the timelines of orders, and what waits or lies by day."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.report.axes import scale, value_axis
from engine.report.charts_time import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, positions
from engine.report.drawing import DASHES, GRID, MUTED, SERIES, WIDE, Chart, fitted
from models.arrays import DateArray

Days = DateArray
Flow = tuple[int, str, str, float]
"""Column of the giver, giver, taker (of the next column), units."""
Across = Callable[[float], float]
"""Pixel of a day."""

STAGES = ("production", "transit", "queue", "clearance", "inland", "to the shelf")
STAGE_COLOURS = ("#b9c4cc", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#1f2a33")
CONNECTED = "#9cc5e3"
ROW = 9.0
BOX_WIDTH, NARROW_BOX, BOX_HEIGHT, GAP = 130.0, 70.0, 26.0, 16.0
WIDEST = 16.0
"""Pixels of the largest flow."""
LABEL = 9.5
"""Height of a flow's number, in pixels."""


def diagram(
    columns: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    flows: Sequence[Flow],
    text: str,
    *,
    wide: bool = True,
) -> Chart:
    """A network from left to right: columns of (heading, members as key and label), and the flows between
    neighbouring columns as bands whose width is in proportion to their units.
    """
    most = max(len(members) for _, members in columns)
    height = 34.0 + most * (BOX_HEIGHT + GAP)
    width, box, edge = (WIDE, BOX_WIDTH, 16.0) if wide else (WIDTH, NARROW_BOX, 2.0)
    chart = Chart(width, height, text)
    xs = [edge + k * (width - 2.0 * edge - box) / max(len(columns) - 1, 1) for k in range(len(columns))]
    middle: list[dict[str, float]] = []
    for _, members in columns:
        pitch = (height - 34.0) / max(len(members), 1)
        middle.append({key: 26.0 + pitch * (k + 0.5) for k, (key, _) in enumerate(members)})
    largest = max((units for *_, units in flows), default=1.0) or 1.0
    _bands(chart, flows, xs, middle, largest, box)
    for x, (heading, members), at in zip(xs, columns, middle, strict=True):
        chart.label(x, 14, heading, bold=True)
        for key, label in members:
            y = at[key] - BOX_HEIGHT / 2.0
            chart.box(x, y, box, BOX_HEIGHT, "#eef2f5")
            right, foot = x + box, y + BOX_HEIGHT
            chart.line([(x, y), (right, y), (right, foot), (x, foot), (x, y)], MUTED, 0.7)
            chart.label(x + box / 2.0, at[key] + 3.5, fitted(label, box - 4.0), anchor="middle")
    return chart


def _bands(
    chart: Chart,
    flows: Sequence[Flow],
    xs: Sequence[float],
    middle: Sequence[Mapping[str, float]],
    largest: float,
    box: float,
) -> None:
    """Flows as bands from the right side of a box to the left side of the next, one below the other."""
    leaving, coming = _stacks(flows, middle, largest)
    for at, flow in enumerate(flows):
        column, _, _, units = flow
        if units <= 0.0:
            continue
        width = max(units / largest * WIDEST, 0.6)
        x, end = xs[column] + box, xs[column + 1]
        y, stop = leaving[at], coming[at]
        top = [(x + (end - x) * s, y + (stop - y) * _ease(s)) for s in np.linspace(0.0, 1.0, 13).tolist()]
        chart.area([*top, *((px, py + width) for px, py in reversed(top))], CONNECTED)
        # numbers stand where bands come in, apart from each other; a crossing in the middle hides them
        chart.label(end - 3.0, stop + width / 2.0 + 3.2, _short(units), size=8.5, anchor="end")


def _ease(share: float) -> float:
    """A smooth way from 0 to 1."""
    return share * share * (3.0 - 2.0 * share)


def _stacks(
    flows: Sequence[Flow], middle: Sequence[Mapping[str, float]], largest: float
) -> tuple[list[float], list[float]]:
    """Upper edge of each flow where it leaves and where it comes, in the order of the boxes at the other
    end.
    """
    leaving, coming = [0.0] * len(flows), [0.0] * len(flows)
    for side, edges in ((1, leaving), (2, coming)):
        by_box: dict[tuple[int, str], list[int]] = {}
        for at, flow in enumerate(flows):
            by_box.setdefault((flow[0], str(flow[side])), []).append(at)
        for (column, key), members in by_box.items():
            own, other = (column, column + 1) if side == 1 else (column + 1, column)
            members.sort(key=lambda at: middle[other][str(flows[at][3 - side])])
            widths = [max(flows[at][3] / largest * WIDEST, 0.6) for at in members]
            pitches = [max(width, LABEL if side == 2 else 0.0) for width in widths]
            y = middle[own][key] - sum(pitches) / 2.0
            for at, width, pitch in zip(members, widths, pitches, strict=True):
                edges[at] = y + (pitch - width) / 2.0
                y += pitch
    return leaving, coming


def _short(units: float) -> str:
    return (
        f"{units / 1e6:.1f}m" if units >= 1e6 else f"{units / 1e3:.1f}k" if units >= 1e3 else f"{units:.0f}"
    )


def timelines(
    start: np.datetime64,
    days: int,
    orders: Sequence[tuple[str, Sequence[float | None]]],
    text: str,
    *,
    closed: Sequence[tuple[float, float]] = (),
    wide: bool = True,
) -> Chart:
    """A bar for each order, (label, days of ordered, left, port, customs, cleared, available, received), in
    the colours of STAGES; an unfinished one is open at its end. ``closed`` are shaded stretches of days.
    """
    width, left, right = (WIDE, 132.0, 10.0) if wide else (WIDTH, 96.0, 6.0)
    chart = Chart(width, 26.0 + ROW * max(len(orders), 1) + BOTTOM, text)
    base = chart.height - BOTTOM
    step = (width - left - right) / max(days, 1)

    def across(day: float) -> float:
        return left + step * min(max(day, 0.0), float(days))

    for first, last in closed:
        chart.box(across(first), 10.0, across(last) - across(first), base - 10.0, "#f3e3da")
    months(chart, start, days, across, base, line=True)
    for k, (label, moments) in enumerate(orders):
        y = 14.0 + ROW * k
        chart.label(left - 5, y + 7, fitted(label, left - 10, 8.0), size=8, colour=MUTED, anchor="end")
        _bar(chart, moments, across, y, float(days))
    chart.line([(left, base), (width - right, base)], MUTED, 0.8)
    return chart


def _bar(chart: Chart, moments: Sequence[float | None], place: Across, y: float, end: float) -> None:
    """Segments of one order; the stage under way at the end goes to the edge, hatched."""
    for colour, begins, ends in zip(STAGE_COLOURS, moments[:-1], moments[1:], strict=True):
        if begins is None or begins >= end:
            continue
        stop = end if ends is None else min(ends, end)
        width = place(stop) - place(begins)
        if width > 0.0:
            chart.box(place(begins), y, width, ROW - 2.0, colour, hatched=ends is None)
        if ends is None:
            return


def months(
    chart: Chart, start: np.datetime64, days: int, place: Across, base: float, *, line: bool = False
) -> None:
    """Names of the months below an axis of days, as many as have room."""
    dates = start.astype("datetime64[D]") + np.arange(days + 1)
    firsts = [k for k, day in enumerate(dates.tolist()) if day.day == 1]
    most = max(int((chart.width - LEFT) / 62.0), 1)
    every = next((step for step in (1, 2, 3, 6, 12) if len(firsts) / step <= most), 12)
    for k in firsts[::every]:
        x = place(float(k))
        chart.line([(x, 10.0 if line else base), (x, base + 4)], GRID if line else MUTED, 0.8)
        if x < chart.width - 34.0:
            chart.label(x, base + 15, str(dates[k])[:7], size=9.5, colour=MUTED)


def day_lines(
    start: np.datetime64,
    days: int,
    series: Sequence[tuple[Sequence[float], Sequence[float], int, bool]],
    text: str,
    *,
    steps: bool = False,
) -> Chart:
    """Curves by day: (days, values, number of the colour, whether dashed); ``steps`` hold a value until the
    next.
    """
    chart = Chart(WIDTH, HEIGHT, text)
    base = HEIGHT - BOTTOM
    up = scale([value for _, values, _, _ in series for value in values], base, TOP)
    value_axis(chart, up, LEFT, WIDTH - RIGHT)
    ends = positions(2, LEFT, WIDTH - RIGHT, margin=0.0)
    step = (ends[1] - ends[0]) / max(days, 1)

    def across(day: float) -> float:
        return ends[0] + step * min(max(day, 0.0), float(days))

    months(chart, start, days, across, base)
    for at, values, colour, dashed in series:
        points: list[tuple[float, float]] = []
        for day, value in zip(at, values, strict=True):
            if not math.isfinite(value):
                continue
            if steps and points:
                points.append((across(day), points[-1][1]))
            points.append((across(day), up(value)))
        if points:
            points.append((across(float(days)), points[-1][1]))
            chart.line(points, SERIES[colour % len(SERIES)], 1.5, DASHES[1] if dashed else "")
    return chart


def legend_colours() -> tuple[tuple[str, str], ...]:
    """Stages and their colours."""
    return tuple(zip(STAGES, STAGE_COLOURS, strict=True))
