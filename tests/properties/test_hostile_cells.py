"""Formulas, markup, Rich tags and control characters in a plan are refused by ``check`` or do nothing.

What is accepted is followed through the whole chain: terminal, page, workbook, comparison.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from engine import cli
from engine.plan.load import load_plan
from models.errors import InputError
from tests.tiny_plan import tiny_files, write_plan

HARMLESS_IF_SHOWN = {
    "formula": '=HYPERLINK("http://example.org","x")',
    "plus": "+1+1",
    "minus": "-1",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=1>',
    "closing tag": "[/a]",
    "colour tag": "[red]",
    "template": "{{ 7*7 }}&lt;b&gt;'",
}
DRIVING = {
    "carriage return": "\r=1",
    "colour": "\x1b[31mred\x1b[0m",
    "eight-bit colour": "\x9b31mred",
    "right to left": "a\u202egnp",
    "isolate": "a\u2067b",
    "nothing": "a\x00b",
    "line separator": "a\u2028b",
    "delete": "a\x7fb",
}
HOSTILE = HARMLESS_IF_SHOWN | DRIVING


def yaml_text(text: str) -> str:
    """The text as YAML writes it in quotes; control characters stand as escapes."""
    return json.dumps(text)


def cell(text: str) -> str:
    """The text as one cell of a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([text])
    return out.getvalue()


def in_plan_file(text: str) -> dict[str, str]:
    """The plan with the text as the name of the company, of markets and of a cost, and as a source."""
    plan = tiny_files()["plan.yaml"]
    for written in ("name: Tiny", "label: Norway", "label: Namibia", "name: staff", "source: assumed"):
        field = written.split(":")[0]
        assert written in plan
        plan = plan.replace(written, f"{field}: {yaml_text(text)}")
    return tiny_files() | {"plan.yaml": plan}


def in_tables(text: str) -> dict[str, str]:
    """The plan with the text as an item, a label, a category, a customer, an order and a source."""
    files = tiny_files()
    changes = [("B-2", text), ("Serum", text), ("face", text), ("person1@example.org", text), ("P001", text)]
    for name in [name for name in files if name.startswith("data/")]:
        for old, new in [*changes, ("illustrative", text)]:
            files[name] = files[name].replace(old, cell(new))
    return files


KEYS = ("key: NO", "key: shop", "key: search", "key: oslofjord", "key: oslo", "key: CN1", "key: nordic")


def refused(folder: Path) -> tuple[str, ...] | None:
    """What ``check`` says against a plan folder; None: nothing."""
    try:
        load_plan(folder)
    except InputError as error:
        faults = error.faults
    else:
        return None
    assert all(fault.file and fault.problem and fault.remedy for fault in faults)
    return tuple(str(fault) for fault in faults)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_key_of_the_plan_may_be_hostile(tmp_path: Path, name: str) -> None:
    plan = tiny_files()["plan.yaml"]
    for written in KEYS:
        assert written in plan
        plan = plan.replace(written, f"key: {yaml_text(HOSTILE[name])}")
    said = refused(write_plan(tmp_path, tiny_files() | {"plan.yaml": plan}))
    assert said is not None
    keys = [line for line in said if line.startswith("plan.yaml:") and ".key: " in line]
    assert len(keys) >= len(KEYS)
    assert all(character.isprintable() for line in said for character in line)


@pytest.mark.parametrize("name", DRIVING)
def test_text_that_drives_terminals_is_refused_in_the_plan_file_and_in_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    said = refused(write_plan(tmp_path / "a", in_plan_file(DRIVING[name])))
    assert said is not None
    assert sum("a character that cannot be shown" in line for line in said) >= 5
    assert all(character.isprintable() for line in said for character in line)
    scenario = f"name: mine\nwhy: {yaml_text(DRIVING[name])}\nsource: a test\nshocks: []\n"
    (tmp_path / "mine.yaml").write_text(scenario, encoding="utf-8")
    code, out, err = call(monkeypatch, capsys, "scenarios", "check", tmp_path / "mine.yaml")
    assert (code, out) == (cli.EXIT_DATA, "")
    assert "mine.yaml:2:6 | why: a character that cannot be shown" in err
    assert shown(err)


