"""``tradewind check`` as a user meets it: levels, JSON of a faulty plan, all that a run would fail on."""

from __future__ import annotations

import json

import pytest

from engine import cli
from tests.engine.test_cli import call
from tests.minimal_plan import minimal_files
from tests.tiny_plan import PLAN, tiny_files, write_plan


@pytest.fixture
def check(monkeypatch, capsys, tmp_path):
    def checked(files, *options):
        folder = write_plan(tmp_path / "plan", files)
        before = sorted(folder.rglob("*"))
        result = call(monkeypatch, capsys, "check", folder, *options)
        assert sorted(folder.rglob("*")) == before
        return result

    return checked


def test_fault_R04_the_faults_of_a_plan_are_json_on_stdout(check):
    files = tiny_files()
    files["data/orders.csv"] = files["data/orders.csv"].replace("quantity", "quantty", 1)
    code, out, err = check(files, "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (cli.EXIT_DATA, False)
    assert report["counts"]["fault"] == len(report["findings"]) > 0
    found = report["findings"][0]
    assert (found["level"], found["file"], found["row"]) == ("fault", "data/orders.csv", 1)
    assert "data/orders.csv:1:quantity |" in err


def test_fault_R04_sibling_a_fault_of_a_scenario_file_and_of_no_plan_at_all_are_json_too(check, tmp_path):
    body = "name: x\nwhy: y\nsource: z\nshocks: [{driver: demnd, change: {scale: 0.5, unit: x}}]\n"
    code, out, _ = check(minimal_files() | {"scenarios/x.yaml": body}, "--json")
    assert (code, json.loads(out)["findings"][0]["file"]) == (cli.EXIT_DATA, "scenarios/x.yaml")
    code, out, _ = check({"data/x.csv": "a\n"}, "--json")
    assert (code, json.loads(out)["ok"]) == (cli.EXIT_DATA, False)


def test_levels_are_counted_in_text_and_json(check):
    code, out, _ = check(minimal_files())
    assert code == 0
    assert "note: fx_shock: fx_shock.fx is left out: the plan has no foreign currency" in out
    assert "0 faults, 0 warnings, 5 notes" in out
    report = json.loads(check(minimal_files(), "--json")[1])
    assert report["counts"] == {"fault": 0, "warning": 0, "note": 5}


@pytest.mark.parametrize("name", ["accept", "markets"])
def test_fault_R15_sixty_thousand_faults_are_a_hundred_lines_and_a_count(check, name):
    many = f"{name}: [" + ", ".join(["A B"] * 60_000) + "]\n"
    text = minimal_files()["plan.yaml"] + many if name == "accept" else f"{many}company: {{}}\n"
    code, out, err = check(minimal_files() | {"plan.yaml": text})
    assert (code, out) == (cli.EXIT_DATA, "")
    assert len(err.splitlines()) <= 101
    assert "faults, the first 100 are listed" in err.splitlines()[-1]


R10 = {
    "quantity": (
        "data/orders.csv",
        ",A,1,20\n",
        ",A,9007199254740992,20\n",
        "data/orders.csv:2:quantity | a number out of range",
    ),
    "closures": (
        "plan.yaml",
        "{key: hamburg}",
        "{key: hamburg, closures_per_year: 1e6}",
        "closures_per_year",
    ),
    "outages": (
        "plan.yaml",
        "capacity_per_week: 1000",
        "capacity_per_week: 1000, outages_per_year: 1e6",
        "outages_per_year",
    ),
    "fixed costs": (
        "plan.yaml",
        "lanes:",
        "finance: {fixed_costs: [{name: a, monthly: 1e308}, {name: b, monthly: 1e308}]}\nlanes:",
        "fixed_costs[0].monthly",
    ),
    "freight": ("plan.yaml", "freight_per_kg: 1,", "freight_per_kg: 1e300,", "freight_per_kg"),
    "price": ("data/orders.csv", ",1,20\n", ",1,1e300\n", "net_price"),
    "elasticity": ("plan.yaml", "mean: -1.5", "mean: 50", "elasticity.mean"),
}


@pytest.mark.parametrize("case", R10)
def test_fault_R10_a_figure_beyond_every_bound_is_a_fault_by_name(check, case):
    file, old, new, address = R10[case]
    files = minimal_files()
    assert old in files[file]
    code, out, err = check(files | {file: files[file].replace(old, new, 1)})
    assert (code, out) == (cli.EXIT_DATA, "")
    assert address in err
    assert "internal error" not in err


def test_fault_R10_figures_within_their_bounds_that_no_run_can_hold_are_a_fault(check):
    files = minimal_files()
    files["data/orders.csv"] = "".join(
        line.replace(",1,20", ",99000000,20").replace(",2,20", ",99000000,20") + "\n"
        for line in files["data/orders.csv"].splitlines()
    )
    code, _, err = check(files)
    assert code in (0, cli.EXIT_DATA)
    assert "internal error" not in err


def test_fault_R11_elasticity_and_spend_response_of_the_wrong_sign_are_faults(check):
    files = tiny_files() | {
        "plan.yaml": PLAN.replace("mean: 0.6", "mean: -3").replace("mean: -1.4", "mean: 1")
    }
    code, _, err = check(files)
    assert code == cli.EXIT_DATA
    assert "markets[0].elasticity.mean" in err
    assert "acquisition_channels[0].response.mean" in err


def test_fault_R14_without_a_salt_no_key_is_kept_and_the_plan_is_the_same(check, tmp_path):
    from engine.plan.load import load_plan

    one, other = (load_plan(write_plan(tmp_path / name, minimal_files())) for name in ("a", "b"))
    assert one.hash == other.hash
    assert set(one.orders["customer_key"].str[:9]) == {"customer-"}
    assert one.orders["customer_key"].nunique() == 133
    code, out, _ = check(minimal_files())
    assert code == 0
    assert "no customer key is kept" in out
