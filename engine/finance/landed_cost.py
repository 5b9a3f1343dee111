"""From order line to landed cost: deposit, title, freight, duty and fees of every purchase, each on its day.

An event at time x is booked on the first day whose receiving phase sees it: max(ceil(x), day ordered + 1).
The unit cost is that of
the order day, the freight rate that of the shipping day, exchange and duty rates those of the day the money
or the goods move.
Deposits are prepayments at their historical rate. Title passes at shipping (EXW, FCA, FOB, CIF) or at
receipt (DAP, DDP): then the
prepaid part and the unpaid one, at that day's rate, become inventory in transit. What falls due before title
is prepaid too.
"""

from __future__ import annotations

import math

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
    Lines,
    OpenLines,
    Receipts,
    Sheet,
)
from engine.finance.duty import dutiable_value
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import TITLE_AT_SHIPPING, NodeTerms, SupplyTerms
from models.arrays import FloatArray, IntArray
from models.compiled import inner

DEPOSIT = POSTING_INDEX["deposit"]
BALANCE_PREPAID = POSTING_INDEX["balance_prepaid"]
TITLE_PREPAID = POSTING_INDEX["title_prepaid"]
TITLE_PAYABLE = POSTING_INDEX["title_payable"]
FREIGHT_PAID = POSTING_INDEX["freight_paid"]
INSURANCE_PAID = POSTING_INDEX["insurance_paid"]
DUTY_ENTRY = POSTING_INDEX["duty_entry"]
ENTRY_FEE = POSTING_INDEX["entry_fee"]
IMPORT_VAT = POSTING_INDEX["import_vat"]

AT_ORDER, AT_SHIPPING, AT_RECEIPT = 0, 1, 2
NEVER = 2**62


@inner
def book_new_lines(
    supply: SupplyTerms,
    entry_fee: FloatArray,
    orders: OpenLines,
    lines: Lines,
    cost_level: FloatArray,
    sheet: Sheet,
    purchases: FloatArray,
    t: int,
    start: int,
) -> None:
    """Open the month's new order lines: invoice, deposit, and the line's part of its order's entry fee."""
    row, last = orders.seen[t], lines.used[t]
    while row < last:
        end, units = _same_order(lines, t, row)
        supplier, node, ordered = lines.supplier[t, row], lines.node[t, row], lines.day_ordered[t, row]
        day = ordered - start
        rate = sheet.rate[supply.currency[supplier], day]
        level = cost_level[min(t, cost_level.shape[0] - 1), supplier, day]
        fee = entry_fee[node] / units if supply.buyer_pays_duty[supplier] else 0.0
        for line in range(row, end):
            place = orders.used[t]
            invoice = lines.units[t, line] * (supply.unit_cost[supplier, lines.item[t, line]] * level)
            deposit = invoice * supply.deposit_share[supplier]
            amounts = orders.amounts[t, place]
            for column in range(amounts.shape[0]):
                amounts[column] = 0.0
            amounts[INVOICE] = invoice
            amounts[UNPAID] = invoice - deposit
            amounts[PREPAID] = deposit * rate
            amounts[FEE_DUE] = lines.units[t, line] * fee
            sheet.daily[DEPOSIT, day] += deposit * rate
            purchases[t, supplier] += invoice * rate
            orders.row[t, place] = line
            orders.state[t, place, STAGE] = 0
            at_order = supply.trigger[supplier] == AT_ORDER
            orders.state[t, place, DUE] = ordered + supply.net_days[supplier] if at_order else -1
            orders.used[t] += 1
        row = end
    orders.seen[t] = last


@inner
def _same_order(lines: Lines, t: int, row: int) -> tuple[int, int]:
    """End of the rows that belong to the order of a row, and the units of the order."""
    units, end = 0, row
    while (
        end < lines.used[t]
        and lines.day_ordered[t, end] == lines.day_ordered[t, row]
        and lines.supplier[t, end] == lines.supplier[t, row]
        and lines.node[t, end] == lines.node[t, row]
    ):
        units += lines.units[t, end]
        end += 1
    return end, units


