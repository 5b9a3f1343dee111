"""What the months do beyond the model: a mean-reverting multiplier of the rate, per market, with a common
factor.

y_j = log(actual / expected) of month j is x_j + known count noise; x is AR(1) with persistence phi (one for
the company) and standard deviation sigma (one per market). Both are integrated on a grid of exact Kalman
likelihoods under listed weak priors, so a short history can neither diverge nor pretend to know them.
Forward,

    x_j = sigma (sqrt(share) F_j + sqrt(1 - share) G_j) + phi^(j+1) e,

F common, G and the filter error e of the market by its key, and the multiplier exp(x_j - var(x_j) / 2) has
mean exactly one. Where the last month left the market (filtered mean) decays as the deterministic
``nowcast``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray, WordArray
from models.calendar import MONTHS_IN_YEAR
from models.compiled import compiled, inner
from models.quantiles import normal_quantile
from models.streams import key_of, keys_of, uniform1, uniform4

PERSISTENCE = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
SCALES = np.exp(np.linspace(math.log(0.005), math.log(0.8), 32))
"""Grid of the standard deviation of the log residual."""
PRIOR_SCALE = 0.10
"""Centre of the log-normal prior of the residual's standard deviation."""
PRIOR_LOG_SD = 0.7
"""Spread of that prior on the log scale: a factor of two either way is usual."""
PRIOR_SHARE = 0.5
"""Prior share of the residual variance that all markets have in common."""
PRIOR_SHARE_WEIGHT = 6.0
"""Month-pairs of evidence that the prior of the common share counts for."""
LEAST_MONTHS = 6
"""Usable months below which a market says nothing of its residual."""
GROWTH_SD = 1.0
"""Standard deviation of the prior of the log growth from one year to the next: it may be anything."""
SHARED = 0.7
"""Share of the variance of fitted levels that is due to the months' shocks, which all series of a market have
met together."""


@dataclass(frozen=True)
class Residual:
    """Posterior of the residual process; grids ``PERSISTENCE`` (P,) and ``SCALES`` (S,).

    ``phi_weight`` (P,) sums to one; ``scale_weight`` (market, P, S) sums to one over S; ``filtered_mean`` and
    ``filtered_variance`` (market,) of log x at the last closed month; ``share`` of variance that is common;
    ``count_noise`` (market,) mean known variance taken out; ``total`` (market,) variance of y; ``months``
    (market,) used.
    """

    phi_weight: FloatArray
    scale_weight: FloatArray
    filtered_mean: FloatArray
    filtered_variance: FloatArray
    share: float
    count_noise: FloatArray
    total: FloatArray
    months: FloatArray
    on: bool = True

    def phi(self) -> float:
        """Posterior mean of the persistence."""
        return float(np.sum(self.phi_weight * PERSISTENCE))

    def scale(self) -> FloatArray:
        """Posterior mean of the standard deviation of the log residual, shape (market,)."""
        return np.asarray(np.sum(self.phi_weight[None, :, None] * self.scale_weight * SCALES, axis=(1, 2)))

    def shocks(self, market: int, months: int) -> FloatArray:
        """Covariance of the log residual of ``months`` consecutive months, posterior mean, dims (month,
        month).
        """
        variance = self.phi_weight * (self.scale_weight[market] * SCALES**2).sum(axis=1)
        apart = np.arange(months)
        by_lag = (variance[:, None] * PERSISTENCE[:, None] ** apart[None, :]).sum(axis=0)
        return np.asarray(by_lag[np.abs(apart[:, None] - apart[None, :])])

    def nowcast(self, months: int) -> FloatArray:
        """Deterministic multiplier of the base expectation, shape (market, month): where the last month left
        it, decaying to 1.
        """
        if not self.on:
            return np.ones((len(self.filtered_mean), months))
        decay = self.phi() ** (1.0 + np.arange(months))
        spread = self.filtered_variance - self.scale() ** 2
        return np.asarray(np.exp(self.filtered_mean[:, None] * decay + 0.5 * spread[:, None] * decay**2))


