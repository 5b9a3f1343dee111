"""Exponential smoothing (ETS) of one series: every admissible form, several starts, the best by AICc.

Hyndman, Koehler, Ord and Snyder 2008. The first season is taken from a classical decomposition and not
searched. A form that contains a simpler one must fit at least as well: if it does not, the search began in a
bad place and is begun again from the simpler one's optimum (optimisers of leading libraries stop in such
places: a model without trend for AirPassengers, say).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.demand.univariate.decomposition import season_indices
from models.demand.univariate.fitted import scale_of, unbiased, usable
from models.demand.univariate.recursions import (
    ADDED,
    DAMPED,
    MULTIPLIED,
    NO_SEASON,
    NO_TREND,
    SMOOTHING,
    TREND,
    WORST,
    search,
    smooth,
    unpack,
)
from models.demand.univariate.simulation import smoothing_paths

STARTS = (-2.0, 0.0, 2.0)
"""Where the search for the weight of the newest value begins: shares .12, .5, .88."""
EVALUATIONS = 1000
FIRST = 10
"""Observations that the first level and slope are read from."""
SURELY = 1e-6
LEAST_FACTOR = 0.01
_TRENDS, _SEASONS = ("N", "A", "Ad"), ("N", "A", "M")


@dataclass(frozen=True)
class Smoothing:
    """A fitted exponential smoothing model; parameters are those of the series over ``scale``.

    ``values`` alpha, beta, gamma, phi, first level, first slope; ``state`` level, slope and the coming
    seasonal terms; ``deviation`` of the one-step errors (relative where ``relative``); ``aicc`` and
    ``objective`` (-2 log-likelihood without constants) compare forms of one series only.
    """

    trend: int
    season: int
    relative: bool
    values: FloatArray
    state: FloatArray
    deviation: float
    scale: float
    objective: float
    aicc: float
    fitted: FloatArray
    """One-step expectations of the past, in the unit of the series."""
    restarted: bool = False
    """Whether the guard had to begin a search again."""

    @property
    def label(self) -> str:
        """ETS(error, trend, season) in Hyndman's letters."""
        return f"ETS({'M' if self.relative else 'A'},{_TRENDS[self.trend]},{_SEASONS[self.season]})"

    def mean(self, periods: int) -> FloatArray:
        """Point forecast in the unit of the series, shape (period,): the path without errors."""
        return np.asarray(self.paths(np.zeros((1, periods)))[0])

    def paths(self, scores: FloatArray) -> FloatArray:
        """Paths in the unit of the series under standard normal scores, dims (trial, period)."""
        out = smoothing_paths(
            self.values, self.state, self.trend, self.season, self.relative, self.deviation, scores
        )
        return np.asarray(out * self.scale)


@dataclass(frozen=True)
class _Form:
    trend: int
    season: int
    relative: bool

    @property
    def parts(self) -> list[str]:
        """Names of the searched numbers, in order."""
        out = ["alpha"]
        out += ["beta"] if self.trend != NO_TREND else []
        out += ["gamma"] if self.season != NO_SEASON else []
        out += ["phi"] if self.trend == DAMPED else []
        return [*out, "level", *(["slope"] if self.trend != NO_TREND else [])]


def fit_smoothing(
    series: npt.ArrayLike, period: int = 1, *, trends: tuple[int, ...] = (NO_TREND, TREND, DAMPED)
) -> Smoothing:
    """The exponential smoothing model of least AICc for a series (time,).

    A season needs two full cycles and two values more; multiplied seasons and relative errors need positive
    numbers. A constant or very short series gets its level.
    """
    y = usable(series)
    scale = scale_of(y)
    z = y / scale
    found: dict[tuple[int, int, bool], Smoothing] = {}
    for season in _seasons(z, period):
        start = season_indices(z, period, multiplied=season == MULTIPLIED) if season else np.ones(1)
        if season == MULTIPLIED and start.min() < LEAST_FACTOR:
            continue
        for relative in (False, True) if z.min() > 0.0 else (False,):
            if season == MULTIPLIED and not relative:
                continue  # unstable: Hyndman et al. 2008, section 15.1
            for trend in trends:
                simpler = found.get((NO_TREND, season, relative)) if trend != NO_TREND else None
                one = _fit(z, _Form(trend, season, relative), start, scale, simpler)
                if one is not None:
                    found[trend, season, relative] = one
    if not found:
        return _level(y, scale)
    return min(found.values(), key=lambda each: each.aicc)


