"""What a reader of the check should know of a ledger beside the counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.plan.importers.ledger_lines import OPEN, Lines, Treated
from engine.plan.mappings import Ledger


def notes(
    lines: Lines, treated: Treated, ledger: Ledger, items: frozenset[str] | None, filled: int
) -> list[str]:
    """Lines without customer, repeated lines, and how the codes became items; ``filled`` customers were
    taken over from other lines of their invoice.
    """
    found = [
        _nameless(lines, treated),
        _repeated(lines, treated, ledger),
        _items(lines, treated, ledger, items),
    ]
    if filled:
        found.append(f"{filled:,} lines got the customer that the other lines of their invoice name")
    return [note for note in found if note]


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else "0.0%"


def _nameless(lines: Lines, treated: Treated) -> str:
    sold = treated.sold
    nameless = sold & (lines.customer == "")
    if not nameless.any():
        return ""
    share = _share(lines.amount[nameless].sum(), lines.amount[sold].sum())
    return (
        f"{int(nameless.sum()):,} sold lines ({share} of the amount sold) carry no customer: their demand is "
        "forecast as counts"
    )


def _repeated(lines: Lines, treated: Treated, ledger: Ledger) -> str:
    repeated = lines.repeated & (treated.treatment != OPEN)
    if not repeated.any():
        return ""
    alike = pd.Series(lines.repeated).groupby(lines.invoice).agg(["sum", "size"])
    some, doubled = int((alike["sum"] > 0).sum()), int((2 * alike["sum"] == alike["size"]).sum())
    kept = ledger.duplicates == "keep"
    return (
        f"{int(repeated.sum()):,} lines worth {lines.amount[repeated].sum():,.2f} repeat an earlier line in "
        f"every column, on {some:,} invoices of which {doubled:,} stand there twice as a whole: "
        f"{'kept as items entered more than once' if kept else 'dropped'} (ledger: duplicates)"
    )


def _items(lines: Lines, treated: Treated, ledger: Ledger, items: frozenset[str] | None) -> str:
    bands, sold = ledger.price_bands, treated.sold
    if bands is None or items is None or not sold.any():
        return ""
    own = np.fromiter((code in items for code in lines.item), np.bool_, len(lines.item)) & sold
    share = _share(lines.amount[own].sum(), lines.amount[sold].sum())
    return (
        f"{len(set(lines.item[own])):,} items of the plan are {share} of the amount sold; "
        f"{len(set(lines.item[sold & ~own])):,} other codes are {len(bands.items)} price bands"
    )
