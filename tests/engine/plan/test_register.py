"""assumptions.yaml: every figure that nobody measured, with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.load import load_plan
from engine.plan.plan import Plan
from engine.plan.register import figures_at
from engine.plan.report import check_report
from models.errors import InputError
from tests.engine.plan.ledgers import small_files
from tests.tiny_plan import write_plan


def load(folder: Path, text: str) -> Plan:
    return load_plan(write_plan(folder, small_files() | {"assumptions.yaml": text}))


def test_entries_show_the_values_that_plan_yaml_gives(tmp_path: Path) -> None:
    plan = load(
        tmp_path,
        """\
assumptions:
  - {id: finance.tax.rate, unit: share, source: law, why: as filed, owner: CFO, review_by: 2026-12-31}
  - {id: "markets.*.consumption_tax", source: law}
  - {id: "lanes.CN1>oslo.transit", unit: days, source: guess}
  - {id: "data/items.csv: unit_cost", value: half the price, source: guess}
""",
    )
    listed = {entry.id: entry for entry in plan.assumptions}
    assert listed["finance.tax.rate"].value == "0.22"
    assert listed["finance.tax.rate"].why == "as filed; owner CFO, review by 2026-12-31"
    assert listed["markets.*.consumption_tax"].value == "NO 0.25, NA 0.15"
    assert listed["lanes.CN1>oslo.transit"].value == "mean 35 sd 6"
    assert listed["data/items.csv: unit_cost"].value == "half the price"
    assert {"finance.tax.rate", "markets.*.consumption_tax"} <= {
        entry["id"] for entry in check_report(plan)["assumptions"]
    }


def test_the_register_moves_no_figure(tmp_path: Path) -> None:
    with_register = load(tmp_path / "a", "assumptions:\n  - {id: finance.tax.rate, source: law}\n")
    assert load_plan(write_plan(tmp_path / "b", small_files())).hash == with_register.hash


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{id: finance.tax.rates, source: law}", "an assumption about no figure of plan.yaml"),
        ("{id: finance.tax.rate, value: 0.2, source: law}", "a value that plan.yaml already gives"),
        ("{id: finance.tax.rate}", "a field is missing"),
        ("{id: finance.tax.rate, source: law, since: 2020}", "unknown"),
    ],
)
def test_entries_that_say_nothing_of_the_plan_are_faults(tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(InputError, match=f"assumptions.yaml:.*{problem}"):
        load(tmp_path, f"assumptions:\n  - {entry}\n")


def test_an_assumption_stands_once(tmp_path: Path) -> None:
    twice = "assumptions:\n" + 2 * "  - {id: finance.tax.rate, source: law}\n"
    with pytest.raises(InputError, match="listed twice"):
        load(tmp_path, twice)


def test_a_path_walks_keys_names_and_positions() -> None:
    data = {"a": [{"key": "x", "b": "1"}, {"name": "y", "b": "2"}, "three"]}
    assert figures_at(data, "a.x.b") == [("", "1")]
    assert figures_at(data, "a.*.b") == [("x", "1"), ("y", "2")]
    assert figures_at(data, "a.2") == [("", "three")]
    assert figures_at(data, "a.z") == []
