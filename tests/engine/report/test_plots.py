"""Charts for notebooks: the pictures of the page under their titles, and errors in words."""

import html
from dataclasses import replace

import pytest

from engine.finance.metrics import METRICS
from engine.report import plots
from engine.report.charts_grid import WIDTH, Heat, heat_map
from engine.report.drawing import TITLE, WIDE, Label
from engine.report.summary import limits_of
from models.errors import UsageError
from tests.engine.report.synthetic import made


@pytest.fixture(scope="module")
def run():
    return made(trials=6, quarters=2)


@pytest.mark.parametrize("draw", [plots.cash, plots.profit, plots.changes, plots.breaches, plots.exceedance])
def test_every_chart_shows_itself_under_its_title(run, draw):
    chart = draw(run)
    svg = chart._repr_svg_()
    assert "2026" in chart.title or "base" in chart.title
    assert f">{html.escape(chart.title)}</text>" in svg
    assert f'viewBox="0 {-TITLE:g} {chart.width:g} {chart.height + TITLE:g}"' in svg


def test_a_chart_of_the_page_has_no_title_above_it(run):
    chart = replace(plots.cash(run), title="")
    assert f'viewBox="0 0 {chart.width:g} {chart.height:g}"' in chart.svg()


def texts(chart):
    return [mark.text for mark in chart.marks if isinstance(mark, Label)]


def test_a_share_is_shown_in_percent_and_money_in_the_unit_of_the_report(run):
    def marks(metric):
        shown = [text.replace(",", "") for text in texts(plots.exceedance(run, metric))]
        return [float(text) for text in shown if text.lstrip("-").replace(".", "").isdigit()]

    share = run.cube["horizon"]["top_1_market_share"].values
    assert max(marks("top_1_market_share")) == pytest.approx(100 * share.max(), rel=0.5)
    assert max(marks("net_revenue")) == pytest.approx(
        run.cube["horizon"]["net_revenue"].values.max() / 1e3, rel=0.5
    )


def test_a_waterfall_has_a_bar_for_each_line_that_moved(run):
    assert {"base", "slump", "Gross sales", "COGS duty"} <= set(texts(plots.waterfall(run, "slump")))


@pytest.mark.parametrize(("width", "most", "bands"), [(WIDE, 0, 1), (WIDTH, 5, 3)])
def test_the_heads_of_a_map_of_all_thresholds_are_whole(width, most, bands):
    heads = [
        metric.label
        for metric in METRICS
        if any(v is not None for v in limits_of(metric, {"thresholds": {}}))
    ]
    chart = heat_map(["base"], heads, [[Heat("1%", 0.0)] * len(heads)], "map", width=width, most=most)
    shown = texts(chart)
    assert not [text for text in shown if "…" in text]
    assert shown.count("base") == bands
    assert shown.count("1%") == len(heads)


@pytest.mark.parametrize(
    ("draw", "complaint"),
    [
        (lambda run: plots.profit(run, "ebitd"), "rung: unknown"),
        (lambda run: plots.waterfall(run, "base"), "scenario: not in this run"),
        (lambda run: plots.exceedance(run, "luck"), "metric: unknown"),
        (lambda run: plots.changes(made(trials=2, quarters=1, scenarios=("base",))), "only base was run"),
    ],
)
def test_a_chart_that_cannot_be_is_refused_in_words(run, draw, complaint):
    with pytest.raises(UsageError, match=complaint):
        draw(run)
