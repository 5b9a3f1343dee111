"""What the status words of a file mean for its rows."""

from __future__ import annotations

from collections import Counter

from engine.plan.reading.layout import COUNTED, Meaning, Rule
from engine.plan.reading.rows import USED, status_meanings
from engine.plan.reading.text import fold, is_none
from engine.plan.reading.work import Work

_WEIGHT: dict[str, int] = {"sold": 0, "unpaid": 1, "returned": 2, "refunded": 3}
_ROOTS: dict[Meaning, tuple[str, ...]] = {
    "cancelled": ("cancel", "storn", "annul", "キャンセル", "取消"),
    "failed": ("fail", "declin", "fehlgeschlagen", "echou", "erreur", "error"),
    "never_paid": ("void", "expired", "awaiting payment", "pending payment"),
    "refused": ("refus", "returned to origin", "returned to sender"),
    "draft": ("draft", "entwurf"),
}
SAID = {
    "cancelled": "cancelled",
    "refused": "refused or returned to origin, no money came",
    "never_paid": "never paid",
    "failed": "payment failed",
    "pending": "pending: no price yet",
    "draft": "a draft, no order",
    "test": "a test order",
}
"""What a meaning says in a treatment."""


def apply_statuses(work: Work) -> dict[str, list[Meaning]]:
    """Meaning of every record by status field; records that are no sales are marked with their word."""
    found: dict[str, list[Meaning]] = {}
    for name in work.layout.statuses:
        if not work.has(name):
            continue
        texts = work.source.texts(name)
        meanings = _meanings(work, name, texts)
        rules = {text: _rule(text, meanings[text]) for text in meanings}
        for row, rule in enumerate(work.marked.rule):
            if rule is USED and meanings[texts[row]] not in COUNTED:
                work.marked.rule[row] = rules[texts[row]]
        found[name] = [meanings[text] for text in texts]
    return found


def _rule(text: str, meaning: Meaning) -> Rule:
    return Rule(reason=f"{text}: {SAID.get(meaning, meaning.replace('_', ' '))}", means=meaning, when={})


def _meanings(work: Work, name: str, texts: list[str]) -> dict[str, Meaning]:
    known = status_meanings(work.layout, name, work.settings)
    counted = Counter(texts)
    meanings: dict[str, Meaning] = {}
    for text, rows in counted.items():
        meaning = known.get(fold(text)) or _by_root(text)
        if meaning is None and not is_none(text):
            header = work.source.header_of(name)
            work.notes.append(f"{header} '{text}' is not known: {rows:,} rows count as sold; say statuses:")
        meanings[text] = meaning or "sold"
    return meanings


def _by_root(text: str) -> Meaning | None:
    folded = fold(text)
    found = ((meaning, root) for meaning, roots in _ROOTS.items() for root in roots)
    return next((meaning for meaning, root in found if fold(root) in folded), None)


def strongest(by_field: dict[str, list[Meaning]], row: int) -> Meaning:
    """The meaning of a record that its status fields agree on: refunded before unpaid before sold."""
    meanings = [column[row] for column in by_field.values()]
    return max(meanings, key=lambda meaning: _WEIGHT.get(meaning, 0), default="sold")
