"""The profit and loss account: fans by quarter, the ladder with all its lines, rungs by year."""

from __future__ import annotations

import math

import numpy as np

from engine.finance.lines import LINES, RUNGS
from engine.report.charts_time import fan
from engine.report.content import Block, Cell, Heading, Key, Missing, Picture, Pictures, Section, Text, table
from engine.report.drawing import ACTUAL, GOOD
from engine.report.formats import amount, number, percent
from engine.report.reading import Source, folded, month_name, quarter_name
from engine.report.statistics import quantile_estimates, sorted_quantiles
from engine.report.waterfall import line_title
from models.calendar import MONTHS_IN_QUARTER

FANS = (("net_revenue", "Net revenue"), ("cm2", "CM2"), ("ebitda", "EBITDA"))
BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = (0.05, 0.5, 0.95)
QUARTERS_OF_PAST = 8


def ladder(source: Source) -> Section:
    """The section on profit and loss."""
    blocks: list[Block] = [
        Text(
            "Base. The dashed line is the median of the forecast, the bands hold 50% and 90% of the "
            "trials; what is solid is actual. Quantiles of quarters do not add up to those of a year."
        ),
        Pictures(tuple(fan_picture(source, name, label) for name, label in FANS)),
        Heading("Margin ladder, means under base"),
        _ladder(source),
        Heading("Rungs by year"),
        _years(source),
        Heading("Net revenue by market"),
        *_markets(source),
        Missing(
            "Actual CM2 and EBITDA",
            "the plan folder of this release holds no ledger of past costs; net sales come from the orders",
        ),
    ]
    return Section("pnl", "Profit and loss", tuple(blocks))


def past_quarters(source: Source) -> list[tuple[str, dict[str, float]]]:
    """Names and net sales by market of whole past quarters, counted back from the forecast; oldest first."""
    months, by_market = source.history()
    whole = len(months) // MONTHS_IN_QUARTER
    start = len(months) - MONTHS_IN_QUARTER * whole
    out = []
    for k in range(start, len(months), MONTHS_IN_QUARTER):
        sums = {market: math.fsum(values[k : k + MONTHS_IN_QUARTER]) for market, values in by_market.items()}
        out.append((quarter_name(np.datetime64(months[k], "M")), sums))
    return out[-QUARTERS_OF_PAST:]


def fan_picture(source: Source, name: str, label: str) -> Picture:
    """Fan of one rung by quarter under base, the actual quarters before it where they are known."""
    money = source.money
    values = source.rung_quarters[name] / money.divisor
    bands = sorted_quantiles(np.sort(values, axis=0), BANDS)
    actual = []
    if name == "net_revenue":
        actual = [
            (quarter, math.fsum(sums.values()) / money.divisor) for quarter, sums in past_quarters(source)
        ]
    levels = quantile_estimates(values * money.divisor, SHOWN)
    title = f"{label} by quarter, {money.unit}, base"
    rows: list[list[str | Cell]] = [
        [f"{quarter} actual", number(value, money.digits), "", ""] for quarter, value in actual
    ]
    rows += [
        [quarter, *(amount(levels[k][position], "currency", money) for k in (1, 0, 2))]
        for position, quarter in enumerate(source.quarters)
    ]
    return Picture(
        title,
        fan(source.quarters, bands, f"{title}, p05 to p95", actual=actual),
        table(f"{title}, ± half-width of the 95% interval", ("Quarter", "p50", "p05", "p95"), rows),
        legend=(*((Key("actual", ACTUAL),) if actual else ()), Key("forecast: median", GOOD, "6 3")),
    )


def _ladder(source: Source) -> Block:
    money, quarters = source.money, source.line_quarters
    rows: list[list[str | Cell]] = []
    strong, reached = [], np.zeros(len(source.quarters))
    revenue = sum(quarters[line.name] for line in LINES if line.rung == "net_revenue")
    total = float(np.sum(revenue))
    for rung in RUNGS:
        for line in LINES:
            if line.rung == rung:
                reached = reached + quarters[line.name]
                rows.append(_ladder_row(source, f"  {line_title(line.name)}", quarters[line.name], total))
        strong.append(len(rows))
        rows.append(_ladder_row(source, line_title(rung), reached, total))
    heads = [*source.quarters, *(name for name, _ in source.years), "Horizon", "% of revenue"]
    return table(
        f"Means over the trials under base (means add up, quantiles do not), {money.unit}; costs are "
        "negative",
        ("Line", *heads),
        rows,
        strong=strong,
        dense=True,
    )


