"""Every notebook runs from top to bottom, and what it shows names no machine."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks.execute import NOTEBOOKS, execute, notebooks

DATA = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[3] / "shared" / "data"))
COMPANIES = DATA / "exports" / "companies"
MACHINE_PATH = re.compile(r"(?<![\w/.])/(?:home|root|tmp|work|Users|var|usr|opt|private)/|[A-Z]:\\\\")


def texts(notebook: Any) -> list[str]:
    """Every output of a notebook as text."""
    return [json.dumps(output) for cell in notebook.cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Any]:
    """Notebooks, each executed once."""
    place = tmp_path_factory.mktemp("notebooks")

    @cache
    def of(path: Path) -> Any:
        return execute(path, place)

    return of


@pytest.mark.filterwarnings("default")
@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, executed: Callable[[Path], Any]) -> None:
    if "exports" in path.read_text(encoding="utf-8") and not COMPANIES.is_dir():
        pytest.skip("the data folder with exports/companies is not there; set TRADEWIND_DATA")
    shown = texts(executed(path))
    assert shown
    assert not [text for text in shown if MACHINE_PATH.search(text)]


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_outputs_are_kept_and_name_no_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [text for text in texts(notebook) if MACHINE_PATH.search(text)]
    assert set(notebook.metadata) == {"language_info"}


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_no_logic_lives_in_a_notebook(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            nodes = list(ast.walk(ast.parse(cell.source)))
            assert not [n for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.While, ast.If))]


def imported(cell: Any) -> list[tuple[str, str]]:
    """Module and name of every import of ours in a cell; the name is empty where a module is imported."""
    found = []
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Import):
            found += [(each.name, "") for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.module or "", each.name) for each in node.names]
    return [(module, name) for module, name in found if module.split(".")[0] in ("engine", "models")]


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_only(path: Path) -> None:
    """Names that a package hands on, the charts, and modules of models that are there to be imported."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for module, name in imported(cell):
            home = importlib.import_module(module)
            if module.startswith("engine"):
                assert (module, name) == ("engine.report", "plots") or hasattr(home, "__path__"), module
                assert not name or name == "plots" or name in home.__all__, f"{module}.{name}"
            assert not name.startswith("_")


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_deletes_nothing_and_shares_no_folder(path: Path) -> None:
    code = "\n".join(
        cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"
    )
    assert not re.search(r"rmtree|unlink|rmdir|gettempdir|os\.remove", code)


def test_the_first_notebook_is_there_and_no_module_beside_it() -> None:
    assert next(path.name for path in notebooks()) == "01_first_run.ipynb"
    assert not list(NOTEBOOKS.rglob("*.py"))
