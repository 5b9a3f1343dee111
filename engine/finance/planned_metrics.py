"""Metrics that a policy may already name and no run computes yet; ``check`` lists their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PLANNED_METRICS: Mapping[str, str] = MappingProxyType(
    {
        "gross_margin": "CM1 over net revenue",
    }
)
"""Name: meaning. A metric leaves this list when the registry takes it up."""
