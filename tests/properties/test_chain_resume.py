"""A run killed at any moment goes on where it was; nothing half-written is ever a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.chain import run
from engine.finished import open_run
from engine.settings import Execution, RunSettings
from models.errors import UsageError
from tests.properties.chain_support import Chain, Config, differing, edited, stored

TRIALS, BLOCK = 7, 1
SCENARIOS = ["squeeze"]
SETTINGS = RunSettings(trials=TRIALS, quarters=1)
FIVE = RunSettings(trials=5, quarters=1)
EXECUTION = Execution(block=BLOCK, workers=1)

CHILD = """
import sys
from engine.chain import run
from engine.plan.load import load_plan
from engine.settings import Execution, RunSettings
settings, execution = RunSettings(trials={trials}, quarters=1), Execution(block={block}, workers=1)
run(load_plan(sys.argv[1]), settings, {scenarios!r}, execution=execution)
"""


def _play(chain: Chain, folder: Path | None = None, settings: RunSettings = SETTINGS, **more: Any) -> Path:
    chosen = {"calibration": chain.calibration, "execution": EXECUTION} | more
    return run(chain.plan, settings, SCENARIOS, folder=folder, **chosen).path


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _dearer_debt(config: Config) -> None:
    config["finance"]["term_debt_rate"] = 0.4


@pytest.fixture
def killable(stressed: Chain, tmp_path: Path) -> Chain:
    """A plan folder of its own, without runs."""
    return Chain.of(edited(stressed.plan.path, tmp_path / "plan"), stressed.calibration)


def test_a_run_killed_in_the_middle_and_resumed_gives_identical_bytes(
    killable: Chain, tmp_path: Path
) -> None:
    runs = killable.plan.path / "runs"
    code = CHILD.format(trials=TRIALS, scenarios=SCENARIOS, block=BLOCK)
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen([sys.executable, "-c", code, str(killable.plan.path)], cwd=root)
    try:
        deadline = time.monotonic() + 120.0
        while len(list(runs.glob(".partial-*/blocks/*.json"))) < 3:
            assert child.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    partial = list(runs.iterdir())
    assert [each.name.startswith(".partial-") for each in partial] == [True]
    sealed = {each.name: each.stat().st_mtime_ns for each in (partial[0] / "blocks").glob("*.json")}
    assert 3 <= len(sealed) < TRIALS // BLOCK
    assert not list(runs.glob("*/run.json"))
    seen: list[int] = []
    resumed = run(
        killable.plan,
        SETTINGS,
        SCENARIOS,
        execution=EXECUTION,
        progress=lambda _, done, __: seen.append(done),
    )
    assert seen[0] == len(sealed)
    kept = {each.name: each.stat().st_mtime_ns for each in (resumed.path / "blocks").glob("*.json")}
    assert {name: kept[name] for name in sealed} == sealed
    fresh = _play(killable, tmp_path / "fresh", calibration=None)
    assert differing(stored(resumed.path), stored(fresh)) == []
    assert _files(resumed.path) == _files(fresh)
    for each in (resumed, open_run(fresh)):
        each.report()
    assert _files(resumed.path) == _files(fresh)
    assert [each.name for each in runs.iterdir()] == [resumed.id]


def test_a_run_that_fails_leaves_no_run_and_is_finished_by_the_next(
    killable: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = killable.plan.path / "runs"

    def stop(_: str, done: int, __: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _play(killable, settings=FIVE, progress=stop)
    assert [each.name.startswith(".partial-") for each in runs.iterdir()] == [True]
    assert _files(_play(killable, settings=FIVE)) == _files(_play(killable, tmp_path / "fresh", FIVE))


def test_a_partial_run_of_another_plan_or_code_is_not_mixed_in(killable: Chain, tmp_path: Path) -> None:
    target = tmp_path / "runs" / "same"
    changed = edited(killable.plan.path, tmp_path / "other", _dearer_debt)
    other = Chain.of(changed, killable.calibration)
    assert other.plan.hash != killable.plan.hash

    def stop(_: str, done: int, __: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _play(other, target, FIVE, progress=stop)
    assert len(list(target.parent.glob(".partial-*/blocks/*.json"))) == 2
    begun: list[int] = []
    finished = _play(killable, target, FIVE, progress=lambda _, done, __: begun.append(done))
    assert begun[0] == 0
    assert _files(finished) == _files(_play(killable, tmp_path / "fresh", FIVE))
    assert [each.name for each in target.parent.iterdir()] == ["same"]


def test_settings_that_cannot_be_meant_write_nothing(killable: Chain) -> None:
    for wrong in ({"trials": 0}, {"quarters": 13}, {"first_trial": -1}, {"seed": -1}):
        with pytest.raises(UsageError):
            _play(killable, settings=RunSettings(**wrong))
    for wrong in (Execution(block=-1), Execution(engine="other"), Execution(workers=-1)):
        with pytest.raises(UsageError):
            _play(killable, execution=wrong)
    assert not (killable.plan.path / "runs").exists()
