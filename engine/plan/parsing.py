"""Text cells to typed columns: strict patterns, every cell that does not fit is a fault with its row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.plan.characters import DRIVING_OR_BREAKING
from engine.plan.faults import Faults
from engine.plan.reading import dates
from engine.plan.tables import Column
from models.arrays import BoolArray, IntArray
from models.errors import did_you_mean

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity|#n/a|#value!|#div/0!|#ref!)", re.IGNORECASE)
_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?"
    r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_LARGEST_WHOLE = 1 << 53
_LONGEST_WHOLE = 100
"""Characters of a whole number, leading zeros among them."""
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2262


class RefusedError(ValueError):
    """A cell that does not fit: what is wrong and what would do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def to_number(text: str) -> float:
    """A plain decimal number; anything else is refused with the reason."""
    if not _NUMBER.fullmatch(text):
        if _NOT_FINITE.fullmatch(text):
            raise RefusedError("not a finite number", "a number; leave out rows without one")
        raise RefusedError(
            "text in a number",
            "a plain number such as 1234.50 (point for decimals, no separators or signs of money)",
        )
    value = float(text)
    if not np.isfinite(value):
        raise RefusedError("not a finite number", "a number of ordinary size")
    return value + 0.0


def to_whole(text: str) -> int:
    """A whole number that int64 and float64 both hold exactly."""
    if not _WHOLE.fullmatch(text):
        to_number(text)
        raise RefusedError("not a whole number", "a whole number of units")
    digits = text.split(".")[0]
    # Python refuses to read a number of thousands of digits at all
    value = int(digits) if len(digits) <= _LONGEST_WHOLE else _LARGEST_WHOLE + 1
    if abs(value) > _LARGEST_WHOLE:
        raise RefusedError("a number out of range", "at most 2**53")
    return value


def to_moment(text: str) -> dt.datetime:
    """A date, with or without a time of day; the offset from UTC is dropped: local time counts."""
    match = _MOMENT.fullmatch(text)
    if match:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        try:
            if _EARLIEST_YEAR <= year < _LATEST_YEAR:
                return dt.datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 (local time of the shop)
        except ValueError:
            pass
    raise RefusedError("not a date", "a date such as 2026-03-31")


def to_month(text: str) -> str:
    """A month, YYYY-MM."""
    if not _MONTH.fullmatch(text):
        raise RefusedError("not a month", "a month such as 2026-03")
    return text


def to_key(text: str) -> str:
    """An identifier: printable text of at most 200 characters."""
    if DRIVING_OR_BREAKING.search(text) or len(text) > 200:
        raise RefusedError("not allowed in a key", "one line of at most 200 characters that can be shown")
    return text


_PARSERS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: text,
    "key": to_key,
    "number": to_number,
    "integer": to_whole,
    "day": lambda text: to_moment(text).replace(hour=0, minute=0, second=0),
    "moment": to_moment,
    "month": to_month,
}

_DTYPES: dict[str, str] = {
    "text": "str",
    "key": "str",
    "month": "str",
    "number": "float64",
    "integer": "int64",
    "day": "datetime64[s]",
    "moment": "datetime64[s]",
}
_PLACEHOLDER: dict[str, Any] = {
    "text": "",
    "key": "",
    "month": "",
    "number": 0.0,
    "integer": 0,
    "day": None,
    "moment": None,
}


def dtype_of(column: Column) -> str:
    """The dtype of a canonical column."""
    return _DTYPES[column.kind]


def series(values: Sequence[Any] | npt.NDArray[Any], column: Column) -> pd.Series[Any]:
    """Values (row,) as a column of the contract's dtype, in the unit its meaning tells."""
    if column.kind in ("day", "moment"):
        return pd.Series(np.asarray(values, dtype="datetime64[s]"))
    return pd.Series(
        np.asarray(values, dtype=object) if dtype_of(column) == "str" else values, dtype=dtype_of(column)
    )


