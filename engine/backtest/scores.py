"""How good a contender was over its cases: one row per measure, market, grain and contender."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.risk.scoring import EMPIRICAL, Coverage, bias, coverage, crps, pinball, pit, skill
from models.arrays import FloatArray

LEVELS = (0.5, 0.8, 0.9)
"""Shares that the central intervals should hold."""
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
MONTH, WINDOW = "month", "window"
"""Grains: every month of every window by itself; the sum of each window."""
BINS = 10
NORMALISATION = EMPIRICAL


@dataclass(frozen=True)
class Cases:
    """Forecasts of one contender with their outcomes: ``draws`` (case, trial), ``actual`` (case,), ``place``
    (origin, month or -1) of each case.
    """

    draws: FloatArray
    actual: FloatArray
    place: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Score:
    """Scores of one contender for one measure, market (None: company) and grain; low CRPS is good."""

    measure: str
    market: str | None
    grain: str
    contender: str
    origins: int
    by_case: FloatArray
    """CRPS of each case."""
    place: tuple[tuple[int, int], ...]
    loss: Mapping[float, float]
    """Mean pinball loss by level."""
    coverage: tuple[Coverage, ...]
    bias: float
    mean_actual: float
    pit: FloatArray
    skill: Mapping[str, tuple[float, int]]
    """Against each reference: skill and the cases that both have."""

    @property
    def crps(self) -> float:
        """Mean CRPS, in the unit of the measure."""
        return float(np.mean(self.by_case))

    @property
    def histogram(self) -> tuple[int, ...]:
        """Cases by tenth of the PIT."""
        return tuple(int(n) for n in np.histogram(self.pit, bins=BINS, range=(0.0, 1.0))[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain data; null: not defined."""
        return {
            "measure": self.measure,
            "market": "total" if self.market is None else self.market,
            "grain": self.grain,
            "model": self.contender,
            "cases": len(self.by_case),
            "origins": self.origins,
            "mean_actual": self.mean_actual,
            "crps": self.crps,
            "crps_share_of_actual": number(self.crps / self.mean_actual if self.mean_actual else math.nan),
            "pinball": {f"{level:g}": value for level, value in self.loss.items()},
            "coverage": {
                f"{100 * each.level:.0f}": {
                    "share": each.share,
                    "held": each.held,
                    "low": each.low,
                    "high": each.high,
                    "mean_width": each.width,
                    "consistent": each.consistent,
                }
                for each in self.coverage
            },
            "bias": number(self.bias),
            "pit": {
                "mean": float(np.mean(self.pit)),
                "histogram": list(self.histogram),
                "values": [float(each) for each in self.pit],
            },
            "skill": {name: {"value": number(v), "cases": n} for name, (v, n) in self.skill.items()},
        }


def number(value: float) -> float | None:
    """A number for JSON, None where it is not one."""
    return float(value) if math.isfinite(value) else None


def score(
    measure: str, market: str | None, grain: str, cases: Mapping[str, Cases], references: Sequence[str]
) -> list[Score]:
    """Scores of every contender that has cases, with its skill against each reference on common cases."""
    single = {name: crps(each.draws, each.actual) for name, each in cases.items() if len(each.actual)}
    out = []
    for name, values in single.items():
        each = cases[name]
        quantiles = np.quantile(each.draws, QUANTILES, axis=1)
        out.append(
            Score(
                measure=measure,
                market=market,
                grain=grain,
                contender=name,
                origins=len({origin for origin, _ in each.place}),
                by_case=values,
                place=each.place,
                loss={
                    level: float(np.mean(pinball(row, each.actual, level)))
                    for level, row in zip(QUANTILES, quantiles, strict=True)
                },
                coverage=tuple(coverage(each.draws, each.actual, level) for level in LEVELS),
                bias=bias(each.draws, each.actual),
                mean_actual=float(np.mean(each.actual)),
                pit=pit(each.draws, each.actual),
                skill={
                    other: _against(each, values, cases[other], single[other])
                    for other in references
                    if other in single and other != name
                },
            )
        )
    return out


def _against(mine: Cases, scores: FloatArray, theirs: Cases, others: FloatArray) -> tuple[float, int]:
    """Skill on the cases that both have."""
    known = {place: k for k, place in enumerate(theirs.place)}
    pairs = [(k, known[place]) for k, place in enumerate(mine.place) if place in known]
    if not pairs:
        return math.nan, 0
    here, there = np.array(pairs).T
    return skill(scores[here], others[there]), len(pairs)
