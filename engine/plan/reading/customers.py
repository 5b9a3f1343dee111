"""Who bought: one key for a customer whose e-mail, phone or number is written in several ways."""

from __future__ import annotations

import re
from collections import Counter

from engine.plan.reading.countries import CALLING, country_code
from engine.plan.reading.text import is_none

FIELDS = ("customer_email", "customer_phone", "customer_id")
_NOT_DIGITS = re.compile(r"\D")
_FLOAT = re.compile(r"(\d+)\.0+")


def fold_email(text: str) -> str:
    """An e-mail without case and blanks, empty where it is none."""
    folded = text.strip().casefold()
    return folded if "@" in folded else ""


def fold_id(text: str) -> str:
    """A customer number as one spelling: ``17850``, ``17850 `` and ``17850.0`` are one; 0 is a guest."""
    stripped = text.strip()
    found = _FLOAT.fullmatch(stripped)
    folded = (found.group(1) if found else stripped).casefold()
    return "" if is_none(folded) or folded == "0" else folded


def fold_phone(text: str, calling: str) -> str:
    """A phone number as its digits behind a country code: national ``0…`` becomes ``cc…``."""
    digits = _NOT_DIGITS.sub("", text)
    if len(digits) < 6:
        return ""
    if text.strip().startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return calling + digits[1:] if digits.startswith("0") else digits


def calling_code(phones: list[str], countries: list[str]) -> str:
    """Calling code of the country that most rows are shipped to, else the one that most phones show."""
    counted = Counter(code for text in countries if (code := country_code(text)))
    if counted:
        return CALLING.get(counted.most_common(1)[0][0], "")
    digits = [_NOT_DIGITS.sub("", text) for text in phones if text.strip().startswith("+")]
    shown = Counter(cc for text in digits for cc in set(CALLING.values()) if text.startswith(cc))
    return max(shown, key=lambda cc: (shown[cc], len(cc))) if shown else ""


def customer_keys(emails: list[str], phones: list[str], ids: list[str], countries: list[str]) -> list[str]:
    """Key of the customer of each order, empty for a guest: by what most orders have."""
    calling = calling_code(phones, countries)
    folded = {
        "email": [fold_email(text) for text in emails],
        "id": [fold_id(text) for text in ids],
        "phone": [fold_phone(text, calling) for text in phones],
    }
    ranked = sorted(folded, key=lambda name: -sum(bool(key) for key in folded[name]))
    keys = list(folded[ranked[0]])
    for name in ranked[1:]:
        known = {other: key for other, key in zip(folded[name], keys, strict=True) if other and key}
        keys = [
            key or known.get(other, f"{name} {other}" if other else "")
            for key, other in zip(keys, folded[name], strict=True)
        ]
    return keys
