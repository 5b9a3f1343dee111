"""What a scenario takes over from base: counted months, base's very books, and the bytes of a run without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.chain import Assignment
from engine.drivers import DRIVERS
from engine.responses import responses_of
from engine.scenarios import BASE, Composition
from engine.settings import RunSettings
from engine.stages import simulate
from engine.stages.draw import draw_block
from engine.stages.outcome import ScenarioOutcome
from engine.stages.sharing import Fork, Kept, Shared, forks_of
from engine.stages.simulate import play, play_base
from tests.properties.chain_support import Chain, differing

SHIPPED = (
    "customs_shock",
    "demand_slump",
    "fx_shock",
    "port_closure",
    "stagflation",
    "supplier_outage",
    "tariff_15pp",
)
"""The scenarios of 268aac8: all of them start after a quarter."""


@dataclass
class Played:
    """A scenario beside base: its fork, and the months it moved through the network and closed itself."""

    outcome: ScenarioOutcome
    base: ScenarioOutcome
    fork: Fork
    simulated: int
    closed: int


def played(
    chain: Chain, scenarios: Sequence[Composition], trials: range, quarters: int, patch: pytest.MonkeyPatch
) -> dict[str, Played]:
    """Scenarios of a block by name, their months counted where the engine and the books are called."""
    count = {"simulated": 0, "closed": 0}

    def counted(what: str, function: Any) -> Any:
        def call(*given: Any) -> Any:
            count[what] += 1
            return function(*given)

        return call

    advance = counted("simulated", simulate.ENGINES["compiled"])
    patch.setattr(simulate, "ENGINES", {"compiled": advance})
    patch.setattr(simulate, "close_month", counted("closed", simulate.close_month))
    world = chain.world(quarters)
    composed = [chain.library.compose(BASE), *scenarios]
    paths = Assignment(world, tuple(composed), chain.library, RunSettings()).paths(trials)
    draws = draw_block(world.calibration, trials, 1, world.calendar)
    others = {each.name: (paths[each.name], responses_of(each.responses)) for each in scenarios}
    forks = forks_of(world.simulation.rates, draws, paths[BASE], others)
    base = play_base(world, draws, paths[BASE], kept=Kept.for_forks(forks.values(), world.calendar.months))
    out = {}
    for name, (path, responses) in others.items():
        count |= {"simulated": 0, "closed": 0}
        outcome = play(world, draws, path, responses, shared=Shared(base, forks[name]))
        out[name] = Played(outcome, base.outcome, forks[name], **count)
    return out


# months counted


def test_the_shipped_scenarios_start_from_base_s_month_three(
    demo: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = played(demo, [demo.library.compose(name) for name in SHIPPED], range(2), 8, monkeypatch)
    assert {name: each.fork for name, each in every.items()} == dict.fromkeys(SHIPPED, Fork(3, 3))
    assert {(each.simulated, each.closed) for each in every.values()} == {(21, 21)}
    for each in every.values():
        assert all(own is base for own, base in zip(each.outcome.booked[:3], each.base.booked, strict=False))
        assert not np.array_equal(each.outcome.booked[-1].cash.net_cash, each.base.booked[-1].cash.net_cash)


def test_a_scenario_of_money_alone_simulates_nothing(
    absorbing: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    money = [absorbing.library.compose(name) for name in ("tariff_15pp", "fx_shock")]
    money += [
        absorbing.scenario(name, {"driver": name, "change": {"scale": 1.2, "unit": "x"}, "start": start})
        for name, start in (("freight", "+100d"), ("unit_cost", "+40d"))
    ]
    for name, each in played(absorbing, money, range(2), 4, monkeypatch).items():
        first = 1 if name == "unit_cost" else 3
        assert (name, each.fork, each.simulated, each.closed) == (name, Fork(first, 12), 0, 12 - first)
        assert each.outcome.supply is each.base.supply
        assert each.outcome.customers is each.base.customers


def test_nothing_that_differs_beyond_the_run_is_played(demo: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    late = demo.scenario("late", {"driver": "demand", "change": {"scale": 0.5, "unit": "x"}, "start": "+2q"})
    each = played(demo, [late], range(2), 2, monkeypatch)["late"]
    assert (each.fork, each.simulated, each.closed) == (Fork(6, 6), 0, 0)


def test_a_price_that_answers_late_moves_goods_late(demo: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    world = demo.world(4)
    inputs = world.simulation
    late = {"rule": "pass_through", "lag": 60.0}
    rules = tuple(rule.model_copy(update=late) for rule in inputs.rates.price_rules)
    answering = replace(inputs, rates=replace(inputs.rates, price_rules=rules))
    slow = Chain(demo.plan, demo.calibration, {4: replace(world, simulation=answering)})
    each = played(slow, [demo.library.compose("tariff_15pp")], range(2), 4, monkeypatch)["tariff_15pp"]
    assert (each.fork, each.simulated, each.closed) == (Fork(3, 5), 7, 9)


# responses


def test_failover_shares_no_day_on_which_a_supplier_of_base_is_down_for_its_delay(
    stressed: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, quick = (
        stressed.scenario(name, responses=[{"name": "failover", "detection_days": days, "reaction_days": 0}])
        for name, days in (("patient", 400), ("quick", 5))
    )
    every = played(stressed, [patient, quick], range(4), 2, monkeypatch)
    assert (every["patient"].fork, every["patient"].simulated) == (Fork(6, 6), 0)
    assert every["quick"].fork.moves < 6


def test_an_alarm_that_base_s_own_books_raise_ends_the_sharing(
    stressed: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The floor is met in base already: only months in which nothing can act yet are taken over."""
    shock = {"driver": "demand", "change": {"scale": 0.5, "unit": "x"}, "start": "+5m"}
    scenarios = [
        stressed.scenario(name, shock, responses=[{"name": "cash_floor", "floor": floor, "recovery": floor}])
        for name, floor in (("never", -1e12), ("at_once", 1e12))
    ]
    every = played(stressed, scenarios, range(4), 2, monkeypatch)
    assert {name: each.fork.moves for name, each in every.items()} == {"never": 5, "at_once": 5}
    assert {name: each.simulated for name, each in every.items()} == {"never": 1, "at_once": 6}