def _ladder_row(source: Source, name: str, values: np.ndarray, revenue: float) -> list[str | Cell]:
    total = float(values.sum())
    years = [float(values[list(quarters)].sum()) for _, quarters in source.years]
    share = percent(total / revenue) if revenue else "n/a"
    return [name, *(source.money(float(value)) for value in (*values, *years, total)), share]


def _years(source: Source) -> Block:
    rows: list[list[str | Cell]] = []
    spans = [*source.years]
    if len(spans) > 1:
        spans.append(("Horizon", range(len(source.quarters))))
    for rung in RUNGS:
        for name, quarters in spans:
            values = source.rung_quarters[rung][:, list(quarters)].sum(axis=1)[:, None]
            levels = quantile_estimates(values, SHOWN)
            first, last = quarters[0] * MONTHS_IN_QUARTER, quarters[-1] * MONTHS_IN_QUARTER + 2
            period = f"{month_name(source.months[first])} to {month_name(source.months[last])}"
            rows.append(
                [
                    line_title(rung),
                    f"{name}: {period}",
                    *(amount(each[0], "currency", source.money) for each in levels),
                ]
            )
    return table(
        f"Base, {source.money.unit}, ± half-width of the 95% interval",
        ("Rung", "Period", "p05", "p50", "p95"),
        rows,
        text_columns=2,
    )


def _markets(source: Source) -> list[Block]:
    """Next twelve months of every market against its last twelve, and fans of the largest."""
    names = source.keys("market", "market")
    sales, money = source.base_sales, source.money
    months = min(12, sales.shape[1])
    ahead = sales[:, :months].sum(axis=1)
    past_months, past = source.history()
    comparable = len(past_months) >= 12 and months == 12
    levels = quantile_estimates(ahead, SHOWN)
    rows: list[list[str | Cell]] = []
    for k, name in enumerate(names):
        last = math.fsum(past[name][-12:]) if comparable and name in past else math.nan
        ratio = levels[1][k].value / last if levels[1][k] is not None and last > 0.0 else math.nan  # type: ignore[union-attr]
        rows.append(
            [
                source.label("market", name),
                money(last),
                *(amount(levels[level][k], "currency", money) for level in range(3)),
                number(ratio, 2),
            ]
        )
    caption = (
        f"Net revenue of the next {months} months under base and net sales of the last 12, {money.unit}; "
        "actual counts orders less refunds on the day of order, the forecast what is shipped and returned"
    )
    compared = table(caption, ("Market", "Last 12 months", "p05", "p50", "p95", "p50 / last 12"), rows)
    quarterly = sales.reshape(len(sales), -1, MONTHS_IN_QUARTER, len(names)).sum(axis=2)
    members, values = folded(tuple(names), quarterly)
    before = past_quarters(source)
    pictures = []
    for k, name in enumerate(members):
        label = source.label("market", name)
        bands = sorted_quantiles(np.sort(values[:, :, k] / money.divisor, axis=0), BANDS)
        others = [] if name in names else [key for key in names if key not in members]
        actual = [
            (quarter, math.fsum(sums.get(key, 0.0) for key in others or [name]) / money.divisor)
            for quarter, sums in before
        ]
        title = f"{label}: net revenue by quarter, {money.unit}, base"
        found = quantile_estimates(values[:, :, k], SHOWN)
        pictures.append(
            Picture(
                title,
                fan(source.quarters, bands, f"{title}, p05 to p95", actual=actual),
                table(
                    title,
                    ("Quarter", "p50", "p05", "p95"),
                    [
                        *(
                            [f"{quarter} actual", number(value, money.digits), "", ""]
                            for quarter, value in actual
                        ),
                        *(
                            [quarter, *(amount(found[level][at], "currency", money) for level in (1, 0, 2))]
                            for at, quarter in enumerate(source.quarters)
                        ),
                    ],
                ),
            )
        )
    blocks: list[Block] = [compared, Pictures(tuple(pictures))]
    if not comparable:
        reason = (
            "the manifest holds fewer than 12 past months"
            if months == 12
            else "the horizon is shorter than a year"
        )
        blocks.append(Missing("Next 12 months against the last 12", reason))
    return blocks
