"""How often a value is exceeded: curves of the scenarios for one metric, with the quantiles they show."""

from __future__ import annotations

import numpy as np

from engine.finance.metrics import METRIC_OF
from engine.report.charts_grid import exceedance
from engine.report.content import Block, Key, Missing, Picture, Pictures, Text, table
from engine.report.drawing import DASHES, SERIES
from engine.report.formats import amount, unit_of, unit_text
from engine.report.reading import Source
from engine.report.statistics import quantile_estimates
from engine.report.summary import BASE, limits_of

CURVES = ("ebitda", "minimum_cash")
CURVES_SHOWN = len(SERIES)
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def curves(source: Source) -> list[Block]:
    """Curves of EBITDA and of minimum cash."""
    pictures = [picture for name in CURVES if (picture := curve_picture(source, name)) is not None]
    if not pictures:
        return [Missing("Exceedance curves", "the metrics are not defined in every trial")]
    text = "The share of trials above each value. The dashed line is the threshold."
    if len(source.scenarios) > CURVES_SHOWN:
        text += f" Drawn: base and the {CURVES_SHOWN - 1} scenarios whose mean moves most; the table has all."
    return [Text(text), Pictures(tuple(pictures))]


def curve_picture(source: Source, name: str) -> Picture | None:
    """Exceedance curves of one metric by scenario; nothing where it is not defined in every trial."""
    metric, money = METRIC_OF[name], source.money
    unit, divisor = unit_of(metric), money.divisor if metric.unit == "currency" else 1.0
    values = source.values(f"horizon/{name}")
    if not np.isfinite(values).all():
        return None
    order = {scenario: k for k, scenario in enumerate(source.scenarios)}
    change = {s: abs(values[order[s]].mean() - values[source.base].mean()) for s in source.shocks}
    chosen = sorted(sorted(change), key=lambda s: -change[s])[: CURVES_SHOWN - 1]
    shown = [s for s in source.scenarios if s == BASE or s in chosen]
    low, high = limits_of(metric, source.record["policy"])
    limit = low if low is not None else high
    percent = unit == "share"
    title = f"{metric.label}: share of trials above, {unit_text(unit, money)}, {source.period}"
    scale = 0.01 if percent else divisor
    levels = quantile_estimates(values.T, LEVELS)
    return Picture(
        title,
        exceedance(
            {s: values[order[s]] / scale for s in shown},
            f"{title}, by scenario",
            threshold=None if limit is None else limit / scale,
        ),
        table(
            f"{metric.label}, {unit_text(unit, money)}: value exceeded with probability, ± half-width of "
            "the 95% interval",
            ("Scenario", *(f"{100 - 100 * level:.0f}%" for level in LEVELS)),
            [[s, *(amount(each[order[s]], unit, money) for each in levels)] for s in source.scenarios],
            dense=True,
        ),
        legend=tuple(Key(s, SERIES[k % len(SERIES)], DASHES[k % len(DASHES)]) for k, s in enumerate(shown)),
    )
