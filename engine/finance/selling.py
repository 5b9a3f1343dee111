"""What sales and returns bring and cost, day by day: receipts first, then returns, then shipments, as the network does them.

Revenue is booked at shipping, at the price and rate of the day. Payouts come net of fees after the channel's lag, the reserve later.
Orders shipped are units shipped times the cell's orders per unit. A returned unit is refunded at the price of the day it arrives
(its own price is not followed through the network) and goes back at the node's current average cost.
"""

from __future__ import annotations

from numba import njit

from engine.finance import inventory
from engine.finance.books import (
    DUTY_COST,
    FEES_COST,
    FREIGHT_COST,
    GOODS_COST,
    Books,
    MonthBooked,
    MonthInputs,
    Scratch,
)
from engine.finance.duty import parcel_duty
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import Ints, Terms

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
WRITE_DOWN = POSTING_INDEX["write_down"]
RECEIPT = POSTING_INDEX["receipt"]


@njit(cache=True)  # type: ignore[untyped-decorator]
def walk_days(
    terms: Terms, books: Books, flows: MonthInputs, scratch: Scratch, booked: MonthBooked, t: int, start: int
) -> None:
    """Book receipts, returns and shipments of every day of the month, then bring stock up to its end."""
    seen = 0
    for day in range(scratch.daily.shape[1]):
        _receive_day(books, flows, scratch, t, day)
        seen = _return_day(terms, books, flows, scratch, t, seen, day, start)
        _ship_day(terms, books, flows, scratch, booked, t, day, start)
    if seen != flows.returns_count[t]:
        booked.fault[t] = 2
    for node in range(books.units.shape[1]):
        for item in range(books.units.shape[2]):
            inventory.release(books.units[t], books.value[t], books.average[t], scratch.since, node, item)
            if books.units[t, node, item] < 0:
                booked.fault[t] = 3
            elif books.units[t, node, item] != flows.on_hand[t, flows.on_hand.shape[1] - 1, node, item]:
                booked.fault[t] = 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _receive_day(books: Books, flows: MonthInputs, scratch: Scratch, t: int, day: int) -> None:
    """Move what was received from transit into stock, at its landed cost."""
    place = scratch.first_receipt[day]
    while place >= 0:
        row = books.open_row[t, place]
        cost = books.open_amounts[t, place, GOODS_COST : FEES_COST + 1]
        inventory.receive(
            books.units[t],
            books.value[t],
            books.average[t],
            scratch.since,
            flows.lines.node[t, row],
            flows.lines.item[t, row],
            flows.lines.units[t, row],
            cost,
        )
        landed = (cost[0] + cost[FREIGHT_COST - GOODS_COST]) + (cost[DUTY_COST - GOODS_COST] + cost[3])
        scratch.daily[RECEIPT, day] += landed
        place = scratch.next_receipt[place]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _return_day(
    terms: Terms, books: Books, flows: MonthInputs, scratch: Scratch, t: int, seen: int, day: int, start: int
) -> int:
    """Refund, handle and grade what came back on a day; gives the rows seen so far."""
    while seen < flows.returns_count[t] and flows.returns[t, seen, 0] == start + day:
        cell, item = flows.returns[t, seen, 1], flows.returns[t, seen, 2]
        resale, refurbish = flows.returns[t, seen, 3], flows.returns[t, seen, 4]
        liquidate, scrap = flows.returns[t, seen, 5], flows.returns[t, seen, 6]
        _refund(terms, scratch, cell, item, resale + refurbish + liquidate + scrap, day)
        node = terms.cells.return_node[cell]
        back = resale + refurbish
        inventory.restock(books.units[t], books.value[t], books.average[t], node, item, back)
        for layer in range(inventory.LAYER_COUNT):
            cost = back * books.average[t, node, item, layer]
            scratch.cells[RESTOCK_GOODS + layer, cell] += cost
            scratch.daily[RESTOCK_GOODS + layer, day] += cost
        landed = inventory.unit_cost(books.average[t], node, item)
        refurbishing = refurbish * landed * terms.company.refurbish_cost_share
        liquidation = liquidate * landed * terms.company.liquidation_share
        scratch.cells[REFURBISHING, cell] += refurbishing
        scratch.daily[REFURBISHING, day] += refurbishing
        scratch.cells[LIQUIDATION, cell] += liquidation
        scratch.daily[LIQUIDATION, day] += liquidation
        seen += 1
    return seen