@inner
def follow_lines(
    supply: SupplyTerms,
    nodes: NodeTerms,
    orders: OpenLines,
    lines: Lines,
    freight_level: FloatArray,
    duty_rate: FloatArray,
    payables_due: FloatArray,
    payables_added: FloatArray,
    vat_due: FloatArray,
    sheet: Sheet,
    receipts: Receipts,
    t: int,
    start: int,
    end: int,
) -> None:
    """Book what happened to open order lines in the month and chain up its receipts by day, in order of
    row.
    """
    freight_trial = min(t, freight_level.shape[0] - 1)
    duty_trial = min(t, duty_rate.shape[0] - 1)
    for place in range(orders.used[t]):
        row = orders.row[t, place]
        if _is_quiet(orders, lines, t, place, row, end):
            continue
        supplier, node, item = lines.supplier[t, row], lines.node[t, row], lines.item[t, row]
        ordered, received = lines.day_ordered[t, row], lines.received[t, row]
        state, amounts = orders.state[t, place], orders.amounts[t, place]
        currency = supply.currency[supplier]
        if received < 0 or received >= end:
            received = NEVER
        shipping = _booking_day(lines.left[t, row], ordered, start)
        if state[STAGE] & SHIPPED == 0 and shipping < end:
            day = shipping - start
            level = freight_level[freight_trial, supplier, node, day]
            kilograms = lines.units[t, row] * supply.weight[item]
            amounts[FREIGHT_DUE] = kilograms * supply.freight_per_kg[supplier, node] * level
            goods = amounts[INVOICE] * sheet.rate[currency, day]
            amounts[INSURANCE_DUE] = goods * supply.insurance_share[supplier, node]
            state[STAGE] |= SHIPPED
            _falls_due(state, supply.trigger[supplier] == AT_SHIPPING, shipping + supply.net_days[supplier])
        if received < NEVER:
            _falls_due(state, supply.trigger[supplier] == AT_RECEIPT, received + supply.net_days[supplier])
        title = shipping if supply.title[supplier] == TITLE_AT_SHIPPING else received
        _pay_or_owe(
            state, amounts, sheet, payables_due[t, currency], payables_added, currency, title, start, end
        )
        landing = _booking_day(lines.port[t, row], ordered, start)
        if state[STAGE] & LANDED == 0 and landing < end:
            state[STAGE] |= LANDED
            if supply.buyer_pays_freight[supplier]:
                _pay_freight(amounts, sheet.daily, landing - start)
        clearing = _booking_day(lines.cleared[t, row], ordered, start)
        if state[STAGE] & CLEARED == 0 and clearing < end:
            state[STAGE] |= CLEARED
            if supply.buyer_pays_duty[supplier]:
                day = clearing - start
                rate = duty_rate[duty_trial, item, supply.origin[supplier], nodes.territory[node], day]
                invoice = amounts[INVOICE] * sheet.rate[currency, day]
                has_freight = not supply.buyer_pays_freight[supplier]
                vat_share = supply.import_vat[supplier, node]
                cif_value = nodes.cif_value[node]
                vat = _pay_entry(amounts, sheet.daily, day, invoice, rate, vat_share, cif_value, has_freight)
                vat_due[t, min(clearing + nodes.vat_lag[node], vat_due.shape[1] - 1)] += vat
        if received < NEVER:
            _chain(receipts, place, received - start)


@inner
def _is_quiet(orders: OpenLines, lines: Lines, t: int, place: int, row: int, end: int) -> bool:
    """Whether nothing can happen to a line before the month's end."""
    stage, due, last = orders.state[t, place, STAGE], orders.state[t, place, DUE], end - 1
    moves = (
        (stage & SHIPPED == 0 and lines.left[t, row] <= last)
        or (stage & LANDED == 0 and lines.port[t, row] <= last)
        or (stage & CLEARED == 0 and lines.cleared[t, row] <= last)
        or (0 <= lines.received[t, row] <= last)
    )
    return not moves and (stage & DATED != 0 or due < 0 or due > last)


@inner
def _booking_day(time: float, ordered: int, start: int) -> int:
    """Day an event is booked; NEVER while its time is unknown."""
    if not math.isfinite(time):
        return NEVER
    return max(math.ceil(time), ordered + 1, start)


