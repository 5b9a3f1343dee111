"""Does the fitted law describe its orders? Distance to Kaplan-Meier, judged by a parametric bootstrap.

Each replicate draws orders from the fitted law, cuts them as the log does (censoring ages by the reverse
Kaplan-Meier estimate, entries as they were, whole days where the log has whole days), fits the family
again and
measures the distance again; the p-value is the share of replicates at least as far off. scipy's
``goodness_of_fit`` refuses open orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.lead_time import families, laws
from models.lead_time.distribution import LeadTime
from models.lead_time.fit import Orders, checked_orders
from models.lead_time.kaplan_meier import product_limit
from models.lead_time.lattice import whole_days
from models.streams import uniforms

Survival = Callable[[FloatArray], FloatArray]

REPLICATES: Final = 199
"""Drawn samples: p-values are then multiples of 1/200."""


@dataclass(frozen=True)
class Goodness:
    """Largest distance between the law and Kaplan-Meier in probability, its p-value, how it was judged."""

    family: str
    distance: float
    p_value: float
    replicates: int
    orders: int
    refitted: bool
    """Whether the replicates were fitted again; where not (mixtures, tails) the p-value is on the high
    side.
    """


def probability_scores(
    law: LeadTime, days: npt.ArrayLike, observed: npt.ArrayLike | None = None
) -> FloatArray:
    """PIT values F(L) of the finished orders (order,), probabilities, uniform if the law is right; the middle
    of the jump at zero.
    """
    orders = checked_orders(days, observed, spread=False)
    x = orders.days[orders.observed]
    return 0.5 * (law.cdf(x) + law.cdf(np.where(x > 0.0, x, -1.0)))


def goodness_of_fit(
    law: LeadTime,
    days: npt.ArrayLike,
    *,
    observed: npt.ArrayLike | None = None,
    entered: npt.ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
    name: str = "lead_time/goodness",
) -> Goodness:
    """Goodness of the law's heaviest family on the orders above zero days (the point mass is always exact).

    ``seed`` and ``name`` address the random numbers of the replicates.
    """
    orders = checked_orders(days, observed, entered, spread=False)
    above = orders.take(~(orders.observed & (orders.days == 0.0)) & (orders.days > law.floor)).beyond(
        law.floor
    )
    if int(above.observed.sum()) < 2:
        return Goodness("", 0.0, 1.0, 0, int(above.observed.sum()), False)
    weights = law.families
    label = max(sorted(weights), key=lambda each: weights[each])
    null = _Null.of(law, label)
    half = 0.5 if whole_days(above.days[above.observed]) else 0.0
    statistic = float(
        _distances(above.days[None], above.observed[None], above.entered, half, null.survival)[0]
    )
    drawn, seen = _replicates(null, above, half > 0.0, replicates, seed, name)
    survival = null.refitted(drawn, seen, above.entered) if null.refits else null.survival
    sampled = _distances(drawn, seen, above.entered, half, survival)
    sampled = sampled[np.isfinite(sampled)]
    # a replicate equal to the sample but for rounding is as extreme as it; the sample itself counts as one
    p_value = (1.0 + float((sampled >= statistic - 1e-12).sum())) / (1.0 + sampled.size)
    return Goodness(label, statistic, p_value, sampled.size, int(above.observed.sum()), null.refits)


@dataclass(frozen=True)
class _Null:
    """The law that is judged, days counted from its floor."""

    label: str
    law: LeadTime
    component: tuple[float, float]
    refits: bool

    @classmethod
    def of(cls, law: LeadTime, label: str) -> _Null:
        parts = [c for c in law.components if c.label == label]
        total = sum(c.weight for c in parts)
        alone = LeadTime(
            components=tuple(
                type(c)(c.family, c.first, c.second, c.weight / total, c.log_likelihood, c.part)
                for c in parts
            ),
            floor=0.0,
            tail=None
            if law.tail is None
            else type(law.tail)(law.tail.threshold - law.floor, law.tail.scale, law.tail.shape),
        )
        return cls(
            label, alone, (parts[0].first, parts[0].second), refits=len(parts) == 1 and law.tail is None
        )

    def survival(self, days: FloatArray) -> FloatArray:
        """P(L > days)."""
        return self.law.survival(days)

    def refitted(self, days: FloatArray, observed: BoolArray, entered: FloatArray) -> Survival:
        """Survival of each replicate under the family fitted to it, dims (replicate, order)."""
        late = np.broadcast_to(entered, days.shape) if np.any(entered > 0.0) else None
        first, second, _ = families.fit_family(self.label, days, observed, late)
        return lambda x: np.exp(laws.log_survival(self.label, first[:, None], second[:, None], x))

    def quantile(self, share: FloatArray) -> FloatArray:
        """Days that a share of the orders does not exceed."""
        if self.refits:
            return laws.quantile(self.label, *self.component, share)
        table = self.law.table()
        return np.interp(special.ndtri(share), table.scores, table.values)


def _replicates(
    null: _Null, above: Orders, rounded: bool, replicates: int, seed: int, name: str
) -> tuple[FloatArray, BoolArray]:
    """Drawn orders, days and whether finished, dims (replicate, order)."""
    trials, count = range(replicates), above.days.size
    share = np.clip(uniforms(seed, name, trials, count), 1e-15, 1.0 - 1e-15)
    late = above.entered > 0.0
    if late.any():
        entry = null.survival(above.entered)
        share = np.where(late, 1.0 - entry * (1.0 - share), share)
    days = null.quantile(np.clip(share, 1e-15, 1.0 - 1e-15))
    if rounded:
        # Dates cut both ends to whole days: n + 1 with the chance of the fraction, n otherwise.
        offset = float(above.days.min() % 1.0)
        shifted = days - offset + uniforms(seed, name, trials, count, part=1)
        days = np.maximum(np.floor(shifted) + offset, offset if offset > 1e-9 else 1.0)
    limit = _censoring(above, uniforms(seed, name, trials, count, part=2))
    limit = np.where(limit > above.entered, limit, np.inf)
    seen = days <= limit
    # At least two finished orders keep a replicate estimable.
    seen[:, :2] |= (seen.sum(axis=1) < 2)[:, None]
    return np.where(seen, days, limit), seen


def _censoring(above: Orders, share: FloatArray) -> FloatArray:
    """Ages at which orders are cut, from the reverse Kaplan-Meier estimate; infinite where nothing is
    open.
    """
    if above.observed.all():
        return np.full(share.shape, np.inf)
    cut = product_limit(Orders(above.days, ~above.observed, above.entered))
    position = np.searchsorted(1.0 - cut.survival, share, side="left")
    return np.asarray(np.concatenate([cut.days, [np.inf]])[position])


def _distances(
    days: FloatArray, observed: BoolArray, entered: FloatArray, half: float, survival: Survival
) -> FloatArray:
    """Largest gap between Kaplan-Meier and the law over the finished orders, dims (replicate,).

    Ties are one step. On whole days the law is read half a day on; else both sides of a step count.
    """
    order = np.lexsort((~observed, days), axis=-1)
    x = np.take_along_axis(days, order, axis=-1)
    seen = np.take_along_axis(observed, order, axis=-1)
    count = x.shape[1]
    risk = np.broadcast_to(count - np.arange(count), x.shape).astype(np.float64)
    late = np.sort(entered[entered > 0.0])
    if late.size:
        risk = risk - (late.size - np.searchsorted(late, x, side="left"))
    risk = np.maximum(risk, 1.0)
    after = np.cumprod(np.where(seen, 1.0 - 1.0 / risk, 1.0), axis=1)
    before = np.concatenate([np.ones((len(x), 1)), after[:, :-1]], axis=1)
    law = survival(x + half)
    # The last finished order of a tie: the next one is later or open.
    last = np.ones(x.shape, dtype=np.bool_)
    last[:, :-1] = (x[:, 1:] > x[:, :-1]) | ~seen[:, 1:]
    gap = np.where(seen & last, np.abs(after - law), 0.0)
    if half == 0.0:
        fresh = np.ones(x.shape, dtype=np.bool_)
        fresh[:, 1:] = x[:, 1:] > x[:, :-1]
        gap = np.maximum(gap, np.where(seen & fresh, np.abs(before - law), 0.0))
    return np.asarray(gap.max(axis=1))