def _seasons(z: FloatArray, period: int) -> tuple[int, ...]:
    if period < 2 or len(z) < 2 * period + 2:
        return (NO_SEASON,)
    return (NO_SEASON, ADDED, MULTIPLIED) if z.min() > 0.0 else (NO_SEASON, ADDED)


def _fit(
    z: FloatArray, form: _Form, start: FloatArray, scale: float, simpler: Smoothing | None
) -> Smoothing | None:
    searched = form.parts
    count = len(searched) + 1 + (len(start) - 1 if form.season else 0)
    if len(z) - count - 1 < 1:
        return None
    shape = np.array([form.trend, form.season, float(form.relative)])
    step = np.array([{"level": 0.1, "slope": 0.02}.get(name, 1.0) for name in searched])
    level, slope = _first_line(z, start, form)
    best: tuple[FloatArray, float] | None = None
    for alpha in STARTS:
        values = {"alpha": alpha, "beta": -2.0, "gamma": -3.0, "phi": 1.0, "level": level, "slope": slope}
        point = np.array([values[name] for name in searched])
        found = search(SMOOTHING, point, step, z, start, shape, EVALUATIONS)
        if best is None or found[1] < best[1]:
            best = found
    assert best is not None  # noqa: S101 (there are starts)
    restarted = False
    if simpler is not None and best[1] > simpler.objective + SURELY:
        point = _inside(simpler, form)
        found = search(SMOOTHING, point, 0.3 * step, z, start, shape, EVALUATIONS)
        restarted = True
        if found[1] < best[1]:
            best = found
    return None if best[1] >= WORST else _finish(z, form, start, scale, best, count, restarted)


def _finish(
    z: FloatArray,
    form: _Form,
    start: FloatArray,
    scale: float,
    best: tuple[FloatArray, float],
    count: int,
    restarted: bool,
) -> Smoothing:
    values = unpack(best[0], form.trend, form.season)
    expected, state = np.empty(len(z)), np.empty(2 + len(start))
    smooth(z, start, form.trend, form.season, form.relative, values, expected, state)
    error = (z - expected) / expected if form.relative else z - expected
    aicc = best[1] + 2.0 * count * len(z) / (len(z) - count - 1)
    deviation = unbiased(float(error @ error), len(z), count - 1)
    return Smoothing(
        form.trend,
        form.season,
        form.relative,
        values,
        state,
        deviation,
        scale,
        float(best[1]),
        float(aicc),
        expected * scale,
        restarted,
    )


def _first_line(z: FloatArray, start: FloatArray, form: _Form) -> tuple[float, float]:
    """First level and slope: a line through the first observations without their season."""
    index = start[np.arange(len(z)) % len(start)]
    plain = z / index if form.season == MULTIPLIED else z - index if form.season == ADDED else z
    first = plain[: max(FIRST, min(len(start) * 2, len(plain)))]
    if form.trend == NO_TREND or len(first) < 2:
        return float(first.mean()), 0.0
    slope, level = np.polyfit(np.arange(1.0, len(first) + 1.0), first, 1)
    return float(level), float(slope)


def _inside(simpler: Smoothing, form: _Form) -> FloatArray:
    """The simpler form's optimum as a point of the larger form's search."""
    alpha, beta, gamma, _, level, slope = simpler.values
    values = {
        "alpha": _logit(alpha, 1e-4, 0.9999),
        "beta": _logit(beta / alpha, 1e-4, 0.9999),
        "gamma": _logit(gamma / (1.0 - alpha), 1e-4, 0.9999),
        "phi": 4.0,
        "level": level,
        "slope": slope,
    }
    return np.array([values[name] for name in form.parts])


def _logit(value: float, low: float, high: float) -> float:
    share = min(max((value - low) / (high - low), 1e-9), 1.0 - 1e-9)
    return float(np.log(share / (1.0 - share)))


def _level(y: FloatArray, scale: float) -> Smoothing:
    """The mean, for series too short for anything else."""
    z = y / scale
    level = float(z.mean())
    deviation = float(z.std(ddof=1)) if len(z) > 1 else abs(level)
    values = np.array([1.0 / (len(z) + 1.0), 0.0, 0.0, 1.0, level, 0.0])
    state = np.array([level, 0.0, 1.0])
    fitted = np.full(len(y), level * scale)
    return Smoothing(NO_TREND, NO_SEASON, False, values, state, deviation, scale, np.inf, np.inf, fitted)
