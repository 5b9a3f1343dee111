"""Runs whose workbooks are tested: one whose plan is full of hostile texts, one as small as can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xarray as xr

import engine
from engine.report.summary import Summary, summarise
from engine.report.workbook.book import workbook_bytes
from engine.store.cube import open_cube
from engine.store.manifest import read_manifest
from tests.tiny_plan import tiny_files, write_plan

HOSTILE = (
    '=HYPERLINK("http://example.invalid","company")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "</t></is></c><script>alert(1)</script> & more [/red]",
)
COMPANY, NORWAY, NAMIBIA, STAFF, SOURCE = HOSTILE


@dataclass(frozen=True)
class Written:
    """A run and what its workbook is made of."""

    folder: Path
    cube: xr.DataTree
    record: dict[str, Any]
    summary: Summary

    @classmethod
    def of(cls, folder: Path) -> Written:
        cube, record = open_cube(folder), read_manifest(folder)
        return cls(folder, cube, record, summarise(cube, record))

    def data(self, cube: xr.DataTree | None = None, record: dict[str, Any] | None = None) -> bytes:
        """The workbook, of another cube or record where one is given."""
        record = record or self.record
        if cube is None:
            return workbook_bytes(self.cube, record, self.summary)
        return workbook_bytes(cube, record, summarise(cube, record))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def hostile_files() -> dict[str, str]:
    """The tiny plan with texts that would be formulas or markup wherever a user may write one."""
    files = tiny_files()
    plan = files["plan.yaml"]
    for old, new in (
        ("name: Tiny", f"name: {_quoted(COMPANY)}"),
        ("label: Norway", f"label: {_quoted(NORWAY)}"),
        ("label: Namibia", f"label: {_quoted(NAMIBIA)}"),
        ("name: staff", f"name: {_quoted(STAFF)}"),
        ("sd: 0.3, source: assumed", f"sd: 0.3, source: {_quoted(SOURCE)}"),
    ):
        assert old in plan
        plan = plan.replace(old, new)
    return files | {"plan.yaml": plan}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Two scenarios, two quarters, a few trials."""
    folder = write_plan(tmp_path_factory.mktemp("hostile"), hostile_files())
    run = engine.run(engine.load_plan(folder), engine.RunSettings(trials=5, quarters=2), "demand_slump")
    run.report()
    return Written.of(run.path)


@pytest.fixture(scope="session")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Base alone, one trial, one quarter."""
    folder = write_plan(tmp_path_factory.mktemp("smallest"))
    run = engine.run(engine.load_plan(folder), engine.RunSettings(trials=1, quarters=1), "base")
    return Written.of(run.path)


@pytest.fixture(scope="session")
def opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[bytes], tuple[openpyxl.Workbook, openpyxl.Workbook]]:
    """A workbook as formulas and as the values it holds; each is read once."""

    @cache
    def read(data: bytes) -> tuple[openpyxl.Workbook, openpyxl.Workbook]:
        path = tmp_path_factory.mktemp("book") / "book.xlsx"
        path.write_bytes(data)
        return openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)

    return read


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """These tests share two runs: one worker plays them."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("workbook"))
