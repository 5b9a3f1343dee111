"""Random small networks with all that can go wrong, and the comparison of the engines on them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import Any

import numpy as np

from models.arrays import IntArray
from models.errors import InputError
from models.network import kernel, process
from models.network.controls import Controls
from models.network.draws import Draws, daily_capacity, quantise
from models.network.movements import Movements, concatenate
from models.network.spec import UNLIMITED, Network
from models.network.state import OpenOrders, State, initial_state
from models.streams import keys_of

BUSY = (
    "customs queueing",
    "binding capacity",
    "failover",
    "backlog",
    "lost sales",
    "returns",
    "closure delay",
    "storage overflow",
    "picking held back",
    "(s, S) orders",
    "(R, Q) orders",
    "base stock orders",
    "periodic reviews",
    "transfers",
    "echelon stock",
)


@dataclass(frozen=True, eq=False)
class Case:
    """A network with everything one run needs."""

    network: Network
    draws: Draws
    controls: Controls
    state: State
    demand: IntArray
    days: int

    def fresh(self) -> State:
        """The state before day 0, in its own memory (a run uses it up)."""
        return self.state.copy()


def random_case(seed: int) -> Case:
    """One random network; the seed says it all."""
    rng = np.random.default_rng([20261123, seed])
    network = _network(rng)
    days, trials = int(rng.integers(2, 36)), int(rng.integers(1, 3))
    first_trial = int(rng.integers(0, 1000))
    draws = _draws(rng, network, days, trials, first_trial)
    opened, stages = _open_orders(rng, network, trials)
    n, i, c = len(network.nodes), len(network.items), len(network.demand_points)
    state = initial_state(
        network,
        range(first_trial, first_trial + trials),
        rng.integers(0, 12, (n, i)),
        backlog=rng.integers(0, 3, (c, i)) * (rng.random() < 0.5),
        open_orders=opened,
        open_stage_days=stages,
    )
    rate = rng.choice([0.3, 1.5, 5.0])
    demand = rng.poisson(rate, (trials, days, c, i)).astype(np.int64)
    return Case(network, draws, _controls(rng, network, days, trials), state, demand, days)


def _network(rng: np.random.Generator) -> Network:
    p, c, i = (int(rng.integers(1, top)) for top in (3, 5, 4))
    n = int(rng.choice([1, 2, 3, 3, 3]))
    s = int(rng.choice([1, 2, 3, 3, 3]))
    k = int(rng.integers(1, n + 1))
    point_nodes = np.full((c, k), -1, dtype=np.int64)
    for m in range(c):
        served = rng.permutation(n)[: int(rng.integers(1, k + 1))]
        point_nodes[m, : len(served)] = served
    backup = np.array(
        [int(rng.choice([-1, *range(s), *range(s), *range(s)])) for _ in range(s)], dtype=np.int64
    )
    network = Network(
        suppliers=tuple(f"S{x}" for x in range(s)),
        ports=tuple(f"P{x}" for x in range(p)),
        nodes=tuple(f"N{x}" for x in range(n)),
        demand_points=tuple(f"M{x}" for x in range(c)),
        items=tuple(f"I{x}" for x in range(i)),
        node_port=rng.integers(0, p, n),
        point_nodes=point_nodes,
        priority=rng.integers(1, 3, c),
        backlog_share=rng.choice([0.0, 0.3, 0.5, 1.0], c),
        return_node=rng.integers(0, n, c),
        pick_capacity=np.where(rng.random(n) < 0.4, rng.integers(0, 8, n), UNLIMITED),
        storage=np.where(rng.random(n) < 0.5, rng.integers(0, 20, n), UNLIMITED),
        servers=rng.integers(1, 3, p),
        qualified=rng.random((n, s, i)) < 0.93,
        moq=rng.choice([0, 0, 4, 9], (s, i)),
        multiple=rng.choice([1, 1, 3, 5], (s, i)),
        backup=np.where(backup == np.arange(s), -1, backup),
        grade_share=rng.choice(
            [[1.0, 0.0, 0.0, 0.0], [0.6, 0.1, 0.2, 0.1], [0.0, 0.5, 0.5, 0.0], [0.25, 0.25, 0.25, 0.25]]
        ),
        sources=_sources(rng, n),
    )
    try:
        return replace(network, echelon=rng.random(n) < 0.9)
    except InputError:  # nodes that feed each other in a circle have no echelons
        return network


def _sources(rng: np.random.Generator, nodes: int) -> IntArray:
    """Which node asks which, in order of preference; often none."""
    rows = np.full((nodes, max(nodes - 1, 0)), -1, dtype=np.int64)
    if rng.random() < 0.2:
        return rows[:, :0]
    for node in range(nodes):
        others = rng.permutation([k for k in range(nodes) if k != node])
        if rng.random() < 0.5:
            others = np.sort(others[others < node])
        others = others[: int(rng.integers(0, nodes))]
        rows[node, : len(others)] = others
    return rows


def _draws(rng: np.random.Generator, network: Network, days: int, trials: int, first_trial: int) -> Draws:
    s, n, p = len(network.suppliers), len(network.nodes), len(network.ports)
    c, i = len(network.demand_points), len(network.items)

    def stage(scale: float) -> Any:
        lead = int(rng.choice([1, trials]))
        kind = rng.integers(0, 4)
        shape = (lead, s, n, days)
        if kind == 0:
            return np.zeros(shape)
        whole = rng.integers(0, int(scale) + 1, shape).astype(float)
        if kind == 1:
            return whole
        return (
            quantise(rng.exponential(scale / 2, shape))
            if kind == 2
            else whole + rng.integers(0, 2, shape) * 0.5
        )

    supplier_up = _runs(rng, (int(rng.choice([1, trials])), s, days), float(rng.choice([0.1, 0.25, 0.35])))
    if rng.random() < 0.07:
        supplier_up[:] = False
    weekly = np.where(rng.random((trials, s)) < 0.5, rng.integers(0, 70, (trials, s)), UNLIMITED)
    return Draws(
        first_trial=first_trial,
        production=stage(4),
        transit=stage(5),
        service=stage(float(rng.choice([3.0, 8.0]))),
        inland=stage(3),
        supplier_up=supplier_up,
        capacity=daily_capacity(weekly, days),
        port_open=_runs(rng, (int(rng.choice([1, trials])), p, days), float(rng.choice([0.0, 0.12, 0.3]))),
        return_share=rng.choice([0.0, 0.2, 0.9]) * rng.random((int(rng.choice([1, trials])), c, i)),
        refusal_share=rng.choice([0.0, 0.1]) * rng.random((1, c, days)),
        return_keys=keys_of(
            int(rng.integers(0, 9)),
            [f"returns/{m}/{x}" for m in network.demand_points for x in network.items],
        ).reshape(c, i, 2),
        return_delay=rng.integers(0, 7, int(rng.integers(1, 6))),
        transfer=quantise(
            rng.choice([0.0, 1.0, 1.5, 4.25]) * rng.random((int(rng.choice([1, trials])), n, n, days))
        ),
    )


def _runs(rng: np.random.Generator, shape: tuple[int, ...], rate: float) -> Any:
    """True with runs of False of a few whole days, so that closures begin and end on day edges."""
    up = np.ones(shape, dtype=np.bool_)
    for start in np.argwhere(rng.random(shape) < rate):
        up[(*start[:-1], slice(start[-1], start[-1] + int(rng.integers(1, 5))))] = False
    return up


def _controls(rng: np.random.Generator, network: Network, days: int, trials: int) -> Controls:
    n, i, s = len(network.nodes), len(network.items), len(network.suppliers)
    periods, lead = int(rng.integers(1, 4)), int(rng.choice([1, trials]))
    low = rng.integers(-2, 26, (lead, periods, n, i))
    cap = np.where(rng.random((1, periods, n, i)) < 0.12, rng.integers(0, 12, (1, periods, n, i)), UNLIMITED)
    shape = (int(rng.choice([1, trials])), periods, n, i)
    ask = rng.integers(-4, 9, shape)
    more = {
        "policy": rng.choice([0, 0, 1, 2], shape),
        "batch": rng.integers(1, 9, shape),
        "review_every": rng.choice([1, 1, 1, 2, 7], shape),
        "first_review": rng.integers(0, 9, shape),
        "transfer_at": ask,
        "transfer_to": ask + rng.integers(-1, 9, shape),
        "keep": rng.integers(0, 4, shape),
    }
    return Controls(
        **(more if rng.random() < 0.85 else {}),
        reorder_level=low,
        order_up_to=low + rng.integers(-1, 25, low.shape),
        period_of_day=np.sort(rng.integers(0, periods, days)),
        share=rng.choice([0.0, 0.2, 0.5, 0.5, 1.0], (lead, periods, n, i, s)),
        purchase_cap=cap,
        failover_on=rng.random(int(rng.choice([1, trials]))) < 0.85,
        failover_delay=int(rng.choice([0, 0, 1, 2])),
    )


def _open_orders(rng: np.random.Generator, network: Network, trials: int) -> tuple[OpenOrders, Any]:
    count = int(rng.choice([0, 0, 2, 6]))
    n, s, i = len(network.nodes), len(network.suppliers), len(network.items)
    stage = rng.integers(0, 4, count)
    ends = np.sort(-rng.integers(1, 6, (3, count)), axis=0).astype(float)
    lines = [(order, item) for order in range(count) for item in np.flatnonzero(rng.random(i) < 0.6)]
    lines += [(order, 0) for order in range(count) if order not in {o for o, _ in lines}]
    opened = OpenOrders(
        day=-rng.integers(1, 4, count),
        node=rng.integers(0, n, count),
        supplier=rng.integers(0, s, count),
        left=np.where(stage > 0, ends[0], np.inf),
        port=np.where(stage > 1, ends[1], np.inf),
        cleared=np.where(stage > 2, ends[2], np.inf),
        to_make=rng.integers(0, 2, count) * rng.integers(0, 30, count),
        line_order=np.array([order for order, _ in lines], dtype=np.int64),
        line_item=np.array([item for _, item in lines], dtype=np.int64),
        line_units=rng.integers(1, 20, len(lines)),
    )
    stages = quantise(rng.integers(0, 9, (int(rng.choice([1, trials])), count, 4)) * rng.choice([0.5, 1.0]))
    return opened, stages


# running and comparing


def play(engine: Any, case: Case, cuts: list[int] | None = None) -> tuple[State, Movements]:
    """State and movements of the whole case, in one call or cut at the given days."""
    state, windows = case.fresh(), []
    for until in [*(cuts or []), case.days]:
        demand = case.demand[:, state.day : until]
        state, window = engine.advance(case.network, state, until, case.controls, case.draws, demand)
        windows.append(window)
    return state, concatenate(windows)


def as_bytes(state: State, movements: Movements) -> dict[str, bytes]:
    """Every output and the state, as bytes by name, tables cut to the rows used."""
    parts: dict[str, Any] = {}
    for prefix, record in (
        ("state", state),
        ("orders", state.orders),
        ("lines", movements.lines),
        ("moved", movements),
    ):
        for f in fields(record):
            parts[f"{prefix}.{f.name}"] = getattr(record, f.name)
    out = {}
    for name, value in parts.items():
        table, _, _ = name.partition(".")
        if isinstance(value, np.ndarray):
            if value.ndim == 2 and table in ("orders", "lines"):
                counts = parts[f"{table}.count"]
                value = [value[t, : counts[t]] for t in range(len(counts))]
                out[name] = b"|".join(row.tobytes() for row in value)
            else:
                out[name] = f"{value.shape}{value.dtype}".encode() + value.tobytes()
        elif isinstance(value, int | range):
            out[name] = repr(value).encode()
    return out


def differences(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Names of what is not the same."""
    assert first.keys() == second.keys()
    return [name for name in first if first[name] != second[name]]


