"""What every line of a transaction ledger is: a sale, what takes a sale back, or left out with a reason.

A line has the first of the treatments below that fits it, so that the lines and their amounts always add up:
after the closed time, repeated, booked by the accounts, no product, without a price, a correction of stock,
cancelled, sold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from engine.plan.importers.cancellations import Matched, match
from engine.plan.mappings import CodeKind, Ledger
from engine.plan.plan import Amount
from models.arrays import BoolArray, FloatArray, IntArray, TextArray

OPEN = ""
SOLD = "sold"
REFUND = "refund of an earlier sale"
TAKEN_OFF = "part of a sale, cancelled the same day"
SOLD_OFF = "sale of which other cancellations of the day left nothing"
SHIPPING = "shipping charged"
USED = (SOLD, REFUND, TAKEN_OFF, SOLD_OFF, SHIPPING)

VOIDED = "sale cancelled the same day"
REPEATED = "exact repetition of an earlier line"
AFTER = "after "
BY_FORM = (AFTER, REPEATED, VOIDED)
"""Beginnings of treatments that take nothing from what was sold: later months, doubles, undone sales."""
VOIDS = "cancellation of a sale of the same day"
UNMATCHED = "cancellation without an earlier sale of the same customer, item and price"
UNKNOWN_CUSTOMER = "cancellation without a customer"
NO_GOODS = "shipping charged on an invoice without goods"

_LEFT_OUT: Mapping[CodeKind, str] = {
    "shipping": "shipping paid back",
    "discount": "no product: discount",
    "manual": "no product: manual booking",
    "fee": "no product: fee of a bank or marketplace",
    "sample": "no product: samples",
    "voucher": "no product: gift voucher",
    "donation": "no product: donation",
    "adjustment": "no product: adjustment of the books",
}


@dataclass(frozen=True, eq=False)
class Lines:
    """Typed lines of a ledger, in the order of the file; ``moment`` in seconds."""

    invoice: TextArray
    item: TextArray
    """Code as the file has it."""
    customer: TextArray
    moment: IntArray
    quantity: IntArray
    price: FloatArray
    repeated: BoolArray
    """Alike to an earlier line in every column."""
    out: BoolArray
    """Not to be treated: faulty, or refused by the mapping."""

    @cached_property
    def amount(self) -> FloatArray:
        """Quantity times price (line,), ledger currency; negative for what is taken back."""
        return np.asarray(self.quantity * self.price, np.float64)


@dataclass(frozen=True, eq=False)
class Treated:
    """Treatment of every line ("" where it is out) and what the sales among them came to."""

    treatment: TextArray
    quantity: IntArray
    """Units of each sale less what was cancelled the same day."""
    refunded: FloatArray
    """Amount taken back of each sale on a later day."""
    shipping: FloatArray
    """Shipping of the invoice, on its first sale."""

    @property
    def sold(self) -> BoolArray:
        """Whether each line (line,) becomes a line of an order."""
        return np.asarray(self.treatment == SOLD, np.bool_)


def treat(lines: Lines, ledger: Ledger, items: frozenset[str] | None) -> Treated:
    """Treatment of every line of a ledger; ``items`` are the plan's own, which no table of codes may hide."""
    treatment = np.full(len(lines.invoice), OPEN, object)
    prefixes = _prefixed(lines.invoice, ledger.cancellation_prefixes)
    kinds = _kinds(lines.item, ledger, items)

    def put(mask: BoolArray, reason: str) -> None:
        treatment[mask & (treatment == OPEN) & ~lines.out] = reason

    if ledger.through is not None:
        closed = int(np.datetime64(ledger.through, "s").astype(np.int64)) + 86_400
        put(lines.moment >= closed, f"{AFTER}{ledger.through}: the month is not closed")
    if ledger.duplicates == "drop":
        put(lines.repeated, REPEATED)
    for prefix in ledger.adjustment_prefixes:
        put(_prefixed(lines.invoice, (prefix,)), f"booking of the accounts, not a sale (invoice {prefix}...)")
    charged = (kinds == "shipping") & (lines.amount > 0.0) & ~prefixes
    put(charged, SHIPPING)
    for kind, reason in _LEFT_OUT.items():
        put(np.asarray(kinds == kind, np.bool_), reason)
    put(lines.price < 0.0, "a price below zero")
    free, stock = lines.price == 0.0, lines.quantity < 0
    put(lines.quantity == 0, "a quantity of zero")
    put(free & stock, "correction of stock (units below zero, no price)")
    put(free & (lines.customer == ""), "units without price and customer (stock found or moved)")
    put(free, "goods given away (no price)")
    put(prefixes & ~stock, "cancellation with a quantity above zero")
    back = stock & (treatment == OPEN) & ~lines.out
    put(back & (lines.customer == ""), UNKNOWN_CUSTOMER)
    put(~stock, SOLD)
    back &= treatment == OPEN
    return _settle(lines, treatment, np.flatnonzero(back))


