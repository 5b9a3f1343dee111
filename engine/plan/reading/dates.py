"""Dates of a column: one order of day and month for all its rows, local day kept."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from engine.plan.reading.periods import MONTHS
from engine.plan.reading.text import fold, is_none

YMD, MDY, DMY = "ymd", "mdy", "dmy"
ORDERS = (YMD, MDY, DMY)

_TIME = re.compile(
    r"[T\s,]*(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:\s*([ap])\.?\s?m\b\.?)?", re.IGNORECASE
)
_ZONE = re.compile(r"\s*(?:Z|UTC|GMT|[A-Z]{2,4}T)?\s*(?:\(?[+-]\d{2}:?\d{2}\)?)?(?:\s*\(?[A-Z]{3,4}\)?)?\s*$")
_NUMBERS = re.compile(r"(\d{1,4})([-/. ])\s?(\d{1,2})\2\s?(\d{1,4})\.?", re.ASCII)
_COMPACT = re.compile(r"(19|20)\d{6}", re.ASCII)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?", re.ASCII)
_SERIAL = re.compile(r"((?:3[7-9]|4\d|5[0-4])\d{3})(\.\d+)?", re.ASCII)
_SERIAL_ORIGIN = dt.date(1899, 12, 30)
"""Day 0 of a spreadsheet's count of days; 37000 to 54999 are 2001 to 2050."""
_JAPANESE = re.compile(r"(\d{4})年\s?(\d{1,2})月\s?(\d{1,2})日")
_WORDS = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
_EARLIEST, _LATEST = 1970, 2199


class Stamp(NamedTuple):
    """A date as written: its three numbers (year known or not) and the seconds of the local day."""

    numbers: tuple[int, int, int]
    form: str
    """``ymd`` or ``word`` where nothing is open, ``slash``-like text of the separator where the order is."""
    seconds: int


def day_stamp_of(text: str) -> Stamp | None:
    """The numbers of a date in a column of days, where a bare count of days may be a spreadsheet's."""
    found = _SERIAL.fullmatch(text.strip())
    if found is None:
        return stamp_of(text)
    day = _SERIAL_ORIGIN + dt.timedelta(days=int(found[1]))
    seconds = min(round(float(found[2] or 0) * 86_400), 86_399)
    return Stamp((day.year, day.month, day.day), YMD, seconds)


@lru_cache(maxsize=200_000)
def stamp_of(text: str) -> Stamp | None:
    """The numbers of a date, None where the cell holds none."""
    text = unicodedata.normalize("NFKC", text).strip().strip("'")
    if _EPOCH.fullmatch(text):
        return _epoch(text)
    text = _JAPANESE.sub(r"\1-\2-\3", text)
    day_text, seconds = _split_time(text)
    if seconds is None:
        return None
    if _COMPACT.fullmatch(day_text):
        return Stamp((int(day_text[:4]), int(day_text[4:6]), int(day_text[6:])), YMD, seconds)
    found = _NUMBERS.fullmatch(day_text)
    if found:
        return _three(found, seconds)
    return _with_word(day_text, seconds)


def _epoch(text: str) -> Stamp | None:
    value = int(text.split(".")[0])
    moment = dt.datetime.fromtimestamp(value / 1000 if value > 10**11 else value, dt.UTC)
    if not _EARLIEST <= moment.year <= _LATEST:
        return None
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return Stamp((moment.year, moment.month, moment.day), YMD, seconds)


def _split_time(text: str) -> tuple[str, int | None]:
    found = _TIME.search(text)
    if found is None:
        return text.removesuffix("Z") if text[-2:-1].isdigit() else text, 0
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower()
    rest = text[found.end() :]
    if not _ZONE.fullmatch(rest) and rest.strip(" ,"):
        return text, None
    if half and not 1 <= hour <= 12:
        return text, None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 24 or minute > 59 or second > 60:
        return text, None
    return text[: found.start()].rstrip(" T,"), min(hour * 3600 + minute * 60 + second, 86_399)


