"""The named package as the challenger: the same customers fitted by lifetimes, behind one adapter.

Nothing else in the project touches its classes. Both fits are judged by our likelihood.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.ltv.order_model import OrderModel
from models.ltv.customers import Customers, days_per
from models.ltv.fitting import loglik_at

_UNIT = "week"
_FITTERS = {"BetaGeoNBD": "BetaGeoFitter", "ModifiedBetaGeoNBD": "ModifiedBetaGeoFitter"}


@dataclass(frozen=True)
class Challenge:
    """Our fit beside that of lifetimes: log-likelihood (time in days) and expected orders of all."""

    model: str
    params: dict[str, float]
    loglik: float
    loglik_gain: float
    expected_orders: float
    expected_orders_difference: float
    days: float
    message: str


def challenge(model: OrderModel, customers: Customers, *, days: float = 365.0) -> Challenge:
    """Fit lifetimes to the same customers; gains and differences are ours minus theirs, alpha is in days.

    A challenger that fails (it does, on data where nobody leaves) is reported and never raises.
    """
    name = type(model).__name__
    ours = float(model.expected_orders(customers, days=days).sum())
    nothing = {key: float("nan") for key in model.params}
    try:
        params, loglik, theirs = _fit_lifetimes(model, customers, days)
    except Exception as error:  # noqa: BLE001  # whatever an archived package raises is its answer
        message = f"lifetimes failed: {type(error).__name__}: {error}".splitlines()[0]
        return Challenge(name, nothing, np.nan, np.nan, np.nan, np.nan, days, message)
    gain = model.loglik - loglik
    return Challenge(name, params, loglik, gain, theirs, ours - theirs, days, "fitted")


def _fit_lifetimes(
    model: OrderModel, customers: Customers, days: float
) -> tuple[dict[str, float], float, float]:
    unit = days_per(_UNIT)
    cells = customers.cells
    frequency = pd.Series(cells.frequency.astype(np.float64))
    recency = pd.Series(np.where(cells.frequency > 0, cells.times[cells.recency], 0.0) / unit)
    age = pd.Series(cells.times[cells.age] / unit)
    weights = pd.Series(cells.count)
    # it prints its optimiser's state on failure, which would end up in a command's JSON
    silence = contextlib.redirect_stdout(io.StringIO())
    with warnings.catch_warnings(), np.errstate(all="ignore"), silence:
        warnings.simplefilter("ignore")
        import lifetimes  # here: it warns on import and takes half a second that only this comparison needs

        fitter = getattr(lifetimes, _FITTERS[type(model).__name__])(penalizer_coef=0.0)
        fitter.fit(frequency, recency, age, weights=weights)
        expected = fitter.conditional_expected_number_of_purchases_up_to_time(
            days / unit, frequency, recency, age
        )
    params = {key: float(value) for key, value in fitter.params_.items()}
    params["alpha"] *= unit
    point = np.log(np.array([params[key] for key in model.names]))
    return (
        params,
        loglik_at(point, customers.evidence, model.likelihood),
        float((np.asarray(expected) * cells.count).sum()),
    )
