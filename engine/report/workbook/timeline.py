"""Columns of a statement: quarters, calendar years and the whole horizon first, then every month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from models.calendar import MONTHS_IN_QUARTER

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Period:
    """Consecutive months that stand in one column."""

    label: str
    first: int
    last: int


@dataclass(frozen=True)
class Timeline:
    """The months of a forecast and the periods they make; column numbers count from ``start``."""

    months: tuple[dt.date, ...]
    start: int = 1

    @cached_property
    def quarters(self) -> tuple[Period, ...]:
        """Quarters from the first forecast month on."""
        return tuple(
            Period(_quarter_label(self.months[at : at + MONTHS_IN_QUARTER]), at, at + MONTHS_IN_QUARTER - 1)
            for at in range(0, len(self.months) - MONTHS_IN_QUARTER + 1, MONTHS_IN_QUARTER)
        )

    @cached_property
    def years(self) -> tuple[Period, ...]:
        """Calendar years; a part of one says how many months it has."""
        periods = []
        for year in sorted({month.year for month in self.months}):
            inside = [at for at, month in enumerate(self.months) if month.year == year]
            label = str(year) if len(inside) == len(MONTH_NAMES) else f"{year} ({len(inside)} months)"
            periods.append(Period(label, inside[0], inside[-1]))
        return tuple(periods)

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """Every period that is not a month, in order of columns."""
        whole = Period(f"All {len(self.months)} months", 0, len(self.months) - 1)
        return (*self.quarters, *self.years, whole)

    @property
    def total(self) -> int:
        """Column of the whole horizon."""
        return self.start + len(self.periods) - 1

    @property
    def first_month(self) -> int:
        """Column of the first month."""
        return self.start + len(self.periods)

    @property
    def last_month(self) -> int:
        """Column of the last month."""
        return self.first_month + len(self.months) - 1

    @property
    def columns(self) -> range:
        """Every column."""
        return range(self.start, self.last_month + 1)

    def month(self, at: int) -> int:
        """Column of a month."""
        return self.first_month + at


def month_label(month: dt.date) -> str:
    """A month as people write it."""
    return f"{MONTH_NAMES[month.month - 1]} {month.year}"


def period_label(months: Sequence[dt.date]) -> str:
    """First and last month."""
    return f"{month_label(months[0])} to {month_label(months[-1])}"


def _quarter_label(months: Sequence[dt.date]) -> str:
    first, last = months[0], months[-1]
    if (first.month - 1) % MONTHS_IN_QUARTER == 0:
        return f"Q{(first.month - 1) // MONTHS_IN_QUARTER + 1} {first.year}"
    return f"{MONTH_NAMES[first.month - 1]}-{MONTH_NAMES[last.month - 1]} {last.year}"
