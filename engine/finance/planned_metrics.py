"""Metrics that a policy may already name and no run computes yet; ``check`` lists their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PLANNED_METRICS: Mapping[str, str] = MappingProxyType(
    {
        "supplier_redundancy": "share of items with two qualified suppliers",
        "warehouse_coverage": "share of demand within two days of a stocked node",
        "lead_time_cv": "coefficient of variation of lead times",
        "clearance_days": "customs clearance time",
        "beyond_sla": "share of orders later than promised",
        "delivered_48h": "share of orders delivered within 48 hours",
        "inventory_turnover": "cost of goods sold a year over average inventory",
        "dead_stock": "share of items with more than 180 days of cover",
        "return_value_recovery": "value recovered over landed cost of returned units",
        "fulfilment_cost_per_order": "fulfilment cost over orders",
        "stock_cover": "days of forward demand on hand",
        "aged_stock": "value of stock older than 90 days",
        "stockout_rate": "share of item-days without stock",
        "response_hours": "hours from a disruption's detection to action",
        "gross_margin": "CM1 over net revenue",
    }
)
"""Name: meaning. A metric leaves this list when the registry takes it up."""
