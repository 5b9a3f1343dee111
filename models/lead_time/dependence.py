"""Dependence of lead times: z(lane, day) = port factor + supplier factor + own term, stationary AR(1) each.

A stage's factor is sqrt(k) of one that all stages share and sqrt(1 - k) of its own (k the stage link): a late
port or supplier is late at several stages of one order, which widens the order-to-receipt time beyond the sum
of independent stages. Squared loadings sum to one, so every z is standard normal and each lane keeps its
fitted law; the factors make orders that share a port or a supplier late together, and the persistence makes
neighbouring days alike. Same marginals, iid against dependent, is an order of magnitude in the stockout
probability, so iid is never the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.arrays import BoolArray, FloatArray, IntArray

_WINDOW: Final = 45
"""Longest distance in days of two orders that are compared."""
_FEWEST_PAIRS: Final = 30
"""Pairs below which the listed figures are used as they are."""
_PRIOR_PAIRS: Final = 40.0
"""Weight of the listed squared loadings, in pairs."""
_LARGEST_SHARE: Final = 0.8
"""Largest squared loading that is fitted: something of each order is its own."""
LISTED_STAGE_LINK: Final = 0.5
"""Share of a factor's variance that the stages of one order have in common, where nothing tells."""
_FACTOR_GRID: Final = (0.8, 0.9, 0.95, 0.97, 0.985)
_OWN_GRID: Final = (0.0, 0.5, 0.8, 0.9, 0.95, 0.97)
_CLIP: Final = 3.0
"""Largest score that enters a product: one freak order must not make a correlation."""


