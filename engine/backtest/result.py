"""What a backtest found: scores, paths and notes; as a table, plain data and text."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.backtest.contenders import CONTENDERS, OURS, REFERENCES
from engine.backtest.ledger import NET_SALES, ORDERS, Origins
from engine.backtest.scores import LEVELS, MONTH, NORMALISATION, WINDOW, Score, number
from models.arrays import FloatArray

LABELS = {contender.name: contender.label for contender in CONTENDERS}
MEASURES = {
    ORDERS: "orders (a customer's orders of one day are one)",
    NET_SALES: "order lines at net price, before refunds, at the rates of actuals-through",
}
INTERVAL = "Wilson, 95%, cases taken as independent"


@dataclass(frozen=True, eq=False)
class Path:
    """Our forecast from one origin: quantiles .05 .25 .5 .75 .95 by month, dims (quantile, month), beside the
    ``actual`` months; market None is the company.
    """

    measure: str
    market: str | None
    origin: dt.date
    bands: FloatArray
    actual: FloatArray


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts from past origins against what then happened."""

    markets: tuple[str, ...]
    labels: Mapping[str, str]
    currency: str
    first_month: dt.date
    ledger_months: int
    origins: Origins
    origin_days: tuple[dt.date, ...]
    trials: int
    seed: int
    measures: tuple[str, ...]
    scores: tuple[Score, ...]
    paths: tuple[Path, ...]
    absent: Mapping[str, tuple[int, str]]
    notes: tuple[str, ...]

    def score(
        self, name: str = OURS, *, measure: str = ORDERS, market: str | None = None, grain: str = WINDOW
    ) -> Score | None:
        """Score of one contender; None where it could not forecast."""
        for each in self.scores:
            if (each.contender, each.measure, each.market, each.grain) == (name, measure, market, grain):
                return each
        return None

    def best(self, *, measure: str = ORDERS, market: str | None = None, grain: str = WINDOW) -> str:
        """Contender of least CRPS among those that forecast from every origin."""
        known = [
            each
            for each in self.scores
            if (each.measure, each.market, each.grain) == (measure, market, grain)
            and each.contender not in self.absent
        ]
        return min(known, key=lambda each: each.crps).contender if known else ""

    def verdicts(self) -> list[str]:
        """One sentence a measure and grain: who was best, and how ours did."""
        out = []
        for measure in self.measures:
            for grain in (WINDOW, MONTH):
                ours, best = self.score(measure=measure, grain=grain), self.best(measure=measure, grain=grain)
                if ours is None or not best:
                    continue
                what = f"{measure}, {self.grain(grain)}, company"
                if best == OURS:
                    out.append(f"{what}: ours has the least CRPS of all")
                    continue
                saved, _ = ours.skill.get(best, (math.nan, 0))
                theirs = self.score(best, measure=measure, grain=grain)
                because = "" if theirs is None else f"; {why_worse(ours, theirs)}"
                better = f"{LABELS[best]} has a CRPS {-saved:.1%} better than ours"
                out.append(f"{what}: NOT the best: {better}{because}")
        return out

    def grain(self, grain: str) -> str:
        """A grain in words."""
        return f"sum of {self.origins.months} months" if grain == WINDOW else "single months"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "origins": [day.isoformat() for day in self.origin_days],
            "months": self.origins.months,
            "step_months": self.origins.step,
            "overlapping": self.origins.overlap,
            "trials": self.trials,
            "seed": self.seed,
            "first_month": self.first_month.isoformat(),
            "ledger_months": self.ledger_months,
            "currency": self.currency,
            "crps": NORMALISATION,
            "coverage_interval": INTERVAL,
            "skill": "1 - CRPS / CRPS of the reference, on the cases that both have",
            "measures": {name: MEASURES[name] for name in self.measures},
            "models": {
                contender.name: {
                    "label": contender.label,
                    "origins": len(self.origin_days) - self.absent.get(contender.name, (0, ""))[0],
                    "reason": self.absent.get(contender.name, (0, ""))[1],
                }
                for contender in CONTENDERS
            },
            "references": list(REFERENCES),
            "scores": [each.to_dict() for each in self.scores],
            "best": {
                measure: {
                    grain: {
                        "total" if market is None else market: self.best(
                            measure=measure, market=market, grain=grain
                        )
                        for market in (None, *self.markets)
                    }
                    for grain in (WINDOW, MONTH)
                }
                for measure in self.measures
            },
            "forecasts": [
                {
                    "measure": each.measure,
                    "market": "total" if each.market is None else each.market,
                    "origin": each.origin.isoformat(),
                    "actual": [number(value) for value in each.actual],
                    **{
                        name: [number(value) for value in row]
                        for name, row in zip(("p05", "p25", "p50", "p75", "p95"), each.bands, strict=True)
                    },
                }
                for each in self.paths
            ],
            "verdicts": self.verdicts(),
            "notes": list(self.notes),
        }

    def table(
        self, *, measure: str = ORDERS, grain: str = WINDOW, market: str | None = None
    ) -> list[dict[str, str]]:
        """One row a contender, for the terminal."""
        rows = []
        for contender in CONTENDERS:
            each = self.score(contender.name, measure=measure, market=market, grain=grain)
            if each is None:
                continue
            rows.append({"forecast": contender.name} | _columns(each))
        return rows

    def market_table(self, *, measure: str = ORDERS, grain: str = MONTH) -> list[dict[str, str]]:
        """Ours by market, for the terminal."""
        rows = []
        for market in self.markets:
            each = self.score(measure=measure, market=market, grain=grain)
            if each is not None:
                best = self.best(measure=measure, market=market, grain=grain)
                rows.append({"market": market} | _columns(each) | {"best": best})
        return rows

    def _repr_html_(self) -> str:
        rows = self.table()
        if not rows:
            return "<p>no forecast could be made</p>"
        head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row.values()) + "</tr>"
            for row in rows
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in (*self.verdicts(), *self.notes))
        return f"<table><tr>{head}</tr>{body}</table>{notes}"


