"""What sales and returns bring and cost, day by day: receipts first, then returns, then shipments, as the
network does them.

Revenue is booked at shipping, at the price and rate of the day. Payouts come net of fees after the channel's
lag, the reserve later.
Orders shipped are units shipped times the segment's orders per unit. A returned unit is refunded at the price
of the day it arrives
(its own price is not followed through the network). The network puts units for resale back into stock, at
the return node's average
cost; refurbished units are sold off at a share of landed cost after their refurbishing, liquidated ones at a
lower one.
"""

from __future__ import annotations

from engine.finance import inventory
from engine.finance.books import (
    BOOKS_FIT,
    DUTY_COST,
    FEES_COST,
    FREIGHT_COST,
    GOODS_COST,
    OVERSOLD,
    STOCK_DIFFERS,
    Additions,
    Lines,
    OpenLines,
    Receipts,
    Sheet,
    Shipments,
    Stock,
)
from engine.finance.duty import parcel_duty
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import MarketTerms, NodeTerms, SegmentTerms
from models.arrays import FloatArray, IntArray
from models.compiled import inner

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


@inner
def receive_day(
    stock: Stock,
    since: IntArray,
    orders: OpenLines,
    lines: Lines,
    receipts: Receipts,
    daily: FloatArray,
    t: int,
    day: int,
) -> None:
    """Move what was received on a day from transit into stock, at its landed cost."""
    place = receipts.first[day]
    while place >= 0:
        row = orders.row[t, place]
        amounts = orders.amounts[t, place]
        cost = amounts[GOODS_COST : FEES_COST + 1]
        node, item, units = lines.node[t, row], lines.item[t, row], lines.units[t, row]
        inventory.receive(stock.units[t], stock.value[t], stock.average[t], since, node, item, units, cost)
        daily[RECEIPT, day] += (amounts[GOODS_COST] + amounts[FREIGHT_COST]) + (
            amounts[DUTY_COST] + amounts[FEES_COST]
        )
        place = receipts.next[place]


@inner
def return_day(
    markets: MarketTerms,
    segments: SegmentTerms,
    recovery: tuple[float, float, float],
    stock: Stock,
    returns: IntArray,
    seen: int,
    sheet: Sheet,
    sales_tax_added: FloatArray,
    returned_value: FloatArray,
    t: int,
    day: int,
    until: int,
) -> int:
    """Refund, handle and grade what came back on a day, rows from ``seen`` up to ``until``; gives the rows
    seen then.
    """
    amounts, average, value, on_hand = sheet.segments, stock.average, stock.value, stock.units
    base_price, factor, first = markets.base_price, sheet.factor, returns[seen, 0]
    while seen < until and returns[seen, 0] == first:
        segment, item, resale = returns[seen, 1], returns[seen, 2], returns[seen, 3]
        refurbish, liquidate = returns[seen, 4], returns[seen, 5]
        market, node = segments.market[segment], segments.return_node[segment]
        units = resale + refurbish + liquidate + returns[seen, 6]
        refund = units * base_price[market, item] * factor[market, day]
        handling = units * markets.return_handling[market]
        landed = (average[t, node, item, 0] + average[t, node, item, 1]) + (
            average[t, node, item, 2] + average[t, node, item, 3]
        )
        returned_value[t, segment] += units * landed
        refurbishing = refurbish * landed * recovery[0]
        liquidation = landed * (refurbish * recovery[1] + liquidate * recovery[2])
        tax = refund * markets.consumption_tax[market]
        currency = markets.currency[market]
        amounts[REFUND, segment] += refund
        amounts[RETURN_HANDLING, segment] += handling
        amounts[REFURBISHING, segment] += refurbishing
        amounts[LIQUIDATION, segment] += liquidation
        sheet.daily[REFUND, day] += refund
        sheet.daily[RETURN_HANDLING, day] += handling
        sheet.daily[REFURBISHING, day] += refurbishing
        sheet.daily[LIQUIDATION, day] += liquidation
        sheet.daily[REFUND_TAX, day] += tax
        sales_tax_added[currency, day] -= tax / sheet.rate[currency, day]
        if resale > 0:
            on_hand[t, node, item] += resale
            for layer in range(LAYER_COUNT):
                cost = resale * average[t, node, item, layer]
                value[t, node, item, layer] += cost
                amounts[RESTOCK_GOODS + layer, segment] += cost
                sheet.daily[RESTOCK_GOODS + layer, day] += cost
        seen += 1
    return int(seen)


@inner
def ship_day(
    shipped: IntArray,
    segments: SegmentTerms,
    base_price: FloatArray,
    factor: FloatArray,
    average: FloatArray,
    shipments: Shipments,
    amounts: FloatArray,
    item_sales: FloatArray,
    t: int,
    day: int,
) -> None:
    """Take a day's shipments off stock, arc by arc: their units, value at base price and landed cost."""
    since, sold = shipments.since, shipments.sold
    for arc in range(shipped.shape[2]):
        total = 0
        for item in range(shipped.shape[3]):
            total += shipped[t, day, arc, item]
        shipments.units[arc, day] = total
        if total == 0:
            continue
        segment, node = segments.arc_segment[arc], segments.arc_node[arc]
        market = segments.market[segment]
        level = factor[market, day]
        value, goods, freight, duty, fees = 0.0, 0.0, 0.0, 0.0, 0.0
        for item in range(shipped.shape[3]):
            units = shipped[t, day, arc, item]
            since[node, item] += units
            sold[arc, item] += units
            worth = units * base_price[market, item]
            value += worth
            item_sales[t, item] += worth * level
            goods += units * average[t, node, item, 0]
            freight += units * average[t, node, item, 1]
            duty += units * average[t, node, item, 2]
            fees += units * average[t, node, item, 3]
        amounts[RELEASE_GOODS, segment] += goods
        amounts[RELEASE_GOODS + 1, segment] += freight
        amounts[RELEASE_GOODS + 2, segment] += duty
        amounts[RELEASE_GOODS + 3, segment] += fees
        shipments.value[segment, day] += value
        shipments.cost[segment, day] += (goods + freight) + (duty + fees)


