"""Concentration of revenue and purchases: how much hangs on one market, channel, supplier, origin, item."""

from __future__ import annotations

import math

import numpy as np

from engine.finance.metrics import METRIC_OF
from engine.report.charts_bars import shares
from engine.report.content import Block, Cell, Heading, Key, Missing, Picture, Pictures, Section, Text, table
from engine.report.drawing import ACTUAL, FORECAST
from engine.report.formats import NONE, amount, number, percent, probability
from engine.report.reading import Source, folded
from engine.report.statistics import mean_estimates, quantile_estimates
from engine.report.summary import limits_of
from engine.risk.concentration import concentration as concentration_of
from engine.risk.errors import Estimate
from models.arrays import FloatArray

Part = tuple[str, str, tuple[str, ...], FloatArray]
"""Dim, what is shared, members, amounts (trial, member)."""


def concentration(source: Source) -> Section:
    """The section on concentration."""
    parts, missing = _parts(source)
    rows = [_row(source, *part) for part in parts]
    rows.append(_item_row(source))
    blocks: list[Block] = [
        Text(
            "HHI is the sum of squared shares; 1/HHI is the number of equal members that would be as "
            "concentrated. Base, over the horizon, medians."
        ),
        table(
            f"Concentration under base, {source.period}, ± half-width of the 95% interval",
            ("Of", "Measured on", "Largest", "Top-1", "HHI", "Effective number 1/HHI"),
            rows,
            stacked=True,
            text_columns=3,
        ),
        Pictures(tuple(_picture(source, *part) for part in parts)),
        Heading("By scenario"),
        _by_scenario(source),
        *missing,
        Missing("Concentration of customers", "the cube holds no figures of single customers"),
    ]
    return Section("concentration", "Concentration", tuple(blocks))


def _parts(source: Source) -> tuple[list[Part], list[Block]]:
    missing: list[Block] = []
    parts: list[Part] = []
    for dim, group, name, what in (
        ("market", "market", "net_revenue", "net revenue"),
        ("sales_channel", "sales_channel", "net_revenue", "net revenue"),
        ("supplier", "supplier", "purchases", "purchases"),
    ):
        keys = source.keys(group, dim)
        amounts = source.base_sales if dim == "market" else source.of_base(f"{group}/{name}")
        parts.append((dim, what, tuple(source.label(dim, key) for key in keys), amounts.sum(axis=1)))
    origin_of = source.terms.get("origin_of_supplier")
    if origin_of is None:
        missing.append(
            Missing("Concentration by origin", "the manifest of this run does not hold the suppliers' origin")
        )
    else:
        suppliers = source.keys("supplier", "supplier")
        origins = sorted(set(origin_of.values()))
        bought = parts[-1][3]
        amounts = np.stack(
            [
                bought[:, [k for k, s in enumerate(suppliers) if origin_of[s] == o]].sum(axis=1)
                for o in origins
            ],
            axis=1,
        )
        parts.append(("origin", "purchases", tuple(origins), amounts))
    return parts, missing


def _row(
    source: Source, dim: str, what: str, members: tuple[str, ...], amounts: FloatArray
) -> list[str | Cell]:
    found = concentration_of(amounts)
    values = np.stack([found.top_1, found.hhi, found.effective_number], axis=1)
    levels = quantile_estimates(values, (0.5,))[0]
    largest = members[int(np.argmax(np.maximum(amounts, 0.0).sum(axis=0)))] if amounts.any() else NONE
    return [
        dim.replace("_", " "),
        what,
        largest,
        amount(levels[0], "share", source.money),
        _plain(levels[1], 3),
        _plain(levels[2], 2),
    ]


def _item_row(source: Source) -> list[str | Cell]:
    hhi = source.of_base("horizon/item_hhi")
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = quantile_estimates(np.stack([hhi, 1.0 / hhi], axis=1), (0.5,))[0]
    top = "not in the cube"
    if source.has("horizon/top_1_item_share"):
        share = quantile_estimates(source.of_base("horizon/top_1_item_share")[:, None], (0.5,))[0][0]
        top = amount(share, "share", source.money)
    return ["item", "gross sales", "not in the cube", top, _plain(levels[0], 3), _plain(levels[1], 2)]


def _plain(each: Estimate | None, digits: int) -> str:
    if each is None:
        return "not defined"
    error = number(each.half_width, digits) if each.available else "n/a"
    return f"{number(each.value, digits)} ± {error}"


def _picture(source: Source, dim: str, what: str, members: tuple[str, ...], amounts: FloatArray) -> Picture:
    names, values = folded(members, amounts)
    total = values.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0.0, values / np.where(total > 0.0, total, 1.0), np.nan)
    means = mean_estimates(share)
    actual = _actual(source, members, len(names)) if dim == "market" else [math.nan] * len(names)
    _, limit = (
        limits_of(METRIC_OF["top_1_market_share"], source.record["policy"])
        if dim == "market"
        else (None, None)
    )
    title = f"Share of {what} by {dim.replace('_', ' ')}, base, {source.period}"
    bars = [
        (name, math.nan if each is None else each.value, past)
        for name, each, past in zip(names, means, actual, strict=True)
    ]
    return Picture(
        title,
        shares(bars, title, limit=limit),
        table(
            f"{title}: mean, ± half-width of the 95% interval",
            (dim.replace("_", " ").capitalize(), "Forecast", "Last 12 months"),
            [
                [name, amount(each, "share", source.money), percent(past)]
                for name, each, past in zip(names, means, actual, strict=True)
            ],
        ),
        legend=(Key("forecast", FORECAST, filled=True), Key("actual, last 12 months", ACTUAL, filled=True))
        if any(math.isfinite(past) for past in actual)
        else (),
    )


def _actual(source: Source, members: tuple[str, ...], count: int) -> list[float]:
    """Shares of the last twelve months, where every member is drawn on its own."""
    months, past = source.history()
    keys = source.keys("market", "market")
    if not months or len(members) != count or set(keys) - set(past):
        return [math.nan] * count
    sums = [math.fsum(past[key][-12:]) for key in keys]
    total = math.fsum(sums)
    return [each / total if total > 0.0 else math.nan for each in sums]


def _by_scenario(source: Source) -> Block:
    rows: list[list[str | Cell]] = []
    names = (
        "top_1_market_share",
        "top_3_market_share",
        "market_hhi",
        "channel_hhi",
        "supplier_hhi",
        "origin_hhi",
        "item_hhi",
    )
    for scenario in source.scenarios:
        cells: list[str | Cell] = [scenario]
        for name in names:
            figure = source.summary.figures[scenario, name]
            median = None if figure.estimates is None else figure.estimates["p50"]
            cells.append(amount(median, "share", source.money) if "top" in name else _plain(median, 3))
        breach = source.summary.figures[scenario, "top_1_market_share"].breach
        cells.append(probability(breach, source.trials) or NONE)
        rows.append(cells)
    return table(
        "Medians, ± half-width of the 95% interval",
        ("Scenario", *(METRIC_OF[name].label for name in names), "P(top-1 market breach)"),
        rows,
        stacked=True,
        dense=True,
    )
