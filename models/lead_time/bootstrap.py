"""Parameter uncertainty of one family: the orders drawn again and again with replacement, all fits at
once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray, IntArray
from models.errors import FitError
from models.lead_time import families, laws
from models.lead_time.fit import Orders, checked_orders
from models.streams import uniforms

_AGAIN = 20
"""Times that a sample without two different finished durations is drawn again."""


@dataclass(frozen=True)
class ParameterDraws:
    """Native parameters (laws.py) of one family, dims (draw,); days count from the floor."""

    family: str
    first: FloatArray
    second: FloatArray
    floor: float = 0.0

    @property
    def mean(self) -> FloatArray:
        """Mean of each draw's law, days."""
        return self._moments(1)

    @property
    def sd(self) -> FloatArray:
        """Standard deviation of each draw's law, days."""
        one = self._moments(1) - self.floor
        return np.sqrt(np.maximum(self._moments(2) - one**2, 0.0))

    def quantile(self, share: float) -> FloatArray:
        """Quantile of each draw's law, days."""
        rows = zip(self.first, self.second, strict=True)
        return self.floor + np.array(
            [float(laws.quantile(self.family, a, b, np.asarray(share))) for a, b in rows]
        )

    def _moments(self, order: int) -> FloatArray:
        rows = zip(self.first, self.second, strict=True)
        values = np.array([laws.raw_moment(self.family, a, b, order) for a, b in rows])
        return values + (self.floor if order == 1 else 0.0)


def bootstrap(
    days: npt.ArrayLike,
    family: str,
    *,
    observed: npt.ArrayLike | None = None,
    entered: npt.ArrayLike | None = None,
    floor: float = 0.0,
    replicates: int = 1_000,
    seed: int = 0,
    name: str = "lead_time/bootstrap",
) -> ParameterDraws:
    """Fits of ``replicates`` resamples of the orders above zero days, open orders and entries with them.

    ``seed`` and ``name`` address the draws. A resample without two different finished durations is drawn
    again.
    """
    if family not in families.FAMILIES:
        raise FitError(f"family: unknown | got {family!r} | choose among {', '.join(families.FAMILIES)}")
    orders = checked_orders(days, observed, entered)
    above = orders.take(orders.days > 0.0)
    if not 0.0 <= floor < float(above.days[above.observed].min()):
        raise FitError(f"floor: a number below the shortest finished order is needed | got {floor}")
    above = above.beyond(floor)
    rows = _rows(above, replicates, seed, name)
    late = None if above.late_entry is None else above.entered[rows]
    first, second, _ = families.fit_family(family, above.days[rows], above.observed[rows], late)
    return ParameterDraws(family, first, second, floor)


def _rows(above: Orders, replicates: int, seed: int, name: str) -> IntArray:
    """Positions of the drawn orders, dims (draw, order)."""
    count = above.days.size
    rows = np.zeros((replicates, count), dtype=np.int64)
    bad = np.ones(replicates, dtype=np.bool_)
    for part in range(_AGAIN):
        drawn = (uniforms(seed, name, range(replicates), count, part=part) * count).astype(np.int64)
        rows[bad] = drawn[bad]
        seen = np.where(above.observed[rows], above.days[rows], np.nan)
        least = np.where(np.isnan(seen), np.inf, seen).min(axis=1)
        most = np.where(np.isnan(seen), -np.inf, seen).max(axis=1)
        bad = ~(most > least)
        if not bad.any():
            return rows
    rows[bad] = np.arange(count)
    return rows
