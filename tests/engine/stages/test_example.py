"""The example trial: what the SimPy engine tells is what the compiled run of the same trial did."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine import chain
from engine.plan.load import load_plan
from engine.report.charts_network import STAGES
from engine.report.page import report_html
from engine.report.reading import Source
from engine.report.sections.network_pictures import network_pictures
from engine.report.workbook import WORKBOOK
from engine.settings import RunSettings
from engine.stages.example import chosen
from engine.store.example import FILE, read_example
from models.errors import StoreError
from models.network.timelines import MOMENTS
from tests.engine.report.synthetic import HOSTILE, made
from tests.tiny_plan import write_plan


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    plan = load_plan(write_plan(tmp_path_factory.mktemp("example") / "tiny"))
    return chain.run(plan, RunSettings(trials=4, quarters=2, seed=2), "supplier_outage")


@pytest.fixture(scope="module")
def example(run):
    return read_example(run.path)


def test_its_stock_is_that_of_the_compiled_run(run, example):
    """Units on hand at each month's end and units of every month agree with the cube to the unit."""
    months = run.cube["node"].to_dataset()["month"].values[: example["months"]]
    ends = [int(day) for day in (months[1:] - months[0]).astype("timedelta64[D]").astype(int)]
    for name, told in example["scenarios"].items():
        cube = run.cube["node/units_on_hand"].sel(scenario=name, trial=example["trial"])
        for node, units in told["stock"].items():
            assert len(units) == example["days"]
            shown = [units[end - 1] for end in ends] + [units[-1]]
            assert shown == cube.sel(node=node).values[: example["months"]].tolist()
        shipped = sum(units for *_, units in told["flows"]["shipped"])
        sold = run.cube["market/units_sold"].sel(scenario=name, trial=example["trial"])
        assert shipped == int(sold.isel(month=slice(example["months"])).sum())


def test_moments_of_an_order_follow_each_other(example):
    orders = [row for told in example["scenarios"].values() for row in told["orders"]]
    assert orders
    for row in orders:
        known = [day for day in row[4:] if day is not None]
        assert len(row[4:]) == len(MOMENTS)
        assert known == sorted(known)
        assert known == row[4 : 4 + len(known)], "what is not known yet comes last"


def test_it_is_small_and_part_of_the_report(run, example):
    assert (run.path / FILE).stat().st_size < 100_000
    assert not list(run.path.glob("report.html")), "a report is written when first asked for"
    page = run.page.read_text(encoding="utf-8")
    assert (run.path / WORKBOOK).exists()
    assert "The network, and one trial of it" in page
    assert f"trial {example['trial']}, base" in page
    before = run.page.read_bytes()
    assert run.report().read_bytes() == before, "the report is a function of the run's folder"
    assert len(STAGES) == len(MOMENTS) - 2


def test_a_run_without_it_has_a_report_without_it():
    assert network_pictures(made().source()) == ()


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / FILE).write_text("{")
    with pytest.raises(StoreError, match="run again"):
        read_example(tmp_path)
    assert read_example(tmp_path / "elsewhere") == {}


def test_hostile_keys_never_become_markup(example):
    text = json.dumps(example)
    for key, bad in zip(("CN1", "oslo", "NO", "oslofjord"), HOSTILE, strict=False):
        text = text.replace(json.dumps(key), json.dumps(bad))
    run = made()
    page = report_html(Source(run.cube, run.manifest, run.summary(), json.loads(text)))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_chosen_trial_is_the_median_of_the_worst_shock():
    lost = np.array([[0.0, 5.0, 0.0, 1.0], [9.0, 5.0, 1.0, 4.0], [1.0, 6.0, 1.0, 2.0]])
    assert chosen(lost) == (1, 2)
    assert chosen(lost[:1]) == (None, 0)
    assert chosen(np.array([[2.0, 3.0], [1.0, 3.0]])) == (None, 0)
