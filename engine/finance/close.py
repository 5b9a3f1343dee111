"""Close a month of a block of trials: the same function in plain and in triggered runs.

Order inside a month: rates; new and open order lines; receipts, returns and shipments day by day; write-downs; company costs; what
falls due; the credit line and interest; tax. Nothing is read across trials.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from engine.finance.books import FAULTS, Books, MonthBooked, MonthInputs, Scratch, with_room
from engine.finance.cash import book_company, charge_tax, draw_credit, fill_rates, settle
from engine.finance.landed_cost import book_new_lines, drop_received, follow_lines
from engine.finance.lines import CELL_RUNGS, lines_to
from engine.finance.postings import CELL, POSTING_COUNT, POSTINGS, signs
from engine.finance.selling import walk_days, write_down
from engine.finance.spec import FinanceSpec, Floats, Terms
from models.errors import TradewindError

IS_CELL = np.array([posting.scope == CELL for posting in POSTINGS])
CM2_SIGN = signs(dict.fromkeys(lines_to("cm2"), 1))
EBITDA_SIGN = signs(dict.fromkeys(lines_to("ebitda"), 1))


class MonthFigures(NamedTuple):
    """Figures of a closed month that responses look at, each (T,), company currency."""

    cash_end: Floats
    """Net cash at month end."""
    cash_minimum: Floats
    """Lowest net cash at a day's end."""
    headroom: Floats
    """Lowest net cash plus credit limit: below zero something is unfunded."""
    net_revenue: Floats
    cm2: Floats
    ebitda: Floats
    booked: MonthBooked


def close_month(
    spec: FinanceSpec, books: Books, month: int, inputs: MonthInputs
) -> tuple[Books, MonthFigures]:
    """Close a month: give the books at its end and its figures. The books passed in are used up."""
    books = with_room(books, inputs.lines)
    start, end = (int(day) for day in spec.terms.company.month_start[month : month + 2])
    _check_shapes(spec, books, inputs, end - start)
    booked = _blank(spec, len(books.net_cash), end - start)
    _close_block(spec.terms, books, inputs, booked, month, start, end)
    if booked.fault.any():
        trial = int(np.flatnonzero(booked.fault)[0])
        raise TradewindError(f"month {month}, trial {trial} of the block: {FAULTS[booked.fault[trial]]}")
    return books, _figures(spec, booked)


def _blank(spec: FinanceSpec, trials: int, days: int) -> MonthBooked:
    """Give zeroed arrays for a month."""
    terms = spec.terms
    items = terms.markets.base_price.shape[1]
    return MonthBooked(
        cells=np.zeros((trials, POSTING_COUNT, len(terms.cells.market))),
        company=np.zeros((trials, POSTING_COUNT)),
        net_cash=np.zeros((trials, days)),
        drawn=np.zeros((trials, days)),
        tied_up=np.zeros((trials, days)),
        purchases=np.zeros((trials, len(terms.supply.supplier_currency))),
        item_sales=np.zeros((trials, items)),
        item_stock=np.zeros((trials, items)),
        fault=np.zeros(trials, dtype=np.int64),
    )