def _settle(lines: Lines, treatment: TextArray, back: IntArray) -> Treated:
    """Take cancellations off the sales they cancel, and put shipping on the orders."""
    sold = np.flatnonzero(treatment == SOLD)
    quantity, refunded = lines.quantity.copy(), np.zeros(len(treatment))
    matched: Matched = match(lines, sold, back)
    treatment[back] = UNMATCHED
    for at, parts in matched.items():
        treatment[at] = TAKEN_OFF
        for sale, units in parts:
            if lines.moment[sale] // 86_400 == lines.moment[at] // 86_400:
                quantity[sale] -= units
            else:
                refunded[sale] += units * lines.price[sale]
                treatment[at] = REFUND
    _void(treatment, quantity, matched)
    shipping = np.zeros(len(treatment))
    goods: dict[str, int] = {}
    for place in np.flatnonzero(treatment == SOLD).tolist():
        goods.setdefault(lines.invoice[place], place)
    for place in np.flatnonzero(treatment == SHIPPING).tolist():
        first = goods.get(lines.invoice[place])
        if first is None:
            treatment[place] = NO_GOODS
        else:
            shipping[first] += lines.amount[place]
    return Treated(treatment, quantity, refunded, shipping)


def _void(treatment: TextArray, quantity: IntArray, matched: Matched) -> None:
    """Sales of which nothing is left and the cancellations that took nothing but such sales: in sum nothing.

    A sale that a cancellation took off together with part of another stays used, as a line without units.
    """
    gone = set(np.flatnonzero((treatment == SOLD) & (quantity == 0)).tolist())
    whole = {at for at in matched if treatment[at] == TAKEN_OFF}
    while True:
        kept = {at for at in whole if all(sale in gone for sale, _ in matched[at])}
        mixed = {sale for at, parts in matched.items() if at not in kept for sale, _ in parts} & gone
        treatment[sorted(mixed)] = SOLD_OFF
        gone -= mixed
        if kept == whole and not mixed:
            break
        whole = kept
    treatment[sorted(gone)], treatment[sorted(whole)] = VOIDED, VOIDS


def _prefixed(invoice: TextArray, prefixes: tuple[str, ...]) -> BoolArray:
    wanted = tuple(prefix for prefix in prefixes if prefix)
    codes, distinct = pd.factorize(invoice)
    return np.fromiter((text.startswith(wanted) for text in distinct), np.bool_, len(distinct))[codes]


def _kinds(item: TextArray, ledger: Ledger, items: frozenset[str] | None) -> TextArray:
    """Kind of every code, "" for products."""
    exact = {code.casefold(): kind for code, kind in ledger.codes.items() if not code.endswith("*")}
    starts = [(code[:-1].casefold(), kind) for code, kind in ledger.codes.items() if code.endswith("*")]
    codes, distinct = pd.factorize(item)
    found = []
    for code in distinct:
        folded = code.casefold()
        fitting = [exact[folded]] if folded in exact else []
        fitting = fitting or [kind for start, kind in starts if folded.startswith(start)]
        product = not fitting or fitting[0] == "goods" or (items is not None and code in items)
        found.append("" if product else fitting[0])
    return np.asarray(found, dtype=object)[codes] if found else np.empty(0, object)


def account(lines: Lines, treated: Treated, currency: TextArray) -> tuple[Amount, ...]:
    """Every treatment with its lines and amount, by currency; used ones first. ``currency`` (line,) is the
    code of each line's.
    """
    frame = pd.DataFrame({"treatment": treated.treatment, "currency": currency, "amount": lines.amount})
    frame = frame[frame["treatment"] != OPEN]
    entries = [
        Amount(str(treatment), treatment in USED, len(part), math.fsum(part), str(code))
        for (treatment, code), part in frame.groupby(["treatment", "currency"], sort=True)["amount"]
    ]
    return tuple(sorted(entries, key=lambda entry: (not entry.used, entry.treatment, entry.currency)))
