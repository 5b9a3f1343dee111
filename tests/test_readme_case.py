"""The commands of the README's section on the concentrated brand run as they stand, on a smaller plan."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from engine import cli
from tests.tiny_plan import write_plan

ROOT = Path(__file__).resolve().parents[1]
SECTION = re.search(r"## The concentrated brand\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"```\n(.*?)```", SECTION.group(1) if SECTION else "", re.DOTALL)
    for line in block.splitlines()
    if line.startswith("tradewind ")
]
SMALLER = ["--trials", "2", "--quarters", "2"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    write_plan(folder / "demo")
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    return folder


def test_the_section_shows_the_three_parts_of_the_case():
    assert sum(" run " in line for line in COMMANDS) == 1
    assert len([line for line in COMMANDS if " break " in line]) >= 3


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_runs(place, monkeypatch, capsys, line):
    words = shlex.split(line, comments=True)
    if "--trials" in words:
        del words[words.index("--trials") : words.index("--trials") + 2]
    if "--max-scale" in words:
        words[words.index("--max-scale") + 1] = "2"
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", [*words, *SMALLER])
    with pytest.raises(SystemExit) as end:
        cli.main()
    output = capsys.readouterr()
    assert not end.value.code, output.err
    assert "P(net_revenue" in output.out or "tariff_15pp" in output.out
