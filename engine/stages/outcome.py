"""What one scenario did in one block of trials."""

from __future__ import annotations

from dataclasses import dataclass

from engine.finance.books import MonthBooked
from engine.stages.supply_record import SupplyCounts
from engine.stages.unit_counts import UnitCounts
from models.arrays import FloatArray
from models.demand import CohortOrders


@dataclass(frozen=True, eq=False)
class ScenarioOutcome:
    """What one scenario did in a block: units and days by month, and the books of every month."""

    counts: UnitCounts
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
