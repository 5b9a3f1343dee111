"""Monthly means of the euro reference rates: the dated default of a missing rate between two majors.

Source: European Central Bank, euro foreign exchange reference rates, daily history to 30 October 2026; the
means are of the published days of each month, foreign units per euro, six significant digits.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

EURO = "EUR"
SOURCE = "ECB euro reference rates, mean of the month"
_FILE = "ecb_monthly_means.csv"


class DatedRate(NamedTuple):
    """A default rate: foreign units per unit of company currency, mean of the month that ends on ``day``."""

    per_base: float
    day: dt.date

    @property
    def month(self) -> str:
        """The month as people write it."""
        return f"{self.day:%Y-%m}"


def default_rate(base: str, currency: str, closed: dt.date) -> DatedRate | None:
    """Mean rate of the last shipped month that had ended by a day; None for a pair that is not shipped."""
    for month in sorted(_means(), reverse=True):
        last = _last_day(month)
        if last > closed:
            continue
        rates = _means()[month]
        if base in rates and currency in rates:
            return DatedRate(rates[currency] / rates[base], last)
        return None
    return None


def has_default(base: str, currency: str) -> bool:
    """Whether a month of a pair is shipped."""
    return base != currency and any(base in rates and currency in rates for rates in _means().values())


def _last_day(month: str) -> dt.date:
    year, number = int(month[:4]), int(month[5:])
    return dt.date(year, number, calendar.monthrange(year, number)[1])


@cache
def _means() -> Mapping[str, Mapping[str, float]]:
    """Foreign units per euro by month and currency, the euro itself among them."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType(
        {
            row["month"]: {EURO: 1.0}
            | {name: float(cell) for name, cell in row.items() if name != "month" and cell}
            for row in rows
        }
    )
