"""What the documents show runs: examples in docstrings and the README, and no promise without a README."""

import doctest
import importlib
import pkgutil
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import engine
import models
from tests.tiny_plan import write_plan

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    each.name
    for package in (engine, models)
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not each.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_show(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} says nothing about itself"
    assert doctest.testmod(module).failed == 0


def test_the_python_example_of_the_readme_runs(tmp_path, monkeypatch):
    write_plan(tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    code = block.group(1).replace("trials=256", "trials=4")
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 (our own README)


def test_the_readme_names_every_command():
    from typer.main import get_command

    from engine.cli import app

    text = (ROOT / "README.md").read_text()
    for command in get_command(app).commands:
        assert f"`{command} " in text or f"`{command}`" in text, command


@pytest.mark.parametrize("folder", ["engine", "models", "scenarios", "notebooks", "tests"])
def test_every_top_folder_says_what_lives_there(folder):
    assert (ROOT / folder / "README.md").stat().st_size > 200


def test_the_top_level_is_fixed():
    command = [str(shutil.which("git")), "ls-files"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout: the wheel or an export is tested elsewhere")
    top = {Path(name).parts[0] for name in listed}
    allowed = {
        "pyproject.toml",
        "README.md",
        "engine",
        "scenarios",
        "models",
        "notebooks",
        "tests",
        "Makefile",
        "CHANGELOG.md",
    }
    assert {name for name in top if not name.startswith(".")} <= allowed
