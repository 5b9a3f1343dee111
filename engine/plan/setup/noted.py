"""A value of the plan with the words that say where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple


class Noted(NamedTuple):
    """A value and its provenance: a file, a default with its source, or a question to the user."""

    value: Any
    note: str


def found(value: Any, files: Iterable[str], how: str = "") -> Noted:
    """A value that files hold."""
    names = ", ".join(dict.fromkeys(files))
    return Noted(value, f"from {names}{f': {how}' if how else ''}")


def asked(value: Any, question: str) -> Noted:
    """A value that nothing tells: the user should look at it first."""
    return Noted(value, f"ASK: {question}")


def plain(value: Any) -> Any:
    """A value without its note."""
    return value.value if isinstance(value, Noted) else value


def key_of(text: str, taken: Iterable[str] = (), fallback: str = "x") -> str:
    """A key of the plan made from any text, different from those taken (capitals do not count)."""
    base = re.sub(r"[^A-Za-z0-9_.\-]+", "-", text.strip()).strip("-._")[:48] or fallback
    known = {name.casefold() for name in taken}
    key, number = base, 2
    while key.casefold() in known:
        key, number = f"{base}-{number}", number + 1
    return key