def why_worse(ours: Score, theirs: Score) -> str:
    """What a better score of another contender comes from: a mean that missed by less, or a range that was
    narrower (or wider) for the same miss; with the number of origins that stand behind it.
    """
    missed = f"the mean of ours was {ours.bias:+.1%} off what came, theirs {theirs.bias:+.1%}"
    wide, narrow = ours.coverage[1], theirs.coverage[1]
    ranges = (
        f"the {wide.level:.0%} range of ours was {wide.width:,.0f} wide and held {share(wide.share)}, theirs "
        f"{narrow.width:,.0f} and held {share(narrow.share)}"
    )
    if abs(ours.bias) > abs(theirs.bias):
        cause = "it is the level: " + missed + "; " + ranges
    elif wide.width > narrow.width:
        cause = "it is the width: " + ranges + "; " + missed
    else:
        cause = "it is neither mean nor width but which months were missed: " + missed + "; " + ranges
    origins = "one origin: one such year" if ours.origins == 1 else f"{ours.origins} origins"
    return f"{cause} ({origins})"


def share(value: float) -> str:
    """A share as a percentage, blank where it is not defined."""
    return f"{value:.1%}" if math.isfinite(value) else ""


def _columns(each: Score) -> dict[str, str]:
    out = {"cases": str(len(each.by_case)), "CRPS": f"{each.crps:,.1f}"}
    for level, seen in zip(LEVELS, each.coverage, strict=True):
        out[f"{level:.0%} held"] = f"{seen.share:.0%} [{seen.low:.0%}, {seen.high:.0%}]"
        out[f"width {level:.0%}"] = f"{seen.width:,.0f}"
    out["bias"] = f"{each.bias:+.1%}" if math.isfinite(each.bias) else ""
    out["PIT mean"] = f"{float(np.mean(each.pit)):.2f}"
    return out
