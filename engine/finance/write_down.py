"""Write-down of stock whose landed cost exceeds its net realisable value, at month end; never written up
again.
"""

from __future__ import annotations

from engine.finance import inventory
from engine.finance.books import Sheet, Stock
from engine.finance.postings import POSTING_INDEX
from engine.finance.spec import SegmentTerms
from models.arrays import FloatArray, IntArray
from models.compiled import inner

WRITE_DOWN = POSTING_INDEX["write_down"]


@inner
def write_down_stock(
    segments: SegmentTerms,
    base_price: FloatArray,
    share: float,
    stock: Stock,
    sold: IntArray,
    sheet: Sheet,
    t: int,
) -> None:
    """Compare every stock with its net realisable value: the net price its buyers are expected to pay, times
    ``share``.

    Its buyers are the segments served from the node, weighted by the month's units, where none was sold by
    the units they are expected to buy; they carry the loss. ``base_price`` (market, item) is in market
    currency, ``sold`` (arc, item) the month's units.
    """
    last = sheet.factor.shape[1] - 1
    for node in range(stock.units.shape[1]):
        for item in range(stock.units.shape[2]):
            if stock.units[t, node, item] <= 0:
                continue
            cost = inventory.unit_cost(stock.average[t], node, item)
            price = _expected_price(segments, base_price, sheet.factor, sold, node, item)
            if price < 0.0 or cost <= price * share:
                continue
            kept = price * share / cost
            value = stock.value[t, node, item]
            loss = ((value[0] + value[1]) + (value[2] + value[3])) * (1.0 - kept)
            inventory.write_down(stock.value[t], stock.average[t], node, item, kept)
            sheet.daily[WRITE_DOWN, last] += loss
            buyers = _buyers(segments, sold, node, item)
            for arc in range(segments.arc_node.shape[0]):
                if segments.arc_node[arc] == node:
                    weight = _weight(segments, sold, item, arc, buyers)
                    sheet.segments[WRITE_DOWN, segments.arc_segment[arc]] += weight * loss


@inner
def _buyers(segments: SegmentTerms, sold: IntArray, node: int, item: int) -> tuple[int, int, float]:
    """Number of arcs from a node, the month's units over them and the units expected of their segments."""
    arcs, total, expected = 0, 0, 0.0
    for arc in range(segments.arc_node.shape[0]):
        if segments.arc_node[arc] == node:
            arcs += 1
            total += sold[arc, item]
            expected += segments.expected_units[segments.arc_segment[arc]]
    return arcs, total, expected


@inner
def _weight(
    segments: SegmentTerms, sold: IntArray, item: int, arc: int, buyers: tuple[int, int, float]
) -> float:
    """Share of an arc among the buyers of a stock; none for a segment without volume."""
    arcs, total, expected = buyers
    if total > 0:
        return sold[arc, item] / total
    if expected > 0.0:
        return segments.expected_units[segments.arc_segment[arc]] / expected
    return 1.0 / arcs


@inner
def _expected_price(
    segments: SegmentTerms, base_price: FloatArray, factor: FloatArray, sold: IntArray, node: int, item: int
) -> float:
    """Month-end net price of a stock's buyers, company currency; negative where a node serves nobody."""
    buyers = _buyers(segments, sold, node, item)
    if buyers[0] == 0:
        return -1.0
    price = 0.0
    for arc in range(segments.arc_node.shape[0]):
        if segments.arc_node[arc] == node:
            market = segments.market[segments.arc_segment[arc]]
            last = base_price[market, item] * factor[market, factor.shape[1] - 1]
            price += _weight(segments, sold, item, arc, buyers) * last
    return price
