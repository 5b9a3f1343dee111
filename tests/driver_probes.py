"""By what each driver is tested: its adverse change, and the variable of the cube that this moves first."""

from __future__ import annotations

from dataclasses import dataclass

from engine.drivers.catalogue import Kind


@dataclass(frozen=True)
class Probe:
    """The adverse change by which the sign matrix tests a driver: kind, amount, unit, and a change that must
    go with it.
    """

    change: Kind
    amount: float
    unit: str
    companion: tuple[str, Kind, float, str] | None = None


PROBES = {
    "duty_rate": Probe("add", 15.0, "pp"),
    "demand": Probe("scale", 0.7, "x"),
    "lead_time": Probe("scale", 2.0, "x"),
    "supplier_capacity": Probe("scale", 0.0, "x"),
    "port_closure": Probe("set", 1.0, "share"),
    "clearance": Probe("scale", 3.0, "x"),
    "congestion": Probe("set", 1.0, "share"),
    "freight": Probe("scale", 2.0, "x"),
    "fx": Probe("scale", 1.15, "x"),
    "unit_cost": Probe("scale", 1.2, "x"),
    "net_price": Probe("scale", 0.9, "x", ("price_elasticity", "set", 0.0, "elasticity")),
    "price_elasticity": Probe("scale", 2.0, "x", ("net_price", "scale", 1.1, "x")),
    "refusal_share": Probe("add", 10.0, "pp"),
    "spend": Probe("scale", 0.5, "x"),
    "cac": Probe("scale", 1.5, "x"),
}
"""The sign matrix and the properties of the chain play these."""

FIRST_MOVED = {
    "duty_rate": "duty_paid",
    "demand": "orders",
    "lead_time": "units_on_hand",
    "supplier_capacity": "balance_inventory_in_transit",
    "port_closure": "units_on_hand",
    "clearance": "units_on_hand",
    "congestion": "units_on_hand",
    "freight": "balance_inventory_in_transit",
    "fx": "purchases",
    "unit_cost": "purchases",
    "net_price": "net_revenue",
    "price_elasticity": "orders",
    "refusal_share": "units_returned",
    "spend": "marketing",
    "cac": "new_customers",
}
"""The variable by month that moves first, before anything that follows from it."""
