"""``tradewind placement`` as a user meets it: output, exit codes, errors."""

from __future__ import annotations

import json
import sys

import pytest

from engine import cli
from tests.engine.placement.test_placement import CANDIDATES
from tests.tiny_plan import write_plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_plan(tmp_path_factory.mktemp("placement") / "tiny")


@pytest.fixture
def tradewind(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["tradewind", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def test_text_and_json_of_the_same_search(tradewind, folder, tmp_path):
    sites = tmp_path / "sites.yaml"
    sites.write_text(CANDIDATES)
    arguments = ("placement", folder, "--candidates", sites, "--trials", 2, "--quarters", 1, "--service", 0)
    code, out, _ = tradewind(*arguments)
    assert code == 0
    assert "bergen" in out
    assert "safety_stock" in out
    code, out, _ = tradewind(*arguments, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["candidates"] == ["bergen"]
    assert found["best"][0]["program"]["cost"] <= found["best"][1]["program"]["cost"]
    assert set(found["best"][0]["simulated"]) >= {"cost", "fill_rate", "delivered_48h", "ebitda"}
    assert not (folder / "runs").exists(), "a search writes nothing"


@pytest.mark.parametrize(
    ("more", "code", "complaint"),
    [
        (("--service", 2), cli.EXIT_USAGE, "service: a share from 0 to 1"),
        (("--engine", "fast"), cli.EXIT_USAGE, "engine: one of"),
        (("--candidates", "CANDIDATES"), cli.EXIT_DATA, "unknown market"),
        (("--candidates", "nowhere.yaml"), cli.EXIT_DATA, "does not exist"),
        (("--best", 0), cli.EXIT_USAGE, ""),
    ],
)
def test_what_cannot_be_meant_is_said(tradewind, folder, tmp_path, more, code, complaint):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(CANDIDATES.replace("market: NO", "market: ON"))
    got, out, err = tradewind(
        "placement", folder, *(wrong if each == "CANDIDATES" else each for each in more)
    )
    assert (got, out) == (code, "")
    assert complaint in err
