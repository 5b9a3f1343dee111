"""Cash: the daily fan with its trough, thirteen weeks, the trough by scenario, the cash conversion cycle."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from engine.finance.metrics import METRIC_OF
from engine.finance.statements import FLOWS
from engine.report.charts_time import columns, daily_fan, lines
from engine.report.content import Block, Cell, Heading, Key, Missing, Picture, Pictures, Section, Text, table
from engine.report.drawing import BAD, DASHES, GOOD, INK, SERIES
from engine.report.formats import NONE, amount, bare, percent, probability
from engine.report.reading import Source, day_name, month_name
from engine.report.sections.judgement import judge
from engine.report.statistics import mean_estimates, quantile_estimates, sorted_quantiles
from engine.report.summary import BASE, limits_of
from engine.risk.errors import estimate
from models.arrays import FloatArray

BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = (0.05, 0.5, 0.95)
WEEK, WEEKS = 7, 13
CYCLE = (
    ("cash_conversion_cycle", "CCC"),
    ("days_inventory", "DIO: stock"),
    ("days_receivables", "DSO: receivables"),
    ("days_payables", "DPO: payables"),
)


def liquidity(source: Source) -> Section:
    """The section on cash."""
    blocks: list[Block] = [cash_picture(source), Heading("The trough"), *_troughs(source)]
    blocks += [Heading("Thirteen weeks"), *_weeks(source)]
    blocks += [Heading("Cash conversion cycle"), *_cycle(source)]
    return Section("cash", "Cash", tuple(blocks))


def cash_picture(source: Source) -> Picture:
    """Daily fan of cash under base, with its trough and the worst scenario."""
    money, days = source.money, source.days
    ordered = np.sort(source.net_cash[source.base], axis=0) / money.divisor
    bands = sorted_quantiles(ordered, BANDS)
    worst = judge(source, METRIC_OF["minimum_cash"]).worst
    other = None
    if worst:
        theirs = np.sort(source.net_cash[source.scenarios.index(worst)], axis=0) / money.divisor
        other = sorted_quantiles(theirs, (0.5, 0.05))
    limit = None if source.credit_limit is None else -source.credit_limit / money.divisor
    sizes, on = (part[source.base] for part in source.troughs)
    trough = int(np.quantile(on, 0.5, method="lower")), float(np.median(sizes)) / money.divisor
    following = days + np.timedelta64(1, "D")
    ends = np.flatnonzero(following.astype("datetime64[M]") != days.astype("datetime64[M]"))
    levels = quantile_estimates(source.net_cash[source.base][:, ends], SHOWN)
    title = f"Cash less drawn credit, end of day, {money.unit}, {source.period}"
    draw = partial(
        daily_fan,
        days,
        bands,
        f"{title}: base{f', and {worst}' if worst else ''}",
        other=other,
        limit=limit,
        trough=trough,
    )
    legend = [
        Key("base: median, 50% and 90% of the trials", GOOD),
        Key("+: median day and size of base's trough", INK),
    ]
    if worst:
        legend += [Key(f"{worst}: median", BAD, "6 3"), Key(f"{worst}: p05", BAD, "2 2")]
    return Picture(
        title,
        draw(),
        table(
            f"{title}: base at month ends, ± half-width of the 95% interval",
            ("Day", "p05", "p50", "p95"),
            [
                [day_name(days[end]), *(amount(levels[k][row], "currency", money) for k in range(3))]
                for row, end in enumerate(ends)
            ],
        ),
        narrow=draw(wide=False),
        legend=tuple(legend),
    )


def _troughs(source: Source) -> list[Block]:
    money, days = source.money, source.days
    sizes, on = source.troughs
    rows: list[list[str | Cell]] = []
    for k, name in enumerate(source.scenarios):
        levels = quantile_estimates(sizes[k][:, None], SHOWN)
        dates = [day_name(days[int(d)]) for d in np.quantile(on[k], SHOWN, method="nearest")]
        below = source.net_cash[k] < 0.0
        ever = below.any(axis=1)
        first = (
            day_name(days[int(np.quantile(below.argmax(axis=1)[ever], 0.5, method="nearest"))])
            if ever.any()
            else NONE
        )
        length = mean_estimates(below.sum(axis=1).astype(np.float64)[:, None])[0]
        unfunded = source.summary.figures[name, "unfunded_peak"]
        beyond = estimate(source.values("horizon/unfunded_peak")[k], _positive)
        peak = unfunded.estimates["p95"] if unfunded.estimates is not None else None
        rows.append(
            [
                name,
                *(amount(each[0], "currency", money) for each in levels),
                f"{dates[1]} ({dates[0]} to {dates[2]})",
                probability(source.below_zero(name), source.trials),
                first,
                amount(length, "days", money),
                probability(beyond, source.trials),
                amount(peak, "currency", money),
            ]
        )
    limit = (
        "not in the manifest" if source.credit_limit is None else f"{money(source.credit_limit)} {money.unit}"
    )
    blocks: list[Block] = [
        table(
            f"Lowest cash less drawn credit, {money.unit}; credit line: {limit}; day: median (p05 to p95)",
            (
                "Scenario",
                "p05",
                "p50",
                "p95",
                "Day of the trough",
                "P(cash < 0)",
                "First day below 0, median",
                "Mean days below 0",
                "P(beyond the credit line)",
                "Unfunded peak p95",
            ),
            rows,
            stacked=True,
            dense=True,
        )
    ]
    pictures = [_trough_months(source, BASE)]
    worst = judge(source, METRIC_OF["minimum_cash"]).worst
    if worst:
        pictures.append(_trough_months(source, worst))
    blocks.append(Pictures(tuple(pictures)))
    if source.credit_limit is None:
        blocks.append(
            Missing("Credit limit on the chart", "the manifest of this run does not hold the terms")
        )
    return blocks


def _trough_months(source: Source, scenario: str) -> Picture:
    on = source.days[source.troughs[1][source.scenarios.index(scenario)]].astype("datetime64[M]")
    sizes = source.troughs[0][source.scenarios.index(scenario)]
    shares = [float(np.mean(on == month)) for month in source.months]
    title = f"Month of the lowest cash, share of trials, {scenario}"
    rows: list[list[str | Cell]] = []
    for month, share in zip(source.months, shares, strict=True):
        hit = estimate((on == month).astype(np.float64), _mean)
        if share > 0.0:
            rows.append(
                [month_name(month), probability(hit), source.money(float(np.median(sizes[on == month])))]
            )
    return Picture(
        title,
        columns([month_name(month) for month in source.months], shares, title, percent=True),
        table(
            f"{title}; size in {source.money.unit}", ("Month", "Share of trials", "Median size then"), rows
        ),
    )


def _weeks(source: Source) -> list[Block]:
    money, cash, days = source.money, source.net_cash[source.base], source.days
    starts = [k * WEEK for k in range(WEEKS) if k * WEEK < len(days)]
    ends = [min(start + WEEK, len(days)) - 1 for start in starts]
    closing = cash[:, ends]
    levels, means = quantile_estimates(closing, SHOWN), mean_estimates(closing)
    opening = (source.terms.get("opening_balance") or {}).get("cash")
    drawn = (source.terms.get("opening_balance") or {}).get("credit_line", 0.0)
    before = math.nan if opening is None else float(opening) - float(drawn)
    rows: list[list[str | Cell]] = []
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        mean = means[k].value if means[k] is not None else math.nan  # type: ignore[union-attr]
        below = estimate(cash[:, start : end + 1].min(axis=1), _negative)
        room = (
            math.nan
            if source.credit_limit is None
            else float(np.quantile(closing[:, k], 0.05)) + source.credit_limit
        )
        rows.append(
            [
                f"{k + 1}",
                f"{day_name(days[start])} to {day_name(days[end])}",
                money(before),
                money.signed(mean - before),
                amount(means[k], "currency", money),
                *(amount(levels[level][k], "currency", money) for level in range(3)),
                probability(below, source.trials),
                money(room),
            ]
        )
        before = mean
    return [
        table(
            f"Cash less drawn credit under base, {money.unit}; opening and movement are means",
            (
                "Week",
                "Days",
                "Opening",
                "Net movement",
                "Closing, mean",
                "p05",
                "p50",
                "p95",
                "P(below 0 in the week)",
                "p05 and undrawn line",
            ),
            rows,
            text_columns=2,
            dense=True,
        ),
        Missing(
            "Receipts and payments by week", "the cube holds cash by day in total and its flows by month"
        ),
        _flows(source),
    ]


def _flows(source: Source) -> Block:
    count = min(6, len(source.months))
    rows: list[list[str | Cell]] = []
    total = np.zeros(count)
    for name in FLOWS:
        mean = source.of_base(f"month/cash_flow_{name}").mean(axis=0)[:count]
        total = total + mean
        rows.append([name.capitalize(), *(source.money(float(v)) for v in mean)])
    rows.append(["Change of cash", *(source.money(float(v)) for v in total)])
    return table(
        f"Cash flow by kind, mean under base, {source.money.unit}",
        ("Flow", *(month_name(month) for month in source.months[:count])),
        rows,
        strong=(len(rows) - 1,),
    )


def _cycle(source: Source) -> list[Block]:
    values = {name: source.of_base(f"quarter/{name}") for name, _ in CYCLE}
    labels = dict(CYCLE)
    if not any(np.isfinite(each).any() for each in values.values()):
        return [Missing("Cash conversion cycle", "no sales or cost of sales in any quarter: not defined")]
    levels = {name: quantile_estimates(each, SHOWN) for name, each in values.items()}
    medians = {
        labels[name]: np.array([math.nan if e is None else e.value for e in found[1]])
        for name, found in levels.items()
    }
    band = tuple(
        np.array([math.nan if e is None else e.value for e in levels["cash_conversion_cycle"][k]])
        for k in (0, 2)
    )
    _, limit = limits_of(METRIC_OF["cash_conversion_cycle"], source.record["policy"])
    title = f"Cash conversion cycle and its parts by quarter, days, base, {source.period}"
    rows: list[list[str | Cell]] = []
    for position, quarter in enumerate(source.quarters):
        cells = [amount(levels[name][1][position], "days", source.money) for name, _ in CYCLE]
        cycle = levels["cash_conversion_cycle"]
        spread = [
            bare(e.value, "days", source.money) if e is not None else "n/a"
            for e in (cycle[0][position], cycle[2][position])
        ]
        over = _over(values["cash_conversion_cycle"][:, position], limit)
        rows.append([quarter, *cells, f"{spread[0]} to {spread[1]}", over])
    by_scenario: list[list[str | Cell]] = [
        [
            name,
            *(
                amount(each.estimates[level], "days", source.money)
                if each.estimates is not None
                else "not defined"
                for level in ("p05", "p50", "p95")
            ),
            probability(each.breach, source.trials) or NONE,
        ]
        for name in source.scenarios
        for each in [source.summary.figures[name, "cash_conversion_cycle"]]
    ]
    return [
        Text(
            "DIO + DSO - DPO with averages of opening and closing balances, days and flows of the "
            "quarter. Receivables hold payouts not received yet; deposits are prepayments and in none of "
            "the three. The parts are medians of their own and need not add up to the median of the cycle."
        ),
        Pictures(
            (
                Picture(
                    title,
                    lines(source.quarters, medians, title, limit=limit, band=(band[0], band[1])),
                    table(
                        title + ": medians, ± half-width of the 95% interval",
                        ("Quarter", *(label for _, label in CYCLE), "CCC p05 to p95", "P(above threshold)"),
                        rows,
                    ),
                    legend=tuple(
                        Key(label if k else f"{label}, with p05 to p95", SERIES[k], DASHES[k])
                        for k, (_, label) in enumerate(CYCLE)
                    ),
                ),
            )
        ),
        table(
            "Mean over the quarters by scenario, days",
            ("Scenario", "p05", "p50", "p95", "P(breach)"),
            by_scenario,
        ),
        Missing(
            "Cash-weighted cycle", "needs dated cash events of each purchase; not in the cube of this release"
        ),
    ]


def _over(values: FloatArray, limit: float | None) -> str:
    if limit is None:
        return NONE
    known = values[np.isfinite(values)]
    return percent(float(np.mean(known > limit))) if len(known) else "n/a"


def _positive(values: FloatArray) -> float:
    return float(np.count_nonzero(values > 0.0) / len(values))


def _negative(values: FloatArray) -> float:
    return float(np.count_nonzero(values < 0.0) / len(values))


def _mean(values: FloatArray) -> float:
    return float(np.sum(values) / len(values))
