"""Cohorts of customers won: when they have paid for themselves, what each quarter's cost and brought."""

from __future__ import annotations

import math

import numpy as np

from engine.finance.channel_economics import joint_curve
from engine.finance.unit_economics import discount_factors
from engine.report.channels import ALL, Channels
from engine.report.charts_time import lines
from engine.report.content import Block, Cell, Key, Picture, table
from engine.report.drawing import SERIES
from engine.report.formats import NONE, number, percent, signed
from engine.report.reading import Source
from engine.report.statistics import quantile_estimates
from engine.report.summary import BASE
from engine.risk.errors import Estimate
from models.arrays import FloatArray


def payback_curve(source: Source, channels: Channels) -> Block:
    """Cumulative discounted CM2 of a customer less its cost, base and the scenario that lowers it most."""
    known = [
        (change.value, name)
        for name in source.shocks
        if (change := channels.company(name).change) is not None and change.value < 0.0
    ]
    chosen = [BASE, *([min(known)[1]] if known else [])]
    paths = {name: _path(source, name, channels.rate) for name in chosen}
    ages = [str(age + 1) for age in range(channels.months)]
    levels = {name: quantile_estimates(path, (0.05, 0.5, 0.95)) for name, path in paths.items()}
    shown = {
        name: [np.array([math.nan if e is None else e.value for e in level]) for level in each]
        for name, each in levels.items()
    }
    title = (
        f"Cumulative discounted CM2 of a customer won less its CAC, {source.summary.currency}, by months "
        f"since acquisition, all channels, {source.period}"
    )
    legend = [Key(f"{BASE}: median, with p05 to p95", SERIES[0])]
    legend += [Key(f"{name}: median", SERIES[1], "6 3") for name in chosen[1:]]
    return Picture(
        title,
        lines(
            ages,
            {name: each[1] for name, each in shown.items()},
            title,
            band=(shown[BASE][0], shown[BASE][2]),
        ),
        table(
            f"{title}; ± half-width of the 95% interval",
            ("Month", *(f"{name}, {level}" for name in chosen for level in ("p05", "p50", "p95"))),
            [
                [age, *(_amount(levels[name][k][at]) for name in chosen for k in range(3))]
                for at, age in enumerate(ages)
            ],
        ),
        legend=tuple(legend),
    )


def _amount(each: Estimate | None) -> str:
    if each is None:
        return NONE
    return f"{number(each.value)} ± {number(each.half_width, 1) if each.available else 'n/a'}"


def _path(source: Source, scenario: str, rate: float) -> FloatArray:
    """Cumulative discounted CM2 per customer less CAC, (trial, age)."""
    at = source.scenarios.index(scenario)
    won = source.values("acquisition/new_customers")[at].sum(axis=1)
    spend = source.values("acquisition/spend")[at].sum(axis=(1, 2, 3))
    curve = joint_curve(source.values("customers/cm2_by_age")[at], won)
    factor = discount_factors(curve.shape[1], rate)
    customers = won.sum(axis=(1, 2))
    cost = np.divide(spend, customers, out=np.full(len(spend), math.nan), where=customers > 0.0)
    return np.asarray(np.cumsum(curve * factor, axis=1) - cost[:, None])


def cohorts(source: Source) -> Block:
    """Quarterly cohorts: cost, value over the first year, lift against the first cohort."""
    at = source.base
    won = _by_quarter(source.values("acquisition/new_customers")[at])
    spend = _by_quarter(source.values("acquisition/spend")[at])
    value = source.values("customers/cohort_ltv")[at]
    names = [*source.keys("customers", "acquisition_channel"), ALL]
    rows: list[list[str | Cell]] = []
    for c, channel in enumerate(names):
        segments = slice(None) if channel == ALL else slice(c, c + 1)
        parts = [each[..., segments].reshape(*each.shape[:2], -1) for each in (won, spend, value)]
        count, cost = parts[0].sum(axis=2), parts[1].sum(axis=2)
        brought = np.where(parts[0] > 0.0, parts[2] * parts[0], 0.0).sum(axis=2)
        rows += _cohort_rows(source, channel, count, cost, brought)
    return table(
        f"Base by quarter of acquisition, all markets, {source.summary.currency} a customer: CAC, and CM2 of "
        "the first 12 months, discounted, for the cohorts whose first year lies within the run; median (p05 "
        "to p95). Lift: the median of the value over that of the first cohort, same trials. Flag: the "
        "cohort's spend exceeds its CM2 of the year",
        ("Channel", "Cohort", "Customers won", "CAC", "LTV, 12 months", "Lift", "P(spend > CM2)", "Flag"),
        rows,
        text_columns=2,
    )


def _by_quarter(monthly: FloatArray) -> FloatArray:
    return monthly.reshape(len(monthly), -1, 3, *monthly.shape[2:]).sum(axis=2)


def _cohort_rows(
    source: Source, channel: str, count: FloatArray, cost: FloatArray, brought: FloatArray
) -> list[list[str | Cell]]:
    label = "all channels" if channel == ALL else source.label("acquisition_channel", channel)
    rows: list[list[str | Cell]] = []
    each = [
        np.divide(part, count, out=np.full(count.shape, math.nan), where=count > 0.0)
        for part in (cost, brought)
    ]
    levels = [quantile_estimates(values, (0.05, 0.5, 0.95)) for values in each]
    with np.errstate(invalid="ignore", divide="ignore"):
        lift = quantile_estimates(each[1] / each[1][:, :1] - 1.0, (0.5,))[0]
    complete = [k for k, each in enumerate(levels[1][1]) if each is not None]
    for k, quarter in enumerate(source.quarters):
        known = levels[1][1][k]
        if known is None and complete and channel != ALL:
            continue
        above = float(np.mean(cost[:, k] > brought[:, k])) if known is not None else math.nan
        texts = []
        for level in levels:
            low, mid, high = (part[k] for part in level)
            texts.append(
                "year not over in the run"
                if low is None or mid is None or high is None
                else f"{number(mid.value)} ({number(low.value)} to {number(high.value)})"
            )
        change = lift[k]
        rows.append(
            [
                label,
                quarter,
                number(float(count[:, k].mean())),
                *texts,
                NONE if k == 0 or change is None else f"{signed(100.0 * change.value, 1)}%",
                NONE if math.isnan(above) else percent(above, 0),
                Cell("spend exceeds CM2", "alarm") if above > 0.5 else "",
            ]
        )
    return rows
