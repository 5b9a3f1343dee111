"""Queues and stock against closed forms (CASES.md, "Queues, stock, network"): exact ones exactly, simulated
ones |z| < 4.
"""

from __future__ import annotations

import heapq
from functools import cache

import numpy as np
import pytest

from models.network import OpenOrders, State, initial_state, kernel, process, quantise
from models.network.movements import Movements
from tests.models.network.small_networks import controls_of, draws_of, network_of

# customs as a queue: every customer is an open order of one unit on its way to the port


def customs(
    arrivals: np.ndarray,
    services: np.ndarray,
    servers: int,
    engine: object = kernel,
    features: tuple[str, ...] = (),
    **changes: object,
) -> State:
    """State after the last arrival of (trial, customer) arrival and service days."""
    trials, count = arrivals.shape
    network = network_of(ports=[{"key": "P", "servers": servers}])
    many = np.zeros(count, dtype=np.int64)
    unknown = np.full(count, np.inf)
    opened = OpenOrders(
        day=many - 2,
        node=many,
        supplier=many,
        left=np.full(count, -1.0),
        port=unknown,
        cleared=unknown,
        to_make=many,
        line_order=np.arange(count),
        line_item=many,
        line_units=many + 1,
    )
    stages = np.zeros((trials, count, 4))
    stages[:, :, 1], stages[:, :, 2] = arrivals, services
    days = int(arrivals.max()) + 2
    state = initial_state(
        network, range(trials), np.zeros((1, 1), dtype=np.int64), open_orders=opened, open_stage_days=stages
    )
    demand = np.zeros((trials, days, 1, 1), dtype=np.int64)
    state, _ = engine.advance(  # type: ignore[attr-defined]
        network, state, days, controls_of(network, days), draws_of(network, days, **changes), demand, features
    )
    return state


def waits(state: State) -> np.ndarray:
    """(T, customer) days between arrival and service."""
    count = int(state.orders.count[0])
    return elapsed(state.lines.port[:, :count], state.orders.started[:, :count])


