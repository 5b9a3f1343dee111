"""Cash by day: what falls due, what rates do to open items, and the credit line that bridges a shortfall.

Receivables, payables and sales tax are held in their currency with a schedule by due day and remeasured
daily at that day's rate
(a month's remeasurement is the sum of its days'). The credit line is drawn when cash would be negative, up
to its limit, and repaid
from any excess; what the limit does not cover shows as negative cash (unfunded). Net cash is cash less
credit drawn.
"""

from __future__ import annotations

from engine.finance.books import Additions, CashBooked, Dues, OpenItems, Sheet, Totals
from engine.finance.postings import CASH_SIGN, POSTING_COUNT, POSTING_INDEX, RESULT_SIGN, TIED_SIGN
from engine.finance.spec import CompanyTerms
from models.arrays import FloatArray, IntArray
from models.calendar import ACCOUNTING_YEAR
from models.compiled import inner

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


@inner
def fill_rates(
    market_currency: IntArray, price_level: FloatArray, fx: FloatArray, sheet: Sheet, t: int
) -> None:
    """Exchange rates of the month (currency, day), and company currency per unit of base price (market, day),
    into the sheet.
    """
    currencies, days = sheet.rate.shape
    trial = min(t, fx.shape[0] - 1)
    for day in range(days):
        sheet.rate[0, day] = 1.0
        for currency in range(1, currencies):
            sheet.rate[currency, day] = fx[trial, currency - 1, day]
    trial = min(t, price_level.shape[0] - 1)
    for market in range(sheet.factor.shape[0]):
        currency = market_currency[market]
        for day in range(days):
            sheet.factor[market, day] = price_level[trial, market, day] * sheet.rate[currency, day]


@inner
def book_company(company: CompanyTerms, sheet: Sheet, month: int) -> None:
    """Fixed costs, depreciation, interest on term debt, investment and contributions of the month."""
    start, end = company.month_start[month], company.month_start[month + 1]
    last = end - start - 1
    sheet.daily[FIXED, last] += company.fixed_monthly[month]
    sheet.daily[DEPRECIATING, last] += company.depreciation[month]
    sheet.daily[DEBT_INTEREST, last] += (
        company.term_debt * company.term_debt_rate * (end - start) / ACCOUNTING_YEAR
    )
    for day in range(end - start):
        sheet.daily[CAPEX, day] += company.capex[start + day]
        sheet.daily[CONTRIBUTION, day] += company.contributions[start + day]


@inner
def book_spend(
    company: CompanyTerms, spend: FloatArray, spend_due: FloatArray, sheet: Sheet, month: int
) -> None:
    """Accrue acquisition spend (Mk, Aq) of the month and date its payment."""
    month_end = company.month_start[month + 1] - 1
    for market in range(spend.shape[0]):
        for channel in range(spend.shape[1]):
            sheet.segments[SPEND, company.spend_segment[market, channel]] += spend[market, channel]
            due = min(month_end + company.spend_lag[channel], spend_due.shape[0] - 1)
            spend_due[due] += spend[market, channel]


@inner
def book_storage(on_hand: IntArray, rate: FloatArray, daily: FloatArray) -> None:
    """Storage of the month's average stock, (d, N, I) units on hand at the end of the day."""
    days = on_hand.shape[0]
    for node in range(on_hand.shape[1]):
        stored = 0
        for day in range(days):
            for item in range(on_hand.shape[2]):
                stored += on_hand[day, node, item]
        daily[STORING, days - 1] += stored / days * rate[node]


