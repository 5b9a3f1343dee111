"""One fitted lead-time stage: a floor-shifted mixture of families, a point mass at zero, perhaps a Pareto
tail;
inverse tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.optimize import elementwise

from models.arrays import FloatArray
from models.errors import FitError
from models.lead_time import families
from models.lead_time.tail import Tail
from models.names import FARTHEST_DAYS
from models.quantiles import Table

SCORES: Final[FloatArray] = np.arange(-264, 265) / 32.0
"""Even grid of normal scores of every table, -8.25 to 8.25: wider than a 53-bit uniform reaches."""

NEVER: Final = FARTHEST_DAYS
"""Days of a stage on a lane that does not exist: finite, for exact arithmetic, and beyond every horizon."""

_NEAR: Final = -40.0
"""Log of the smallest number of days beyond the floor that is searched."""

_LOWEST: Final = -1e300
"""Log survival that stands for minus infinity where terms are compared."""


@dataclass(frozen=True)
class Component:
    """One family of the mixture: native parameters (laws.py), weight share, log-likelihood.

    ``part`` names the side of a two-component family ("quick", "slow"); the likelihood is then that of both.
    """

    family: str
    first: float
    second: float
    weight: float
    log_likelihood: float
    part: str = ""

    @property
    def label(self) -> str:
        """Name of the weighed family: both sides of a two-component one share it."""
        return f"{self.family} mixture" if self.part else self.family


@dataclass(frozen=True)
class Predictive:
    """Student t of the log of the next order's days, for a lane whose few orders leave its parameters open.

    The law itself has no mean (an exponentiated t never has): it serves intervals and log scores, while the
    simulation draws from the lognormal beside it.
    """

    location: float
    scale: float
    degrees: float

    def log_density(self, days: npt.ArrayLike) -> FloatArray:
        """Log density at ``days`` > 0, per day, shape of ``days``: a t with ``degrees`` in the log of the
        days.
        """
        log_days = np.log(np.asarray(days, dtype=np.float64))
        z = (log_days - self.location) / self.scale
        half = 0.5 * (self.degrees + 1.0)
        constant = special.gammaln(half) - special.gammaln(0.5 * self.degrees)
        constant -= 0.5 * np.log(self.degrees * np.pi) + np.log(self.scale)
        return np.asarray(constant - half * np.log1p(z * z / self.degrees) - log_days)

    def cdf(self, days: npt.ArrayLike) -> FloatArray:
        """P(L <= days) given that it takes more than zero days, a probability in the shape of ``days``."""
        with np.errstate(divide="ignore"):
            z = (np.log(np.maximum(np.asarray(days, dtype=np.float64), 0.0)) - self.location) / self.scale
        return np.asarray(special.stdtr(self.degrees, z))

    def quantile(self, share: npt.ArrayLike) -> FloatArray:
        """Days that a share of the next orders above zero does not exceed, elementwise for each share in (0,
        1).
        """
        return np.asarray(np.exp(self.location + self.scale * special.stdtrit(self.degrees, share)))


@dataclass(frozen=True)
class LeadTime:
    """Distribution of one stage in days: P(0) = zero_share, otherwise floor + a mixture of families.

    ``source`` tells fitted (own orders), pooled (shrunk towards its group), total (from order-to-receipt
    only) or listed (the plan's mean and sd). ``log_mean_error`` is the standard error of the log of the mean,
    the parameter uncertainty. ``tail`` replaces what lies beyond its threshold; ``predictive`` is what a
    pooled
    lane's next order is expected to take, parameters unknown. ``own_weight`` is the share that the lane's own
    orders have in its log mean: 1 fitted alone, between 0 and 1 pooled, 0 listed.
    """

    components: tuple[Component, ...]
    floor: float = 0.0
    zero_share: float = 0.0
    observed_orders: int = 0
    open_orders: int = 0
    source: str = "fitted"
    log_mean_error: float = 0.0
    refused: tuple[str, ...] = ()
    floor_profiled: bool = False
    tail: Tail | None = None
    predictive: Predictive | None = None
    own_weight: float = 1.0

    @classmethod
    def listed(
        cls, mean: float, sd: float, *, source: str = "listed", log_mean_error: float = 0.0
    ) -> LeadTime:
        """Lognormal with this mean and standard deviation (days); zero mean gives exactly zero days."""
        if mean <= 0.0:
            return cls(components=(), zero_share=1.0, source=source, own_weight=0.0)
        first, second = families.from_moments("lognormal", mean, max(sd, 1e-3 * mean))
        component = Component("lognormal", first, second, 1.0, 0.0)
        return cls(components=(component,), source=source, log_mean_error=log_mean_error, own_weight=0.0)

    @property
    def families(self) -> dict[str, float]:
        """AIC weight by family; the two components of a mixture count as one family."""
        weights: dict[str, float] = {}
        for component in self.components:
            weights[component.label] = weights.get(component.label, 0.0) + component.weight
        return weights

    @property
    def mean(self) -> float:
        """Mean in days."""
        return (1.0 - self.zero_share) * (self.floor + self._moment(1))

    @property
    def sd(self) -> float:
        """Standard deviation in days; a FitError where it does not exist (log-logistic of shape <= 2)."""
        one, two = self._moment(1), self._moment(2)
        if not np.isfinite(two):
            raise FitError("sd: a log-logistic of shape <= 2 has no variance | got one | use its quantiles")
        square = (1.0 - self.zero_share) * (self.floor**2 + 2.0 * self.floor * one + two)
        return float(np.sqrt(max(square - self.mean**2, 0.0)))

    @property
    def cv(self) -> float:
        """Coefficient of variation, sd / mean; 0 for a stage that takes no time."""
        return self.sd / self.mean if self.mean > 0.0 else 0.0

    def _moment(self, order: int) -> float:
        """E[(L - floor)**order] of the part above zero, order 1 or 2; the tail in the place of the body's."""
        whole = sum(
            c.weight * families.raw_moment(c.family, c.first, c.second, order) for c in self.components
        )
        if self.tail is None:
            return float(whole)
        above = self.tail.threshold - self.floor
        # Whatever lies beyond the threshold keeps its share and gets the tail's moments.
        share = float(np.exp(self._log_survival_body(np.asarray(self.tail.threshold))))
        cut = sum(
            c.weight * families.partial_moment(c.family, c.first, c.second, above, order)
            for c in self.components
        )
        excess = self.tail.mean_excess(0.0)
        beyond = above + excess if order == 1 else above**2 + 2.0 * above * excess + self.tail.mean_square
        return float(whole - cut + share * beyond)

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the best family over the orders above zero days."""
        return max((c.log_likelihood for c in self.components), default=0.0)

    def log_density(self, days: npt.ArrayLike) -> FloatArray:
        """Log density at ``days`` above the floor, per day, elementwise; at zero log of the point mass."""
        x = np.asarray(days, dtype=np.float64)
        beyond = np.maximum(x - self.floor, 1e-300)
        terms = [
            np.log(c.weight) + families.log_density(c.family, c.first, c.second, beyond)
            for c in self.components
            if c.weight > 0.0
        ]
        value = special.logsumexp(np.stack(terms), axis=0) if terms else np.full(x.shape, -np.inf)
        if self.tail is not None:
            at = self.tail.threshold
            edge = float(self._log_survival_body(np.asarray(at)))
            value = np.where(x > at, edge + self.tail.log_density(x - at), value)
        with np.errstate(divide="ignore"):
            body = np.log1p(-self.zero_share) + np.where(x > self.floor, value, -np.inf)
            return np.asarray(np.where(x == 0.0, np.log(self.zero_share), body))

    def survival(self, days: npt.ArrayLike) -> FloatArray:
        """P(L > days), a probability in the shape of ``days``."""
        x = np.asarray(days, dtype=np.float64)
        return np.where(x < 0.0, 1.0, (1.0 - self.zero_share) * np.exp(self._log_survival_above(x)))

    def cdf(self, days: npt.ArrayLike) -> FloatArray:
        """P(L <= days), a probability in the shape of ``days``."""
        x = np.asarray(days, dtype=np.float64)
        return np.where(x < 0.0, 0.0, self.zero_share + (1.0 - self.zero_share) * self._cumulative_above(x))

    def quantile(self, share: npt.ArrayLike) -> FloatArray:
        """Days that a share of the orders does not exceed, elementwise for each share in (0, 1)."""
        return self._at_scores(special.ndtri(np.asarray(share, dtype=np.float64)))

    def mean_residual(self, age: float) -> float:
        """E[L - age | L > age] in days: what is still to come for an open order of this age."""
        if age <= 0.0 and self.zero_share == 0.0:
            return self.mean - age
        if age < self.floor:
            return self.floor + self._moment(1) - age
        alive = float(np.exp(self._log_survival_above(np.asarray(age))))
        # beyond this the quotient of two vanishing numbers says nothing
        if alive < 1e-280 or not self.components:
            return 0.0
        if self.tail is not None and age >= self.tail.threshold:
            return self.tail.mean_excess(age - self.tail.threshold)
        left = self._partial(age)
        if self.tail is not None:
            # Beyond the threshold the tail's mean days stand in for the body's.
            at = self.tail.threshold
            share = float(np.exp(self._log_survival_body(np.asarray(at))))
            left += share * (at - self.floor + self.tail.mean_excess(0.0)) - self._partial(at)
        return float(self.floor + left / alive - age)

    def _partial(self, age: float) -> float:
        """E[L - floor; L > age] of the body above zero."""
        beyond = age - self.floor
        return float(
            sum(
                c.weight * families.partial_mean(c.family, c.first, c.second, beyond) for c in self.components
            )
        )

    def table(self) -> Table:
        """Inverse CDF over the normal score of the part above zero; up to ``zero_score`` means zero days."""
        return Table(SCORES, np.maximum.accumulate(self._at_scores(SCORES, at_zero=self.floor)))

    @property
    def zero_score(self) -> float:
        """Normal score below which the stage takes zero days (-inf without a point mass)."""
        return float(special.ndtri(self.zero_share))

    def residual_table(self, age: float) -> Table:
        """Inverse CDF over the normal score of L - age given L > age, for an open order of this age, days."""
        return Table(SCORES, self.residual_values(np.array([age]))[0])

    def residual_values(self, ages: FloatArray) -> FloatArray:
        """Values of ``residual_table`` for several ages, days, dims (age, point): one search for all."""
        if not self.components:
            return np.zeros((len(ages), SCORES.size))
        age = np.maximum(ages, 0.0)[:, None]
        target = self._log_survival_above(age) + special.log_ndtr(-SCORES)
        low = np.broadcast_to(np.maximum(age, self.floor), target.shape)
        values = _solve(lambda x, y: y - self._log_survival_above(x), low, target) - age
        return np.asarray(np.maximum.accumulate(np.maximum(values, 0.0), axis=1))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {
            "components": [
                [c.family, c.first, c.second, c.weight, c.log_likelihood, c.part] for c in self.components
            ],
            "refused": list(self.refused),
            "tail": None if self.tail is None else asdict(self.tail),
            "predictive": None if self.predictive is None else asdict(self.predictive),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LeadTime:
        """Inverse of ``to_dict``."""
        parts = tuple(Component(*row) for row in values["components"])
        tail, predictive = values.get("tail"), values.get("predictive")
        return cls(
            **(
                values
                | {
                    "components": parts,
                    "refused": tuple(values["refused"]),
                    "tail": None if tail is None else Tail(**tail),
                    "predictive": None if predictive is None else Predictive(**predictive),
                }
            )
        )

    def _log_survival_above(self, days: FloatArray) -> FloatArray:
        """Log survival of the part above zero, the tail included."""
        body = self._log_survival_body(days)
        if self.tail is None:
            return body
        x = np.asarray(days, dtype=np.float64)
        edge = float(self._log_survival_body(np.asarray(self.tail.threshold)))
        return np.where(x > self.tail.threshold, edge + self.tail.log_survival(x - self.tail.threshold), body)

    def _log_survival_body(self, days: FloatArray) -> FloatArray:
        """Log survival of the families' mixture."""
        x = np.asarray(days, dtype=np.float64) - self.floor
        if not self.components:
            return np.full(x.shape, -np.inf)
        terms = [
            np.log(c.weight) + families.log_survival(c.family, c.first, c.second, x)
            for c in self.components
            if c.weight > 0.0
        ]
        highest = np.maximum(np.max(terms, axis=0), _LOWEST)
        total = np.sum(np.exp(np.stack(terms) - highest), axis=0)
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(x <= 0.0, 0.0, highest + np.log(total)))

    def _cumulative_above(self, days: FloatArray) -> FloatArray:
        x = np.asarray(days, dtype=np.float64) - self.floor
        if not self.components:
            return np.ones(x.shape)
        total = sum(c.weight * families.cumulative(c.family, c.first, c.second, x) for c in self.components)
        if self.tail is not None:
            beyond = x > self.tail.threshold - self.floor
            total = np.where(beyond, -np.expm1(self._log_survival_above(x + self.floor)), total)
        return np.where(x <= 0.0, 0.0, np.asarray(total))

    def _at_scores(self, scores: FloatArray, at_zero: float = 0.0) -> FloatArray:
        """Quantiles at normal scores: by the CDF in the lower half, by the survival function in the upper."""
        z = np.asarray(scores, dtype=np.float64)
        if not self.components:
            return np.zeros(z.shape)
        lower = (special.ndtr(z) - self.zero_share) / (1.0 - self.zero_share)
        upper = special.log_ndtr(-z) - np.log1p(-self.zero_share)

        def excess(x: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
            return np.where(
                lower < 0.5, self._cumulative_above(x) - lower, upper - self._log_survival_above(x)
            )

        return np.where(lower <= 0.0, at_zero, _solve(excess, self.floor, lower, upper))


def _solve(excess: Callable[..., FloatArray], low: FloatArray | float, *targets: FloatArray) -> FloatArray:
    """Days above ``low`` at which ``excess(days, *targets)`` turns from negative to positive, elementwise.

    Searched over the log of the days beyond ``low`` (Chandrupatla 1997), up to NEVER; where the excess is
    positive from the start the answer is ``low``.
    """
    if not targets[0].size:
        return np.zeros(targets[0].shape)

    def at(log_days: FloatArray, low: FloatArray, *targets: FloatArray) -> FloatArray:
        return excess(low + np.exp(log_days), *targets)

    given = (np.broadcast_to(low, targets[0].shape), *targets)
    ends = [np.full(targets[0].shape, end) for end in (_NEAR, np.log(NEVER))]
    found = elementwise.find_root(at, tuple(ends), args=given, tolerances={"xatol": 1e-13, "xrtol": 0.0})
    beyond = at(ends[1], *given) < 0.0
    days = np.where(found.success, np.exp(found.x), np.where(beyond, NEVER, 0.0))
    return np.asarray(low + days)
