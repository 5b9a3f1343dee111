"""What sales and returns bring and cost, day by day: receipts first, then returns, then shipments, as the network does them.

Revenue is booked at shipping, at the price and rate of the day. Payouts come net of fees after the channel's lag, the reserve later.
Orders shipped are units shipped times the cell's orders per unit. A returned unit is refunded at the price of the day it arrives
(its own price is not followed through the network). The network puts units for resale back into stock, at the return node's average
cost; refurbished units are sold off at a share of landed cost after their refurbishing, liquidated ones at a lower one.
"""

from __future__ import annotations

from numba import njit

from engine.finance import inventory
from engine.finance.books import DUTY_COST, FEES_COST, FREIGHT_COST, GOODS_COST, Lines, OpenLines, Receipts, Sheet, Stock
from engine.finance.duty import parcel_duty
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import CellTerms, Floats, Ints, MarketTerms, NodeTerms

SALE = POSTING_INDEX["sale"]
SALE_TAX = POSTING_INDEX["sale_tax"]
PAYMENT_FEE = POSTING_INDEX["payment_fee"]
MARKETPLACE_FEE = POSTING_INDEX["marketplace_fee"]
RELEASE_GOODS = POSTING_INDEX["release_goods"]
PICK = POSTING_INDEX["pick"]
OUTBOUND = POSTING_INDEX["outbound"]
PARCEL_ENTRY = POSTING_INDEX["parcel_entry"]
REFUND = POSTING_INDEX["refund"]
REFUND_TAX = POSTING_INDEX["refund_tax"]
RESTOCK_GOODS = POSTING_INDEX["restock_goods"]
RETURN_HANDLING = POSTING_INDEX["return_handling"]
REFURBISHING = POSTING_INDEX["refurbishing"]
LIQUIDATION = POSTING_INDEX["liquidation"]
RECEIPT = POSTING_INDEX["receipt"]

LAYER_COUNT = inventory.LAYER_COUNT


@njit(cache=True)  # type: ignore[untyped-decorator]
def receive_day(
    stock: Stock, since: Ints, orders: OpenLines, lines: Lines, receipts: Receipts, daily: Floats, t: int, day: int
) -> None:
    """Move what was received on a day from transit into stock, at its landed cost."""
    place = receipts.first[day]
    while place >= 0:
        row = orders.row[t, place]
        amounts = orders.amounts[t, place]
        cost = amounts[GOODS_COST : FEES_COST + 1]
        node, item, units = lines.node[t, row], lines.item[t, row], lines.units[t, row]
        inventory.receive(stock.units[t], stock.value[t], stock.average[t], since, node, item, units, cost)
        daily[RECEIPT, day] += (amounts[GOODS_COST] + amounts[FREIGHT_COST]) + (amounts[DUTY_COST] + amounts[FEES_COST])
        place = receipts.next[place]


@njit(cache=True)  # type: ignore[untyped-decorator]
def return_day(
    markets: MarketTerms,
    cells: CellTerms,
    recovery: tuple[float, float, float],
    stock: Stock,
    returns: Ints,
    seen: int,
    sheet: Sheet,
    sales_tax_added: Floats,
    t: int,
    day: int,
    until: int,
) -> int:
    """Refund, handle and grade what came back on a day, rows from ``seen`` up to ``until``; gives the rows seen then."""
    first = seen
    while seen < until and returns[seen, 0] == returns[first, 0]:
        cell, item = returns[seen, 1], returns[seen, 2]
        resale, refurbish, liquidate = returns[seen, 3], returns[seen, 4], returns[seen, 5]
        market, node = cells.market[cell], cells.return_node[cell]
        units = resale + refurbish + liquidate + returns[seen, 6]
        refund = units * markets.base_price[market, item] * sheet.factor[market, day]
        tax = refund * markets.consumption_tax[market]
        currency = markets.currency[market]
        sheet.daily[REFUND_TAX, day] += tax
        sales_tax_added[currency, day] -= tax / sheet.rate[currency, day]
        landed = inventory.unit_cost(stock.average[t], node, item)
        enter(sheet, REFUND, cell, day, refund)
        enter(sheet, RETURN_HANDLING, cell, day, units * markets.return_handling[market])
        enter(sheet, REFURBISHING, cell, day, refurbish * landed * recovery[0])
        enter(sheet, LIQUIDATION, cell, day, landed * (refurbish * recovery[1] + liquidate * recovery[2]))
        inventory.restock(stock.units[t], stock.value[t], stock.average[t], node, item, resale)
        for layer in range(LAYER_COUNT):
            enter(sheet, RESTOCK_GOODS + layer, cell, day, resale * stock.average[t, node, item, layer])
        seen += 1
    return seen


@njit(cache=True)  # type: ignore[untyped-decorator]
def enter(sheet: Sheet, posting: int, cell: int, day: int, amount: float) -> None:
    """Enter an amount that belongs to a cell and to a day."""
    sheet.cells[posting, cell] += amount
    sheet.daily[posting, day] += amount


@njit(cache=True)  # type: ignore[untyped-decorator]
def ship_arc(
    row: Ints,
    price: Floats,
    factor: float,
    average: Floats,
    since: Ints,
    sold: Ints,
    item_sales: Floats,
    release: Floats,
) -> tuple[float, float]:
    """Take what an arc shipped on a day off stock: gives its value at base price and its landed cost, which goes to ``release``."""
    value, goods, freight, duty, fees = 0.0, 0.0, 0.0, 0.0, 0.0
    for item in range(row.shape[0]):
        shipped = row[item]
        since[item] += shipped
        sold[item] += shipped
        value += shipped * price[item]
        goods += shipped * average[item, 0]
        freight += shipped * average[item, 1]
        duty += shipped * average[item, 2]
        fees += shipped * average[item, 3]
    for item in range(row.shape[0]):
        item_sales[item] += row[item] * price[item] * factor
    release[0], release[1], release[2], release[3] = goods, freight, duty, fees
    return value, (goods + freight) + (duty + fees)


@njit(cache=True)  # type: ignore[untyped-decorator]
def sell(
    markets: MarketTerms,
    cells: CellTerms,
    sheet: Sheet,
    receivables_added: Floats,
    sales_tax_added: Floats,
    receivables_due: Floats,
    cost_due: Floats,
    cell: int,
    sale: float,
    cost: float,
    parcels: float,
    day: int,
    start: int,
) -> None:
    """Book a sale, its tax and fees, and when the payout and the cost in it come back."""
    market = cells.market[cell]
    tax = sale * markets.consumption_tax[market]
    payment_fee = (sale + tax) * cells.payment_fee_share[cell] + parcels * cells.payment_fee_per_order[cell]
    marketplace_fee = sale * cells.marketplace_fee_share[cell]
    sheet.cells[SALE, cell] += sale
    sheet.daily[SALE_TAX, day] += tax
    sheet.cells[PAYMENT_FEE, cell] += payment_fee
    sheet.cells[MARKETPLACE_FEE, cell] += marketplace_fee
    enter(sheet, OUTBOUND, cell, day, parcels * markets.outbound_per_order[market])
    currency = markets.currency[market]
    rate = sheet.rate[currency, day]
    payout = (sale + tax - payment_fee - marketplace_fee) / rate
    receivables_added[currency, day] += payout
    sales_tax_added[currency, day] += tax / rate
    last = cost_due.shape[0] - 1
    due = min(start + day + cells.payout_lag[cell], last)
    late = min(due + cells.reserve_lag[cell], last)
    reserve = payout * cells.reserve_share[cell]
    receivables_due[currency, due] += payout - reserve
    receivables_due[currency, late] += reserve
    held = cost * cells.reserve_share[cell]
    cost_due[due] += cost - held
    cost_due[late] += held


@njit(cache=True)  # type: ignore[untyped-decorator]
def pick_and_pack(nodes: NodeTerms, sheet: Sheet, node: int, cell: int, units: int, parcels: float, day: int) -> None:
    """Pay for picking and packing."""
    enter(sheet, PICK, cell, day, units * nodes.pick_per_unit[node] + parcels * nodes.pick_per_order[node])


@njit(cache=True)  # type: ignore[untyped-decorator]
def cross_border(
    row: Ints,
    price: Floats,
    factor: float,
    rates: Floats,
    item_origin: Ints,
    orders_per_unit: float,
    de_minimis: float,
    day: int,
) -> float:
    """Duty on an arc's parcels of a day on entry into the buyer's territory, on their retail value; rates (I, O, d)."""
    total = 0.0
    for item in range(row.shape[0]):
        if row[item] > 0:
            retail = price[item] * factor
            rate = rates[item, item_origin[item], day]
            total += parcel_duty(row[item] * retail, retail / orders_per_unit, de_minimis, rate)
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def release_stock(stock: Stock, since: Ints, on_hand: Ints, t: int) -> int:
    """Bring stock up to the month's end; gives 0, or the position in books.FAULTS of what does not fit."""
    fault = 0
    for node in range(stock.units.shape[1]):
        for item in range(stock.units.shape[2]):
            inventory.release(stock.units[t], stock.value[t], stock.average[t], since, node, item)
            if stock.units[t, node, item] < 0:
                fault = 3
            elif stock.units[t, node, item] != on_hand[node, item]:
                fault = 1
    return fault
