"""What a run shows of itself in a notebook: one short table, every text escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from engine.finance.metrics import HEADLINE, METRIC_OF
from engine.report.formats import NONE, NOT_DEFINED, amount, money_of, probability, unit_of, unit_text
from engine.report.summary import BASE, LEVELS, Summary


def run_html(record: Mapping[str, Any], summary: Summary) -> str:
    """The headline metrics under base, and the scenarios that were run."""
    known = summary.figures[BASE, "net_revenue"].estimates
    money = money_of(summary.currency, known["mean"].value if known else 0.0)
    rows = []
    for name in HEADLINE:
        figure, metric = summary.figures[BASE, name], METRIC_OF[name]
        levels = (
            [NOT_DEFINED] * len(LEVELS)
            if figure.estimates is None
            else [amount(figure.estimates[level], unit_of(metric), money) for level in LEVELS]
        )
        rows.append(
            [
                f"{metric.label}, {unit_text(unit_of(metric), money)}",
                *levels,
                probability(figure.breach, summary.trials) or NONE,
            ]
        )
    caption = (
        f"{record['company']}: run {record['run_id']}, {summary.trials:,} trials, seed {record['seed']}, "
        f"{record['quarters']} quarters from {record['forecast_start']}; base below, also run: "
        f"{', '.join(name for name in summary.scenarios if name != BASE) or 'nothing'}"
    )
    return html_table(caption, ("Metric", *LEVELS, "P(breach given base)"), rows)


def html_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts, each escaped."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{html.escape(caption)}</caption><tr>{head}</tr>{body}</table>"
