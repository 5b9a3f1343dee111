"""The decision page: the answer in sentences, three layers of metrics, what moves them, what to do."""

from __future__ import annotations

import math

from engine.finance.metrics import METRIC_OF
from engine.report.charts_bars import ranked
from engine.report.content import (
    Block,
    Cell,
    Heading,
    Missing,
    Picture,
    Pictures,
    Points,
    Section,
    Text,
    table,
    words,
)
from engine.report.formats import NONE, amount, bare, percent, probability, unbroken, unit_of, unit_text
from engine.report.reading import Source, month_name
from engine.report.sections.judgement import (
    DIRECTIONS,
    LAYERS,
    Judgement,
    judgements,
    mean_of,
    threshold_text,
)
from engine.report.summary import BASE, LEVELS
from engine.report.waterfall import line_title
from engine.risk.errors import Estimate

RANKED_BY = ("ebitda", "minimum_cash")
COLUMNS = (
    "Metric",
    "Good",
    "Threshold",
    "Base: median (p05, p95)",
    "P(breach) given base",
    "P(breach) given the worst scenario",
    "P(breach) mixture",
    "Action (owner)",
)


def decision(source: Source) -> Section:
    """The first page."""
    judged = judgements(source)
    blocks: list[Block] = [Points(tuple(_answer(source, judged)))]
    blocks += [Heading("What to do"), *_actions(source, judged)]
    blocks += [Heading("What moves it"), *_movers(source)]
    blocks.append(Heading("Three layers of metrics"))
    for layer, title in LAYERS.items():
        rows = [_row(source, each) for each in judged if each.metric.layer == layer]
        blocks.append(words(f"{title}; {source.period}", COLUMNS, rows, dense=True))
    blocks.append(Missing("What changed since the last vintage", "no vintage is frozen in this release"))
    return Section("decision", "Decision page", tuple(blocks))


def _answer(source: Source, judged: tuple[Judgement, ...]) -> list[str]:
    """The result in a few sentences, each with its figures and errors."""
    money, by_name = source.money, {each.metric.name: each for each in judged}
    out = []
    parts = []
    for name in ("net_revenue", "cm2", "ebitda"):
        each = by_name[name]
        if each.base.estimates is not None:
            low, mid, high = (bare(each.base.estimates[level].value, "currency", money) for level in LEVELS)
            parts.append(f"{each.metric.label} {mid} ({low} to {high})")
    if parts:
        out.append(f"Base, {source.period}, median and p05 to p95 in {money.unit}: {'; '.join(parts)}.")
    cash = by_name["minimum_cash"]
    if cash.base.estimates is not None:
        low, mid, high = (bare(cash.base.estimates[level].value, "currency", money) for level in LEVELS)
        trough = source.months_of_trough(BASE)
        out.append(
            f"Lowest cash before the credit line: {mid} {money.unit} ({low} to {high}), most often in "
            f"{month_name(trough)}. P(cash below zero on any day): "
            f"{probability(source.below_zero(BASE), source.trials)} given base"
            + (
                f", {probability(source.below_zero(cash.worst), source.trials)} given {cash.worst}"
                if cash.worst
                else ""
            )
            + "."
        )
    tolerated = source.summary.tolerated
    over = [
        f"{each.metric.label} ({threshold_text(source, each.metric)}): "
        f"{probability(each.base.breach, source.trials)}"
        for each in judged
        if each.base.breach is not None and each.base.breach.value > tolerated
    ]
    out.append(
        f"Breached in base with more than the tolerated {percent(tolerated, 0)}: {'; '.join(over)}."
        if over
        else f"No threshold is breached in base with more than the tolerated {percent(tolerated, 0)}."
    )
    out += _worst_shock(source, by_name)
    return out


def _worst_shock(source: Source, by_name: dict[str, Judgement]) -> list[str]:
    """Which shock costs most, through which line."""
    if not source.shocks:
        return ["Only base was run: no shock is compared. Run with --scenarios all."]
    changes = {name: source.summary.figures[name, "ebitda"].difference for name in source.shocks}
    known = {name: change for name, change in changes.items() if change is not None}
    if not known:
        return []
    worst = min(sorted(known), key=lambda name: known[name].value)
    if known[worst].value >= 0.0:
        return ["No shock lowers EBITDA on average."]
    largest = source.waterfall(worst, "ebitda").largest
    text = (
        f"The shock that costs most EBITDA is {worst}: "
        f"{amount(known[worst], 'currency', source.money, sign=True)} {source.money.unit} on average, most "
        f"of it through {line_title(largest.line)} "
        f"({amount(largest.change, 'currency', source.money, sign=True)})."
    )
    cash = by_name["minimum_cash"]
    if cash.worst and cash.worst != worst:
        text += f" The one that most often breaches minimum cash is {cash.worst}."
    return [text]


def _row(source: Source, each: Judgement) -> list[str | Cell]:
    metric, money = each.metric, source.money
    unit = unit_of(metric)
    level = Cell("not defined in every trial")
    if each.base.estimates is not None:
        low, mid, high = (amount(each.base.estimates[name], unit, money) for name in LEVELS)
        level = Cell(unbroken(mid), lines=(unbroken(f"p05 {low}"), unbroken(f"p95 {high}")))
    return [
        Cell(f"{metric.label}, {unit_text(unit, money)}", "strong", (f"{metric.formula}; {metric.variant}",)),
        DIRECTIONS[metric.good],
        threshold_text(source, metric),
        level,
        _breach(source, each.base.breach),
        _worst(source, each),
        _breach(source, each.mixed.breach if each.mixed is not None else None, mixed=True),
        Cell(metric.action, lines=(f"{metric.owner}, {metric.cadence}",)),
    ]


def _worst(source: Source, each: Judgement) -> Cell:
    """Probability under the worst scenario, its name and what it changes on average."""
    figure = each.worst_figure
    if figure is None:
        return Cell("none is worse than base" if source.shocks else "only base was run")
    lines = [each.worst]
    if figure.difference is not None:
        lines.append(f"mean {amount(figure.difference, unit_of(each.metric), source.money, sign=True)}")
    shown = _breach(source, figure.breach)
    return Cell(shown.text, shown.tone, tuple(lines))


def _breach(source: Source, breach: Estimate | None, *, mixed: bool = False) -> Cell:
    if breach is None:
        return Cell(NONE)
    tone = "alarm" if breach.value > source.summary.tolerated else ""
    return Cell(probability(breach, 0 if mixed else source.trials), tone)


def _actions(source: Source, judged: tuple[Judgement, ...]) -> list[Block]:
    """Actions of every metric whose threshold is breached too often, the most probable first."""
    tolerated = source.summary.tolerated
    chosen = [each for each in judged if each.probability > tolerated]
    chosen.sort(key=lambda each: (-(each.base.breach.value if each.base.breach else 0.0), -each.probability))
    if not chosen:
        return [
            Text(f"No threshold is breached with more than {percent(tolerated, 0)}, in base or any scenario.")
        ]
    rows: list[list[str | Cell]] = []
    for each in chosen:
        worst = each.worst_figure
        rows.append(
            [
                Cell(each.metric.action, "strong"),
                f"{each.metric.label}: {threshold_text(source, each.metric)}",
                _breach(source, each.base.breach),
                "none is worse" if worst is None else f"{each.worst}: {_breach(source, worst.breach).text}",
                f"{each.metric.owner}, {each.metric.cadence}",
            ]
        )
    return [
        words(
            f"Actions for every threshold breached with more than {percent(tolerated, 0)} in base or in a "
            "scenario",
            ("Action", "Because of", "P(breach) given base", "Given the worst scenario", "Owner"),
            rows,
        ),
        Missing(
            "What each action buys",
            "the value of a response needs a run with and one without it; compare two scenarios for now",
        ),
    ]


def _movers(source: Source) -> list[Block]:
    """Scenarios ranked by their paired change of EBITDA and of minimum cash."""
    if not source.shocks:
        return [Missing("Ranked scenarios", "only base was run; add --scenarios all")]
    pictures = []
    for name in RANKED_BY:
        picture = _ranking(source, name)
        if picture is not None:
            pictures.append(picture)
    if not pictures:
        return [Missing("Ranked scenarios", "EBITDA and minimum cash are not defined in every trial")]
    return [
        Text(
            "Mean change from base on the same trials: what the scenario does, with the noise of the "
            "trials taken out. Blue helps, orange hurts; the whisker is the 95% interval."
        ),
        Pictures(tuple(pictures)),
    ]


def _ranking(source: Source, name: str) -> Picture | None:
    money = source.money
    figures = {scenario: source.summary.figures[scenario, name] for scenario in source.shocks}
    known = {s: figure.difference for s, figure in figures.items() if figure.difference is not None}
    if not known:
        return None
    order = sorted(known, key=lambda scenario: (known[scenario].value, scenario))
    base = mean_of(source.summary.figures[BASE, name])
    label = METRIC_OF[name].label
    bars, rows = [], []
    for scenario in order:
        change = known[scenario]
        bars.append((scenario, change.value / money.divisor, change.half_width / money.divisor))
        share = change.value / abs(base.value) if base is not None and base.value else math.nan
        largest = source.waterfall(scenario, "ebitda").largest
        rows.append(
            [
                scenario,
                amount(change, "currency", money, sign=True),
                percent(share),
                probability(figures[scenario].breach, source.trials) or NONE,
                f"{line_title(largest.line)} {money.signed(largest.change.value)}",
            ]
        )
    title = f"{label}: change from base, {money.unit}, {source.period}"
    return Picture(
        title,
        ranked(bars, f"{title}, by scenario", digits=money.digits),
        table(
            title,
            ("Scenario", "Mean change", "Of base's mean", "P(breach)", "Largest line of EBITDA"),
            rows,
        ),
    )
