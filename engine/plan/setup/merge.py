"""Three texts of one file: as it was drafted, as the user made it, as it is drafted now."""

from __future__ import annotations

import difflib
from typing import NamedTuple


class Merged(NamedTuple):
    """The joined text, and the lines of the user that stay although the draft has moved under them."""

    text: str
    kept: tuple[str, ...]


def merge(base: str, mine: str, theirs: str) -> Merged:
    """``theirs`` with every change of ``mine`` to ``base``; a line that both changed stays the user's."""
    if mine == base:
        return Merged(theirs, ())
    if theirs in (base, mine):
        return Merged(mine, ())
    a, b, c = (text.splitlines(keepends=True) for text in (base, mine, theirs))
    to_b, to_c = _same_lines(a, b), _same_lines(a, c)
    out: list[str] = []
    kept: list[str] = []
    start, start_b, start_c = 0, 0, 0
    anchors = [line for line in range(len(a)) if line in to_b and line in to_c]
    for line in (*anchors, len(a)):
        end_b, end_c = to_b.get(line, len(b)), to_c.get(line, len(c))
        own, new, old = b[start_b:end_b], c[start_c:end_c], a[start:line]
        joined, stays = _joined(old, own, new)
        out += joined
        kept += stays
        if line < len(a):
            out.append(a[line])
        start, start_b, start_c = line + 1, end_b + 1, end_c + 1
    return Merged("".join(out), tuple(text.strip() for text in kept if text.strip()))


def _joined(old: list[str], own: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Lines between two that all texts share, and those of the user that stay against a new draft."""
    if own == old:
        return new, []
    if len(own) == len(old) == len(new) > 1:
        parts = [_joined([a], [b], [c]) for a, b, c in zip(old, own, new, strict=True)]
        return [line for part, _ in parts for line in part], [line for _, part in parts for line in part]
    return own, [] if new in (old, own) else own


def _same_lines(one: list[str], other: list[str]) -> dict[int, int]:
    """Line of one text to the line of another that it is."""
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return {
        block.a + step: block.b + step
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }
