"""The recursions of exponential smoothing and of the dynamic theta model, and a simplex search over them,
compiled.

Numbers of a series are scaled to a mean near one by the caller. Parameters come on an unbounded scale: the
search needs no constraints. statsmodels has the same smoothing models; fitting a family of them with
several starts takes it seconds a series, and a backtest has hundreds of series.
"""

from __future__ import annotations

import math

import numpy as np

from models.arrays import FloatArray
from models.compiled import compiled, inline, inner

SMOOTHING, THETA = 0, 1
"""What the simplex search minimises."""
NO_TREND, TREND, DAMPED = 0, 1, 2
NO_SEASON, ADDED, MULTIPLIED = 0, 1, 2
LEAST_DAMPING, MOST_DAMPING = 0.8, 0.98
WORST = 1e30
"""Value of a point that is no model: above every log-likelihood, and finite for the simplex."""


@inner
def squash(value: float, low: float, high: float) -> float:
    """A number between two bounds from an unbounded one."""
    return low + (high - low) / (1.0 + math.exp(-min(max(value, -40.0), 40.0)))


@compiled
def unpack(point: FloatArray, trend: int, season: int) -> FloatArray:
    """alpha, beta, gamma, phi (shares), first level and first slope (unit of the scaled series), dims
    (parameter,), from a point of the search.
    """
    out = np.zeros(6)
    out[0] = squash(point[0], 1e-4, 0.9999)
    out[3] = 1.0
    at = 1
    if trend != NO_TREND:
        out[1] = out[0] * squash(point[at], 1e-4, 0.9999)
        at += 1
    if season != NO_SEASON:
        out[2] = (1.0 - out[0]) * squash(point[at], 1e-4, 0.9999)
        at += 1
    if trend == DAMPED:
        out[3] = squash(point[at], LEAST_DAMPING, MOST_DAMPING)
        at += 1
    out[4] = point[at]
    at += 1
    if trend != NO_TREND:
        out[5] = point[at]
    return out


@inline
def _with_season(base: float, factor: float, season: int) -> float:
    """Expectation of a period from its level with trend and the factor of its season."""
    if season == MULTIPLIED:
        return base * factor
    if season == ADDED:
        return base + factor
    return base


@inline
def _next_factor(factor: float, gamma: float, error: float, base: float, season: int) -> float:
    """Factor of a season for its next cycle."""
    if season == MULTIPLIED:
        return factor + gamma * error / base
    if season == ADDED:
        return factor + gamma * error
    return factor


@compiled
def smooth(
    y: FloatArray,
    season_start: FloatArray,
    trend: int,
    season: int,
    relative: bool,
    values: FloatArray,
    expected: FloatArray,
    state: FloatArray,
) -> float:
    """-2 log-likelihood (constants left out) of an exponential smoothing model; fills one-step expectations
    (period,) and the last state (level, slope, season of the coming periods).

    Hyndman, Koehler, Ord and Snyder 2008, table 2.2 and 2.3; ``y`` (period,) in units of its scale,
    ``relative`` errors are shares of the expectation.
    """
    alpha, beta, gamma, phi, level, slope = values
    period = season_start.size
    factor = season_start.copy()
    squares, logs = 0.0, 0.0
    for t in range(y.size):
        k = t % period
        base = level + phi * slope if trend != NO_TREND else level
        mean = _with_season(base, factor[k], season)
        # a level or expectation of nothing cannot be divided by
        if (relative and mean <= 1e-6) or (season == MULTIPLIED and (base <= 1e-6 or factor[k] <= 1e-6)):
            return WORST
        expected[t] = mean
        error = y[t] - mean
        per_level = error / factor[k] if season == MULTIPLIED else error
        level = base + alpha * per_level
        if trend != NO_TREND:
            slope = phi * slope + beta * per_level
        factor[k] = _next_factor(factor[k], gamma, error, base, season)
        if relative:
            squares += (error / mean) ** 2
            logs += 2.0 * math.log(mean)
        else:
            squares += error * error
    state[0], state[1] = level, slope
    for k in range(period):
        state[2 + k] = factor[(y.size + k) % period]
    if not math.isfinite(squares):
        return WORST
    # a series met exactly has no finite optimum otherwise
    return y.size * math.log(max(squares / y.size, 1e-12)) + logs


