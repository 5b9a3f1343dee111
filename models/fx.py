"""Exchange rates: a driftless log random walk per currency with one common factor.

``rate`` is company currency per one foreign unit. On calendar day d

    log rate(d) = log rate(d-1) + v e(d) - v²/2,   e = b common + sqrt(1 - b²) own,

so the mean of every future rate is the last rate of the table: no forecast of the direction is claimed. The
common factor is one named stream and the own terms are addressed by currency: another currency in the model
changes no other path (a Cholesky factor in list order would).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from models.arrays import FloatArray, WordArray
from models.calendar import DAYS_IN_YEAR
from models.compiled import in_place
from models.errors import FitError, UsageError
from models.quantiles import normal_quantile
from models.streams import key_of, keys_of, uniform4

LISTED_VOLATILITY: Final = 0.08
"""Yearly volatility where the table is too short; about that of EUR against USD, GBP, CNY since 2015."""
_PRIOR_RETURNS: Final = 10.0
"""Log returns of the table's typical spacing that the listed volatility counts for."""
_FEWEST_COMMON: Final = 20
"""Days that two currencies must have in common for their correlation to be read."""
_LARGEST_LOADING: Final = 0.98
"""Largest correlation with the common factor: each currency keeps some movement of its own."""


@dataclass(frozen=True)
class FxModel:
    """Fitted exchange rates; every tuple in the order of ``currencies`` (sorted)."""

    currencies: tuple[str, ...]
    last_rate: tuple[float, ...]
    """Company currency per one foreign unit on the last day of the table."""
    daily_volatility: tuple[float, ...]
    """Standard deviation of the log rate per calendar day."""
    loading: tuple[float, ...]
    """Correlation of each currency with the common factor."""
    returns: tuple[int, ...] = ()
    """Log returns used per currency."""

    @property
    def annual_volatility(self) -> FloatArray:
        """Standard deviation of the log rate over a year, dims (currency,)."""
        return np.array(self.daily_volatility) * math.sqrt(DAYS_IN_YEAR)

    @property
    def correlation(self) -> FloatArray:
        """Correlation of log returns that the common factor implies, dims (currency, currency)."""
        b = np.array(self.loading)
        implied = np.outer(b, b)
        np.fill_diagonal(implied, 1.0)
        return implied

    def draw(self, trials: range, seed: int, days: int) -> FloatArray:
        """Rates: company currency per one foreign unit, dims (trial, currency, day); day 0 follows the table.

        Raises
        ------
        UsageError
            where the range of trials has a step
        """
        if trials.step != 1:
            raise UsageError(f"trials: a range with step 1 is needed | got step {trials.step}")
        out = np.empty((len(trials), len(self.currencies), days))
        _draw(
            trials.start,
            key_of(seed, "fx/common"),
            keys_of(seed, [f"fx/{currency}" for currency in self.currencies]),
            np.array(self.last_rate, dtype=np.float64),
            np.array(self.daily_volatility, dtype=np.float64),
            np.array(self.loading, dtype=np.float64),
            out,
        )
        return out

    def select(self, currencies: Sequence[str]) -> FxModel:
        """The same frozen model for some of the currencies; what is drawn for them does not change."""
        unknown = sorted(set(currencies) - set(self.currencies))
        if unknown:
            raise UsageError(f"currencies: unknown | got {unknown} | known are {list(self.currencies)}")
        keep = [place for place, currency in enumerate(self.currencies) if currency in set(currencies)]
        return FxModel(
            **{
                name: tuple(values[place] for place in keep) if (values := getattr(self, name)) else ()
                for name in self.__dataclass_fields__
            }
        )

    def to_json(self) -> str:
        """JSON text; ``from_json`` gives back an equal model."""
        return json.dumps(
            {name: list(getattr(self, name)) for name in self.__dataclass_fields__}, sort_keys=True
        )

    @classmethod
    def from_json(cls, text: str) -> FxModel:
        """Inverse of ``to_json``."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{name: tuple(value) for name, value in values.items()})


def fit_fx(table: pd.DataFrame, currencies: Sequence[str] | None = None) -> FxModel:
    """Volatilities and the common factor from a rate table.

    Parameters
    ----------
    table : columns day, currency, per_base (foreign units per ONE unit of company currency); any regular or
        irregular days.
    currencies : foreign currencies wanted; all of the table if omitted.

    Notes
    -----
    Variance per calendar day = sum of squared log returns / days they span (no drift), drawn to a listed 8% a
    year with the weight of 10 returns, so a short table does not claim calm. Loadings: least squares of the
    off-diagonal correlations by b_i b_j (principal-factor iteration), from days that currencies share; a
    currency with fewer than 20 shared returns keeps loading 0. They are fitted on every currency of the
    table, so that wanting one more changes no other.
    """
    rates, wanted = _rates(table, currencies)
    last, volatility, count = [], [], []
    for name in wanted:
        series = np.log(rates[name].dropna())
        span = np.diff(series.index.to_numpy().astype("datetime64[D]")).astype(np.float64)
        change = np.diff(series.to_numpy())
        listed = LISTED_VOLATILITY**2 / DAYS_IN_YEAR
        typical = float(np.median(span)) if span.size else 1.0
        variance = (float((change**2).sum()) + _PRIOR_RETURNS * typical * listed) / (
            float(span.sum()) + _PRIOR_RETURNS * typical
        )
        last.append(float(rates[name].dropna().iloc[-1]))
        volatility.append(math.sqrt(variance))
        count.append(int(change.size))
    every = dict(zip((str(x) for x in rates.columns), _loadings(np.log(rates)), strict=True))
    return FxModel(
        wanted, tuple(last), tuple(volatility), tuple(every[name] for name in wanted), tuple(count)
    )


def _rates(table: pd.DataFrame, currencies: Sequence[str] | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Company currency per foreign unit (index day, one sorted column a currency), and those wanted."""
    name = table["currency"].astype(str)
    listed = sorted(set(name))
    wanted = tuple(listed if currencies is None else sorted(set(currencies)))
    missing = sorted(set(wanted) - set(listed))
    if missing:
        raise FitError(f"fx: no rate of {missing} | the table has {listed} | add them")
    per_base = table["per_base"].to_numpy(np.float64)
    if not np.all(np.isfinite(per_base)) or np.any(per_base <= 0.0):
        raise FitError("fx: per_base must be finite and above zero")
    long = pd.DataFrame({"day": pd.to_datetime(table["day"]), "currency": name, "rate": 1.0 / per_base})
    if long.duplicated(["day", "currency"]).any():
        twice = long.loc[long.duplicated(["day", "currency"])].iloc[0]
        raise FitError(
            f"fx: one rate per day and currency | got two of {twice['currency']} on {twice['day']:%Y-%m-%d}"
        )
    return long.pivot(index="day", columns="currency", values="rate").sort_index().sort_index(axis=1), wanted