def convert(
    cells: Sequence[str],
    rows: IntArray,
    column: Column,
    file: str,
    faults: Faults,
    *,
    header: str = "",
) -> tuple[pd.Series[Any], BoolArray]:
    """A typed column and whether each cell (row,) is sound; each distinct text is parsed once.

    ``rows`` (row,) are line numbers of the file, for the addresses of faults. A cell that is not sound holds
    a placeholder, so that the rest of the row can still be checked.
    """
    codes, distinct = (
        pd.factorize(np.asarray(cells, dtype=object)) if len(cells) else (np.empty(0, np.int64), [])
    )
    values: list[Any] = []
    refusals: dict[int, RefusedError] = {}
    dated = column.kind in ("day", "moment")
    iso, asked = _iso_of(distinct) if dated else ({}, frozenset())
    for code, text in enumerate(distinct):
        if text in asked:
            refusals[code] = RefusedError(_OPEN_ORDER, _SAY_ORDER)
            values.append(_PLACEHOLDER[column.kind])
            continue
        try:
            values.append(_parse(iso.get(text, text), column))
        except RefusedError as refused:
            refusals[code] = refused
            values.append(_PLACEHOLDER[column.kind])
    sound = ~np.isin(codes, list(refusals))
    told = _tell_open_order(cells, rows, asked, (file, header or column.name), faults)
    for position in np.flatnonzero(~sound & ~told):
        refusal = refusals[int(codes[position])]
        faults.add(
            file,
            int(rows[position]),
            header or column.name,
            problem=refusal.problem,
            got=cells[int(position)] or "''",
            remedy=refusal.remedy,
        )
    if column.kind in ("day", "moment"):
        table = np.asarray(values, dtype="datetime64[s]")
    else:
        table = np.asarray(values, dtype=object if dtype_of(column) == "str" else dtype_of(column))
    taken = table[codes] if len(table) else table
    return series(taken, column), sound


_OPEN_ORDER = "day or month first"
_SAY_ORDER = "say dates: dmy or dates: mdy under ledger: of its mapping, or write days as 2026-03-31"


def _iso_of(texts: Sequence[str]) -> tuple[dict[str, str], frozenset[str]]:
    """ISO text of the distinct days of a column that are written otherwise, and those that nothing settles:
    all of the column's days have one order, which any of them above 12 tells.
    """
    other = [text for text in texts if text and not _MOMENT.fullmatch(text) and not text.isdigit()]
    if not other:
        return {}, frozenset()
    fits = dates.fits_of(other)
    if fits.open and fits.decided is None:
        return {}, frozenset(text for text in other if dates.stamp_of(text) is not None)
    order = fits.decided or dates.YMD
    found = {}
    for text in other:
        stamp = dates.stamp_of(text)
        moment = dates.moment_of(stamp, order) if stamp is not None else None
        if moment is not None:
            found[text] = moment.isoformat(sep=" ")
    return found, frozenset()


def _tell_open_order(
    cells: Sequence[str], rows: IntArray, asked: frozenset[str], place: tuple[str, str], faults: Faults
) -> BoolArray:
    """ONE fault for a column whose days nothing settles; whether each cell (row,) is one of them."""
    if not asked:
        return np.zeros(len(cells), dtype=bool)
    told = np.fromiter((cell in asked for cell in cells), np.bool_, len(cells))
    first = int(np.flatnonzero(told)[0])
    problem = f"{_OPEN_ORDER}: none of {int(told.sum()):,} rows tells, no number is above 12"
    faults.add(place[0], int(rows[first]), place[1], problem=problem, got=cells[first], remedy=_SAY_ORDER)
    return told


def _parse(text: str, column: Column) -> Any:
    if text == "":
        if not column.blank:
            raise RefusedError("a blank cell", column.meaning)
        return None if column.kind in ("day", "moment") else column.default
    value = _PARSERS[column.kind](text)
    if column.least is not None and value < column.least:
        raise RefusedError(_negative(column), f"at least {column.least:g}")
    if column.above is not None and value <= column.above:
        raise RefusedError(_negative(column), f"more than {column.above:g}")
    if column.most is not None and value > column.most:
        hint = "; rates are shares, 15% is 0.15" if column.name == "rate" else ""
        raise RefusedError("a number out of range", f"at most {column.most:,.0f}{hint}")
    if column.pattern and not re.fullmatch(column.pattern, text, re.ASCII):
        raise RefusedError(f"not a valid {column.name}", column.remedy)
    return value


def _negative(column: Column) -> str:
    names = {"on_hand": "negative stock", "quantity": "a quantity that is not positive"}
    return names.get(column.name, "a number below its least value")


def unknown_keys(
    values: pd.Series[Any],
    rows: IntArray,
    known: frozenset[str],
    what: str,
    file: str,
    header: str,
    faults: Faults,
) -> BoolArray:
    """Whether the plan knows each key (row,), a blank one counting as known; every other is a fault with the
    nearest known key. ``rows`` (row,) are line numbers of the file.
    """
    sound = values.isin(known).to_numpy() | (values == "").to_numpy()
    remedies: dict[str, str] = {}
    texts = values.to_numpy(dtype=object)
    for position in np.flatnonzero(~sound):
        text = str(texts[position])
        if text not in remedies:
            remedies[text] = did_you_mean(text, known)
        faults.add(
            file, int(rows[position]), header, problem=f"unknown {what}", got=text, remedy=remedies[text]
        )
    return sound
