"""Who comes back, what is bought together, whom the revenue comes from; contribution per unit of money;
conversion: history and the simulated figures side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.report.content import Block, Cell, Heading, Missing, table
from engine.report.formats import NONE, amount, bare, number, percent
from engine.report.reading import Source
from engine.report.statistics import quantile_estimates
from engine.report.summary import BASE
from models.arrays import FloatArray

DAYS = ("90", "180", "365")
RATES = ("repeat_rate", "cross_sell", "high_value_share")
CONVERSION = ("lead_rate", "lead_to_order", "order_conversion")


def behaviour(source: Source) -> list[Block]:
    """Blocks of the section on customers and channels."""
    history = source.record.get("customer_history") or {}
    return [
        Heading("Who comes back, and what is bought together"),
        _repeat(source, history),
        _company(source, history),
        Heading("What a unit of money earns"),
        _contribution(source),
        _by_scenario(source, ("cm3_per_spend", "cm3_per_capital", "dm_roi", "romi")),
        _conversion(source),
    ]


def _spread(values: FloatArray, unit: str, source: Source) -> list[str]:
    """Median (p05 to p95) by column of values (trial, column)."""
    levels = quantile_estimates(values, (0.05, 0.5, 0.95))
    out = []
    for low, mid, high in zip(*levels, strict=True):
        if low is None or mid is None or high is None:
            out.append(NONE)
            continue
        texts = [bare(each.value, unit, source.money) for each in (low, mid, high)]
        out.append(f"{texts[1]} ({texts[0]} to {texts[2]})")
    return out


def _known(found: Mapping[str, Any] | None) -> str:
    """A figure of the history with its interval."""
    if not found or found.get("value") is None:
        return NONE
    half = found.get("half_width")
    return f"{percent(found['value'])}" + ("" if half is None else f" ± {number(100.0 * half, 1)} pp")


def _repeat(source: Source, history: Mapping[str, Any]) -> Block:
    """Second orders within 90, 180 and 365 days."""
    markets = source.keys("customers", "market")
    channels = source.keys("customers", "acquisition_channel")
    base = {days: source.of_base(f"customers/repeat_rate_{days}") for days in DAYS}
    orders = source.of_base("customers/orders_per_customer")
    rows: list[list[str | Cell]] = []
    for m, market in enumerate(markets):
        past = (history.get(market) or {}).get("repeat_rate") or {}
        rows.append(
            [
                source.label("market", market),
                "history, all customers",
                *(_known(past.get(days)) for days in DAYS),
                NONE,
            ]
        )
        for c, channel in enumerate(channels):
            values = np.stack([base[days][:, m, c] for days in DAYS], axis=1)
            rows.append(
                [
                    source.label("market", market),
                    f"simulated, {source.label('acquisition_channel', channel)}",
                    *_spread(values, "share", source),
                    _spread(orders[:, m, c][:, None], "x", source)[0],
                ]
            )
    return table(
        f"Repeat purchase rate: customers with a second order within so many days. History: Kaplan and "
        "Meier's estimate with its 95% interval, customers of the ledger's first three months left out. "
        f"Simulated, base, {source.period}: cohorts observed so long within the run, median (p05 to p95); "
        "orders per customer over the months that LTV counts",
        ("Market", "What", *(f"{days} days" for days in DAYS), "Orders a customer"),
        rows,
        text_columns=2,
    )


def _company(source: Source, history: Mapping[str, Any]) -> Block:
    """Rates of the company by scenario, the history above."""
    past = history.get("all") or {}
    repeat = source.values("horizon/repeat_revenue_share")
    rows: list[list[str | Cell]] = [
        [
            "history",
            _known((past.get("repeat_rate") or {}).get("365")),
            _known(past.get("cross_sell_orders")),
            _known(past.get("best_tenth_revenue")),
            NONE,
        ]
    ]
    for k, name in enumerate(source.scenarios):
        values = np.stack([source.values(f"horizon/{rate}")[k] for rate in RATES] + [repeat[k]], axis=1)
        rows.append([name, *_spread(values, "share", source)])
    return table(
        "Company, by scenario: repeat rate, orders with at least two categories, share of revenue from the "
        "tenth of today's known customers with most orders expected, and from all who had ordered before. "
        "History: last 12 months (repeat rate: whole ledger), ± 95%; the tenth is chosen at its end, so its "
        "share of the past flatters it. Simulated: median (p05 to p95) over the run",
        (
            "Scenario",
            "Repeat rate, 365 days",
            "Cross-sell, orders",
            "Best tenth of today's customers",
            "Revenue by who had ordered before",
        ),
        rows,
    )


def _contribution(source: Source) -> Block:
    """CM3 over spend and capital by market and sales channel."""
    markets = source.keys("customers", "market")
    channels = source.keys("customers", "sales_channel")
    rows: list[list[str | Cell]] = []
    for m, market in enumerate(markets):
        for c, channel in enumerate(channels):
            values = np.stack(
                [
                    source.of_base(f"customers/{name}")[:, m, c]
                    for name in ("cm3_per_spend", "cm3_per_capital")
                ],
                axis=1,
            )
            rows.append(
                [
                    source.label("market", market),
                    source.label("sales_channel", channel),
                    *_spread(values, "x", source),
                ]
            )
    return table(
        f"CM3 per unit of spend and per unit of peak working capital, base, {source.period}: median (p05 to "
        "p95), times over the run, by market and sales channel (the finest split whose CM3 a trial knows: "
        "not by category). The company's peak is shared out by cost of goods sold; no spend: no figure",
        ("Market", "Sales channel", "CM3 per unit of spend", "CM3 per unit of peak working capital"),
        rows,
        text_columns=2,
    )


def _by_scenario(source: Source, names: tuple[str, ...]) -> Block:
    """Company figures of the registry by scenario."""
    summary = source.summary
    rows: list[list[str | Cell]] = []
    for scenario in source.scenarios:
        row: list[str | Cell] = [scenario]
        for name in names:
            figure = summary.figures[scenario, name]
            row.append(
                NONE
                if figure.estimates is None
                else Cell(
                    amount(figure.estimates["p50"], figure.metric.unit, source.money),
                    "",
                    (
                        " to ".join(
                            bare(figure.estimates[level].value, figure.metric.unit, source.money)
                            for level in ("p05", "p95")
                        ),
                    ),
                )
            )
        rows.append(row)
    labels = [summary.figures[BASE, name].metric.label for name in names]
    return table(
        f"Company, by scenario, {source.period}: median ± half-width of its 95% interval, p05 to p95 below; "
        "dmROI and ROMI of the run's own spend",
        ("Scenario", *labels),
        rows,
        dense=True,
    )


def _conversion(source: Source) -> Block:
    if all(source.summary.figures[BASE, name].estimates is None for name in CONVERSION):
        return Missing(
            "Conversion: lead rate, lead to order, order conversion",
            "not given: the plan's spend tables hold no visitors and leads",
        )
    return _by_scenario(source, CONVERSION)
