"""What reading a file gives: canonical typed tables, one treatment for every row, facts and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

Money = Mapping[str, Decimal]
"""Amounts by currency, never added over currencies; the key ``""`` where the file tells no currency."""


class Treatment(NamedTuple):
    """Rows of a file that were treated alike, with what they hold."""

    reason: str
    means: str
    rows: int
    orders: int = 0
    lines: int = 0
    units: Decimal = Decimal(0)
    money: Money = MappingProxyType({})
    order_totals: Money = MappingProxyType({})


@dataclass(frozen=True)
class Table:
    """Columns of one canonical table, all of one length."""

    name: str
    columns: Mapping[str, list[Any]] = field(repr=False)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def column(self, name: str) -> list[Any]:
        """Values of a column; empty where the table has none of that name."""
        return self.columns.get(name, [])


class Result(NamedTuple):
    """What the reader of a kind gives."""

    tables: Mapping[str, Table]
    treatments: list[Treatment]
    """Rows that were left out, by reason."""
    used: Treatment
    figures: Mapping[str, Any]
    seen: frozenset[Any] = frozenset()
    """Keys of every record, of those left out too."""


@dataclass(frozen=True)
class Reading:
    """A file as it was read."""

    file: str
    kind: str
    layout: str
    tool: str
    confidence: float
    encoding: str
    bom: bool
    delimiter: str
    header_row: int
    mapping: Mapping[str, str]
    """Field to the header that holds it."""
    unread: tuple[str, ...]
    """Headers that no field reads."""
    rows_total: int
    rows_records: int
    treatments: tuple[Treatment, ...]
    """Rows that were left out, by reason."""
    used: Treatment
    tables: Mapping[str, Table]
    facts: Mapping[str, str]
    """Names and values that stand in title rows."""
    figures: Mapping[str, Any]
    """Counts and sums that the file gives, None where it cannot tell."""
    identity: tuple[str, ...]
    seen: frozenset[Any] = field(repr=False)
    """Keys of every record of the file, of those left out too, where the kind needs them to merge files."""
    date_order: str | None
    notes: tuple[str, ...]
    """What was assumed or is worth knowing."""
    questions: tuple[str, ...]
    """What the file cannot tell and a plan may need."""


def left_out_shares(reading: Reading) -> dict[str, Decimal]:
    """Money left out by choice as a share of the positive money of a file, by currency."""
    by_form = ("total", "head", "heading", "footer", "repeated", "after_through", "personal")
    left = [treatment for treatment in reading.treatments if treatment.means not in by_form]
    out = total([pair for treatment in left for pair in treatment.money.items() if pair[1] > 0])
    return {
        currency: amount / (amount + max(reading.used.money.get(currency, Decimal(0)), Decimal(0)))
        for currency, amount in out.items()
    }


def total(amounts: list[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Sum of amounts by currency."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums
