"""A backtest as a page in the report's dress; the same backtest, the same bytes."""

from __future__ import annotations

from pathlib import Path as FilePath

from engine.backtest.charts import coverage_chart, paths_chart, pit_chart, skill_chart
from engine.backtest.contenders import CONTENDERS, OURS, PLAIN
from engine.backtest.ledger import NET_SALES
from engine.backtest.result import INTERVAL, LABELS, MEASURES, Backtest
from engine.backtest.scores import LEVELS, MONTH, NORMALISATION, QUANTILES, WINDOW, Score
from engine.report.content import (
    Block,
    Cell,
    Heading,
    Key,
    Picture,
    Pictures,
    Points,
    Section,
    Table,
    Text,
    table,
)
from engine.report.drawing import SERIES
from engine.report.formats import number, percent, signed
from engine.report.page import page_html
from engine.store.cube import write_atomically


def write_backtest(path: FilePath, found: Backtest, company: str) -> None:
    """Write the page of a backtest."""
    write_atomically(path, backtest_html(found, company))


def backtest_html(found: Backtest, company: str) -> str:
    """The page of a backtest as text."""
    first, last = found.origin_days[0], found.origin_days[-1]
    return page_html(
        title=f"{company}: backtest",
        heading=f"{company}: what past forecasts would have been worth",
        facts=(
            (
                f"{len(found.origin_days)} origins from {first} to {last}, {found.origins.months} months "
                f"ahead, {found.trials:,} paths each; seed {found.seed}. Every model was refitted at each "
                "origin with what was known then."
            ),
            f"CRPS: {NORMALISATION}. Coverage: {INTERVAL}, mean width beside it.",
        ),
        sections=(
            Section("verdict", "Verdict", (Points(tuple(found.verdicts())), Points(found.notes))),
            *(
                Section(measure, MEASURES[measure].capitalize(), tuple(_blocks(found, measure)))
                for measure in found.measures
            ),
        ),
        name=f"backtest {first} {last}",
    )


def _blocks(found: Backtest, measure: str) -> list[Block]:
    unit = f", {found.currency}" if measure == NET_SALES and found.currency else ", count"
    wide = paths_chart(found, measure=measure)
    shown = Picture(
        f"Our forecasts from each origin and what happened, company{unit}",
        wide,
        _paths_table(found, measure, unit),
        narrow=paths_chart(found, measure=measure, wide=False),
    )
    known = [each for each in CONTENDERS if found.score(each.name, measure=measure, grain=MONTH)]
    colours = [contender.name for contender in CONTENDERS]
    legend = tuple(Key(each.label, SERIES[colours.index(each.name)], filled=True) for each in known)
    scores = _score_table(found, measure, MONTH, unit)
    pictures = [
        Picture(
            "Coverage, single months, company", coverage_chart(found, measure=measure), scores, legend=legend
        ),
        Picture(
            "Skill, sums of the windows, company",
            skill_chart(found, measure=measure),
            _skills(found, measure),
        ),
        *(
            Picture(
                f"PIT, single months, company: {LABELS[name]}",
                pit_chart(found, name, measure=measure),
                _pit_table(found, name, measure),
            )
            for name in (OURS, PLAIN)
        ),
    ]
    return [
        Pictures((shown,)),
        Pictures(tuple(pictures)),
        Heading("Scores of the company"),
        _score_table(found, measure, WINDOW, unit),
        scores,
        _losses(found, measure, unit),
        Heading("Scores by market"),
        *_market_tables(found, measure, unit),
        Text("Bias: mean forecast over mean outcome, less one. Skill: share of the reference's CRPS saved."),
    ]


def _score_table(found: Backtest, measure: str, grain: str, unit: str) -> Table:
    rows = []
    for contender in CONTENDERS:
        each = found.score(contender.name, measure=measure, grain=grain)
        if each is not None:
            rows.append([Cell(contender.label, "strong" if contender.name == OURS else ""), *_cells(each)])
    return table(f"{found.grain(grain).capitalize()}, company{unit}", ("Forecast", *_heads()), rows)


def _market_tables(found: Backtest, measure: str, unit: str) -> list[Block]:
    out: list[Block] = []
    for grain in (WINDOW, MONTH):
        rows: list[list[str | Cell]] = []
        for market in found.markets:
            each = found.score(measure=measure, market=market, grain=grain)
            if each is not None:
                best = found.best(measure=measure, market=market, grain=grain)
                rows.append([market, LABELS.get(best, ""), *_cells(each)])
        out.append(
            table(
                f"Ours by market, {found.grain(grain)}{unit}",
                ("Market", "Least CRPS", *_heads()),
                rows,
                text_columns=2,
            )
        )
    return out


def _heads() -> tuple[str, ...]:
    by_level = [text for level in LEVELS for text in (f"{level:.0%} held", f"width {level:.0%}")]
    return ("Cases", "CRPS", *by_level, "Bias", "PIT mean")


def _cells(each: Score) -> list[str | Cell]:
    out: list[str | Cell] = [str(len(each.by_case)), number(each.crps, 1)]
    for seen in each.coverage:
        held = f"{percent(seen.share, 0)} [{percent(seen.low, 0)}, {percent(seen.high, 0)}]"
        out += [Cell(held, "" if seen.consistent else "alarm"), number(seen.width)]
    return [*out, f"{signed(100.0 * each.bias, 1)}%", number(float(each.pit.mean()), 2)]


def _skills(found: Backtest, measure: str) -> Table:
    rows: list[list[str | Cell]] = []
    for grain in (WINDOW, MONTH):
        each = found.score(measure=measure, grain=grain)
        for name, (value, cases) in ({} if each is None else each.skill).items():
            rows.append([LABELS[name], found.grain(grain), percent(value), str(cases)])
    return table(
        "Share of the reference's CRPS saved", ("Reference", "Grain", "Skill", "Cases"), rows, text_columns=2
    )


def _losses(found: Backtest, measure: str, unit: str) -> Table:
    rows: list[list[str | Cell]] = []
    for contender in CONTENDERS:
        each = found.score(contender.name, measure=measure, grain=MONTH)
        if each is not None:
            rows.append([contender.label, *(number(each.loss[level], 1) for level in QUANTILES)])
    heads = ("Forecast", *(f"{level:g}" for level in QUANTILES))
    return table(f"Mean pinball loss by quantile, single months, company{unit}", heads, rows)


def _pit_table(found: Backtest, name: str, measure: str) -> Table:
    each = found.score(name, measure=measure, grain=MONTH)
    counts = () if each is None else each.histogram
    rows: list[list[str | Cell]] = [
        [f"{k / 10:.1f} to {(k + 1) / 10:.1f}", str(n)] for k, n in enumerate(counts)
    ]
    return table("Cases by tenth of the PIT", ("PIT", "Cases"), rows)


def _paths_table(found: Backtest, measure: str, unit: str) -> Table:
    rows: list[list[str | Cell]] = []
    for each in found.paths:
        if (each.measure, each.market) != (measure, None):
            continue
        for j, actual in enumerate(each.actual):
            bands = [number(float(value)) for value in each.bands[:, j]]
            rows.append([each.origin.isoformat(), str(j + 1), number(float(actual)), *bands])
    heads = ("Origin", "Month", "Actual", "p05", "p25", "p50", "p75", "p95")
    return table(f"Forecast and outcome, company{unit}", heads, rows)
