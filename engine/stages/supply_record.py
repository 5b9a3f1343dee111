"""What the supply metrics keep of a block while its months are played: small arrays, units and days only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from engine.finance.supply_kpis import (
    CLEARANCE_LIMIT_DAYS,
    Flags,
    aged_units,
    dead_item_share,
    in_order,
    unsold,
)
from engine.stages.supply_frame import SupplyFrame
from engine.stages.supply_tally import (
    CLEARANCE_FIGURES,
    OrderRows,
    OrderTimes,
    Shelves,
    Unserved,
    count_service,
    follow_service,
    order_times,
    receipts_between,
    restocked_between,
)
from models.arrays import CountArray, FloatArray, IntArray
from models.calendar import MONTHS_IN_QUARTER
from models.lead_time.counted import Counted, counted_spread
from models.network.movements import Movements
from models.network.spec import Network
from models.network.state import State

WINDOW_MONTHS = 4
"""Months whose returns are kept: the window of aged stock never reaches further back."""

COUNTED = (
    "unstocked",
    "empty",
    "shipped",
    "on_hand",
    "forward",
    "aged",
    "dead_items",
    "unsold",
    "last_sale",
)
"""Arrays of a record that grow with its months, but for what is followed by day."""


@dataclass(frozen=True, eq=False)
class SupplyCounts:
    """Units and days of a block for the supply metrics; T trials, Q quarters, D days, K watched sets."""

    unstocked: IntArray
    """(T, Q, C) units demanded while no serving node had stock."""
    empty: IntArray
    """(T, Q, N) planned item-days without stock at the day's end."""
    shipped: IntArray
    """(T, Q, A) units by arc; the month's tally fills them."""
    on_hand: IntArray
    """(T, Q, N) units at the quarter's end."""
    forward: FloatArray
    """(T, Q, N) units that the company expects to sell from a node in the coming days."""
    aged: CountArray
    """(T, Q, N, I) units older than the limit at the quarter's end."""
    dead_items: FloatArray
    """(T, Q) share of the items."""
    unsold: Flags
    """(T, Q, I)"""
    service: CountArray
    """(T, D, K, 3) units demanded, lost and waiting at the day's end over each watched set."""
    lanes: Counted
    """Order to receipt by (T, N, S)."""
    entries: IntArray
    """(T, P + 1) entries released by port, the last for all ports; likewise customs."""
    customs: FloatArray
    """(T, P + 1, figure)"""


