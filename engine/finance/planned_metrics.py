"""Metrics that a policy may already name and no run computes yet; ``check`` lists their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PLANNED_METRICS: Mapping[str, str] = MappingProxyType(
    {
        "cac": "acquisition spend over new customers",
        "ltv": "discounted expected CM2 of a customer over a stated horizon",
        "ltv_cac": "margin-adjusted lifetime value over acquisition cost",
        "roas": "attributed revenue over acquisition spend",
        "dm_roi": "(attributed revenue - spend) / spend",
        "romi": "(attributed CM2 - spend) / spend",
        "cac_payback": "months until the CM2 of a customer covers its acquisition cost",
        "high_value_share": "share of revenue from a named cohort",
        "repeat_rate": "share of a cohort with a second order",
        "cross_sell": "share of orders with two categories or more",
        "gross_margin": "CM1 over net revenue",
        "order_conversion": "orders over visits",
    }
)
"""Name: meaning. A metric leaves this list when the registry takes it up."""