def _check_shapes(spec: FinanceSpec, books: Books, inputs: MonthInputs, days: int) -> None:
    """Refuse inputs whose shapes do not fit the spec: compiled code would read past their ends."""
    terms, trials = spec.terms, len(books.net_cash)
    markets, items = terms.markets.base_price.shape
    suppliers, nodes = terms.supply.freight_per_kg.shape
    channels = terms.company.spend_cell.shape[1]
    want = {
        "shipped": (trials, days, len(terms.cells.arc_cell), items),
        "on_hand": (trials, days, nodes, items),
        "returns_count": (trials,),
        "price_level": (markets, days),
        "fx": (books.rate.shape[1] - 1,),
        "duty_rate": (items,),
        "freight": (suppliers, nodes, days),
        "unit_cost": (suppliers, days),
        "spend": (markets, channels),
    }
    for name, shape in want.items():
        array = getattr(inputs, name)
        got = array.shape
        fits = got == shape if name in ("shipped", "on_hand", "returns_count") else (
            got[0] in (1, trials) and got[1 : 1 + len(shape)] == shape
        )
        if not fits:
            raise ValueError(f"{name}: shape {shape} is needed (trials in front where random) | got {got}")
    if inputs.fx.shape[2] < spec.terms.company.month_start[-1] or inputs.duty_rate.shape[-1] != days:
        raise ValueError("fx must cover every day of the run, duty_rate every day of the month")


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _close_block(
    terms: Terms, books: Books, flows: MonthInputs, booked: MonthBooked, month: int, start: int, end: int
) -> None:
    """Close the month trial by trial."""
    scratch = _working(terms, books, end - start)
    for t in range(books.net_cash.shape[0]):
        _clear_working(scratch)
        fill_rates(terms, flows, scratch, t, start)
        book_new_lines(terms, books, flows, scratch, booked, t, start)
        follow_lines(terms, books, flows, scratch, t, start, end)
        walk_days(terms, books, flows, scratch, booked, t, start)
        drop_received(books, flows.lines, t, end)
        write_down(terms, books, scratch, t)
        book_company(terms, books, flows, scratch, t, month)
        settle(terms, books, scratch, t, start, end)
        draw_credit(terms, books, scratch, booked, t, start, end)
        _sum_up(books, scratch, booked, t)
        charge_tax(terms, books, booked, t, month)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _working(terms: Terms, books: Books, days: int) -> Scratch:
    """Allocate the working arrays, once for the block."""
    currencies = books.rate.shape[1]
    cells, markets = terms.cells.market.shape[0], terms.markets.market_currency.shape[0]
    arcs = terms.cells.arc_cell.shape[0]
    nodes, items = books.units.shape[1], books.units.shape[2]
    return Scratch(
        np.zeros((POSTING_COUNT, days)),
        np.zeros((POSTING_COUNT, cells)),
        np.zeros((currencies, days)),
        np.zeros((markets, days)),
        np.zeros((currencies, days)),
        np.zeros((currencies, days)),
        np.zeros((currencies, days)),
        np.zeros((nodes, items), np.int64),
        np.zeros((arcs, items), np.int64),
        np.full(days, -1, np.int64),
        np.full(days, -1, np.int64),
        np.full(books.open_row.shape[1], -1, np.int64),
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def _clear_working(scratch: Scratch) -> None:
    """Empty the working arrays for the next trial."""
    scratch.daily[:] = 0.0
    scratch.cells[:] = 0.0
    scratch.receivable_add[:] = 0.0
    scratch.payable_add[:] = 0.0
    scratch.sales_tax_add[:] = 0.0
    scratch.since[:] = 0
    scratch.arc_units[:] = 0
    scratch.first_receipt[:] = -1
    scratch.last_receipt[:] = -1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sum_up(books: Books, scratch: Scratch, booked: MonthBooked, t: int) -> None:
    """Hand the month's amounts over: by cell where a line is known by cell, else for the company."""
    for posting in range(POSTING_COUNT):
        if IS_CELL[posting]:
            booked.cells[t, posting] = scratch.cells[posting]
            continue
        total = 0.0
        for day in range(scratch.daily.shape[1]):
            total += scratch.daily[posting, day]
        booked.company[t, posting] = total
    for item in range(books.units.shape[2]):
        landed = 0.0
        for node in range(books.units.shape[1]):
            for layer in range(books.value.shape[3]):
                landed += books.value[t, node, item, layer]
        booked.item_stock[t, item] = landed


def _rung(booked: MonthBooked, sign: Floats) -> Floats:
    """Sum of a rung's postings, (T,), one after the other in their order."""
    total = np.zeros(len(booked.company))
    for posting in np.flatnonzero(sign):
        total = total + sign[posting] * booked.company[:, posting]
        for cell in range(booked.cells.shape[2]):
            total = total + sign[posting] * booked.cells[:, posting, cell]
    return total


def _figures(spec: FinanceSpec, booked: MonthBooked) -> MonthFigures:
    """Figures of the closed month."""
    minimum = booked.net_cash.min(axis=1)
    revenue = signs(dict.fromkeys(lines_to(CELL_RUNGS[0]), 1))
    return MonthFigures(
        cash_end=booked.net_cash[:, -1].copy(),
        cash_minimum=minimum,
        headroom=minimum + spec.terms.company.credit_limit,
        net_revenue=_rung(booked, revenue),
        cm2=_rung(booked, CM2_SIGN),
        ebitda=_rung(booked, EBITDA_SIGN),
        booked=booked,
    )
