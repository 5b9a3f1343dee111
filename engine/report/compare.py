"""Two runs beside each other: every headline metric of the scenarios they share, B minus A."""

from __future__ import annotations

import math
from typing import Any, Protocol

from engine.finance.metrics import HEADLINE
from engine.report.summary import LEVELS, Summary, unit_of
from models.errors import UsageError


class Comparable(Protocol):
    """A run, as far as a comparison needs it."""

    @property
    def id(self) -> str:
        """Identity of the run."""
        ...

    def summary(self) -> Summary:
        """Summary of the run."""
        ...


def compare_runs(first: Comparable, second: Comparable) -> list[dict[str, Any]]:
    """Rows scenario × metric × statistic: A, B, B minus A and its error.

    Runs of different plans share no trials, so the error is that of independent estimates.
    """
    one, other = first.summary(), second.summary()
    if one.currency != other.currency:
        raise UsageError(
            f"currencies differ | got {one.currency} and {other.currency} | compare like with like"
        )
    shared = [name for name in one.scenarios if name in other.scenarios]
    rows = []
    for scenario in shared:
        for name in HEADLINE:
            a, b = one.figures[scenario, name], other.figures[scenario, name]
            for level in ("mean", *LEVELS):
                if a.estimates is None or b.estimates is None:
                    continue
                x, y = a.estimates[level], b.estimates[level]
                error = math.hypot(x.half_width, y.half_width)
                rows.append(
                    {
                        "scenario": scenario,
                        "metric": name,
                        "unit": unit_of(a.metric, one.currency),
                        "statistic": level,
                        "a": x.value,
                        "b": y.value,
                        "difference": y.value - x.value,
                        "error": error if math.isfinite(error) else None,
                    }
                )
    return rows