def log_likelihood(y: FloatArray, noise: FloatArray, phi: float, sigma: float) -> tuple[float, float, float]:
    """Log-likelihood of y (month,) under AR(1) + known noise variances, with the filtered mean and variance
    at the end.

    Missing months are NaN. The Kalman filter of a scalar state, started from its stationary law.
    """
    mean, variance, total = 0.0, sigma * sigma, 0.0
    for value, known in zip(y, noise, strict=True):
        mean, variance = phi * mean, phi * phi * variance + (1.0 - phi * phi) * sigma * sigma
        if math.isnan(value):
            continue
        spread = variance + known
        error = value - mean
        total -= 0.5 * (math.log(2.0 * math.pi * spread) + error * error / spread)
        gain = variance / spread
        mean, variance = mean + gain * error, variance * (1.0 - gain)
    return total, mean, variance


def fit_residual(
    actual: FloatArray,
    expected: FloatArray,
    dispersion: FloatArray,
    *,
    seasonal: bool = False,
    on: bool = True,
) -> Residual:
    """Residual process from actual and expected orders, both (market, month); months without expectation are
    left out.

    ``dispersion`` (market,) scales the Poisson count noise 1/expected, for repeat orders that come in clumps.
    ``seasonal`` says that the season in ``expected`` was fitted to the same months: it has taken much of what
    they did, common things first. Differences between a month and the same month a year before do not see
    it, so they are what the process is then read from.
    """
    markets = len(actual)
    grid = np.zeros((markets, len(PERSISTENCE), len(SCALES)))
    prior = -0.5 * (np.log(SCALES / PRIOR_SCALE) / PRIOR_LOG_SD) ** 2
    series = [_series(actual[m], expected[m], dispersion[m]) for m in range(markets)]
    yearly = [year_on_year(y, noise) for y, noise in series] if seasonal else []
    for m, (y, noise) in enumerate(series):
        for p, phi in enumerate(PERSISTENCE):
            if seasonal and len(yearly[m].later) >= LEAST_MONTHS:
                grid[m, p] = yearly[m].log_likelihoods(float(phi)) + prior
                continue
            for s, sigma in enumerate(SCALES):
                grid[m, p, s] = log_likelihood(y, noise, float(phi), float(sigma))[0] + prior[s]
    top = grid.max(axis=2, keepdims=True)
    mass = np.exp(grid - top)
    scale_weight = mass / mass.sum(axis=2, keepdims=True)
    evidence = np.log(mass.sum(axis=2)) + top[:, :, 0]
    # prior of the persistence, proportional to phi (1 - phi); phi = 0 keeps a chance
    log_phi = np.log(np.maximum(PERSISTENCE, 0.05) * (1.0 - PERSISTENCE))
    for m in range(markets):
        if not np.all(
            np.isnan(series[m][0])
        ):  # a market without data must not move the last bit of the others
            log_phi = log_phi + evidence[m]
    phi_weight = np.exp(log_phi - log_phi.max())
    phi_weight /= phi_weight.sum()
    phi = float(np.sum(phi_weight * PERSISTENCE))
    scale = np.sum(phi_weight[None, :, None] * scale_weight * SCALES, axis=(1, 2))
    ends = [log_likelihood(y, noise, phi, float(scale[m]))[1:] for m, (y, noise) in enumerate(series)]
    return Residual(
        phi_weight=phi_weight,
        scale_weight=scale_weight,
        filtered_mean=np.array([end[0] for end in ends]),
        filtered_variance=np.array([end[1] for end in ends]),
        share=_common_share([year.spread(phi) for year in yearly] if seasonal else series, scale),
        count_noise=np.array([_mean(noise[~np.isnan(y)]) for y, noise in series]),
        total=np.array([_mean(y[~np.isnan(y)] ** 2) for y, _ in series]),
        months=np.array([float(np.sum(~np.isnan(y))) for y, _ in series]),
        on=on,
    )


