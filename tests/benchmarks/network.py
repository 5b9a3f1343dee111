"""The engines on the reference network, CPU seconds per trial-year with draws: against a textbook model, our
own SimPy engine and the arithmetic floor; and how they grow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit

from models.network import Controls, Draws, Network, draw, initial_state, kernel, opening_stock, process
from tests.benchmarks.reference_network import reference, reference_network
from tests.benchmarks.registry import Result, peak_mb
from tests.benchmarks.textbook import Textbook

DAYS = 365
TRIALS = 64
FILL_APART = 0.01
ALLOWED = 0.002
"""Seconds that a trial-year with draws may take."""


def cpu_of(times: int, call: Callable[[], Any]) -> float:
    """Smallest CPU seconds of several calls: the machine may be busy with other things."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started)
    return best


def advance(network: Network, draws: Draws, engine: Any = kernel) -> Any:
    """State and movements of all days drawn."""
    trials, days = draws.demand.shape[:2]
    block = range(draws.first_trial, draws.first_trial + trials)
    state = initial_state(network, block, opening_stock(network))
    return engine.advance(network, state, days, Controls.constant(network, days), draws, draws.demand)


def year(network: Network, trials: int, days: int = DAYS, first: int = 0) -> Any:
    """Draws and compiled engine."""
    return advance(network, draw(network, days=days, trials=range(first, first + trials)))


def fill_of(network: Network, draws: Draws) -> float:
    """Share of demand served on its day."""
    _, moved = advance(network, draws)
    short = np.minimum(draws.demand - moved.lost, moved.backlog) + moved.lost
    return float(1.0 - short.sum() / draws.demand.sum())


@njit(cache=True, nogil=True)
def _floor(demand: Any, primary: Any, on_hand: Any, low: Any, high: Any, out: Any) -> None:
    """The item loops of a day without order events: serve, review, receive at once, record."""
    days, cells, items = demand.shape
    nodes = on_hand.shape[0]
    for day in range(days):
        for c in range(cells):
            n = primary[c]
            for i in range(items):
                on_hand[n, i] -= demand[day, c, i]
        for n in range(nodes):
            for i in range(items):
                if on_hand[n, i] <= low[n, i]:
                    on_hand[n, i] = high[n, i]
                out[day, n, i] = on_hand[n, i]


def floor_seconds(network: Network, draws: Draws) -> float:
    """Seconds of the floor for one trial."""
    controls = Controls.constant(network, DAYS)
    low, high = controls.reorder_level[0, 0], controls.order_up_to[0, 0]
    primary = np.ascontiguousarray(network.market_nodes[:, 0])
    out = np.zeros((DAYS, *low.shape), dtype=np.int32)

    def run() -> None:
        for trial in draws.demand:
            _floor(trial, primary, high.copy(), low, high, out)

    run()
    return cpu_of(5, run) / len(draws.demand)


def engines() -> list[Result]:
    """Compiled engine with draws against the textbook, our SimPy engine and the floor."""
    network = reference_network()
    year(network, 2)  # compiles
    draws = draw(network, days=DAYS, trials=TRIALS)
    with_draws = cpu_of(5, lambda: year(network, TRIALS)) / TRIALS
    alone = cpu_of(5, lambda: advance(network, draws)) / TRIALS
    memory = peak_mb()
    floor = floor_seconds(network, draws)
    own = cpu_of(1, lambda: advance(network, draw(network, days=DAYS, trials=1), process))
    fills: list[float] = []
    textbook = cpu_of(3, lambda: fills.append(Textbook(reference(), DAYS, 1 + len(fills)).run()))
    apart = abs(float(np.mean(fills)) - fill_of(network, draws))
    if apart > FILL_APART:
        raise AssertionError(f"the textbook model's fill rate is {apart:.4f} from ours")
    return [
        Result("network_vs_textbook_simpy", with_draws, "textbook_simpy", textbook / with_draws, memory),
        Result("network_vs_own_simpy", with_draws, "network_own_simpy", own / with_draws, memory),
        Result("network_vs_floor", alone, "network_floor", floor / alone, memory),
        Result(
            "network_vs_allowed", with_draws, f"{ALLOWED * 1e3:.0f} ms allowed", ALLOWED / with_draws, memory
        ),
        Result("textbook_simpy", textbook, "textbook_simpy", 1.0, peak_mb()),
        Result("network_own_simpy", own, "network_own_simpy", 1.0, peak_mb()),
        Result("network_floor", floor, "network_floor", 1.0, peak_mb()),
    ]


def _scaled(name: str, sizes: list[int], run: Callable[[int], float]) -> list[Result]:
    """Seconds of the whole call by size; the ratio is linear growth from the first size over it."""
    rows: list[Result] = []
    for size in sizes:
        seconds = run(size)
        base = rows[0].seconds if rows else seconds
        linear = base * size / sizes[0]
        rows.append(
            Result(
                f"network_scaling_{name}_{size}",
                seconds,
                f"linear from {sizes[0]}",
                linear / seconds,
                peak_mb(),
            )
        )
    return rows


def scaling_items() -> list[Result]:
    """16 trials of a year by items."""
    return _scaled("items", [25, 50, 100, 200], lambda n: _timed(reference_network(items=n), 16, DAYS))


def scaling_nodes() -> list[Result]:
    """16 trials of a year by nodes, with three markets for two nodes."""
    return _scaled(
        "nodes", [2, 4, 8, 16], lambda n: _timed(reference_network(nodes=n, markets=3 * n // 2), 16, DAYS)
    )


def scaling_days() -> list[Result]:
    """16 trials by days."""
    return _scaled("days", [365, 730, 1460], lambda n: _timed(reference_network(), 16, n))


def scaling_trials() -> list[Result]:
    """A year by trials, in one block."""
    return _scaled("trials", [16, 64, 256], lambda n: _timed(reference_network(), n, DAYS))


def _timed(network: Network, trials: int, days: int) -> float:
    year(network, 2, days)
    return cpu_of(3, lambda: year(network, trials, days))


def scaling_threads() -> list[Result]:
    """64 trials of a year on 1 and 2 threads: wall seconds, the ratio is the gain over one thread."""
    network = reference_network()
    year(network, 2)
    rows: list[Result] = []
    for threads in (1, 2):
        blocks = [range(k, k + 8) for k in range(0, TRIALS, 8)]
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda b: year(network, len(b), first=b.start), blocks))
            best = min(best, time.perf_counter() - started)
        one = rows[0].seconds if rows else best
        rows.append(
            Result(
                f"network_scaling_threads_{threads}", best, "network_scaling_threads_1", one / best, peak_mb()
            )
        )
    return rows
