"""Close a month of a block of trials: the same function in plain and in triggered runs.

Order inside a month: rates; new and open order lines; receipts, returns and shipments day by day;
write-downs; company costs; what
falls due; the credit line and interest; tax. Nothing is read across trials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.finance.books import (
    BOOKS_FIT,
    RETURNS_UNORDERED,
    STATUS_TEXT,
    Additions,
    Books,
    CashBooked,
    MonthBooked,
    MonthInputs,
    Period,
    Receipts,
    Sheet,
    Shipments,
    Working,
    with_room,
)
from engine.finance.cash import (
    book_company,
    book_spend,
    book_storage,
    charge_tax,
    draw_credit,
    fill_rates,
    pay_dues,
    settle,
)
from engine.finance.landed_cost import book_new_lines, drop_received, follow_lines
from engine.finance.lines import SEGMENT_RUNGS, lines_to
from engine.finance.postings import POSTING_COUNT, POSTINGS, SEGMENT, signs
from engine.finance.selling import (
    book_sales,
    cross_borders,
    pick_and_pack,
    receive_day,
    release_stock,
    return_day,
    ship_day,
)
from engine.finance.spec import FinanceSpec, Terms
from engine.finance.write_down import write_down_stock
from models.arrays import FloatArray
from models.compiled import in_place, inner
from models.errors import TradewindError

IS_SEGMENT = np.array([posting.scope == SEGMENT for posting in POSTINGS])
REVENUE_SIGN = signs(dict.fromkeys(lines_to(SEGMENT_RUNGS[0]), 1))
CM2_SIGN = signs(dict.fromkeys(lines_to("cm2"), 1))
EBITDA_SIGN = signs(dict.fromkeys(lines_to("ebitda"), 1))


@dataclass(frozen=True, eq=False)
class MonthFigures:
    """Figures of a closed month that responses look at, each (T,), company currency; reckoned when asked."""

    booked: MonthBooked
    credit_limit: float

    @property
    def cash_end(self) -> FloatArray:
        """Net cash at month end, (trial,), company currency."""
        return self.booked.cash.net_cash[:, -1].copy()

    @property
    def cash_minimum(self) -> FloatArray:
        """Lowest net cash at a day's end, (trial,), company currency."""
        return np.asarray(self.booked.cash.net_cash.min(axis=1))

    @property
    def headroom(self) -> FloatArray:
        """Lowest net cash plus credit limit, (trial,), company currency: below zero something is unfunded."""
        return self.cash_minimum + self.credit_limit

    @property
    def net_revenue(self) -> FloatArray:
        """Net revenue of the month, (trial,), company currency."""
        return _rung(self.booked, REVENUE_SIGN)

    @property
    def cm2(self) -> FloatArray:
        """CM2 of the month, (trial,), company currency."""
        return _rung(self.booked, CM2_SIGN)

    @property
    def ebitda(self) -> FloatArray:
        """EBITDA of the month, (trial,), company currency."""
        return _rung(self.booked, EBITDA_SIGN)


def close_month(
    spec: FinanceSpec, books: Books, month: int, inputs: MonthInputs
) -> tuple[Books, MonthFigures]:
    """Close a month: give the books at its end and its figures. The books passed in are used up."""
    books = with_room(books, inputs.lines)
    start, end = (int(day) for day in spec.terms.company.month_start[month : month + 2])
    _check_shapes(spec, books, inputs, end - start)
    booked = _blank(spec, books.trials, end - start)
    working = _working(spec.terms, books, end - start)
    _close_block(spec.terms, books, inputs, booked, working, month, start, end)
    if booked.status.any():
        trial = int(np.flatnonzero(booked.status)[0])
        what = STATUS_TEXT[int(booked.status[trial])]
        raise TradewindError(f"month {month}, trial {trial} of the block: {what}")
    return books, MonthFigures(booked, spec.terms.company.credit_limit)


