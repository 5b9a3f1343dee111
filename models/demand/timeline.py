"""Operational time of past and future under one season, and the order counts of the past."""

from __future__ import annotations

import numpy as np

from models.arrays import FloatArray
from models.calendar import Calendar
from models.demand.anonymous import Pace
from models.demand.cohorts import OrderDays
from models.demand.history import History
from models.demand.season import Season
from models.demand.settings import EXPECTED_MONTHS, DemandSettings


class Timeline:
    """Operational time of past and future under one season."""

    def __init__(self, settings: DemandSettings, history: History, season: Season) -> None:
        self.season = season
        self.calendar = Calendar(settings.start, EXPECTED_MONTHS)
        self.past_edge = history.month_start()
        past = season.clock(history.month_of_year(), np.diff(self.past_edge))
        self.past = past - past[-1]
        self.future = season.clock(self.calendar.month_of_year, np.diff(self.calendar.month_start))
        self.past_factor = season.factor[history.month_of_year()]
        self.factor = season.factor[self.calendar.month_of_year]

    @property
    def past_pace(self) -> FloatArray:
        """Operational days of each history month, dims (month,)."""
        return np.diff(self.past)

    @property
    def pace(self) -> FloatArray:
        """Operational days of each forecast month, dims (month,)."""
        return np.diff(self.future)

    def wholly(self) -> Pace:
        """The pace of a series that follows the season wholly."""
        return Pace.plain(self.past_pace, self.pace)

    def partly(self) -> Pace:
        """The pace of a series that follows the season as far as its history says."""
        return Pace(self.past_pace, self.pace, np.log(self.past_factor), np.log(self.factor))

    def clock(self, day: FloatArray) -> FloatArray:
        """Operational time of history days counted from the first forecast day (so negative), elementwise."""
        return np.asarray(np.interp(day, self.past_edge, self.past))


def complete(counts: FloatArray, history: History) -> FloatArray:
    """Counts (segment, month) with the months the ledger covers only in part set to 0, which the fits read as
    no evidence.
    """
    out = counts.copy()
    out[:, : history.complete_from] = 0.0
    return out


def repeats(days: list[OrderDays], history: History) -> FloatArray:
    """Number of repeat orders, dims (segment, month) of the history."""
    edge = history.month_start()
    out = np.stack([np.histogram(segment.repeat_days(), bins=edge)[0] for segment in days]).astype(np.float64)
    return complete(out, history)


def firsts(days: list[OrderDays], history: History) -> FloatArray:
    """Number of first orders, dims (segment, month) of the history."""
    edge = history.month_start()
    out = np.stack([np.histogram(segment.first, bins=edge)[0] for segment in days]).astype(np.float64)
    return complete(out, history)
