"""Survival without a family: product-limit estimate of finished, open and late-entered orders.

Kaplan & Meier 1958, "Nonparametric estimation from incomplete observations", JASA 53; late entry joins the
number at risk after its entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.lead_time.fit import Orders, checked_orders


@dataclass(frozen=True)
class KaplanMeier:
    """Survival after each different finished duration, dims (event,): days, P(L > days), at risk,
    finished.
    """

    days: FloatArray
    survival: FloatArray
    at_risk: FloatArray
    finished: FloatArray

    def at(self, days: npt.ArrayLike) -> FloatArray:
        """P(L > days) in the shape of ``days``; after the last finished order its level goes on."""
        position = np.searchsorted(self.days, np.asarray(days, dtype=np.float64), side="right")
        return np.asarray(np.concatenate([[1.0], self.survival])[position])

    def quantile(self, share: float) -> float:
        """First duration that at least this share of the orders does not exceed; infinite if none is seen
        to.
        """
        # a running product of shares misses a share it should meet by its rounding
        reached = np.flatnonzero(1.0 - self.survival >= share - 1e-12)
        return float(self.days[reached[0]]) if reached.size else float("inf")

    def mean(self, horizon: float | None = None) -> float:
        """Mean of min(L, horizon) in days; the horizon is the last finished duration if omitted."""
        end = float(self.days[-1]) if horizon is None else horizon
        inside = self.days[self.days < end]
        edges = np.concatenate([[0.0], inside, [end]])
        return float((np.diff(edges) * np.concatenate([[1.0], self.survival[: inside.size]])).sum())

    @property
    def error(self) -> FloatArray:
        """Standard error of the survival probability after each event, (point,) (Greenwood 1926)."""
        left = self.at_risk - self.finished
        with np.errstate(divide="ignore", invalid="ignore"):
            term = np.where(left > 0.0, self.finished / (self.at_risk * left), 0.0)
        return np.asarray(self.survival * np.sqrt(np.cumsum(term)))


def kaplan_meier(
    days: npt.ArrayLike, observed: npt.ArrayLike | None = None, entered: npt.ArrayLike | None = None
) -> KaplanMeier:
    """Product-limit estimate; arguments and faults as in ``fit_lane``."""
    return product_limit(checked_orders(days, observed, entered, spread=False))


def product_limit(orders: Orders) -> KaplanMeier:
    """Product-limit estimate of checked orders."""
    at = np.unique(orders.days[orders.observed])
    ended = np.sort(orders.days)
    at_risk = (ended.size - np.searchsorted(ended, at, side="left")).astype(np.float64)
    late = np.sort(orders.entered[orders.entered > 0.0])
    # Who enters on the day itself is at risk only after it.
    at_risk -= late.size - np.searchsorted(late, at, side="left")
    finished = np.array(np.unique(orders.days[orders.observed], return_counts=True)[1], dtype=np.float64)
    return KaplanMeier(
        at, np.asarray(np.cumprod(1.0 - finished / at_risk), dtype=np.float64), at_risk, finished
    )
