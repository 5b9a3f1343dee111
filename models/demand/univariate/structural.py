"""A structural state space model of one series by statsmodels, on the log scale where it is positive.

Level (random walk), slope (random walk) where it earns its parameter, and a stochastic season; maximum
likelihood by the Kalman filter (Harvey 1989; Durbin and Koopman 2012). Paths are drawn from the last filtered
state with addressed scores. A model with a slope must fit at least as well as the one without.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray
from models.demand.univariate.fitted import scale_of, usable

LEAST = 8
"""Fewest values that variances are estimated from."""
STARTS = (1.0, 0.1)
"""Multiples of the library's own start that the search begins from."""
SURELY = 1e-4
MOST_LOG = 12.0


@dataclass(frozen=True)
class Structural:
    """A fitted structural model: y = design state + noise, state' = transition state + selection shocks.

    ``state`` and its ``covariance`` are those of the first period ahead. Numbers are logs where ``logs``,
    else over ``scale``.
    """

    label: str
    design: FloatArray
    transition: FloatArray
    selection: FloatArray
    shock: FloatArray
    """Standard deviations of the shocks, shape (shock,)."""
    noise: float
    state: FloatArray
    covariance: FloatArray
    logs: bool
    scale: float
    aicc: float
    loglik: float
    restarted: bool = False

    def mean(self, periods: int) -> FloatArray:
        """Point forecast in the unit of the series, shape (period,): the path without errors (the median
        where the scale is log).
        """
        return np.asarray(self.paths(np.zeros((1, periods)))[0])

    def paths(self, scores: FloatArray) -> FloatArray:
        """Paths under standard normal scores, dims (trial, period), of one source or several (trial, source,
        period).

        With one source its scores drive the observation's error as a whole, spread over the components by
        their share (innovations form); with several, each component has its own.
        """
        return self._own(scores) if scores.ndim == 3 else self._innovations(scores)

    @property
    def sources(self) -> int:
        """Sources of error that ``paths`` takes apart: noise, shocks, and the state's own error."""
        return 1 + len(self.shock) + len(self.state)

    def _own(self, scores: FloatArray) -> FloatArray:
        trials, _, periods = scores.shape
        shocks = len(self.shock)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        state = self.state + scores[:, 1 + shocks :, 0] @ root.T
        out = np.empty((trials, periods))
        for j in range(periods):
            out[:, j] = state @ self.design + self.noise * scores[:, 0, j]
            push = scores[:, 1 : 1 + shocks, j] * self.shock
            state = state @ self.transition.T + push @ self.selection.T
        return self._back(out)

    def _innovations(self, scores: FloatArray) -> FloatArray:
        trials, periods = scores.shape
        state, covariance = np.tile(self.state, (trials, 1)), self.covariance.copy()
        moved = self.selection @ np.diag(self.shock**2) @ self.selection.T
        out = np.empty((trials, periods))
        for j in range(periods):
            spread = float(self.design @ covariance @ self.design) + self.noise**2
            gain = covariance @ self.design / max(spread, 1e-300)
            error = np.sqrt(spread) * scores[:, j]
            out[:, j] = state @ self.design + error
            state = (state + error[:, None] * gain) @ self.transition.T
            kept = covariance - np.outer(gain, gain) * spread
            covariance = self.transition @ kept @ self.transition.T + moved
        return self._back(out)

    def _back(self, values: FloatArray) -> FloatArray:
        return np.asarray(
            np.exp(np.minimum(values, MOST_LOG)) * self.scale if self.logs else values * self.scale
        )


def fit_structural(series: npt.ArrayLike, period: int = 1) -> Structural | None:
    """The structural model of least AICc for a series (time,); None where it is too short or no search ends.

    A season needs two full cycles and two values more.
    """
    y = usable(series)
    if len(y) < LEAST or float(np.ptp(y)) == 0.0:
        return None
    scale = scale_of(y)
    logs = bool(y.min() > 0.0)
    z = np.log(y / scale) if logs else y / scale
    cycle = period if period > 1 and len(z) >= 2 * period + 2 else 0
    level = _fit(z, "llevel", cycle, logs, scale, None)
    trend = _fit(z, "lltrend", cycle, logs, scale, level)
    found = [each for each in (level, trend) if each is not None]
    return min(found, key=lambda each: each.aicc) if found else None


def _fit(
    z: FloatArray, kind: str, cycle: int, logs: bool, scale: float, simpler: Structural | None
) -> Structural | None:
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # a second to import

    model = UnobservedComponents(z, kind, seasonal=cycle or None)
    best = _search(model, [multiple * np.asarray(model.start_params) for multiple in STARTS])
    restarted = False
    if best is not None and simpler is not None and best.llf < simpler.loglik - SURELY:
        again = _search(model, [_inside(simpler, model)])
        restarted = True
        best = again if again is not None and again.llf > best.llf else best
    if best is None:
        return None
    ssm = model.ssm
    spare = len(z) - len(best.params) - 1
    aicc = -2.0 * best.llf + 2.0 * len(best.params) * len(z) / max(spare, 1)
    words = ["structural", "log" if logs else "", "level and slope" if kind == "lltrend" else "level"]
    words.append("and season" if cycle else "")
    return Structural(
        label=" ".join(word for word in words if word),
        design=np.asarray(ssm["design"][0], dtype=np.float64).copy(),
        transition=np.asarray(ssm["transition"], dtype=np.float64).copy(),
        selection=np.asarray(ssm["selection"], dtype=np.float64).copy(),
        shock=np.sqrt(np.maximum(np.diag(ssm["state_cov"]).astype(np.float64), 0.0)),
        noise=float(np.sqrt(max(float(ssm["obs_cov"][0, 0]), 0.0))),
        state=np.asarray(best.predicted_state[:, -1], dtype=np.float64).copy(),
        covariance=np.asarray(best.predicted_state_cov[:, :, -1], dtype=np.float64).copy(),
        logs=logs,
        scale=scale,
        aicc=float(aicc),
        loglik=float(best.llf),
        restarted=restarted,
    )


def _search(model: Any, starts: list[FloatArray]) -> Any:
    """Best of several searches, or None; what the library warns of is judged by the likelihood instead."""
    best = None
    for start in starts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = model.fit(start, disp=False, maxiter=100, cov_type="none")
        except (np.linalg.LinAlgError, ValueError):
            continue
        if np.isfinite(found.llf) and (best is None or found.llf > best.llf):
            best = found
    if best is not None:
        model.update(best.params)
    return best


def _inside(simpler: Structural, model: Any) -> FloatArray:
    """The simpler model's variances as a start of the larger one, whose slope hardly moves."""
    start = np.asarray(model.start_params, dtype=np.float64).copy()
    known = {
        "sigma2.irregular": simpler.noise**2,
        "sigma2.level": simpler.shock[0] ** 2,
        "sigma2.trend": 1e-8,
    }
    if len(simpler.shock) > 1:
        known["sigma2.seasonal"] = simpler.shock[1] ** 2
    for k, name in enumerate(model.param_names):
        start[k] = max(known.get(name, start[k]), 1e-10)
    return start
