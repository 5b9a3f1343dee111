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
from typing import NamedTuple

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
    MonthInputs,
    OpenLines,
    Period,
    Receipts,
    Sheet,
    Working,
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
"""A day no run reaches, with room below 2**63 for the lags that are added to it."""


class OpenLine(NamedTuple):
    """One open order line: its state and amounts in the books, and what was ordered."""

    state: IntArray
    """(2,) stage bits and the day the balance falls due."""
    amounts: FloatArray
    """(10,) money of the line."""
    supplier: int
    node: int
    item: int
    units: int
    currency: int
    """Of the supplier."""


class LineDays(NamedTuple):
    """Days on which the events of a line are booked; NEVER while unknown, a receipt also after the month."""

    shipped: int
    landed: int
    cleared: int
    received: int


@inner
def book_new_lines(
    supply: SupplyTerms,
    nodes: NodeTerms,
    orders: OpenLines,
    flows: MonthInputs,
    sheet: Sheet,
    purchases: FloatArray,
    period: Period,
) -> None:
    """Open the month's new order lines: invoice, deposit, and the line's part of its order's entry fee.
    ``purchases`` (supplier,) are the trial's orders at the order day's rate, company currency, added to.
    """
    lines, cost_level, t = flows.lines, flows.unit_cost, period.trial
    row, last = orders.seen[t], lines.used[t]
    while row < last:
        end, units = _same_order(lines, t, row)
        supplier, node, ordered = lines.supplier[t, row], lines.node[t, row], lines.day_ordered[t, row]
        day = ordered - period.start
        rate = sheet.rate[supply.currency[supplier], day]
        level = cost_level[min(t, cost_level.shape[0] - 1), supplier, day]
        fee = nodes.entry_fee[node] / units if supply.buyer_pays_duty[supplier] else 0.0
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
            purchases[supplier] += invoice * rate
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
    books: Books,
    flows: MonthInputs,
    working: Working,
    period: Period,
) -> None:
    """Book what happened to open order lines in the month and chain up its receipts by day, in order of
    row.
    """
    orders, lines, t = books.orders, flows.lines, period.trial
    sheet, payables_added = working.sheet, working.added.payables
    freight_level = flows.freight[min(t, flows.freight.shape[0] - 1)]
    duty_rate = flows.duty_rate[min(t, flows.duty_rate.shape[0] - 1)]
    for place in range(orders.used[t]):
        row = orders.row[t, place]
        if _is_quiet(orders, lines, t, place, row, period.end):
            continue
        supplier = lines.supplier[t, row]
        line = OpenLine(
            orders.state[t, place],
            orders.amounts[t, place],
            supplier,
            lines.node[t, row],
            lines.item[t, row],
            lines.units[t, row],
            supply.currency[supplier],
        )
        days = _days_of(lines, row, period)
        _ship(supply, freight_level, line, days.shipped, sheet, period)
        if days.received < NEVER:
            _falls_due(supply, line, AT_RECEIPT, days.received)
        title = days.shipped if supply.title[supplier] == TITLE_AT_SHIPPING else days.received
        _prepay(line, title, sheet, period)
        _pass_title(line, title, payables_added, sheet, period)
        _date_payable(line, books.items.payables_due[t, line.currency], period)
        _land(supply, line, days.landed, sheet, period)
        _clear(supply, nodes, duty_rate, line, days.cleared, books.dues.vat[t], sheet, period)
        if days.received < NEVER:
            _chain(working.receipts, place, days.received - period.start)


@inner
def _days_of(lines: Lines, row: int, period: Period) -> LineDays:
    """Days on which what happened to a line is booked."""
    t, start = period.trial, period.start
    ordered, received = lines.day_ordered[t, row], int(lines.received[t, row])
    return LineDays(
        _booking_day(lines.left[t, row], ordered, start),
        _booking_day(lines.port[t, row], ordered, start),
        _booking_day(lines.cleared[t, row], ordered, start),
        NEVER if received < 0 or received >= period.end else received,
    )


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
def _falls_due(supply: SupplyTerms, line: OpenLine, event: int, day: int) -> None:
    """Date the balance if this event makes it payable and it has no date yet."""
    if supply.trigger[line.supplier] == event and line.state[DUE] < 0:
        line.state[DUE] = day + supply.net_days[line.supplier]


@inner
def _ship(
    supply: SupplyTerms, freight_level: FloatArray, line: OpenLine, shipped: int, sheet: Sheet, period: Period
) -> None:
    """Fix freight and insurance of a line that leaves its supplier; ``freight_level`` (S, N, d)."""
    if line.state[STAGE] & SHIPPED != 0 or shipped >= period.end:
        return
    supplier, node, amounts = line.supplier, line.node, line.amounts
    day = shipped - period.start
    kilograms = line.units * supply.weight[line.item]
    freight = kilograms * supply.freight_per_kg[supplier, node]
    amounts[FREIGHT_DUE] = freight * freight_level[supplier, node, day]
    goods = amounts[INVOICE] * sheet.rate[line.currency, day]
    amounts[INSURANCE_DUE] = goods * supply.insurance_share[supplier, node]
    line.state[STAGE] |= SHIPPED
    _falls_due(supply, line, AT_SHIPPING, shipped)


