"""What counts as a breach of a metric, and how far each trial is beyond it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.breaking.target import BreachTarget
from engine.finance.metrics import METRIC_NAMES, METRIC_OF, Metric
from engine.report.summary import limits_of, unit_of
from engine.stages.measure import cube_variables
from models.arrays import FloatArray
from models.errors import UsageError, did_you_mean

ANY = "any"
"""A breach in at least one quarter of the horizon."""


@dataclass(frozen=True)
class Breach:
    """A breach of one metric: below ``low`` or above ``high``, strictly; levels, or shares of base."""

    metric: str
    unit: str
    low: float | None
    high: float | None
    against_base: bool
    """Whether the levels are changes from base in the same trial, as shares of its size."""
    quarter: int | None
    """Forecast quarter from 0; -1: any; None: the horizon."""

    def figure(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """The metric in its unit, from the variables of the cube: dims (trial, quarter), or (trial, 1) for
        one period.
        """
        if self.quarter is None:
            return values[f"horizon/{self.metric}"][:, None]
        by_quarter = values[f"quarter/{self.metric}"]
        return by_quarter if self.quarter < 0 else by_quarter[:, self.quarter, None]

    def excess(self, figure: FloatArray, base: FloatArray | None) -> FloatArray:
        """How far each trial is beyond the breach (trial,), in the metric's unit, above 0 is one; the worst
        of its periods.

        NaN where the metric is undefined in every period of a trial.
        """
        low, high = self._levels(base)
        beyond = np.full(figure.shape, -np.inf)
        if low is not None:
            beyond = np.maximum(beyond, low - figure)
        if high is not None:
            beyond = np.maximum(beyond, figure - high)
        defined = np.isfinite(beyond)
        worst = np.max(np.where(defined, beyond, -np.inf), axis=1)
        return np.asarray(np.where(defined.any(axis=1), worst, np.nan))

    def _levels(self, base: FloatArray | None) -> tuple[Any, Any]:
        if not self.against_base:
            return self.low, self.high
        if base is None:
            raise ValueError("base: its figures are needed for a breach measured against it | got none")
        low = None if self.low is None else base - self.low * np.abs(base)
        high = None if self.high is None else base + self.high * np.abs(base)
        return low, high

    def text(self) -> str:
        """The breach in words."""
        parts = []
        if self.against_base:
            if self.low is not None:
                parts.append(f"more than {100.0 * self.low:.4g}% below base in the same trial")
            if self.high is not None:
                parts.append(f"more than {100.0 * self.high:.4g}% above base in the same trial")
        else:
            if self.low is not None:
                parts.append(f"below {self.low:g} {self.unit}")
            if self.high is not None:
                parts.append(f"above {self.high:g} {self.unit}")
        return f"{self.metric} {' or '.join(parts)}, {self.period()}"

    def period(self) -> str:
        """The period in words."""
        if self.quarter is None:
            return "over the horizon"
        return "in at least one quarter" if self.quarter < 0 else f"in forecast quarter {self.quarter + 1}"


def breach_rule(target: BreachTarget, policy: Mapping[str, Any], quarters: int, currency: str) -> Breach:
    """The breach that was asked for, of a run of so many quarters.

    Raises
    ------
    UsageError : a metric or setting that cannot be meant.
    """
    metric = target.metric
    if metric not in METRIC_OF:
        raise UsageError(f"metric: unknown | got {metric!r} | {did_you_mean(metric, METRIC_NAMES)}")
    entry = METRIC_OF[metric]
    unit = unit_of(entry, currency)
    period = _quarter(metric, target.quarter, quarters)
    if sum(each is not None for each in (target.threshold, target.drop, target.rise)) > 1:
        raise UsageError(
            "threshold, drop, rise: one of them | got several | drop and rise are shares of base"
        )
    if target.against_base:
        _check_shares(target)
        return Breach(metric, unit, target.drop, target.rise, True, period)
    low, high = _levels(target, entry, policy, unit)
    return Breach(metric, unit, low, high, False, period)


def _check_shares(target: BreachTarget) -> None:
    for name, share in (("drop", target.drop), ("rise", target.rise)):
        if share is not None and not (math.isfinite(share) and share > 0.0):
            raise UsageError(f"{name}: a share of base above 0 | got {share:g} | a third is 0.3333")


def _levels(
    target: BreachTarget, entry: Metric, policy: Mapping[str, Any], unit: str
) -> tuple[float | None, float | None]:
    """Levels below and above which the metric is in breach: those asked for, else policy or registry."""
    if target.threshold is None:
        low, high = limits_of(entry, policy)
        if low is None and high is None:
            raise UsageError(
                f"{target.metric}: no threshold in policy.yaml or the registry | got none | "
                "give --threshold, or --drop or --rise against base"
            )
        return low, high
    if not math.isfinite(target.threshold):
        raise UsageError(f"threshold: a finite number | got {target.threshold} | in {unit}")
    if entry.good not in ("high", "low"):
        raise UsageError(f"{target.metric}: neither side is good | got a threshold | give --drop or --rise")
    return (target.threshold, None) if entry.good == "high" else (None, target.threshold)


def _quarter(metric: str, quarter: int | str | None, quarters: int) -> int | None:
    if quarter is None:
        return None
    known = sorted(v.path.removeprefix("quarter/") for v in cube_variables() if v.path.startswith("quarter/"))
    if metric not in known:
        shown = ", ".join(name for name in known if name in METRIC_OF)
        raise UsageError(f"{metric}: only known over the horizon | got a quarter | by quarter: {shown}")
    if quarter == ANY:
        return -1
    try:
        number = int(quarter)
    except ValueError:
        number = 0
    if not 1 <= number <= quarters:
        raise UsageError(f"quarter: 1 to {quarters}, or {ANY} | got {quarter}")
    return number - 1
