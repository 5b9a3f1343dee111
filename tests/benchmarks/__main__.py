"""``make bench``: run every entry (or those named), print the table, write build/bench.json."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from tests.benchmarks.entries import BENCHMARKS
from tests.benchmarks.registry import print_table, run_alone, write_json


def main(arguments: list[str]) -> int:
    by_name = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    if arguments[:1] == ["--one"]:
        print(json.dumps([asdict(row) for row in by_name[arguments[1]].run()]))
        return 0
    unknown = set(arguments) - set(by_name)
    if unknown:
        print(
            f"unknown benchmarks: {', '.join(sorted(unknown))}; there are: {', '.join(by_name)}",
            file=sys.stderr,
        )
        return 2
    results = [row for name in (arguments or list(by_name)) for row in run_alone(name)]
    print_table(results)
    write_json(results)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
