"""The report of a run: one self-contained HTML file, escaped throughout, without script or outside request.

Text reaches the page through autoescaping only. The one exception is what ``Chart.svg`` writes, which
escapes its own text. The style sheet is allowed by its digest; nothing else may load.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine.report.content import Block, Missing, Section
from engine.report.drawing import Chart
from engine.report.formats import NONE
from engine.report.reading import Source
from engine.report.sections.concentration import concentration
from engine.report.sections.customers import customers
from engine.report.sections.decision import decision
from engine.report.sections.ladder import ladder
from engine.report.sections.liquidity import liquidity
from engine.report.sections.method import method
from engine.report.sections.network import network
from engine.report.sections.network_pictures import network_pictures
from engine.report.sections.quality import quality
from engine.report.sections.shocks import shocks
from engine.report.sections.unit_economics import unit_economics
from engine.report.summary import Summary
from engine.risk.errors import MINIMUM_SECTIONS, TRIALS_PER_SECTION, section_count
from engine.store.cube import write_atomically
from engine.store.example import read_example

PAGE = "report.html"
BACKTEST = Section(
    "backtest",
    "Backtest",
    (
        Missing(
            "Backtest of earlier vintages",
            "no vintage is frozen in this release; a forecast is judged by its own",
        ),
    ),
)


def write_report(path: Path, summary: Summary, record: Mapping[str, Any], cube: xr.DataTree) -> None:
    """Write the report of a run into its folder; a function of what the folder holds only."""
    write_atomically(path, report_html(Source(cube, record, summary, read_example(path.parent))))


def report_html(source: Source) -> str:
    """The report as text: the same run, the same bytes."""
    record = source.record
    return page_html(
        title=f"{record['company']}: forecast {record['run_id']}",
        heading=f"{record['company']}: what the next {record['quarters']} quarters may bring",
        facts=report_facts(source),
        sections=report_sections(source),
        name=str(record["run_id"]),
    )


def report_sections(source: Source) -> tuple[Section, ...]:
    """Every section, the decision page first."""
    return (
        decision(source),
        shocks(source),
        ladder(source),
        liquidity(source),
        concentration(source),
        with_blocks(network(source), network_pictures(source)),
        unit_economics(source),
        customers(source),
        BACKTEST,
        quality(source),
        method(source),
    )


def with_blocks(section: Section, more: Sequence[Block]) -> Section:
    """A section with more blocks at its end."""
    return replace(section, blocks=(*section.blocks, *more))


def page_html(
    *, title: str, heading: str, facts: Sequence[str], sections: Sequence[Section], name: str
) -> str:
    """A page of sections in the report's dress; ``name`` (run ids) stands at the foot of printed pages."""
    environment = Environment(
        loader=PackageLoader("engine.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    environment.globals["svg"] = _svg
    environment.globals["nothing"] = NONE
    style = _style(environment, name)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        title=title,
        heading=heading,
        facts=facts,
        sections=sections,
        style=Markup(style),  # noqa: S704 (our own file and a run id of letters and digits)
        style_digest=f"sha256-{digest}",
        foot=f"{heading} · {name} · made by tradewind from the run's folder only",
    )


def _style(environment: Environment, name: str) -> str:
    assert environment.loader is not None  # noqa: S101 (made with one above)
    text = environment.loader.get_source(environment, "report.css")[0]
    safe = "".join(c for c in name if c.isascii() and (c.isalnum() or c in " -"))
    return text.replace("RUN_ID", safe)


def _svg(chart: Chart, key: str) -> Markup:
    return Markup(chart.svg(key))  # noqa: S704 (Chart.svg escapes every text it is given)


def report_facts(source: Source) -> tuple[str, ...]:
    """What every page of a run says of it: period, currency, trials, seed, run and plan, errors."""
    record, trials = source.record, source.trials
    errors = (
        "± is the half-width of the 95% Monte Carlo interval"
        if section_count(trials) >= MINIMUM_SECTIONS
        else f"errors not available with fewer than {MINIMUM_SECTIONS * TRIALS_PER_SECTION} trials"
    )
    return (
        (
            f"Forecast {source.period}, actuals through {record['actuals_through']}; {record['currency']}, "
            f"amounts in {source.money.unit} unless a unit stands beside them."
        ),
        (
            f"Run {record['run_id']}, {trials:,} trials (from {record['first_trial']:,}), the same under "
            f"each of {len(source.scenarios)} scenarios; seed {record['seed']}; plan "
            f"{str(record['plan_hash'])[:12]}; {errors}."
        ),
    )
