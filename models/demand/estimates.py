"""All that was estimated from a ledger, before it becomes a demand model and its diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

from models.arrays import BoolArray
from models.demand.anonymous import CountForecast
from models.demand.basket import Basket
from models.demand.cohorts import SegmentFit
from models.demand.history import History
from models.demand.price import Elasticity
from models.demand.residual import Residual
from models.demand.settings import DemandSettings
from models.demand.sources import NewCustomers
from models.demand.spend import SpendHistory
from models.demand.timeline import Timeline


@dataclass(frozen=True, eq=False)
class Estimates:
    """What each part of the fit found; lists are in the order of segments, ``elasticities`` of markets."""

    settings: DemandSettings
    history: History
    time: Timeline
    known: BoolArray
    """Whether a segment's customers are known, dims (segment,)."""
    fits: list[SegmentFit]
    table: SpendHistory
    won: NewCustomers
    anonymous: list[CountForecast]
    residual: Residual
    basket: Basket
    elasticities: list[Elasticity]
