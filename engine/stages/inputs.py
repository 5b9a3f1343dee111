"""What each stage of a run reads, the same in every trial and scenario, in arrays and key order: one record a
stage, made once from plan and calibration by ``engine.stages.world``.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.drivers import LandedMix, PlanView
from engine.finance.spec import FinanceSpec
from engine.plan.schema import PriceRule
from engine.stages.funnel import Funnel
from engine.stages.supply_frame import SupplyFrame
from models.arrays import BoolArray, FloatArray, IntArray
from models.calendar import Calendar
from models.network.purchasing import PurchasingModel
from models.network.spec import Network
from models.network.state import OpenOrders
from models.supply import SupplyModel


@dataclass(frozen=True, eq=False)
class RateInputs:
    """What the drivers of a scenario are turned into values with."""

    calendar: Calendar
    mix: LandedMix
    price_rules: tuple[PriceRule, ...]
    supply: SupplyModel
    segments: int
    refusal_share: FloatArray
    """Base share of shipped units that are refused, (market,)."""
    placed_over_history: FloatArray
    """Orders placed over those that the history holds: above 1 where it leaves the refused out, (market,)."""
    base_spend: FloatArray
    """Planned acquisition spend, company currency, (market, acquisition channel, month)."""


@dataclass(frozen=True, eq=False)
class SimulationInputs:
    """What orders, purchasing and the network are simulated with."""

    calendar: Calendar
    rates: RateInputs
    network: Network
    purchasing: PurchasingModel
    supply: SupplyFrame
    """What the counts of the supply metrics read."""
    opening_stock: IntArray
    """Units, (node, item)."""
    open_orders: OpenOrders
    return_delay: IntArray
    """Days from shipping to the return node, the inverse distribution."""
    item_category: IntArray
    """Number of the category of each item, (item,)."""


@dataclass(frozen=True, eq=False)
class PricingInputs:
    """What movements are priced and the books kept with."""

    finance: FinanceSpec
    duty_rate: FloatArray
    """Base duty, share of customs value, dims (1, item, origin, territory, day)."""


@dataclass(frozen=True, eq=False)
class MeasureInputs:
    """What a block is reduced to the variables of the cube with."""

    calendar: Calendar
    view: PlanView
    sales_channels: tuple[str, ...]
    finance: FinanceSpec
    network: Network
    supply: SupplyFrame
    funnel: Funnel
    customer_known: BoolArray
    """Whether a segment knows its customers, (segment,)."""
    discount_rate: float
    """A year."""
