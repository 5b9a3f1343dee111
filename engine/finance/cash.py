"""Cash by day: what falls due, what rates do to open items, and the credit line that bridges a shortfall.

Receivables, payables and sales tax are held in their currency with a schedule by due day and remeasured daily at that day's rate
(a month's remeasurement is the sum of its days'). The credit line is drawn when cash would be negative, up to its limit, and repaid
from any excess; what the limit does not cover shows as negative cash (unfunded). Net cash is cash less credit drawn.
"""

from __future__ import annotations

from numba import njit

from engine.finance.books import Books, MonthBooked, MonthInputs, Scratch
from engine.finance.postings import CASH_SIGN, POSTING_COUNT, POSTING_INDEX, RESULT_SIGN, TIED_SIGN
from engine.finance.spec import Terms

COLLECTION = POSTING_INDEX["collection"]
PAYABLE_PAID = POSTING_INDEX["payable_paid"]
SALES_TAX_PAID = POSTING_INDEX["sales_tax_paid"]
IMPORT_VAT_RECOVERED = POSTING_INDEX["import_vat_recovered"]
SPEND = POSTING_INDEX["spend"]
SPEND_PAID = POSTING_INDEX["spend_paid"]
FIXED = POSTING_INDEX["fixed"]
STORING = POSTING_INDEX["storing"]
DEPRECIATING = POSTING_INDEX["depreciating"]
CAPEX = POSTING_INDEX["capex"]
CREDIT_INTEREST = POSTING_INDEX["credit_interest"]
DEBT_INTEREST = POSTING_INDEX["debt_interest"]
FX_RECEIVABLES = POSTING_INDEX["fx_receivables"]
FX_PAYABLES = POSTING_INDEX["fx_payables"]
FX_SALES_TAX = POSTING_INDEX["fx_sales_tax"]
TAX_CHARGE = POSTING_INDEX["tax_charge"]
TAX_PAID = POSTING_INDEX["tax_paid"]
CREDIT_DRAWN = POSTING_INDEX["credit_drawn"]
CREDIT_REPAID = POSTING_INDEX["credit_repaid"]
CONTRIBUTION = POSTING_INDEX["contribution"]

YEAR = 365.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def fill_rates(terms: Terms, flows: MonthInputs, scratch: Scratch, t: int, start: int) -> None:
    """Exchange rates of the month by currency and day, and company currency per unit of base price by market and day."""
    currencies, days = scratch.rate.shape
    trial = min(t, flows.fx.shape[0] - 1)
    for day in range(days):
        scratch.rate[0, day] = 1.0
        for currency in range(1, currencies):
            scratch.rate[currency, day] = flows.fx[trial, currency - 1, start + day]
    trial = min(t, flows.price_level.shape[0] - 1)
    for market in range(scratch.factor.shape[0]):
        currency = terms.markets.market_currency[market]
        for day in range(days):
            scratch.factor[market, day] = flows.price_level[trial, market, day] * scratch.rate[currency, day]


@njit(cache=True)  # type: ignore[untyped-decorator]
def book_company(terms: Terms, books: Books, flows: MonthInputs, scratch: Scratch, t: int, month: int) -> None:
    """Marketing, fixed costs, storage, depreciation, investment and contributions of the month."""
    company = terms.company
    start, end = company.month_start[month], company.month_start[month + 1]
    last = end - start - 1
    trial = min(t, flows.spend.shape[0] - 1)
    horizon = books.spend_due.shape[1] - 1
    for market in range(flows.spend.shape[1]):
        for channel in range(flows.spend.shape[2]):
            amount = flows.spend[trial, market, channel]
            scratch.cells[SPEND, company.spend_cell[market, channel]] += amount
            books.spend_due[t, min(end - 1 + company.spend_lag[channel], horizon)] += amount
    scratch.daily[FIXED, last] += company.fixed_monthly[month]
    scratch.daily[DEPRECIATING, last] += company.depreciation[month]
    scratch.daily[DEBT_INTEREST, last] += company.term_debt * company.term_debt_rate * (end - start) / YEAR
    for day in range(end - start):
        scratch.daily[CAPEX, day] += company.capex[start + day]
        scratch.daily[CONTRIBUTION, day] += company.contributions[start + day]
    for node in range(flows.on_hand.shape[2]):
        stored = 0
        for day in range(end - start):
            for item in range(flows.on_hand.shape[3]):
                stored += flows.on_hand[t, day, node, item]
        scratch.daily[STORING, last] += stored / (end - start) * terms.nodes.storage_per_unit_month[node]


