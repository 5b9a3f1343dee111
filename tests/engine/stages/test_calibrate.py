"""Calibration is fitted once for a content, and anew for any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.plan.load import load_plan
from engine.stages.calibrate import calibrate
from tests.tiny_plan import write_plan


def test_same_content_is_fitted_once_and_a_plan_changed_in_memory_anew(tmp_path: Path) -> None:
    plan = load_plan(write_plan(tmp_path / "tiny"))
    fitted = calibrate(plan)
    shorter = replace(plan, orders=plan.orders.iloc[:-40])
    assert calibrate(load_plan(plan.path)) is fitted
    assert shorter.hash == plan.hash
    assert calibrate(shorter).digest != fitted.digest
