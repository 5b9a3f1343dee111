"""What is looked for: which metric is to breach, how, when and with which probability."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_SCALE = 8.0


@dataclass(frozen=True)
class BreachTarget:
    """The breach of a metric that is looked for; at most one of ``threshold``, ``drop`` and ``rise``."""

    metric: str
    """Metric of the registry."""
    threshold: float | None = None
    """Level that counts as breach, in the metric's unit; None: ``policy.yaml``, else the registry."""
    drop: float | None = None
    """Share of base by which the metric must be below base in the same trial."""
    rise: float | None = None
    """Share of base by which the metric must be above base in the same trial."""
    quarter: int | str | None = None
    """Forecast quarter from 1, or "any" for a breach in at least one; None: the horizon."""
    probability: float = 0.5
    """Probability of breach."""
    max_scale: float = MOST_SCALE
    """Greatest scale of the shock that is tried."""

    @property
    def against_base(self) -> bool:
        """Whether the breach is a change from base in the same trial."""
        return self.drop is not None or self.rise is not None

    def faults(self) -> list[str]:
        """What cannot be meant of the search; the rule of the breach is checked as it is made."""
        wrong = []
        if not 0.0 < self.probability < 1.0:
            wrong.append(f"probability: between 0 and 1 | got {self.probability:g} | 0.5 is an even chance")
        if not (math.isfinite(self.max_scale) and self.max_scale > 0.0):
            wrong.append(f"max_scale: a number above 0 | got {self.max_scale:g} | 8 is the default")
        return wrong
