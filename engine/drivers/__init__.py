"""The drivers: what can be shocked, the graph between them, and the paths of one scenario.

- ``catalogue``  the frozen table of drivers and the acyclic graph
- ``view``       the keys of a plan that scenarios and drivers need, and nothing else of it
- ``paths``      the carrier ``Paths``: value = base × multiplier + offset, by day
- ``price``      duty, freight, fx, unit cost → landed cost → price rule → price level
"""

from engine.drivers.catalogue import (
    DRIVERS,
    GRAPH,
    HEADLINE_METRICS,
    Driver,
    downstream,
    driver,
)
from engine.drivers.paths import AppliedChange, Effect, Paths, month_means
from engine.drivers.price import LandedMix, landed_cost_change, price_level
from engine.drivers.view import ROLE_DIMS, SELECTORS, PlanView

__all__ = [
    "DRIVERS",
    "GRAPH",
    "HEADLINE_METRICS",
    "ROLE_DIMS",
    "SELECTORS",
    "AppliedChange",
    "Driver",
    "Effect",
    "LandedMix",
    "Paths",
    "PlanView",
    "downstream",
    "driver",
    "landed_cost_change",
    "month_means",
    "price_level",
]
