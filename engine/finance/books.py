"""The books of a block of trials between two closings, and what one month's closing reads, uses and gives.

All arrays have the trial's position in the block in front (T); what no scenario changes has size one there
(R = 1 or T). Books are
changed in place by ``close_month``: ownership passes with the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.finance.accounts import BALANCE_INDEX
from engine.finance.postings import TIED_UP
from engine.finance.spec import FinanceSpec
from models.arrays import CountArray, FloatArray, IntArray

# order lines: stage bits
SHIPPED, TITLED, DATED, LANDED, CLEARED = 1, 2, 4, 8, 16
"""Left the supplier; title passed; payable has its due day (or was paid); reached the port; cleared
customs."""

# order lines: amounts
(
    INVOICE,
    UNPAID,
    PREPAID,
    GOODS_COST,
    FREIGHT_COST,
    DUTY_COST,
    FEES_COST,
    FREIGHT_DUE,
    INSURANCE_DUE,
    FEE_DUE,
) = range(10)
"""Invoice and its unpaid part (supplier's currency); prepaid at historical rates; landed cost so far; costs
still to pay."""
AMOUNT_COUNT = 10

STAGE, DUE = 0, 1


class Stock(NamedTuple):
    """Stock on hand by node and item."""

    units: IntArray
    """(T, N, I)"""
    value: FloatArray
    """(T, N, I, 4) landed value by layer."""
    average: FloatArray
    """(T, N, I, 4) landed cost per unit by layer."""


class OpenItems(NamedTuple):
    """What is owed to and by the company in its currency, with schedules by due day."""

    receivables: FloatArray
    """(T, K) in currency."""
    receivables_due: FloatArray
    """(T, K, D + 1); the last entry is everything later than the run."""
    payables: FloatArray
    payables_due: FloatArray
    sales_tax: FloatArray
    sales_tax_due: FloatArray
    rate: FloatArray
    """(T, K) rates of the last closed day."""


class Dues(NamedTuple):
    """Schedules in company currency, each (T, D + 1)."""

    vat: FloatArray
    spend: FloatArray
    tax: FloatArray
    cost: FloatArray
    """Landed cost of sales by the day they are paid."""


class Totals(NamedTuple):
    """Running figures of the company, each (T,)."""

    net_cash: FloatArray
    """Cash less credit drawn."""
    drawn: FloatArray
    tied_up: FloatArray
    """Cash tied up in goods, receivables at cost."""
    quarter_result: FloatArray
    """Pre-tax result of the quarter so far."""
    quarter_tax: FloatArray
    loss: FloatArray
    """Loss carried forward into the quarter."""


class OpenLines(NamedTuple):
    """Order lines that are not received yet, in order of row."""

    seen: IntArray
    """(T,) rows of the order-line table that are booked."""
    used: IntArray
    """(T,)"""
    row: IntArray
    """(T, capacity)"""
    state: IntArray
    """(T, capacity, 2)"""
    amounts: FloatArray
    """(T, capacity, 10)"""


class Books(NamedTuple):
    """State of the books."""

    stock: Stock
    items: OpenItems
    dues: Dues
    totals: Totals
    orders: OpenLines

    @property
    def trials(self) -> int:
        """Trials of the block."""
        return len(self.totals.net_cash)


class Lines(NamedTuple):
    """The network's order-line table (T, rows) and its length (T,)."""

    day_ordered: CountArray
    node: CountArray
    supplier: CountArray
    item: CountArray
    units: CountArray
    left: FloatArray
    port: FloatArray
    cleared: FloatArray
    received: CountArray
    used: CountArray


class MonthInputs(NamedTuple):
    """What moved in a month of d days and at which prices and rates."""

    shipped: CountArray
    """(T, d, A, I) units."""
    on_hand: CountArray
    """(T, d, N, I) units at the end of the day."""
    returns: CountArray
    """(T, rows, 7): day, segment, item, resale, refurbish, liquidate, scrap; by day."""
    returns_count: CountArray
    """(T,)"""
    lines: Lines
    price_level: FloatArray
    """(R, Mk, d) net price over base price."""
    fx: FloatArray
    """(R, K - 1, d) company currency per unit of foreign currency."""
    duty_rate: FloatArray
    """(R, I, O, Te, d) share of customs value."""
    freight: FloatArray
    """(R, S, N, d) multiplier of freight per kg, by day of shipping."""
    unit_cost: FloatArray
    """(R, S, d) multiplier of unit cost, by day of order."""
    spend: FloatArray
    """(R, Mk, Aq) acquisition spend of the month, company currency."""


class Sheet(NamedTuple):
    """Working sheet of one trial and month."""

    daily: FloatArray
    """(posting, d) amounts of postings that move cash or company accounts."""
    segments: FloatArray
    """(posting, C) amounts of the month by segment."""
    rate: FloatArray
    """(K, d)"""
    factor: FloatArray
    """(Mk, d) company currency per unit of base price."""


class Additions(NamedTuple):
    """New open items of one trial and month, each (K, d) in currency."""

    receivables: FloatArray
    payables: FloatArray
    sales_tax: FloatArray


class Shipments(NamedTuple):
    """Shipments of one trial and month."""

    since: IntArray
    """(N, I) units sold since the last change of the average cost."""
    sold: IntArray
    """(A, I) units of the month."""
    units: IntArray
    """(A, d)"""
    parcels: FloatArray
    """(C, d) orders shipped."""
    value: FloatArray
    """(C, d) at base price, market currency."""
    cost: FloatArray
    """(C, d) landed cost."""


class Receipts(NamedTuple):
    """Receipts of one trial and month, chained by day in order of row; -1 ends a chain."""

    first: IntArray
    """(d,)"""
    last: IntArray
    next: IntArray
    """(capacity,)"""


class Working(NamedTuple):
    """Working arrays of one trial, used again for the next."""

    sheet: Sheet
    added: Additions
    receipts: Receipts
    shipments: Shipments


class Period(NamedTuple):
    """The trial whose month is being closed: its place in the block, first day and the day after the last."""

    trial: int
    start: int
    end: int


class CashBooked(NamedTuple):
    """Cash of a month by day, each (T, d)."""

    net_cash: FloatArray
    """Cash less credit drawn at the end of the day."""
    drawn: FloatArray
    """Credit drawn."""
    tied_up: FloatArray
    """Cash tied up in goods, receivables at cost."""


class MonthBooked(NamedTuple):
    """What the closing of a month gives, raw: statements are assembled from it."""

    segments: FloatArray
    """(T, posting, C) amounts of postings with a line by segment."""
    company: FloatArray
    """(T, posting) amounts of all other postings."""
    cash: CashBooked
    purchases: FloatArray
    """(T, S) orders placed, at the order day's rate."""
    item_sales: FloatArray
    """(T, I) gross sales."""
    item_stock: FloatArray
    """(T, I) landed value on hand at month end."""
    returned_value: FloatArray
    """(T, C) landed cost of the units that came back."""
    status: IntArray
    """(T,) a status code: what does not fit between network and books, if anything."""


BOOKS_FIT, STOCK_DIFFERS, RETURNS_UNORDERED, OVERSOLD = range(4)
"""Status codes of a closed month: plain numbers, for compiled code raises nothing."""

STATUS_TEXT: Mapping[int, str] = MappingProxyType(
    {
        STOCK_DIFFERS: "stock of network and books differs",
        RETURNS_UNORDERED: "returns are not in order of day",
        OVERSOLD: "more sold than was in stock",
    }
)


def open_books(spec: FinanceSpec, trials: int) -> Books:
    """Open the books of a block of trials at the opening balance."""
    opening, days = spec.opening, spec.days

    def each(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.repeat(np.ascontiguousarray(array)[None], trials, axis=0)

    currencies = len(opening.rate)
    for name in ("receivables_due", "payables_due", "sales_tax_due"):
        if getattr(opening, name).shape != (currencies, days + 1):
            raise ValueError(f"opening.{name}: shape {(currencies, days + 1)} is needed")
    stock = Stock(
        each(opening.units), each(opening.average * opening.units[..., None]), each(opening.average)
    )
    items = OpenItems(
        receivables=each(opening.receivables_due.sum(axis=1)),
        receivables_due=each(opening.receivables_due),
        payables=each(opening.payables_due.sum(axis=1)),
        payables_due=each(opening.payables_due),
        sales_tax=each(opening.sales_tax_due.sum(axis=1)),
        sales_tax_due=each(opening.sales_tax_due),
        rate=each(opening.rate),
    )
    dues = Dues(
        vat=each(opening.vat_due),
        spend=each(opening.spend_due),
        tax=each(opening.tax_due),
        cost=each(opening.receivable_cost_due),
    )
    totals = Totals(
        net_cash=np.full(trials, _opened(opening.balance, "cash") - _opened(opening.balance, "credit_line")),
        drawn=np.full(trials, _opened(opening.balance, "credit_line")),
        tied_up=np.full(trials, _tied_up(opening.balance) + float(opening.receivable_cost_due.sum())),
        quarter_result=np.zeros(trials),
        quarter_tax=np.zeros(trials),
        loss=np.zeros(trials),
    )
    orders = OpenLines(
        seen=np.full(trials, opening.open_lines, dtype=np.int64),
        used=np.full(trials, opening.open_lines, dtype=np.int64),
        row=each(np.arange(opening.open_lines, dtype=np.int64)),
        state=each(opening.line_state),
        amounts=each(opening.line_amounts),
    )
    return Books(stock, items, dues, totals, orders)


def _opened(balance: FloatArray, account: str) -> float:
    return float(balance[BALANCE_INDEX[account]])


def _tied_up(balance: FloatArray) -> float:
    return sum(sign * _opened(balance, account) for account, sign in TIED_UP.items())


def with_room(books: Books, lines: Lines) -> Books:
    """Give the books room for every order line that may be open this month; no figure changes."""
    orders = books.orders
    need = int((orders.used + lines.used - orders.seen).max(initial=0))
    room = orders.row.shape[1]
    if need <= room:
        return books
    more = (0, max(need, 2 * room) - room)
    return books._replace(
        orders=orders._replace(
            row=np.pad(orders.row, ((0, 0), more)),
            state=np.pad(orders.state, ((0, 0), more, (0, 0))),
            amounts=np.pad(orders.amounts, ((0, 0), more, (0, 0))),
        )
    )
