"""Thresholds of ``policy.yaml``: known, known but not computed yet, or misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.demo.config import policy_yaml
from engine.plan.load import load_plan
from engine.plan.report import check_report
from models.errors import InputError
from tests.tiny_plan import tiny_files, write_plan


def test_misspelt_metrics_are_faults_with_row_and_suggestion(tmp_path: Path):
    policy = "thresholds:\n  minimum_csh: {min: 0}\n  supplier_redundncy: {min: 0.8}\n  ebitda: {min: 0}\n"
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(tmp_path, tiny_files() | {"policy.yaml": policy}))
    found = {fault.row: fault for fault in raised.value.faults}
    assert sorted(found) == [2, 3]
    assert (found[2].got, found[2].remedy) == ("minimum_csh", "did you mean minimum_cash?")
    assert found[3].remedy == "did you mean supplier_redundancy?"


def test_every_threshold_is_listed_by_check(tmp_path: Path):
    policy = policy_yaml().replace("thresholds:", "thresholds:\n  gross_margin: {min: 0.4}")
    plan = load_plan(write_plan(tmp_path, tiny_files() | {"policy.yaml": policy}))
    listed = {row["metric"]: (row["min"], row["max"]) for row in check_report(plan)["thresholds"]}
    assert listed["gross_margin"] == (0.4, None)
    assert set(listed) == set(plan.policy.thresholds) >= {"minimum_cash", "delivered_48h"}
