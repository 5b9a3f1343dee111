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

import numpy as np

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
    Working,
)
from engine.finance.duty import parcel_duty
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import MarketTerms, NodeTerms, SegmentTerms, Terms
from models.arrays import FloatArray, IntArray
from models.compiled import inner

SALE = POSTING_INDEX["sale"]
SHIPPING = POSTING_INDEX["shipping"]
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
    """Move what was received on a day from transit into stock, at its landed cost: units in ``since`` (node,
    item) sold at the former average, the receipt in ``daily`` (posting, day).
    """
    place = receipts.first[day]
    while place >= 0:
        row = orders.row[t, place]
        amounts = orders.amounts[t, place]
        cost = amounts[GOODS_COST : FEES_COST + 1]
        node, item = np.int64(lines.node[t, row]), np.int64(lines.item[t, row])  # as sales have them
        units = lines.units[t, row]
        inventory.receive(stock.units[t], stock.value[t], stock.average[t], since, node, item, units, cost)
        daily[RECEIPT, day] += (amounts[GOODS_COST] + amounts[FREIGHT_COST]) + (
            amounts[DUTY_COST] + amounts[FEES_COST]
        )
        place = receipts.next[place]


@inner
def return_day(
    terms: Terms,
    stock: Stock,
    returns: IntArray,
    seen: int,
    working: Working,
    returned_value: FloatArray,
    t: int,
    day: int,
) -> int:
    """Refund, handle and grade what came back on a day, ``returns`` (row, 7) from row ``seen`` on; gives the
    rows seen then. ``returned_value`` (segment,) is the landed cost of what came back, added to.
    """
    markets, segments, company, sheet = terms.markets, terms.segments, terms.company, working.sheet
    amounts, average = sheet.segments, stock.average
    base_price, factor, first = markets.base_price, sheet.factor, returns[seen, 0]
    while seen < returns.shape[0] and returns[seen, 0] == first:
        segment, item, resale = returns[seen, 1], returns[seen, 2], returns[seen, 3]
        refurbish, liquidate = returns[seen, 4], returns[seen, 5]
        market, node = segments.market[segment], segments.return_node[segment]
        units = resale + refurbish + liquidate + returns[seen, 6]
        currency = markets.currency[market]
        shipping = segments.orders_per_unit[segment] * segments.shipping_per_order[segment]
        shipping *= markets.shipping_refund_share[market] * sheet.rate[currency, day]
        refund = units * base_price[market, item] * factor[market, day] + units * shipping
        handling = units * markets.return_handling[market]
        landed = (average[t, node, item, 0] + average[t, node, item, 1]) + (
            average[t, node, item, 2] + average[t, node, item, 3]
        )
        returned_value[segment] += units * landed
        refurbishing = refurbish * landed * company.refurbish_cost_share
        liquidation = landed * (refurbish * company.refurbished_share + liquidate * company.liquidation_share)
        tax = refund * markets.consumption_tax[market]
        amounts[REFUND, segment] += refund
        amounts[RETURN_HANDLING, segment] += handling
        amounts[REFURBISHING, segment] += refurbishing
        amounts[LIQUIDATION, segment] += liquidation
        sheet.daily[REFUND, day] += refund
        sheet.daily[RETURN_HANDLING, day] += handling
        sheet.daily[REFURBISHING, day] += refurbishing
        sheet.daily[LIQUIDATION, day] += liquidation
        sheet.daily[REFUND_TAX, day] += tax
        working.added.sales_tax[currency, day] -= tax / sheet.rate[currency, day]
        if resale > 0:
            _put_back(stock, sheet, (segment, node, item), resale, t, day)
        seen += 1
    return int(seen)


@inner
def _put_back(stock: Stock, sheet: Sheet, at: tuple[int, int, int], resale: int, t: int, day: int) -> None:
    """Put units back into stock at the node's average cost; ``at`` is their segment, node and item."""
    segment, node, item = at
    stock.units[t, node, item] += resale
    for layer in range(LAYER_COUNT):
        cost = resale * stock.average[t, node, item, layer]
        stock.value[t, node, item, layer] += cost
        sheet.segments[RESTOCK_GOODS + layer, segment] += cost
        sheet.daily[RESTOCK_GOODS + layer, day] += cost


