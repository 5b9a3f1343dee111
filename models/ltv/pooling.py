"""Cohorts fitted together: what one shows too little of is taken from the others, by how much is reported.

Empirical Bayes on the log parameters: cohorts are normal around a common mean with a variance of their own
in each parameter. Mean and variance are found by expectation and maximisation with Laplace's approximation
of each cohort's posterior; every cohort is then fitted with that law as its prior. A cohort with many
repeat orders is left where it is, one with few moves to the others, one with none or without customers has
the common law itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from models.errors import FitError, UsageError
from models.ltv.customers import Customers
from models.ltv.order_model import OrderModel
from models.ltv.priors import NormalPrior

Model = TypeVar("Model", bound=OrderModel)

_FIRST_SPREAD = 0.5
"""Standard deviation between cohorts on the log scale, before any was looked at."""
_LEAST_SPREAD = 0.15
"""Cohorts of one company are never taken to be more alike than this, however few they are."""
_ROUNDS = 40
_STILL = 1e-4


@dataclass(frozen=True)
class PooledFits(Generic[Model]):
    """Models of all cohorts by name, the law between them and each cohort's weight.

    The weight is the share of the evidence on a cohort's parameters that is its own: 1 stands alone, 0 is
    the common law.
    """

    models: dict[str, Model]
    weight: dict[str, float]
    between: NormalPrior


def fit_pooled(model: type[Model], cohorts: Mapping[str, Customers]) -> PooledFits[Model]:
    """Fit ``model`` to every cohort, pooled with the others; cohorts with no customer are allowed."""
    given = {name: cohort for name, cohort in cohorts.items() if len(cohort)}
    if not given:
        raise FitError("no cohort has a customer | there is nothing to pool")
    _refuse_mixture(given)
    company = _together(list(given.values()))
    if int(company.frequency.sum()) == 0:
        raise FitError(
            f"no repeat order among {len(company)} customers of all cohorts | their order rate cannot be "
            "fitted | wait for one or pass a prior to fit"
        )
    whole = model.fit(company)
    if len(given) == 1:
        between = NormalPrior(whole.mean, whole.draw_covariance + np.eye(4) * _FIRST_SPREAD**2)
    else:
        between = _law_between(model, list(given.values()), whole)
    models, weight = {}, {}
    for name, cohort in cohorts.items():
        alone = len(cohort) and len(given) == 1
        models[name] = whole if alone else _under(model, cohort, between)
        own = 1.0 - float(np.trace(np.linalg.solve(between.covariance, models[name].draw_covariance))) / 4.0
        weight[name] = 1.0 if alone else min(max(own, 0.0), 1.0)
    return PooledFits(models, weight, between)


def _law_between(model: type[Model], cohorts: list[Customers], whole: Model) -> NormalPrior:
    law = NormalPrior(whole.mean, np.eye(4) * _FIRST_SPREAD**2)
    for _ in range(_ROUNDS):
        fits = [model.fit(cohort, prior=law) for cohort in cohorts]
        points = np.stack([fit.mean for fit in fits])
        within = np.stack([np.diag(fit.draw_covariance) for fit in fits])
        mean = points.mean(axis=0)
        spread = np.maximum((within + (points - mean) ** 2).mean(axis=0), _LEAST_SPREAD**2)
        moved = max(np.abs(mean - law.mean).max(), np.abs(np.log(spread / np.diag(law.covariance))).max())
        law = NormalPrior(mean, np.diag(spread))
        if moved < _STILL:
            break
    # the common mean is itself known from so many cohorts only
    return NormalPrior(law.mean, law.covariance * (1.0 + 1.0 / len(cohorts)))


def _under(model: type[Model], cohort: Customers, law: NormalPrior) -> Model:
    if len(cohort):
        return model.fit(cohort, prior=law)
    known = model.from_parameters(*np.exp(law.mean))
    return replace(
        known,
        log_parameters=law.mean,
        mean=law.mean,
        draw_covariance=law.covariance,
        operational=cohort.operational,
        message="no customer: common law",
    )


def _refuse_mixture(cohorts: Mapping[str, Customers]) -> None:
    if len({cohort.operational for cohort in cohorts.values()}) > 1:
        calendar = ", ".join(name for name, cohort in cohorts.items() if not cohort.operational)
        raise UsageError(
            f"cohorts: some are in operational days | got calendar days in {calendar} | use one clock"
        )
    currencies = sorted({cohort.currency for cohort in cohorts.values() if cohort.currency})
    if len(currencies) > 1:
        raise UsageError(f"cohorts: mixed currencies | got {', '.join(currencies)} | convert or pool apart")


def _together(parts: list[Customers]) -> Customers:
    return Customers(
        frequency=np.concatenate([part.frequency for part in parts]),
        recency=np.concatenate([part.recency for part in parts]),
        age=np.concatenate([part.age for part in parts]),
        operational=parts[0].operational,
    )
