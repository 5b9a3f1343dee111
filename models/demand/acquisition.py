"""From spend to new customers: n = k spend^beta season^gamma, beta below one (diminishing returns), prior and
posterior kept.

The platform's claim is tied to the ledger: per market and sales channel, claimed new customers are scaled to
the first orders seen; first orders nobody claims are organic and answer to no spend. A scenario's acquisition
level is (spend / plan spend)^beta / (cost per customer at equal spend, relative to plan).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, WordArray
from models.compiled import compiled
from models.demand.anonymous import FOLLOWS_PRIOR
from models.demand.settings import Prior
from models.quantiles import normal_quantile
from models.streams import keys_of, uniform4

LEAST_RESPONSE = 0.01
"""Least elasticity of new customers to spend: more spend never wins fewer."""
MOST_RESPONSE = 1.0
"""Largest elasticity: returns on spend do not rise."""
PERIOD_SD = 0.10
"""Month-to-month scatter of the log of new customers assumed beside count noise."""


@dataclass(frozen=True)
class Response:
    """Posterior of the acquisition response of one market and channel.

    ``scale`` is the multiplier k of spend^beta season^gamma that makes fitted equal actual in sum; ``log_sd``
    the standard error of its log.
    """

    scale: float
    beta: float
    beta_sd: float
    gamma: float
    log_sd: float
    prior: Prior
    months: int
    fitted: FloatArray
    """Expected new customers of the history months, shape (month,)."""
    actual: FloatArray
    """New customers of the history months, shape (month,)."""

    def expected(self, spend: FloatArray, season: FloatArray) -> FloatArray:
        """Expected new customers per month for spend (company currency a month) and season factors, shape
        (month,).
        """
        return np.where(spend > 0, self.scale * _power(spend, self.beta) * season**self.gamma, 0.0)


def _power(spend: FloatArray, beta: float) -> FloatArray:
    return np.asarray(np.where(spend > 0, np.exp(beta * np.log(np.where(spend > 0, spend, 1.0))), 0.0))


def fit_response(
    spend: FloatArray,
    customers: FloatArray,
    season: FloatArray,
    prior: Prior,
    shocks: FloatArray | None = None,
) -> Response:
    """Response from monthly spend (company currency), new customers and season factors, all (month,).

    Normal posterior of (log k, beta, gamma) by weighted regression of log new customers on log spend,
    centred, under the listed priors of beta and gamma. Months without spend or customers are no evidence;
    with none the prior stands and k is 0. ``shocks`` (month, month) is the covariance of what moved the
    months beside count noise, on the log scale; it changes errors only.
    """
    used = (spend > 0) & (customers > 0)
    months = int(used.sum())
    if months == 0:
        return Response(
            0.0, prior.mean, prior.sd, FOLLOWS_PRIOR.mean, 0.0, prior, 0, np.zeros(len(spend)), customers
        )
    y = np.log(customers[used])
    x = np.log(spend[used])
    s = np.log(season[used])
    weight = 1.0 / (1.0 / customers[used] + PERIOD_SD**2)
    x_mean = float(np.sum(weight * x) / np.sum(weight))
    s_mean = float(np.sum(weight * s) / np.sum(weight))
    design = np.stack([np.ones(months), x - x_mean, s - s_mean], axis=1)
    # the level is as good as free; a prior without spread is one of a tiny one
    precision_prior = np.diag([1e-8, max(prior.sd, 1e-6) ** -2, FOLLOWS_PRIOR.sd**-2])
    mean_prior = np.array([0.0, prior.mean, FOLLOWS_PRIOR.mean])
    gram = (design * weight[:, None]).T @ design
    right = design.T @ (weight * y)
    scale = 1.0
    for _ in range(20):
        precision = gram / scale + precision_prior
        point = np.linalg.solve(precision, right / scale + precision_prior @ mean_prior)
        misfit = float(np.sum(weight * (y - design @ point) ** 2)) / max(months - 1, 1)
        scale = max(misfit, 1.0)
    covariance = np.linalg.inv(precision)
    if shocks is not None:
        pull = (design * weight[:, None]).T / scale
        noise = np.diag(1.0 / customers[used]) + shocks[np.ix_(used, used)]
        covariance = covariance @ (pull @ noise @ pull.T + precision_prior) @ covariance
    beta = float(np.clip(point[1], LEAST_RESPONSE, MOST_RESPONSE))
    gamma = float(point[2])
    shape = np.where(spend > 0, _power(spend, beta) * season**gamma, 0.0)
    k = math.fsum(customers[used]) / math.fsum(shape[used])
    return Response(
        k,
        beta,
        math.sqrt(covariance[1, 1]),
        gamma,
        math.sqrt(covariance[0, 0]),
        prior,
        months,
        k * shape,
        customers,
    )


@compiled
def acquisition_level(spend_ratio: float, cac_ratio: float, beta: float) -> float:
    """Acquisition level relative to plan: spend_ratio^beta / cac_ratio, exactly 1 where both ratios are 1.

    ``spend_ratio`` is spend over plan spend, ``cac_ratio`` the cost per new customer at equal spend over
    plan, ``beta`` the elasticity of new customers to spend.
    """
    if spend_ratio <= 0.0:
        return 0.0
    if spend_ratio == 1.0:
        return 1.0 / cac_ratio
    return math.exp(beta * math.log(spend_ratio)) / cac_ratio


@compiled
def acquisition_levels(spend_ratio: FloatArray, cac_ratio: FloatArray, beta: FloatArray) -> FloatArray:
    """Levels of one month, dims (trial, market, acquisition channel), from ratios (R, Mk, Aq) and beta (T,
    Mk, Aq); R is 1 or T.
    """
    trials, markets, channels = beta.shape
    out = np.empty((trials, markets, channels))
    for t in range(trials):
        s = min(t, spend_ratio.shape[0] - 1)
        c = min(t, cac_ratio.shape[0] - 1)
        for m in range(markets):
            for q in range(channels):
                out[t, m, q] = acquisition_level(spend_ratio[s, m, q], cac_ratio[c, m, q], beta[t, m, q])
    return out


def draw_response(
    beta: FloatArray,
    beta_sd: FloatArray,
    log_sd: FloatArray,
    names: list[str],
    trials: range,
    seed: int,
    shared: FloatArray | None = None,
    weight: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Elasticities, and multipliers of expected new customers with mean exactly one, dims (trial, stream)
    each.

    ``beta``, ``beta_sd`` and ``log_sd`` (stream,); ``weight`` is the share of the multiplier's variance that
    follows ``shared`` (trial, stream), standard normal scores.
    """
    scores = np.zeros((len(trials), len(names))) if shared is None else shared
    keys = keys_of(seed, names)
    elasticity, factor = _draw(
        beta, beta_sd, log_sd, keys, trials.start, np.ascontiguousarray(scores), weight
    )
    return np.asarray(elasticity), np.asarray(factor)


@compiled
def _draw(
    beta: FloatArray,
    beta_sd: FloatArray,
    log_sd: FloatArray,
    keys: WordArray,
    first_trial: int,
    shared: FloatArray,
    weight: float,
) -> tuple[FloatArray, FloatArray]:
    trials = shared.shape[0]
    elasticity = np.empty((trials, beta.size))
    factor = np.empty((trials, beta.size))
    for t in range(trials):
        for i in range(beta.size):
            u_1, u_2, _, _ = uniform4(keys[i], first_trial + t, 0, 0)
            drawn = beta[i] + beta_sd[i] * normal_quantile(u_1)
            elasticity[t, i] = min(max(drawn, LEAST_RESPONSE), MOST_RESPONSE)
            score = math.sqrt(weight) * shared[t, i] + math.sqrt(1.0 - weight) * normal_quantile(u_2)
            factor[t, i] = math.exp(log_sd[i] * score - 0.5 * log_sd[i] * log_sd[i])
    return elasticity, factor
