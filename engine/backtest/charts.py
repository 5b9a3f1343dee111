"""Pictures of a backtest: forecasts over what happened, coverage, PIT, skill."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.backtest.contenders import CONTENDERS, OURS, REFERENCES
from engine.backtest.ledger import ORDERS
from engine.backtest.result import LABELS, Backtest, Path
from engine.backtest.scores import BINS, MONTH, WINDOW, Score
from engine.report.axes import scale, value_axis
from engine.report.charts_bars import ranked
from engine.report.charts_time import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TALL,
    TOP,
    WIDTH,
    period_axis,
    positions,
)
from engine.report.drawing import ACTUAL, BAD, BAND, GOOD, INK, INNER, MUTED, SERIES, WIDE, Chart


def paths_chart(
    found: Backtest, *, measure: str = ORDERS, market: str | None = None, wide: bool = True
) -> Chart:
    """Actual months (solid) over our forecast from each origin (50% and 90% bands, dashed median)."""
    paths = [each for each in found.paths if (each.measure, each.market) == (measure, market)]
    months = _months(paths)
    width, height = (WIDE, TALL) if wide else (WIDTH, HEIGHT)
    where = "company" if market is None else market
    chart = Chart(
        width, height, f"{measure} of {where}: forecasts from {len(paths)} origins and what happened"
    )
    if not paths:
        return chart
    everything = [value for each in paths for value in (*each.bands.ravel(), *each.actual)]
    up = scale([float(value) for value in everything], height - BOTTOM, TOP, count=6 if wide else 4)
    xs = positions(len(months), LEFT, width - RIGHT)
    at = dict(zip(months, xs, strict=True))
    value_axis(chart, up, LEFT, width - RIGHT)
    period_axis(chart, [str(month) for month in months], xs, height - BOTTOM)
    room = (xs[1] - xs[0]) if len(xs) > 1 else 20.0
    for k, each in enumerate(paths):
        slot = room * 0.8 / max(_most_shared(paths), 1)
        shift = (k % max(_most_shared(paths), 1) + 0.5) * slot - room * 0.4
        middle = []
        for j in range(len(each.actual)):
            x = at[_month(each, j)] + shift
            for low, high, colour in ((0, 4, BAND), (1, 3, INNER)):
                top, foot = up(float(each.bands[high, j])), up(float(each.bands[low, j]))
                chart.box(x - slot * 0.45, top, slot * 0.9, max(foot - top, 0.5), colour)
            middle.append((x, up(float(each.bands[2, j]))))
        chart.line(middle, GOOD, 1.2, "4 2")
    happened = {_month(each, j): float(each.actual[j]) for each in paths for j in range(len(each.actual))}
    solid = [(at[month], up(happened[month])) for month in months]
    chart.line(solid, ACTUAL, 2.0)
    for x, y in solid:
        chart.box(x - 2.4, y - 2.4, 4.8, 4.8, ACTUAL)
    return chart


def _month(path: Path, j: int) -> np.datetime64:
    return np.datetime64(path.origin, "M") + j


def _months(paths: Sequence[Path]) -> list[np.datetime64]:
    return sorted({_month(each, j) for each in paths for j in range(len(each.actual))})


def _most_shared(paths: Sequence[Path]) -> int:
    """Most windows that share a month."""
    seen: dict[np.datetime64, int] = {}
    for each in paths:
        for j in range(len(each.actual)):
            seen[_month(each, j)] = seen.get(_month(each, j), 0) + 1
    return max(seen.values(), default=1)


def coverage_chart(
    found: Backtest, *, measure: str = ORDERS, market: str | None = None, grain: str = MONTH
) -> Chart:
    """Share of cases that each central interval held, with its 95% interval, by contender."""
    chart = Chart(WIDTH, HEIGHT, f"coverage of the 50, 80 and 90% intervals, {measure}, {found.grain(grain)}")
    shown = [found.score(each.name, measure=measure, market=market, grain=grain) for each in CONTENDERS]
    known = [each for each in shown if each is not None]
    if not known:
        return chart
    up = scale([0.0, 1.0], HEIGHT - BOTTOM, TOP, count=5)
    value_axis(chart, up, LEFT, WIDTH - RIGHT, percent=True)
    levels = [each.level for each in known[0].coverage]
    xs = positions(len(levels), LEFT, WIDTH - RIGHT)
    period_axis(chart, [f"{level:.0%}" for level in levels], xs, HEIGHT - BOTTOM)
    room = (xs[1] - xs[0]) * 0.8
    for k, level in enumerate(levels):
        chart.line([(xs[k] - room / 2, up(level)), (xs[k] + room / 2, up(level))], BAD, 1.3, "5 3")
        for n, each in enumerate(known):
            seen = each.coverage[k]
            x = xs[k] - room / 2 + (n + 0.5) * room / len(known)
            colour = _colour(each)
            chart.line([(x, up(seen.low)), (x, up(seen.high))], colour, 1.6)
            chart.box(x - 3, up(seen.share) - 3, 6, 6, colour)
    return chart


def _colour(each: Score) -> str:
    names = [contender.name for contender in CONTENDERS]
    return SERIES[names.index(each.contender) % len(SERIES)]


def pit_chart(
    found: Backtest,
    name: str = OURS,
    *,
    measure: str = ORDERS,
    market: str | None = None,
    grain: str = MONTH,
) -> Chart:
    """Cases by tenth of the PIT: level if the forecast is right, a dome if too wide, a bowl if too narrow."""
    chart = Chart(WIDTH, HEIGHT, f"PIT of {LABELS[name]}, {measure}, {found.grain(grain)}")
    each = found.score(name, measure=measure, market=market, grain=grain)
    if each is None:
        return chart
    level = len(each.by_case) / BINS
    up = scale([float(n) for n in each.histogram] + [level], HEIGHT - BOTTOM, TOP)
    value_axis(chart, up, LEFT, WIDTH - RIGHT)
    xs = positions(BINS, LEFT, WIDTH - RIGHT)
    width = (xs[1] - xs[0]) * 0.86
    for k, n in enumerate(each.histogram):
        chart.box(xs[k] - width / 2, up(float(n)), width, up(0.0) - up(float(n)), INNER)
    names = [f"{k / BINS:.1f}-{(k + 1) / BINS:.1f}" for k in range(BINS)]
    period_axis(chart, names, xs, HEIGHT - BOTTOM)
    chart.line([(LEFT, up(level)), (WIDTH - RIGHT, up(level))], INK, 1.2, "5 3")
    chart.label(
        WIDTH - RIGHT, up(level) - 3, "if the forecast were right", size=9, colour=MUTED, anchor="end"
    )
    return chart


def skill_chart(
    found: Backtest, *, measure: str = ORDERS, market: str | None = None, grain: str = WINDOW
) -> Chart:
    """Share of each reference's CRPS that ours saves; negative: the reference was better."""
    each = found.score(measure=measure, market=market, grain=grain)
    known = {} if each is None else each.skill
    rows = [
        (name.replace("_", " "), 100.0 * known[name][0], math.nan)
        for name in REFERENCES
        if name in known and math.isfinite(known[name][0])
    ]
    words = f"skill of {OURS} in % of the reference's CRPS, {measure}, {found.grain(grain)}"
    return ranked(rows, words, digits=1) if rows else Chart(WIDTH, 40.0, words)
