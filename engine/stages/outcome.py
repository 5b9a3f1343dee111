"""What one scenario did in one block of trials, and what another scenario may reuse of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.finance.books import MonthBooked
from engine.stages.supply_record import SupplyCounts
from models.arrays import FloatArray, Int32Array, IntArray
from models.demand import CohortOrders
from models.network.draws import Draws
from models.network.movements import Movements


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

    base: BaseMoves | None = field(default=None, repr=False)
    """Set when the scenario may serve others as base."""


@dataclass(frozen=True, eq=False)
class BaseMoves:
    """Movements of base and everything the network read to make them, kept for scenarios that change none
    of it.
    """

    orders: IntArray
    units: tuple[Int32Array, ...]
    """Units demanded by month, dims (trial, day, segment, item)."""
    draws: Draws
    movements: tuple[Movements, ...]
    line_counts: tuple[IntArray, ...]
    played: ScenarioOutcome
    asked: tuple[FloatArray, FloatArray]
    """Multipliers and acquisition levels of the orders."""
