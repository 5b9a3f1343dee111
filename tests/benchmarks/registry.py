"""The benchmark registry: frozen entries, set-up apart from what is timed, ratios against a named baseline.

An entry's ``ratio`` is baseline seconds over own seconds of the same run (above one: faster than the
baseline). Absolute seconds depend on the machine; ratios are what to compare.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULT = Path("build/bench.json")


@dataclass(frozen=True)
class Result:
    """One line of the table: seconds of one execution, its baseline, how many times faster, peak memory."""

    name: str
    seconds: float
    baseline: str
    ratio: float
    peak_mb: float


@dataclass(frozen=True)
class Benchmark:
    """One entry: ``run`` returns its results, alone in a fresh process, so that peak memory is its own."""

    name: str
    run: Callable[[], list[Result]]


def best_of(times: int, call: Callable[[], Any]) -> float:
    """Smallest wall seconds of several calls: the figure that other load on the machine disturbs least."""
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best


def peak_mb() -> float:
    """Peak resident memory of this process so far, MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def run_alone(name: str) -> list[Result]:
    """Run one entry in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--one", name], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"benchmark {name} failed:\n{done.stderr}")
    return [Result(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def print_table(results: Iterable[Result]) -> None:
    """Table on stdout."""
    print(f"{'name':<34}{'seconds':>12}{'baseline':>34}{'ratio':>10}{'peak MB':>10}")
    for row in results:
        print(f"{row.name:<34}{row.seconds:>12.5f}{row.baseline:>34}{row.ratio:>10.2f}{row.peak_mb:>10.0f}")


def write_json(results: Iterable[Result]) -> None:
    """``build/bench.json``: a list of {name, seconds, baseline, ratio, peak_mb}."""
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([asdict(row) for row in results], indent=1) + "\n", encoding="utf-8")
