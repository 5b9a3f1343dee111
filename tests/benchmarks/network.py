"""The engines on the reference network, seconds per trial-year with draws: against a textbook model, our own
SimPy engine and the arithmetic floor; and how they grow.

``one_core`` is processor time of one thread, ``all_cores`` the time that passes with a thread on every core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from models.compiled import compiled
from models.network import (
    Controls,
    Draws,
    Network,
    draw,
    initial_state,
    kernel,
    opening_stock,
    process,
    simulate,
)
from tests.benchmarks.reference_network import reference, reference_network
from tests.benchmarks.registry import Result, best_of, peak_mb
from tests.benchmarks.textbook import Textbook

DAYS = 365
TRIALS = 64
TURNS = 5
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


def advance(network: Network, draws: Draws, engine: Any = kernel, **options: Any) -> Any:
    """State and movements of all days drawn."""
    trials, days = draws.demand.shape[:2]
    block = range(draws.first_trial, draws.first_trial + trials)
    state = initial_state(network, block, opening_stock(network))
    choice = Controls.constant(network, days)
    return engine.advance(network, state, days, choice, draws, draws.demand, **options)


def year(network: Network, trials: int, days: int = DAYS, first: int = 0, workers: int = 1) -> Any:
    """Draws and compiled engine, on so many threads (0: one per core)."""
    drawn = draw(network, days=days, trials=range(first, first + trials), workers=workers)
    return advance(network, drawn, workers=workers)


def fill_of(network: Network, draws: Draws) -> float:
    """Share of demand served on its day."""
    _, moved = advance(network, draws)
    short = np.minimum(draws.demand - moved.lost, moved.backlog) + moved.lost
    return float(1.0 - short.sum() / draws.demand.sum())


@compiled
def _floor(demand: Any, primary: Any, on_hand: Any, low: Any, high: Any, out: Any) -> None:
    """The item loops of a day without order events: serve, review, receive at once, record."""
    days, segments, items = demand.shape
    nodes = on_hand.shape[0]
    for day in range(days):
        for c in range(segments):
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
    primary = np.ascontiguousarray(network.point_nodes[:, 0])
    out = np.zeros((DAYS, *low.shape), dtype=np.int32)

    def run() -> None:
        for trial in draws.demand:
            _floor(trial, primary, high.copy(), low, high, out)

    run()
    return cpu_of(5, run) / len(draws.demand)


def engines() -> list[Result]:
    """Compiled engine with draws against the textbook, our SimPy engine and the floor.

    The textbook model and ours take turns, so that what else the machine does slows both.
    """
    network = reference_network()
    draws = draw(network, days=DAYS, trials=TRIALS)
    whole = {"days": DAYS, "trials": TRIALS}
    calls: dict[str, Callable[[], Any]] = {
        "one_core": lambda: year(network, TRIALS),
        "all_cores": lambda: year(network, TRIALS, workers=0),
        "alone": lambda: advance(network, draws),
        "simulate_one_core": lambda: simulate(network, whole, workers=1),
        "simulate_all_cores": lambda: simulate(network, whole),
    }
    for call in calls.values():
        call()  # compiles
    memory = peak_mb()
    took, fills, textbook = dict.fromkeys(calls, float("inf")), [], float("inf")
    for turn in range(TURNS):
        model = Textbook(reference(), DAYS, 1 + turn)
        textbook = min(textbook, cpu_of(1, lambda run=model.run: fills.append(run())))  # type: ignore[misc]
        for name, call in calls.items():
            clock = best_of if name.endswith("all_cores") else cpu_of
            took[name] = min(took[name], clock(3, call) / TRIALS)
    apart = abs(float(np.mean(fills)) - fill_of(network, draws))
    if apart > FILL_APART:
        raise AssertionError(f"the textbook model's fill rate is {apart:.4f} from ours")
    own = cpu_of(1, lambda: advance(network, draw(network, days=DAYS, trials=1, workers=1), process))
    floor, one, every = floor_seconds(network, draws), took["one_core"], took["all_cores"]
    allowed = f"{ALLOWED * 1e3:.0f} ms allowed"

    def simulated(cores: str) -> Result:
        seconds = took[f"simulate_{cores}"]
        return Result(f"network_simulate_{cores}", seconds, "textbook_simpy", textbook / seconds, memory)

    return [
        Result("network_vs_textbook_simpy", one, "textbook_simpy", textbook / one, memory),
        Result("network_vs_textbook_all_cores", every, "textbook_simpy", textbook / every, memory),
        Result("network_vs_allowed", one, allowed, ALLOWED / one, memory),
        Result("network_vs_allowed_all_cores", every, allowed, ALLOWED / every, memory),
        Result("network_vs_own_simpy", one, "network_own_simpy", own / one, memory),
        Result("network_vs_floor", took["alone"], "network_floor", floor / took["alone"], memory),
        simulated("one_core"),
        simulated("all_cores"),
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
    """64 trials of a year on 1 and 2 threads: seconds that pass, the ratio is the gain over one thread."""
    network = reference_network()
    year(network, 2)
    rows: list[Result] = []
    for threads in (1, 2):
        seconds = best_of(9, lambda workers=threads: year(network, TRIALS, workers=workers))  # type: ignore[misc]
        one = rows[0].seconds if rows else seconds
        name = f"network_scaling_threads_{threads}"
        rows.append(Result(name, seconds, "network_scaling_threads_1", one / seconds, peak_mb()))
    return rows
