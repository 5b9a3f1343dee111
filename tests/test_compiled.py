"""Machine code is made once and never stale: kept by the sources it comes from, in one layout of arrays."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.compiled import sources_digest
from tests.tiny_plan import write_plan

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = Path("engine/plan/schema.py")

CALLEE = """\
from models.compiled import compiled

RATE = 3.0


@compiled
def charged(value):
    return value * RATE
"""

CALLER = """\
from models.callee import RATE, charged
from models.compiled import compiled


@compiled
def total(value):
    return charged(value) + 0.5 * RATE
"""

ASKED = """\
import json
from engine.caller import total
from models.compiled import sources_digest
value = total(2.0)
print(json.dumps([value, sum(total.stats.cache_misses.values()), total.stats.cache_path]))
"""

BOTH_ENGINES = """\
import contextlib, gc, json, sys
from numba.core.dispatcher import Dispatcher
from engine.cli import main

folder = sys.argv[1]
for name in ("compiled", "simpy"):
    sys.argv = [*"tradewind run --trials 2 --quarters 1 --scenarios base --engine".split(), name, folder]
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        main()
print(json.dumps({
    f"{each.py_func.__module__}.{each.py_func.__qualname__}": [str(kinds) for kinds in each.signatures]
    for each in gc.get_objects()
    if isinstance(each, Dispatcher) and each.py_func.__module__.split(".")[0] in ("models", "engine")
}))
"""


def _tree(folder: Path) -> Path:
    """A small tree of the same shape: our decorators, a callee in one package, its caller in the other."""
    (folder / "models").mkdir()
    (folder / SCHEMA).parent.mkdir(parents=True)
    for name in ("models/__init__.py", "models/compiled.py", SCHEMA):
        shutil.copy(ROOT / name, folder / name)
    for name in ("engine/__init__.py", "engine/plan/__init__.py"):
        (folder / name).write_text("")
    (folder / "models/callee.py").write_text(CALLEE)
    (folder / "engine/caller.py").write_text(CALLER)
    return folder


def _environment(tree: Path, cache: Path | None) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    return {
        **environment,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        **({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)}),
    }


def _started(tree: Path, cache: Path | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASKED],
        cwd=tree,
        env=_environment(tree, cache),
        stdout=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> list[Any]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return list(json.loads(out))


def _asked(tree: Path, cache: Path | None) -> list[Any]:
    """Value, compilations and cache folder of the caller in a process of its own."""
    return _ended(_started(tree, cache))


@pytest.fixture(params=["beside the source", "NUMBA_CACHE_DIR"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "beside the source" else tmp_path / "cache"


def test_a_change_in_another_file_compiles_its_callers_anew_and_nothing_else_does(
    tmp_path: Path, cache: Path | None
) -> None:
    tree = _tree(tmp_path)
    value, compiled, folder = _asked(tree, cache)
    assert (value, compiled) == (7.5, 1)
    assert Path(folder).is_relative_to(tree if cache is None else cache)
    with (tree / SCHEMA).open("a") as file:
        file.write("# a remark\n")
    assert _asked(tree, cache)[:2] == [7.5, 0]
    (tree / "models/callee.py").write_text(CALLEE.replace("RATE = 3.0", "RATE = 4.0"))
    assert _asked(tree, cache)[:2] == [10.0, 1]
    (tree / "models/callee.py").write_text(CALLEE.replace("value * RATE", "value - RATE"))
    assert _asked(tree, cache)[:2] == [0.5, 1]
    former = list(Path(folder).parent.glob("engine.caller-*"))
    assert len(former) == 2  # its own, and that of a process that may still run the sources before


def test_two_processes_at_once_give_the_same_and_leave_whole_machine_code(tmp_path: Path) -> None:
    tree = _tree(tmp_path)
    both = [_started(tree, None) for _ in range(2)]
    assert [_ended(process)[0] for process in both] == [7.5, 7.5]
    assert _asked(tree, None)[:2] == [7.5, 0]


def _compiled_modules() -> list[Path]:
    return [
        path
        for package in ("models", "engine")
        for path in sorted((ROOT / package).rglob("*.py"))
        if re.search(r"^from models\.compiled import", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def test_a_remark_in_the_plan_schema_changes_the_key_of_no_compiled_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    modules = _compiled_modules()
    assert len(modules) > 30
    before = {path: sources_digest(path) for path in modules}
    read = Path.read_bytes
    schema = ROOT / SCHEMA
    monkeypatch.setattr(Path, "read_bytes", lambda p: read(p) + (b"# a remark\n" if p == schema else b""))
    assert sources_digest(schema) != sources_digest(ROOT / "models/compiled.py")
    assert {path: sources_digest(path) for path in modules} == before


def _without_layout(kinds: str) -> str:
    """A signature with every array said to be contiguous, however it lies in memory."""
    return re.sub(r"(\b\dd, |, \d, ')[AF]\b", r"\1C", kinds)


def test_no_function_is_compiled_twice_for_the_layout_of_its_arrays(tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "tiny")
    command = [sys.executable, "-c", BOTH_ENGINES, str(plan)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    signatures: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    assert len(signatures["engine.finance.close._close_block"]) == 1
    twice = {
        name: kinds
        for name, kinds in signatures.items()
        if len({_without_layout(each) for each in kinds}) < len(kinds)
    }
    assert twice == {}