def _three(found: re.Match[str], seconds: int) -> Stamp | None:
    first, separator, second, third = found.groups()
    numbers = (int(first), int(second), int(third))
    if len(first) == 4 and len(third) <= 2:
        return Stamp(numbers, YMD, seconds)
    if len(first) <= 2 and len(third) in (2, 4):
        return Stamp(numbers, separator if len(third) == 4 else separator + "yy", seconds)
    return None


def _with_word(text: str, seconds: int) -> Stamp | None:
    words = _WORDS.findall(text)
    months = [MONTHS[fold(word)] for word in words if fold(word) in MONTHS]
    numbers = [word for word in words if word.isdigit()]
    if len(months) != 1 or len(numbers) != 2 or len(words) > 6:
        return None
    years = [number for number in numbers if len(number) == 4]
    year = years[0] if years else numbers[1]
    day = numbers[1] if year is numbers[0] else numbers[0]
    return Stamp((full_year(int(year), year), months[0], int(day)), "word", seconds)


def full_year(value: int, written: str) -> int:
    """A year of four digits; two digits mean 1970 to 2069."""
    if len(written) > 2:
        return value
    return value + (2000 if value < 70 else 1900)


def moment_of(stamp: Stamp, order: str) -> dt.datetime | None:
    """The local moment of a date under an order of its numbers; None where it cannot be one."""
    first, second, third = stamp.numbers
    if stamp.form in (YMD, "word"):
        year, month, day = first, second, third
    else:
        short = "00" if stamp.form.endswith("yy") else "0000"
        if order == YMD:
            if short != "00":
                return None
            year, month, day = full_year(first, short), second, third
        else:
            month, day = (first, second) if order == MDY else (second, first)
            year = full_year(third, short)
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        start = dt.datetime(year, month, day)  # noqa: DTZ001 (local time of the shop)
    except ValueError:
        return None
    return start + dt.timedelta(seconds=stamp.seconds)


class Fits(NamedTuple):
    """Orders under which every date of a column can be read, and what the column shows."""

    orders: frozenset[str]
    """Orders that read as many dates as any order does."""
    open: int
    """Distinct dates whose order is not told by their own form."""
    unread: tuple[str, ...]
    """Cells that no order reads."""
    example: str
    written: str | None
    """The order that the form alone tells: ``ymd`` or None (month names, open forms)."""
    words: int = 0
    """Distinct dates that name their month."""

    @property
    def empty(self) -> bool:
        """Whether no cell of the column was read as a date."""
        return not self.open and self.written is None and not self.words

    @property
    def decided(self) -> str | None:
        """The only order that fits, None where several do."""
        return next(iter(self.orders)) if len(self.orders) == 1 else None


def fits_of(texts: Iterable[str]) -> Fits:
    """How the distinct cells of a column can be read as dates, over all of them."""
    stamps: list[tuple[str, Stamp]] = []
    unread = []
    for text in texts:
        if is_none(text):
            continue
        stamp = day_stamp_of(text)
        if stamp is None:
            unread.append(text)
        else:
            stamps.append((text, stamp))
    plain = [pair for pair in stamps if pair[1].form in (YMD, "word")]
    unread += [text for text, stamp in plain if moment_of(stamp, YMD) is None]
    still = [pair for pair in stamps if pair[1].form not in (YMD, "word")]
    written = YMD if any(stamp.form == YMD for _, stamp in plain) else None
    if not still:
        return Fits(frozenset((YMD,)), 0, tuple(unread), "", written, len(plain))
    candidates: tuple[str, ...] = (MDY, DMY)
    if all(stamp.form.endswith("yy") for _, stamp in still):
        candidates = (*candidates, YMD)
    readable = {order: sum(moment_of(s, order) is not None for _, s in still) for order in candidates}
    most = max(readable.values())
    best = [order for order in candidates if readable[order] == most]
    if YMD in best and len(best) > 1:
        best.remove(YMD)
    unread += [text for text, stamp in still if moment_of(stamp, best[0]) is None]
    return Fits(frozenset(best), len(still), tuple(unread), still[0][0], written)