@pytest.mark.parametrize("name", ["colour", "nothing", "carriage return", "right to left", "delete"])
def test_keys_of_tables_that_drive_terminals_are_refused(tmp_path: Path, name: str) -> None:
    said = refused(write_plan(tmp_path, in_tables(DRIVING[name])))
    assert said is not None
    assert all(character.isprintable() for line in said for character in line)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kinds.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def shown(output: str) -> bool:
    """Whether a terminal is given nothing but text and line ends."""
    return all(character.isprintable() or character == "\n" for character in output)


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str, str]:
    """Exit code and what the command printed."""
    monkeypatch.setattr(sys, "argv", ["tradewind", *map(str, words)])
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    output = capsys.readouterr()
    return code, output.out, output.err


def hostile_plan(folder: Path) -> Path:
    """A plan that says everything hostile that ``check`` accepts: another text in every place."""
    files = in_plan_file("plain")
    plan = files["plan.yaml"]
    for text in HARMLESS_IF_SHOWN.values():
        plan = plan.replace('"plain"', yaml_text(text), 1)
    files = in_tables(HARMLESS_IF_SHOWN["formula"]) | {"plan.yaml": plan.replace('"plain"', "[]")}
    files["plan.yaml"] = files["plan.yaml"].replace(": []", ': "=1+1"')
    files["data/items.csv"] = (
        files["data/items.csv"]
        .replace("Balm", cell("=1+1"))
        .replace("Comb", cell(HARMLESS_IF_SHOWN["script"]))
    )
    files["scenarios/mine.yaml"] = (
        f"name: mine\nwhy: {yaml_text(HARMLESS_IF_SHOWN['script'])}\n"
        f"source: {yaml_text(HARMLESS_IF_SHOWN['closing tag'])}\n"
        "shocks:\n  - {driver: demand, change: {scale: 0.9, unit: x}}\n"
    )
    return write_plan(folder, files)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plan(tmp_path_factory.mktemp("plain") / "tiny")


def run_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, scenario: str
) -> Path:
    """The folder of a small run of a plan."""
    words = ("run", folder, "--trials", 2, "--quarters", 1, "--scenarios", scenario)
    code, out, err = call(monkeypatch, capsys, *words)
    assert code == 0, err
    assert shown(out + err)
    (found,) = [path for path in (folder / "runs").iterdir() if (path / "run.json").exists()]
    return found


def test_what_is_accepted_does_nothing_in_terminal_page_workbook_and_comparison(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hostile_plan(tmp_path / "hostile")
    for words in (("check", folder), ("check", folder, "--json"), ("scenarios", "show", "mine", folder)):
        code, out, err = call(monkeypatch, capsys, *words)
        assert code == 0, err
        assert shown(out + err)
    hostile = run_of(monkeypatch, capsys, folder, "mine")
    other = run_of(monkeypatch, capsys, plain, "demand_slump")
    code, out, err = call(monkeypatch, capsys, "compare", hostile, hostile)
    assert (code, shown(out + err)) == (0, True)
    found, usual = (Page((run / "report.html").read_text(encoding="utf-8")) for run in (hostile, other))
    assert found.kinds <= usual.kinds
    assert found.attributes <= usual.attributes
    assert HARMLESS_IF_SHOWN["script"] in " ".join(found.words)
    formulas, usual_formulas = (formulas_of(run / "workbook.xlsx") for run in (hostile, other))
    assert not [text for text in formulas - usual_formulas if "HYPERLINK" in text or "1+1" in text]
    for path in hostile.rglob("*.csv"):
        cells = [text for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) for text in row]
        assert not [text for text in cells if text[:1] in "=@\t\r" and text]


def formulas_of(path: Path) -> set[str]:
    """Every formula of a workbook; cells that only look like one are text."""
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    links = [cell.hyperlink.target for cell in cells if cell.hyperlink is not None and cell.hyperlink.target]
    assert not links
    return {str(cell.value) for cell in cells if cell.data_type == "f"}
