"""What was found: the scale, its interval, the driver's own value there, and everything that was tried."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.breaking.target import BreachTarget
from engine.risk.errors import Estimate
from engine.risk.reverse_scale import BREACHED_AT_ZERO, FOUND, ScaleSearch
from engine.scenarios import Distribution, Shock
from engine.settings import RunSettings

ERROR_TEXT = "95% Monte Carlo interval (sectioning); null: too few trials"


@dataclass(frozen=True)
class BreakPoint:
    """The smallest scale of a driver's shocks that breaches, or an honest reason why there is none."""

    target: BreachTarget
    breach: str
    """What counts as a breach, in words."""
    scenario: str
    driver: str
    settings: RunSettings
    search: ScaleSearch
    shocks: tuple[tuple[str, Shock], ...]
    """Path (driver and where) and shock, as written, of each shock that is scaled."""
    roles: Mapping[str, str]
    clipped: Mapping[float, float]
    """Share of demand multipliers above the envelope, by scale."""
    notes: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether some scale breaches that none at all does not."""
        return self.search.outcome == FOUND

    @property
    def scale(self) -> float | None:
        """Smallest scale at which the probability is reached: 0 if without the shock; None if never."""
        return None if math.isnan(self.search.scale) else self.search.scale

    @property
    def interval(self) -> tuple[float, float] | None:
        """Interval of the scale; infinite: beyond the greatest scale; None: error not available."""
        return (self.search.low, self.search.high) if self.search.available else None

    def values(self, scale: float) -> tuple[str, ...]:
        """Each shock at a scale, in the driver's own unit."""
        return tuple(f"{path} {sized(shock, scale)}" for path, shock in self.shocks)

    def headline(self) -> str:
        """The answer in one sentence."""
        what = f"P({self.breach}) ≥ {self.target.probability:g}"
        search = self.search
        if search.outcome == BREACHED_AT_ZERO:
            seen = _shown(search.at_zero.probability)
            return f"{what}: already without this shock, at scale 0 the probability is {seen}"
        if search.outcome != FOUND:
            seen = _shown(search.at_most.probability)
            return (
                f"{what}: not reached up to scale {self.target.max_scale:g}, where the probability is {seen}"
            )
        values = "; ".join(self.values(search.scale))
        return f"{what}: from scale {search.scale:.3f} ({self._interval_text()}), that is {values}"

    def _interval_text(self) -> str:
        if not self.search.available:
            return "error not available"
        high = (
            f"beyond {self.target.max_scale:g}" if math.isinf(self.search.high) else f"{self.search.high:.3f}"
        )
        return f"95% interval {self.search.low:.3f} to {high}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``; null: not available, or beyond the greatest scale."""
        search, scale = self.search, self.scale
        return {
            "metric": self.target.metric,
            "breach": self.breach,
            "scenario": self.scenario,
            "driver": self.driver,
            "probability": self.target.probability,
            "outcome": search.outcome,
            "scale": scale,
            "interval": None
            if self.interval is None
            else {"low": _finite(search.low), "high": _finite(search.high)},
            "resolution": _finite(search.resolution),
            "value": None if scale is None else list(self.values(scale)),
            "value_low": None if self.interval is None else _at(self, search.low),
            "value_high": None if self.interval is None else _at(self, search.high),
            "monotone": not search.reversals,
            "max_scale": self.target.max_scale,
            "trials": self.settings.trials,
            "first_trial": self.settings.first_trial,
            "seed": self.settings.seed,
            "quarters": self.settings.quarters,
            "roles": dict(self.roles),
            "probes": [
                {
                    "scale": probe.scale,
                    "probability": {
                        "value": probe.probability.value,
                        "error": _finite(probe.probability.half_width),
                    },
                    "undefined_trials": probe.undefined,
                    "value": list(self.values(probe.scale)),
                    "demand_above_envelope": self.clipped.get(probe.scale, 0.0),
                }
                for probe in search.probes
            ],
            "notes": list(self.notes),
            "error": ERROR_TEXT,
        }

    def table(self) -> list[dict[str, str]]:
        """Rows for the terminal: every scale that was tried."""
        return [
            {
                "scale": f"{probe.scale:.4f}",
                "P(breach)": _shown(probe.probability),
                "driver": "; ".join(self.values(probe.scale)),
            }
            for probe in self.search.probes
        ]

    def _repr_html_(self) -> str:
        rows = self.table()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row.values()) + "</tr>"
            for row in rows
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in (self.headline(), *self.notes))
        return f"{notes}<table><tr>{head}</tr>{body}</table>"


def _at(point: BreakPoint, scale: float) -> list[str] | None:
    return list(point.values(scale)) if math.isfinite(scale) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(each: Estimate) -> str:
    return f"{each.value:.3f} ± {each.half_width:.3f}" if each.available else f"{each.value:.3f} ± n/a"


def sized(shock: Shock, scale: float) -> str:
    """A shock times a scale in the unit it was written in: base + scale · (x − base).

    >>> from engine.scenarios import Change
    >>> sized(Shock(driver="duty_rate", change=Change(add=15, unit="pp")), 2.5)
    '+37.5 pp'
    >>> sized(Shock(driver="demand", change=Change(scale=0.7, unit="x")), 2)
    '0.4 x base'
    >>> sized(Shock(driver="lead_time", change=Change(set=60, unit="days")), 0.5)
    '0.5 of the way from base to 60 days'
    """
    change, amount = shock.change, shock.change.amount
    if isinstance(amount, Distribution):
        return _sized_law(shock, amount.text(), scale)
    if change.kind == "add":
        return f"{amount * scale + 0.0:+.4g} {change.unit}"  # + 0.0: no negative zero
    if change.kind == "scale":
        whole = 100.0 if change.unit == "%" else 1.0
        size = max(whole + (amount - whole) * scale, 0.0)
        return f"{size:.4g} x base" if change.unit == "x" else f"{size:.4g} % of base"
    if scale == 1.0:
        return f"set to {amount:.4g} {change.unit}"
    return f"{scale:.4g} of the way from base to {amount:.4g} {change.unit}"


def _sized_law(shock: Shock, law: str, scale: float) -> str:
    unit = shock.change.unit
    if shock.change.kind == "add":
        return f"+ {scale:.4g} * {law} {unit}"
    if shock.change.kind == "scale":
        whole = "100" if unit == "%" else "1"
        return f"{whole} + {scale:.4g} * ({law} - {whole}) {unit}"
    return f"{scale:.4g} of the way from base to {law} {unit}"
