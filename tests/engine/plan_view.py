"""The plan that the tests of drivers, scenarios and responses look at.

3 markets, 3 suppliers in 2 origins, 2 ports.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.drivers import PlanView
from engine.scenarios import Composition, Library, Scenario, Shock, composition
from models.calendar import Calendar

CALENDAR = Calendar(dt.date(2026, 1, 1), 24)
TRIALS = range(8)

VIEW = PlanView(
    markets=("DE", "UK", "US"),
    acquisition_channels=("google", "meta"),
    suppliers=("CN1", "CN2", "KR1"),
    ports=("lax", "rtm"),
    nodes=("eu", "us"),
    items=("balm", "cream", "serum"),
    currencies=("CNY", "EUR", "GBP"),
    territories=("EU", "GB", "US"),
    origin_of_supplier={"CN1": "CN", "CN2": "CN", "KR1": "KR"},
    currency_of_supplier={"CN1": "CNY", "CN2": "CNY", "KR1": "USD"},
    port_of_node={"eu": "rtm", "us": "lax"},
    territory_of_node={"eu": "EU", "us": "US"},
    territory_of_market={"DE": "EU", "UK": "GB", "US": "US"},
    nodes_of_market={"DE": ("eu",), "UK": ("eu",), "US": ("us", "eu")},
    hs_of_item={"balm": "330499", "cream": "330491", "serum": "340130"},
    category_of_item={"balm": "lips", "cream": "face", "serum": "face"},
    roles={
        "top_market": "US",
        "top_origin": "CN",
        "top_supplier": "CN1",
        "top_node": "us",
        "busiest_port": "lax",
    },
    base={"duty_rate": np.full((3, 2, 3), 0.05), "supplier_capacity": np.array([100.0, 200.0, 300.0])},
)


def scenario(*shocks: Mapping[str, Any] | Shock, name: str = "test", **more: Any) -> Scenario:
    """A scenario of the shocks given, as a file would say them."""
    return Scenario.model_validate(
        {"name": name, "why": "a test", "source": "a test", "shocks": list(shocks), **more}
    )


def composed(*shocks: Mapping[str, Any] | Shock, name: str = "test", **more: Any) -> Composition:
    """The composition of such a scenario."""
    return composition(scenario(*shocks, name=name, **more))


def library_of(*scenarios: Scenario) -> Library:
    """A library of scenarios made in Python."""
    return Library({}, {entry.name: entry for entry in scenarios}, {})
