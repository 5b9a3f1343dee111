"""Two lognormal components, as of orders that customs inspects and those it lets pass: censored EM.

The E step gives each order its chance of belonging to the slow component, the M step fits each component by
weighted censored maximum likelihood, which for the lognormal is concave. Scales stay above a bound, without
which one component could shrink onto a single order and the likelihood grow for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from models.lead_time import families
from models.lead_time.laws import log_density, log_survival

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FEWEST: Final = 40
"""Finished orders below which two components are not told apart."""
_STEPS: Final = 300
_TOLERANCE: Final = 1e-7
_LEAST_SHARE: Final = 0.02
"""Share below which a component is an outlier rather than a kind of order."""
_LEAST_SCALE: Final = 0.02
_DAY: Final = 0.29
"""Standard deviation of rounding to whole days: no component is narrower, in days."""
_STARTS: Final = (0.5, 0.7, 0.85, 0.95)
"""Quantiles of the finished orders at which the starts part quick from slow."""


@dataclass(frozen=True)
class TwoLognormals:
    """Location and scale of log days of the quick and the slow component, share of the slow one."""

    quick: tuple[float, float]
    slow: tuple[float, float]
    slow_share: float
    log_likelihood: float


def fit_two_lognormals(days: FloatArray, observed: BoolArray) -> TwoLognormals | None:
    """Best of several EM runs on positive durations; None where the data do not hold two components."""
    if int(observed.sum()) < FEWEST or np.unique(days[observed]).size < 4:
        return None
    cuts = np.unique(np.quantile(days[observed], _STARTS))
    slow = np.stack([np.where(days > cut, 0.95, 0.05) for cut in cuts])
    found = [_climb(slow[i], days, observed) for i in range(len(cuts))]
    usable = [each for each in found if each is not None]
    return max(usable, key=lambda each: each.log_likelihood, default=None)


def _climb(slow: FloatArray, days: FloatArray, observed: BoolArray) -> TwoLognormals | None:
    """EM from one split until the log-likelihood stands still."""
    last = -np.inf
    for _ in range(_STEPS):
        share = float(slow.mean())
        if not _LEAST_SHARE <= share <= 1.0 - _LEAST_SHARE:
            return None
        weights = np.stack([1.0 - slow, slow])
        both = np.broadcast_to(days, weights.shape)
        location, scale, _ = families.fit_family(
            "lognormal", both, np.broadcast_to(observed, weights.shape), weights=weights
        )
        if not np.isfinite([location, scale]).all():
            return None
        scale = np.maximum(scale, np.maximum(_LEAST_SCALE, np.minimum(0.3, _DAY / np.exp(location))))
        terms = np.where(
            observed,
            log_density("lognormal", location[:, None], scale[:, None], both),
            log_survival("lognormal", location[:, None], scale[:, None], both),
        ) + np.log([[1.0 - share], [share]])
        total = np.logaddexp(terms[0], terms[1])
        value = float(total.sum())
        slow = special.expit(terms[1] - terms[0])
        if value < last + _TOLERANCE * max(1.0, abs(value)) * 1e-2:
            break
        last = value
    quick_at, slow_at = (0, 1) if location[0] <= location[1] else (1, 0)
    shares = (1.0 - share, share)
    return TwoLognormals(
        quick=(float(location[quick_at]), float(scale[quick_at])),
        slow=(float(location[slow_at]), float(scale[slow_at])),
        slow_share=shares[slow_at],
        log_likelihood=value,
    )
