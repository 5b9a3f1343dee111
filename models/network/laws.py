"""Laws of chance in a network's description: a number, a family with mean and sd, or values with weights.

A law is read once, with its faults, and is then an inverse distribution function: ``law.at(u)`` in the unit
of the law (days, units), for uniforms u.

>>> read_law({"family": "lognormal", "mean": 40.0, "sd": 20.0}).at(np.array([0.5])).round(3)
array([35.777])
>>> read_law({"values": [1, 6], "weights": [0.9, 0.1]}).mean
1.5
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from models.arrays import FloatArray

_FIELDS = {
    "constant": {"value"},
    "discrete": {"values", "weights"},
    "exponential": {"mean", "floor"},
    "gamma": {"mean", "sd", "floor"},
    "loglogistic": {"mean", "sd", "floor"},
    "lognormal": {"mean", "sd", "floor"},
    "mixture": {"laws", "weights"},
    "normal": {"mean", "sd"},
    "poisson": {"mean"},
    "uniform": {"low", "high"},
    "weibull": {"mean", "sd", "floor"},
}
FAMILIES = tuple(_FIELDS)
_MOST_WEIGHT = 1e300
_OPTIONAL = {"floor", "weights", "family"}


class LawError(ValueError):
    """A law that cannot be meant: what is wrong, what was got, what would do."""

    def __init__(self, problem: str, got: object, remedy: str) -> None:
        super().__init__(f"{problem} | got {got} | {remedy}")
        self.problem, self.got, self.remedy = problem, got, remedy


@dataclass(frozen=True, eq=False)
class Law:
    """A distribution on the numbers from zero up, by its inverse distribution function."""

    family: str
    mean: float
    inverse: Callable[[FloatArray], FloatArray] = field(repr=False)
    constant: bool = False
    """Whether it is one number, so that all trials can share it."""

    def at(self, u: FloatArray) -> FloatArray:
        """Values at uniforms u, elementwise, never below zero."""
        return np.maximum(np.asarray(self.inverse(u), dtype=np.float64), 0.0)


@dataclass(frozen=True)
class Laws:
    """The laws of a network's description, by key; what is absent is zero, up, open or without limit."""

    stages: Mapping[tuple[str, str], Mapping[str, Law]] = field(default_factory=dict)
    """Production, transit, service and inland days by (supplier, node)."""
    inspection: Mapping[tuple[str, str], tuple[float, Law]] = field(default_factory=dict)
    """Share of orders inspected, and their customs days, by (supplier, node): two-point service."""
    transfer: Mapping[tuple[str, str], Law] = field(default_factory=dict)
    """Days between nodes by (from, to)."""
    demand: Mapping[tuple[str, str], Law] = field(default_factory=dict)
    """Units a day by (market, item)."""
    outages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Daily probabilities ``fail`` and ``repair`` by supplier."""
    closures: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """First and last closed day by port."""
    down: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """First and last day without production by supplier."""
    return_share: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Share of units sold that come back, by (market, item)."""
    return_delay: Law | None = None
    """Days from sale to return; None: a week."""
    dependence: Mapping[str, float] = field(default_factory=dict)
    """``port`` and ``supplier`` shares of the variance of lead-time scores, ``day`` autocorrelation."""


def constant(value: float) -> Law:
    """The law of one number."""
    return Law("constant", value, lambda u: np.full(np.shape(u), value), constant=True)


def read_law(given: Any) -> Law:
    """Law from a number or a mapping; raises LawError."""
    if isinstance(given, Law):
        return given
    if not isinstance(given, Mapping):
        return constant(number(given))
    fields = {str(name): value for name, value in given.items()}
    family = str(fields.pop("family", "discrete" if "values" in fields else "constant"))
    if family not in FAMILIES:
        raise LawError("unknown family", family, f"use one of {', '.join(FAMILIES)}")
    known, got = _FIELDS[family], set(fields)
    missing = known - _OPTIONAL - got
    if got - known or missing:
        raise LawError(f"fields of a {family} law", sorted(got), f"give {', '.join(sorted(known))}")
    if family in ("discrete", "mixture"):
        return _weighted(family, fields)
    numbers = {name: number(value) for name, value in fields.items()}
    try:
        return _plain(family, numbers)
    except (OverflowError, ZeroDivisionError):
        raise LawError("spread out of reach of the family", numbers, "a smaller sd") from None


