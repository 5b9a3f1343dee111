"""Whole-day data: recognising it, and likelihoods that do not reward a law for piling up on the days."""

from __future__ import annotations

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.lead_time import families

_NEARLY = 1e-9
"""Days by which a difference of dates may miss a whole number through rounding."""


def whole_days(days: FloatArray) -> bool:
    """Whether all durations (order,) lie a whole number of days apart, as differences of dates do."""
    if days.size < 2:
        return False
    step = (days - days.min()) % 1.0
    return bool(np.all(np.minimum(step, 1.0 - step) < _NEARLY))


def mixed_log_likelihood(
    parts: list[tuple[str, float, float, float]], days: FloatArray, observed: BoolArray, *, rounded: bool
) -> float:
    """Log-likelihood of durations in days (order,) under a mixture of (family, first, second, share).

    ``rounded``: a finished order of d days took between d - 1/2 and d + 1/2, the first day from zero on.
    """

    def mixed(function: str, at: FloatArray) -> FloatArray:
        terms = [
            np.log(share) + getattr(families, function)(family, first, second, at)
            for family, first, second, share in parts
            if share > 0.0
        ]
        return np.asarray(np.logaddexp.reduce(terms))

    tail = mixed("log_survival", days[~observed])
    seen = days[observed]
    if not rounded:
        return float(mixed("log_density", seen).sum() + tail.sum())
    low = sum(share * families.cumulative(f, a, b, np.maximum(seen - 0.5, 0.0)) for f, a, b, share in parts)
    high = sum(share * families.cumulative(f, a, b, seen + 0.5) for f, a, b, share in parts)
    return float(np.log(np.maximum(np.asarray(high) - np.asarray(low), 1e-300)).sum() + tail.sum())