def compare(seed: int, truth: ModuleType | Any = process) -> list[str]:
    """What differs between the engines on one random network: in one call, in a few calls and day by day."""
    case = random_case(seed)
    rng = np.random.default_rng([7, seed])
    cuts = sorted(rng.integers(0, case.days + 1, 2).tolist())
    whole = as_bytes(*play(truth, case))
    found = [f"engines: {name}" for name in differences(whole, as_bytes(*play(kernel, case)))]
    if found:
        return found
    style = seed % 4
    if style == 0:
        other = as_bytes(*play(kernel, case, list(range(1, case.days))))
    elif style == 1:
        other = as_bytes(*play(truth, case, list(range(1, case.days))))
    else:
        other = as_bytes(*play(kernel if style == 2 else truth, case, cuts))
    return [f"calls: {name}" for name in differences(whole, other)]


def census(seed: int) -> set[str]:
    """Which of the busy conditions one random network shows, judged from its movements."""
    case = random_case(seed)
    state, moved = play(kernel, case)
    moved_any = {
        "backlog": moved.backlog,
        "lost sales": moved.lost,
        "returns": moved.returns_count,
        "storage overflow": moved.overflow,
        "transfers": moved.transfers_count,
        "echelon stock": moved.transfers_count * len(case.network.feeds),
    }
    found = {name for name, seen in moved_any.items() if seen.any()}
    for t in range(len(state.trials)):
        found |= _policy_conditions(case, state, t)
    free = replace(
        case, network=replace(case.network, pick_capacity=case.network.pick_capacity * 0 + UNLIMITED)
    )
    if differences(as_bytes(state, moved), as_bytes(*play(kernel, free))):
        found.add("picking held back")
    for t in range(len(state.trials)):
        found |= _order_conditions(case, state, t)
    if case.controls.failover_on.any():
        still = replace(case, controls=_without_failover(case.controls))
        if differences(as_bytes(state, moved), as_bytes(*play(kernel, still))):
            found.add("failover")
    return found


