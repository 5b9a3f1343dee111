"""Benchmarks against the code before the refactoring: processor seconds of the same command, in pairs."""

from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.registry import Result

COMMIT = "268aac8"
"""What is measured against: the last commit before the parts were given one home each."""
ROOT = Path(__file__).resolve().parents[2]
MAIN = "import sys; from engine.cli import main; main()"
WARM_PAIRS, COLD_PAIRS = 5, 3


@contextmanager
def _baseline() -> Iterator[Path | None]:
    """The sources of the baseline in a temporary folder; None, with a message, where there is no history."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            [
                shutil.which("git") or "git",
                "archive",
                "--format=tar",
                COMMIT,
                "engine",
                "models",
                "scenarios",
            ],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if archive.returncode != 0:
            print(f"skipped: no commit {COMMIT} here, git history is needed", file=sys.stderr)
            yield None
            return
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def _processor_seconds(tree: Path, cache: Path, *arguments: str) -> float:
    """User and system seconds of a command of that tree, one worker, in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(cache)},
        cwd=cache,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(tree: Path, folder: Path, trials: int, *, is_cold: bool) -> float:
    """Processor seconds of a run of the demo written by that tree, with machine code of its own."""
    with tempfile.TemporaryDirectory() as fresh:
        cache = Path(fresh) if is_cold else folder
        more = ("--trials", str(trials), "--scenarios", "all", "--workers", "1")
        return _processor_seconds(tree, cache, "run", str(folder / "demo"), *more)


def _pairs(name: str, trials: int, pairs: int, *, is_cold: bool) -> list[Result]:
    """The run of both trees in turn; seconds and ratio are medians over the pairs."""
    with _baseline() as old, tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        if old is None:
            return []
        trees = ((old, Path(one)), (ROOT, Path(two)))
        for tree, folder in trees:
            _processor_seconds(tree, folder, "init", "demo", str(folder / "demo"))
            if not is_cold:
                _run(tree, folder, 2, is_cold=False)  # compiles
        seconds: list[tuple[float, float]] = []
        while len(seconds) < pairs:
            old_s, own_s = (_run(tree, folder, trials, is_cold=is_cold) for tree, folder in trees)
            seconds.append((old_s, own_s))
            print(f"{name}: {old_s:.1f} s before, {own_s:.1f} s now", file=sys.stderr, flush=True)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024.0
    own = median(new for _, new in seconds)
    return [Result(name, own, f"{name}_{COMMIT}", median(old_s / new for old_s, new in seconds), memory)]


def demo_run_128() -> list[Result]:
    """``run demo --trials 128 --scenarios all``, one worker, machine code in the cache, five pairs."""
    return _pairs("demo_run_128", 128, WARM_PAIRS, is_cold=False)


def demo_run_cold() -> list[Result]:
    """``run demo --trials 2 --scenarios all`` with an empty cache of machine code, three pairs."""
    return _pairs("demo_run_cold", 2, COLD_PAIRS, is_cold=True)
