"""What a report reads: the cube, each variable once, and the manifest.

Every figure of the report comes through here, so that the report is a function of a run folder only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from engine.finance.lines import LINE_NAMES, RUNGS, SEGMENT_LINES, lines_to
from engine.report.formats import Money, money_of
from engine.report.summary import BASE, Summary
from engine.report.waterfall import Waterfall, bars_of
from engine.risk.errors import Estimate, estimate
from engine.risk.measures import breach_probability
from models.arrays import DateArray, FloatArray, IntArray
from models.calendar import MONTHS_IN_QUARTER, QUARTERS_IN_YEAR
from models.errors import StoreError

Days = DateArray

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MEMBERS_SHOWN = 6


class Source:
    """A run as the sections of the report read it."""

    def __init__(
        self,
        cube: xr.DataTree,
        record: Mapping[str, Any],
        summary: Summary,
        example: Mapping[str, Any] | None = None,
    ) -> None:
        self.cube, self.record, self.summary = cube, record, summary
        self.example = example or {}
        self.scenarios = summary.scenarios
        self.base = self.scenarios.index(BASE)
        self.shocks = tuple(name for name in self.scenarios if name != BASE)
        self.trials = summary.trials
        self._known: dict[str, FloatArray] = {}

    def values(self, path: str) -> FloatArray:
        """A variable of the cube, (scenario, trial, …), in the unit of its ``Variable``, read once."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> FloatArray:
        if not self.has(path):
            raise StoreError(
                f"cube.zarr: {path} is missing | made by another version of tradewind | run again"
            )
        group, name = path.split("/")
        return np.asarray(self.cube[group][name].values)

    def of_base(self, path: str) -> FloatArray:
        """A variable under base, (trial, …), in the unit of its ``Variable``."""
        return self.values(path)[self.base]

    def has(self, path: str) -> bool:
        """Whether the cube holds a variable."""
        group, name = path.split("/")
        return group in self.cube.children and name in self.cube[group].data_vars

    def keys(self, group: str, dim: str) -> tuple[str, ...]:
        """Members of a dim."""
        return tuple(str(key) for key in self.cube[group].to_dataset()[dim].values)

    @cached_property
    def money(self) -> Money:
        """The unit of money of the whole report."""
        figure = self.summary.figures[BASE, "net_revenue"].estimates
        return money_of(self.summary.currency, figure["mean"].value if figure else 0.0)

    def label(self, dim: str, key: str) -> str:
        """A member's label, its key where it has none."""
        labels = self.terms.get("labels", {}).get(dim, {})
        return str(labels.get(key) or key)

    @property
    def terms(self) -> Mapping[str, Any]:
        """Labels, origins and the credit line; empty for a run made before the manifest kept them."""
        return self.record.get("terms") or {}

    @property
    def credit_limit(self) -> float | None:
        """Limit of the credit line, money."""
        limit = self.terms.get("credit_limit")
        return None if limit is None else float(limit)

    @cached_property
    def days(self) -> Days:
        """Days of the forecast."""
        return np.asarray(self.cube["day"]["day"].values).astype("datetime64[D]")

    @cached_property
    def months(self) -> Days:
        """First days of the months."""
        return np.asarray(self.cube["month"]["month"].values).astype("datetime64[M]")

    @cached_property
    def quarters(self) -> tuple[str, ...]:
        """Names of the quarters."""
        return tuple(quarter_name(month) for month in self.months[::MONTHS_IN_QUARTER])

    @cached_property
    def years(self) -> tuple[tuple[str, range], ...]:
        """Names of the years of the horizon with their quarters; the last may be shorter."""
        count = len(self.quarters)
        return tuple(
            (f"Year {k // QUARTERS_IN_YEAR + 1}", range(k, min(k + QUARTERS_IN_YEAR, count)))
            for k in range(0, count, QUARTERS_IN_YEAR)
        )

    @cached_property
    def period(self) -> str:
        """The horizon in words."""
        return f"{month_name(self.months[0])} to {month_name(self.months[-1])}"

    @cached_property
    def net_cash(self) -> FloatArray:
        """Cash less drawn credit, company currency, (scenario, trial, day)."""
        return self.values("day/net_cash")

    @cached_property
    def troughs(self) -> tuple[FloatArray, IntArray]:
        """Lowest net cash, company currency, and the position of the first day on which it is reached, each
        (scenario, trial).
        """
        cash = self.net_cash
        return np.min(cash, axis=2), np.argmin(cash, axis=2).astype(np.int64)

    def months_of_trough(self, scenario: str) -> np.datetime64:
        """Month in which most trials have their lowest cash; the first of equals."""
        days = self.days[self.troughs[1][self.scenarios.index(scenario)]].astype("datetime64[M]")
        months, counts = np.unique(days, return_counts=True)
        return np.datetime64(months[int(np.argmax(counts))])

    def below_zero(self, scenario: str) -> Estimate:
        """Probability that cash before the credit line is below zero on any day."""
        return estimate(self.troughs[0][self.scenarios.index(scenario)], _below_zero)

    @cached_property
    def _lines(self) -> tuple[dict[str, FloatArray], dict[str, FloatArray], dict[str, FloatArray]]:
        totals, quarters, sales = {}, {}, {}
        for name in LINE_NAMES:
            known = name in SEGMENT_LINES
            # _read, not values: every line of every market and month at once would fill the memory
            values = self._read(f"{'market' if known else 'month'}/{name}")
            values = values if known else values[..., None]
            totals[name] = values.sum(axis=2)
            monthly = values[self.base].sum(axis=-1).mean(axis=0)
            quarters[name] = monthly.reshape(-1, MONTHS_IN_QUARTER).sum(axis=1)
            if name in lines_to("net_revenue"):
                sales[name] = values[self.base]
        return totals, quarters, sales

    @property
    def line_totals(self) -> dict[str, FloatArray]:
        """Lines over the horizon, company currency, each (scenario, trial, market); one column where no
        market is known.
        """
        return self._lines[0]

    @property
    def line_quarters(self) -> dict[str, FloatArray]:
        """Means of the lines under base by quarter, company currency, each (quarter,)."""
        return self._lines[1]

    @cached_property
    def base_sales(self) -> FloatArray:
        """Net revenue under base, company currency, (trial, month, market)."""
        return np.sum(list(self._lines[2].values()), axis=0)

    @cached_property
    def rung_quarters(self) -> dict[str, FloatArray]:
        """Rungs under base, company currency, each (trial, quarter)."""
        return {name: self.of_base(f"quarter/{name}") for name in RUNGS}

    @cached_property
    def waterfalls(self) -> dict[str, Waterfall]:
        """Waterfall to net income of every scenario but base."""
        return {name: self.waterfall(name, "net_income") for name in self.shocks}

    def waterfall(self, scenario: str, rung: str) -> Waterfall:
        """Waterfall of one scenario to a rung."""
        return bars_of(self.line_totals, self.base, self.scenarios.index(scenario), scenario, rung)

    def history(self) -> tuple[tuple[str, ...], dict[str, list[float]]]:
        """Months (YYYY-MM) and net sales by market of the past; nothing for a run that kept none."""
        kept = self.record.get("history") or {}
        return tuple(kept.get("months", ())), dict(kept.get("net_sales", {}))