@inner
def _falls_due(state: IntArray, is_trigger: bool, due: int) -> None:
    """Date the balance if this event makes it payable and it has no date yet."""
    if is_trigger and state[DUE] < 0:
        state[DUE] = due


@inner
def _pay_or_owe(
    state: IntArray,
    amounts: FloatArray,
    sheet: Sheet,
    payables_due: FloatArray,
    payables_added: FloatArray,
    currency: int,
    title: int,
    start: int,
    end: int,
) -> None:
    """Prepay a balance that falls due before title, pass title, date the payable: each once, in this
    order.
    """
    titled = state[STAGE] & TITLED != 0
    if not titled and state[DUE] >= 0 and state[STAGE] & DATED == 0:
        due = max(state[DUE], start)
        if due < min(title, end):
            paid = amounts[UNPAID] * sheet.rate[currency, due - start]
            sheet.daily[BALANCE_PREPAID, due - start] += paid
            amounts[PREPAID] += paid
            amounts[UNPAID] = 0.0
            state[STAGE] |= DATED
    if not titled and title < end:
        owed = amounts[UNPAID] * sheet.rate[currency, title - start]
        sheet.daily[TITLE_PREPAID, title - start] += amounts[PREPAID]
        sheet.daily[TITLE_PAYABLE, title - start] += owed
        payables_added[currency, title - start] += amounts[UNPAID]
        amounts[GOODS_COST] += amounts[PREPAID] + owed
        amounts[PREPAID] = 0.0
        state[STAGE] |= TITLED
        titled = True
    if titled and state[STAGE] & DATED == 0 and state[DUE] >= 0:
        payables_due[min(max(state[DUE], start), payables_due.shape[0] - 1)] += amounts[UNPAID]
        amounts[UNPAID] = 0.0
        state[STAGE] |= DATED


@inner
def _pay_freight(amounts: FloatArray, daily: FloatArray, day: int) -> None:
    """Pay freight and insurance on arrival at the port; they become landed cost."""
    amounts[FREIGHT_COST] += amounts[FREIGHT_DUE]
    amounts[FEES_COST] += amounts[INSURANCE_DUE]
    daily[FREIGHT_PAID, day] += amounts[FREIGHT_DUE]
    daily[INSURANCE_PAID, day] += amounts[INSURANCE_DUE]


@inner
def _pay_entry(
    amounts: FloatArray,
    daily: FloatArray,
    day: int,
    invoice: float,
    rate: float,
    vat_share: float,
    cif_value: bool,
    has_freight: bool,
) -> float:
    """Pay duty, import VAT and the entry fee on the clearance day; gives the import VAT."""
    freight, insurance = amounts[FREIGHT_DUE], amounts[INSURANCE_DUE]
    duty = rate * dutiable_value(invoice, freight, insurance, cif_value, has_freight)
    vat = vat_share * (dutiable_value(invoice, freight, insurance, True, has_freight) + duty)
    amounts[DUTY_COST] += duty
    amounts[FEES_COST] += amounts[FEE_DUE]
    daily[DUTY_ENTRY, day] += duty
    daily[ENTRY_FEE, day] += amounts[FEE_DUE]
    daily[IMPORT_VAT, day] += vat
    return vat


@inner
def _chain(receipts: Receipts, place: int, day: int) -> None:
    """Append a receipt to its day's chain."""
    receipts.next[place] = -1
    if receipts.first[day] < 0:
        receipts.first[day] = place
    else:
        receipts.next[receipts.last[day]] = place
    receipts.last[day] = place


@inner
def drop_received(orders: OpenLines, received: IntArray, t: int, end: int) -> None:
    """Forget the lines received by the end of the month; the others keep their order."""
    kept = 0
    for place in range(orders.used[t]):
        row = orders.row[t, place]
        if 0 <= received[t, row] < end:
            continue
        if kept < place:
            orders.row[t, kept] = row
            for column in range(orders.state.shape[2]):
                orders.state[t, kept, column] = orders.state[t, place, column]
            for column in range(orders.amounts.shape[2]):
                orders.amounts[t, kept, column] = orders.amounts[t, place, column]
        kept += 1
    orders.used[t] = kept
