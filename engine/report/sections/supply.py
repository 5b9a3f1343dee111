"""Supply and stock metrics: service, lead times and customs as simulated, stock health, shocks, playbooks."""

from __future__ import annotations

from engine.finance.supply_kpis import FAILURE_POINTS, LAST_MILE_VARIATION, RECOVERED_DAYS
from engine.report.content import Block, Cell, Heading, Missing, Text, table
from engine.report.formats import MISSING, Money, amount, bare, unit_text
from engine.report.reading import Source
from engine.report.supply_figures import SupplyTable, supply_tables
from engine.risk.errors import Estimate


def supply(source: Source) -> list[Block]:
    """Blocks on supply and stock; what an older run does not hold is said."""
    blocks: list[Block] = [Heading("Service, supply and stock as simulated")]
    if not source.has("service/orders_shipped"):
        return [*blocks, Missing("Supply metrics", "this run was made before they were measured: run again")]
    blocks.append(
        Text(
            "Delivered within 48 hours and beyond SLA are outcomes: whole days an order waited for stock "
            "plus the last mile, a gamma law with the market's mean and a coefficient of variation of "
            f"{LAST_MILE_VARIATION:g} (an assumption; no plan says it). Coverage is capability. Lead times "
            "count open orders as censored; late is later than the lane's median promise in the log. "
            "Supply fails on the first day on which demand lost in a week or waiting exceeds base's, in the "
            f"same trial, by {100 * FAILURE_POINTS:g} points of the demand behind what is held up; it has "
            f"recovered when it is back for {RECOVERED_DAYS} days. Days run from the shock's start."
        )
    )
    return [*blocks, *(_block(source, each) for each in supply_tables(source))]


def _block(source: Source, each: SupplyTable) -> Block:
    rows: list[list[str | Cell]] = [
        [
            *keys,
            *(
                _cell(figure, unit, source.money)
                for figure, (_, unit) in zip(cells, each.columns, strict=True)
            ),
        ]
        for keys, cells in each.rows
    ]
    titles = [
        title if unit == "share" else f"{title}, {_unit(unit, source.money)}" for title, unit in each.columns
    ]
    return table(
        f"{each.title}; ± half-width of the 95% interval",
        (*each.keys, *(title.removesuffix(", number") for title in titles)),
        rows,
        text_columns=len(each.keys),
    )


def _unit(unit: str, money: Money) -> str:
    return {"count": "number", "currency per order": money.currency}.get(unit, unit_text(unit, money))


def _cell(figure: Estimate | None, unit: str, money: Money) -> str:
    if figure is None:
        return MISSING
    unit = "count" if unit == "hours" else unit
    return bare(figure.value, unit, money) if figure.sections == 0 else amount(figure, unit, money)