def _blank(spec: FinanceSpec, trials: int, days: int) -> MonthBooked:
    """Give zeroed arrays for a month."""
    terms = spec.terms
    items = terms.markets.base_price.shape[1]
    return MonthBooked(
        segments=np.zeros((trials, POSTING_COUNT, len(terms.segments.market))),
        company=np.zeros((trials, POSTING_COUNT)),
        cash=CashBooked(*(np.zeros((trials, days)) for _ in CashBooked._fields)),
        purchases=np.zeros((trials, len(terms.supply.currency))),
        item_sales=np.zeros((trials, items)),
        item_stock=np.zeros((trials, items)),
        returned_value=np.zeros((trials, len(terms.segments.market))),
        status=np.full(trials, BOOKS_FIT, dtype=np.int64),
    )


def _check_shapes(spec: FinanceSpec, books: Books, inputs: MonthInputs, days: int) -> None:
    """Refuse inputs whose shapes do not fit the spec: compiled code would read past their ends."""
    terms, trials = spec.terms, books.trials
    markets, items = terms.markets.base_price.shape
    suppliers, nodes = terms.supply.freight_per_kg.shape
    channels = terms.company.spend_segment.shape[1]
    want = {
        "shipped": (trials, days, len(terms.segments.arc_segment), items),
        "on_hand": (trials, days, nodes, items),
        "returns_count": (trials,),
        "price_level": (markets, days),
        "fx": (books.items.rate.shape[1] - 1, days),
        "duty_rate": (items, spec.origins, len(terms.nodes.de_minimis), days),
        "freight": (suppliers, nodes, days),
        "unit_cost": (suppliers, days),
        "spend": (markets, channels),
    }
    for name, shape in want.items():
        array = getattr(inputs, name)
        got = array.shape
        fits = (
            got == shape
            if name in ("shipped", "on_hand", "returns_count")
            else (got[0] in (1, trials) and got[1:] == shape)
        )
        if not fits:
            raise ValueError(f"{name}: shape {shape} is needed (trials in front where random) | got {got}")


def _working(terms: Terms, books: Books, days: int) -> Working:
    """Working arrays for months of so many days."""
    _, nodes, items = books.stock.units.shape
    segments, arcs = len(terms.segments.market), len(terms.segments.arc_segment)
    currencies, markets = books.items.rate.shape[1], len(terms.markets.currency)
    return Working(
        Sheet(
            np.zeros((POSTING_COUNT, days)),
            np.zeros((POSTING_COUNT, segments)),
            np.zeros((currencies, days)),
            np.zeros((markets, days)),
        ),
        Additions(*(np.zeros((currencies, days)) for _ in Additions._fields)),
        Receipts(
            np.full(days, -1, dtype=np.int64),
            np.full(days, -1, dtype=np.int64),
            np.full(books.orders.row.shape[1], -1, dtype=np.int64),
        ),
        Shipments(
            np.zeros((nodes, items), dtype=np.int64),
            np.zeros((arcs, items), dtype=np.int64),
            np.zeros((arcs, days), dtype=np.int64),
            *(np.zeros((segments, days)) for _ in range(3)),
        ),
    )


@in_place
def _close_block(
    terms: Terms,
    books: Books,
    flows: MonthInputs,
    booked: MonthBooked,
    working: Working,
    month: int,
    start: int,
    end: int,
) -> None:
    """Close the month trial by trial."""
    sheet, added, shipments, company = working.sheet, working.added, working.shipments, terms.company
    for t in range(books.stock.units.shape[0]):
        period = Period(t, start, end)
        _blank_working(working)
        fill_rates(terms.markets.currency, flows.price_level, flows.fx, sheet, t)
        purchases = booked.purchases[t]
        book_new_lines(terms.supply, terms.nodes, books.orders, flows, sheet, purchases, period)
        follow_lines(terms.supply, terms.nodes, books, flows, working, period)
        booked.status[t] = _walk_days(terms, books, flows, working, booked, period)
        pick_and_pack(terms.segments, terms.nodes, shipments, sheet)
        receivables_due, cost_due = books.items.receivables_due[t], books.dues.cost[t]
        book_sales(terms.markets, terms.segments, shipments, sheet, added, receivables_due, cost_due, start)
        duty_rate = flows.duty_rate[min(t, flows.duty_rate.shape[0] - 1)]
        cross_borders(flows.shipped[t], terms, duty_rate, shipments.units, sheet)
        drop_received(books.orders, flows.lines.received, t, end)
        share, base_price = company.realisable_share, terms.markets.base_price
        write_down_stock(terms.segments, base_price, share, books.stock, shipments.sold, sheet, t)
        book_company(company, sheet, month)
        spend = flows.spend[min(t, flows.spend.shape[0] - 1)]
        book_spend(company, spend, books.dues.spend[t], sheet, month)
        book_storage(flows.on_hand[t], terms.nodes.storage_per_unit_month, sheet.daily)
        settle(books.items, added, sheet, company.sales_tax_lag, t, start)
        pay_dues(books.dues, sheet.daily, t, start)
        draw_credit(company, books.totals, books.dues.cost, sheet.daily, booked.cash, t, start)
        segments, amounts = booked.segments[t], booked.company[t]
        _hand_over(sheet, segments, amounts)
        _value_items(books.stock.value[t], booked.item_stock[t])
        charge_tax(company, books.totals, books.dues.tax[t], segments, amounts, t, month)


