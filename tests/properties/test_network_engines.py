"""Both engines, any number of calls: the same bytes; and what must hold every day on any network."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.network import kernel, process, process_orders, process_review, process_serve
from tests.models.network.random_networks import BUSY, Case, census, compare, play, random_case

FUZZED = 320
CHUNK = 40

MUTATIONS = {
    "customs works on closed days": ("if not self.is_open[day]:", "if False:"),
    "ties at customs go to the younger order": ("(order.port, order.id)", "(order.port, -order.id)"),
    "position forgets what is on order": (
        "self.with_echelons(on_hand + on_order + in_transfer - behind)",
        "self.with_echelons(on_hand + in_transfer - behind)",
    ),
    "low priority is served first": (
        "sorted(set(network.priority.tolist()))",
        "sorted(set(network.priority.tolist()))[::-1]",
    ),
    "a supplier that is down goes on": ("if up[supplier] else 0", "if True else 0"),
    "production waits for capacity": (
        "max(order.start + production, float(order.made))",
        "order.made + 1.0 + production",
    ),
    "smallest order before multiple": (
        "max(-(-amount // multiple) * multiple, smallest)",
        "-(-max(amount, smallest) // multiple) * multiple",
    ),
    "failover a day late": ("self.day - since >= self.controls", "self.day - since > self.controls"),
    "equal remainders go to the last": (
        "(-(amount * weights[k] % total), k)",
        "(-(amount * weights[k] % total), -k)",
    ),
    "what capacity holds back is lost": ("waits += int(held[point, item])", "waits += 0"),
    "returns come back a day later": ("max(delay, 1)", "max(delay + 1, 1)"),
    "a level is met only below it": ("position <= level)", "position < level)"),
    "base stock waits for its level to be passed": ("position < top,", "position < top - 1,"),
    "batches stop at the reorder level": (
        "(int(level[at]) - int(position[at])) // int(size[at]) + 1",
        "-(-(int(level[at]) - int(position[at])) // int(size[at]))",
    ),
    "every day is a review": ('% self.control("review_every") == 0', "% 1 == 0"),
    "position forgets what is in transfer": (
        "on_hand + on_order + in_transfer - behind)",
        "on_hand + on_order - behind)",
    ),
    "donors give what they should keep": ("- behind[donor] - keep[donor], 0)", "- behind[donor], 0)"),
    "a transfer a day late": (
        "max(self.day + 1, math.ceil(self.day + lead[donor, asker]))",
        "max(self.day + 1, math.ceil(self.day + lead[donor, asker])) + 1",
    ),
    "an echelon sees only itself": ("whole[source] += whole[fed]", "whole[source] += 0"),
    "grades are cut at the share": ("self._returns_word(int(point), int(item), day) >> OFFSET_SHIFT", "0"),
}
PARTS = (process_orders, process_serve, process_review, process)
"""The files of the SimPy engine, each after those it imports."""


def mutated(old: str, new: str) -> types.ModuleType:
    """The SimPy engine with one line of different meaning."""
    sources = {part.__name__: Path(str(part.__file__)).read_text(encoding="utf-8") for part in PARTS}
    assert sum(text.count(old) for text in sources.values()) == 1, f"{old!r} is not in the engine once"
    modules = {name: types.ModuleType(name) for name in sources}
    with patch.dict(sys.modules, modules):  # each part finds the others, and dataclasses their module
        for name, module in modules.items():
            exec(compile(sources[name].replace(old, new), name, "exec"), module.__dict__)  # noqa: S102 (ours)
    return modules[process.__name__]


@pytest.mark.parametrize("first", range(0, FUZZED, CHUNK))
def test_fuzzed_networks_give_the_same_bytes_in_both_engines_and_any_calls(first: int) -> None:
    found = {seed: names for seed in range(first, first + CHUNK) if (names := compare(seed))}
    assert not found


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=10_000, max_value=2**31))
def test_any_seed_gives_the_same_bytes_in_both_engines_and_any_calls(seed: int) -> None:
    assert compare(seed) == []


def test_fuzzed_networks_are_busy() -> None:
    seen = [census(seed) for seed in range(FUZZED)]
    shares = {name: np.mean([name in found for found in seen]) for name in BUSY}
    assert min(shares.values()) >= 0.20, shares


@pytest.mark.parametrize("change", MUTATIONS)
def test_the_fuzz_catches_one_changed_line(change: str) -> None:
    module = mutated(*MUTATIONS[change])
    assert any(_differs(seed, module) for seed in range(FUZZED))


def _differs(seed: int, module: types.ModuleType) -> bool:
    return bool(compare(seed, module))


def test_the_unchanged_source_passes_the_same_way() -> None:
    module = mutated("LONG_AGO = -(10**9)", "LONG_AGO = -(10**9)")
    assert not any(compare(seed, module) for seed in range(30))


def test_a_daily_run_equals_one_call_over_two_years() -> None:
    case = random_case(4)
    days = 731
    case = lengthened(case, days)
    from tests.models.network.random_networks import as_bytes

    whole = as_bytes(*play(kernel, case))
    assert as_bytes(*play(kernel, case, list(range(1, days)))) == whole
    assert as_bytes(*play(kernel, case, list(range(30, days, 30)))) == whole


def lengthened(case: Case, days: int) -> Case:
    """The case repeated to ``days`` days."""
    from dataclasses import fields, replace

    def tiled(array: np.ndarray, axis: int) -> np.ndarray:
        times = -(-days // case.days)
        return np.ascontiguousarray(np.concatenate([array] * times, axis=axis).take(range(days), axis=axis))

    names = (
        "production",
        "transit",
        "service",
        "inland",
        "supplier_up",
        "capacity",
        "port_open",
        "refusal_share",
        "transfer",
    )
    draws = replace(case.draws, **{name: tiled(getattr(case.draws, name), -1) for name in names})
    controls = replace(case.controls, period_of_day=tiled(case.controls.period_of_day, 0))
    assert {f.name for f in fields(draws)} >= set(names)
    return replace(case, draws=draws, controls=controls, demand=tiled(case.demand, 1), days=days)


# identities, every day


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=2**31))
def test_units_are_conserved_every_day(seed: int) -> None:
    case = random_case(seed)
    state, moved = play(kernel, case)
    network = case.network
    for t in range(len(state.trials)):
        received, ordered, resale = flows(case, moved, t)
        sent = np.zeros_like(received)
        np.add.at(sent, (slice(None), network.arc_node), moved.shipped[t])
        opening = np.concatenate([case.state.on_hand[t][None], moved.on_hand[t, :-1]])
        given, got = transferred(case, moved, t)
        assert (opening + received + resale + got == sent + given + moved.on_hand[t]).all()
        assert (np.cumsum(given - got, axis=0)[-1].sum(axis=0) == state.in_transfer[t].sum(axis=0)).all()
        pipeline = np.concatenate([case.state.on_order[t][None], moved.on_order[t, :-1]])
        assert (pipeline + ordered - received == moved.on_order[t]).all()
        sold = np.zeros_like(case.demand[t])
        np.add.at(sold, (slice(None), network.arc_point), moved.shipped[t])
        before = np.concatenate([case.state.backlog[t][None], moved.backlog[t, :-1]])
        assert (before + case.demand[t] == sold + moved.lost[t] + moved.backlog[t]).all()
        assert (moved.wait[t].sum(axis=1) == sold.sum(axis=(0, 2))).all()
        assert (state.backlog_age[t].sum(axis=-1) == state.backlog[t]).all()
        assert (sent.sum(axis=2) <= network.pick_capacity).all()
        assert moved.lost[t].min(initial=0) >= 0
        assert moved.on_hand[t].min(initial=0) >= 0


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=2**31))
def test_stages_follow_in_time_and_customs_never_has_more_in_service_than_servers(seed: int) -> None:
    case = random_case(seed)
    state, moved = play(kernel, case)
    for t in range(len(state.trials)):
        lines, orders = moved.lines, state.orders
        first = orders.first_line[t, : orders.count[t]]
        left, port, cleared, available = (
            getattr(lines, name)[t, first] for name in ("left", "port", "cleared", "available")
        )
        started = orders.started[t, : orders.count[t]]
        assert (left <= port).all()
        assert (port <= started).all()
        assert (started <= cleared).all()
        assert (cleared <= available).all()
        assert (
            lines.received[t, first][lines.received[t, first] >= 0]
            >= available[lines.received[t, first] >= 0]
        ).all()
        ports = case.network.node_port[lines.node[t, first]]
        for moment in np.unique(started[np.isfinite(started)]):
            busy = (np.maximum(started, 0.0) <= moment) & (moment < cleared) & (moment >= 0.0)
            counts = np.bincount(ports[busy], minlength=len(case.network.ports))
            assert (counts <= case.network.servers).all()


def transferred(case: Case, moved: object, t: int) -> tuple[np.ndarray, np.ndarray]:
    """Units given to other nodes and got from them by day, node and item."""
    shape = (case.days, len(case.network.nodes), len(case.network.items))
    given, got = (np.zeros(shape, dtype=np.int64) for _ in range(2))
    day, donor, asker, item, units, arrives = moved.transfers[t, : moved.transfers_count[t]].T  # type: ignore[attr-defined]
    np.add.at(given, (day, donor, item), units)
    seen = arrives < case.days
    np.add.at(got, (arrives[seen], asker[seen], item[seen]), units[seen])
    return given, got


def flows(case: Case, moved: object, t: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units received, ordered and put back into stock by day, node and item, from the tables."""
    shape = (case.days, len(case.network.nodes), len(case.network.items))
    received, ordered, resale = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    lines = moved.lines  # type: ignore[attr-defined]
    count = lines.count[t]
    day, node, item, units = (
        getattr(lines, name)[t, :count] for name in ("received", "node", "item", "units")
    )
    np.add.at(received, (day[day >= 0], node[day >= 0], item[day >= 0]), units[day >= 0])
    placed = lines.day_ordered[t, :count]
    np.add.at(ordered, (placed[placed >= 0], node[placed >= 0], item[placed >= 0]), units[placed >= 0])
    rows = moved.returns[t, : moved.returns_count[t]]  # type: ignore[attr-defined]
    np.add.at(resale, (rows[:, 0], case.network.return_node[rows[:, 1]], rows[:, 2]), rows[:, 3])
    return received, ordered, resale
