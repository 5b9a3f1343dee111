"""What init prints: each file with what ties and how its rows were treated; what was found and assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.plan.doubts import MUCH
from engine.plan.reading.canonical import Reading, Treatment, left_out_shares
from engine.plan.setup.derive import Derived
from engine.plan.setup.gather import Gathered


def report(gathered: Gathered, derived: Derived) -> str:
    """The report as text."""
    lines: list[str] = []
    for reading in gathered.readings:
        lines += _file(reading)
    lines += [f"{name}\n  not read: {reason}" for name, reason in gathered.unread]
    for group in gathered.groups:
        if group.combined.repeated:
            files = ", ".join(group.combined.files)
            changed = len(group.combined.changed)
            both = f"{group.combined.repeated:,} records stand in both, {changed:,} in another state"
            lines.append(f"{files}: {both}; the later file counts")
    lines += ["", "found", *(f"  {sentence}" for sentence in derived.findings)]
    lines += ["", "assumed (more in plan.yaml behind each value, and in assumptions.yaml)"]
    lines += [f"  {place}: {value} ({note})" for place, value, note in derived.assumed] or [
        "  nothing for the tables"
    ]
    return "\n".join(lines) + "\n"


def _file(reading: Reading) -> Iterator[str]:
    yield f"{reading.file}"
    yield f"  {reading.kind}: {reading.tool}; {reading.encoding}, header in row {reading.header_row}"
    yield f"  used: {_rows(reading.used)}"
    for treatment in reading.treatments:
        yield f"  left out, {treatment.reason}: {_rows(treatment)}"
    for currency, share in left_out_shares(reading).items():
        if share > MUCH:
            yield f"  {share:.0%} of the money {currency} is left out: is that right?"
    yield from _ties(reading.figures)
    yield from (f"  note: {note}" for note in reading.notes)
    yield from (f"  question: {question}" for question in reading.questions)


def _rows(treatment: Treatment) -> str:
    amounts = [f"{amount:,.2f} {currency}".strip() for currency, amount in treatment.money.items()]
    orders = f", {treatment.orders:,} orders" if treatment.orders else ""
    return f"{treatment.rows:,} rows{orders}" + (f", {'; '.join(amounts)}" if amounts else "")


def _ties(figures: Mapping[str, Any]) -> Iterator[str]:
    if figures.get("orders_with_total"):
        tie, of = figures["orders_that_tie"], figures["orders_with_total"]
        yield f"  ties: {tie:,} of {of:,} orders make their printed total"
    if figures.get("debit") is not None and figures.get("credit") is not None:
        yield f"  ties: debit {figures['debit']:,.2f}, credit {figures['credit']:,.2f}"
    if figures.get("closing_balance") is not None:
        yield f"  closing balance {figures['closing_balance']:,.2f}"