@njit(cache=True)  # type: ignore[untyped-decorator]
def _refund(terms: Terms, scratch: Scratch, cell: int, item: int, units: int, day: int) -> None:
    """Pay back the price and its tax, and pay for handling."""
    market = terms.cells.market[cell]
    refund = units * terms.markets.base_price[market, item] * scratch.factor[market, day]
    tax = refund * terms.markets.consumption_tax[market]
    handling = units * terms.markets.return_handling[market]
    currency = terms.markets.market_currency[market]
    scratch.cells[REFUND, cell] += refund
    scratch.daily[REFUND, day] += refund
    scratch.daily[REFUND_TAX, day] += tax
    scratch.sales_tax_add[currency, day] -= tax / scratch.rate[currency, day]
    scratch.cells[RETURN_HANDLING, cell] += handling
    scratch.daily[RETURN_HANDLING, day] += handling


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ship_day(
    terms: Terms, books: Books, flows: MonthInputs, scratch: Scratch, booked: MonthBooked, t: int, day: int, start: int
) -> None:
    """Book a day's shipments arc by arc: sale, cost of goods, picking, freight, parcels that cross a border."""
    cells, markets, nodes = terms.cells, terms.markets, terms.nodes
    for arc in range(flows.shipped.shape[2]):
        row = flows.shipped[t, day, arc]
        units = 0
        for item in range(row.shape[0]):
            units += row[item]
        if units == 0:
            continue
        cell, node = cells.arc_cell[arc], cells.arc_node[arc]
        market = cells.market[cell]
        price, factor = markets.base_price[market], scratch.factor[market, day]
        average, since, sold = books.average[t, node], scratch.since[node], scratch.arc_units[arc]
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
            booked.item_sales[t, item] += row[item] * price[item] * factor
        scratch.cells[RELEASE_GOODS, cell] += goods
        scratch.cells[RELEASE_GOODS + 1, cell] += freight
        scratch.cells[RELEASE_GOODS + 2, cell] += duty
        scratch.cells[RELEASE_GOODS + 3, cell] += fees
        parcels = units * cells.orders_per_unit[cell]
        _sell(terms, books, scratch, t, cell, value * factor, (goods + freight) + (duty + fees), parcels, day, start)
        pick = units * nodes.pick_per_unit[node] + parcels * nodes.pick_per_order[node]
        scratch.cells[PICK, cell] += pick
        scratch.daily[PICK, day] += pick
        if nodes.node_territory[node] != markets.market_territory[market]:
            _cross_border(terms, flows, scratch, t, row, cell, day)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sell(
    terms: Terms,
    books: Books,
    scratch: Scratch,
    t: int,
    cell: int,
    sale: float,
    cost: float,
    parcels: float,
    day: int,
    start: int,
) -> None:
    """Book a sale, its tax and fees, and when the payout comes."""
    cells, market = terms.cells, terms.cells.market[cell]
    tax = sale * terms.markets.consumption_tax[market]
    payment_fee = (sale + tax) * cells.payment_fee_share[cell] + parcels * cells.payment_fee_per_order[cell]
    marketplace_fee = sale * cells.marketplace_fee_share[cell]
    outbound = parcels * terms.markets.outbound_per_order[market]
    scratch.cells[SALE, cell] += sale
    scratch.daily[SALE_TAX, day] += tax
    scratch.cells[PAYMENT_FEE, cell] += payment_fee
    scratch.cells[MARKETPLACE_FEE, cell] += marketplace_fee
    scratch.cells[OUTBOUND, cell] += outbound
    scratch.daily[OUTBOUND, day] += outbound
    currency = terms.markets.market_currency[market]
    rate = scratch.rate[currency, day]
    payout = (sale + tax - payment_fee - marketplace_fee) / rate
    scratch.receivable_add[currency, day] += payout
    scratch.sales_tax_add[currency, day] += tax / rate
    last = books.cost_due.shape[1] - 1
    due = min(start + day + cells.payout_lag[cell], last)
    late = min(due + cells.reserve_lag[cell], last)
    reserve = payout * cells.reserve_share[cell]
    books.receivables_due[t, currency, due] += payout - reserve
    books.receivables_due[t, currency, late] += reserve
    held = cost * cells.reserve_share[cell]
    books.cost_due[t, due] += cost - held
    books.cost_due[t, late] += held