@inner
def _walk_days(
    terms: Terms, books: Books, flows: MonthInputs, working: Working, booked: MonthBooked, period: Period
) -> int:
    """Book receipts, returns and shipments of every day; gives a status code."""
    t, stock, sheet, receipts, shipments = (
        period.trial,
        books.stock,
        working.sheet,
        working.receipts,
        working.shipments,
    )
    returns, seen = flows.returns[t, : flows.returns_count[t]], np.int64(0)
    for day in range(sheet.daily.shape[1]):
        if receipts.first[day] >= 0:
            receive_day(stock, shipments.since, books.orders, flows.lines, receipts, sheet.daily, t, day)
        if seen < returns.shape[0] and returns[seen, 0] == period.start + day:
            seen = return_day(terms, stock, returns, seen, working, booked.returned_value[t], t, day)
        ship_day(
            flows.shipped[t, day],
            terms.segments,
            terms.markets.base_price,
            stock.average[t],
            shipments,
            sheet,
            booked.item_sales[t],
            day,
        )
    status = release_stock(stock, shipments.since, flows.on_hand, t)
    return RETURNS_UNORDERED if seen != returns.shape[0] else status


@inner
def _blank_working(working: Working) -> None:
    """Empty the working arrays for the next trial."""
    sheet, added, receipts, shipments = working
    sheet.daily[:] = 0.0
    sheet.segments[:] = 0.0
    added.receivables[:] = 0.0
    added.payables[:] = 0.0
    added.sales_tax[:] = 0.0
    receipts.first[:] = -1
    receipts.last[:] = -1
    shipments.since[:] = 0
    shipments.sold[:] = 0
    shipments.parcels[:] = 0.0
    shipments.value[:] = 0.0
    shipments.cost[:] = 0.0


@inner
def _hand_over(sheet: Sheet, segments: FloatArray, company: FloatArray) -> None:
    """Hand the month's amounts over: by segment where a line is known by segment, else for the company."""
    for posting in range(POSTING_COUNT):
        if IS_SEGMENT[posting]:
            for segment in range(segments.shape[1]):
                segments[posting, segment] = sheet.segments[posting, segment]
            continue
        total = 0.0
        for day in range(sheet.daily.shape[1]):
            total += sheet.daily[posting, day]
        company[posting] = total


@inner
def _value_items(value: FloatArray, item_stock: FloatArray) -> None:
    """Landed value on hand by item."""
    for node in range(value.shape[0]):
        for item in range(value.shape[1]):
            for layer in range(value.shape[2]):
                item_stock[item] += value[node, item, layer]


def _rung(booked: MonthBooked, sign: FloatArray) -> FloatArray:
    """Sum of a rung's postings, (T,), one after the other in their order."""
    total = np.zeros(len(booked.company))
    for posting in np.flatnonzero(sign):
        total = total + sign[posting] * booked.company[:, posting]
        for segment in range(booked.segments.shape[2]):
            total = total + sign[posting] * booked.segments[:, posting, segment]
    return total
