"""Thresholds of ``policy.yaml``: known, known but not computed yet, or misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.demo.config import policy_yaml
from engine.finance.metrics import METRIC_NAMES
from engine.finance.planned_metrics import PLANNED_METRICS
from engine.plan.load import load_plan
from engine.plan.report import check_report
from models.errors import InputError
from tests.tiny_plan import tiny_files, write_plan


def test_a_metric_is_either_computed_or_planned():
    assert not set(METRIC_NAMES) & set(PLANNED_METRICS)
    assert all(meaning for meaning in PLANNED_METRICS.values())


def test_misspelt_metrics_are_faults_with_row_and_suggestion(tmp_path: Path):
    policy = "thresholds:\n  minimum_csh: {min: 0}\n  supplier_redundncy: {min: 0.8}\n  ebitda: {min: 0}\n"
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(tmp_path, tiny_files() | {"policy.yaml": policy}))
    found = {fault.row: fault for fault in raised.value.faults}
    assert sorted(found) == [2, 3]
    assert (found[2].got, found[2].remedy) == ("minimum_csh", "did you mean minimum_cash?")
    assert found[3].remedy == "did you mean supplier_redundancy?"


def test_thresholds_of_metrics_that_are_not_computed_yet_are_listed_by_check(tmp_path: Path):
    policy = policy_yaml().replace("thresholds:", "thresholds:\n  gross_margin: {min: 0.4}")
    plan = load_plan(write_plan(tmp_path, tiny_files() | {"policy.yaml": policy}))
    states = {row["metric"]: row["state"] for row in check_report(plan)["thresholds"]}
    assert states["minimum_cash"] == "computed"
    assert states["supplier_redundancy"] == states["delivered_48h"] == "computed"
    assert states["gross_margin"].startswith("not computed yet: CM1 over net revenue")
    assert all(state == "computed" for name, state in states.items() if name in METRIC_NAMES)
    assert {name for name, state in states.items() if state != "computed"} <= set(PLANNED_METRICS)
