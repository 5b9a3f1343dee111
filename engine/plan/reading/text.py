"""Words as headers, statuses and keys write them, brought to one spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BARE = re.compile(r"\s*[(\[\uff08].*?[)\]\uff09]")
_CODE = re.compile(r"[(\[\uff08]\s*([A-Z]{3})\s*[)\]\uff09]\s*$")
_NONE = frozenset(("", "--", "-", "—", "\u2013", "n/a", "#n/a", "null", "none", "infinity", "nan", "inf"))


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """A word without case, accents, blanks and punctuation: ``Order Date``, ``order_date`` are one."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def without_brackets(header: str) -> str:
    """A header without what stands in brackets, as ``Amount spent (USD)`` carries it."""
    return _BARE.sub("", header)


def currency_of(header: str) -> str | None:
    """The currency code at the end of a header, None if there is none."""
    found = _CODE.search(header)
    return found.group(1) if found else None


def is_none(text: str) -> bool:
    """Whether a cell says that there is nothing: blank, ``--``, ``n/a``."""
    return text.strip().casefold() in _NONE


def clean(text: str) -> str:
    """A cell without blanks around it and without the apostrophe that keeps a spreadsheet from typing it."""
    text = text.strip()
    return text[1:] if text.startswith("'") and len(text) > 1 else text
