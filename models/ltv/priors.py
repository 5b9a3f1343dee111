"""Priors on the log parameters (ln r, ln alpha, ln a, ln b): log density with derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.arrays import FloatArray


class Prior(Protocol):
    """Log density up to a constant, with its derivatives."""

    def derivatives(self, log_parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log density up to a constant at the log parameters (parameter,), gradient (parameter,) and Hessian
        (parameter, parameter).
        """
        ...


@dataclass(frozen=True)
class WeakPrior:
    """Weak prior in phi = a/(a+b), the mean chance to leave at an order, kappa = a+b, and the shape r.

    logit(phi), ln(kappa) and ln(r) are normal. It is never a penalty on raw parameters: 0.01 of that on CDNOW
    moves a from .793 to .286. The order rate r/alpha has no prior. The defaults span phi .015 to .8 and kappa
    .3 to 50 at two deviations.
    """

    phi: float = 0.2
    phi_deviation: float = 1.5
    kappa: float = 4.0
    kappa_deviation: float = 1.25
    r: float = 0.7
    r_deviation: float = 2.0

    def derivatives(self, log_parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log density up to a constant at the log parameters (parameter,), gradient (parameter,) and Hessian
        (parameter, parameter).
        """
        ln_r, _, ln_a, ln_b = (float(value) for value in log_parameters)
        ln_kappa = float(np.logaddexp(ln_a, ln_b))
        share = math.exp(ln_a - ln_kappa)
        z_phi = (ln_a - ln_b - math.log(self.phi / (1.0 - self.phi))) / self.phi_deviation
        z_kappa = (ln_kappa - math.log(self.kappa)) / self.kappa_deviation
        z_r = (ln_r - math.log(self.r)) / self.r_deviation
        logit = np.array([0.0, 0.0, 1.0, -1.0]) / self.phi_deviation
        total = np.array([0.0, 0.0, share, 1.0 - share]) / self.kappa_deviation
        shape = np.array([1.0, 0.0, 0.0, 0.0]) / self.r_deviation
        bend = np.zeros((4, 4))
        bend[2:, 2:] = share * (1.0 - share) * np.array([[1.0, -1.0], [-1.0, 1.0]]) / self.kappa_deviation
        value = -0.5 * (z_phi**2 + z_kappa**2 + z_r**2)
        gradient = -(z_phi * logit + z_kappa * total + z_r * shape)
        hessian = -(np.outer(logit, logit) + np.outer(total, total) + np.outer(shape, shape) + z_kappa * bend)
        return value, gradient, np.asarray(hessian)


@dataclass(frozen=True)
class WeakParetoPrior:
    """Weak prior for Pareto/NBD in the shapes r and s and in beta/alpha, the scale of leaving beside that of
    ordering; all three logarithms are normal, and no time unit enters.
    """

    r: float = 0.7
    r_deviation: float = 2.0
    s: float = 0.7
    s_deviation: float = 1.25
    ratio: float = 1.0
    ratio_deviation: float = 1.5

    def derivatives(self, log_parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log density up to a constant at the log parameters (parameter,), gradient (parameter,) and Hessian
        (parameter, parameter).
        """
        rows = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, -1.0, 0.0, 1.0]])
        centre = np.log([self.r, self.s, self.ratio])
        deviation = np.array([self.r_deviation, self.s_deviation, self.ratio_deviation])
        scaled = rows / deviation[:, None]
        z = (rows @ np.asarray(log_parameters) - centre) / deviation
        return -0.5 * float(z @ z), np.asarray(-scaled.T @ z), np.asarray(-scaled.T @ scaled)


@dataclass(frozen=True, eq=False)
class NormalPrior:
    """Normal prior on the log parameters: what other cohorts say, for partial pooling of a thin one."""

    mean: FloatArray
    covariance: FloatArray

    def derivatives(self, log_parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log density up to a constant at the log parameters (parameter,), gradient (parameter,) and Hessian
        (parameter, parameter).
        """
        precision = np.linalg.inv(self.covariance)
        away = np.asarray(log_parameters) - self.mean
        pull = precision @ away
        return -0.5 * float(away @ pull), -pull, np.asarray(-precision)