@njit(cache=True)  # type: ignore[untyped-decorator]
def settle(terms: Terms, books: Books, scratch: Scratch, t: int, start: int, end: int) -> None:
    """Collect and pay what falls due, and remeasure open items, day by day."""
    currencies = scratch.rate.shape[0]
    last = books.sales_tax_due.shape[2] - 1
    for currency in range(currencies):
        collected = 0.0
        for day in range(end - start):
            collected += scratch.sales_tax_add[currency, day]
        books.sales_tax_due[t, currency, min(end - 1 + terms.company.sales_tax_lag, last)] += collected
    for day in range(end - start):
        for currency in range(currencies):
            rate = scratch.rate[currency, day]
            change = rate - books.rate[t, currency]
            scratch.daily[FX_RECEIVABLES, day] += books.receivables[t, currency] * change
            scratch.daily[FX_PAYABLES, day] += books.payables[t, currency] * change
            scratch.daily[FX_SALES_TAX, day] += books.sales_tax[t, currency] * change
            received = books.receivables_due[t, currency, start + day]
            paid = books.payables_due[t, currency, start + day]
            remitted = books.sales_tax_due[t, currency, start + day]
            books.receivables[t, currency] += scratch.receivable_add[currency, day] - received
            books.payables[t, currency] += scratch.payable_add[currency, day] - paid
            books.sales_tax[t, currency] += scratch.sales_tax_add[currency, day] - remitted
            scratch.daily[COLLECTION, day] += received * rate
            scratch.daily[PAYABLE_PAID, day] += paid * rate
            scratch.daily[SALES_TAX_PAID, day] += remitted * rate
            books.rate[t, currency] = rate
        scratch.daily[IMPORT_VAT_RECOVERED, day] += books.vat_due[t, start + day]
        scratch.daily[SPEND_PAID, day] += books.spend_due[t, start + day]
        scratch.daily[TAX_PAID, day] += books.tax_due[t, start + day]


@njit(cache=True)  # type: ignore[untyped-decorator]
def draw_credit(terms: Terms, books: Books, scratch: Scratch, booked: MonthBooked, t: int, start: int, end: int) -> None:
    """Net cash, credit drawn and cash tied up in goods by day; the month's interest is paid on its last day."""
    company, days = terms.company, end - start
    owed = 0.0
    for day in range(days):
        change, tied = 0.0, 0.0
        for posting in range(POSTING_COUNT):
            change += CASH_SIGN[posting] * scratch.daily[posting, day]
            tied += TIED_SIGN[posting] * scratch.daily[posting, day]
        books.net_cash[t] += change
        books.tied_up[t] += tied - books.cost_due[t, start + day]
        need = min(max(-books.net_cash[t], 0.0), company.credit_limit)
        owed += need
        if day == days - 1:
            interest = owed * company.credit_rate / YEAR
            scratch.daily[CREDIT_INTEREST, day] += interest
            books.net_cash[t] -= interest
            need = min(max(-books.net_cash[t], 0.0), company.credit_limit)
        if need > books.drawn[t]:
            scratch.daily[CREDIT_DRAWN, day] += need - books.drawn[t]
        else:
            scratch.daily[CREDIT_REPAID, day] += books.drawn[t] - need
        books.drawn[t] = need
        booked.net_cash[t, day] = books.net_cash[t]
        booked.drawn[t, day] = need
        booked.tied_up[t, day] = books.tied_up[t]


@njit(cache=True)  # type: ignore[untyped-decorator]
def charge_tax(terms: Terms, books: Books, booked: MonthBooked, t: int, month: int) -> None:
    """Accrue income tax on the quarter's result so far, losses carried forward first; date its payment at the quarter's end."""
    company = terms.company
    result = 0.0
    for posting in range(POSTING_COUNT):
        amount = booked.company[t, posting]
        for cell in range(booked.cells.shape[2]):
            amount += booked.cells[t, posting, cell]
        result += RESULT_SIGN[posting] * amount
    books.quarter_result[t] += result
    taxable = max(books.quarter_result[t] - books.loss[t], 0.0)
    charge = taxable * company.tax_rate - books.quarter_tax[t]
    booked.company[t, TAX_CHARGE] = charge
    books.quarter_tax[t] += charge
    if (month + company.first_month) % 3 == 2:
        end = company.month_start[month + 1]
        due = max(end - 1 + company.tax_lag, end)
        books.tax_due[t, min(due, books.tax_due.shape[1] - 1)] += books.quarter_tax[t]
        books.loss[t] = max(books.loss[t] - books.quarter_result[t], 0.0)
        books.quarter_result[t] = 0.0
        books.quarter_tax[t] = 0.0