@njit(cache=True)  # type: ignore[untyped-decorator]
def _cross_border(
    terms: Terms, flows: MonthInputs, scratch: Scratch, t: int, row: Ints, cell: int, day: int
) -> None:
    """Charge duty on parcels that enter the buyer's territory, on their retail value."""
    market = terms.cells.market[cell]
    territory = terms.markets.market_territory[market]
    rates = flows.duty_rate[min(t, flows.duty_rate.shape[0] - 1)]
    total = 0.0
    for item in range(row.shape[0]):
        if row[item] == 0:
            continue
        price = terms.markets.base_price[market, item] * scratch.factor[market, day]
        rate = rates[item, terms.supply.item_origin[item], territory, day]
        parcel = price / terms.cells.orders_per_unit[cell]
        total += parcel_duty(row[item] * price, parcel, terms.nodes.de_minimis[territory], rate)
    scratch.cells[PARCEL_ENTRY, cell] += total
    scratch.daily[PARCEL_ENTRY, day] += total


@njit(cache=True)  # type: ignore[untyped-decorator]
def write_down(terms: Terms, books: Books, scratch: Scratch, t: int) -> None:
    """Write stock down to net realisable value: the expected net price of who buys it, times the share that is realised.

    Who buys it: the cells served from the node by the month's units, all of its cells alike where nothing was sold. They carry the loss.
    """
    last = scratch.factor.shape[1] - 1
    cells = terms.cells
    for node in range(books.units.shape[1]):
        for item in range(books.units.shape[2]):
            if books.units[t, node, item] <= 0:
                continue
            arcs, sold, lowest = 0, 0, 0.0
            for arc in range(cells.arc_node.shape[0]):
                if cells.arc_node[arc] == node:
                    market = cells.market[cells.arc_cell[arc]]
                    price = terms.markets.base_price[market, item] * scratch.factor[market, last]
                    lowest = price if arcs == 0 else min(lowest, price)
                    arcs += 1
                    sold += scratch.arc_units[arc, item]
            cost = inventory.unit_cost(books.average[t], node, item)
            if arcs > 0 and cost > lowest * terms.company.realisable_share:
                _write_down_item(terms, books, scratch, t, node, item, arcs, sold, cost)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _write_down_item(
    terms: Terms, books: Books, scratch: Scratch, t: int, node: int, item: int, arcs: int, sold: int, cost: float
) -> None:
    """Compare one stock with its realisable value and book the loss to the cells that buy it."""
    cells, last = terms.cells, scratch.factor.shape[1] - 1
    price = 0.0
    for arc in range(cells.arc_node.shape[0]):
        if cells.arc_node[arc] == node:
            market = cells.market[cells.arc_cell[arc]]
            weight = scratch.arc_units[arc, item] / sold if sold > 0 else 1.0 / arcs
            price += weight * (terms.markets.base_price[market, item] * scratch.factor[market, last])
    realisable = price * terms.company.realisable_share
    if cost <= realisable:
        return
    loss = 0.0
    for layer in range(inventory.LAYER_COUNT):
        loss += books.value[t, node, item, layer]
    loss *= 1.0 - realisable / cost
    inventory.write_down(books.value[t], books.average[t], node, item, realisable / cost)
    scratch.daily[WRITE_DOWN, last] += loss
    for arc in range(cells.arc_node.shape[0]):
        if cells.arc_node[arc] == node:
            weight = scratch.arc_units[arc, item] / sold if sold > 0 else 1.0 / arcs
            scratch.cells[WRITE_DOWN, cells.arc_cell[arc]] += weight * loss

