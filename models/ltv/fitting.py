"""The search for the parameters of an order model, and the judgement whether the data identify them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.errors import FitError
from models.ltv.evidence import Evidence
from models.ltv.likelihood import nbd_derivatives
from models.ltv.newton import Maximum, Objective, maximise
from models.ltv.priors import Prior

_IDENTIFIED = 1.92
"""Gain over the NBD limit from which leaving counts as seen: half the 95% point of chi-squared(1)."""
_CLEAR = 10.0
"""Gain over the NBD limit from which the maximum is taken to be the only one."""
_VAGUE = 2.0
"""A standard error of a log parameter above this says "within a factor of 7 either way": not identified."""
_NEAR = 12.0
"""A maximum of a part of the customers farther out than this on the log scale is no place to start from."""


@dataclass(frozen=True)
class Fit:
    """What the search found; the fields are those of the models."""

    log_parameters: FloatArray
    mean: FloatArray
    draw_covariance: FloatArray
    loglik: float
    nbd_loglik: float
    converged: bool
    boundary: bool
    message: str


@dataclass(frozen=True, eq=False)
class DropoutLikelihood:
    """What the search needs to know of a model with four log parameters, of which the first two are those
    of NBD.

    ``derivatives`` gives value, gradient and Hessian; ``starts`` where to look for the two parameters of
    leaving, beside an alpha; ``weak`` is the prior that stands in where the data do not show whether
    customers leave.
    """

    derivatives: Callable[[FloatArray, Evidence], tuple[float, FloatArray, FloatArray]]
    starts: Callable[[float], tuple[FloatArray, ...]]
    weak: Prior


def fit_with_dropout(evidence: Evidence, likelihood: DropoutLikelihood, prior: Prior | None) -> Fit:
    """Maximum likelihood (or posterior mode) with covariance; the boundary is judged against NBD."""
    if evidence.more_than.size == 0 and prior is None:
        raise FitError(
            f"no repeat order among {evidence.customers} customers | their order rate cannot be fitted | "
            "pool them with other customers or pass a prior"
        )
    limit = fit_nbd(evidence)
    # leaving explains some of the silence, so r lies above that of NBD
    front = np.clip([limit.point[0] + 0.1, limit.point[1]], -4.0, 9.0)
    start, *others = (
        np.concatenate([front, leaving]) for leaving in likelihood.starts(float(np.exp(front[1])))
    )
    best = _search(evidence, likelihood, prior, start)
    if prior is None and best.value - limit.value < _CLEAR:
        for other in (_search(evidence, likelihood, prior, point) for point in others):
            best = other if other.value > best.value else best
    loglik = best.value if prior is None else loglik_at(best.point, evidence, likelihood)
    if prior is not None:
        covariance, problem = _covariance(best)
        if problem:
            raise FitError(f"the posterior has no proper maximum: {problem} | use a stronger prior")
        return Fit(
            best.point, best.point, covariance, loglik, limit.value, best.converged, False, "posterior mode"
        )
    covariance, problem = _covariance(best)
    gain = loglik - limit.value
    if gain < _IDENTIFIED:
        problem = (
            f"leaving is not identified: the log-likelihood gains {gain:.2f} over NBD, where nobody leaves"
        )
    elif not problem and (widest := float(np.sqrt(np.diag(covariance)).max())) > _VAGUE:
        problem = f"the parameters are not identified: a standard error on the log scale is {widest:.1f}"
    if not problem:
        return Fit(
            best.point, best.point, covariance, loglik, limit.value, best.converged, False, "converged"
        )
    weak = _search(evidence, likelihood, likelihood.weak, start)
    covariance, improper = _covariance(weak)
    if improper:
        raise FitError(f"{problem}; and under the weak prior: {improper} | pool these customers with others")
    message = f"{problem}; there are no standard errors, what is sampled is the posterior under a weak prior"
    return Fit(best.point, weak.point, covariance, loglik, limit.value, best.converged, True, message)


def loglik_at(log_parameters: FloatArray, evidence: Evidence, likelihood: DropoutLikelihood) -> float:
    """Log-likelihood of the customers at any log parameters (parameter,)."""
    return float(_objective(evidence, likelihood, None)(log_parameters)[0])


def score_of(log_parameters: FloatArray, evidence: Evidence, likelihood: DropoutLikelihood) -> FloatArray:
    """Gradient of the log-likelihood of the customers by the log parameters, both (parameter,)."""
    return np.asarray(_objective(evidence, likelihood, None)(log_parameters)[1])


def fit_nbd(evidence: Evidence) -> Maximum:
    """The NBD limit: r and alpha where nobody leaves, started at the observed order rate with r = 1."""
    few = evidence.thinned()
    if few is None or few.orders == 0:
        exposure = max(float(evidence.age.sum()), 1.0)
        start = np.array([0.0, np.log(exposure / max(evidence.orders, 0.5))])
    else:
        start = fit_nbd(few).point

    def value(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        found = nbd_derivatives(point, evidence.start, evidence.age, evidence.more_than)
        return float(found[0]), found[1], found[2]

    return maximise(value, start, look_again=few is None)


def _objective(evidence: Evidence, likelihood: DropoutLikelihood, prior: Prior | None) -> Objective:
    def value(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        loglik, gradient, hessian = likelihood.derivatives(point, evidence)
        if prior is None:
            return loglik, gradient, hessian
        log_density, slope, bend = prior.derivatives(point)
        return loglik + log_density, gradient + slope, hessian + bend

    return value


def _search(
    evidence: Evidence, likelihood: DropoutLikelihood, prior: Prior | None, start: FloatArray
) -> Maximum:
    """The maximum, looked for among an eighth of the customers first: the last steps are the dear ones."""
    few = evidence.thinned()
    if few is not None:
        found = _search(few, likelihood, prior, start)
        start = found.point if found.converged and np.max(np.abs(found.point)) < _NEAR else start
    return maximise(_objective(evidence, likelihood, prior), start, look_again=few is None)


def _covariance(found: Maximum) -> tuple[FloatArray, str]:
    """Inverse of the negative Hessian, and what is wrong with it if anything is."""
    eigenvalues = np.linalg.eigvalsh(-found.hessian)
    nothing = np.full_like(found.hessian, np.nan)
    if not found.converged or np.max(np.abs(found.point)) > 25.0:
        return nothing, "the likelihood rises to the boundary of the parameters"
    # below this share of the steepest direction the inverse would be rounding
    if eigenvalues[0] <= 1e-9 * max(eigenvalues[-1], 1.0):
        return nothing, "the likelihood is flat in some direction"
    covariance = np.linalg.inv(-found.hessian)
    # an inverse is symmetric but for rounding, a covariance must be
    return 0.5 * (covariance + covariance.T), ""
