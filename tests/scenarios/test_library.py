from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.responses import playbook_problems
from engine.scenarios import check_scenarios, list_scenarios, load_library, resolve, show_scenario
from models.errors import InputError
from tests.engine.plan_view import CALENDAR, TRIALS, VIEW
from tests.tiny_plan import write_plan

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "scenarios" / "examples").glob("*.yaml"))

SHIPPED = (
    "base", "customs_shock", "demand_slump", "fx_shock", "port_closure", "stagflation", "supplier_outage",
    "tariff_15pp",
)  # fmt: skip
MOVED = {
    "base": set(),
    "customs_shock": {"duty_rate", "clearance", "refusal_share", "spend"},
    "demand_slump": {"demand"},
    "fx_shock": {"fx"},
    "port_closure": {"port_closure", "clearance"},
    "stagflation": {"demand", "fx", "unit_cost", "freight", "cac"},
    "supplier_outage": {"supplier_capacity"},
    "tariff_15pp": {"duty_rate"},
}
GOOD = """\
name: mine
why: a test
source: a test
shocks:
  - driver: demand
    change: {scale: 0.9, unit: x}
"""
FAULTY = """\
name: mine
why: a test
shock: []
shocks:
  - driver: dmand
    change: {scale: 0.9, unit: x}
  - driver: demand
    chnge: {scale: 0.9, unit: x}
  - driver: duty_rate
    change: {add: fifteen, unit: pp}
    start: next year
  - driver: duty_rate
    change: {add: 15, unit: days}
    where: {origin: CN, markt: US}
    probability: 1.5
  - driver: lead_time
    change: {add: 1, scale: 2, unit: days}
    shape: {hold: 3x}
"""


def write(folder, name, text):
    folder = folder / "scenarios"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(path):
    with pytest.raises(InputError) as caught:
        check_scenarios(path)
    return caught.value.faults


def test_the_library_ships_the_eight_promised():
    assert load_library().names == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_scenario_says_why_with_a_source_and_moves_what_it_says(name):
    library = load_library()
    composed = library.compose(name)
    assert len(composed.why) > 20
    assert len(composed.source) > 20
    paths = resolve(composed, VIEW, TRIALS, 1, CALENDAR, library)
    assert set(paths.effects) == MOVED[name]
    assert len(paths.applied) == len(composed.shocks)


def test_tariff_15pp_adds_fifteen_points_on_the_top_origin_in_the_top_market_only():
    library = load_library()
    multiplier, offset = resolve(library.compose("tariff_15pp"), VIEW, TRIALS, 1, CALENDAR, library).effect(
        "duty_rate"
    )
    assert np.all(multiplier == 1.0)
    assert np.all(offset[:, :, 0, 2, 90:] == 0.15)
    assert offset.sum() == pytest.approx(0.15 * 3 * (CALENDAR.days - 90))


def test_stagflation_is_composed():
    assert load_library().compose("stagflation").includes == ("demand_slump", "fx_shock")


def test_a_plan_adds_overrides_and_extends(tmp_path):
    write(tmp_path, "mine.yaml", GOOD)
    write(tmp_path, "demand_slump.yaml", GOOD.replace("name: mine", "name: demand_slump"))
    extended = GOOD.replace("name: mine", "name: tariff_15pp").replace(
        "shocks:", "includes: [tariff_15pp]\nshocks:"
    )
    write(tmp_path, "tariff_15pp.yaml", extended)
    library = load_library(tmp_path / "scenarios")
    assert library.names == tuple(sorted({*SHIPPED, "mine"}, key=lambda name: (name != "base", name)))
    assert library.compose("demand_slump").shocks[0].shock.change.amount == 0.9
    assert {named.shock.driver for named in library.compose("tariff_15pp").shocks} == {"demand", "duty_rate"}
    rows = {row["name"]: row for row in list_scenarios(tmp_path)}
    assert (rows["mine"]["from"], rows["base"]["from"]) == ("plan", "library")
    assert check_scenarios(tmp_path) == ["demand_slump", "mine", "tariff_15pp"]


