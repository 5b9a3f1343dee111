"""Paired difference of a scenario from base: the same trials under both, so most of the noise cancels."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from engine.risk.errors import Estimate, Statistic, interval, section_bounds
from engine.risk.measures import sample
from models.arrays import FloatArray


def mean(values: FloatArray) -> float:
    """Mean over the trials (trial,), in their unit: amounts, counts and shares alike."""
    return float(np.sum(values) / len(values))


def paired_difference(
    scenario: npt.ArrayLike, base: npt.ArrayLike, statistic: Statistic = mean, confidence: float = 0.95
) -> Estimate:
    """Statistic under the scenario less that under base, same trials (trial,) in the same order, in their
    unit, with its interval; positive where the scenario has more.

    Raises
    ------
    ValueError
        where the trials are not as many, or one of them is NaN or infinite.
    """
    ours, theirs = sample(scenario, "scenario"), sample(base, "base")
    if len(ours) != len(theirs):
        raise ValueError(f"scenario: {len(theirs)} trials are needed as in base | got {len(ours)}")
    bounds = section_bounds(len(ours))
    parts = np.array([statistic(ours[a:b]) - statistic(theirs[a:b]) for a, b in itertools.pairwise(bounds)])
    return interval(statistic(ours) - statistic(theirs), parts, confidence)
