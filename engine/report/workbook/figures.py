"""What the workbook shows of the cube, read once: means of the base case, quantiles of cash.

Means add up over lines, months and markets; quantiles do not, so they never enter a formula.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from engine.finance.accounts import BALANCE_NAMES, FLAT
from engine.finance.lines import COMPANY_LINES, RUNGS, SEGMENT_LINES
from engine.finance.statements import FLOWS
from engine.report.summary import BASE, LEVELS
from models.arrays import DateArray, FloatArray
from models.names import MARKET, MONTH, SCENARIO, TRIAL

WEEKS, WEEK = 13, 7


@dataclass(frozen=True)
class Cash:
    """Net cash of the base case by day and week: cash less drawn credit, company currency."""

    days: DateArray
    mean: FloatArray
    """(day,)"""
    drawn: FloatArray
    """(day,) mean credit drawn."""
    weeks: tuple[tuple[int, int], ...]
    """First and last day of each week, positions in ``days``."""
    levels: Mapping[str, FloatArray]
    """Quantiles of net cash at the end of each week, by level."""
    lowest: FloatArray
    """(week,) mean of the lowest day."""
    overdrawn: FloatArray
    """(week,) share of trials with a day below zero."""


@dataclass(frozen=True)
class Figures:
    """The base case: means over its trials, company currency; months in front."""

    trials: int
    months: tuple[dt.date, ...]
    markets: tuple[str, ...]
    lines: Mapping[str, FloatArray]
    """(month,) of every line; those known by market are the sum of the markets."""
    rungs: Mapping[str, FloatArray]
    """(month,) as the run stored them, to check the live ladder against."""
    market_lines: Mapping[str, FloatArray]
    """(month, market)"""
    balance: Mapping[str, FloatArray]
    equity: FloatArray
    contributions: FloatArray
    duty_paid: FloatArray
    flows: Mapping[str, FloatArray]
    lowest_cash: Mapping[str, FloatArray]
    """Quantiles of the lowest net cash of each quarter, by level."""
    overdrawn: FloatArray
    """(quarter,) share of trials with a day below zero."""
    opening: Mapping[str, float]
    """Balance at the opening by account: all of them, or cash and credit line alone."""
    opening_equity: float
    cash: Cash


def read_figures(cube: xr.DataTree, record: Mapping[str, Any]) -> Figures:
    """Read the base case of a run."""
    month, market = _base(cube, "month"), _base(cube, "market")
    by_market = {name: _mean(market[name]) for name in SEGMENT_LINES}
    flows = {name: _mean(month[f"cash_flow_{name}"]) for name in FLOWS}
    recorded = [name for name in BALANCE_NAMES if name not in FLAT or f"balance_{name}" in month]
    nothing = np.zeros(month.sizes["month"])  # runs from before the flat accounts hold none
    balance = dict.fromkeys(BALANCE_NAMES, nothing) | {n: _mean(month[f"balance_{n}"]) for n in recorded}
    income, equity = _mean(month["net_income"]), _mean(month["equity"])
    contributions = _mean(month["contributions"])
    lowest = np.asarray(_base(cube, "quarter")["minimum_cash"].values)
    opening = _opening(record, balance, flows, contributions)
    return Figures(
        trials=int(month.sizes[TRIAL]),
        months=tuple(_day(each) for each in month[MONTH].values),
        markets=tuple(str(each) for each in market[MARKET].values),
        lines={name: values.sum(axis=1) for name, values in by_market.items()}
        | {name: _mean(month[name]) for name in COMPANY_LINES},
        rungs={name: _mean(month[name]) for name in RUNGS},
        market_lines=by_market,
        balance=balance,
        equity=equity,
        contributions=contributions,
        duty_paid=_mean(month["duty_paid"]),
        flows=flows,
        lowest_cash=_quantiles(lowest),
        overdrawn=np.mean(lowest < 0.0, axis=0),
        opening=opening,
        opening_equity=float(equity[0] - income[0] - contributions[0]),
        cash=_cash(cube),
    )


def _base(cube: xr.DataTree, group: str) -> xr.Dataset:
    dataset = cube[group].to_dataset()
    return dataset.isel({SCENARIO: [str(name) for name in dataset[SCENARIO].values].index(BASE)})


def _mean(values: xr.DataArray) -> FloatArray:
    return np.asarray(np.mean(np.asarray(values.values), axis=0))


def _quantiles(values: FloatArray) -> dict[str, FloatArray]:
    levels = np.quantile(values, list(LEVELS.values()), axis=0)
    return {name: np.asarray(level) for name, level in zip(LEVELS, levels, strict=True)}


def _day(moment: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(moment.astype("datetime64[D]")))


def _opening(
    record: Mapping[str, Any],
    balance: Mapping[str, FloatArray],
    flows: Mapping[str, FloatArray],
    contributions: FloatArray,
) -> dict[str, float]:
    """Opening balance as the run recorded it; of an older record, what the first month's flows leave."""
    recorded = record.get("terms", {}).get("opening_balance", {})
    if recorded.keys() >= {*BALANCE_NAMES} - {*FLAT}:
        return {name: float(recorded.get(name, 0.0)) for name in BALANCE_NAMES}
    credit = float(flows["financing"][0] - contributions[0])
    return {
        "cash": float(balance["cash"][0] - sum(flow[0] for flow in flows.values())),
        "credit_line": float(balance["credit_line"][0] - credit),
    }


def _cash(cube: xr.DataTree) -> Cash:
    day = _base(cube, "day")
    net = np.asarray(day["net_cash"].values)
    count = net.shape[1]
    starts = list(range(0, min(WEEKS * WEEK, count), WEEK))
    weeks = tuple((first, min(first + WEEK, count) - 1) for first in starts)
    lows = [net[:, first : last + 1].min(axis=1) for first, last in weeks]
    return Cash(
        days=day["day"].values.astype("datetime64[D]"),
        mean=np.mean(net, axis=0),
        drawn=_mean(day["credit_drawn"]),
        weeks=weeks,
        levels=_quantiles(net[:, [last for _, last in weeks]]),
        lowest=np.array([low.mean() for low in lows]),
        overdrawn=np.array([np.mean(low < 0.0) for low in lows]),
    )


def month_ends(days: DateArray) -> list[int]:
    """Positions in ``days`` (day,) of the last day of each month."""
    months = days.astype("datetime64[M]")
    changes = [at for at, (one, next_one) in enumerate(itertools.pairwise(months)) if one != next_one]
    return [*changes, len(days) - 1]
