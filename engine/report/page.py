"""The plain summary page: one self-contained HTML file, escaped throughout, without any outside request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine.finance.metrics import METRICS, Metric
from engine.report.summary import LEVELS, Figure, Summary, limits_of, shown, shown_estimate, unit_of
from engine.store.cube import write_atomically

FloatArray = npt.NDArray[np.float64]

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 280, 90, 24, 28
ALARMING = 0.2
"""Breach probability from which a cell is marked."""


def write_page(path: Path, summary: Summary, record: Mapping[str, Any], cube: xr.DataTree) -> None:
    """Write the page of a run beside its cube."""
    environment = Environment(
        loader=PackageLoader("engine.report", "."), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("summary.html.j2")
    cash, days = _cash_quantiles(cube)
    text = template.render(
        record=record,
        errors=next(iter(summary.figures.values())).estimates is not None and _has_errors(summary),
        cash_chart=Markup(cash_chart(cash, days, str(record["currency"]))),  # noqa: S704 (numbers and fixed text only)
        cash_rows=_cash_rows(cash, days),
        metrics=[_metric(metric, summary, record["policy"]) for metric in METRICS],
        scenarios=[
            {
                "name": name,
                "weight": f"{summary.weights.get(name, 0.0):.2f}",
                "why": record["scenarios"][name]["why"],
                "source": record["scenarios"][name]["source"],
                "applied": record["scenarios"][name]["applied"],
            }
            for name in summary.scenarios
        ],
        files=[
            {
                **entry,
                "rejected": ", ".join(f"{reason}: {count:,}" for reason, count in entry["rejected"])
                or "none",
            }
            for entry in record["files"]
        ],
        weights=summary.weights,
    )
    write_atomically(path, text)


def _has_errors(summary: Summary) -> bool:
    return any(
        figure.estimates is not None and figure.estimates["mean"].available
        for figure in summary.figures.values()
    )


def _metric(metric: Metric, summary: Summary, policy: Mapping[str, Any]) -> dict[str, Any]:
    rows = [_row(name, summary.figures[name, metric.name]) for name in summary.scenarios]
    if metric.name in summary.mixed:
        rows.append(_row("mixture by weight", summary.mixed[metric.name]))
    low, high = limits_of(metric, policy)
    limits = [f"at least {low:g}" if low is not None else "", f"at most {high:g}" if high is not None else ""]
    return {
        "label": metric.label,
        "unit": unit_of(metric, summary.currency),
        "variant": metric.variant,
        "formula": metric.formula,
        "threshold": " and ".join(limit for limit in limits if limit),
        "rows": rows,
    }


def _row(name: str, figure: Figure) -> dict[str, Any]:
    return {
        "scenario": name,
        **{level: shown(figure, level) for level in LEVELS},
        "breach": shown_estimate(figure.breach, "share"),
        "high": figure.breach is not None and figure.breach.value >= ALARMING,
        "difference": shown_estimate(figure.difference, figure.metric.unit),
    }


def _cash_quantiles(cube: xr.DataTree) -> tuple[FloatArray, npt.NDArray[np.datetime64]]:
    """Quantiles of base net cash, dims (level, day), and the days."""
    cash = cube["day/net_cash"].isel(scenario=0)
    ordered = np.sort(np.asarray(cash.values), axis=0)
    levels = np.quantile(ordered, list(LEVELS.values()), axis=0)
    return np.asarray(levels), np.asarray(cash["day"].values).astype("datetime64[D]")


def _cash_rows(cash: FloatArray, days: npt.NDArray[np.datetime64]) -> list[list[str]]:
    following = days + np.timedelta64(1, "D")
    ends = np.flatnonzero(following.astype("datetime64[M]") != days.astype("datetime64[M]"))
    return [[str(days[end]), *(f"{value:,.0f}" for value in cash[:, end])] for end in ends]


def cash_chart(cash: FloatArray, days: npt.NDArray[np.datetime64], currency: str) -> str:
    """SVG of a band and its median, dims (level, day): figures and fixed text only."""
    count = cash.shape[1]
    low, high = min(float(cash.min()), 0.0), max(float(cash.max()), 0.0)
    step = nice_step((high - low) / 4.0 or 1.0)
    ticks = np.arange(np.floor(low / step), np.ceil(high / step) + 1.0) * step
    low, span = float(ticks[0]), float(ticks[-1] - ticks[0])

    def x(day: int) -> float:
        return LEFT + day * (WIDTH - LEFT) / max(count - 1, 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value - low) / span)

    def points(level: int, order: Sequence[int]) -> str:
        return " ".join(f"{x(day):.1f},{y(cash[level, day]):.1f}" for day in order)

    forth, back = range(count), range(count - 1, -1, -1)
    grid = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#e4e7ea"/>'
        f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick / 1e3:,.0f}</text>'
        for tick in ticks
    )
    quarters = [day for day in forth if str(days[day])[5:] in {"01-01", "04-01", "07-01", "10-01"}]
    dates = "".join(
        f'<text x="{x(day):.0f}" y="{HEIGHT - 6}">{str(days[day])[:7]}</text>' for day in quarters
    )
    return (
        f'<svg viewBox="0 0 {WIDTH + 40} {HEIGHT}" width="{WIDTH}" role="img" '
        f'aria-label="Cash by day, thousand {currency}">'
        f'<g font-size="11" fill="#444" font-family="sans-serif">{grid}{dates}'
        f'<text x="2" y="12">thousand {currency}</text></g>'
        f'<polygon points="{points(2, forth)} {points(0, back)}" fill="#0072b2" fill-opacity="0.22"/>'
        f'<polyline points="{points(1, forth)}" fill="none" stroke="#0072b2" stroke-width="1.8"/>'
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(0.0):.1f}" y2="{y(0.0):.1f}" '
        'stroke="#444" stroke-dasharray="4 3"/></svg>'
    )


def nice_step(rough: float) -> float:
    """Round step of an axis: 1, 2 or 5 times a power of ten, at least ``rough``."""
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough))
