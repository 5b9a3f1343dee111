"""Which records count: footers, totals, layout rules and what the user rejects, one treatment a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.plan.faults import Faults
from engine.plan.reading.layout import STRUCTURAL, Condition, Layout, Meaning, Rule
from engine.plan.reading.numbers import shape_of
from engine.plan.reading.settings import Settings
from engine.plan.reading.source import Source
from engine.plan.reading.text import fold, is_none

_TOTAL = re.compile(
    r"(grand\s*|over\s*all\s*|report\s*|sub\s*)?totals?\b.*|sum\b.*|summe\b.*|gesamt(summe|betrag)?\b.*|insgesamt\b.*"
    r"|zwischensumme\b.*|total(e|i|en)?\b.*|totaux\b.*|somme\b.*|suma\b.*|totaal\b.*|celkem\b.*|合計.*|総計.*|小計.*",
    re.IGNORECASE,
)
USED = Rule(reason="used", means="sold", when={})


class Marked(NamedTuple):
    """The rule that decided a row, and the rules in the order in which they were met."""

    rule: list[Rule]
    """Rule of each record; USED where none left it out."""

    def rows(self, meanings: Iterable[str]) -> list[int]:
        """Records whose rule has one of the meanings."""
        wanted = frozenset(meanings)
        return [row for row, rule in enumerate(self.rule) if rule.means in wanted]


def structure(source: Source, faults: Faults) -> Marked:
    """Footers, head rows and total rows of a file: by the rules of its layout, then by their form alone."""
    rule = [USED] * source.count
    required = _anchors(source)
    _mark_footers(source, rule, required)
    apply_rules(source, Marked(rule), faults, structural=True)
    words = {text for text in set(source.first) if _TOTAL.fullmatch(text)}
    for row, text in enumerate(source.first):
        if text in words and rule[row] is USED and _lacks(source, required, row, text):
            rule[row] = Rule(reason=f"total row '{_plain(text)}'", means="total", when={})
    return Marked(rule)


def _plain(text: str) -> str:
    return text.split(":")[0].strip()


def _anchors(source: Source) -> list[str]:
    names = (name for need in source.match.layout.required for name in need.split("|"))
    return [name for name in names if name in source.match.mapping]


def _lacks(source: Source, required: list[str], row: int, text: str) -> bool:
    """Whether a record misses most of what every record must have, its own word left aside."""
    others = [source.texts(name)[row] for name in required]
    blank = sum(is_none(cell) or cell == text for cell in others)
    return bool(required) and 2 * blank >= len(required)


def _mark_footers(source: Source, rule: list[Rule], required: list[str]) -> None:
    for row in range(source.count - 1, -1, -1):
        alone = source.filled[row] == 1 and source.after_blank[row]
        blank = [name for name in required if is_none(source.texts(name)[row])]
        short = source.filled[row] <= max(len(required), 2) + 3 and 2 * len(blank) >= len(required) > 0
        if not (alone or (short and not _TOTAL.fullmatch(source.first[row]) and not _numeric(source, row))):
            break
        rule[row] = Rule(reason="footer", means="footer", when={})


def _numeric(source: Source, row: int) -> bool:
    """Whether a record holds a number where the layout expects one."""
    layout = source.match.layout
    typed = (name for name in source.match.mapping if layout.type_of(name) in ("number", "count", "day"))
    return any(any(c.isdigit() for c in source.texts(name)[row]) for name in typed)


def apply_rules(source: Source, marked: Marked, faults: Faults, *, structural: bool) -> None:
    """Mark the records that the rules of the layout treat apart; a structural rule never takes all."""
    open_rows = [row for row, rule in enumerate(marked.rule) if rule is USED]
    for rule in source.match.layout.rules:
        if (rule.means in STRUCTURAL) != structural:
            continue
        found = rows_where(source, rule.when, open_rows, faults)
        if not found or (rule.means in STRUCTURAL and len(found) == len(open_rows)):
            continue
        for row in found:
            marked.rule[row] = rule
        taken = set(found)
        open_rows = [row for row in open_rows if row not in taken]


def apply_settings(source: Source, settings: Settings, marked: Marked, faults: Faults) -> None:
    """Mark the records that the user rejects, or does not keep, by any column of the file."""
    for words, kept in ((settings.reject, False), (settings.keep, True)):
        for name, said in words.items():
            rows = [row for row, rule in enumerate(marked.rule) if rule is USED]
            texts = column_of(source, name, faults)
            if texts is None:
                faults.add(
                    source.name,
                    column=name,
                    problem="no such column",
                    got=name,
                    remedy="name a column of the file",
                )
                continue
            folded = {fold(word) for word in said}
            for row in rows:
                if (fold(texts[row]) in folded) != kept:
                    reason = f"{name} {'is not kept' if kept else 'rejected'}: {texts[row]}"
                    marked.rule[row] = Rule(reason=reason, means="rejected", when={})


def column_of(source: Source, name: str, faults: Faults) -> list[str] | None:
    """Cells of a field, or of a source column by its header; None where the file has neither."""
    if source.has(name):
        return source.texts(name)
    position = source.position_of(name)
    return None if position is None else source.column(position, faults)


def rows_where(source: Source, when: Mapping[str, Condition], rows: list[int], faults: Faults) -> list[int]:
    """Records of a list in which every condition holds."""
    for name, condition in when.items():
        texts = column_of(source, name, faults)
        if texts is None:
            return []
        holds = {text: holds_for(text, condition) for text in {texts[row] for row in rows}}
        rows = [row for row in rows if holds[texts[row]]]
    return rows


def holds_for(text: str, condition: Condition) -> bool:
    """Whether a cell fulfils a condition of a layout."""
    if isinstance(condition, tuple):
        folded = fold(text)
        return any(fold(word) == folded for word in condition)
    if condition == "blank":
        return is_none(text)
    if condition == "filled":
        return not is_none(text)
    if condition.startswith("~"):
        return re.search(condition[1:], text) is not None
    shape = shape_of(text)
    if condition == "negative":
        return shape is not None and shape.negative
    return shape is not None and not shape.digits.strip("0.,")


def status_meanings(layout: Layout, field: str, settings: Settings) -> dict[str, Meaning]:
    """Folded status word to its meaning; the user's words win."""
    found: dict[str, Meaning] = {}
    for meaning, words in layout.statuses.get(field, {}).items():
        for word in words:
            found.setdefault(fold(word), meaning)
    for said, words in settings.statuses.items():
        for word in words:
            found[fold(word)] = said  # type: ignore[assignment]
    return found
