"""What the command line prints: data on stdout, messages on stderr, never a control character."""

from __future__ import annotations

import json
import sys
from typing import Any


def complain(*lines: str) -> None:
    """Messages on stderr, one a line."""
    for line in lines:
        print(printable(line), file=sys.stderr)


def printable(text: str) -> str:
    """Text without control characters: data can never drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def print_json(data: Any) -> None:
    """Plain data as JSON on stdout."""
    text = json.dumps(data, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def print_table(rows: list[dict[str, str]]) -> None:
    """Aligned plain text columns; numbers to the right."""
    if not rows:
        return
    names = list(rows[0])
    cells = [[printable(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    for row in [names, *cells]:
        line = "  ".join(
            text.rjust(width) if _numeric(cells, i) else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print(line.rstrip())


def _numeric(cells: list[list[str]], column: int) -> bool:
    return all(row[column][:1] in "0123456789-+.(" for row in cells if row[column])


def text(value: Any) -> str:
    """A value as people read it in a table."""
    if isinstance(value, dict):
        return " ".join(text(each) for each in value.values()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(text(each) for each in value) or "none"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100.0 else f"{value:,.4g}"
    return str(value)
