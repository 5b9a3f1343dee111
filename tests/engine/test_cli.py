"""The command line as a user meets it: output, exit codes, nothing half-written."""

import json
import subprocess
import sys

import pytest

import engine
from engine import cli
from engine.cli import commands
from tests.tiny_plan import tiny_files, write_plan


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["tradewind", *map(str, arguments)])
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    output = capsys.readouterr()
    return code, output.out, output.err


@pytest.fixture(scope="module")
def plan_folder(tmp_path_factory):
    return write_plan(tmp_path_factory.mktemp("cli") / "tiny")


@pytest.fixture
def tradewind(monkeypatch, capsys):
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


def test_help_loads_nothing_heavy():
    heavy = "{'numba', 'pandas', 'scipy', 'xarray'}"
    code = f"import sys; import engine.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_prints_what_was_read_and_assumed(tradewind, plan_folder):
    code, out, err = tradewind("check", plan_folder)
    assert (code, err.strip()) == (0, "ok")
    assert "data/orders.csv" in out
    assert "assumptions" in out
    code, out, _ = tradewind("check", plan_folder, "--json")
    report = json.loads(out)
    for entry in report["files"]:
        assert entry["rows"] == entry["used"] + sum(part["rows"] for part in entry["rejected"])


def test_run_prints_figures_with_errors_and_keeps_the_run(tradewind, plan_folder):
    code, out, err = tradewind(
        "run", plan_folder, "--trials", 8, "--quarters", 2, "--scenarios", "demand_slump", "--json"
    )
    assert code == 0, err
    result = json.loads(out)
    assert list(result["scenarios"]) == ["base", "demand_slump"]
    for metric in (
        "net_revenue",
        "cm2",
        "ebitda",
        "minimum_cash",
        "cash_conversion_cycle",
        "top_1_market_share",
        "market_hhi",
    ):
        figure = result["scenarios"]["base"][metric]
        assert {"p05", "p50", "p95", "unit", "variant"} <= set(figure)
        assert set(figure["p50"]) == {"value", "error"}
    folder = plan_folder / "runs" / result["run_id"]
    written = {path.name for path in folder.iterdir()}
    assert written >= {"blocks", "cube.zarr", "run.json", "summary.json", "report.html"}
    assert not list((plan_folder / "runs").glob(".*"))
    code, out, _ = tradewind("compare", folder, folder, "--json")
    rows = json.loads(out)
    assert code == 0
    assert rows
    assert all(row["difference"] == 0.0 for row in rows)


def test_shocks_after_the_end_of_the_run_are_said(tradewind, plan_folder):
    code, _, err = tradewind(
        "run", plan_folder, "--trials", 2, "--quarters", 1, "--scenarios", "demand_slump,tariff_15pp"
    )
    assert code == 0, err
    assert "tariff_15pp: equal to base: they start after the end of this run" in err
    code, _, err = tradewind("run", plan_folder, "--trials", 2, "--quarters", 2, "--scenarios", "tariff_15pp")
    assert (code, "after the end" in err) == (0, False)


def test_plain_table_and_policy_breach_exit_code(tradewind, plan_folder):
    (plan_folder / "policy.yaml").write_text("thresholds: {top_1_market_share: {max: 0.01}}\n")
    arguments = (
        "run",
        plan_folder,
        "--trials",
        4,
        "--quarters",
        1,
        "--scenarios",
        "base",
        "--fail-on",
        "breach",
    )
    code, out, err = tradewind(*arguments)
    (plan_folder / "policy.yaml").unlink()
    assert code == cli.EXIT_BREACH
    assert "breach: top_1_market_share" in err
    assert "report.html" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("run", "PLAN", "--engine", "fast"), "engine: one of"),
        (("run", "PLAN", "--fail-on", "rain"), "--fail-on"),
        (("run", "PLAN", "--scenarios", ","), "scenarios: none chosen"),
        (("init", "demos"), "template: unknown"),
        (
            ("break", "minimum_csh", "PLAN", "--scenario", "demand_slump", "--driver", "demand"),
            "did you mean minimum_cash?",
        ),
        (
            ("break", "minimum_cash", "PLAN", "--scenario", "demand_slump", "--driver", "demnd"),
            "did you mean demand?",
        ),
    ],
)
def test_a_command_line_that_cannot_be_meant_exits_2(tradewind, plan_folder, arguments, complaint):
    code, out, err = tradewind(*(plan_folder if word == "PLAN" else word for word in arguments))
    assert (code, out) == (cli.EXIT_USAGE, "")
    assert complaint in err


def test_an_unknown_option_exits_2(tradewind, plan_folder):
    assert tradewind("run", plan_folder, "--trails", 4)[0] == 2


def test_data_that_fails_its_checks_exits_3_with_addresses_and_writes_nothing(tradewind, tmp_path):
    files = tiny_files()
    files["data/orders.csv"] = files["data/orders.csv"].replace("quantity", "quantty", 1)
    folder = write_plan(tmp_path / "broken", files)
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    for command in (("check", folder), ("run", folder, "--trials", 2)):
        code, out, err = tradewind(*command)
        assert (code, out) == (cli.EXIT_DATA, "")
        assert "data/orders.csv:1:quantity |" in err
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before


def test_an_unknown_scenario_exits_3_with_a_suggestion(tradewind, plan_folder):
    code, _, err = tradewind("run", plan_folder, "--trials", 2, "--scenarios", "tarif_15pp")
    assert code == cli.EXIT_DATA
    assert "tariff_15pp" in err


