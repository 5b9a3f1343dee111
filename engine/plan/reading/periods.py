"""Months as headers and titles write them, in the languages of common tools."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from engine.plan.reading.text import fold

_NAMES = (
    (
        "january",
        "januar",
        "janvier",
        "enero",
        "gennaio",
        "januari",
        "janeiro",
        "jan",
        "janv",
        "ene",
        "jaenner",
        "janner",
    ),
    ("february", "februar", "fevrier", "febrero", "febbraio", "februari", "fevereiro", "feb", "fevr", "fev"),
    ("march", "marz", "maerz", "mars", "marzo", "maart", "marco", "mar", "mrz", "mrt"),
    ("april", "avril", "abril", "aprile", "apr", "avr", "abr"),
    ("may", "mai", "mayo", "maggio", "mei", "maio", "maj", "mag"),
    ("june", "juni", "juin", "junio", "giugno", "junho", "jun", "giu"),
    ("july", "juli", "juillet", "julio", "luglio", "julho", "jul", "juil", "lug"),
    ("august", "aout", "agosto", "augustus", "augusti", "aug", "ago"),
    ("september", "septembre", "septiembre", "settembre", "setembro", "sept", "sep", "set"),
    ("october", "oktober", "octobre", "octubre", "ottobre", "outubro", "oct", "okt", "ott", "out"),
    ("november", "novembre", "noviembre", "novembro", "nov"),
    ("december", "dezember", "decembre", "diciembre", "dicembre", "dezembro", "dec", "dez", "dic"),
)
MONTHS = {fold(name): number for number, names in enumerate(_NAMES, 1) for name in names}
"""Number of a month by its folded name."""

_WORD_YEAR = re.compile(r"([^\W\d_]{3,10})\.?[\s\-/\u2019']*(\d{4}|\d{2})", re.UNICODE)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[/.](\d{4})")


@lru_cache(maxsize=4096)
def period_of(text: str) -> dt.date | None:
    """First day of the month that a header names (``January 2025``, ``2025-01``), None if it names none."""
    text = text.strip()
    word = _WORD_YEAR.fullmatch(text)
    if word:
        month = MONTHS.get(fold(word.group(1)))
        year = int(word.group(2))
        return dt.date(year if year > 99 else 2000 + year, month, 1) if month else None
    numbers = _YEAR_MONTH.fullmatch(text)
    if numbers:
        year, month = int(numbers.group(1)), int(numbers.group(2))
    else:
        numbers = _MONTH_YEAR.fullmatch(text)
        if not numbers:
            return None
        month, year = int(numbers.group(1)), int(numbers.group(2))
    return dt.date(year, month, 1) if 1 <= month <= 12 and 1990 <= year <= 2100 else None


def last_day(first: dt.date) -> dt.date:
    """Last day of the month that begins on a day."""
    later = dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return later - dt.timedelta(days=1)
