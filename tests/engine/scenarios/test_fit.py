"""A scenario on a plan with nothing for it to act on: left out and listed, never a fault of the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import RunSettings
from engine.chain import run
from engine.plan.load import load_plan
from engine.rehearsal import rehearse
from engine.scenarios import load_library
from models.errors import InputError
from tests.minimal_plan import minimal_files
from tests.tiny_plan import tiny_files, write_plan

PLANS = {"minimal": minimal_files, "tiny": tiny_files}
SHIPPED = load_library().names

LEFT_OUT = {
    "customs_shock": [
        "customs_shock.spend[market=top_market] is left out: the plan has no acquisition channel"
    ],
    "fx_shock": ["fx_shock.fx is left out: the plan has no foreign currency", "nothing is left: as base"],
    "stagflation": [
        "fx_shock.fx is left out: the plan has no foreign currency",
        "stagflation.cac is left out: the plan has no acquisition channel",
    ],
}


def own(name: str, body: str) -> dict[str, str]:
    text = f"name: {name}\nwhy: a test\nsource: a test\n{body}"
    return {f"scenarios/{name}.yaml": text}


def rehearsed(folder: Path, files: dict[str, str]):
    return rehearse(load_plan(write_plan(folder, files)))


@pytest.fixture(scope="module", params=sorted(PLANS))
def played(request, tmp_path_factory):
    folder = write_plan(tmp_path_factory.mktemp(request.param), PLANS[request.param]())
    return request.param, run(load_plan(folder), RunSettings(trials=2, quarters=2), "all")


@pytest.mark.parametrize("scenario", SHIPPED)
def test_fault_D01_every_shipped_scenario_runs_on_any_plan_and_lists_what_has_no_target(played, scenario):
    name, finished = played
    entry = finished.manifest["scenarios"][scenario]
    expected = LEFT_OUT.get(scenario, []) if name == "minimal" else []
    assert entry["left_out"] == [f"{scenario}: {line}" for line in expected]
    assert finished.summary().to_dict()["scenarios"][scenario]["net_revenue"]["p50"]["value"] > 0.0


def test_fault_D01_check_tries_what_run_does_and_lists_the_same(tmp_path):
    lines = rehearsed(tmp_path, minimal_files()).left_out
    assert lines == tuple(f"{name}: {line}" for name, of in sorted(LEFT_OUT.items()) for line in of)


def test_fault_D01_sibling_a_role_nobody_fills_in_a_file_of_the_plan_is_left_out(tmp_path):
    body = """\
shocks:
  - {driver: spend, where: {acquisition_channel: top_acquisition_channel}, change: {scale: 0, unit: x}}
  - {driver: demand, change: {scale: 0.5, unit: x}}
"""
    lines = rehearsed(tmp_path, minimal_files() | own("quiet", body)).left_out
    assert [line for line in lines if line.startswith("quiet")] == [
        (
            "quiet: quiet.spend[acquisition_channel=top_acquisition_channel] is left out: "
            "the plan has no acquisition channel"
        )
    ]


def test_fault_D01_sibling_failover_without_a_backup_is_left_out(tmp_path):
    body = "shocks: [{driver: demand, change: {scale: 0.5, unit: x}}]\nresponses: [failover]\n"
    lines = rehearsed(tmp_path, minimal_files() | own("prepared", body)).left_out
    assert "prepared: failover is left out: no supplier has a backup" in lines


def test_fault_D01_sibling_what_follows_a_shock_that_is_left_out_is_left_out_too(tmp_path):
    body = """\
shocks:
  - {name: dollar, driver: fx, change: {scale: 1.2, unit: x}}
  - {name: panic, driver: demand, change: {scale: 0.5, unit: x}, after: dollar, delay: 1m}
  - {name: later, driver: freight, change: {scale: 2, unit: x}, after: panic}
"""
    lines = rehearsed(tmp_path, minimal_files() | own("chain", body)).left_out
    assert "chain: panic is left out: it comes after dollar, which is left out" in lines
    assert "chain: later is left out: it comes after panic, which is left out" in lines


def test_fault_D01_sibling_a_member_that_does_not_exist_stays_a_fault_of_the_plans_own_file(tmp_path):
    body = "shocks: [{driver: demand, where: {market: FR}, change: {scale: 0.5, unit: x}}]\n"
    with pytest.raises(InputError, match=r"scenarios/french.yaml:4:.*unknown market \| got FR"):
        rehearsed(tmp_path, minimal_files() | own("french", body))


def test_fault_D01_sibling_a_playbook_that_watches_no_figure_is_a_fault_of_its_file(tmp_path):
    body = "responses: [{name: cash_floor, figure: net_csh}]\n"
    with pytest.raises(InputError, match=r"scenarios/watch.yaml:.*net_csh.*did you mean net_cash"):
        rehearsed(tmp_path, minimal_files() | own("watch", body))


def test_fault_D01_the_manifest_is_plain_data(played):
    json.dumps(played[1].manifest["scenarios"])


SLUMP = "shocks: [{driver: demand, change: {scale: 0.5, unit: x}}]\n"


def test_fault_R03_a_scenario_file_added_after_the_plan_was_loaded_is_no_part_of_it(tmp_path):
    folder = write_plan(tmp_path, minimal_files() | own("before", SLUMP))
    plan = load_plan(folder)
    assert "scenarios/before.yaml" in plan.input_hashes
    write_plan(folder, own("after", SLUMP) | own("before", SLUMP.replace("0.5", "1.0")))
    finished = run(plan, RunSettings(trials=1, quarters=1), ["before"])
    assert "0.5" in finished.manifest["scenarios"]["before"]["applied"][0]
    assert "before" in rehearse(plan).scenarios
    assert "after" not in rehearse(plan).scenarios
    assert "after" in rehearse(load_plan(folder)).scenarios


def test_fault_R03_sibling_a_scenario_file_deleted_after_the_plan_was_loaded_is_still_played(tmp_path):
    folder = write_plan(tmp_path, minimal_files() | own("before", SLUMP))
    plan = load_plan(folder)
    (folder / "scenarios" / "before.yaml").unlink()
    assert "before" in rehearse(plan).scenarios


def test_fault_R12_a_circle_of_links_in_the_plan_folder_is_a_fault(tmp_path):
    folder = write_plan(tmp_path, minimal_files() | own("before", SLUMP))
    for name in ("data/loop.csv", "scenarios/loop.yaml"):
        (folder / name).symlink_to(folder / name)
    with pytest.raises(InputError) as raised:
        load_plan(folder)
    assert [fault.file for fault in raised.value.faults] == ["data/loop.csv", "scenarios/loop.yaml"]
