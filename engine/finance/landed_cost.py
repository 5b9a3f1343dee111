"""From order line to landed cost: deposit, title, freight, duty and fees of every purchase, each on its day.

An event at time x is booked on the first day whose receiving phase sees it: max(ceil(x), day ordered + 1). The unit cost is that of
the order day, the freight rate that of the shipping day, exchange and duty rates those of the day the money or the goods move.
Deposits are prepayments at their historical rate. Title passes at shipping (EXW, FCA, FOB, CIF) or at receipt (DAP, DDP): then the
prepaid part and the unpaid one, at that day's rate, become inventory in transit. What falls due before title is prepaid too.
"""

from __future__ import annotations

import math

from numba import njit

from engine.finance.books import (
    CLEARED,
    DATED,
    DUE,
    DUTY_COST,
    FEE_DUE,
    FEES_COST,
    FREIGHT_COST,
    FREIGHT_DUE,
    GOODS_COST,
    INSURANCE_DUE,
    INVOICE,
    LANDED,
    PREPAID,
    SHIPPED,
    STAGE,
    TITLED,
    UNPAID,
    Books,
    Lines,
    MonthBooked,
    MonthInputs,
    Scratch,
)
from engine.finance.duty import dutiable_value
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import TITLE_AT_SHIPPING, Terms

DEPOSIT = POSTING_INDEX["deposit"]
BALANCE_PREPAID = POSTING_INDEX["balance_prepaid"]
TITLE_PREPAID = POSTING_INDEX["title_prepaid"]
TITLE_PAYABLE = POSTING_INDEX["title_payable"]
FREIGHT_PAID = POSTING_INDEX["freight_paid"]
INSURANCE_PAID = POSTING_INDEX["insurance_paid"]
DUTY_ENTRY = POSTING_INDEX["duty_entry"]
ENTRY_FEE = POSTING_INDEX["entry_fee"]
IMPORT_VAT = POSTING_INDEX["import_vat"]
RECEIPT = POSTING_INDEX["receipt"]

AT_ORDER, AT_SHIPPING, AT_RECEIPT = 0, 1, 2
NEVER = 2**62


@njit(cache=True)  # type: ignore[untyped-decorator]
def book_new_lines(
    terms: Terms, books: Books, flows: MonthInputs, scratch: Scratch, booked: MonthBooked, t: int, start: int
) -> None:
    """Open the month's new order lines: invoice, deposit, and the line's part of its order's entry fee."""
    supply, lines = terms.supply, flows.lines
    row, last = books.seen[t], lines.count[t]
    while row < last:
        end, units = _same_order(lines, t, row)
        supplier, node = lines.supplier[t, row], lines.node[t, row]
        day = lines.day_ordered[t, row]
        rate = scratch.rate[supply.supplier_currency[supplier], day - start]
        cost = flows.unit_cost[min(t, flows.unit_cost.shape[0] - 1), supplier, day - start]
        fee = terms.nodes.entry_fee[node] / units if supply.buyer_pays_duty[supplier] else 0.0
        for line in range(row, end):
            place = books.open_count[t]
            invoice = lines.units[t, line] * (supply.unit_cost[supplier, lines.item[t, line]] * cost)
            deposit = invoice * supply.deposit_share[supplier]
            amounts = books.open_amounts[t, place]
            amounts[:] = 0.0
            amounts[INVOICE] = invoice
            amounts[UNPAID] = invoice - deposit
            amounts[PREPAID] = deposit * rate
            amounts[FEE_DUE] = lines.units[t, line] * fee
            scratch.daily[DEPOSIT, day - start] += deposit * rate
            booked.purchases[t, supplier] += invoice * rate
            books.open_row[t, place] = line
            books.open_state[t, place, STAGE] = 0
            at_order = supply.trigger[supplier] == AT_ORDER
            books.open_state[t, place, DUE] = day + supply.net_days[supplier] if at_order else -1
            books.open_count[t] += 1
        row = end
    books.seen[t] = last


@njit(cache=True)  # type: ignore[untyped-decorator]
def _same_order(lines: Lines, t: int, row: int) -> tuple[int, int]:
    """End of the rows that belong to the order of a row, and the units of the order."""
    units, end = 0, row
    while (
        end < lines.count[t]
        and lines.day_ordered[t, end] == lines.day_ordered[t, row]
        and lines.supplier[t, end] == lines.supplier[t, row]
        and lines.node[t, end] == lines.node[t, row]
    ):
        units += lines.units[t, end]
        end += 1
    return end, units


