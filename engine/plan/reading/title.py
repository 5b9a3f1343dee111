"""Facts that stand in the title rows above a table: a name and its value, days, currencies."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from engine.plan.reading import dates
from engine.plan.reading.periods import last_day, period_of
from engine.plan.reading.text import fold

_PAIR = re.compile(r"([^:]{2,40}):\s*(\S.*)")
_DAY = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|[^\W\d_]{3,12}\.? \d{1,2}, ?\d{4}"
    r"|\d{1,2}\.? [^\W\d_]{3,12} \d{4}|\d{1,2}-[^\W\d_]{3}-\d{4}",
    re.UNICODE,
)


_SPAN = re.compile(
    r"([^\W\d_]{3,10})\.?(?: (\d{4}))? ?(?:-|\u2013|to|through|bis|au|al|a|tot) ?([^\W\d_]{3,10})\.? (\d{4})"
)
_COUNT = re.compile(r"(?i)\b(\d{1,2}) (?:months|monate|mois|meses|mesi|maanden)\b")
_YEAR_ENDS = re.compile(
    r"(?i)\byear (?:ended|ending|to)\b|geschäftsjahr|wirtschaftsjahr|exercice clos|ejercicio"
)
_YEAR = re.compile(r"(?i)\b(?:year|fy|jahr|exercice|ejercicio|anno|jaar)\s*:?\s*(\d{4})\b")
_MONTHS_OF_YEAR = 12
_MONTH = re.compile(r"[^\W\d_]{3,10} \d{4}")


def facts_of(titles: Iterable[tuple[int, list[str]]]) -> tuple[dict[str, str], list[str]]:
    """Folded names and values of title rows, the order of their dates, and their cells in order."""
    facts: dict[str, str] = {}
    cells: list[str] = []
    for _, row in titles:
        filled = [cell.strip() for cell in row if cell.strip()]
        cells += filled
        for name, value in zip(filled[::2], filled[1::2], strict=False):
            facts.setdefault(fold(name), value)
        for cell in filled:
            pair = _PAIR.fullmatch(cell)
            if pair:
                facts.setdefault(fold(pair[1]), pair[2])
    order = next((order for cell in cells if (order := _order_of(cell))), "")
    if order:
        facts["date_order"] = order
    return facts, cells


def _order_of(cell: str) -> str:
    stamp = dates.stamp_of(cell)
    if stamp is None:
        return ""
    fits = dates.fits_of([cell])
    return (fits.decided or "") if fits.open else (fits.written or "")


def days_in(cells: Iterable[str]) -> list[dt.date]:
    """Days that stand in texts (``As of September 30, 2025``), in their order; an open one is left out.

    Where no day stands in them the last days of the months that do (``Month 12, March 2024``).
    """
    cells, found = list(cells), []
    for cell in cells:
        for text in _DAY.findall(cell):
            fits = dates.fits_of([text])
            stamp = dates.stamp_of(text)
            order = fits.decided or (dates.DMY if "." in text else None)
            moment = dates.moment_of(stamp, order) if stamp and order else None
            if moment:
                found.append(moment.date())
    return found or [last_day(month) for cell in cells for month in _months_in(cell)]


def span_in(cells: Iterable[str]) -> tuple[dt.date, dt.date] | None:
    """First and last day that title rows name: two days, two months, a count of months or a year that ends.

    One day alone is the end of its month's statement; None where no day and no month stands in them.
    """
    cells = list(cells)
    days = days_in(cells)
    text = " ".join(cells)
    named = _SPAN.search(text)
    if named:
        last = period_of(f"{named[3]} {named[4]}")
        first = period_of(f"{named[1]} {named[2] or named[4]}")
        if first and last and first <= last:
            return first, last_day(last)
    if len(days) > 1 and days[0] < days[-1]:
        return days[0], days[-1]
    if not days:
        year = _YEAR.search(text)
        return (dt.date(int(year[1]), 1, 1), dt.date(int(year[1]), 12, 31)) if year else None
    count = _COUNT.search(text)
    months = int(count[1]) if count else (_MONTHS_OF_YEAR if _YEAR_ENDS.search(text) else 1)
    back = days[-1].year * 12 + days[-1].month - months
    return dt.date(back // 12, back % 12 + 1, 1), days[-1]


def _months_in(text: str) -> list[dt.date]:
    return [month for word in _MONTH.findall(text) if (month := period_of(word))]