def _loadings(log_rates: pd.DataFrame) -> list[float]:
    """One-factor loadings from pairwise correlations of log returns; the sign makes their sum positive."""
    size = log_rates.shape[1]
    if size < 2:
        return [0.0] * size
    change = log_rates.diff()
    correlation = change.corr(min_periods=_FEWEST_COMMON).to_numpy(copy=True)
    correlation[~np.isfinite(correlation)] = 0.0
    np.fill_diagonal(correlation, 0.0)
    if size == 2:
        # One correlation cannot place two loadings: they are taken as equal in size.
        root = math.sqrt(min(abs(correlation[0, 1]), _LARGEST_LOADING**2))
        return [root, math.copysign(root, correlation[0, 1]) if root else 0.0]
    b = np.full(size, 0.5)
    for _ in range(500):
        # Coordinate least squares: b_i = sum_j r_ij b_j / sum_j b_j², j != i.
        before = b.copy()
        for i in range(size):
            others = float((b**2).sum() - b[i] ** 2)
            b[i] = (
                np.clip(float((correlation[i] * b).sum()) / others, -_LARGEST_LOADING, _LARGEST_LOADING)
                if others > 0
                else 0.0
            )
        if np.max(np.abs(b - before)) < 1e-12:
            break
    return [float(x) for x in (b if b.sum() >= 0.0 else -b)]


@in_place
def _draw(
    first_trial: int,
    common_key: WordArray,
    keys: WordArray,
    last: FloatArray,
    volatility: FloatArray,
    loading: FloatArray,
    out: FloatArray,
) -> None:
    trials, currencies, days = out.shape
    for t in range(trials):
        trial = first_trial + t
        for k in range(currencies):
            rate = last[k]
            own_share = math.sqrt(1.0 - loading[k] * loading[k])
            drift = -0.5 * volatility[k] * volatility[k]
            for block in range((days + 3) // 4):
                common = uniform4(common_key, trial, block, 0)
                own = uniform4(keys[k], trial, block, 0)
                for j in range(min(4, days - 4 * block)):
                    score = loading[k] * normal_quantile(common[j]) + own_share * normal_quantile(own[j])
                    rate *= math.exp(volatility[k] * score + drift)
                    out[t, k, 4 * block + j] = rate