def _policy_conditions(case: Case, state: State, t: int) -> set[str]:
    """Which policies placed the orders of one trial."""
    lines, controls = state.lines, case.controls
    found = set()
    for row in range(int(lines.count[t])):
        day = lines.day_ordered[t, row]
        if day >= 0:
            at = controls.period_of_day[day], lines.node[t, row], lines.item[t, row]
            kind, every = (a[min(t, len(a) - 1)][at] for a in (controls.policy, controls.review_every))
            found.add(("(s, S) orders", "(R, Q) orders", "base stock orders")[kind])
            found |= {"periodic reviews"} if every > 1 else set()
    return found


def _order_conditions(case: Case, state: State, t: int) -> set[str]:
    """Customs queueing, closure delay and binding capacity from the orders of one trial."""
    found = set()
    lines, orders, draws = state.lines, state.orders, case.draws
    port_open = draws.port_open[min(t, len(draws.port_open) - 1)]
    up = draws.supplier_up[min(t, len(draws.supplier_up) - 1)]
    for order in range(int(orders.count[t])):
        line = orders.first_line[t, order]
        node, supplier, placed = lines.node[t, line], lines.supplier[t, line], lines.day_ordered[t, line]
        arrived = max(lines.port[t, line], 0.0)
        if min(orders.started[t, order], case.days - 1) > arrived:
            open_then = port_open[case.network.node_port[node], int(arrived)]
            found.add("customs queueing" if open_then else "closure delay")
        unfinished = orders.to_make[t, order] > 0 or orders.made[t, order] > placed
        if placed >= 0 and unfinished and up[supplier, placed]:
            found.add("binding capacity")
    return found


def _without_failover(controls: Controls) -> Controls:
    named = {f.name: getattr(controls, f.name) for f in fields(controls) if f.init}
    return Controls(**{**named, "failover_on": np.zeros(1, dtype=np.bool_)})
