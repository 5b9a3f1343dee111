"""Charts of the report for notebooks: a run in, the page's own chart out, which shows itself as SVG.

``engine.report.plots.cash(run)`` and so on; ``.svg()`` is the text of a file. Every chart is titled with what
is shown, its unit, scenario and period. Charts of any numbers are handed on: ``fan``, ``daily_fan``,
``lines`` over time; ``diagram``, ``timelines``, ``day_lines`` of a network.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import xarray as xr

from engine.finance.lines import RUNGS
from engine.finance.metrics import METRIC_OF
from engine.report.charts_network import day_lines as day_lines
from engine.report.charts_network import diagram as diagram
from engine.report.charts_network import timelines as timelines
from engine.report.charts_time import daily_fan as daily_fan
from engine.report.charts_time import fan as fan
from engine.report.charts_time import lines as lines
from engine.report.content import Picture
from engine.report.drawing import Chart
from engine.report.reading import Source
from engine.report.reading import quarter_name as quarter_name
from engine.report.sections.exceedances import curve_picture
from engine.report.sections.ladder import fan_picture
from engine.report.sections.liquidity import cash_picture
from engine.report.sections.shocks import (
    breach_map,
    change_map,
    limited_metrics,
    waterfall_picture,
)
from engine.report.summary import Summary
from engine.report.waterfall import line_title
from models.errors import UsageError, did_you_mean, unknown


class Shown(Protocol):
    """A run, as far as a chart needs it."""

    @property
    def cube(self) -> xr.DataTree:
        """The cube."""
        ...

    @property
    def manifest(self) -> dict[str, Any]:
        """What made the run."""
        ...

    def summary(self) -> Summary:
        """Summary of the run."""
        ...


def cash(run: Shown) -> Chart:
    """Cash by day under base with its trough, and the scenario that is worst for it."""
    return _titled(cash_picture(_source(run)))


def profit(run: Shown, rung: str = "ebitda") -> Chart:
    """Fan of a rung of the margin ladder by quarter under base."""
    if rung not in RUNGS:
        raise unknown("rung", rung, RUNGS)
    return _titled(fan_picture(_source(run), rung, line_title(rung)))


def waterfall(run: Shown, scenario: str) -> Chart:
    """From base to a scenario by line of the profit and loss account."""
    source = _source(run)
    if scenario not in source.shocks:
        remedy = did_you_mean(scenario, source.shocks)
        raise UsageError(f"scenario: not in this run | got {scenario!r} | {remedy}")
    return _titled(waterfall_picture(source, source.waterfalls[scenario]))


def changes(run: Shown) -> Chart:
    """Heat map of the mean change from base, scenario by metric."""
    source = _source(run)
    if not source.shocks:
        raise UsageError("scenarios: only base was run | nothing to compare | run with more scenarios")
    return _titled(change_map(source))


def breaches(run: Shown) -> Chart:
    """Heat map of the probability of breach, scenario by threshold."""
    source = _source(run)
    limited = limited_metrics(source)
    if not limited:
        raise UsageError("thresholds: none is set | nothing to judge | set one in policy.yaml")
    return _titled(breach_map(source, limited))


def exceedance(run: Shown, metric: str = "minimum_cash") -> Chart:
    """Share of the trials above each value of a metric, by scenario."""
    if metric not in METRIC_OF:
        raise unknown("metric", metric, METRIC_OF)
    picture = curve_picture(_source(run), metric)
    if picture is None:
        raise UsageError(
            f"metric: {metric} is not defined in every trial | no curve to draw | choose another"
        )
    return _titled(picture)


def _source(run: Shown) -> Source:
    return Source(run.cube, run.manifest, run.summary())


def _titled(picture: Picture) -> Chart:
    return replace(picture.chart, title=picture.title)
