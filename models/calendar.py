"""The forecast's calendar: whole months counted from the first open day, days as integer offsets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.arrays import DateArray, IntArray

MONTHS_IN_QUARTER = 3
MONTHS_IN_YEAR = 12
QUARTERS_IN_YEAR = 4
DAYS_IN_YEAR = 365.25
"""Days of a mean year, by which yearly rates of events become daily ones."""
DAYS_IN_MONTH = DAYS_IN_YEAR / MONTHS_IN_YEAR
DAYS_IN_QUARTER = DAYS_IN_YEAR / QUARTERS_IN_YEAR
ACCOUNTING_YEAR = 365.0
"""Days over which a yearly interest rate is charged: actual/365."""

MAXIMUM_QUARTERS = 12
MAXIMUM_MONTHS = MONTHS_IN_QUARTER * MAXIMUM_QUARTERS


@dataclass(frozen=True)
class Calendar:
    """Months and days of a forecast; day 0 is ``start``, a first of a month."""

    start: dt.date
    months: int

    def __post_init__(self) -> None:
        if self.start.day != 1:
            raise ValueError(f"start: the first day of a month is needed | got {self.start}")
        if self.months < 1:
            raise ValueError(f"months: at least 1 is needed | got {self.months}")

    @cached_property
    def month_start(self) -> IntArray:
        """Day offset at which each month starts, shape (month + 1,); the last entry is the day count."""
        first = np.datetime64(self.start, "M")
        starts = (first + np.arange(self.months + 1)).astype("datetime64[D]")
        return (starts - starts[0]).astype(np.int64)

    @property
    def days(self) -> int:
        """Number of days."""
        return int(self.month_start[-1])

    @cached_property
    def month_of_day(self) -> IntArray:
        """Month of each day, shape (day,)."""
        return np.repeat(np.arange(self.months), np.diff(self.month_start))

    @cached_property
    def weekday(self) -> IntArray:
        """Weekday of each day, Monday 0, shape (day,)."""
        return (self.start.weekday() + np.arange(self.days)) % 7

    @cached_property
    def month_of_year(self) -> IntArray:
        """Calendar month of each month, January 0, shape (month,)."""
        return (self.start.month - 1 + np.arange(self.months)) % 12

    def dates(self) -> DateArray:
        """Dates of the days, datetime64[D], shape (day,)."""
        return np.datetime64(self.start, "D") + np.arange(self.days)

    def month_dates(self) -> DateArray:
        """Date of the first day of each month, datetime64[D], shape (month,)."""
        return np.datetime64(self.start, "D") + self.month_start[:-1]