def elapsed(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Days between, NaN where the end is not known."""
    return np.subtract(
        end, begin, out=np.full(end.shape, np.nan), where=np.isfinite(end) & np.isfinite(begin)
    )


def arrivals_and_services(
    rate: float, mean: float, law: str, trials: int, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    arrivals = quantise(np.cumsum(rng.exponential(1.0 / rate, (trials, count)), axis=1))
    if law == "M":
        return arrivals, quantise(rng.exponential(mean, (trials, count)))
    if law == "E2":
        return arrivals, quantise(rng.gamma(2.0, mean / 2.0, (trials, count)))
    if law == "lognormal":
        variance = np.log1p(4.0)  # cv 2
        services = rng.lognormal(np.log(mean) - variance / 2.0, np.sqrt(variance), (trials, count))
        return arrivals, quantise(services)
    return arrivals, np.full((trials, count), mean)


def kiefer_wolfowitz(arrivals: np.ndarray, services: np.ndarray, servers: int) -> np.ndarray:
    free = [0.0] * servers
    out = []
    for arrival, service in zip(arrivals, services, strict=True):
        start = max(arrival, heapq.heappop(free))
        heapq.heappush(free, start + service)
        out.append(start - arrival)
    return np.array(out)


@pytest.mark.parametrize("engine", [kernel, process])
@pytest.mark.parametrize("servers", [1, 2, 3])
def test_customs_equals_the_kiefer_wolfowitz_recursion_exactly(engine: object, servers: int) -> None:
    arrivals, services = arrivals_and_services(0.8 * servers, 1.0, "M", 1, 600, servers)
    got = waits(customs(arrivals, services, servers, engine))[0]
    expected = kiefer_wolfowitz(arrivals[0], services[0], servers)
    seen = np.isfinite(got)
    assert seen.sum() > 500
    assert (got[seen] == expected[seen]).all()


@pytest.mark.parametrize(
    ("law", "servers", "expected"),
    [
        ("M", 1, 4.0),
        ("M", 2, 1.777777778),
        ("M", 3, 1.078651685),
        ("D", 1, 2.0),
        ("E2", 1, 3.0),
        ("lognormal", 1, 10.0),
    ],
)
def test_mean_wait_at_customs_is_that_of_the_queue(law: str, servers: int, expected: float) -> None:
    arrivals, services = arrivals_and_services(0.8 * servers, 1.0, law, 40, 3000, 11)
    wait = waits(customs(arrivals, services, servers))[:, 500:2900]
    per_trial = np.nanmean(wait, axis=1)
    z = (per_trial.mean() - expected) / (per_trial.std(ddof=1) / np.sqrt(len(per_trial)))
    assert abs(z) < 4.0


def test_customs_with_closures_that_let_a_service_finish_holds_242_63() -> None:
    """M/M/1 with lambda 1, mu 2, closures at rate .05 of mean length 5: E[N] = 242/63; one time unit is 20
    days.
    """
    trials, count, unit = 12, 1500, 20.0
    arrivals, services = arrivals_and_services(1.0 / unit, 0.5 * unit, "M", trials, count, 5)
    rng = np.random.default_rng(6)
    days = int(arrivals.max()) + 2
    port_open = np.ones((trials, 1, days), dtype=bool)
    for t in range(trials):
        clock = 0.0
        while clock < days:
            begins = clock + rng.exponential(unit / 0.05)
            clock = begins + rng.exponential(unit / 0.2)
            port_open[t, 0, round(begins) : round(clock)] = False
    state = customs(arrivals, services, 1, port_open=port_open)
    sojourn = elapsed(state.lines.port, state.lines.cleared)[:, 100:1400]
    per_trial = np.nanmean(sojourn, axis=1) / unit  # L = lambda W with lambda 1
    z = (per_trial.mean() - 242 / 63) / (per_trial.std(ddof=1) / np.sqrt(trials))
    assert abs(z) < 4.0


def preempted(arrivals: np.ndarray, services: np.ndarray, downs: np.ndarray) -> np.ndarray:
    """Departures of a first-come queue whose only server rests on (first, last) days, work resuming after."""
    lengths = downs[:, 1] - downs[:, 0]
    opened = downs[:, 0] - np.concatenate([[0.0], np.cumsum(lengths)[:-1]])  # working time when each begins
    before = np.concatenate([[0.0], np.cumsum(lengths)])

    def working(time: float) -> float:
        k = int(np.searchsorted(downs[:, 0], time, side="right"))
        rest = before[k] if k == 0 or time >= downs[k - 1, 1] else before[k - 1] + time - downs[k - 1, 0]
        return float(time - rest)

    out, free = np.empty(len(arrivals)), 0.0
    for j, (arrival, service) in enumerate(zip(arrivals, services, strict=True)):
        free = max(free, working(arrival)) + service
        out[j] = free + before[int(np.searchsorted(opened, free, side="left"))]
    return out


def breakdowns(horizon: float, unit: float, seed: int) -> np.ndarray:
    """First day and day after the last of breakdowns at rate .05, repaired at rate .2, in whole days."""
    rng = np.random.default_rng(seed)
    spans, clock = [], 0.0
    while clock < horizon:
        begins = clock + rng.exponential(unit / 0.05)
        clock = begins + rng.exponential(unit / 0.2)
        if round(clock) > round(begins) and (not spans or round(begins) > spans[-1][1]):
            spans.append((round(begins), round(clock)))
    return np.array(spans, dtype=float)


def test_a_port_that_breaks_down_in_service_equals_the_recursion_exactly() -> None:
    arrivals, services = arrivals_and_services(1.0 / 5.0, 2.5, "M", 1, 250, 9)
    days = int(arrivals.max()) + 2
    downs = breakdowns(days, 5.0, 10)
    port_open = np.ones((1, days), dtype=bool)
    for first, last in downs.astype(int):
        port_open[0, first:last] = False
    state = customs(arrivals, services, 1, process, features=("preemptive_closures",), port_open=port_open)
    got = state.lines.cleared[0, : arrivals.shape[1]]
    expected = preempted(arrivals[0], services[0], downs)
    seen = np.isfinite(got)
    assert seen.sum() > 200
    assert (got[seen] == expected[seen]).all()


def test_preemptive_breakdowns_hold_13_3() -> None:
    """M/M/1 with lambda 1, mu 2, down at .05, repaired at .2, preemptive resume: E[N] = 13/3; the recursion
    that SimPy equals, 30 runs of 20,000 customers.
    """
    unit, per_run = 400.0, []
    for seed in range(30):
        arrivals, services = arrivals_and_services(1.0 / unit, 0.5 * unit, "M", 1, 20_000, 100 + seed)
        downs = breakdowns(arrivals.max() * 1.2, unit, 200 + seed)
        sojourn = preempted(arrivals[0], services[0], downs) - arrivals[0]
        per_run.append(sojourn[500:].mean() / unit)
    z = (np.mean(per_run) - 13 / 3) / (np.std(per_run, ddof=1) / np.sqrt(len(per_run)))
    assert abs(z) < 4.0


def test_breakdowns_only_while_busy_hold_10_3() -> None:
    """M/M/1 with lambda 1, mu 2, down at .05 while it works, repaired at .2: E[N] = 10/3; a service lasts its
    own time and that of the repairs in it.
    """
    trials, count, unit = 60, 3000, 20.0
    arrivals, services = arrivals_and_services(1.0 / unit, 0.5 * unit, "M", trials, count, 15)
    rng = np.random.default_rng(16)
    repairs = rng.gamma(np.maximum(rng.poisson(0.05 * services / unit), 1e-12), unit / 0.2)
    state = customs(arrivals, quantise(services + repairs), 1)
    sojourn = elapsed(state.lines.port, state.lines.cleared)[:, 200:2800]
    per_trial = np.nanmean(sojourn, axis=1) / unit  # L = lambda W with lambda 1
    z = (per_trial.mean() - 10 / 3) / (per_trial.std(ddof=1) / np.sqrt(trials))
    assert abs(z) < 4.0


# stock


@cache
def stock_run(
    levels: tuple[int, int], start: int, lead: float, law: str, mean: float, trials: int, days: int
) -> Movements:
    """One node and item under (s, S) with backlog."""
    rng = np.random.default_rng(17)
    size = (trials, days, 1, 1)
    demand = (
        rng.poisson(mean, size) if law == "poisson" else np.maximum(0, np.round(rng.normal(mean, 8.0, size)))
    )
    network = network_of()
    state = initial_state(network, range(trials), np.array([[start]]))
    _, moved = kernel.advance(
        network,
        state,
        days,
        controls_of(network, days, levels),
        draws_of(network, days, transit=lead),
        demand.astype(np.int64),
    )
    return moved


@pytest.mark.parametrize(
    ("mean", "levels", "lead", "cost"),
    [
        (10, (6, 40), 0.0, 35.021555),
        (10, (6, 40), 1.0, 35.021555),
        (15, (10, 49), 1.0, 42.697819),
        (20, (14, 62), 0.0, 49.173036),
        (10, (37, 72), 4.0, 37.920374),
    ],
)
def test_cost_of_s_S_is_that_of_zheng_and_federgruen_1991(
    mean: float, levels: tuple[int, int], lead: float, cost: float
) -> None:
    """K 64, h 1, p 9, Poisson; our lead time 0 or 1 is their 0, ours 4 their 3; stock and orders of days 60
    to 1,500.
    """
    trials, days, first = 60, 1500, 60
    moved = stock_run(levels, levels[1], lead, "poisson", float(mean), trials, days)
    lines = moved.lines
    per_trial = np.empty(trials)
    for t in range(trials):
        orders = (lines.day_ordered[t, : lines.count[t]] >= first).sum()
        per_trial[t] = 64.0 * orders / (days - first)
        per_trial[t] += moved.on_hand[t, first:].mean() + 9.0 * moved.backlog[t, first:].mean()
    z = (per_trial.mean() - cost) / (per_trial.std(ddof=1) / np.sqrt(trials))
    assert abs(z) < 4.0


def test_fill_of_base_stock_265_with_exposure_5_is_0_9598() -> None:
    """N(50, 8) a day, lead time 5: fill = 1 - (EB5 - EB4) / mu = .959839028 and EB 2.008135100."""
    trials, days, first = 60, 1000, 20
    moved = stock_run((264, 265), 265, 5.0, "normal", 50.0, trials, days)
    behind = moved.backlog[:, first:, 0, 0].mean(axis=1)
    assert (
        abs(behind.mean() - 2.008135100) < 4.0 * behind.std(ddof=1) / np.sqrt(trials) + 0.01
    )  # demand is whole units
    fill = moved.wait[:, 0, 0] / moved.wait[:, 0].sum(axis=1)
    cold = 5 / days  # the first five days start full
    assert abs(fill.mean() - 0.959839028) < 4.0 * fill.std(ddof=1) / np.sqrt(trials) + 0.04 * cold + 2e-4


def test_units_on_order_under_crossing_have_variance_110() -> None:
    """One order a day, integer lead time uniform on 1 to 5, demand Poisson(10): mean 30, variance 110
    (sequential 230).
    """
    trials, days = 200, 300
    rng = np.random.default_rng(3)
    network = network_of()
    lead = rng.integers(1, 6, (trials, 1, 1, days)).astype(float)
    state = initial_state(network, range(trials), np.array([[1000]]))
    _, moved = kernel.advance(
        network,
        state,
        days,
        controls_of(network, days, (999, 1000)),
        draws_of(network, days, transit=lead),
        rng.poisson(10.0, (trials, days, 1, 1)).astype(np.int64),
    )
    on_order = moved.on_order[:, 10::10, 0, 0].astype(float)  # days apart: independent
    n = on_order.size
    assert abs(on_order.mean() - 30.0) < 4.0 * np.sqrt(110.0 / n)
    assert abs(on_order.var() - 110.0) < 4.0 * 110.0 * np.sqrt(2.5 / n)


@pytest.mark.parametrize("engine", [kernel, process])
def test_littles_law_holds_at_the_port(engine: object) -> None:
    arrivals, services = arrivals_and_services(0.5, 1.0, "M", 1, 300, 8)
    state = customs(arrivals, services, 1, engine)
    port, cleared = state.lines.port[0], state.lines.cleared[0]
    done = np.isfinite(cleared)
    edges = np.sort(np.concatenate([port[done], cleared[done]]))
    middle = (edges[1:] + edges[:-1]) / 2
    inside = (port[done][:, None] <= middle) & (middle < cleared[done][:, None])
    assert np.isclose(
        (inside.sum(axis=0) * np.diff(edges)).sum(), (cleared[done] - port[done]).sum(), rtol=1e-12
    )
