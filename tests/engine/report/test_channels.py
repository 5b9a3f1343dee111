"""Unit economics by channel in summary, page and workbook: every figure again from the cube's arrays."""

from __future__ import annotations

import io
import json

import numpy as np
import openpyxl
import pytest

from engine.finance.unit_economics import ZONES, discount_factors
from engine.report.channels import ALL
from engine.report.page import report_html
from engine.report.workbook.book import workbook_bytes
from tests.engine.report.synthetic import made
from tests.engine.report.test_page import Reader


@pytest.fixture(scope="module")
def run():
    return made(trials=512, quarters=8)


@pytest.fixture(scope="module")
def channels(run):
    return run.summary().channels


def ratios(run, scenario, market):
    """LTV/CAC by trial of one market, from the cube."""
    cube = run.cube
    won, spend = (
        cube["acquisition"][name].sel(scenario=scenario, market=market).sum("month").values[:, 0]
        for name in ("new_customers", "spend")
    )
    curve = cube["customers"]["cm2_by_age"].sel(scenario=scenario, market=market).values[..., 0]
    return (curve * discount_factors(24, 0.1)).sum(axis=1) / (spend / won)


def test_there_is_a_line_for_every_cell_channel_and_the_company_under_every_scenario(run, channels):
    names = [(line.scenario, line.market, line.channel) for line in channels.lines]
    for scenario in ("base", "slump", "tariff"):
        mine = [(market, channel) for name, market, channel in names if name == scenario]
        assert mine == [("NO", "search"), ("NA", "search"), (ALL, "search"), (ALL, ALL)]
    assert channels.months == 24


@pytest.mark.parametrize("scenario", ["base", "tariff"])
def test_quantiles_probabilities_and_changes_are_those_of_the_trials(run, channels, scenario):
    line = next(each for each in channels.of(scenario) if each.market == "NO")
    expected = ratios(run, scenario, "NO")
    for level, name in ((0.05, "p05"), (0.5, "p50"), (0.95, "p95")):
        found = line.figures["ltv_cac"][name]
        assert found.value == pytest.approx(np.quantile(expected, level))
        assert found.available
    assert line.chances["below_one"].value == pytest.approx((expected < 1.0).mean())
    assert line.chances["below_policy"].value == pytest.approx((expected < 3.0).mean())
    assert sum(line.chances[zone].value for zone in ZONES) == pytest.approx(1.0)
    if scenario == "base":
        assert line.change is None
    else:
        assert line.change.value == pytest.approx(np.mean(expected - ratios(run, "base", "NO")))


def test_the_policy_of_the_plan_moves_the_threshold(run):
    record = {
        **run.manifest,
        "policy": {
            "thresholds": {"ltv_cac": {"min": 2.0, "max": None}},
            "tolerated_probability": 0.2,
        },
    }
    changed = type(run)(run.cube, record).summary()
    assert changed.channels.policy == 2.0
    assert changed.figures["base", "ltv_cac"].threshold == "at least 2"


def test_summary_is_plain_data_without_nan(run):
    plain = json.loads(json.dumps(run.summary().to_dict(), allow_nan=False))
    base = plain["channels"]["scenarios"]["base"]
    assert base[-1]["market"] == base[-1]["acquisition_channel"] == ALL
    assert set(base[0]["probability"]) == {"below_one", "below_policy", "unpaid", *ZONES}
    assert plain["scenarios"]["tariff"]["ltv"]["unit"] == "USD per customer"


def test_nothing_won_is_shown_as_nothing(run):
    empty = made(trials=16, quarters=4, empty_markets=True)
    read = " ".join(Reader(report_html(empty.source())).text)
    assert "Customers and channels" in read
    line = empty.summary().channels.company("base")
    assert line.figures["cac"] is None
    assert line.zone in {"", *ZONES}


def test_the_sheet_holds_what_the_summary_holds(run, channels):
    data = workbook_bytes(run.cube, run.manifest, run.summary())
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Unit economics"]
    rows = {tuple(row[:3]): row for row in sheet.iter_rows(min_row=10, values_only=True)}
    head = [cell.value for cell in sheet[9]]
    for line in channels.lines:
        channel = "all channels" if line.channel == ALL else line.channel
        row = rows[line.scenario, line.market, channel]
        assert row[head.index("LTV/CAC p50")] == pytest.approx(line.figures["ltv_cac"]["p50"].value)
        assert row[head.index("P(LTV/CAC < 1)")] == pytest.approx(line.chances["below_one"].value)
        assert row[head.index("Likeliest zone")] == line.zone


def test_a_run_of_an_older_version_says_so():
    run = made(trials=16)
    record = {**run.manifest, "terms": {}}
    old = type(run)(run.cube, record)
    assert old.summary().channels is None
    assert "this run was made by another version" in report_html(old.source())