@njit(cache=True)  # type: ignore[untyped-decorator]
def follow_lines(terms: Terms, books: Books, flows: MonthInputs, scratch: Scratch, t: int, start: int, end: int) -> None:
    """Book what happened to open order lines in the month and chain up its receipts by day, in order of row."""
    lines, supply = flows.lines, terms.supply
    for place in range(books.open_count[t]):
        row = books.open_row[t, place]
        supplier = lines.supplier[t, row]
        ordered = lines.day_ordered[t, row]
        received = lines.received[t, row]
        shipping = _booking_day(lines.left[t, row], ordered, start)
        if received < 0 or received >= end:
            received = NEVER
        if books.open_state[t, place, STAGE] & SHIPPED == 0 and shipping < end:
            _ship(terms, books, flows, scratch, t, place, row, shipping, start)
        if received < NEVER and supply.trigger[supplier] == AT_RECEIPT and books.open_state[t, place, DUE] < 0:
            books.open_state[t, place, DUE] = received + supply.net_days[supplier]
        title = shipping if supply.title[supplier] == TITLE_AT_SHIPPING else received
        _pay_or_owe(terms, books, scratch, t, place, supplier, title, start, end)
        landing = _booking_day(lines.port[t, row], ordered, start)
        if books.open_state[t, place, STAGE] & LANDED == 0 and landing < end:
            _land(terms, books, scratch, t, place, supplier, landing - start)
        clearing = _booking_day(lines.cleared[t, row], ordered, start)
        if books.open_state[t, place, STAGE] & CLEARED == 0 and clearing < end:
            _clear(terms, books, flows, scratch, t, place, row, clearing, start)
        if received < NEVER:
            _chain(scratch, place, received - start)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _booking_day(time: float, ordered: int, start: int) -> int:
    """Day an event is booked; NEVER while its time is unknown."""
    if not math.isfinite(time):
        return NEVER
    return max(int(math.ceil(time)), ordered + 1, start)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ship(
    terms: Terms,
    books: Books,
    flows: MonthInputs,
    scratch: Scratch,
    t: int,
    place: int,
    row: int,
    day: int,
    start: int,
) -> None:
    """Fix freight and insurance at the shipping day; the balance may fall due from here."""
    supply, lines = terms.supply, flows.lines
    supplier, node, item = lines.supplier[t, row], lines.node[t, row], lines.item[t, row]
    level = flows.freight[min(t, flows.freight.shape[0] - 1), supplier, node, day - start]
    amounts = books.open_amounts[t, place]
    kilograms = lines.units[t, row] * supply.weight[item]
    goods = amounts[INVOICE] * scratch.rate[supply.supplier_currency[supplier], day - start]
    amounts[FREIGHT_DUE] = kilograms * supply.freight_per_kg[supplier, node] * level
    amounts[INSURANCE_DUE] = goods * supply.insurance_share[supplier, node]
    books.open_state[t, place, STAGE] |= SHIPPED
    if supply.trigger[supplier] == AT_SHIPPING and books.open_state[t, place, DUE] < 0:
        books.open_state[t, place, DUE] = day + supply.net_days[supplier]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _pay_or_owe(
    terms: Terms, books: Books, scratch: Scratch, t: int, place: int, supplier: int, title: int, start: int, end: int
) -> None:
    """Prepay a balance that falls due before title, pass title, date the payable: each once, in this order."""
    currency = terms.supply.supplier_currency[supplier]
    amounts, state = books.open_amounts[t, place], books.open_state[t, place]
    titled = state[STAGE] & TITLED != 0
    if not titled and state[DUE] >= 0 and state[STAGE] & DATED == 0:
        due = max(state[DUE], start)
        if due < min(title, end):
            paid = amounts[UNPAID] * scratch.rate[currency, due - start]
            scratch.daily[BALANCE_PREPAID, due - start] += paid
            amounts[PREPAID] += paid
            amounts[UNPAID] = 0.0
            state[STAGE] |= DATED
    if not titled and title < end:
        owed = amounts[UNPAID] * scratch.rate[currency, title - start]
        scratch.daily[TITLE_PREPAID, title - start] += amounts[PREPAID]
        scratch.daily[TITLE_PAYABLE, title - start] += owed
        scratch.payable_add[currency, title - start] += amounts[UNPAID]
        amounts[GOODS_COST] += amounts[PREPAID] + owed
        amounts[PREPAID] = 0.0
        state[STAGE] |= TITLED
    if state[STAGE] & TITLED != 0 and state[STAGE] & DATED == 0 and state[DUE] >= 0:
        last = books.payables_due.shape[2] - 1
        books.payables_due[t, currency, min(max(state[DUE], start), last)] += amounts[UNPAID]
        amounts[UNPAID] = 0.0
        state[STAGE] |= DATED


