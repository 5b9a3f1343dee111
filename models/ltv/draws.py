"""Parameters of each trial: normal on the log scale, addressed by trial."""

from __future__ import annotations

import math

import numpy as np

from models.arrays import FloatArray, WordArray
from models.compiled import compiled
from models.quantiles import normal_quantile
from models.streams import key_of, uniform4


@compiled
def draw_log_normal(
    mean: FloatArray, factor: FloatArray, key: WordArray, first_trial: int, trials: int
) -> FloatArray:
    """exp(mean + factor z) per trial, dims (trial, parameter), z up to four addressed standard normals of the
    trial.

    ``mean`` (parameter,) and ``factor`` (parameter, parameter) are on the log scale.
    """
    out = np.empty((trials, mean.size))
    z = np.empty(4)
    for t in range(trials):
        u = uniform4(key, first_trial + t, 0, 0)
        for i in range(4):
            z[i] = normal_quantile(u[i])
        for i in range(mean.size):
            total = mean[i]
            for j in range(i + 1):
                total += factor[i, j] * z[j]
            out[t, i] = math.exp(total)
    return out


def parameters_by_trial(
    mean: FloatArray, covariance: FloatArray | None, seed: int, name: str, trials: range
) -> FloatArray:
    """Parameters of each trial (not their logs), dims (trial, parameter); without a covariance all trials
    have the fitted ones.

    ``mean`` (parameter,) and ``covariance`` (parameter, parameter) are of the log parameters.
    """
    mean = np.asarray(mean, dtype=np.float64)
    factor = np.zeros((mean.size, mean.size)) if covariance is None else factor_of(covariance)
    key = key_of(seed, f"{name}/parameters")
    return np.asarray(draw_log_normal(mean, factor, key, trials.start, len(trials)))


def factor_of(covariance: FloatArray) -> FloatArray:
    """Lower Cholesky factor of a covariance of log parameters, both (parameter, parameter); zero rows (a
    parameter that is not drawn) stay zero.
    """
    drawn = np.flatnonzero(np.diag(covariance) > 0.0)
    factor = np.zeros_like(covariance)
    if drawn.size:
        factor[np.ix_(drawn, drawn)] = np.linalg.cholesky(covariance[np.ix_(drawn, drawn)])
    return factor
