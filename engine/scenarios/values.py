"""Values a scenario may write: durations, starts, and distributions drawn by addressed inverse CDF."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models.arrays import FloatArray, IntArray
from models.calendar import DAYS_IN_MONTH, DAYS_IN_QUARTER, Calendar
from models.compiled import compiled
from models.quantiles import normal_cdf, normal_quantile
from models.streams import uniforms

DAYS_OF_UNIT = {"d": 1.0, "w": 7.0, "m": DAYS_IN_MONTH, "q": DAYS_IN_QUARTER}
"""Days a drawn duration of one unit lasts; written months and quarters follow the calendar instead."""

_DURATION = re.compile(r"^(\d{1,5})([dwmq])$")
_OFFSET = re.compile(r"^\+(\d{1,5})([dwmq])$")
_QUARTER = re.compile(r"^(\d{4})Q([1-4])$")
_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")

FAR = np.int64(1) << 40
"""A day beyond every horizon."""


class Model(BaseModel):
    """Frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, str_max_length=2000)


Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class Distribution(Model):
    """A law with at most three parameters; drawn once per trial from its own address."""

    distribution: Literal["uniform", "triangular", "normal", "lognormal"]
    low: Number | None = None
    """Lower end of uniform and triangular."""
    mode: Number | None = None
    """Peak of triangular."""
    high: Number | None = None
    """Upper end of uniform and triangular."""
    mean: Number | None = None
    """Mean of normal."""
    sd: Number | None = None
    """Standard deviation of normal."""
    median: Number | None = None
    """Median of lognormal."""
    log_sd: Number | None = None
    """Standard deviation of the logarithm of lognormal."""

    @model_validator(mode="after")
    def _complete(self) -> Distribution:
        needed = _PARAMETERS[self.distribution]
        given = {name for name in _ALL_PARAMETERS if getattr(self, name) is not None}
        if given != set(needed):
            raise ValueError(
                f"{self.distribution} needs exactly {', '.join(needed)}; got {', '.join(sorted(given))}"
            )
        values = self.parameters
        if self.distribution in ("uniform", "triangular") and list(values) != sorted(values):
            raise ValueError(f"{' ≤ '.join(needed)} is needed")
        if self.distribution in ("normal", "lognormal") and values[1] < 0.0:
            raise ValueError(f"{needed[1]} ≥ 0 is needed")
        if self.distribution == "lognormal" and values[0] <= 0.0:
            raise ValueError("median > 0 is needed")
        return self

    @property
    def parameters(self) -> tuple[float, ...]:
        """Parameters in the order of the law."""
        return tuple(float(getattr(self, name)) for name in _PARAMETERS[self.distribution])

    @property
    def support(self) -> tuple[float, float]:
        """Lowest and highest value that can be drawn."""
        values = self.parameters
        if self.distribution in ("uniform", "triangular"):
            return values[0], values[-1]
        if values[1] == 0.0:
            return values[0], values[0]
        return (-math.inf, math.inf) if self.distribution == "normal" else (0.0, math.inf)

    def text(self) -> str:
        """The law as it is printed."""
        return f"{self.distribution}({', '.join(f'{value:g}' for value in self.parameters)})"

    def quantiles(self, uniform: FloatArray) -> FloatArray:
        """Inverse CDF of uniforms (trial,), shape (trial,)."""
        values = self.parameters
        padded = np.array([*values, *([0.0] * (3 - len(values)))])
        return np.asarray(_inverse(_LAWS.index(self.distribution), padded, np.ascontiguousarray(uniform)))


_LAWS = ("uniform", "triangular", "normal", "lognormal")
_PARAMETERS = {
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "log_sd"),
}
_ALL_PARAMETERS = ("low", "mode", "high", "mean", "sd", "median", "log_sd")


@compiled
def _inverse(law: int, p: FloatArray, uniform: FloatArray) -> FloatArray:
    out = np.empty(len(uniform))
    for t in range(len(uniform)):
        u = uniform[t]
        if law == 0:
            out[t] = p[0] + u * (p[1] - p[0])
        elif law == 1:
            width = p[2] - p[0]
            if width <= 0.0:
                out[t] = p[0]
            elif u * width < p[1] - p[0]:
                out[t] = p[0] + math.sqrt(u * width * (p[1] - p[0]))
            else:
                out[t] = p[2] - math.sqrt((1.0 - u) * width * (p[2] - p[1]))
        elif law == 2:
            out[t] = p[0] + p[1] * normal_quantile(u)
        else:
            out[t] = p[0] * math.exp(p[1] * normal_quantile(u))
    return out


