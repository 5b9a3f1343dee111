"""Lead times and the network: fitted stages of every lane, fill rate, units lost, stock, purchases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.report.charts_bars import stacked
from engine.report.charts_time import lines
from engine.report.content import (
    Block,
    Cell,
    Heading,
    Key,
    Missing,
    Picture,
    Pictures,
    Section,
    Text,
    legend_of,
    table,
)
from engine.report.drawing import SERIES
from engine.report.formats import amount, number, percent
from engine.report.reading import Source, folded
from engine.report.sections.supply import supply
from engine.report.statistics import mean_estimates, quantile_estimates
from models.arrays import FloatArray
from models.calendar import MONTHS_IN_QUARTER

STAGES = ("production", "transit", "clearance", "inland")
SHOWN = (0.05, 0.5, 0.95)


def network(source: Source) -> Section:
    """The section on lead times and the network."""
    blocks: list[Block] = [Heading("Lead times"), *_lead_times(source)]
    blocks += [Heading("What the network delivers, base"), *_network(source)]
    blocks += supply(source)
    return Section("network", "Lead times and network", tuple(blocks))


def _lead_times(source: Source) -> list[Block]:
    stages = (source.record.get("calibration_diagnostics") or {}).get("lead_time")
    if not stages:
        return [Missing("Lead-time fits", "the manifest of this run holds no diagnostics of them")]
    by_lane: dict[tuple[str, str, str], dict[str, Mapping[str, Any]]] = {}
    for each in stages:
        by_lane.setdefault((each["supplier"], each["node"], each["mode"]), {})[each["stage"]] = each
    order = [name for name in STAGES if any(name in lane for lane in by_lane.values())]
    order += sorted({name for lane in by_lane.values() for name in lane} - set(order))
    bars, rows = [], []
    for (supplier, node, mode), lane in sorted(by_lane.items()):
        means = [float(lane[name]["mean"]) if name in lane else 0.0 for name in order]
        spread = math.sqrt(sum(float(each["sd"]) ** 2 for each in lane.values()))
        name = f"{source.label('supplier', supplier)} → {source.label('node', node)}"
        bars.append((f"{supplier} → {node}", means))
        rows.append(
            [
                name,
                mode,
                *(number(mean, 1) for mean in means),
                number(sum(means), 1),
                number(spread, 1),
                percent(spread / sum(means)) if sum(means) else "n/a",
            ]
        )
    title = "Mean lead time by lane and stage, days, as fitted"
    return [
        Text(
            "Fitted on the purchase log: orders that are still open count as censored, not as dropped. "
            "The spread of a lane is that of its stages taken as independent; the simulation keeps their "
            "fitted dependence."
        ),
        Pictures(
            (
                Picture(
                    title,
                    stacked(bars, title),
                    table(title, ("Lane", "Mode", *order, "Total", "sd", "cv"), rows, text_columns=2),
                    legend=tuple(
                        Key(name, SERIES[k % len(SERIES)], filled=True) for k, name in enumerate(order)
                    ),
                ),
            )
        ),
        _fits(stages),
    ]


def _fits(stages: Sequence[Mapping[str, Any]]) -> Block:
    rows: list[list[str | Cell]] = []
    for each in sorted(
        stages,
        key=lambda s: (s["supplier"], s["node"], STAGES.index(s["stage"]) if s["stage"] in STAGES else 9),
    ):
        families = sorted((each.get("families") or {}).items(), key=lambda pair: (-pair[1], pair[0]))
        refused = each.get("refused") or []
        rows.append(
            [
                f"{each['supplier']} → {each['node']}",
                each["stage"],
                number(each["orders"]),
                number(each["open"]),
                number(each["mean"], 1),
                number(each["sd"], 1),
                number(each["p50"], 1),
                number(each["p90"], 1),
                f"± {percent(math.expm1(1.96 * each['log_mean_error']))}",
                f"{families[0][0]} {percent(families[0][1], 0)}" if families else "listed",
                each["source"] + (f"; refused: {', '.join(map(str, refused))}" if refused else ""),
            ]
        )
    return table(
        "Stages as fitted, days; the error is that of the mean (95%); family: the distribution with most "
        "weight",
        ("Lane", "Stage", "Orders", "Open", "Mean", "sd", "p50", "p90", "Error of mean", "Family", "From"),
        rows,
        text_columns=2,
        dense=True,
    )


def _network(source: Source) -> list[Block]:
    pictures = [_fill_rate(source), _stock(source), _purchases(source)]
    return [
        Pictures(tuple(each for each in pictures if each is not None)),
        _units(source),
        _by_scenario(source),
    ]


def _fill_rate(source: Source) -> Picture | None:
    values = source.of_base("quarter/fill_rate")
    levels = quantile_estimates(values, SHOWN)
    if all(each is None for each in levels[1]):
        return None
    title = f"Fill rate by quarter, % of units demanded, base, {source.period}"
    curve = [np.array([math.nan if e is None else e.value for e in level]) for level in levels]
    return Picture(
        title,
        lines(
            source.quarters, {"median": curve[1]}, title, band=(curve[0], curve[2]), percent=True, zero=False
        ),
        table(
            title + ", ± half-width of the 95% interval",
            ("Quarter", "p05", "p50", "p95"),
            [
                [quarter, *(amount(levels[k][at], "share", source.money) for k in range(3))]
                for at, quarter in enumerate(source.quarters)
            ],
        ),
        legend=(Key("median, with p05 to p95", SERIES[0]),),
    )


def _stock(source: Source) -> Picture:
    values = source.of_base("node/units_on_hand")[:, MONTHS_IN_QUARTER - 1 :: MONTHS_IN_QUARTER]
    names = tuple(source.label("node", key) for key in source.keys("node", "node"))
    title = f"Stock at the end of each quarter, units, mean, base, {source.period}"
    return _members(source, names, values, title)


def _purchases(source: Source) -> Picture:
    values = source.of_base("supplier/purchases")
    by_quarter = values.reshape(len(values), -1, MONTHS_IN_QUARTER, values.shape[2]).sum(axis=2)
    names = tuple(source.label("supplier", key) for key in source.keys("supplier", "supplier"))
    title = f"Purchase orders placed by quarter, {source.money.unit}, mean, base, {source.period}"
    return _members(source, names, by_quarter / source.money.divisor, title, digits=source.money.digits)


def _members(
    source: Source, names: tuple[str, ...], values: FloatArray, title: str, *, digits: int = 0
) -> Picture:
    """Lines of the means of values (trial, quarter, member), the small members folded."""
    members, kept = folded(names, values)
    means = mean_estimates(kept.reshape(len(kept), -1))
    shape = kept.shape[1:]
    rows: list[list[str | Cell]] = []
    for at, quarter in enumerate(source.quarters):
        cells = [means[at * shape[1] + k] for k in range(shape[1])]
        rows.append(
            [
                quarter,
                *(
                    f"{number(e.value, digits)} ± {number(e.half_width, digits) if e.available else 'n/a'}"
                    if e is not None
                    else "n/a"
                    for e in cells
                ),
            ]
        )
    curves = {f"{k} {name}": kept[:, :, k].mean(axis=0) for k, name in enumerate(members)}
    return Picture(
        title,
        lines(source.quarters, curves, title),
        table(title + ", ± half-width of the 95% interval", ("Quarter", *members), rows),
        legend=legend_of(members),
    )


def _units(source: Source) -> Block:
    names = source.keys("market", "market")
    parts = {
        name: source.of_base(f"market/{name}").sum(axis=1)
        for name in ("units_demanded", "units_sold", "units_lost", "units_returned", "short_item_days")
    }
    means = {name: mean_estimates(values) for name, values in parts.items()}
    rows: list[list[str | Cell]] = []
    for k, name in enumerate(names):
        demanded = float(parts["units_demanded"][:, k].mean())
        lost = float(parts["units_lost"][:, k].mean())
        rows.append(
            [
                source.label("market", name),
                *(amount(means[part][k], "units", source.money) for part in parts),
                percent(lost / demanded) if demanded > 0.0 else "no demand",
            ]
        )
    return table(
        "Units by market over the horizon, mean under base, ± half-width of the 95% interval, "
        f"{source.period}",
        ("Market", "Demanded", "Sold", "Lost for want of stock", "Returned", "Item-days short", "Lost share"),
        rows,
    )


def _by_scenario(source: Source) -> Block:
    lost, demanded = source.values("market/units_lost"), source.values("market/units_demanded")
    rows: list[list[str | Cell]] = []
    for k, name in enumerate(source.scenarios):
        figure = source.summary.figures[name, "fill_rate"]
        levels = (
            ["not defined"] * 3
            if figure.estimates is None
            else [amount(figure.estimates[level], "share", source.money) for level in ("p05", "p50", "p95")]
        )
        totals = mean_estimates(np.stack([x[k].sum(axis=(1, 2)) for x in (demanded, lost)], axis=1))
        rows.append([name, *levels, *(amount(each, "units", source.money) for each in totals)])
    return table(
        "Fill rate and units by scenario over the horizon, ± half-width of the 95% interval",
        ("Scenario", "Fill rate p05", "p50", "p95", "Units demanded, mean", "Units lost, mean"),
        rows,
    )