@compiled
def theta(y: FloatArray, values: FloatArray, expected: FloatArray, state: FloatArray) -> float:
    """Log of the mean squared one-step error of the dynamic theta model; fills expectations (period,) and
    last state.

    Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016, equations 6 to 12; values are alpha, theta
    and the first level; state is level, mean, slope and intercept of the running line, (1 - alpha)^n.
    """
    alpha, angle, level = values
    share = 1.0 - 1.0 / angle
    mean, line, slope = y[0], y[0], 0.0
    decay = 1.0
    squares = 0.0
    for t in range(y.size):
        drift = share * (decay * line + (1.0 - decay * (1.0 - alpha)) / alpha * slope)
        expected[t] = level + drift
        error = y[t] - expected[t]
        if t >= 2:
            squares += error * error
        mean, line, slope = theta_line(float(t + 1), y[t], mean, slope)
        level = alpha * y[t] + (1.0 - alpha) * level
        decay *= 1.0 - alpha
    state[0], state[1], state[2], state[3], state[4] = level, mean, slope, line, decay
    if not math.isfinite(squares):
        return WORST
    # a series met exactly has no finite optimum otherwise
    return math.log(max(squares / max(y.size - 2, 1), 1e-12))


@inner
def theta_line(n: float, value: float, mean: float, slope: float) -> tuple[float, float, float]:
    """Mean, intercept and slope of the least squares line through n points, from those of one point less."""
    if n <= 1.0:
        return value, value, 0.0
    following = ((n - 1.0) * mean + value) / n
    slope = ((n - 2.0) * slope + 6.0 * (value - mean) / n) / (n + 1.0)
    return following, following - 0.5 * (n + 1.0) * slope, slope


@compiled
def unpack_theta(point: FloatArray, fixed: float) -> FloatArray:
    """Share alpha, number theta and the first level (unit of the scaled series), dims (parameter,), from
    a point of the search; theta is ``fixed`` where that is positive.
    """
    return np.array(
        [
            squash(point[0], 0.02, 0.99),
            fixed if fixed > 0.0 else 1.0 + math.exp(min(max(point[2], -40.0), 4.0)),
            point[1],
        ]
    )


@compiled
def objective(
    which: int, point: FloatArray, y: FloatArray, season_start: FloatArray, shape: FloatArray
) -> float:
    """What is minimised at a point (parameter,), on the log scale: shape is (trend, season, relative) of
    smoothing, (fixed theta, 0, 0) of theta.
    """
    expected = np.empty(y.size)
    if which == THETA:
        return theta(y, unpack_theta(point, shape[0]), expected, np.empty(5))
    trend, season = int(shape[0]), int(shape[1])
    values = unpack(point, trend, season)
    state = np.empty(2 + season_start.size)
    return smooth(y, season_start, trend, season, shape[2] > 0.5, values, expected, state)


@compiled
def _simplex(
    which: int,
    start: FloatArray,
    step: FloatArray,
    y: FloatArray,
    season_start: FloatArray,
    shape: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Corners of the first simplex, one step from the start in each direction, and their values."""
    size = start.size
    points = np.empty((size + 1, size))
    values = np.empty(size + 1)
    for k in range(size + 1):
        points[k] = start
        if k > 0:
            points[k, k - 1] += step[k - 1]
        values[k] = objective(which, points[k], y, season_start, shape)
    return points, values


@compiled
def search(
    which: int,
    start: FloatArray,
    step: FloatArray,
    y: FloatArray,
    season_start: FloatArray,
    shape: FloatArray,
    most: int,
) -> tuple[FloatArray, float]:
    """Least value of the objective (on the log scale) from one start; point (parameter,) and value.

    Simplex of Nelder and Mead 1965: reflected, stretched, drawn in or shrunk, with their coefficients; ``y``
    (period,), at most about ``most`` values of the objective.
    """
    size = start.size
    points, values = _simplex(which, start, step, y, season_start, shape)
    calls = size + 1
    while calls < most:
        order = np.argsort(values)
        points, values = points[order], values[order]
        if values[size] - values[0] < 1e-8 * (1.0 + abs(values[0])):
            break
        centre = np.zeros(size)
        for k in range(size):
            centre += points[k] / size
        mirrored = centre + (centre - points[size])
        value = objective(which, mirrored, y, season_start, shape)
        calls += 1
        if value < values[0]:
            further = centre + 2.0 * (centre - points[size])
            beyond = objective(which, further, y, season_start, shape)
            calls += 1
            if beyond < value:
                points[size], values[size] = further, beyond
            else:
                points[size], values[size] = mirrored, value
        elif value < values[size - 1]:
            points[size], values[size] = mirrored, value
        else:
            inside = centre + (0.5 if value < values[size] else -0.5) * (mirrored - centre)
            nearer = objective(which, inside, y, season_start, shape)
            calls += 1
            if nearer < min(value, values[size]):
                points[size], values[size] = inside, nearer
            else:
                for k in range(1, size + 1):
                    points[k] = points[0] + 0.5 * (points[k] - points[0])
                    values[k] = objective(which, points[k], y, season_start, shape)
                calls += size
    best = int(np.argmin(values))
    return points[best], values[best]
