"""Covariance of the parameters when the orders of a month move together (season, promotions, shocks)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.errors import UsageError
from models.ltv.beta_geo import GeometricDropoutNBD
from models.ltv.customers import Customers

FloatArray = npt.NDArray[np.float64]


def clustered_covariance(model: GeometricDropoutNBD, snapshots: Sequence[Customers]) -> FloatArray:
    """Covariance of the log parameters clustered by period, shape (4, 4); pass it to ``with_covariance``.

    ``snapshots`` are the customers as observed at the end of each period, the last one those of the fit. The
    score of a period is the difference of the scores at its ends; their outer products J give the sandwich
    H^-1 J H^-1 (White 1982), with the usual k/(k-1) for k periods. The inverse Hessian alone is too narrow
    where a common shock moves a whole month.
    """
    if len(snapshots) < 6:
        raise UsageError(f"snapshots: at least 6 periods are needed | got {len(snapshots)}")
    if model.boundary:
        raise UsageError("snapshots: at a boundary there is no covariance to correct")
    total = np.stack([model.score(customers) for customers in snapshots])
    by_period = np.diff(total, axis=0, prepend=np.zeros((1, 4)))
    by_period = by_period - by_period.mean(axis=0)
    periods = len(snapshots)
    spread = sum(np.outer(score, score) for score in by_period) * periods / (periods - 1)
    inverse = model.covariance
    clustered = inverse @ spread @ inverse
    return np.asarray(0.5 * (clustered + clustered.T))