@inner
def _prepay(line: OpenLine, title: int, sheet: Sheet, period: Period) -> None:
    """Pay a balance that falls due before title passes: it becomes a prepayment."""
    state, amounts = line.state, line.amounts
    if state[STAGE] & (TITLED | DATED) != 0 or state[DUE] < 0:
        return
    due = max(state[DUE], period.start)
    if due < min(title, period.end):
        day = due - period.start
        paid = amounts[UNPAID] * sheet.rate[line.currency, day]
        sheet.daily[BALANCE_PREPAID, day] += paid
        amounts[PREPAID] += paid
        amounts[UNPAID] = 0.0
        state[STAGE] |= DATED


@inner
def _pass_title(line: OpenLine, title: int, payables_added: FloatArray, sheet: Sheet, period: Period) -> None:
    """Take goods into transit at what is prepaid and what is owed, which becomes a payable."""
    state, amounts = line.state, line.amounts
    if state[STAGE] & TITLED != 0 or title >= period.end:
        return
    day = title - period.start
    owed = amounts[UNPAID] * sheet.rate[line.currency, day]
    sheet.daily[TITLE_PREPAID, day] += amounts[PREPAID]
    sheet.daily[TITLE_PAYABLE, day] += owed
    payables_added[line.currency, day] += amounts[UNPAID]
    amounts[GOODS_COST] += amounts[PREPAID] + owed
    amounts[PREPAID] = 0.0
    state[STAGE] |= TITLED


@inner
def _date_payable(line: OpenLine, payables_due: FloatArray, period: Period) -> None:
    """Put a payable that has its due day on the schedule (day,) of its currency."""
    state, amounts = line.state, line.amounts
    if state[STAGE] & TITLED != 0 and state[STAGE] & DATED == 0 and state[DUE] >= 0:
        payables_due[min(max(state[DUE], period.start), payables_due.shape[0] - 1)] += amounts[UNPAID]
        amounts[UNPAID] = 0.0
        state[STAGE] |= DATED


@inner
def _land(supply: SupplyTerms, line: OpenLine, landed: int, sheet: Sheet, period: Period) -> None:
    """Pay freight and insurance on arrival at the port, where the buyer does; they become landed cost."""
    if line.state[STAGE] & LANDED != 0 or landed >= period.end:
        return
    line.state[STAGE] |= LANDED
    if supply.buyer_pays_freight[line.supplier]:
        day, amounts = landed - period.start, line.amounts
        amounts[FREIGHT_COST] += amounts[FREIGHT_DUE]
        amounts[FEES_COST] += amounts[INSURANCE_DUE]
        sheet.daily[FREIGHT_PAID, day] += amounts[FREIGHT_DUE]
        sheet.daily[INSURANCE_PAID, day] += amounts[INSURANCE_DUE]


@inner
def _clear(
    supply: SupplyTerms,
    nodes: NodeTerms,
    duty_rate: FloatArray,
    line: OpenLine,
    cleared: int,
    vat_due: FloatArray,
    sheet: Sheet,
    period: Period,
) -> None:
    """Pay duty, import VAT and the entry fee on the clearance day, where the buyer does; date the refund of
    the VAT. ``duty_rate`` (I, O, Te, d), ``vat_due`` (day,).
    """
    if line.state[STAGE] & CLEARED != 0 or cleared >= period.end:
        return
    line.state[STAGE] |= CLEARED
    supplier, node, amounts = line.supplier, line.node, line.amounts
    if not supply.buyer_pays_duty[supplier]:
        return
    day = cleared - period.start
    rate = duty_rate[line.item, supply.origin[supplier], nodes.territory[node], day]
    invoice = amounts[INVOICE] * sheet.rate[line.currency, day]
    has_freight = not supply.buyer_pays_freight[supplier]
    freight, insurance = amounts[FREIGHT_DUE], amounts[INSURANCE_DUE]
    duty = rate * dutiable_value(invoice, freight, insurance, nodes.cif_value[node], has_freight)
    cif_value = dutiable_value(invoice, freight, insurance, True, has_freight)
    vat = supply.import_vat[supplier, node] * (cif_value + duty)
    amounts[DUTY_COST] += duty
    amounts[FEES_COST] += amounts[FEE_DUE]
    sheet.daily[DUTY_ENTRY, day] += duty
    sheet.daily[ENTRY_FEE, day] += amounts[FEE_DUE]
    sheet.daily[IMPORT_VAT, day] += vat
    vat_due[min(cleared + nodes.vat_lag[node], vat_due.shape[0] - 1)] += vat


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
    """Forget the lines received by the end of the month; the others keep their order. ``received``
    (trial, row) is the day of receipt.
    """
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
