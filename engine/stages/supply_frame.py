"""What the supply metrics read of a plan, the same in every trial and scenario, in arrays and key order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.finance.supply_kpis import (
    AGED_DAYS,
    COVERAGE_DAYS,
    DEAD_COVER_DAYS,
    FAST_DAYS,
    FORWARD_DAYS,
    Flags,
    Redundancy,
    known_long_enough,
    last_mile_within,
    redundancy,
)
from engine.plan.plan import Plan
from models.arrays import FloatArray, IntArray
from models.calendar import MONTHS_IN_QUARTER, Calendar
from models.network.purchasing import PurchasingModel
from models.network.spec import Network
from models.network.state import WAIT_BINS

NEVER_SOLD = -(1 << 30)


@dataclass(frozen=True, eq=False)
class SupplyFrame:
    """Static arrays of the supply metrics; C segments, N nodes, S suppliers, I items, Q quarters."""

    quarter_end: IntArray
    """(Q,) last day of each quarter."""
    planned: Flags
    """(N, I) whether base expects demand for an item at a node."""
    coming: FloatArray
    """(Q, C, I) base expectation of the ``DEAD_COVER_DAYS`` days after each quarter."""
    forward: FloatArray
    """(Q, C) base expectation of the ``FORWARD_DAYS`` days after each quarter, units."""
    primary_node: IntArray
    """(C,)"""
    covered: Flags
    """(C,) whether the last mile takes at most ``COVERAGE_DAYS`` days."""
    fast: FloatArray
    """(C, bin) probability to be with the customer within 48 hours, by whole days waited."""
    in_time: FloatArray
    """(C, bin) the same within the market's promise."""
    primary_market: Flags
    """(market,) markets with a node in their own customs territory; all where there is none."""
    known_since: IntArray
    """(I,) day of the first sale or receipt, day 0 for an item without any."""
    last_sale: IntArray
    """(I,) day of the last sale before day 0."""
    promised: FloatArray
    """(N, S) median days from order to promised receipt in the purchase log; NaN where none was promised."""
    backed_up: Redundancy

    def eligible(self, quarter: int) -> Flags:
        """Items known long enough at a quarter's end to be called dead, (I,)."""
        return known_long_enough(self.known_since, int(self.quarter_end[quarter]))

    def aged_from(self, quarter: int) -> int:
        """First day of the window in which a unit that entered is not aged at a quarter's end."""
        return int(self.quarter_end[quarter]) + 1 - AGED_DAYS


def supply_frame(
    plan: Plan, calendar: Calendar, network: Network, purchasing: PurchasingModel
) -> SupplyFrame:
    """Arrays of the plan for the supply metrics."""
    config = plan.config
    markets = [market for market in config.markets for _ in plan.sales_channel_keys]
    last_mile = np.array([market.last_mile_days for market in markets])
    promise = np.array([market.sla_days for market in markets])
    waited = np.arange(WAIT_BINS, dtype=np.float64)
    ends = calendar.month_start[MONTHS_IN_QUARTER::MONTHS_IN_QUARTER]
    expected = purchasing.expected_units
    wanted = np.zeros((len(plan.node_keys), len(plan.item_keys)), dtype=np.bool_)
    for segment, node in enumerate(purchasing.primary_node):
        wanted[node] |= (expected[segment] > 0.0).any(axis=0)
    ahead = [_expected_between(purchasing, int(end), DEAD_COVER_DAYS) for end in ends]
    forward = [_expected_between(purchasing, int(end), FORWARD_DAYS).sum(axis=1) for end in ends]
    origins = {key: at for at, key in enumerate(plan.origins)}
    origin = np.array([origins[plan.origin_of_supplier[key]] for key in plan.supplier_keys])
    since, last = _history(plan)
    return SupplyFrame(
        quarter_end=ends - 1,
        planned=wanted,
        coming=np.array(ahead),
        forward=np.array(forward),
        primary_node=purchasing.primary_node,
        covered=last_mile <= COVERAGE_DAYS,
        fast=last_mile_within(FAST_DAYS - waited, last_mile[:, None]),
        in_time=last_mile_within(promise[:, None] - waited, last_mile[:, None]),
        primary_market=_primary(plan),
        known_since=since,
        last_sale=last,
        promised=_promised(plan),
        backed_up=redundancy(np.asarray(network.qualified.any(axis=0)), origin),
    )


def _expected_between(purchasing: PurchasingModel, start: int, length: int) -> FloatArray:
    """Base expectation, units, of the days from ``start`` on, even in a month, dims (segment, item)."""
    expected, days = purchasing.expected_units, purchasing.month_days
    total = np.zeros((expected.shape[0], expected.shape[2]))
    opened = 0.0
    for month, size in enumerate(days):
        overlap = min(opened + size, start + length) - max(opened, start)
        if overlap > 0.0:
            total = total + expected[:, month] * (overlap / size)
        opened += size
    return total


def _primary(plan: Plan) -> Flags:
    inside = [
        any(plan.territory_of_node[node] == market.territory for node in market.nodes)
        for market in plan.config.markets
    ]
    return np.array(inside if any(inside) else [True] * len(inside))


def _history(plan: Plan) -> tuple[IntArray, IntArray]:
    """Day of the first sale or receipt and of the last sale of each item, days before day 0 negative."""
    start = pd.Timestamp(plan.forecast_start)
    sold = (plan.orders["ordered_at"].dt.normalize() - start).dt.days.groupby(plan.orders["item"])
    log = plan.purchase_orders
    came = (pd.to_datetime(log["received_on"]).dt.normalize() - start).dt.days
    received = came.groupby(log["item"]).min()
    first, last = sold.min(), sold.max()
    since, recent = [], []
    for item in plan.item_keys:
        days = [table[item] for table in (first, received) if item in table.index and table[item] < 0.0]
        since.append(int(min(days, default=0)))
        recent.append(int(last[item]) if item in last.index else NEVER_SOLD)
    return np.array(since, dtype=np.int64), np.array(recent, dtype=np.int64)


def _promised(plan: Plan) -> FloatArray:
    log = plan.purchase_orders
    promised = np.full((len(plan.node_keys), len(plan.supplier_keys)), np.nan)
    if "promised_on" not in log:
        return promised
    days = (pd.to_datetime(log["promised_on"]) - pd.to_datetime(log["ordered_on"])).dt.days
    for (node, supplier), each in days.groupby([log["node"], log["supplier"]]):
        if each.notna().any() and node in plan.node_keys and supplier in plan.supplier_keys:
            at = plan.node_keys.index(str(node)), plan.supplier_keys.index(str(supplier))
            promised[at] = float(each.median())
    return promised