class SupplyRecord:
    """Counts of a block of trials, month by month; ``watched`` (set, segment, item) are followed by day."""

    def __init__(self, frame: SupplyFrame, network: Network, trials: int, watched: Flags) -> None:
        self.frame, self.network, self.trials, self.watched = frame, network, trials, watched
        quarters, items = len(frame.quarter_end), len(network.items)
        self.days = int(frame.quarter_end[-1]) + 1

        def counts(*shape: int) -> IntArray:
            return np.zeros((trials, quarters, *shape), dtype=np.int64)

        segments, nodes = len(network.demand_points), len(network.nodes)
        self.unstocked, self.empty = counts(segments), counts(nodes)
        self.shipped, self.on_hand = counts(len(network.arc_node)), counts(nodes)
        self.forward = np.zeros((trials, quarters, nodes))
        self.aged = np.zeros((trials, quarters, nodes, items), dtype=np.int32)
        self.dead_items = np.zeros((trials, quarters))
        self.unsold = np.zeros((trials, quarters, items), dtype=np.bool_)
        self.last_sale = np.tile(frame.last_sale, (trials, 1))
        self.service = np.zeros((trials, self.days, len(watched), 3), dtype=np.int32)
        self.returns: deque[tuple[int, CountArray, IntArray]] = deque(maxlen=WINDOW_MONTHS)

    def copy(self, watched: Flags) -> SupplyRecord:
        """The same counts in their own memory; of the sets followed by day only those in ``watched``."""
        twin = SupplyRecord(self.frame, self.network, self.trials, watched)
        for name in COUNTED:
            getattr(twin, name)[:] = getattr(self, name)
        for own, each in enumerate(watched):
            at = next(k for k, other in enumerate(self.watched) if np.array_equal(each, other))
            twin.service[:, :, own] = self.service[:, :, at]
        twin.returns.extend(self.returns)
        return twin

    def month(self, month: int, demanded: CountArray, moved: Movements, demand_ratio: FloatArray) -> None:
        """Count a month that the network has moved; ``demand_ratio`` (trial, segment) is what the company now
        knows of demand over its base expectation.
        """
        quarter = month // MONTHS_IN_QUARTER
        count_service(
            demanded,
            moved.shipped,
            moved.on_hand,
            moved.first_day,
            Shelves(self.network.arc_start, self.network.arc_node, self.frame.planned),
            Unserved(self.unstocked[:, quarter], self.empty[:, quarter], self.last_sale),
        )
        if len(self.watched):
            follow_service(demanded, moved.lost, moved.backlog, self.watched, moved.first_day, self.service)
        self.returns.append((moved.until, moved.returns, moved.returns_count))
        if month % MONTHS_IN_QUARTER == MONTHS_IN_QUARTER - 1:
            self._close_quarter(quarter, moved, demand_ratio)

    def _close_quarter(self, quarter: int, moved: Movements, ratio: FloatArray) -> None:
        frame, on_hand = self.frame, moved.on_hand[:, -1]
        entered = np.zeros(on_hand.shape, dtype=np.int32)
        window, lines = (frame.aged_from(quarter), moved.until), moved.lines
        receipts_between(lines.node, lines.item, lines.units, lines.received, lines.count, *window, entered)
        for until, returns, count in self.returns:
            if until <= window[0]:
                continue
            restocked_between(returns, count, self.network.return_node, *window, entered)
        self.aged[:, quarter] = aged_units(on_hand, entered)
        self.on_hand[:, quarter] = on_hand.sum(axis=2)
        eligible = frame.eligible(quarter)
        coming = np.zeros((self.trials, on_hand.shape[2]))
        for segment, node in enumerate(frame.primary_node):
            coming = coming + ratio[:, segment, None] * frame.coming[quarter, segment]
            self.forward[:, quarter, node] += ratio[:, segment] * frame.forward[quarter, segment]
        self.dead_items[:, quarter] = dead_item_share(on_hand.sum(axis=1), coming, eligible)
        self.unsold[:, quarter] = unsold(self.last_sale, int(frame.quarter_end[quarter]), eligible)

    def finish(self, state: State) -> SupplyCounts:
        """The counts of the whole run, with the times of its orders."""
        lines, orders, network = state.lines, state.orders, self.network
        shape = (self.trials, len(network.nodes), len(network.suppliers), self.days)
        finished, still_open = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)
        entries = np.zeros((self.trials, len(network.ports) + 1), dtype=np.int64)
        customs = np.zeros((*entries.shape, CLEARANCE_FIGURES))
        order_times(
            OrderRows(
                lines.day_ordered,
                lines.node,
                lines.supplier,
                lines.port,
                lines.cleared,
                lines.received,
                orders.first_line,
                orders.started,
                orders.count,
            ),
            network.node_port,
            CLEARANCE_LIMIT_DAYS,
            OrderTimes(finished, still_open, entries, customs),
        )
        return SupplyCounts(
            self.unstocked,
            self.empty,
            self.shipped,
            self.on_hand,
            self.forward,
            self.aged,
            self.dead_items,
            self.unsold,
            self.service,
            counted_spread(finished, still_open, self.frame.promised),
            entries,
            customs,
        )


def aged_value(aged: CountArray, average: FloatArray) -> FloatArray:
    """Landed value of aged units by node, (trial, node): units (trial, node, item) at the average landed cost
    (trial, node, item, layer).
    """
    return in_order(aged * in_order(average))