def test_init_refuses_to_overwrite(tradewind, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine.txt").write_text("precious")
    code, _, err = tradewind("init", "demo", tmp_path / "demo")
    assert code == cli.EXIT_USAGE
    assert "exists already" in err
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["mine.txt"]


def write_exports(folder):
    folder.mkdir()
    head = "order number,order date,email,country,currency,sku,quantity,price,total"
    days = [f"2025-{month:02d}-{day:02d}" for month in (1, 3, 5) for day in (2, 13, 31)]
    rows = [f"A{n},{day},p{n % 4}@example.org,US,USD,CUP,1,10.00,10.00" for n, day in enumerate(days)]
    (folder / "orders.csv").write_text("\n".join([head, *rows]) + "\n")
    return folder


def test_init_from_own_files_writes_a_plan_that_check_reads(tradewind, tmp_path):
    exports = write_exports(tmp_path / "exports")
    more = tmp_path / "ads.csv"
    more.write_text("Date,Campaign,Currency,Cost,Clicks\n2025-05-01,US brand,USD,50.00,7\n")
    code, out, err = tradewind("init", tmp_path / "plan", "--from", exports, more)
    assert code == 0, err
    assert out.strip() == str(tmp_path / "plan")
    assert "orders.csv" in err
    assert "ads.csv" in err
    code, _, err = tradewind("check", tmp_path / "plan")
    assert code == 0, err
    before = sorted(path for path in tmp_path.rglob("*"))
    code, _, err = tradewind("init", tmp_path / "plan", "--from", exports)
    assert code == cli.EXIT_USAGE
    assert "exists already" in err
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_init_from_a_file_that_is_not_there_writes_nothing(tradewind, tmp_path):
    code, _, err = tradewind("init", tmp_path / "plan", "--from", tmp_path / "orders.csv")
    assert code == cli.EXIT_DATA
    assert "no such file or folder" in err
    assert list(tmp_path.iterdir()) == []


def test_init_of_a_template_takes_no_further_arguments(tradewind, tmp_path):
    code, _, err = tradewind("init", "demo", tmp_path / "demo", "orders.csv")
    assert code == cli.EXIT_USAGE
    assert "--from" in err


def test_hostile_text_cannot_drive_the_terminal(tradewind, tmp_path):
    code, _, err = tradewind("check", tmp_path / "\x1b[31mred[/a]")
    assert code == cli.EXIT_DATA
    assert "\x1b" not in err


def test_the_report_is_written_anew_from_the_run_and_the_comparison_is_a_page(
    tradewind, plan_folder, tmp_path, monkeypatch
):
    code, out, err = tradewind(
        "run", plan_folder, "--trials", 2, "--quarters", 1, "--scenarios", "tariff_15pp", "--json"
    )
    assert code == 0, err
    folder = plan_folder / "runs" / json.loads(out)["run_id"]
    first = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    assert tradewind("report", folder)[:2] == (0, f"{folder / 'report.html'}\n")
    assert (folder / "report.html").read_bytes() == first
    monkeypatch.chdir(plan_folder)
    code, out, _ = tradewind("report", "--json")
    assert (code, json.loads(out)["run_id"]) == (0, folder.name)
    code, out, err = tradewind("compare", folder, plan_folder, "--page", tmp_path / "both.html")
    assert code == 0, err
    assert "tariff_15pp" in out
    assert "B minus A" in (tmp_path / "both.html").read_text()
    plan, run = engine.load_plan(plan_folder), engine.open_run(folder)
    assert "Norway" in plan._repr_html_()
    assert folder.name in run._repr_html_()


def test_a_folder_without_runs_has_no_report(tradewind, tmp_path):
    code, out, err = tradewind("report", tmp_path)
    assert (code, out) == (cli.EXIT_ERROR, "")
    assert "no finished run here" in err


def test_a_missing_run_folder_is_said_plainly(tradewind, tmp_path):
    code, _, err = tradewind("compare", tmp_path, tmp_path)
    assert code == cli.EXIT_ERROR
    assert "no finished run here" in err


def test_schema_and_scenarios_are_printed(tradewind, plan_folder):
    code, out, _ = tradewind("schema")
    assert code == 0
    assert json.loads(out)["properties"]
    code, out, _ = tradewind("scenarios", "list", "--json")
    assert {row["name"] for row in json.loads(out)} >= {"base", "tariff_15pp", "stagflation"}
    assert tradewind("scenarios", "show", "stagflation")[0] == 0
    assert tradewind("scenarios", "check", plan_folder)[0] == 0


def test_backtest_prints_scores_verdicts_and_a_page(tradewind, plan_folder, tmp_path):
    page = tmp_path / "backtest.html"
    options = ("--origins", 2, "--months", 3, "--trials", 8)
    code, out, err = tradewind("backtest", plan_folder, *options, "--page", page)
    assert code == 0, err
    assert "orders, company, sum of 3 months" in out
    assert "CRPS" in out
    assert "season is not identified" in out
    assert page.read_text().startswith("<!")
    code, out, _ = tradewind("backtest", plan_folder, *options, "--json")
    found = json.loads(out)
    assert (code, found["months"], len(found["origins"])) == (0, 3, 2)
    assert {"crps", "coverage", "pit", "bias", "skill", "pinball"} <= set(found["scores"][0])
    code, out, err = tradewind("backtest", plan_folder, "--months", 30)
    assert (code, out) == (2, "")
    assert "--months" in err


def test_fault_R12_no_memory_is_one_line(monkeypatch, capsys):
    def no_memory():
        raise MemoryError

    monkeypatch.setattr(commands, "app", no_memory)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
