"""What one scenario did in one block of trials."""

from __future__ import annotations

from dataclasses import dataclass

from engine.finance.books import MonthBooked
from engine.stages.supply_record import SupplyCounts
from models.arrays import FloatArray, IntArray
from models.demand import CohortOrders


@dataclass(frozen=True, eq=False)
class ScenarioOutcome:
    """What one scenario did in a block: units and days by month, and the books of every month."""

    orders: IntArray
    """(trial, month, segment)."""

    new_customers: IntArray
    """(trial, month, market, acquisition channel)."""

    demanded: IntArray
    """(trial, month, segment) units; likewise sold, lost, returned."""

    sold: IntArray
    lost: IntArray
    returned: IntArray
    stock: IntArray
    """(trial, month, node) units on hand at month end."""
    short_item_days: IntArray
    """(trial, month, segment) item-days with lost units or backlog at the day's end."""

    wait: IntArray
    """(trial, month, segment, 61) units shipped by whole days waited."""

    spend: FloatArray
    """(trial, month, market, acquisition channel) company currency."""

    supply: SupplyCounts
    """What the supply metrics count."""
    aged_value: FloatArray
    """(trial, quarter, node) landed value of aged stock at the quarter's end."""

    clipped: float
    """Share of demand multipliers above the envelope."""

    booked: tuple[MonthBooked, ...]
    customers: CohortOrders
    """Who placed the orders."""

    several_categories: FloatArray
    """(trial, month, segment) probability that an order holds at least two categories."""
