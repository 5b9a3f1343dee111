"""The books of a block of trials between two closings, and what one month's closing reads, uses and gives.

All arrays have the trial's position in the block in front (T); what no scenario changes has size one there (R = 1 or T). Books are
changed in place by ``close_month``: ownership passes with the call.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.finance.accounts import BALANCE_INDEX
from engine.finance.postings import TIED_UP
from engine.finance.spec import FinanceSpec, Floats, Ints

# order lines: stage bits
SHIPPED, TITLED, DATED, LANDED, CLEARED = 1, 2, 4, 8, 16
"""Left the supplier; title passed; payable has its due day (or was paid); reached the port; cleared customs."""

# order lines: amounts
INVOICE, UNPAID, PREPAID, GOODS_COST, FREIGHT_COST, DUTY_COST, FEES_COST, FREIGHT_DUE, INSURANCE_DUE, FEE_DUE = range(10)
"""Invoice and its unpaid part (supplier's currency); prepaid at historical rates; landed cost so far; costs still to pay."""
AMOUNT_COUNT = 10

STAGE, DUE = 0, 1


class Books(NamedTuple):
    """State of the books."""

    units: Ints
    """(T, N, I)"""
    value: Floats
    """(T, N, I, 4) landed value by layer."""
    average: Floats
    """(T, N, I, 4)"""
    receivables: Floats
    """(T, K) in currency."""
    receivables_due: Floats
    """(T, K, D + 1)"""
    payables: Floats
    payables_due: Floats
    sales_tax: Floats
    sales_tax_due: Floats
    rate: Floats
    """(T, K) rates of the last closed day."""
    vat_due: Floats
    """(T, D + 1)"""
    spend_due: Floats
    tax_due: Floats
    cost_due: Floats
    """(T, D + 1) landed cost of sales by the day they are paid."""
    net_cash: Floats
    """(T,) cash less credit drawn."""
    drawn: Floats
    tied_up: Floats
    """(T,) cash tied up in goods, receivables at cost."""
    quarter_result: Floats
    """(T,) pre-tax result of the quarter so far."""
    quarter_tax: Floats
    loss: Floats
    """(T,) loss carried forward into the quarter."""
    seen: Ints
    """(T,) rows of the order-line table that are booked."""
    open_count: Ints
    open_row: Ints
    """(T, capacity) rows that are not received yet, ascending."""
    open_state: Ints
    """(T, capacity, 2)"""
    open_amounts: Floats
    """(T, capacity, 10)"""


class Lines(NamedTuple):
    """The network's order-line table (T, rows) and its length (T,)."""

    day_ordered: Ints
    node: Ints
    supplier: Ints
    item: Ints
    units: Ints
    left: Floats
    port: Floats
    cleared: Floats
    received: Ints
    count: Ints


class MonthInputs(NamedTuple):
    """What moved in a month of d days and at which prices and rates."""

    shipped: Ints
    """(T, d, A, I) units."""
    on_hand: Ints
    """(T, d, N, I) units at the end of the day."""
    returns: Ints
    """(T, rows, 7): day, cell, item, resale, refurbish, liquidate, scrap; by day."""
    returns_count: Ints
    """(T,)"""
    lines: Lines
    price_level: Floats
    """(R, Mk, d) net price over base price."""
    fx: Floats
    """(R, K - 1, D) company currency per unit of foreign currency, every day of the run."""
    duty_rate: Floats
    """(R, I, O, Te, d) share of customs value."""
    freight: Floats
    """(R, S, N, d) multiplier of freight per kg, by day of shipping."""
    unit_cost: Floats
    """(R, S, d) multiplier of unit cost, by day of order."""
    spend: Floats
    """(R, Mk, Aq) acquisition spend of the month, company currency."""


class Scratch(NamedTuple):
    """Working arrays of one trial and month, and the flags for the caller."""

    daily: Floats
    """(posting, d) amounts of postings that move cash or company accounts."""
    cells: Floats
    """(posting, C) amounts of the month by cell."""
    rate: Floats
    """(K, d)"""
    factor: Floats
    """(Mk, d) company currency per unit of base price."""
    receivable_add: Floats
    """(K, d)"""
    payable_add: Floats
    sales_tax_add: Floats
    since: Ints
    """(N, I) units sold since the last change of the average."""
    arc_units: Ints
    """(A, I) units shipped in the month."""
    first_receipt: Ints
    """(d,) first of the day's receipts in the chain; -1 none."""
    last_receipt: Ints
    next_receipt: Ints
    """(capacity,)"""


class MonthBooked(NamedTuple):
    """What the closing of a month gives, raw: statements are assembled from it."""

    cells: Floats
    """(T, posting, C) amounts of postings with a line by cell."""
    company: Floats
    """(T, posting) amounts of all other postings."""
    net_cash: Floats
    """(T, d) cash less credit drawn at the end of the day."""
    drawn: Floats
    """(T, d) credit drawn."""
    tied_up: Floats
    """(T, d) cash tied up in goods."""
    purchases: Floats
    """(T, S) orders placed, at the order day's rate."""
    item_sales: Floats
    """(T, I) gross sales."""
    item_stock: Floats
    """(T, I) landed value on hand at month end."""
    fault: Ints
    """(T,) 0, or what does not fit between network and books."""


FAULTS = ("", "stock of network and books differs", "returns are not in order of day", "more sold than was in stock")


def open_books(spec: FinanceSpec, trials: int) -> Books:
    """Open the books of a block of trials at the opening balance."""
    opening, days = spec.opening, spec.days

    def each(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.repeat(np.ascontiguousarray(array)[None], trials, axis=0)

    currencies = len(opening.rate)
    for name in ("receivables_due", "payables_due", "sales_tax_due"):
        if getattr(opening, name).shape != (currencies, days + 1):
            raise ValueError(f"opening.{name}: shape {(currencies, days + 1)} is needed")
    value = opening.average * opening.units[..., None]
    receivable_cost = float(opening.receivable_cost_due.sum())
    return Books(
        units=each(opening.units),
        value=each(value),
        average=each(opening.average),
        receivables=each(opening.receivables_due.sum(axis=1)),
        receivables_due=each(opening.receivables_due),
        payables=each(opening.payables_due.sum(axis=1)),
        payables_due=each(opening.payables_due),
        sales_tax=each(opening.sales_tax_due.sum(axis=1)),
        sales_tax_due=each(opening.sales_tax_due),
        rate=each(opening.rate),
        vat_due=each(opening.vat_due),
        spend_due=each(opening.spend_due),
        tax_due=each(opening.tax_due),
        cost_due=each(opening.receivable_cost_due),
        net_cash=np.full(trials, _opened(opening.balance, "cash") - _opened(opening.balance, "credit_line")),
        drawn=np.full(trials, _opened(opening.balance, "credit_line")),
        tied_up=np.full(trials, _tied_up(opening.balance) + receivable_cost),
        quarter_result=np.zeros(trials),
        quarter_tax=np.zeros(trials),
        loss=np.zeros(trials),
        seen=np.full(trials, opening.open_lines, dtype=np.int64),
        open_count=np.full(trials, opening.open_lines, dtype=np.int64),
        open_row=each(np.arange(opening.open_lines, dtype=np.int64)),
        open_state=each(opening.line_state),
        open_amounts=each(opening.line_amounts),
    )


def _opened(balance: Floats, account: str) -> float:
    return float(balance[BALANCE_INDEX[account]])


def _tied_up(balance: Floats) -> float:
    return sum(sign * _opened(balance, account) for account, sign in TIED_UP.items())


def with_room(books: Books, lines: Lines) -> Books:
    """Give the books room for every order line that may be open this month; no figure changes."""
    new = lines.count - books.seen
    need = int((books.open_count + new).max(initial=0))
    room = books.open_row.shape[1]
    if need <= room:
        return books
    more = max(need, 2 * room) - room
    return books._replace(
        open_row=np.pad(books.open_row, ((0, 0), (0, more))),
        open_state=np.pad(books.open_state, ((0, 0), (0, more), (0, 0))),
        open_amounts=np.pad(books.open_amounts, ((0, 0), (0, more), (0, 0))),
    )

