"""Units of a month by segment and node, counted trial by trial from what the network did."""

from __future__ import annotations

from typing import NamedTuple

from models.arrays import CountArray, IntArray
from models.compiled import in_place, inner

FIRST_GRADE, AFTER_GRADES = 3, 7
"""Columns of a row of returns that hold units, by grade: after its day, segment and item."""


class Counted(NamedTuple):
    """Units of a month's days d."""

    demanded: CountArray
    """(trial, d, segment, item)."""
    shipped: CountArray
    """(trial, d, arc, item)."""
    lost: CountArray
    """(trial, d, segment, item), likewise backlog at the day's end."""
    backlog: CountArray
    on_hand: CountArray
    """(trial, d, node, item) at the day's end."""
    returns: CountArray
    """(trial, row, column): day, segment, item, then units by grade."""
    returns_count: IntArray
    """(trial,) rows used."""


class Totals(NamedTuple):
    """Units of the month."""

    demanded: IntArray
    """(trial, segment), likewise sold, lost and returned."""
    sold: IntArray
    lost: IntArray
    short: IntArray
    """(trial, segment) item-days with lost units or backlog at the day's end."""
    stock: IntArray
    """(trial, node) at the month's end."""
    returned: IntArray
    by_arc: IntArray
    """(trial, arc) sold."""


@in_place
def tally(counted: Counted, arc_segment: IntArray, totals: Totals) -> None:
    """Fill a month's totals, units by segment, node and arc, of every trial; ``arc_segment`` (arc,)."""
    trials, days = counted.demanded.shape[:2]
    for t in range(trials):
        for d in range(days):
            _count_demand(
                counted.demanded[t, d],
                counted.lost[t, d],
                counted.backlog[t, d],
                totals.demanded[t],
                totals.lost[t],
                totals.short[t],
            )
            _count_sales(counted.shipped[t, d], arc_segment, totals.sold[t], totals.by_arc[t])
        _count_stock(counted.on_hand[t, days - 1], totals.stock[t])
        for row in range(counted.returns_count[t]):
            back = 0
            for grade in range(FIRST_GRADE, AFTER_GRADES):
                back += counted.returns[t, row, grade]
            totals.returned[t, counted.returns[t, row, 1]] += back


@inner
def _count_demand(
    demanded: CountArray,
    lost: CountArray,
    backlog: CountArray,
    by_demand: IntArray,
    by_loss: IntArray,
    short: IntArray,
) -> None:
    """Add a day's demand, losses and short items by segment, from (segment, item)."""
    segments, items = demanded.shape
    for c in range(segments):
        asked, missed, days_short = 0, 0, 0
        for i in range(items):
            asked += demanded[c, i]
            missed += lost[c, i]
            # without a branch, which would be mispredicted
            days_short += (lost[c, i] > 0) | (backlog[c, i] > 0)
        by_demand[c] += asked
        by_loss[c] += missed
        short[c] += days_short


@inner
def _count_sales(shipped: CountArray, arc_segment: IntArray, by_sale: IntArray, by_arc: IntArray) -> None:
    """Add a day's shipments by segment and arc, from (arc, item)."""
    for a in range(arc_segment.size):
        sold = 0
        for i in range(shipped.shape[1]):
            sold += shipped[a, i]
        by_sale[arc_segment[a]] += sold
        by_arc[a] += sold


@inner
def _count_stock(on_hand: CountArray, stock: IntArray) -> None:
    """Add the units of each node, from (node, item)."""
    for n in range(on_hand.shape[0]):
        for i in range(on_hand.shape[1]):
            stock[n] += on_hand[n, i]
