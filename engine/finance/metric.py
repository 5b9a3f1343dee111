"""What a metric is: an entry of the registry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric over the horizon, one number per scenario and trial."""

    name: str
    unit: str
    label: str
    formula: str
    variant: str
    good: str
    """``high`` or ``low``: which way is good; ``none`` where neither is."""

    minimum: float | None = None
    """Breached below."""

    maximum: float | None = None
    """Breached above."""

    layer: int = 1
    """1 health check, 2 profit mining, 3 risk defence."""

    owner: str = "Finance"
    cadence: str = "quarterly"
    action: str = ""