@inner
def book_sales(
    markets: MarketTerms,
    segments: SegmentTerms,
    shipments: Shipments,
    sheet: Sheet,
    added: Additions,
    receivables_due: FloatArray,
    cost_due: FloatArray,
    start: int,
) -> None:
    """Book the month's sales by segment and day: tax, fees, outbound freight, and when payout and cost come
    back.
    """
    last = cost_due.shape[0] - 1
    for segment in range(segments.market.shape[0]):
        market = segments.market[segment]
        currency = markets.currency[market]
        for day in range(sheet.daily.shape[1]):
            parcels = shipments.parcels[segment, day]
            if parcels == 0.0:
                continue
            sale = shipments.value[segment, day] * sheet.factor[market, day]
            tax = sale * markets.consumption_tax[market]
            payment_fee = (sale + tax) * segments.payment_fee_share[
                segment
            ] + parcels * segments.payment_fee_per_order[segment]
            marketplace_fee = sale * segments.marketplace_fee_share[segment]
            outbound = parcels * markets.outbound_per_order[market]
            sheet.segments[SALE, segment] += sale
            sheet.segments[PAYMENT_FEE, segment] += payment_fee
            sheet.segments[MARKETPLACE_FEE, segment] += marketplace_fee
            sheet.segments[OUTBOUND, segment] += outbound
            sheet.daily[OUTBOUND, day] += outbound
            sheet.daily[SALE_TAX, day] += tax
            rate = sheet.rate[currency, day]
            payout = (sale + tax - payment_fee - marketplace_fee) / rate
            added.receivables[currency, day] += payout
            added.sales_tax[currency, day] += tax / rate
            due = min(start + day + segments.payout_lag[segment], last)
            late = min(due + segments.reserve_lag[segment], last)
            reserve = payout * segments.reserve_share[segment]
            receivables_due[currency, due] += payout - reserve
            receivables_due[currency, late] += reserve
            held = shipments.cost[segment, day] * segments.reserve_share[segment]
            cost_due[due] += shipments.cost[segment, day] - held
            cost_due[late] += held


@inner
def pick_and_pack(segments: SegmentTerms, nodes: NodeTerms, shipments: Shipments, sheet: Sheet) -> None:
    """Count the month's parcels by segment and day and pay for picking them."""
    for arc in range(segments.arc_segment.shape[0]):
        segment, node = segments.arc_segment[arc], segments.arc_node[arc]
        for day in range(sheet.daily.shape[1]):
            units = shipments.units[arc, day]
            parcels = units * segments.orders_per_unit[segment]
            shipments.parcels[segment, day] += parcels
            picking = units * nodes.pick_per_unit[node] + parcels * nodes.pick_per_order[node]
            sheet.segments[PICK, segment] += picking
            sheet.daily[PICK, day] += picking


@inner
def cross_borders(
    shipped: IntArray,
    markets: MarketTerms,
    segments: SegmentTerms,
    nodes: NodeTerms,
    item_origin: IntArray,
    duty_rate: FloatArray,
    units: IntArray,
    sheet: Sheet,
    t: int,
) -> None:
    """Charge duty on parcels that enter the buyer's territory from a node in another one, on their retail
    value.
    """
    trial = min(t, duty_rate.shape[0] - 1)
    for arc in range(shipped.shape[2]):
        segment = segments.arc_segment[arc]
        market = segments.market[segment]
        territory = markets.territory[market]
        if nodes.territory[segments.arc_node[arc]] == territory:
            continue
        threshold, per_unit = nodes.de_minimis[territory], segments.orders_per_unit[segment]
        for day in range(shipped.shape[1]):
            if units[arc, day] == 0:
                continue
            total = 0.0
            for item in range(shipped.shape[3]):
                count = shipped[t, day, arc, item]
                if count > 0:
                    retail = markets.base_price[market, item] * sheet.factor[market, day]
                    rate = duty_rate[trial, item, item_origin[item], territory, day]
                    total += parcel_duty(count * retail, retail / per_unit, threshold, rate)
            sheet.segments[PARCEL_ENTRY, segment] += total
            sheet.daily[PARCEL_ENTRY, day] += total


@inner
def release_stock(stock: Stock, since: IntArray, on_hand: IntArray, t: int) -> int:
    """Bring stock up to the end of the month; gives a status code of the books."""
    status, last = BOOKS_FIT, on_hand.shape[1] - 1
    for node in range(stock.units.shape[1]):
        for item in range(stock.units.shape[2]):
            inventory.release(stock.units[t], stock.value[t], stock.average[t], since, node, item)
            if stock.units[t, node, item] < 0:
                status = OVERSOLD
            elif stock.units[t, node, item] != on_hand[t, last, node, item]:
                status = STOCK_DIFFERS
    return status
