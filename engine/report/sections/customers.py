"""Customers: orders, customers won, spend and what a customer costs; how the customer models were fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

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
from engine.report.formats import number, percent
from engine.report.reading import Source, folded
from engine.report.statistics import mean_estimates, quantile_estimates
from engine.risk.errors import Estimate
from models.arrays import FloatArray
from models.calendar import MONTHS_IN_QUARTER


def customers(source: Source) -> Section:
    """The section on customers."""
    blocks: list[Block] = [Heading("Orders, customers won, spend; base"), *_figures(source)]
    blocks += [Heading("How the customer models were fitted"), *_fits(source)]
    return Section("customers", "Customers", tuple(blocks))


def _figures(source: Source) -> list[Block]:
    names = source.keys("market", "market")
    orders = source.of_base("market/orders")
    pictures = [
        _by_market(source, "Orders placed by quarter, count, mean", _quarters(orders), names),
    ]
    channels = source.keys("acquisition", "acquisition_channel")
    if not channels:
        return [
            Pictures(tuple(pictures)),
            Missing("Customers won and CAC", "the plan has no acquisition channel"),
        ]
    won = source.of_base("acquisition/new_customers")
    spend = source.of_base("acquisition/spend")
    pictures.append(
        _by_market(source, "Customers won by quarter, count, mean", _quarters(won.sum(axis=3)), names)
    )
    pictures.append(_cost_by_quarter(source, won, spend))
    return [Pictures(tuple(pictures)), _cost_table(source, won, spend), *_cost_by_scenario(source)]


def _quarters(monthly: FloatArray) -> FloatArray:
    return monthly.reshape(len(monthly), -1, MONTHS_IN_QUARTER, monthly.shape[2]).sum(axis=2)


def _by_market(source: Source, what: str, values: FloatArray, names: tuple[str, ...]) -> Picture:
    members, kept = folded(tuple(source.label("market", name) for name in names), values)
    means = mean_estimates(kept.reshape(len(kept), -1))
    title = f"{what}, base, {source.period}"
    width = len(members)
    return Picture(
        title,
        lines(
            source.quarters,
            {f"{k} {name}": kept[:, :, k].mean(axis=0) for k, name in enumerate(members)},
            title,
        ),
        table(
            title + ", ± half-width of the 95% interval",
            ("Quarter", *members),
            [
                [quarter, *(_count(means[at * width + k]) for k in range(width))]
                for at, quarter in enumerate(source.quarters)
            ],
        ),
        legend=legend_of(members),
    )


def _count(each: Estimate | None, digits: int = 0) -> str:
    if each is None:
        return "not defined"
    return f"{number(each.value, digits)} ± {number(each.half_width, digits) if each.available else 'n/a'}"


def _cost(spend: FloatArray, won: FloatArray) -> FloatArray:
    """Spend per customer won, NaN where none was won."""
    return np.divide(spend, won, out=np.full(np.broadcast(spend, won).shape, np.nan), where=won > 0.0)


def _cost_by_quarter(source: Source, won: FloatArray, spend: FloatArray) -> Picture:
    per_quarter = [
        each.sum(axis=(2, 3)).reshape(len(each), -1, MONTHS_IN_QUARTER).sum(axis=2) for each in (spend, won)
    ]
    cost = _cost(*per_quarter)
    levels = quantile_estimates(cost, (0.05, 0.5, 0.95))
    curves = [np.array([math.nan if e is None else e.value for e in level]) for level in levels]
    title = f"Blended CAC by quarter, {source.summary.currency} a customer, base, {source.period}"
    return Picture(
        title,
        lines(source.quarters, {"median": curves[1]}, title, band=(curves[0], curves[2])),
        table(
            title + ", ± half-width of the 95% interval",
            ("Quarter", "p05", "p50", "p95"),
            [
                [quarter, *(_count(levels[k][at], 2) for k in range(3))]
                for at, quarter in enumerate(source.quarters)
            ],
        ),
        legend=(Key("median, with p05 to p95", SERIES[0]),),
    )


def _cost_table(source: Source, won: FloatArray, spend: FloatArray) -> Block:
    rows: list[list[str | Cell]] = []
    markets, channels = source.keys("market", "market"), source.keys("acquisition", "acquisition_channel")
    total_won, total_spend = won.sum(axis=1), spend.sum(axis=1)
    for m, market in enumerate(markets):
        for c, channel in enumerate(channels):
            rows.append(
                _cost_row(
                    source,
                    (source.label("market", market), source.label("acquisition_channel", channel)),
                    total_won[:, m, c],
                    total_spend[:, m, c],
                )
            )
    rows.append(
        _cost_row(source, ("all", "all (blended)"), total_won.sum(axis=(1, 2)), total_spend.sum(axis=(1, 2)))
    )
    return table(
        f"Customers won, acquisition spend ({source.money.unit}) and CAC ({source.summary.currency} a "
        "customer) over the horizon, base: spend of the plan's acquisition channels over customers won in "
        "them; ± half-width of the 95% interval",
        ("Market", "Channel", "Customers won, mean", "Spend, mean", "CAC p05", "CAC p50", "CAC p95"),
        rows,
        text_columns=2,
        strong=(len(rows) - 1,),
    )


def _cost_row(source: Source, names: tuple[str, str], won: FloatArray, spend: FloatArray) -> list[str | Cell]:
    means = mean_estimates(np.stack([won, spend / source.money.divisor], axis=1))
    levels = quantile_estimates(_cost(spend, won)[:, None], (0.05, 0.5, 0.95))
    return [
        *names,
        _count(means[0]),
        _count(means[1], source.money.digits),
        *(_count(level[0], 2) for level in levels),
    ]


def _cost_by_scenario(source: Source) -> list[Block]:
    won = source.values("acquisition/new_customers").sum(axis=(2, 3, 4))
    spend = source.values("acquisition/spend").sum(axis=(2, 3, 4))
    rows: list[list[str | Cell]] = []
    for k, name in enumerate(source.scenarios):
        means = mean_estimates(np.stack([won[k], spend[k] / source.money.divisor], axis=1))
        level = quantile_estimates(_cost(spend[k], won[k])[:, None], (0.5,))[0][0]
        rows.append([name, _count(means[0]), _count(means[1], source.money.digits), _count(level, 2)])
    return [
        table(
            f"By scenario over the horizon; spend in {source.money.unit}",
            ("Scenario", "Customers won, mean", "Spend, mean", f"Blended CAC p50, {source.summary.currency}"),
            rows,
        )
    ]


def _fits(source: Source) -> list[Block]:
    demand = (source.record.get("calibration_diagnostics") or {}).get("demand")
    if not demand:
        return [
            Missing("Fits of the customer models", "the manifest of this run holds no diagnostics of them")
        ]
    blocks: list[Block] = [
        Text(
            "Orders of known customers follow BG/NBD with parameter uncertainty, thin segments pooled; the "
            "challenger is the same model fitted by another program. BG/NBD gives P(alive) = 1 to "
            "one-time buyers."
        ),
        _bgnbd(demand.get("customers") or {}),
        _acquisition(demand.get("acquisition") or {}),
        _elasticity(demand.get("elasticity") or {}),
        _residual(demand.get("residual") or {}),
    ]
    return blocks


def _bgnbd(fits: Mapping[str, Any]) -> Block:
    rows: list[list[str | Cell]] = []
    for segment, fit in sorted(fits.items()):
        challenger, errors = fit.get("challenger"), fit.get("log_standard_error") or {}
        compared = "none"
        if challenger is not None:
            compared = (
                f"{challenger['package']}: log-likelihood {number(challenger['loglik'], 1)}; expected "
                f"orders {percent(challenger['expected_orders_difference'], 2)} apart in "
                f"{number(challenger['days'])} days"
            )
            if challenger["loglik"] is None:
                compared = f"{challenger['package']}: no fit; {challenger['message']}"
        rows.append(
            [
                segment,
                number(fit["customers"]),
                number(fit["repeat_orders"]),
                *(
                    f"{number(fit['parameters'][name], 2)} ± {percent(math.expm1(1.96 * errors[name]), 0)}"
                    if name in errors and errors[name] is not None
                    else number(fit["parameters"][name], 2)
                    for name in ("r", "alpha", "a", "b")
                ),
                "n/a" if fit["loglik"] is None else number(fit["loglik"], 1),
                f"{fit['how']}; {fit['message']}",
                compared,
            ]
        )
    return table(
        "BG/NBD by market and sales channel: parameters ± 95%, time in operational days",
        (
            "Segment",
            "Customers",
            "Repeat orders",
            "r",
            "alpha",
            "a",
            "b",
            "Log-likelihood",
            "How",
            "Challenger",
        ),
        rows,
        dense=True,
    )


def _acquisition(fits: Mapping[str, Any]) -> Block:
    rows: list[list[str | Cell]] = [
        [
            segment,
            number(fit["months"]),
            f"{number(fit['prior']['mean'], 2)} ± {number(1.96 * fit['prior']['sd'], 2)}",
            f"{number(fit['posterior']['mean'], 2)} ± {number(1.96 * fit['posterior']['sd'], 2)}",
            str(fit.get("attribution", "")),
            str(fit["prior"]["source"]),
        ]
        for segment, fit in sorted(fits.items())
    ]
    return table(
        "Customers won by spend: elasticity (below 1: diminishing returns), prior and posterior ± 95%",
        ("Segment", "Months", "Prior", "Posterior", "Attribution", "Source of the prior"),
        rows,
        dense=True,
    )


def _elasticity(fits: Mapping[str, Any]) -> Block:
    rows: list[list[str | Cell]] = [
        [
            market,
            number(fit["price_changes"]),
            f"{number(fit['posterior']['mean'], 2)} ± {number(1.96 * fit['posterior']['sd'], 2)}",
            "yes" if fit["updated"] else "no: too few price changes",
            str(fit["prior"]["source"]),
        ]
        for market, fit in sorted(fits.items())
    ]
    return table(
        "Own-price elasticity by market, ± 95%",
        ("Market", "Price changes", "Elasticity", "Updated by the ledger", "Source of the prior"),
        rows,
        dense=True,
    )


def _residual(fit: Mapping[str, Any]) -> Block:
    markets = sorted(fit.get("sd") or {})
    return table(
        "Demand that no customer model explains, by market and month; persistence "
        f"{number(float(fit.get('persistence') or 0.0), 2)}, common share "
        f"{percent(float(fit.get('common_share') or 0.0), 0)}",
        ("Market", "Months", "sd of the residual", "sd of counting alone", "Level now against model"),
        [
            [
                market,
                number(float(fit["months"][market])),
                percent(fit["sd"][market]),
                percent(fit["count_noise_sd"][market]),
                number(fit["nowcast"][market], 3),
            ]
            for market in markets
        ],
    )