@inner
def settle(items: OpenItems, added: Additions, sheet: Sheet, tax_lag: int, t: int, start: int) -> None:
    """Collect and pay what falls due in each currency, and remeasure open items, day by day."""
    currencies, days = sheet.rate.shape
    last = items.sales_tax_due.shape[2] - 1
    for currency in range(currencies):
        collected = 0.0
        for day in range(days):
            collected += added.sales_tax[currency, day]
        items.sales_tax_due[t, currency, min(start + days - 1 + tax_lag, last)] += collected
        for day in range(days):
            rate = sheet.rate[currency, day]
            change = rate - items.rate[t, currency]
            sheet.daily[FX_RECEIVABLES, day] += items.receivables[t, currency] * change
            sheet.daily[FX_PAYABLES, day] += items.payables[t, currency] * change
            sheet.daily[FX_SALES_TAX, day] += items.sales_tax[t, currency] * change
            received = items.receivables_due[t, currency, start + day]
            paid = items.payables_due[t, currency, start + day]
            remitted = items.sales_tax_due[t, currency, start + day]
            items.receivables[t, currency] += added.receivables[currency, day] - received
            items.payables[t, currency] += added.payables[currency, day] - paid
            items.sales_tax[t, currency] += added.sales_tax[currency, day] - remitted
            sheet.daily[COLLECTION, day] += received * rate
            sheet.daily[PAYABLE_PAID, day] += paid * rate
            sheet.daily[SALES_TAX_PAID, day] += remitted * rate
            items.rate[t, currency] = rate


@inner
def pay_dues(dues: Dues, daily: FloatArray, t: int, start: int) -> None:
    """Pay and collect what falls due in company currency, into ``daily`` (posting, day)."""
    for day in range(daily.shape[1]):
        daily[IMPORT_VAT_RECOVERED, day] += dues.vat[t, start + day]
        daily[SPEND_PAID, day] += dues.spend[t, start + day]
        daily[TAX_PAID, day] += dues.tax[t, start + day]


@inner
def draw_credit(
    company: CompanyTerms,
    totals: Totals,
    cost_due: FloatArray,
    daily: FloatArray,
    booked: CashBooked,
    t: int,
    start: int,
) -> None:
    """Net cash, credit drawn and cash tied up in goods by day, company currency; the month's interest is paid
    on its last day. ``daily`` (posting, day) are the month's postings, ``cost_due`` (trial, day) the landed
    cost of sales by the day they are paid.
    """
    days = daily.shape[1]
    owed = 0.0
    for day in range(days):
        change, tied = 0.0, 0.0
        for posting in range(POSTING_COUNT):
            change += CASH_SIGN[posting] * daily[posting, day]
            tied += TIED_SIGN[posting] * daily[posting, day]
        totals.net_cash[t] += change
        totals.tied_up[t] += tied - cost_due[t, start + day]
        need = min(max(-totals.net_cash[t], 0.0), company.credit_limit)
        owed += need
        if day == days - 1:
            interest = owed * company.credit_rate / ACCOUNTING_YEAR
            daily[CREDIT_INTEREST, day] += interest
            totals.net_cash[t] -= interest
            need = min(max(-totals.net_cash[t], 0.0), company.credit_limit)
        if need > totals.drawn[t]:
            daily[CREDIT_DRAWN, day] += need - totals.drawn[t]
        else:
            daily[CREDIT_REPAID, day] += totals.drawn[t] - need
        totals.drawn[t] = need
        booked.net_cash[t, day] = totals.net_cash[t]
        booked.drawn[t, day] = need
        booked.tied_up[t, day] = totals.tied_up[t]


@inner
def charge_tax(
    company: CompanyTerms,
    totals: Totals,
    tax_due: FloatArray,
    segments: FloatArray,
    amounts: FloatArray,
    t: int,
    month: int,
) -> None:
    """Accrue income tax on the quarter's result so far, losses carried forward first; date its payment at
    the quarter's end.

    ``segments`` (posting, C) and ``amounts`` (posting,) are the month's postings before tax.
    """
    result = 0.0
    for posting in range(POSTING_COUNT):
        amount = amounts[posting]
        for segment in range(segments.shape[1]):
            amount += segments[posting, segment]
        result += RESULT_SIGN[posting] * amount
    totals.quarter_result[t] += result
    taxable = max(totals.quarter_result[t] - totals.loss[t], 0.0)
    charge = taxable * company.tax_rate - totals.quarter_tax[t]
    amounts[TAX_CHARGE] = charge
    totals.quarter_tax[t] += charge
    if (month + company.first_month) % 3 == 2:
        end = company.month_start[month + 1]
        due = max(end - 1 + company.tax_lag, end)
        tax_due[min(due, tax_due.shape[0] - 1)] += totals.quarter_tax[t]
        totals.loss[t] = max(totals.loss[t] - totals.quarter_result[t], 0.0)
        totals.quarter_result[t] = 0.0
        totals.quarter_tax[t] = 0.0
