"""Numbers of a column: one decimal mark for all its rows, exact values, what cannot tell is said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from engine.plan.reading.text import is_none

SIGNS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "円": "JPY",
    "zł": "PLN",
    "₩": "KRW",
    "₺": "TRY",
}
"""Currency that a sign of money stands for; $ is read as USD."""

WHOLE_CURRENCIES = frozenset(("JPY", "KRW", "VND", "CLP", "ISK", "HUF"))
"""Currencies printed without decimals: three digits after a mark are thousands."""

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'\u2019_]")
_DIGITS = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)", re.ASCII)
_AROUND = re.compile(r"^[^\d.,+\-(]*|[^\d.,)\-%]*$")
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d{1,3}", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{2,3})*[.,]\d{3}", re.ASCII)

_DOLLARS = re.compile(r"\b(US|CA|AU|NZ|HK|SG|A|C|S|R|MX|NT)\$")
_SIDE = re.compile(r"(?<=[\d)])\s*([DdCc])[Rr]\.?$")
_WORDS = re.compile(r"[^\W\d_]+", re.UNICODE)
_UNITS = frozenset(
    [
        "usd",
        "eur",
        "gbp",
        "jpy",
        "cny",
        "inr",
        "pkr",
        "cad",
        "aud",
        "nzd",
        "chf",
        "sek",
        "nok",
        "dkk",
        "pln",
        "czk",
        "huf",
        "try",
        "brl",
        "mxn",
        "zar",
        "sgd",
        "hkd",
        "krw",
        "vnd",
        "aed",
        "sar",
        "kr",
        "zł",
        "rs",
        "tk",
        "rm",
        "kč",
        "ft",
        "pcs",
        "pc",
        "st",
        "stk",
        "stück",
        "ea",
        "pce",
        "円",
        "個",
        "元",
        "点",
        "e",
    ]
)
"""Words that may stand at a number: money and pieces."""

POINT, COMMA, EITHER = ".", ",", "?"


class Shape(NamedTuple):
    """A number without its sign, its money and its blanks; None where the cell is no number."""

    digits: str
    negative: bool
    percent: bool


def shape_of(text: str) -> Shape | None:
    """The digits and marks of a cell, None if it holds no number."""
    text = _DOLLARS.sub("$", unicodedata.normalize("NFKC", text).strip())
    debit = _SIDE.search(text)
    if debit:
        text = text[: debit.start()] if debit[1] in "Dd" else f"-{text[: debit.start()]}"
    if any(word.casefold() not in _UNITS for word in _WORDS.findall(text)):
        return None
    text = text.replace("\u2212", "-")
    negative = text.startswith("(") and text.endswith(")")
    if negative:
        text = text[1:-1]
    percent = text.endswith("%")
    text = _AROUND.sub("", _SPACES.sub("", text)).rstrip("%")
    if text.endswith("-"):
        negative, text = True, text[:-1]
    if text.startswith(("-", "+")):
        negative ^= text[0] == "-"
        text = _AROUND.sub("", text[1:])
    if _EXPONENT.fullmatch(text) or _DIGITS.fullmatch(text):
        return Shape(text, negative, percent)
    return None


def mark_of(digits: str) -> str | None:
    """The decimal mark that a number shows: point, comma, EITHER if it could be both, None if it has none."""
    points, commas = digits.count("."), digits.count(",")
    if "e" in digits.lower():
        return POINT if points else (COMMA if commas else None)
    if points and commas:
        return POINT if digits.rindex(".") > digits.rindex(",") else COMMA
    if not points and not commas:
        return None
    mark, count = (".", points) if points else (",", commas)
    other = COMMA if mark == POINT else POINT
    if count > 1:
        return other
    whole, part = digits.split(mark)
    if len(part) != 3 or len(whole) > 3 or whole in ("", "0"):
        return mark
    return EITHER


class Marks(NamedTuple):
    """How many distinct numbers of a column show each decimal mark, and a cell that could be both."""

    point: int = 0
    comma: int = 0
    either: int = 0
    example: str = ""

    @property
    def decided(self) -> str | None:
        """The decimal mark that the column itself settles, None if it does not."""
        if self.point and not self.comma:
            return POINT
        if self.comma and not self.point:
            return COMMA
        return None


def marks_of(texts: Iterable[str]) -> Marks:
    """The decimal marks that distinct cells show."""
    counts = {POINT: 0, COMMA: 0, EITHER: 0}
    example = ""
    for text in texts:
        shape = None if is_none(text) else shape_of(text)
        mark = mark_of(shape.digits) if shape else None
        if mark is None:
            continue
        counts[mark] += 1
        if mark == EITHER and not example:
            example = text.strip()
    return Marks(counts[POINT], counts[COMMA], counts[EITHER], example)


def parse(text: str, mark: str) -> Decimal | None:
    """A number under a decimal mark, exact; None where the cell is no number or its marks contradict."""
    shape = shape_of(text)
    if shape is None:
        return None
    thousands = COMMA if mark == POINT else POINT
    digits = shape.digits
    whole = digits.split(mark)[0]
    if digits.count(mark) > 1 or thousands in digits[len(whole) :]:
        return None
    if thousands in whole and not _GROUPED.fullmatch(whole):
        return None
    try:
        value = Decimal(digits.replace(thousands, "").replace(mark, ".").rstrip("."))
    except InvalidOperation:
        return None
    value = -value if shape.negative else value
    return value / 100 if shape.percent else value


_CODED = re.compile(r"([A-Z]{3})\s*[-(]?[\d.,'\s]*\d\)?|[-(]?\d[\d.,'\s]*\)?\s*([A-Z]{3})")


def currency_sign(text: str) -> str | None:
    """The currency whose sign or code stands at a number, None without one."""
    signed = next((code for sign, code in SIGNS.items() if sign in text), None)
    coded = _CODED.fullmatch(text.strip())
    return signed or (coded.group(1) or coded.group(2) if coded else None)


def mark_of_form(form: str) -> str | None:
    """The decimal mark of an example such as ``1.234,50``, None if it is no example of one."""
    shape = shape_of(form)
    found = mark_of(shape.digits) if shape else None
    return None if found == EITHER else found
