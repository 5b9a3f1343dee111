"""Scenarios: the heat map, the waterfalls by line, the curves of exceedance, what was applied and why."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np

from engine.finance.metrics import METRIC_OF, METRICS, Metric
from engine.report.charts_bars import waterfall_chart
from engine.report.charts_grid import Heat, heat_map
from engine.report.content import (
    COMPANY,
    Block,
    Cell,
    Heading,
    Missing,
    Picture,
    Pictures,
    Section,
    Text,
    table,
    words,
)
from engine.report.drawing import WIDE
from engine.report.formats import (
    NONE,
    NOT_DEFINED,
    amount,
    bare,
    number,
    percent,
    probability,
    signed,
    unit_of,
    unit_text,
    whole_percent,
)
from engine.report.reading import Source, folded
from engine.report.sections.exceedances import curves
from engine.report.sections.judgement import threshold_text
from engine.report.summary import BASE, LEVELS, Figure, limits_of
from engine.report.waterfall import Waterfall, line_title, rounded

MAPPED = (
    "net_revenue",
    "cm2",
    "ebitda",
    "minimum_cash",
    "cash_conversion_cycle",
    "top_1_market_share",
    "fill_rate",
)
FULL = {"currency": 0.25, "share": 0.1, "days": 10.0, "x": 2.0}
"""Change at which a cell of the heat map has its full colour, by unit."""
NARROW = 5
"""Columns of the map of breaches on a phone."""


def shocks(source: Source) -> Section:
    """The section on scenarios."""
    blocks: list[Block] = [Heading("Scenario by metric"), *_maps(source)]
    blocks += [Heading("From base to each scenario, line by line"), *_waterfalls(source)]
    blocks += [Heading("How often a value is exceeded"), *curves(source)]
    blocks += [Heading("Every metric by scenario"), _levels(source)]
    blocks += [Heading("What was applied, and why"), _applied(source)]
    blocks.append(
        Missing("Attribution of a scenario to its shocks", "needs one run a subset of the shocks (Shapley)")
    )
    return Section("scenarios", "Scenarios", tuple(blocks))


def _maps(source: Source) -> list[Block]:
    pictures: list[Block] = [Pictures((change_map(source),))] if source.shocks else []
    limited = limited_metrics(source)
    if limited:
        pictures.append(breach_map(source, limited))
    if not pictures:
        return [Missing("Heat map", "only base was run and no threshold is set")]
    return [
        Text(
            "Change: mean difference from base on the same trials, in percent of base's mean, in days, or "
            "in points; orange is worse, blue is better, at full strength from 25%, 10 days or 10 points; "
            "faint: the 95% interval includes zero or is not available. Breach: the probability given the "
            "scenario."
        ),
        *pictures,
    ]


def limited_metrics(source: Source) -> list[Metric]:
    """Metrics that a threshold judges."""
    policy = source.record["policy"]
    return [metric for metric in METRICS if any(v is not None for v in limits_of(metric, policy))]


def _change(source: Source, scenario: str, metric: Metric) -> tuple[Heat, str]:
    """Cell of the map, and the text for the table."""
    figure = source.summary.figures[scenario, metric.name]
    base = source.summary.figures[BASE, metric.name].estimates
    change = figure.difference
    if change is None or base is None:
        return Heat("n/a", math.nan), NOT_DEFINED
    full = amount(change, unit_of(metric), source.money, sign=True)
    level = abs(base["mean"].value)
    value, shown = change.value, bare(change.value, unit_of(metric), source.money, sign=True)
    if metric.unit == "currency":
        if level == 0.0:
            return Heat("n/a", math.nan), full
        value = change.value / level
        shown = f"{signed(100.0 * value, 1 if abs(value) < 1.0 else 0)}%"
    elif metric.unit == "share":
        shown = f"{signed(100.0 * change.value, 1)} pp"
    strength = value / FULL.get(metric.unit, 1.0) * (1.0 if metric.good == "high" else -1.0)
    return Heat(shown, max(-1.0, min(1.0, strength)), not change.excludes_zero), full


def change_map(source: Source) -> Picture:
    """Heat map of the mean change from base, scenario by metric."""
    metrics = [METRIC_OF[name] for name in MAPPED]
    cells = [[_change(source, scenario, metric) for metric in metrics] for scenario in source.shocks]
    title = f"Mean change from base, {source.period}"
    return Picture(
        title,
        heat_map(
            source.shocks,
            [metric.label.replace("Cash conversion cycle", "CCC, days") for metric in metrics],
            [[heat for heat, _ in row] for row in cells],
            f"{title}, by scenario and metric",
        ),
        table(
            f"{title}; money in {source.money.unit}, ± half-width of the 95% interval",
            ("Scenario", *(f"{metric.label}, {unit_text(metric.unit, source.money)}" for metric in metrics)),
            [[name, *(full for _, full in row)] for name, row in zip(source.shocks, cells, strict=True)],
        ),
    )


def breach_map(source: Source, metrics: list[Metric]) -> Picture:
    """Heat map of the probability of breach, scenario by threshold."""
    names = list(source.scenarios)
    found = [[source.summary.figures[name, metric.name].breach for metric in metrics] for name in names]
    bounds = [source.trials] * len(names)
    if source.summary.weights:
        names.append("mixture")
        mixed = [source.summary.mixed.get(metric.name) for metric in metrics]
        found.append([None if each is None else each.breach for each in mixed])
        bounds.append(0)
    title, wide = f"Probability of breach given the scenario, {source.period}", len(metrics) > len(MAPPED)
    draw = partial(
        heat_map,
        names,
        [metric.label for metric in metrics],
        [
            [Heat("n/a", math.nan) if b is None else Heat(whole_percent(b.value), -b.value) for b in row]
            for row in found
        ],
        f"{title}, by scenario and threshold",
    )
    return Picture(
        title,
        draw(width=WIDE) if wide else draw(),
        table(
            f"{title}; ± half-width of the 95% interval",
            ("Scenario", *(f"{metric.label} {threshold_text(source, metric)}" for metric in metrics)),
            [
                [name, *(probability(b, trials) or NOT_DEFINED for b in row)]
                for name, row, trials in zip(names, found, bounds, strict=True)
            ],
        ),
        narrow=draw(most=NARROW) if wide else None,
    )


def _waterfalls(source: Source) -> list[Block]:
    if not source.shocks:
        return [Missing("Waterfall base → shock", "only base was run; add --scenarios all")]
    return [
        Text(
            "Each bar is the mean over the trials of one line of the profit and loss account under the "
            "scenario less the same line under base in the same trial. The bars lead from base's mean net "
            "income to the scenario's exactly; there is no bar for a rest. Shown amounts are rounded so "
            "that they add up as well; lines that round to nothing stand in the table only."
        ),
        Pictures(tuple(waterfall_picture(source, each) for each in source.waterfalls.values())),
    ]


def waterfall_picture(source: Source, each: Waterfall) -> Picture:
    """Waterfall to net income, with its table by line and market."""
    money = source.money
    unit = money.divisor / 10**money.digits
    parts = rounded([each.start / unit, *(bar.change.value / unit for bar in each.bars)], each.end / unit)
    shown = [part / 10**money.digits for part in parts]
    end = round(each.end / unit) / 10**money.digits
    moved = [
        (line_title(bar.line), value) for bar, value in zip(each.bars, shown[1:], strict=True) if value != 0.0
    ]
    names = source.keys("market", "market")
    split = np.array([bar.by_market or (math.nan,) * len(names) for bar in each.bars])
    members, split = folded(tuple(source.label("market", name) for name in names), split)
    start_row: list[str | Cell] = [
        "Net income, base",
        number(shown[0], money.digits),
        "",
        *([""] * len(members)),
    ]
    rows: list[list[str | Cell]] = [start_row]
    for bar, value, by_market in zip(each.bars, shown[1:], split, strict=True):
        rows.append(
            [
                line_title(bar.line),
                signed(value, money.digits),
                number(bar.change.half_width / money.divisor, money.digits)
                if bar.change.available
                else "n/a",
                *(COMPANY if not bar.by_market else money.signed(part) for part in by_market),
            ]
        )
    rows.append([f"Net income, {each.scenario}", number(end, money.digits), "", *([""] * len(members))])
    title = f"{each.scenario}: net income from base, {money.unit}, {source.period}"
    return Picture(
        title,
        waterfall_chart(("base", shown[0]), moved, (each.scenario, end), f"{title}, by line"),
        table(
            f"{title}: mean paired change by line, ± half-width of its 95% interval, and its split by market",
            ("Line", "Change", "±", *members),
            rows,
            strong=(0, len(rows) - 1),
            dense=True,
        ),
    )


def _levels(source: Source) -> Block:
    rows: list[list[str | Cell]] = []
    for metric in METRICS:
        entries = [
            (name, source.summary.figures[name, metric.name], source.trials) for name in source.scenarios
        ]
        if metric.name in source.summary.mixed:
            entries.append(("mixture by weight", source.summary.mixed[metric.name], 0))
        rows += [_level(source, metric, name, figure, trials) for name, figure, trials in entries]
    return table(
        f"Levels, mean of the worst 5% of the trials, P(breach) and paired change; {source.period}; "
        "± half-width of the 95% interval",
        ("Metric", "Scenario", "p05", "p50", "p95", "Worst 5%", "P(breach)", "Mean change from base"),
        rows,
        text_columns=2,
        dense=True,
        closed=True,
    )


def _level(source: Source, metric: Metric, name: str, figure: Figure, trials: int) -> list[str | Cell]:
    unit, estimates = unit_of(metric), figure.estimates
    levels, tail = ["not defined in every trial", "", ""], NONE
    if estimates is not None:
        levels = [amount(estimates[level], unit, source.money) for level in LEVELS]
        if "cvar_95" in estimates:
            loss = estimates["cvar_95"]
            sign = -1.0 if metric.good == "high" else 1.0
            tail = amount(replace(loss, value=sign * loss.value), unit, source.money)
    difference = figure.difference
    return [
        f"{metric.label}, {unit_text(unit, source.money)}",
        name,
        *levels,
        tail,
        probability(figure.breach, trials) or NONE,
        NONE if difference is None else amount(difference, unit, source.money, sign=True),
    ]


def _applied(source: Source) -> Block:
    rows = []
    for name in source.scenarios:
        entry = source.record["scenarios"][name]
        roles = ", ".join(f"{role} = {member}" for role, member in sorted(entry["roles"].items()))
        played = ", ".join(str(use.get("name", use)) for use in entry["responses"]) or "none"
        includes = ", ".join(entry["includes"])
        weight = source.summary.weights.get(name)
        rows.append(
            [
                Cell(name, "strong"),
                NONE if weight is None else percent(weight, 0),
                entry["why"],
                Cell("", lines=(*entry["applied"], *entry.get("left_out", ())) or ("nothing",)),
                Cell(
                    "",
                    lines=tuple(t for t in (roles, f"includes {includes}" if includes else "") if t)
                    or ("none",),
                ),
                played,
                entry["source"],
            ]
        )
    weighed = (
        "weights are those of plan.yaml, scaled to the scenarios of this run"
        if source.summary.weights
        else "plan.yaml sets no weights, so there is no mixture"
    )
    return words(
        "Applied changes, path: old -> new; roles are filled by what is expected of the next year: sales of "
        "markets and items, purchases from suppliers and origins, units through nodes and ports; "
        f"{weighed}",
        ("Scenario", "Weight", "Why", "Applied", "Roles", "Responses", "Source"),
        rows,
    )