@inner
def ship_day(
    shipped: IntArray,
    segments: SegmentTerms,
    base_price: FloatArray,
    average: FloatArray,
    shipments: Shipments,
    sheet: Sheet,
    item_sales: FloatArray,
    day: int,
) -> None:
    """Take a day's shipments (arc, item) off stock, arc by arc: their units, value at base price and landed
    cost. ``average`` (node, item, layer) is the landed cost per unit; ``item_sales`` (item,) is added to.
    """
    since, sold, amounts, factor = shipments.since, shipments.sold, sheet.segments, sheet.factor
    for arc in range(shipped.shape[0]):
        total = 0
        for item in range(shipped.shape[1]):
            total += shipped[arc, item]
        shipments.units[arc, day] = total
        if total == 0:
            continue
        segment, node = segments.arc_segment[arc], segments.arc_node[arc]
        market = segments.market[segment]
        level = factor[market, day]
        value, goods, freight, duty, fees = 0.0, 0.0, 0.0, 0.0, 0.0
        for item in range(shipped.shape[1]):
            units = shipped[arc, item]
            since[node, item] += units
            sold[arc, item] += units
            worth = units * base_price[market, item]
            value += worth
            item_sales[item] += worth * level
            goods += units * average[node, item, 0]
            freight += units * average[node, item, 1]
            duty += units * average[node, item, 2]
            fees += units * average[node, item, 3]
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
    back, in ``receivables_due`` (currency, day), currency of the payout, and ``cost_due`` (day,).
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
            rate = sheet.rate[currency, day]
            shipping = parcels * segments.shipping_per_order[segment] * rate
            paid = sale + shipping
            tax = paid * markets.consumption_tax[market]
            payment_fee = (paid + tax) * segments.payment_fee_share[
                segment
            ] + parcels * segments.payment_fee_per_order[segment]
            marketplace_fee = paid * segments.marketplace_fee_share[segment]
            outbound = parcels * markets.outbound_per_order[market]
            sheet.segments[SALE, segment] += sale
            sheet.segments[SHIPPING, segment] += shipping
            sheet.segments[PAYMENT_FEE, segment] += payment_fee
            sheet.segments[MARKETPLACE_FEE, segment] += marketplace_fee
            sheet.segments[OUTBOUND, segment] += outbound
            sheet.daily[OUTBOUND, day] += outbound
            sheet.daily[SALE_TAX, day] += tax
            payout = (paid + tax - payment_fee - marketplace_fee) / rate
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
    shipped: IntArray, terms: Terms, duty_rate: FloatArray, units: IntArray, sheet: Sheet
) -> None:
    """Charge duty on parcels that enter the buyer's territory from a node in another one, on their retail
    value. ``shipped`` (d, A, I) units, ``units`` (A, d) their sums, ``duty_rate`` (I, O, Te, d).
    """
    markets, segments, nodes = terms.markets, terms.segments, terms.nodes
    item_origin = terms.supply.item_origin
    for arc in range(shipped.shape[1]):
        segment = segments.arc_segment[arc]
        market = segments.market[segment]
        territory = markets.territory[market]
        if nodes.territory[segments.arc_node[arc]] == territory:
            continue
        threshold, per_unit = nodes.de_minimis[territory], segments.orders_per_unit[segment]
        for day in range(shipped.shape[0]):
            if units[arc, day] == 0:
                continue
            total = 0.0
            for item in range(shipped.shape[2]):
                count = shipped[day, arc, item]
                if count > 0:
                    retail = markets.base_price[market, item] * sheet.factor[market, day]
                    rate = duty_rate[item, item_origin[item], territory, day]
                    total += parcel_duty(count * retail, retail / per_unit, threshold, rate)
            sheet.segments[PARCEL_ENTRY, segment] += total
            sheet.daily[PARCEL_ENTRY, day] += total


@inner
def release_stock(stock: Stock, since: IntArray, on_hand: IntArray, t: int) -> int:
    """Bring stock up to the end of the month and compare it with the network's units, ``on_hand`` (trial,
    day, node, item); gives a status code of the books.
    """
    status, last = BOOKS_FIT, on_hand.shape[1] - 1
    for node in range(stock.units.shape[1]):
        for item in range(stock.units.shape[2]):
            inventory.release(stock.units[t], stock.value[t], stock.average[t], since, node, item)
            if stock.units[t, node, item] < 0:
                status = OVERSOLD
            elif stock.units[t, node, item] != on_hand[t, last, node, item]:
                status = STOCK_DIFFERS
    return status