@njit(cache=True)  # type: ignore[untyped-decorator]
def _land(terms: Terms, books: Books, scratch: Scratch, t: int, place: int, supplier: int, day: int) -> None:
    """Pay freight and insurance at the port; where the supplier pays they only count for customs valuation."""
    amounts = books.open_amounts[t, place]
    books.open_state[t, place, STAGE] |= LANDED
    if not terms.supply.buyer_pays_freight[supplier]:
        return
    amounts[FREIGHT_COST] = amounts[FREIGHT_DUE]
    scratch.daily[FREIGHT_PAID, day] += amounts[FREIGHT_DUE]
    amounts[FEES_COST] += amounts[INSURANCE_DUE]
    scratch.daily[INSURANCE_PAID, day] += amounts[INSURANCE_DUE]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _clear(
    terms: Terms,
    books: Books,
    flows: MonthInputs,
    scratch: Scratch,
    t: int,
    place: int,
    row: int,
    day: int,
    start: int,
) -> None:
    """Pay duty, import VAT and the entry fee on the clearance day."""
    supply, nodes, lines = terms.supply, terms.nodes, flows.lines
    supplier, node, item = lines.supplier[t, row], lines.node[t, row], lines.item[t, row]
    books.open_state[t, place, STAGE] |= CLEARED
    if not supply.buyer_pays_duty[supplier]:
        return
    amounts = books.open_amounts[t, place]
    invoice = amounts[INVOICE] * scratch.rate[supply.supplier_currency[supplier], day - start]
    freight, insurance = amounts[FREIGHT_DUE], amounts[INSURANCE_DUE]
    has_freight = not supply.buyer_pays_freight[supplier]
    rates = flows.duty_rate[min(t, flows.duty_rate.shape[0] - 1)]
    rate = rates[item, supply.origin[supplier], nodes.node_territory[node], day - start]
    duty = rate * dutiable_value(invoice, freight, insurance, nodes.cif_value[node], has_freight)
    vat = supply.import_vat[supplier, node] * (dutiable_value(invoice, freight, insurance, True, has_freight) + duty)
    amounts[DUTY_COST] += duty
    amounts[FEES_COST] += amounts[FEE_DUE]
    scratch.daily[DUTY_ENTRY, day - start] += duty
    scratch.daily[ENTRY_FEE, day - start] += amounts[FEE_DUE]
    scratch.daily[IMPORT_VAT, day - start] += vat
    books.vat_due[t, min(day + nodes.vat_lag[node], books.vat_due.shape[1] - 1)] += vat


@njit(cache=True)  # type: ignore[untyped-decorator]
def _chain(scratch: Scratch, place: int, day: int) -> None:
    """Append a receipt to its day's chain."""
    scratch.next_receipt[place] = -1
    if scratch.first_receipt[day] < 0:
        scratch.first_receipt[day] = place
    else:
        scratch.next_receipt[scratch.last_receipt[day]] = place
    scratch.last_receipt[day] = place


@njit(cache=True)  # type: ignore[untyped-decorator]
def drop_received(books: Books, lines: Lines, t: int, end: int) -> None:
    """Forget the lines received by the end of the month; the others keep their order."""
    kept = 0
    for place in range(books.open_count[t]):
        row = books.open_row[t, place]
        if 0 <= lines.received[t, row] < end:
            continue
        books.open_row[t, kept] = row
        books.open_state[t, kept] = books.open_state[t, place]
        books.open_amounts[t, kept] = books.open_amounts[t, place]
        kept += 1
    books.open_count[t] = kept
