"""The named package as the challenger: the same customers fitted by lifetimes, behind one adapter.

Nothing else in the project touches its classes. Both fits are judged by our likelihood.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.ltv.customers import Customers, days_per
from models.ltv.fitting import loglik_at
from models.ltv.gamma_gamma import GammaGamma, loglik_of_spend
from models.ltv.order_model import OrderModel

_UNIT = "week"
_FITTERS = {
    "BetaGeoNBD": "BetaGeoFitter",
    "ModifiedBetaGeoNBD": "ModifiedBetaGeoFitter",
    "ParetoNBD": "ParetoNBDFitter",
}


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


@dataclass(frozen=True)
class SpendChallenge:
    """Our Gamma-Gamma beside that of lifetimes: parameters and log-likelihood."""

    params: dict[str, float]
    loglik: float
    loglik_gain: float
    message: str


def challenge(model: OrderModel, customers: Customers, *, days: float = 365.0) -> Challenge:
    """Fit lifetimes to the same customers; gains and differences are ours minus theirs, times are in days.

    A challenger that fails (it does, on data where nobody leaves) is reported and never raises.
    """
    name = type(model).__name__
    ours = float(model.expected_orders(customers, days=days).sum())
    nothing = {key: float("nan") for key in model.params}
    try:
        params, loglik, theirs = _fit_orders(model, customers, days)
    except Exception as error:  # noqa: BLE001  # whatever an archived package raises is its answer
        return Challenge(name, nothing, np.nan, np.nan, np.nan, np.nan, days, _failure(error))
    gain = model.loglik - loglik
    return Challenge(name, params, loglik, gain, theirs, ours - theirs, days, "fitted")


def challenge_spend(model: GammaGamma, customers: Customers) -> SpendChallenge:
    """Fit lifetimes' Gamma-Gamma to the same customers; a failure is reported and never raises."""
    try:
        params = _fit_spend(customers)
    except Exception as error:  # noqa: BLE001  # whatever an archived package raises is its answer
        return SpendChallenge(dict.fromkeys(model.params, np.nan), np.nan, np.nan, _failure(error))
    loglik = loglik_of_spend(np.log([params[key] for key in ("p", "q", "v")]), customers)
    return SpendChallenge(params, loglik, model.loglik - loglik, "fitted")


def _failure(error: Exception) -> str:
    return f"lifetimes failed: {type(error).__name__}: {error}".splitlines()[0]


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without its warnings and prints: it prints its optimiser's state on failure, into a command's JSON."""
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _fit_orders(
    model: OrderModel, customers: Customers, days: float
) -> tuple[dict[str, float], float, float]:
    unit = days_per(_UNIT)
    summary = customers.summary
    frequency = pd.Series(summary.frequency.astype(np.float64))
    recency = pd.Series(np.where(summary.frequency > 0, summary.times[summary.recency], 0.0) / unit)
    age = pd.Series(summary.times[summary.age] / unit)
    weights = pd.Series(summary.count)
    with _silence():
        import lifetimes  # here: it warns on import and takes half a second that only this comparison needs

        fitter = getattr(lifetimes, _FITTERS[type(model).__name__])(penalizer_coef=0.0)
        fitter.fit(frequency, recency, age, weights=weights)
        expected = fitter.conditional_expected_number_of_purchases_up_to_time(
            days / unit, frequency, recency, age
        )
    params = {key: float(fitter.params_[key]) for key in model.names}
    for key in model.times:
        params[key] *= unit
    point = np.log(np.array([params[key] for key in model.names]))
    loglik = loglik_at(point, customers.evidence, model.likelihood)
    return params, loglik, float((np.asarray(expected) * summary.count).sum())


def _fit_spend(customers: Customers) -> dict[str, float]:
    spend: Any = customers.spend
    paid: Any = customers.paid
    keep = paid > 0
    with _silence():
        import lifetimes  # as above

        fitter = lifetimes.GammaGammaFitter(penalizer_coef=0.0)
        fitter.fit(pd.Series(paid[keep].astype(np.float64)), pd.Series(spend[keep]))
    return {key: float(value) for key, value in fitter.params_.items()}
