"""Statements assembled from postings: profit and loss by segment and month, balance sheet by month, cash flow
by group.

Every figure is the sum, over postings, of leg sign × amount: the legs are the only place that says what
belongs where. Sums run in a fixed order, one posting and one segment after the other, so a segment without
volume changes no bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.finance.accounts import ASSETS, BALANCE_INDEX, BALANCE_NAMES, CONTRIBUTIONS, LIABILITIES
from engine.finance.books import FEES_COST, GOODS_COST, PREPAID, Books, MonthBooked
from engine.finance.lines import COMPANY_LINES, LINES, RUNGS, SEGMENT_LINES
from engine.finance.postings import CASH_SIGN, POSTING_INDEX, POSTINGS, Posting
from engine.finance.spec import Opening
from models.arrays import FloatArray


@dataclass(frozen=True)
class Statements:
    """Statements of a block: money in company currency, positive in, negative out; balances in natural
    sign.
    """

    segment_lines: FloatArray
    """(T, M, len(SEGMENT_LINES), C)"""
    company_lines: FloatArray
    """(T, M, len(COMPANY_LINES))"""
    balance: FloatArray
    """(T, M, len(BALANCE_NAMES)) at month end."""
    contributions: FloatArray
    """(T, M) equity paid in, in the month."""
    equity: FloatArray
    """(T, M) opening equity + net income + contributions: computed apart from the balance."""
    cash_flow: FloatArray
    """(T, M, len(FLOWS)) cash by group; they sum to the change of cash."""
    duty_paid: FloatArray
    """(T, M) import duty at entry: cash, negative; ``cogs_duty`` is its release on sale."""

    def line(self, name: str) -> FloatArray:
        """Give one line for the company, (T, M), company currency."""
        if name in SEGMENT_LINES:
            return _over_segments(self.segment_lines[:, :, SEGMENT_LINES.index(name)])
        return self.company_lines[:, :, COMPANY_LINES.index(name)]

    def rung(self, name: str) -> FloatArray:
        """Give one rung of the ladder for the company, (T, M), company currency."""
        total = np.zeros(self.company_lines.shape[:2])
        for line in LINES:
            if RUNGS.index(line.rung) <= RUNGS.index(name):
                total = total + self.line(line.name)
        return total

    def segment_rung(self, name: str) -> FloatArray:
        """Give one rung of the ladder down to CM3 by segment, (T, M, C), company currency."""
        total = np.zeros(self.segment_lines.shape[:2] + self.segment_lines.shape[3:])
        for position, line in enumerate(LINES[: len(SEGMENT_LINES)]):
            if RUNGS.index(line.rung) <= RUNGS.index(name):
                total = total + self.segment_lines[:, :, position]
        return total

    def account(self, name: str) -> FloatArray:
        """Give one account at month end, (T, M)."""
        return self.balance[:, :, BALANCE_INDEX[name]]

    def identity_gap(self) -> FloatArray:
        """Equity less (assets - liabilities), (T, M), company currency: zero but for rounding."""
        net = np.zeros(self.balance.shape[:2])
        for name in ASSETS:
            net = net + self.account(name)
        for name in LIABILITIES:
            net = net - self.account(name)
        return self.equity - net


FLOWS = ("operating", "fixed", "interest", "tax", "investing", "financing")


def assemble(
    opening: Opening, months: Sequence[MonthBooked], postings: tuple[Posting, ...] = POSTINGS
) -> Statements:
    """Assemble the statements of consecutive months from the first one on."""
    trials, _, segments = months[0].segments.shape
    count = len(months)
    segment_lines = np.zeros((trials, count, len(SEGMENT_LINES), segments))
    company_lines = np.zeros((trials, count, len(COMPANY_LINES)))
    change = np.zeros((trials, count, len(BALANCE_NAMES)))
    contributions = np.zeros((trials, count))
    flows = np.zeros((trials, count, len(FLOWS)))
    booked_segments = np.stack([booked.segments for booked in months], axis=1)
    booked_company = np.stack([booked.company for booked in months], axis=1)
    for position, posting in enumerate(postings):
        by_segment = booked_segments[:, :, position]
        amount = booked_company[:, :, position] + _over_segments(by_segment)
        for leg in posting.legs:
            if leg.account in SEGMENT_LINES:
                segment_lines[:, :, SEGMENT_LINES.index(leg.account)] += leg.sign * by_segment
            elif leg.account in COMPANY_LINES:
                company_lines[:, :, COMPANY_LINES.index(leg.account)] += leg.sign * amount
            elif leg.account == CONTRIBUTIONS:
                contributions += leg.sign * amount
            else:
                change[:, :, BALANCE_INDEX[leg.account]] += leg.sign * amount
        if posting.flow:
            flows[:, :, FLOWS.index(posting.flow)] += CASH_SIGN[position] * amount
    balance = _running(opening.balance, change)
    income = contributions.copy()
    for position in range(len(SEGMENT_LINES)):
        income = income + _over_segments(segment_lines[:, :, position])
    for position in range(len(COMPANY_LINES)):
        income = income + company_lines[:, :, position]
    equity = _running(np.array([opening.equity]), income[:, :, None])[:, :, 0]
    return Statements(segment_lines, company_lines, balance, contributions, equity, flows, _duty_paid(months))


def _over_segments(by_segment: FloatArray) -> FloatArray:
    """Sum over the last axis, one segment after the other."""
    total = np.zeros(by_segment.shape[:-1])
    for segment in range(by_segment.shape[-1]):
        total = total + by_segment[..., segment]
    return total


def _running(opening: FloatArray, change: FloatArray) -> FloatArray:
    """Opening plus the changes so far, month after month, (T, M, account)."""
    balance = np.empty_like(change)
    last = np.broadcast_to(opening, change[:, 0].shape)
    for month in range(change.shape[1]):
        last = last + change[:, month]
        balance[:, month] = last
    return balance


def _duty_paid(months: Sequence[MonthBooked]) -> FloatArray:
    """Duty at entry by month, negative: paid."""
    return -np.stack([booked.company[:, POSTING_INDEX["duty_entry"]] for booked in months], axis=1)


class Subledger(NamedTuple):
    """Accounts counted from the books themselves rather than from postings, each (T,)."""

    cash: FloatArray
    receivables: FloatArray
    inventory: FloatArray
    inventory_in_transit: FloatArray
    prepayments: FloatArray
    payables: FloatArray
    sales_tax_payable: FloatArray
    import_vat_recoverable: FloatArray
    accrued_marketing: FloatArray
    credit_line: FloatArray


def count_books(books: Books, day: int) -> Subledger:
    """Count the accounts from open items, stock layers and open order lines at the end of a day (a month's
    last).
    """
    items, orders = books.items, books.orders
    trials, room = orders.row.shape
    is_open = np.arange(room)[None, :] < orders.used[:, None]
    amounts = np.where(is_open[:, :, None], orders.amounts, 0.0)
    rest = slice(day + 1, None)
    return Subledger(
        cash=books.totals.net_cash + books.totals.drawn,
        receivables=(items.receivables * items.rate).sum(axis=1),
        inventory=books.stock.value.reshape(trials, -1).sum(axis=1),
        inventory_in_transit=amounts[:, :, GOODS_COST : FEES_COST + 1].sum(axis=(1, 2)),
        prepayments=amounts[:, :, PREPAID].sum(axis=1),
        payables=(items.payables * items.rate).sum(axis=1),
        sales_tax_payable=(items.sales_tax * items.rate).sum(axis=1),
        import_vat_recoverable=books.dues.vat[:, rest].sum(axis=1),
        accrued_marketing=books.dues.spend[:, rest].sum(axis=1),
        credit_line=books.totals.drawn,
    )