@dataclass(frozen=True)
class YearOnYear:
    """Log ratios less those a year before: whatever the season is, it is not in them.

    ``later`` are the months that have one; ``y`` (month,) the log ratios and ``noise`` their known variances.
    """

    later: IntArray
    y: FloatArray
    noise: FloatArray

    @property
    def difference(self) -> FloatArray:
        """Difference of the log ratios of a month and the same month a year before, dims (pair,)."""
        return self.y[self.later] - self.y[self.later - MONTHS_IN_YEAR]

    def correlation(self, phi: float) -> FloatArray:
        """Covariance of the differences of log ratios of a process with variance 1, without noise, dims
        (pair, pair).
        """
        apart = self.later[:, None] - self.later[None, :]
        return np.asarray(
            2.0 * phi ** np.abs(apart)
            - phi ** np.abs(apart - MONTHS_IN_YEAR)
            - phi ** np.abs(apart + MONTHS_IN_YEAR)
        )

    def log_likelihoods(self, phi: float) -> FloatArray:
        """Log-likelihood of the differences at each of ``SCALES``, dims (point,); their mean (growth) may be
        anything.
        """
        noise = np.diag(self.noise[self.later] + self.noise[self.later - MONTHS_IN_YEAR]) + GROWTH_SD**2
        for k in range(len(self.later)):  # with more than two years a month is in two differences
            again = np.flatnonzero(self.later - MONTHS_IN_YEAR == self.later[k])
            noise[k, again] -= self.noise[self.later[k]]
            noise[again, k] -= self.noise[self.later[k]]
        process = self.correlation(phi)
        out = np.empty(len(SCALES))
        for s, sigma in enumerate(SCALES):
            root = np.linalg.cholesky(sigma * sigma * process + noise)
            white = np.linalg.solve(root, self.difference)
            out[s] = -np.log(np.diag(root)).sum() - 0.5 * float(np.sum(white * white))
        return out

    def spread(self, phi: float) -> tuple[FloatArray, FloatArray]:
        """Centred differences (month,), NaN where there is none, with the variance of the process, and their
        noise variances.
        """
        y, noise = np.full(len(self.y), np.nan), np.ones(len(self.y))
        pairs = len(self.later)
        if pairs < LEAST_MONTHS:
            return y, noise
        process = self.correlation(phi)
        kept = (np.trace(process) - process.sum() / pairs) / pairs
        y[self.later] = (self.difference - self.difference.mean()) / math.sqrt(kept)
        noise[self.later] = (self.noise[self.later] + self.noise[self.later - MONTHS_IN_YEAR]) / kept
        return y, noise


def year_on_year(y: FloatArray, noise: FloatArray) -> YearOnYear:
    """Months that have one a year before, both known; ``y`` (month,) log ratios and their known ``noise``
    variances (month,).
    """
    seen = ~np.isnan(y)
    later = (
        np.flatnonzero(seen[MONTHS_IN_YEAR:] & seen[:-MONTHS_IN_YEAR]) + MONTHS_IN_YEAR
        if len(y) > MONTHS_IN_YEAR
        else np.zeros(0, np.int64)
    )
    return YearOnYear(later, y, noise)


def _series(actual: FloatArray, expected: FloatArray, dispersion: float) -> tuple[FloatArray, FloatArray]:
    """Centred log ratios (NaN where nothing was expected) and their known noise variances."""
    usable = (expected >= 1.0) & (actual > 0.0)
    noise = np.where(usable, dispersion / np.maximum(expected, 1e-300), 1.0)
    if usable.sum() < LEAST_MONTHS:
        return np.full(len(actual), np.nan), noise
    y = np.where(usable, np.log(np.where(usable, actual, 1.0) / np.where(usable, expected, 1.0)), np.nan)
    weight = np.where(usable, 1.0 / (noise + PRIOR_SCALE**2), 0.0)
    centre = float(np.sum(np.where(usable, weight * y, 0.0)) / np.sum(weight))
    return y - centre, noise


