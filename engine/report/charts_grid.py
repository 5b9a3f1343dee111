"""Charts over all scenarios: the heat map, and the curves of how often a value is exceeded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.report.axes import scale, scaled_marks, value_axis
from engine.report.drawing import BAD, CHARACTER, DASHES, GOOD, GRID, INK, MUTED, PAPER, SERIES, Chart, fitted
from models.arrays import FloatArray

WIDTH, NAMES, HEAD, ROW = 420.0, 104.0, 44.0, 24.0
DARK = 0.72
"""Strength from which white text is read better than black."""


@dataclass(frozen=True)
class Heat:
    """A cell of a heat map: its text and its strength, from −1 (bad, orange) over 0 (white) to 1 (good,
    blue); NaN is grey. ``faint`` text: not told apart from nothing.
    """

    text: str
    strength: float
    faint: bool = False


def heat_map(
    rows: Sequence[str],
    heads: Sequence[str],
    cells: Sequence[Sequence[Heat]],
    description: str,
    *,
    width: float = WIDTH,
    most: int = 0,
) -> Chart:
    """Heat map with its text in the cells (row, head); of more than ``most`` heads, in bands below each
    other.
    """
    across = max(min(len(heads), most or len(heads)), 1)
    bands = [range(k, min(k + across, len(heads))) for k in range(0, len(heads), across)]
    height = HEAD + ROW * len(rows)
    chart = Chart(width, height * len(bands) + 4.0, description)
    for k, columns in enumerate(bands):
        _band(chart, rows, heads, cells, columns, height * k + HEAD, (width - NAMES) / across)
    return chart


def _band(
    chart: Chart,
    rows: Sequence[str],
    heads: Sequence[str],
    cells: Sequence[Sequence[Heat]],
    columns: range,
    top: float,
    width: float,
) -> None:
    """Some columns of a heat map, their heads above ``top``."""
    lefts = [NAMES + k * width for k in range(len(columns))]
    for column, left in zip(columns, lefts, strict=True):
        parts = _lines_of(heads[column], width)
        for line, part in enumerate(parts):
            y = top - 6 - 11 * (len(parts) - 1 - line)
            chart.label(left + width / 2.0, y, part, size=8.5, colour=MUTED, anchor="middle")
    for r, row in enumerate(rows):
        y = top + ROW * r
        chart.label(NAMES - 6, y + 16, fitted(row, NAMES - 8), anchor="end")
        for column, left in zip(columns, lefts, strict=True):
            cell = cells[r][column]
            chart.box(left + 1, y + 1, width - 2, ROW - 2, shade(cell.strength))
            dark = math.isfinite(cell.strength) and abs(cell.strength) > DARK
            colour = PAPER if dark else MUTED if cell.faint else INK
            size = min(10.0, (width - 4.0) / (max(len(cell.text), 1) * CHARACTER))
            chart.label(left + width / 2.0, y + 16, cell.text, size=size, colour=colour, anchor="middle")


def shade(strength: float) -> str:
    """Colour of a strength from −1 to 1, through white."""
    if not math.isfinite(strength):
        return "#eceff1"
    target = GOOD if strength > 0 else BAD
    share = min(abs(strength), 1.0)
    parts = (int(target[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in parts)


def _lines_of(text: str, width: float) -> list[str]:
    """A heading in up to three lines."""
    lines: list[str] = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer) * CHARACTER * 8.5 > width - 4.0:
            lines.append(word)
        else:
            lines[-1] = longer
    return [fitted(line, width - 2.0, 8.5) for line in lines[:3]]


def exceedance(
    samples: Mapping[str, FloatArray], description: str, *, threshold: float | None = None, points: int = 80
) -> Chart:
    """Share of the trials above each value, one curve a scenario; the threshold is dashed.

    ``samples``: figures (trial,) by scenario, all in one unit.
    """
    width, height, left, right, top, bottom = 420.0, 250.0, 56.0, 14.0, 12.0, 34.0
    chart = Chart(width, height, description)
    known = [float(f(values)) for values in samples.values() for f in (np.min, np.max)]
    across = scale(
        [*known, *([] if threshold is None else [threshold])], left, width - right, zero=False, count=5
    )
    up = scale([0.0, 1.0], height - bottom, top)
    value_axis(chart, up, left, width - right, percent=True)
    for mark, text in zip(across.marks, scaled_marks(across), strict=True):
        chart.line([(across(mark), top), (across(mark), height - bottom)], GRID, 0.7)
        anchor = "end" if mark == across.high and len(across.marks) > 1 else "middle"
        x = width if anchor == "end" else across(mark)
        chart.label(x, height - bottom + 14, text, size=9.5, colour=MUTED, anchor=anchor)
    if threshold is not None:
        chart.line([(across(threshold), top), (across(threshold), height - bottom)], INK, 1.2, "5 3")
    for position, values in enumerate(samples.values()):
        ordered = np.sort(values)
        count = len(ordered)
        # so many points draw the curve as well as all trials would, in a file that does not grow with them
        at = np.unique(np.linspace(0, count - 1, min(points, count)).round().astype(np.int64))
        curve = [(across(across.low), up(1.0)), (across(float(ordered[0])), up(1.0))]
        curve += [(across(float(ordered[k])), up((count - 1 - int(k)) / count)) for k in at]
        curve.append((across(across.high), up(0.0)))
        chart.line(curve, SERIES[position % len(SERIES)], 1.7, DASHES[position % len(DASHES)])
    return chart
