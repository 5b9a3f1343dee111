"""What a search for a layout found: today's and the best, as the program prices and the chain plays them."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.placement.simulate import Figures
from engine.placement.variant import Layout
from engine.settings import RunSettings
from models.arrays import FloatArray
from models.network.placement import Placement

ERROR_TEXT = "standard error of the mean over the trials; differences on the same trials; null: one trial"
PAIRED = ("cm2", "ebitda")


@dataclass(frozen=True)
class Mean:
    """Mean over the trials and its standard error; NaN with one trial."""

    value: float
    error: float

    def shown(self, scale: float = 1.0, digits: int = 0) -> str:
        """Value ± standard error."""
        error = f"{self.error * scale:,.{digits}f}" if math.isfinite(self.error) else "n/a"
        return f"{self.value * scale:,.{digits}f} ± {error}"

    def to_dict(self) -> dict[str, float | None]:
        """Plain data."""
        return {"value": self.value, "error": self.error if math.isfinite(self.error) else None}


def mean_of(values: FloatArray) -> Mean:
    """Mean of (trial,) with its standard error, both in the unit of the values."""
    error = float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan
    return Mean(float(values.mean()), error)


@dataclass(frozen=True, eq=False)
class Choice:
    """One layout: its price by the program, and what the chain made of it."""

    layout: Layout
    placement: Placement
    parts: Mapping[str, float]
    """Cost a year by part, company currency."""
    on_time: float
    """Share of units delivered as promised, were all in stock."""
    figures: Figures | None
    """None: not simulated."""

    def means(self) -> dict[str, Mean]:
        """Every simulated figure."""
        if self.figures is None:
            return {}
        return {name: mean_of(getattr(self.figures, name)) for name in Figures.__dataclass_fields__}

    def difference(self, name: str, today: Choice) -> Mean | None:
        """Simulated figure less today's, trial by trial."""
        if self.figures is None or today.figures is None:
            return None
        return mean_of(getattr(self.figures, name) - getattr(today.figures, name))


@dataclass(frozen=True, eq=False)
class PlacementResult:
    """Today's layout and the best, cheapest first by the program."""

    currency: str
    today: Choice
    best: tuple[Choice, ...]
    candidates: tuple[str, ...]
    """Keys of the sites that could be opened."""
    service: float
    """Smallest share of units delivered as promised that was asked for."""
    settings: RunSettings
    notes: tuple[str, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Today's layout first, each layout once."""
        others = (c for c in self.best if c.layout.serves != self.today.layout.serves)
        return (self.today, *others)

    def headline(self) -> str:
        """The answer in one sentence."""
        if not self.best:
            return f"no layout delivers {self.service:.1%} of all units as promised within the capacities"
        first = self.best[0]
        if first.layout.serves == self.today.layout.serves:
            return f"today's layout, {first.layout.name}, is the cheapest"
        saved = self.today.placement.cost - first.placement.cost
        found = (
            f"cheapest: {first.layout.name}, {first.placement.cost:,.0f} {self.currency} a year by the "
            "program, "
            f"{saved:,.0f} less than today's {self.today.layout.name}"
        )
        gained = first.difference("ebitda", self.today)
        if gained is None:
            return found
        horizon = f"{self.settings.quarters} quarters"
        return f"{found}; simulated EBITDA over {horizon} {gained.shown()} against today's"

    def table(self) -> list[dict[str, str]]:
        """Rows for the terminal."""
        rows = []
        for choice in self.choices:
            means = choice.means()
            row = {
                "layout": choice.layout.name + (" (today)" if choice is self.today else ""),
                "serves": ", ".join(f"{m} from {n}" for m, n in sorted(choice.layout.serves.items())),
                "program, a year": f"{choice.placement.cost:,.0f}",
            }
            if self.settings.trials:
                row |= {
                    "simulated, a year": means["cost"].shown(),
                    "fill rate, %": means["fill_rate"].shown(100.0, 1),
                    "< 48 h, %": means["delivered_48h"].shown(100.0, 1),
                    "as promised, %": means["on_time"].shown(100.0, 1),
                    "units on hand": means["units_on_hand"].shown(),
                    **{f"{name} vs today": self._versus(choice, name) for name in PAIRED},
                }
            rows.append(row)
        return rows

    def parts_table(self) -> list[dict[str, str]]:
        """Rows for the terminal: cost a year by part, a column for each layout."""
        names = {choice.layout.name: choice.parts for choice in self.choices}
        return [
            {"part": part, **{name: f"{parts[part]:,.0f}" for name, parts in names.items()}}
            for part in self.today.parts
        ]

    def _versus(self, choice: Choice, name: str) -> str:
        found = choice.difference(name, self.today)
        return "" if choice is self.today or found is None else found.shown()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "currency": self.currency,
            "service": self.service,
            "candidates": list(self.candidates),
            "trials": self.settings.trials,
            "first_trial": self.settings.first_trial,
            "quarters": self.settings.quarters,
            "seed": self.settings.seed,
            "headline": self.headline(),
            "today": self._plain(self.today),
            "best": [self._plain(choice) for choice in self.best],
            "notes": list(self.notes),
            "error": ERROR_TEXT,
        }

    def _plain(self, choice: Choice) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "nodes": list(choice.layout.nodes),
            "serves": dict(sorted(choice.layout.serves.items())),
            "program": {
                "cost": choice.placement.cost,
                "parts": dict(choice.parts),
                "on_time": choice.on_time,
            },
        }
        if choice.figures is not None:
            plain["simulated"] = {name: mean.to_dict() for name, mean in choice.means().items()}
            if choice is not self.today:
                differences = {
                    name: choice.difference(name, self.today) for name in Figures.__dataclass_fields__
                }
                plain["difference_from_today"] = {
                    name: mean.to_dict() for name, mean in differences.items() if mean is not None
                }
        return plain

    def _repr_html_(self) -> str:
        rows = self.table()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row.values()) + "</tr>"
            for row in rows
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in (self.headline(), *self.notes))
        return f"{notes}<table><tr>{head}</tr>{body}</table>"


def part_costs(shares: FloatArray, demand: FloatArray, parts: Mapping[str, FloatArray]) -> dict[str, float]:
    """Cost a year of units served by part, company currency; ``shares`` and each part (market, node)."""
    units = demand[:, None] * shares
    return {name: float((units * cost).sum()) for name, cost in parts.items()}


def as_array(placement: Placement) -> FloatArray:
    """Shares of each market's units that a node serves, (market, node)."""
    return np.array(placement.shares)
