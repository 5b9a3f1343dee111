"""Two runs beside each other: every headline metric of the scenarios they share, B minus A."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from engine.finance.metrics import HEADLINE, METRIC_OF
from engine.report import formats
from engine.report.content import Block, Cell, Heading, Missing, Section, Text, table, words
from engine.report.page import page_html
from engine.report.summary import LEVELS, Summary, unit_of
from engine.store.cube import write_atomically
from models.errors import UsageError

SETTINGS = (
    ("run_id", "Run"),
    ("company", "Company"),
    ("forecast_start", "Forecast from"),
    ("actuals_through", "Actuals through"),
    ("quarters", "Quarters"),
    ("trials", "Trials"),
    ("first_trial", "First trial"),
    ("seed", "Seed"),
    ("plan_hash", "Plan hash"),
    ("scenario_hash", "Scenario hash"),
    ("calibration", "Calibration"),
    ("code", "Code"),
)


class Comparable(Protocol):
    """A run, as far as a comparison needs it."""

    @property
    def id(self) -> str:
        """Identity of the run."""
        ...

    @property
    def manifest(self) -> dict[str, Any]:
        """What made the run."""
        ...

    def summary(self) -> Summary:
        """Summary of the run."""
        ...


def compare_runs(first: Comparable, second: Comparable) -> list[dict[str, Any]]:
    """Rows scenario × metric × statistic: A, B, B minus A and its error.

    Runs of different plans share no trials, so the error is that of independent estimates.
    """
    one, other = first.summary(), second.summary()
    if one.currency != other.currency:
        raise UsageError(
            f"currencies differ | got {one.currency} and {other.currency} | compare like with like"
        )
    shared = [name for name in one.scenarios if name in other.scenarios]
    rows = []
    for scenario in shared:
        for name in HEADLINE:
            a, b = one.figures[scenario, name], other.figures[scenario, name]
            for level in ("mean", *LEVELS):
                if a.estimates is None or b.estimates is None:
                    continue
                x, y = a.estimates[level], b.estimates[level]
                error = math.hypot(x.half_width, y.half_width)
                rows.append(
                    {
                        "scenario": scenario,
                        "metric": name,
                        "unit": unit_of(a.metric, one.currency),
                        "statistic": level,
                        "a": x.value,
                        "b": y.value,
                        "difference": y.value - x.value,
                        "error": error if math.isfinite(error) else None,
                    }
                )
    return rows


def write_comparison(
    path: Path, first: Comparable, second: Comparable, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write the comparison of two runs as a page."""
    write_atomically(path, comparison_html(first, second, rows))


def comparison_html(first: Comparable, second: Comparable, rows: Sequence[Mapping[str, Any]]) -> str:
    """Two runs beside each other as a page: figures by scenario, then what made the runs differ."""
    one, other = first.summary(), second.summary()
    known = one.figures[one.scenarios[0], "net_revenue"].estimates
    money = formats.money_of(one.currency, known["mean"].value if known else 0.0)
    return page_html(
        title=f"{first.id} and {second.id}",
        heading=f"Two runs beside each other: {first.manifest['company']} and {second.manifest['company']}",
        facts=(
            f"A: run {first.id}, {one.trials:,} trials. B: run {second.id}, {other.trials:,} trials.",
            f"Money in {money.unit}, over the horizon of each run. Difference: B minus A.",
            "Runs of different plans share no trials, so ± (95%) is that of independent estimates.",
        ),
        sections=(
            Section("figures", "Figures", tuple(_figures(rows, one, other, money))),
            Section("causes", "What made the runs", tuple(_causes(first.manifest, second.manifest))),
        ),
        name=f"{first.id} {second.id}",
    )


def _figures(
    rows: Sequence[Mapping[str, Any]], one: Summary, other: Summary, money: formats.Money
) -> list[Block]:
    blocks: list[Block] = []
    for scenario in dict.fromkeys(str(row["scenario"]) for row in rows):
        blocks.append(Heading(scenario))
        shown = [_row(row, money) for row in rows if row["scenario"] == scenario]
        blocks.append(
            table(
                f"{scenario}: A, B and B minus A, ± half-width of the 95% interval",
                ("Metric", "Statistic", "A", "B", "B minus A", "±"),
                shown,
                text_columns=2,
            )
        )
    if not rows:
        blocks.append(Missing("Figures", "no scenario with defined headline metrics is in both runs"))
    for name, here, there in (("A", one, other), ("B", other, one)):
        alone = [scenario for scenario in here.scenarios if scenario not in there.scenarios]
        if alone:
            blocks.append(Text(f"Only in {name}: {', '.join(alone)}."))
    return blocks


def _row(row: Mapping[str, Any], money: formats.Money) -> list[str | Cell]:
    metric = METRIC_OF[str(row["metric"])]
    unit = formats.unit_of(metric)
    error = row["error"]
    outside = error is not None and abs(row["difference"]) > error
    difference = formats.bare(row["difference"], unit, money, sign=True)
    return [
        f"{metric.label}, {formats.unit_text(unit, money)}",
        str(row["statistic"]),
        formats.bare(row["a"], unit, money),
        formats.bare(row["b"], unit, money),
        Cell(difference.replace("%", " pp"), "strong" if outside else ""),
        formats.MISSING if error is None else formats.bare(error, unit, money).rstrip("%"),
    ]


def _causes(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Block]:
    """Settings, inputs and assumptions in which the two manifests differ."""
    settings: list[list[str | Cell]] = []
    for key, name in SETTINGS:
        a, b = str(one.get(key, "")), str(other.get(key, ""))
        settings.append([name, a, b, "same" if a == b else Cell("differs", "strong")])
    blocks: list[Block] = [words("Settings", ("What", "A", "B", ""), settings)]
    inputs = _changed(one["inputs"], other["inputs"])
    blocks.append(
        words("Input files that differ", ("File", "How"), inputs)
        if inputs
        else Text("The input files are the same.")
    )
    assumed = _changed(
        *(
            {row["id"]: f"{row['value']} {row['unit']}" for row in each["assumptions"]}
            for each in (one, other)
        )
    )
    blocks.append(
        words("Assumptions that differ", ("Assumption", "How"), assumed)
        if assumed
        else Text("The assumptions are the same.")
    )
    return blocks


def _changed(one: Mapping[str, str], other: Mapping[str, str]) -> list[list[str | Cell]]:
    rows: list[list[str | Cell]] = []
    for name in sorted(one.keys() | other.keys()):
        if name not in other:
            rows.append([name, "only in A"])
        elif name not in one:
            rows.append([name, "only in B"])
        elif one[name] != other[name]:
            rows.append([name, f"A {one[name]}, B {other[name]}"])
    return rows
