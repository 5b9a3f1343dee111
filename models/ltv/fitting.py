"""The search for the parameters of BG/NBD and MBG/NBD, and the judgement whether the data identify them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.errors import FitError
from models.ltv.likelihood import Cells, derivatives, nbd_derivatives
from models.ltv.newton import Maximum, Objective, maximise
from models.ltv.priors import Prior, WeakPrior

FloatArray = npt.NDArray[np.float64]

_IDENTIFIED = 1.92
"""Gain over the NBD limit from which leaving counts as seen: half the 95% point of chi-squared(1)."""
_CLEAR = 10.0
"""Gain over the NBD limit from which the maximum is taken to be the only one."""
_VAGUE = 2.0
"""A standard error of a log parameter above this says "within a factor of 7 either way": not identified."""


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


def fit_geometric_dropout(cells: Cells, shift: int, prior: Prior | None) -> Fit:
    """Maximum likelihood (or posterior mode) with covariance; the boundary is judged against NBD."""
    if cells.more_than.size == 0 and prior is None:
        raise FitError(
            f"no repeat order among {cells.customers:.0f} customers | their order rate cannot be fitted | "
            "pool them with other customers or pass a prior"
        )
    limit = _fit_nbd(cells)
    start = np.array([limit.point[0] + 0.1, limit.point[1], np.log(0.6), np.log(2.4)])
    start[:2] = np.clip(start[:2], -4.0, 9.0)
    best = _search(cells, shift, prior, start)
    if prior is None and best.value - limit.value < _CLEAR:
        # with little to see of leaving there can be two maxima: few who surely leave, many who may
        other = _search(cells, shift, prior, np.array([start[0], start[1], np.log(0.3), np.log(8.0)]))
        best = other if other.value > best.value else best
    loglik = _objective(cells, shift, None)(best.point)[0]
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
    weak = _search(cells, shift, WeakPrior(), start)
    covariance, improper = _covariance(weak)
    if improper:
        raise FitError(f"{problem}; and under the weak prior: {improper} | pool these customers with others")
    message = f"{problem}; there are no standard errors, what is sampled is the posterior under a weak prior"
    return Fit(best.point, weak.point, covariance, loglik, limit.value, best.converged, True, message)


def loglik_at(log_parameters: FloatArray, cells: Cells, shift: int) -> float:
    """Log-likelihood of the cells at any log parameters."""
    return float(_objective(cells, shift, None)(log_parameters)[0])


def score_of(log_parameters: FloatArray, cells: Cells, shift: int) -> FloatArray:
    """Gradient of the log-likelihood of the cells, shape (4,)."""
    return np.asarray(_objective(cells, shift, None)(log_parameters)[1])


def _objective(cells: Cells, shift: int, prior: Prior | None) -> Objective:
    def value(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        loglik, gradient, hessian = derivatives(
            point, cells.frequency, cells.recency, cells.age, cells.count, cells.times, cells.more_than, shift
        )
        if prior is None:
            return loglik, gradient, hessian
        log_density, slope, bend = prior.derivatives(point)
        return loglik + log_density, gradient + slope, hessian + bend

    return value


def _search(cells: Cells, shift: int, prior: Prior | None, start: FloatArray) -> Maximum:
    return maximise(_objective(cells, shift, prior), start)


def _fit_nbd(cells: Cells) -> Maximum:
    """The NBD limit: r and alpha where nobody leaves, started at the observed order rate with r = 1."""
    exposure = float((cells.count * cells.times[cells.age]).sum())
    orders = max(float((cells.count * cells.frequency).sum()), 0.5)
    start = np.array([0.0, np.log(max(exposure, 1.0) / orders)])

    def value(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        found = nbd_derivatives(point, cells.frequency, cells.age, cells.count, cells.times, cells.more_than)
        return float(found[0]), found[1], found[2]

    return maximise(value, start)


def _covariance(found: Maximum) -> tuple[FloatArray, str]:
    """Inverse of the negative Hessian, and what is wrong with it if anything is."""
    eigenvalues = np.linalg.eigvalsh(-found.hessian)
    nothing = np.full_like(found.hessian, np.nan)
    if not found.converged or np.max(np.abs(found.point)) > 25.0:
        return nothing, "the likelihood rises to the boundary of the parameters"
    if eigenvalues[0] <= 1e-9 * max(eigenvalues[-1], 1.0):
        return nothing, "the likelihood is flat in some direction"
    covariance = np.linalg.inv(-found.hessian)
    return 0.5 * (covariance + covariance.T), ""