def _common_share(series: list[tuple[FloatArray, FloatArray]], scale: FloatArray) -> float:
    """Share of the residual variance common to all markets: pairwise products over their scale, with a listed
    prior.
    """
    product = PRIOR_SHARE * PRIOR_SHARE_WEIGHT
    weight = PRIOR_SHARE_WEIGHT
    for i, (y_i, noise_i) in enumerate(series):
        for j in range(i):
            y_j, noise_j = series[j]
            both = ~np.isnan(y_i) & ~np.isnan(y_j)
            signal = scale[i] * scale[j] / np.sqrt((scale[i] ** 2 + noise_i) * (scale[j] ** 2 + noise_j))
            w = np.where(both, signal**2, 0.0)
            product += float(np.sum(np.where(both, w * y_i * y_j, 0.0))) / float(scale[i] * scale[j])
            weight += float(np.sum(w))
    return min(max(product / weight, 0.0), 0.95)


def _mean(values: FloatArray) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def draw_residual(
    residual: Residual, markets: tuple[str, ...], trials: range, seed: int, months: int
) -> FloatArray:
    """Residual multipliers with mean one, dims (trial, market, month), shape (T, Mk, months)."""
    if not residual.on:
        return np.ones((len(trials), len(markets), months))
    out = np.empty((len(trials), len(markets), months))
    _draw(
        np.cumsum(residual.phi_weight),
        np.cumsum(residual.scale_weight, axis=2),
        residual.filtered_variance / residual.scale() ** 2,
        residual.share,
        key_of(seed, "residual/common"),
        keys_of(seed, [f"residual/{market}" for market in markets]),
        trials.start,
        out,
    )
    return out


def draw_shared(residual: Residual, markets: tuple[str, ...], trials: range, seed: int) -> FloatArray:
    """Standard normal scores of what the fitted levels of a market have in common, dims (trial, market).

    The months that set one level too high set the others too high: errors of levels go together within a
    market and, at the residual's common share, between markets. Zero where the residual is off.
    """
    if not residual.on:
        return np.zeros((len(trials), len(markets)))
    keys = keys_of(seed, [f"level/{market}" for market in markets])
    return np.asarray(_shared(residual.share, key_of(seed, "level/common"), keys, trials.start, len(trials)))


@compiled
def _shared(
    share: float, common_key: WordArray, keys: WordArray, first_trial: int, trials: int
) -> FloatArray:
    out = np.empty((trials, len(keys)))
    for t in range(trials):
        common = normal_quantile(uniform1(common_key, first_trial + t, 0, 0))
        for m in range(len(keys)):
            own = normal_quantile(uniform1(keys[m], first_trial + t, 0, 0))
            out[t, m] = math.sqrt(share) * common + math.sqrt(1.0 - share) * own
    return out


@inner
def _pick(cumulative: FloatArray, u: float) -> int:
    last = cumulative.size - 1
    i = 0
    while i < last and u >= cumulative[i]:
        i += 1
    return i


@compiled
def _draw(
    phi_cumulative: FloatArray,
    scale_cumulative: FloatArray,
    start_share: FloatArray,
    share: float,
    common_key: WordArray,
    keys: WordArray,
    first_trial: int,
    out: FloatArray,
) -> None:
    trials, markets, months = out.shape
    for t in range(trials):
        trial = first_trial + t
        p = _pick(phi_cumulative, uniform1(common_key, trial, 0, 0))
        phi = PERSISTENCE[p]
        step = math.sqrt(1.0 - phi * phi)
        for m in range(markets):
            u_scale, u_start, _, _ = uniform4(keys[m], trial, 0, 0)
            sigma = SCALES[_pick(scale_cumulative[m, p], u_scale)]
            start = math.sqrt(start_share[m]) * normal_quantile(u_start)
            common = 0.0
            own = 0.0
            decay = 1.0
            for j in range(months):
                common = phi * common + step * normal_quantile(uniform1(common_key, trial, 1 + j, 0))
                own = phi * own + step * normal_quantile(uniform1(keys[m], trial, 1 + j, 0))
                decay *= phi
                x = math.sqrt(share) * common + math.sqrt(1.0 - share) * own + decay * start
                variance = 1.0 - decay * decay + decay * decay * start_share[m]
                out[t, m, j] = math.exp(sigma * x - 0.5 * sigma * sigma * variance)
