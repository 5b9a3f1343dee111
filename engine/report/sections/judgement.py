"""How metrics are judged: thresholds as they are read, the worst scenario, what is breached and where."""

from __future__ import annotations

from dataclasses import dataclass

from engine.finance.metrics import METRICS, Metric
from engine.report.formats import NONE, bare, unit_of, unit_text
from engine.report.reading import Source
from engine.report.summary import BASE, Figure, limits_of
from engine.risk.errors import Estimate

LAYERS = {
    1: "Layer 1 · Health check (Finance & Ops)",
    2: "Layer 2 · Profit mining (Marketing & Product)",
    3: "Layer 3 · Risk defence (Leadership & Ops)",
}
DIRECTIONS = {"high": "↑ high", "low": "↓ low", "none": NONE}


@dataclass(frozen=True)
class Judgement:
    """A metric under base, under the scenario that is worst for it, and in the mixture."""

    metric: Metric
    base: Figure
    worst: str
    """The scenario with the highest probability of breach (without a threshold: the worst mean change); blank
    if none is worse than base or only base was run."""
    worst_figure: Figure | None
    mixed: Figure | None

    @property
    def probability(self) -> float:
        """Highest probability of breach over base and the worst scenario; 0 without a threshold."""
        figures = (self.base, self.worst_figure)
        return max((f.breach.value for f in figures if f is not None and f.breach is not None), default=0.0)


def judge(source: Source, metric: Metric) -> Judgement:
    """The judgement on one metric."""
    summary = source.summary
    base = summary.figures[BASE, metric.name]
    known = {name: summary.figures[name, metric.name] for name in source.shocks}
    known = {name: figure for name, figure in known.items() if figure.estimates is not None}
    sign = -1.0 if metric.good == "high" else 1.0

    def badness(name: str) -> tuple[float, float]:
        figure = known[name]
        breach = figure.breach.value if figure.breach else 0.0
        change = figure.difference.value if figure.difference else 0.0
        return breach, sign * change

    worst = max(sorted(known), key=badness) if known else ""
    if worst and not _is_worse(known[worst], base, sign):
        worst = ""
    return Judgement(metric, base, worst, known.get(worst), summary.mixed.get(metric.name))


def _is_worse(figure: Figure, base: Figure, sign: float) -> bool:
    """Whether a scenario is worse than base beyond the Monte Carlo error, where that is known."""
    if figure.breach is not None and base.breach is not None and figure.breach.value > base.breach.value:
        return True
    change = figure.difference
    if change is None or sign * change.value <= 0.0:
        return False
    return change.excludes_zero or not change.available


def judgements(source: Source) -> tuple[Judgement, ...]:
    """Judgements on every metric of the registry."""
    return tuple(judge(source, metric) for metric in METRICS)


def threshold_text(source: Source, metric: Metric) -> str:
    """The threshold as it is read: at least 0 thousand USD."""
    low, high = limits_of(metric, source.record["policy"])
    unit = unit_of(metric)
    after = "" if unit == "share" else f" {unit_text(unit, source.money)}"
    parts = [
        f"{word} {bare(limit, unit, source.money)}{after}"
        for word, limit in (("at least", low), ("at most", high))
        if limit is not None
    ]
    return " and ".join(parts) or "none"


def mean_of(figure: Figure | None) -> Estimate | None:
    """The estimate of the mean, where there is one."""
    return None if figure is None or figure.estimates is None else figure.estimates["mean"]
