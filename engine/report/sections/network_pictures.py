"""One trial of the network told in full: its diagram, order timelines, customs queue and stock per node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.report.charts_network import STAGES, day_lines, diagram, legend_colours, timelines
from engine.report.content import Block, Heading, Key, Picture, Pictures, Text, table
from engine.report.drawing import DASHES, SERIES
from engine.report.formats import number
from engine.report.reading import Source

BASE = "base"
FIRST_MOMENT = 4
"""Position in an order's row of its first day; production takes in the wait for the supplier's hands."""


def network_pictures(source: Source) -> tuple[Block, ...]:
    """Pictures of the run's example trial; nothing for a run that kept none."""
    example = source.example
    if not example:
        return ()
    told: Mapping[str, Any] = example["scenarios"]
    names = tuple(told)
    shock = next((name for name in names if name != BASE), None)
    months, trial = int(example["months"]), int(example["trial"])
    said = (
        f"Trial {trial} order by order over the first {months} months, by the readable engine; the draws are "
        "those of the run."
    )
    if shock is not None:
        said += f" Beside base stands {shock}, which costs most sales of all shocks; the trial is its median."
    pictures = [_timelines(source, example, name) for name in names]
    small = [_queue(source, example), _stock(source, example)]
    return (
        Heading("The network, and one trial of it"),
        Text(said),
        Pictures((_diagram(source, example),)),
        *(Pictures((picture,)) for picture in pictures),
        Pictures(tuple(small)),
    )


def _diagram(source: Source, example: Mapping[str, Any]) -> Picture:
    flows = example["scenarios"][BASE]["flows"]
    ordered, shipped = flows["ordered"], flows["shipped"]
    title = f"Units ordered and shipped in {example['months']} months, trial {example['trial']}, base"

    def members(dim: str, keys: Sequence[str]) -> list[tuple[str, str]]:
        return [(key, source.label(dim, key)) for key in sorted(set(keys))]

    nodes = [row[2] for row in ordered] + [row[0] for row in shipped]
    columns = (
        ("Suppliers", members("supplier", [row[0] for row in ordered])),
        ("Ports", members("port", [row[1] for row in ordered])),
        ("Nodes", members("node", nodes)),
        ("Markets", members("market", [row[1] for row in shipped])),
    )
    between: dict[tuple[int, str, str], float] = {}
    for supplier, port, node, units in ordered:
        for way in ((0, supplier, port), (1, port, node)):
            between[way] = between.get(way, 0.0) + float(units)
    for node, market, units in shipped:
        between[2, node, market] = between.get((2, node, market), 0.0) + float(units)
    dims = ("supplier", "port", "node", "market")
    rows = [
        [source.label(dims[column], giver), source.label(dims[column + 1], taker), number(units)]
        for (column, giver, taker), units in sorted(between.items())
    ]
    bands = [(*way, units) for way, units in sorted(between.items()) if units]
    wide, narrow = (diagram(columns, bands, title, wide=broad) for broad in (True, False))
    return Picture(title, wide, table(title, ("From", "To", "Units"), rows, text_columns=2), narrow)


def _timelines(source: Source, example: Mapping[str, Any], name: str) -> Picture:
    orders = example["scenarios"][name]["orders"]
    title = f"Timelines of the {len(orders)} largest orders, trial {example['trial']}, {name}"
    bars = [(f"{row[0]} → {row[2]}, {row[3]:,}", _stages(row)) for row in orders]
    rows = [
        [
            f"{source.label('supplier', row[0])} → {source.label('node', row[2])}",
            number(row[3]),
            *("under way" if day is None else number(day, 1) for day in _stages(row)),
        ]
        for row in orders
    ]
    heads = ("Order", "Units", "Ordered", "Left", "At port", "Customs", "Cleared", "At node", "On the shelf")
    start, days = np.datetime64(example["start"], "D"), int(example["days"])
    return Picture(
        title,
        timelines(start, days, bars, title),
        table(f"{title}; days from {example['start']}", heads, rows, dense=True),
        timelines(start, days, bars, title, wide=False),
        legend=tuple(Key(stage, colour, filled=True) for stage, colour in legend_colours()),
    )


def _stages(row: Sequence[Any]) -> list[float | None]:
    """Days of ordered, left, port, customs, cleared, available and received: those between STAGES."""
    ordered, _, *rest = row[FIRST_MOMENT:]
    assert len(rest) == len(STAGES)  # noqa: S101 (the store writes every moment)
    return [ordered, *rest]


def _series_legend(labels: Sequence[str], names: Sequence[str]) -> tuple[Key, ...]:
    return tuple(
        Key(
            label if len(names) == 1 else f"{label}, {name}",
            SERIES[k % len(SERIES)],
            DASHES[1] if dashed else "",
        )
        for k, label in enumerate(labels)
        for dashed, name in enumerate(names)
    )


def _queue(source: Source, example: Mapping[str, Any]) -> Picture:
    told = example["scenarios"]
    ports = sorted(told[BASE]["queue"])
    title = f"Orders waiting for customs, trial {example['trial']}"
    series = [
        (
            [day for day, _ in told[name]["queue"][port]],
            [n for _, n in told[name]["queue"][port]],
            k,
            bool(dashed),
        )
        for k, port in enumerate(ports)
        for dashed, name in enumerate(told)
    ]
    rows = []
    for port in ports:
        for name in told:
            steps = told[name]["queue"][port]
            rows.append(
                [source.label("port", port), name, number(max(n for _, n in steps)), *_waited(steps, example)]
            )
    start, days = np.datetime64(example["start"], "D"), int(example["days"])
    labels = [source.label("port", port) for port in ports]
    return Picture(
        title,
        day_lines(start, days, series, title, steps=True),
        table(title, ("Port", "Scenario", "Most at once", "Mean", "Days with a queue"), rows, text_columns=2),
        legend=_series_legend(labels, tuple(told)),
    )


def _waited(steps: Sequence[Sequence[float]], example: Mapping[str, Any]) -> tuple[str, str]:
    """Mean orders waiting, and days with any, from the steps of a queue."""
    days = float(example["days"])
    ends = [day for day, _ in steps[1:]] + [days]
    spans = [(min(end, days) - min(day, days), n) for (day, n), end in zip(steps, ends, strict=True)]
    mean = sum(span * n for span, n in spans) / days
    return number(mean, 2), number(sum(span for span, n in spans if n > 0.0), 1)


def _stock(source: Source, example: Mapping[str, Any]) -> Picture:
    told = example["scenarios"]
    nodes = sorted(told[BASE]["stock"])
    title = f"Units in stock by node at the end of the day, trial {example['trial']}"
    series = [
        (list(range(len(told[name]["stock"][node]))), told[name]["stock"][node], k, bool(dashed))
        for k, node in enumerate(nodes)
        for dashed, name in enumerate(told)
    ]
    rows = []
    for node in nodes:
        for name in told:
            units = told[name]["stock"][node]
            figures = (units[0], min(units), sum(units) / len(units), units[-1])
            rows.append([source.label("node", node), name, *(number(value) for value in figures)])
    start, days = np.datetime64(example["start"], "D"), int(example["days"])
    labels = [source.label("node", node) for node in nodes]
    return Picture(
        title,
        day_lines(start, days, series, title),
        table(title, ("Node", "Scenario", "First day", "Lowest", "Mean", "Last day"), rows, text_columns=2),
        legend=_series_legend(labels, tuple(told)),
    )
