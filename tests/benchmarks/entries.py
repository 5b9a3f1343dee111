"""The benchmarks, in order of printing; each runs alone in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.baseline import demo_run_128, demo_run_cold
from tests.benchmarks.customers import fit_1m, fit_100k, fit_cdnow, sample_1m, spend_1m
from tests.benchmarks.demo import command_1024, first_compile, hot_calls, network_engines, run_with_parts
from tests.benchmarks.network import (
    engines,
    scaling_days,
    scaling_items,
    scaling_nodes,
    scaling_threads,
    scaling_trials,
)
from tests.benchmarks.registry import Benchmark, Result, best_of, peak_mb


def cli_help() -> list[Result]:
    """``tradewind --help`` against an interpreter that does nothing."""

    def call(*arguments: str) -> float:
        return best_of(5, lambda: subprocess.run(arguments, check=True, capture_output=True))

    seconds = call(str(Path(sys.executable).with_name("tradewind")), "--help")
    nothing = call(sys.executable, "-c", "pass")
    return [
        Result("cli_help", seconds, "python_pass", nothing / seconds, peak_mb()),
        Result("python_pass", nothing, "python_pass", 1.0, peak_mb()),
    ]


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("demo_run_total", run_with_parts),
    Benchmark("demo_run_1024_two_workers", command_1024),
    Benchmark("demo_run_first_compile", first_compile),
    Benchmark("demo_run_128", demo_run_128),
    Benchmark("demo_run_cold", demo_run_cold),
    Benchmark("hot_calls", hot_calls),
    Benchmark("demo_network_vs_own_simpy", network_engines),
    Benchmark("network_engines", engines),
    Benchmark("network_scaling_items", scaling_items),
    Benchmark("network_scaling_nodes", scaling_nodes),
    Benchmark("network_scaling_days", scaling_days),
    Benchmark("network_scaling_trials", scaling_trials),
    Benchmark("network_scaling_threads", scaling_threads),
    Benchmark("bgnbd_fit_cdnow", fit_cdnow),
    Benchmark("bgnbd_fit_100k", fit_100k),
    Benchmark("bgnbd_fit_1m", fit_1m),
    Benchmark("gamma_gamma_fit_1m", spend_1m),
    Benchmark("sample_paths_1m", sample_1m),
    Benchmark("cli_help", cli_help),
)
