"""Units of a month by segment and node, counted trial by trial from what the network did."""

from __future__ import annotations

import numpy as np

from models.arrays import CountArray, IntArray
from models.compiled import in_place

Totals = tuple[IntArray, IntArray, IntArray, IntArray, IntArray, IntArray, IntArray]


def tally(
    demanded: CountArray,
    shipped: CountArray,
    lost: CountArray,
    backlog: CountArray,
    on_hand: CountArray,
    returns: CountArray,
    returns_count: IntArray,
    arc_segment: IntArray,
    totals: Totals,
) -> None:
    """Add the month's units to the totals: units demanded, sold, lost and item-days short by segment, stock
    at the end by node, units returned by segment, units sold by arc: (trial, segment), (trial, node) or
    (trial, arc) each.

    ``totals`` are views on a run's arrays: they are added to outside compiled code, which always meets fresh
    arrays of one layout in memory.
    """
    month = tuple(np.zeros(total.shape, dtype=np.int64) for total in totals)
    _count(demanded, shipped, lost, backlog, on_hand, returns, returns_count, arc_segment, month)
    for total, counted in zip(totals, month, strict=True):
        total += counted


@in_place
def _count(
    demanded: CountArray,
    shipped: CountArray,
    lost: CountArray,
    backlog: CountArray,
    on_hand: CountArray,
    returns: CountArray,
    returns_count: IntArray,
    arc_segment: IntArray,
    totals: Totals,
) -> None:
    """Fill the month's totals, trial by trial; see ``tally``."""
    by_demand, by_sale, by_loss, short, stock, by_return, by_arc = totals
    trials, days, segments, items = demanded.shape
    for t in range(trials):
        for d in range(days):
            for c in range(segments):
                asked, missed, days_short = 0, 0, 0
                for i in range(items):
                    asked += demanded[t, d, c, i]
                    missed += lost[t, d, c, i]
                    days_short += (lost[t, d, c, i] > 0) | (backlog[t, d, c, i] > 0)
                by_demand[t, c] += asked
                by_loss[t, c] += missed
                short[t, c] += days_short
            for a in range(arc_segment.size):
                sold = 0
                for i in range(items):
                    sold += shipped[t, d, a, i]
                by_sale[t, arc_segment[a]] += sold
                by_arc[t, a] += sold
        for n in range(on_hand.shape[2]):
            for i in range(items):
                stock[t, n] += on_hand[t, days - 1, n, i]
        for row in range(returns_count[t]):
            back = 0
            for grade in range(3, 7):
                back += returns[t, row, grade]
            by_return[t, returns[t, row, 1]] += back