def test_every_fault_of_a_file_comes_at_once_with_row_column_and_remedy(tmp_path):
    found = faults(write(tmp_path, "mine.yaml", FAULTY))
    texts = [str(fault) for fault in found]
    for row, words in [
        (0, ("source", "missing")),
        (3, ("unknown key", "did you mean shocks?")),
        (5, ("shocks[0].driver", "did you mean demand?")),
        (8, ("chnge", "did you mean change?")),
        (10, ("shocks[2].change.add", "fifteen")),
        (11, ("shocks[2].start", "next year", "+1q")),
        (15, ("probability", "1.5")),
        (17, ("exactly one of add, scale, set",)),
        (18, ("hold", "3x", "10d")),
    ]:
        assert any(
            all(word in text for word in words) and (not row or f.row == row)
            for f, text in zip(found, texts, strict=True)
        ), (row, words, texts)
    assert all(fault.row > 0 and fault.column for fault in found)


def test_units_and_words_are_checked_too(tmp_path):
    text = GOOD.replace("unit: x", "unit: days") + "    where: {markt: US}\n"
    assert {fault.row for fault in faults(write(tmp_path, "mine.yaml", text))} == {6, 7}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00\x01", "UTF-8"),
        (b"- 1\n- 2\n", "mapping"),
        (b"name: a\nname: b\n", "duplicate"),
        (b"name: [1\n", "valid YAML"),
        (b"name: &a x\nwhy: *a\n", "alias"),
        (b"name: !!python/object:os.system x\n", "tags"),
        (b"[" * 40 + b"]" * 40, "deep"),
        (b"x" * 300_000, "large"),
    ],
)
def test_what_is_not_a_small_safe_document_is_refused(tmp_path, content, words):
    (fault, *_) = faults(write(tmp_path, "mine.yaml", content))
    assert words in str(fault)
    assert fault.file == "mine.yaml"


def test_countries_no_and_na_stay_text(tmp_path):
    text = GOOD + "    where: {market: [NO, NA]}\n"
    library = load_library(write(tmp_path, "mine.yaml", text).parent)
    assert library.compose("mine").shocks[0].shock.where["market"] == ("NO", "NA")


def test_a_name_that_differs_from_the_file_is_refused(tmp_path):
    assert "name: other" in str(faults(write(tmp_path, "other.yaml", GOOD))[0])


def test_base_stays_empty(tmp_path):
    assert "base is what" in str(faults(write(tmp_path, "base.yaml", GOOD.replace("mine", "base")))[0])


def test_an_unknown_scenario_is_told_with_what_was_probably_meant():
    with pytest.raises(InputError, match="did you mean tariff_15pp"):
        load_library().compose("tariff_15")


def test_unknown_responses_and_parameters_fail_the_check_with_their_row_beside_other_faults(tmp_path):
    text = GOOD.replace("driver: demand", "driver: dmand") + (
        "responses:\n  - failovr\n  - {name: cash_floor, flor: 1}\n  - failover\n"
    )
    with pytest.raises(InputError) as caught:
        check_scenarios(write(tmp_path, "mine.yaml", text), playbook_problems)
    shown = {fault.row: (fault.got, fault.remedy) for fault in caught.value.faults}
    assert shown == {
        5: ("dmand", "did you mean demand?"),
        8: ("failovr", "did you mean failover?"),
        9: ("flor", "did you mean floor?"),
    }


def test_a_folder_with_a_plan_is_checked_against_it(tmp_path):
    folder = write_plan(tmp_path / "tiny")
    write(folder, "mine.yaml", GOOD + "    where: {market: [NO, USA]}\n")
    with pytest.raises(InputError, match="unknown market"):
        check_scenarios(folder)
    write(folder, "mine.yaml", GOOD + "    where: {market: [NO, NA]}\n")
    assert check_scenarios(folder) == ["mine"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_scenario_that_the_library_does_not_run(path):
    library = load_library(None, path, playbook_problems)
    composed = library.compose(path.stem)
    assert path.stem not in SHIPPED
    assert min(len(composed.why), len(composed.source)) > 20
    assert resolve(composed, VIEW, TRIALS, 1, CALENDAR, library).effects


def test_a_scenario_is_shown_with_all_it_includes():
    shown = show_scenario("stagflation")
    assert "demand: scale 0.7 x (from +1q, hold 26w to 0)" in shown["text"]
    assert len(shown["shocks"]) == 5
    assert shown["drivers"]["fx"]["meaning"] in shown["text"]


def test_the_driver_of_congestion_is_explained_where_a_scenario_uses_it(tmp_path):
    text = EXAMPLES[[path.stem for path in EXAMPLES].index("port_congestion")].read_text(encoding="utf-8")
    write(tmp_path, "port_congestion.yaml", text)
    shown = show_scenario("port_congestion", tmp_path)["text"]
    assert "congestion[port=busiest_port]: set 1 share" in shown
    assert "congested regime" in shown
