"""Charts for notebooks: Figures of the same pictures, and errors in words."""

import pytest
from matplotlib.figure import Figure

from engine.finance.metrics import METRICS
from engine.report import plots
from engine.report.charts_grid import WIDTH, Heat, heat_map
from engine.report.drawing import WIDE, Label
from engine.report.summary import limits_of
from models.errors import UsageError
from tests.engine.report.synthetic import made


@pytest.fixture(scope="module")
def run():
    return made(trials=6, quarters=2)


@pytest.mark.parametrize("draw", [plots.cash, plots.profit, plots.changes, plots.breaches, plots.exceedance])
def test_every_chart_is_a_figure_that_can_be_drawn(run, draw, tmp_path):
    figure = draw(run)
    assert isinstance(figure, Figure)
    figure.savefig(tmp_path / "figure.png")
    assert any("2026" in text.get_text() or "base" in text.get_text() for text in figure.axes[0].texts)


def test_a_share_is_shown_in_percent_and_money_in_the_unit_of_the_report(run):
    def marks(metric):
        texts = [text.get_text().replace(",", "") for text in plots.exceedance(run, metric).axes[0].texts]
        return [float(text) for text in texts if text.lstrip("-").replace(".", "").isdigit()]

    share = run.cube["horizon"]["top_1_market_share"].values
    assert max(marks("top_1_market_share")) == pytest.approx(100 * share.max(), rel=0.5)
    assert max(marks("net_revenue")) == pytest.approx(
        run.cube["horizon"]["net_revenue"].values.max() / 1e3, rel=0.5
    )


def test_a_waterfall_is_a_figure_with_a_bar_for_each_line_that_moved(run):
    texts = {text.get_text() for text in plots.waterfall(run, "slump").axes[0].texts}
    assert {"base", "slump", "Gross sales", "COGS duty"} <= texts


@pytest.mark.parametrize(("width", "most", "bands"), [(WIDE, 0, 1), (WIDTH, 5, 3)])
def test_the_heads_of_a_map_of_all_thresholds_are_whole(width, most, bands):
    heads = [
        metric.label
        for metric in METRICS
        if any(v is not None for v in limits_of(metric, {"thresholds": {}}))
    ]
    chart = heat_map(["base"], heads, [[Heat("1%", 0.0)] * len(heads)], "map", width=width, most=most)
    texts = [mark.text for mark in chart.marks if isinstance(mark, Label)]
    assert not [text for text in texts if "…" in text]
    assert texts.count("base") == bands
    assert texts.count("1%") == len(heads)


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
