"""Demand: from customers, spend and counts to integer units per item and day, in every trial.

``fit_demand`` (tables → ``DemandModel``) · ``DemandModel.draw`` (trials → ``DemandBank``, no scenario in it)
· per month and scenario ``demand_multiplier`` → ``count_month`` (orders, customers won) → ``units_month``
(day, segment, item). ``cohort_orders`` says afterwards who placed them.

Limits of the model:

- a customer's orders of one day are one order with all its lines: units are kept, orders are order days;
- extra first-time buyers of a boom are one-off; the size of a cohort answers to spend and cost per customer;
- units per line follow the segment, not the item; item shares are shares of units;
- an item starts and ends at the beginning of a month; weekday shares are held at their estimate;
- the season is one for the company; orders without customer keep their level with a dampened trend;
- calendar churn and churn after lost orders are not part of the bank: their coefficient is 0.
"""

from __future__ import annotations

from models.demand.acquisition import acquisition_level, acquisition_levels
from models.demand.bank import DemandBank
from models.demand.categories import several_categories
from models.demand.cohort_orders import RETURN_DAYS, CohortOrders, cohort_orders
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
    "RETURN_DAYS",
    "AcquisitionSettings",
    "CohortOrders",
    "DemandBank",
    "DemandModel",
    "DemandSettings",
    "MarketSettings",
    "Prior",
    "SalesChannelSettings",
    "acquisition_level",
    "acquisition_levels",
    "clipped_share",
    "cohort_orders",
    "count_month",
    "demand_multiplier",
    "fit_demand",
    "several_categories",
    "units_month",
]
