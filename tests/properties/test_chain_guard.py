"""No figure moves that was not meant to: the demo and a small plan with responses, beside frozen figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.stages.measure import cube_variables
from tests.guard import CASES, FROZEN, figures, moved

UNITS_OF = {variable.path: variable.unit for variable in cube_variables()}


@pytest.mark.parametrize("case", CASES)
def test_no_figure_moves(case: str, tmp_path: Path) -> None:
    now = figures(CASES[case](tmp_path))
    every = json.loads(FROZEN.read_text(encoding="utf-8"))
    frozen = {name: rows for name, rows in every.items() if name.split()[0] == case}
    assert moved(frozen, now, UNITS_OF) == []


def test_a_moved_figure_is_found() -> None:
    frozen = {"demo base": {"month/ebitda": [2.0, 0.0, 10.0, 10.0, 30.0]}}
    units = {"month/ebitda": "currency"}
    assert moved(frozen, {"demo base": {"month/ebitda": [2.0, 0.0, 10.0 + 1e-9, 10.0, 30.0]}}, units) != []
    assert moved(frozen, {"demo base": {"month/ebitda": [2.0, 0.0, 10.0 + 1e-13, 10.0, 30.0]}}, units) == []
    assert (
        moved(
            frozen,
            {"demo base": {"month/ebitda": [2.0, 0.0, 10.0 + 1e-13, 10.0, 30.0]}},
            {"month/ebitda": "units"},
        )
        != []
    )