# the same bytes

RESPONSES: tuple[list[Any], ...] = (
    [],
    [{"name": "failover", "detection_days": 2, "reaction_days": 20}],
    [{"name": "cash_floor", "floor": 78000, "recovery": 80000, "spend_cut": 0.6, "purchase_share": 0.4}],
)


@st.composite
def shocks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One or two shocks of any drivers, on any day, the same in every trial or not."""
    made = []
    for name in draw(st.lists(st.sampled_from(sorted(DRIVERS)), min_size=1, max_size=2, unique=True)):
        start: Any = f"+{draw(st.integers(0, 200))}d"
        if draw(st.booleans()):
            start = {"distribution": "uniform", "low": 5, "high": 150, "unit": "d"}
        made.append(
            {
                "driver": name,
                "change": {"scale": draw(st.sampled_from([0.5, 1.0, 1.4])), "unit": "x"},
                "start": start,
                "shape": draw(st.sampled_from([{"hold": "1m"}, {"ramp": "1m"}, {"hold": "6w"}])),
            }
        )
    return made


@example(made=[{"driver": "lead_time", "change": {"scale": 2.0, "unit": "x"}, "start": "+92d"}], answers=[])
@example(made=[{"driver": "clearance", "change": {"scale": 9.0, "unit": "x"}, "start": "+61d"}], answers=[])
@example(
    made=[{"driver": "supplier_capacity", "change": {"scale": 0.0, "unit": "x"}, "start": "+100d"}],
    answers=RESPONSES[1],
)
@given(made=shocks(), answers=st.sampled_from(RESPONSES))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_shocked_on_whatever_day_gives_the_bytes_of_a_run_without_sharing(
    stressed: Chain, made: list[dict[str, Any]], answers: list[Any]
) -> None:
    chosen = [stressed.scenario("shocked", *made, responses=answers), "tariff_15pp"]
    cubes = [stressed.play(chosen, trials=range(4), always_simulate=always) for always in (False, True)]
    assert differing(cubes[0].arrays, cubes[1].arrays) == []