def number(value: Any, low: float = 0.0) -> float:
    """A finite number of at least ``low``; raises LawError."""
    try:
        real = float(value) if not isinstance(value, bool | str | bytes | np.bool_) else math.nan
    except (TypeError, ValueError, OverflowError):
        real = math.nan
    if not math.isfinite(real):
        raise LawError("not a number", value, f"a finite number, at least {low:g}")
    if real < low:
        raise LawError("negative", value, f"at least {low:g}")
    return real


def _plain(family: str, p: Mapping[str, float]) -> Law:
    if family == "constant":
        return constant(p["value"])
    if family == "uniform":
        low, high = p["low"], p["high"]
        if high < low:
            raise LawError("high below low", high, f"at least {low:g}")
        return Law(family, (low + high) / 2.0, lambda u: low + (high - low) * u)
    mean, sd, floor = p["mean"], p.get("sd", 0.0), p.get("floor", 0.0)
    if family == "poisson":
        return Law(family, mean, lambda u: stats.poisson.ppf(u, mean), constant=mean == 0.0)
    if family == "normal":
        return Law(family, mean, lambda u: mean + sd * special.ndtri(u), constant=sd == 0.0)
    if family == "exponential":
        sd = mean - floor
    if mean < floor or (mean == floor and sd > 0.0):
        raise LawError("mean not above the floor", mean, f"above {floor:g}")
    if sd == 0.0:
        return constant(mean)
    inverse = _above_floor(family, mean - floor, sd)
    return Law(family, mean, lambda u: floor + inverse(u))


def _above_floor(family: str, mean: float, sd: float) -> Callable[[FloatArray], FloatArray]:
    """Inverse of the family with this mean and standard deviation."""
    square = (sd / mean) ** 2
    if family == "exponential":
        return lambda u: -mean * np.log1p(-u)
    if family == "lognormal":
        variance = math.log1p(square)
        return lambda u: np.exp(math.log(mean) - variance / 2.0 + math.sqrt(variance) * special.ndtri(u))
    if family == "gamma":
        return lambda u: special.gammaincinv(1.0 / square, u) * mean * square
    if family == "weibull":
        shape = 1.0 / _root(lambda a: special.gamma(1 + 2 * a) / special.gamma(1 + a) ** 2 - 1, square, 30.0)
        scale = mean / special.gamma(1.0 + 1.0 / shape)
        return lambda u: scale * (-np.log1p(-u)) ** (1.0 / shape)
    # log-logistic with 1/shape = a < 1/2: E = scale pi a / sin(pi a), E2 = scale^2 2 pi a / sin(2 pi a)
    a = _root(lambda a: np.tan(math.pi * a) / (math.pi * a) - 1.0, square, 0.5 - 1e-9)
    scale = mean * math.sin(math.pi * a) / (math.pi * a)
    return lambda u: scale * (u / (1.0 - u)) ** a


def _root(squared_variation: Callable[[float], float], target: float, high: float) -> float:
    def excess(a: float) -> float:
        return float(squared_variation(a)) - target

    if excess(1e-6) > 0.0 or excess(high) < 0.0:
        raise LawError("spread out of reach of the family", math.sqrt(target), "a smaller sd")
    return float(optimize.brentq(excess, 1e-6, high, xtol=1e-14))


def _weighted(family: str, fields: Mapping[str, Any]) -> Law:
    """Values, or laws, with weights: one uniform chooses and, within what it chose, draws."""
    listed = fields["values" if family == "discrete" else "laws"]
    if not isinstance(listed, list | tuple | np.ndarray) or len(listed) == 0:
        raise LawError("no values", listed, "a list with at least one entry")
    laws = [read_law(each) for each in listed]
    given = fields.get("weights", [1.0] * len(laws))
    if not isinstance(given, list | tuple | np.ndarray):
        raise LawError("weights do not fit", given, f"{len(laws)} numbers, not all zero")
    weights = np.array([min(number(w), _MOST_WEIGHT) for w in given])
    if len(weights) != len(laws) or weights.sum() <= 0.0:
        raise LawError("weights do not fit", list(weights), f"{len(laws)} numbers, not all zero")
    edges = np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
    edges[-1] = 1.0

    def inverse(u: FloatArray) -> FloatArray:
        out = np.zeros(np.shape(u))
        for law, low, high in zip(laws, edges[:-1], edges[1:], strict=True):
            inside = (u >= low) & (u < high)
            if inside.any():
                out[inside] = law.at(np.clip((u[inside] - low) / (high - low), 1e-15, 1.0 - 1e-15))
        return out

    mean = float(np.sum([w * law.mean for w, law in zip(np.diff(edges), laws, strict=True)]))
    return Law(family, mean, inverse, constant=len(laws) == 1 and laws[0].constant)