def _below_zero(values: FloatArray) -> float:
    return breach_probability(values, 0.0)


def month_name(month: np.datetime64) -> str:
    """A month in words: Oct 2026."""
    year, number = str(month)[:7].split("-")
    return f"{MONTH_NAMES[int(number) - 1]} {year}"


def day_name(day: np.datetime64) -> str:
    """A day in words: 5 Oct 2026."""
    year, number, of_month = str(day)[:10].split("-")
    return f"{int(of_month)} {MONTH_NAMES[int(number) - 1]} {year}"


def quarter_name(first: np.datetime64) -> str:
    """A quarter in words: Q4 26 for one of the calendar, else its first month: Feb 26+."""
    year, number = str(first)[:7].split("-")
    if (int(number) - 1) % MONTHS_IN_QUARTER == 0:
        return f"Q{(int(number) - 1) // MONTHS_IN_QUARTER + 1} {year[2:]}"
    return f"{MONTH_NAMES[int(number) - 1]} {year[2:]}+"


def folded(
    names: tuple[str, ...], values: FloatArray, shown: int = MEMBERS_SHOWN
) -> tuple[tuple[str, ...], FloatArray]:
    """The largest members of values (…, member) by their total, the rest summed into one last member; for
    what adds up (amounts, units), not for shares of different totals.
    """
    if len(names) <= shown + 1:  # one member's own name says more than "1 others"
        return names, values
    size = np.abs(values).reshape(-1, len(names)).sum(axis=0)
    largest = sorted(np.argsort(-size, kind="stable")[:shown].tolist())
    rest = [k for k in range(len(names)) if k not in largest]
    kept = np.concatenate([values[..., largest], values[..., rest].sum(axis=-1, keepdims=True)], axis=-1)
    return (*(names[k] for k in largest), f"{len(rest)} others"), kept
