"""The state that the readers of the kinds share: a source, its typed values and the treatment of its rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.plan.faults import Faults
from engine.plan.reading.canonical import Table, Treatment, total
from engine.plan.reading.countries import currency_code, currency_of_country
from engine.plan.reading.layout import COUNTED, Layout, Rule
from engine.plan.reading.numbers import currency_sign
from engine.plan.reading.recognise import Match
from engine.plan.reading.rows import USED, Marked
from engine.plan.reading.settings import Settings
from engine.plan.reading.source import Source
from engine.plan.reading.text import currency_of
from engine.plan.reading.values import Values

ZERO = Decimal(0)


@dataclass
class Work:
    """One file under way."""

    source: Source
    settings: Settings
    faults: Faults
    values: Values
    marked: Marked
    facts: dict[str, str]
    titles: list[str] = field(default_factory=list)
    """Cells of the title rows in their order."""
    notes: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        """The layout of the file."""
        return self.source.match.layout

    @property
    def match(self) -> Match:
        """How the file was recognised."""
        return self.source.match

    def option(self, name: str, default: str = "auto") -> str:
        """A choice of the layout."""
        return self.layout.options.get(name, default)

    def mark_late(self, field_name: str) -> None:
        """Leave out the records whose day lies after the last day that counts."""
        through = self.settings.through
        if through is None or not self.has(field_name):
            return
        late = Rule(reason=f"after {through.isoformat()}", means="after_through", when={})
        for row, day in enumerate(self.values.day(field_name)):
            if self.marked.rule[row] is USED and day is not None and day > through:
                self.marked.rule[row] = late

    def counted(self) -> list[int]:
        """Records that count."""
        return self.marked.rows(COUNTED)

    def has(self, name: str) -> bool:
        """Whether the file holds a field."""
        return self.source.has(name)

    def currencies(self) -> list[str]:
        """Currency of each record: its column, else header, sign of money, title rows or the only country."""
        if self.has("currency"):
            told = [currency_code(text) for text in self.source.texts("currency")]
            only = set(told) - {""}
            return [next(iter(only))] * self.source.count if len(only) == 1 else told
        return [self._one_currency()] * self.source.count

    def _one_currency(self) -> str:
        money = [name for name in self.match.mapping if self.layout.type_of(name) == "number"]
        money += ["amounts"] if "amounts" in self.source.derived else []
        told = {currency_of(self.source.header_of(name)) for name in money} - {None}
        if len(told) != 1:
            signs = Counter(
                currency_sign(text) for name in money for text in self.values.distinct(name)
            )  # fmt: skip
            told = {sign for sign in signs if sign}
        if not told:
            told = {sign for text in self.facts.values() if (sign := currency_sign(text))}
        if len(told) != 1:
            told = {text for text in self.facts.values() if len(text) == 3 and text.isupper()}
        found = next(iter(told), None) if len(told) == 1 else None
        if found:
            return found
        return self._assumed_currency()

    def _assumed_currency(self) -> str:
        if self.settings.currency:
            return self.settings.currency
        countries = {currency_of_country(text) for text in set(self.source.texts("country"))} - {None}
        only = next(iter(countries)) if len(countries) == 1 else None
        assumed = only or self.source.assumed_currency()
        if assumed:
            why = "the only country shipped to" if only else "the tool or its language"
            self.notes.append(f"no currency column: {assumed}, from {why}")
            return assumed
        self.questions.append("no column tells the currency: say currency:")
        return ""


def typed_table(work: Work, name: str, fields: list[str], rows: list[int]) -> Table:
    """Fields of a file as a table of typed columns; a field that the file lacks has no column."""
    columns: dict[str, list[Any]] = {}
    for field_name in fields:
        if work.has(field_name):
            column = typed_column(work, field_name)
            columns[field_name] = [column[row] for row in rows]
    return Table(name, columns)


def typed_column(work: Work, name: str) -> list[Any]:
    """One field of a file in its type."""
    kind = work.layout.type_of(name)
    if kind in ("number", "count", "share"):
        return work.values.number(name)
    if kind == "day":
        return work.values.day(name)
    return work.source.texts(name)


def treatments(
    work: Work, money: list[Decimal], units: list[Decimal], currencies: list[str]
) -> list[Treatment]:
    """Rows left out by reason; a total that several rows repeat is told once."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row, rule in enumerate(work.marked.rule):
        if rule.means not in COUNTED:
            groups.setdefault((rule.reason, rule.means), []).append(row)
    found = []
    for (reason, means), rows in groups.items():
        amounts = [(currencies[row], money[row]) for row in rows]
        if means == "total":
            amounts = list(dict.fromkeys(amounts))
        found.append(
            Treatment(
                reason,
                means,
                len({work.source.lines[row] for row in rows}),
                lines=len(rows),
                units=sum((units[row] for row in rows), ZERO),
                money=total(amounts),
            )
        )
    return found


def used_treatment(
    work: Work, money: list[Decimal], units: list[Decimal], currencies: list[str]
) -> Treatment:
    """The rows that count, with their units and money."""
    rows = work.counted()
    return Treatment(
        USED.reason,
        "sold",
        len({work.source.lines[row] for row in rows}),
        lines=len(rows),
        units=sum((units[row] for row in rows), ZERO),
        money=total([(currencies[row], money[row]) for row in rows]),
    )
