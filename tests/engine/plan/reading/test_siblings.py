"""Exports of other tools than the corpus has are read by the words of their kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.faults import Faults
from engine.plan.reading.reader import read_export
from tests.exports import Row, compare_folder

FOLDER = Path(__file__).with_name("siblings")
FILES = sorted(path.name for path in FOLDER.iterdir() if path.name != "expected.yaml")


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(compare_folder(FOLDER))


@pytest.mark.parametrize("name", FILES)
def test_a_sibling_is_read_without_a_fault(name: str, rows: list[Row]) -> None:
    own = [row for row in rows if row.file == name]
    assert own, "the file has no entry in expected.yaml"
    assert [row for row in own if row.verdict == "DIFFERS"] == []


@pytest.mark.parametrize("name", FILES)
def test_every_row_has_one_treatment(name: str) -> None:
    reading = read_export((FOLDER / name).read_bytes(), name, Faults())
    assert reading is not None
    assert reading.rows_total == reading.rows_records + sum(t.rows for t in reading.treatments)
