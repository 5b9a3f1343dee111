"""BG/NBD and MBG/NBD: customers who may leave after an order, with a chance that differs between them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.special import betainc, gammaln

from models.arrays import FloatArray
from models.ltv.customers import Customers
from models.ltv.evidence import Evidence
from models.ltv.fitting import DropoutLikelihood
from models.ltv.likelihood import derivatives
from models.ltv.order_model import OrderModel
from models.ltv.paths import BETA_GEO, MODIFIED, alive_geometric
from models.ltv.priors import WeakPrior
from models.ltv.quadrature import orders_given_alive

Derivatives = tuple[float, FloatArray, FloatArray]


def _likelihood(shift: int) -> DropoutLikelihood:
    def value(point: FloatArray, evidence: Evidence) -> Derivatives:
        found = derivatives(point, evidence.start, evidence.recency, evidence.age, evidence.more_than, shift)
        return float(found[0]), found[1], found[2]

    # with little to see of leaving there can be two maxima: few who surely leave, many who may
    starts = (np.log([0.6, 2.4]), np.log([0.3, 8.0]))
    return DropoutLikelihood(value, lambda _: starts, WeakPrior())


class GeometricDropoutNBD(OrderModel):
    """Orders at a gamma-distributed rate; after each the customer leaves with a beta-distributed chance."""

    names = ("r", "alpha", "a", "b")
    times = ("alpha",)

    shift: ClassVar[int]
    """1 if one may leave after the first order, 0 if only after a repeat order."""

    def expected_orders_new(self, days: Any) -> FloatArray:
        """Expected number of repeat orders of a new customer within ``days`` (of the clock) of the first
        order, shape of ``days``.

        Fader, Hardie and Lee 2005 (under MBG/NBD Batislam, Denizel and Filiztekin 2007: times the chance to
        stay after the first order), by quadrature.
        """
        r, alpha, a, b = np.exp(self.mean)
        stays = (b / (a + b)) ** self.law
        elapsed = np.asarray(days, dtype=np.float64)
        return np.asarray(
            stays * orders_given_alive(float(a), float(b + self.law), float(r), elapsed / alpha)
        )

    def _count_law_new(self, n: FloatArray, days: float) -> FloatArray:
        r, alpha, a, b = np.exp(self.mean)
        return _count_law(n, self.law, days / alpha, float(r), float(a), float(b))

    def _count_law_alive(self, customers: Customers, n: FloatArray, days: float) -> FloatArray:
        r, alpha, a, b = np.exp(self.mean)
        summary = customers.summary
        out = np.empty((summary.frequency.size, n.size))
        for x in np.unique(summary.frequency):
            rows = np.flatnonzero(summary.frequency == x)
            ratio = days / (alpha + summary.times[summary.age[rows]])
            out[rows] = _count_law(n, 0, ratio[:, None], float(r + x), float(a), float(b + x + self.law))
        return out

    def _alive(self, customers: Customers) -> FloatArray:
        alive = np.empty(customers.summary.frequency.size)
        alive_geometric(tuple(np.exp(self.mean).tolist()), self.base_of(customers), alive)
        return alive

    def _orders_given_alive(self, customers: Customers, elapsed: FloatArray) -> FloatArray:
        r, alpha, a, b = (float(value) for value in np.exp(self.mean))
        summary = customers.summary
        pairs, back = np.unique(np.stack([summary.frequency, summary.age]), axis=1, return_inverse=True)
        values = np.empty((pairs.shape[1], elapsed.size))
        for x in np.unique(pairs[0]):
            rows = np.flatnonzero(pairs[0] == x)
            ratio = elapsed[None, :] / (alpha + summary.times[pairs[1, rows]])[:, None]
            values[rows] = orders_given_alive(a, b + float(x) + self.law, r + float(x), ratio)
        return np.asarray(values[back.reshape(-1)])


class BetaGeoNBD(GeometricDropoutNBD):
    """BG/NBD (Fader, Hardie and Lee 2005): one may leave after a repeat order."""

    law = shift = BETA_GEO
    likelihood = _likelihood(BETA_GEO)
    title = "BG/NBD"


class ModifiedBetaGeoNBD(GeometricDropoutNBD):
    """MBG/NBD (Batislam, Denizel, Filiztekin 2007): one may leave after the first order as well."""

    law = shift = MODIFIED
    likelihood = _likelihood(MODIFIED)
    title = "MBG/NBD"


def _count_law(n: FloatArray, shift: int, ratio: Any, r: float, a: float, b: float) -> FloatArray:
    """P(n orders): all chances to leave survived and the NBD count, or left at the n-th of at least n."""
    y = n + shift
    ratio = np.asarray(ratio, dtype=np.float64)
    log_nbd = gammaln(r + n) - gammaln(r) - gammaln(n + 1) - r * np.log1p(ratio)
    with np.errstate(divide="ignore"):
        log_share = np.log(ratio / (1.0 + ratio))
    log_nbd = log_nbd + np.where(n > 0, n * np.where(n > 0, log_share, 0.0), 0.0)
    log_stays = _log_rising_ratio(a, b, y)
    at_least = np.where(n > 0, betainc(np.maximum(n, 1.0), r, ratio / (1.0 + ratio)), 1.0)
    # where y = 0 nobody leaves: the guard only spares a division by 0 that is not used
    leaves = np.where(y > 0, a / np.maximum(b + (y - 1.0), 1e-300) * np.exp(log_stays) * at_least, 0.0)
    return np.asarray(np.exp(log_stays + log_nbd) + leaves)


def _log_rising_ratio(a: float, b: float, y: FloatArray) -> FloatArray:
    """sum_{k<y} -ln(1 + a/(b+k)) for each whole y: the log chance to stay y times."""
    longest = int(y.max()) if y.size else 0
    sums = np.concatenate([[0.0], np.cumsum(-np.log1p(a / (b + np.arange(longest))))])
    return np.asarray(sums[y.astype(np.int64)])
