"""Differential fuzz of the two network engines: equal bytes, busy networks, changed lines that it catches."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.models.network.random_networks import BUSY, census, compare
from tests.properties.test_network_engines import MUTATIONS, mutated
from tests.verify.registry import Row

NETWORKS = 5_000
FIRST_SEED = 1_000_000
"""The test suite has the small seeds; these are others."""
CHUNK = 100
LEAST_SHARE = 0.20
LEAST_MUTATIONS = 8
MUTATION_SEEDS = 2_000


def compared(first: int) -> tuple[list[int], Counter[str]]:
    """Seeds of a chunk that differ between the engines, and how often each busy condition was seen."""
    different, seen = [], Counter[str]()
    for seed in range(first, first + CHUNK):
        if compare(seed):
            different.append(seed)
        seen.update(census(seed))
    return different, seen


def caught(name: str) -> int:
    """Networks until the fuzz sees one line of changed meaning; -1 if it never does."""
    module = mutated(*MUTATIONS[name])
    for number in range(MUTATION_SEEDS):
        if compare(FIRST_SEED + number, module):
            return number + 1
    return -1


def fuzz_rows() -> Iterator[Row]:
    """Equal bytes on every network, the census of conditions, and every seeded mutation."""
    different: list[int] = []
    seen: Counter[str] = Counter()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for found, conditions in pool.map(compared, range(FIRST_SEED, FIRST_SEED + NETWORKS, CHUNK)):
            different += found
            seen.update(conditions)
        yield Row(
            f"networks of {NETWORKS} whose bytes differ, one or many calls",
            "0",
            str(len(different)) + (f" {different[:2]}" if different else ""),
            "0",
            not different,
        )
        for name in BUSY:
            share = seen[name] / NETWORKS
            yield Row(
                f"share of networks with {name}",
                f">= {LEAST_SHARE:.0%}",
                f"{share:.1%}",
                "exact",
                share >= LEAST_SHARE,
            )
        needed = list(pool.map(caught, MUTATIONS))
    for name, networks in zip(MUTATIONS, needed, strict=True):
        got = f"caught at network {networks}" if networks > 0 else "not caught"
        yield Row(f"changed line: {name}", "caught", got, f"{MUTATION_SEEDS} networks", networks > 0)
    total = sum(networks > 0 for networks in needed)
    yield Row(
        "changed lines caught",
        f">= {LEAST_MUTATIONS}",
        f"{total} of {len(needed)}",
        "all",
        total == len(needed),
    )