@dataclass(frozen=True)
class Dependence:
    """Squared loadings (shares of variance) of port and supplier factors, daily persistence of each term."""

    port_share: float
    supplier_share: float
    factor_persistence: float
    own_persistence: float
    source: str = "listed"
    pairs: int = 0

    def __post_init__(self) -> None:
        if min(self.port_share, self.supplier_share) < 0.0 or self.port_share + self.supplier_share > 1.0:
            raise ValueError(
                "dependence: squared loadings must be shares with sum <= 1 | "
                f"got {self.port_share}, {self.supplier_share}"
            )
        if not (0.0 <= self.factor_persistence < 1.0 and 0.0 <= self.own_persistence < 1.0):
            raise ValueError(
                f"dependence: persistence in [0, 1) | got {self.factor_persistence}, {self.own_persistence}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


LISTED: Final[Mapping[str, Dependence]] = {
    "production": Dependence(0.0, 0.3, 0.97, 0.8),
    "transit": Dependence(0.3, 0.1, 0.97, 0.8),
    "clearance": Dependence(0.4, 0.0, 0.97, 0.5),
    "inland": Dependence(0.2, 0.0, 0.97, 0.5),
}
"""Assumed where the log shows too few pairs of orders; to be listed among a plan's assumptions."""


def fit_dependence(
    stage: str,
    scores: npt.ArrayLike,
    day: npt.ArrayLike,
    supplier: npt.ArrayLike,
    port: npt.ArrayLike,
    *,
    factor_persistence: float | None = None,
) -> Dependence:
    """Dependence of one stage from normal scores z = Phi^-1(F(L)) of finished orders by order day.

    The mean product of two scores g days apart is, with f and o the persistences and p, s the squared
    loadings,

    - same supplier and port: o**g + (p + s) (f**g - o**g)
    - same port only: p f**g,  same supplier only: s f**g

    Least squares over all pairs within 45 days, on a grid in (f, o), p and s drawn to the listed figures by
    40 pairs' weight. Guards: fewer than 30 pairs keep the listed figures; scores are clipped to ±3; p + s <=
    0.8; a factor that the stage does not have stays at 0. ``factor_persistence`` fixes f.
    """
    listed = LISTED[stage]
    z = np.clip(np.asarray(scores, dtype=np.float64), -_CLIP, _CLIP)
    days = np.asarray(day, dtype=np.int64)
    first, second = _pairs(days)
    if first.size < _FEWEST_PAIRS:
        return listed
    same_supplier = np.asarray(supplier)[first] == np.asarray(supplier)[second]
    same_port = np.asarray(port)[first] == np.asarray(port)[second]
    gap = (days[second] - days[first]).astype(np.float64)
    # The network gives orders of one lane and day one draw, so only distinct days inform the persistence.
    used = (same_supplier | same_port) & ((gap > 0.0) | ~(same_supplier & same_port))
    if int(used.sum()) < _FEWEST_PAIRS:
        return listed
    cells = _moments(z[first] * z[second], gap, same_supplier, same_port, used)
    best, chosen = np.inf, listed
    for factor in _FACTOR_GRID if factor_persistence is None else (factor_persistence,):
        for own in _OWN_GRID:
            error, port_share, supplier_share = _loadings(cells, factor, own, listed)
            # of equal fits the first on the grids, whatever the rounding
            if error < best - 1e-12:
                best = error
                chosen = Dependence(port_share, supplier_share, factor, own, "fitted", int(used.sum()))
    return chosen


def fit_stage_link(products: npt.ArrayLike, implied: npt.ArrayLike) -> float:
    """Stage link k in [0, 1] from orders seen at two stages.

    ``products`` are z_g z_h of one order, ``implied`` their mean under k = 1, sqrt(p_g p_h) + sqrt(s_g s_h).
    Least squares through zero, drawn to the listed 0.5 by the weight of 40 orders.
    """
    product, full = np.asarray(products, dtype=np.float64), np.asarray(implied, dtype=np.float64)
    typical = float((full**2).mean()) if full.size else 0.0
    if typical <= 0.0:
        return LISTED_STAGE_LINK
    weight = float((full**2).sum())
    link = (float((product * full).sum()) + _PRIOR_PAIRS * typical * LISTED_STAGE_LINK) / (
        weight + _PRIOR_PAIRS * typical
    )
    return float(np.clip(link, 0.0, 1.0))


def _pairs(day: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of all pairs of orders at most the window apart, earlier one first."""
    order = np.argsort(day, kind="stable")
    ordered = day[order]
    last = np.searchsorted(ordered, ordered + _WINDOW, side="right")
    # A very long log is thinned to its nearest neighbours: far pairs of busy days add nothing but memory.
    count = np.minimum(last - np.arange(day.size) - 1, 200)
    first = np.repeat(np.arange(day.size), count)
    step = np.arange(first.size) - np.repeat(np.cumsum(count) - count, count) + 1
    return order[first], order[first + step]


def _moments(
    product: FloatArray,
    gap: FloatArray,
    same_supplier: BoolArray,
    same_port: BoolArray,
    used: BoolArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Pairs summed by kind (0 both, 1 port, 2 supplier) and gap: kind, gap, count, mean product."""
    kind = np.where(same_supplier & same_port, 0, np.where(same_port, 1, 2))
    cell = (kind * (_WINDOW + 1) + gap.astype(np.int64))[used]
    count = np.bincount(cell, minlength=3 * (_WINDOW + 1)).astype(np.float64)
    total = np.bincount(cell, weights=product[used], minlength=3 * (_WINDOW + 1))
    at = np.flatnonzero(count)
    return (
        (at // (_WINDOW + 1)).astype(np.float64),
        (at % (_WINDOW + 1)).astype(np.float64),
        count[at],
        total[at] / count[at],
    )


def _loadings(
    cells: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    factor: float,
    own: float,
    listed: Dependence,
) -> tuple[float, float, float]:
    """Ridge least squares at given persistences: penalised error, port share, supplier share."""
    kind, gap, count, mean = cells
    both = kind == 0
    decay, base = factor**gap, np.where(both, own**gap, 0.0)
    columns = (
        np.where(both, decay - base, np.where(kind == 1, decay, 0.0)),
        np.where(both, decay - base, np.where(kind == 2, decay, 0.0)),
    )
    target = mean - base
    prior = (listed.port_share, listed.supplier_share)
    free = [i for i in range(2) if prior[i] > 0.0]
    matrix = np.array([[float((count * columns[i] * columns[j]).sum()) for j in free] for i in free])
    right = np.array([float((count * columns[i] * target).sum()) for i in free])
    matrix += _PRIOR_PAIRS * np.eye(len(free))
    right += _PRIOR_PAIRS * np.array([prior[i] for i in free])
    shares = [0.0, 0.0]
    for i, value in zip(free, np.linalg.solve(matrix, right), strict=True):
        shares[i] = float(np.clip(value, 0.0, _LARGEST_SHARE))
    total = sum(shares)
    if total > _LARGEST_SHARE:
        shares = [share * _LARGEST_SHARE / total for share in shares]
    residual = target - columns[0] * shares[0] - columns[1] * shares[1]
    penalty = _PRIOR_PAIRS * sum((shares[i] - prior[i]) ** 2 for i in free)
    # A weak pull of the persistences to the listed ones decides where the pairs do not.
    penalty += (
        0.05
        * _PRIOR_PAIRS
        * ((factor - listed.factor_persistence) ** 2 + (own - listed.own_persistence) ** 2)
    )
    return float((count * residual**2).sum()) + penalty, shares[0], shares[1]
