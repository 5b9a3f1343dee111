"""Thin lanes borrow from their group: empirical Bayes on the log mean and the log variance.

For lane i with n_i orders, location m_i and spread s_i of log L (censored lognormal fit), offsets from the
listed figures d_i = m_i - m_listed are drawn towards the group's mean offset with weight tau² / (tau² +
s²/n_i), tau² between lanes by DerSimonian & Laird (1986) ("Meta-analysis in clinical trials", Controlled
Clinical Trials 7, eq. 8); log s_i² likewise, freed of the bias log k - digamma(k), k = (n_i - 1)/2, with its
sampling variance trigamma(k). The listed figure counts as one more lane of offset zero, so a group of one
is not
left alone. The predictive spread includes what is unknown about the location; what is unknown about the
spread
makes the predictive a Student t whose chi-square has the same variance of its log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.lead_time import families
from models.lead_time.distribution import Component, LeadTime, Predictive

_LISTED_VARIANCE = 0.25
"""Variance of the log mean granted to a listed figure: wrong by a factor 1.6 either way at one sd."""
_LISTED_LOG_VARIANCE = 1.0
"""Variance of the log variance granted to a listed figure."""


@dataclass(frozen=True)
class ThinLane:
    """Orders of one lane and stage with the listed mean and sd, days; None where nothing is listed."""

    days: FloatArray
    observed: BoolArray
    mean: float | None = None
    sd: float | None = None

    @property
    def is_listed(self) -> bool:
        """Whether the lane has listed figures."""
        return self.mean is not None and self.sd is not None


def pool(lanes: Sequence[ThinLane], wanted: Sequence[int]) -> dict[int, LeadTime]:
    """Shrunk lead times of the lanes at positions ``wanted``; every lane of the group informs the pool."""
    offset, offset_variance, ratio, ratio_variance = _estimates(lanes)
    listed = any(lane.is_listed for lane in lanes)
    centre, between = _between(offset, offset_variance, _LISTED_VARIANCE, listed=listed)
    ratio_centre, ratio_between = _between(ratio, ratio_variance, _LISTED_LOG_VARIANCE, listed=listed)
    found = {}
    for i in wanted:
        location, location_variance = _shrink(offset[i], offset_variance[i], centre, between)
        log_ratio, ratio_left = _shrink(ratio[i], ratio_variance[i], ratio_centre, ratio_between)
        listed_location, listed_spread = _listed(lanes[i])
        variance = listed_spread**2 * float(np.exp(log_ratio)) + location_variance
        zero = lanes[i].observed & (lanes[i].days == 0.0)
        informative = lanes[i].observed | (lanes[i].days > 0.0)
        found[i] = LeadTime(
            components=(
                Component("lognormal", listed_location + location, float(np.sqrt(variance)), 1.0, 0.0),
            ),
            zero_share=float((zero.sum()) / (informative.sum() + 1.0)),
            observed_orders=int(lanes[i].observed.sum()),
            open_orders=int((~lanes[i].observed).sum()),
            source="pooled",
            # The location's uncertainty is in the predictive spread already: drawing it again would count it
            # twice.
            log_mean_error=0.0,
            own_weight=between / (between + offset_variance[i]),
            predictive=Predictive(listed_location + location, float(np.sqrt(variance)), _degrees(ratio_left)),
        )
    return found


def _degrees(variance: float) -> float:
    """Degrees of freedom whose log chi-square has this variance: trigamma(degrees / 2) = variance."""
    half = 1.0 / variance + 0.5
    for _ in range(8):
        # Newton on the reciprocal, which is nearly linear.
        value, slope = float(special.polygamma(1, half)), float(special.polygamma(2, half))
        half = max(half - value * (1.0 - value / variance) / -slope, 1e-2)
    return float(np.clip(2.0 * half, 1.0, 1e6))


def _listed(lane: ThinLane) -> tuple[float, float]:
    if lane.mean is None or lane.sd is None:
        # Offsets are then the logs of the days themselves.
        return 0.0, 1.0
    mean = max(lane.mean, 0.5)
    return families.from_moments("lognormal", mean, max(lane.sd, 0.1 * mean))


def _estimates(lanes: Sequence[ThinLane]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Offsets of log mean and log variance from the listed figures, with sampling variances (inf: none)."""
    offset, ratio = np.zeros(len(lanes)), np.zeros(len(lanes))
    offset_variance, ratio_variance = np.full(len(lanes), np.inf), np.full(len(lanes), np.inf)
    for i, lane in enumerate(lanes):
        keep = lane.days > 0.0
        days, observed = lane.days[keep], lane.observed[keep]
        count = int(observed.sum())
        if count == 0:
            continue
        location, spread = _listed(lane)
        if np.unique(days[observed]).size < 2:
            offset[i] = float(np.log(days[observed]).mean()) - location
            offset_variance[i] = spread**2 / count
            continue
        first, second, _ = families.fit_family("lognormal", days, observed)
        offset[i], offset_variance[i] = float(first[0]) - location, max(float(second[0]), 0.05) ** 2 / count
        # The maximum-likelihood variance of a handful of orders is low by (n - 1) / n.
        unbiased = max(float(second[0]) ** 2 * count / (count - 1), 1e-4)
        half = 0.5 * (count - 1)
        bias = float(np.log(half) - special.digamma(half))
        ratio[i] = float(np.log(unbiased)) + bias - 2.0 * np.log(spread)
        ratio_variance[i] = float(special.polygamma(1, half))
    return offset, offset_variance, ratio, ratio_variance


def _between(
    values: FloatArray, variances: FloatArray, granted: float, *, listed: bool
) -> tuple[float, float]:
    """Group mean and variance between lanes, the listed figure taken in as one lane at zero."""
    known = np.isfinite(variances)
    value = np.append(values[known], 0.0) if listed else values[known]
    variance = np.append(variances[known], granted) if listed else variances[known]
    if not value.size:
        return 0.0, granted
    weight = 1.0 / variance
    mean = float((weight * value).sum() / weight.sum())
    excess = float((weight * (value - mean) ** 2).sum()) - (value.size - 1)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    between = max(0.0, excess / scale) if scale > 0.0 else 0.0
    # Two or three lanes cannot show that lanes are alike: never below a tenth of what a listed figure may
    # err.
    between = max(between, 0.1 * granted)
    weight = 1.0 / (variance + between)
    return float((weight * value).sum() / weight.sum()), between


def _shrink(value: float, variance: float, centre: float, between: float) -> tuple[float, float]:
    """Posterior mean and variance of one lane's offset."""
    if not np.isfinite(variance):
        return centre, between
    share = between / (between + variance)
    return float(share * value + (1.0 - share) * centre), float(share * variance)
