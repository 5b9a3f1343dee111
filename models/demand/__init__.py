"""Demand: from customers, spend and counts to integer units per item and day, in every trial."""

from models.demand.acquisition import acquisition_level, acquisition_levels
from models.demand.bank import DemandBank
from models.demand.fit import fit_demand
from models.demand.model import DemandModel
from models.demand.orders import clipped_share, count_month, demand_multiplier
from models.demand.settings import (
    AcquisitionSettings,
    DemandSettings,
    MarketSettings,
    Prior,
    SalesChannelSettings,
)
from models.demand.units import units_month

__all__ = [
    "AcquisitionSettings",
    "DemandBank",
    "DemandModel",
    "DemandSettings",
    "MarketSettings",
    "Prior",
    "SalesChannelSettings",
    "acquisition_level",
    "acquisition_levels",
    "clipped_share",
    "count_month",
    "demand_multiplier",
    "fit_demand",
    "units_month",
]