@compiled
def _tie(own: FloatArray, factor: FloatArray, loading: float) -> FloatArray:
    out = np.empty(len(own))
    rest = math.sqrt(1.0 - loading * loading)
    for t in range(len(own)):
        out[t] = normal_cdf(loading * normal_quantile(factor[t]) + rest * normal_quantile(own[t]))
    return out


def uniform_of(seed: int, name: str, trials: range, tie: tuple[str, float] | None = None) -> FloatArray:
    """Uniforms of one address, dims (trial,); ``tie`` = (name of the common factor, loading) ties it by a
    Gaussian copula (Li 2000, "On default correlation: a copula function approach", Journal of Fixed Income
    9(4), the one-factor case).
    """
    own = uniforms(seed, name, trials, 1)[:, 0]
    if tie is None:
        return own
    factor = uniforms(seed, tie[0], trials, 1)[:, 0]
    return np.asarray(_tie(np.ascontiguousarray(own), np.ascontiguousarray(factor), tie[1]))


class TimeDistribution(Distribution):
    """A drawn duration, or a drawn start counted from the first forecast day; ``unit`` d, w, m or q."""

    unit: Literal["d", "w", "m", "q"]

    def days(self, uniform: FloatArray) -> IntArray:
        """Whole days, never negative, dims (trial,)."""
        drawn = self.quantiles(uniform) * DAYS_OF_UNIT[self.unit]
        return np.clip(np.floor(drawn + 0.5), 0.0, 1e9).astype(np.int64)

    @property
    def day_support(self) -> tuple[int, int]:
        """Fewest and most days that can be drawn."""
        low, high = (bound * DAYS_OF_UNIT[self.unit] for bound in self.support)
        least = 0 if low <= 0.0 else math.floor(low + 0.5)
        return least, int(FAR) if math.isinf(high) else max(math.floor(high + 0.5), 0)

    def text(self) -> str:
        """The law as it is printed."""
        return f"{super().text()} {self.unit}"


def _as_text(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    return value


def _valid_duration(value: Any) -> Any:
    if isinstance(value, (dict, TimeDistribution)):
        return value
    if not isinstance(value, str) or not _DURATION.match(value):
        raise ValueError("a duration is needed: a whole number and d, w, m or q, such as 10d or 2q")
    return value


def _valid_start(value: Any) -> Any:
    value = _as_text(value)
    if isinstance(value, (dict, TimeDistribution)):
        return value
    if isinstance(value, str):
        if _OFFSET.match(value) or _QUARTER.match(value) or _MONTH.match(value):
            return value
        if _DATE.match(value):
            dt.date.fromisoformat(value)
            return value
    raise ValueError(
        "an offset (+1q, +2m, +10d), a date (2027-03-15) or a period (2027Q1, 2027-03) is needed"
    )


Duration = Annotated[str | TimeDistribution, BeforeValidator(_valid_duration)]
Start = Annotated[str | TimeDistribution, BeforeValidator(_valid_start)]


def later(day: IntArray, duration: str, calendar: Calendar) -> IntArray:
    """Days a written duration later, likewise days from the first forecast day, dims of ``day``; months and
    quarters keep the day of the month, or take the month's last day.

    Raises
    ------
    ValueError
        A duration that is not a count of days, weeks, months or quarters.
    """
    match = _DURATION.match(duration)
    if match is None:
        raise ValueError(f"duration: such as 10d or 2q is needed | got {duration}")
    count, unit = int(match[1]), match[2]
    if unit in "dw":
        return day + count * int(DAYS_OF_UNIT[unit])
    origin = np.datetime64(calendar.start, "D")
    date = origin + day
    month = date.astype("datetime64[M]")
    within = (date - month.astype("datetime64[D]")).astype(np.int64)
    target = month + count * (3 if unit == "q" else 1)
    first = target.astype("datetime64[D]")
    length = ((target + 1).astype("datetime64[D]") - first).astype(np.int64)
    return (first - origin).astype(np.int64) + np.minimum(within, length - 1)


def start_day(start: str, calendar: Calendar) -> int:
    """First day of a written start, offset from the first forecast day."""
    if match := _OFFSET.match(start):
        return int(later(np.zeros(1, dtype=np.int64), match[1] + match[2], calendar)[0])
    if match := _QUARTER.match(start):
        date = dt.date(int(match[1]), 3 * int(match[2]) - 2, 1)
    elif match := _MONTH.match(start):
        date = dt.date(int(match[1]), int(match[2]), 1)
    else:
        date = dt.date.fromisoformat(start)
    return (date - calendar.start).days
