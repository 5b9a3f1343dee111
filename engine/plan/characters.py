"""Characters that drive terminals or turn text around: no name, key or note of a plan may hold them."""

from __future__ import annotations

import re

_DRIVING = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
DRIVING = re.compile(f"[{_DRIVING}]")
"""Control characters but tab and line feed, line separators, direction overrides and isolates, half pairs."""

DRIVING_OR_BREAKING = re.compile(rf"[{_DRIVING}\t\n]")
"""The same with tab and line feed, for what must be one line."""

REMEDY = "plain text without control or direction characters"


def one_line(text: str) -> str:
    """Text as a message may print it: what cannot be shown stands as its code.

    >>> one_line("Łódź " + chr(7)).endswith("x07")
    True
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
