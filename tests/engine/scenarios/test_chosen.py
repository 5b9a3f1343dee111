"""Scenarios written in Python: the same grammar, identity and faults as in YAML."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import engine
from engine.responses import playbook_problems
from engine.scenarios import compose_all, composition, load_library
from engine.scenarios.grammar import Scenario
from engine.scenarios.library import parse
from engine.scenarios.source import read
from engine.store.manifest import scenario_digest
from models.errors import InputError, UsageError
from tests.tiny_plan import write_plan

YAML = """\
name: strike
why: the port stands still
source: test
includes: [tariff_15pp, {scenario: demand_slump, then: scale}]
shocks:
  - {driver: lead_time, where: {supplier: top_supplier}, change: {add: 35, unit: days}, start: +1m,
     shape: {hold: 5w}}
  - {driver: refusal_share, change: {add: {distribution: uniform, low: 1, high: 3}, unit: pp},
     name: sent_back, start: 2026-09-01, shape: {ramp: 1m, hold: 1q, recover: 1m, to: 0.5}, probability: 0.5}
responses:
  - {name: failover, detection_days: 3}
"""


def strike():
    """The same in Python."""
    return (
        engine.Scenario("strike", why="the port stands still", source="test")
        .include("tariff_15pp")
        .include("demand_slump", then="scale")
        .shock("lead_time", where={"supplier": "top_supplier"}, add=35, unit="days", start="+1m", hold="5w")
        .shock(
            "refusal_share",
            add={"distribution": "uniform", "low": 1, "high": 3},
            unit="pp",
            name="sent_back",
            start=dt.date(2026, 9, 1),
            ramp="1m",
            hold="1q",
            recover="1m",
            to=0.5,
            probability=0.5,
        )
        .respond("failover", detection_days=3)
    )


def composed(*given):
    return compose_all(load_library(), given, playbook_problems)[1]


def faults(given):
    with pytest.raises(InputError) as raised:
        composed(given)
    return [str(fault) for fault in raised.value.faults]


def test_a_scenario_in_python_is_that_of_its_yaml_text():
    source, unreadable = read("strike.yaml", YAML.encode())
    assert not unreadable
    scenario, wrong = parse(source, playbook_problems)
    assert not wrong
    written = composition(scenario, load_library())
    for given in (strike(), strike().to_dict(), source.value):
        (found,) = composed(given)
        assert found == written
        assert scenario_digest([found]) == scenario_digest([written])


def test_a_change_of_a_figure_changes_the_identity():
    (one,), (other,) = composed(strike()), composed(strike().shock("demand", scale=0.9, unit="x"))
    assert scenario_digest([one]) != scenario_digest([other])


def test_each_call_gives_a_new_scenario_and_nothing_given_is_kept():
    where = {"market": ["NO"]}
    plain = engine.Scenario("slump", why="a test")
    shocked = plain.shock("demand", scale=0.8, unit="x", where=where)
    where["market"].append("NA")
    shocked.to_dict()["shocks"].clear()
    assert plain.shocks == ()
    assert shocked.to_dict()["shocks"][0]["where"] == {"market": ["NO"]}
    assert Scenario.model_validate(shocked.to_dict()).shocks[0].change.amount == 0.8


def test_numbers_and_dates_of_numpy_and_pandas_are_those_of_yaml():
    calm = engine.Scenario("calm", why="a test")
    plain = calm.shock("demand", scale=0.8, unit="x", start=dt.date(2026, 9, 1))
    other = calm.shock("demand", scale=np.float64(0.8), unit="x", start=pd.Timestamp("2026-09-01"))
    assert composed(plain) == composed(other)


def test_given_scenarios_may_include_each_other():
    both = engine.Scenario("both", why="a test").include("slow")
    slow = {"name": "slow", "why": "a test", "source": "test", "shocks": strike().to_dict()["shocks"][:1]}
    found = {each.name: each for each in composed(both, slow)}
    assert found["both"].includes == ("slow",)
    assert found["both"].shocks == found["slow"].shocks


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (strike().shock("lead_tim", add=3, unit="days"), "scenario strike::|shocks[2].driver|lead_time?"),
        (strike().shock("lead_time", add=3, unit="pp"), "scenario strike::|shocks[2].change.unit"),
        (strike().shock("demand", add=3, scale=2, unit="x"), "shocks[2].change|exactly one of"),
        (strike().shock("demand", scale=2, unit="x", nam="a"), "shocks[2].nam|unknown key|name?"),
        (strike().respond("failovr"), "responses[1]|unknown response|failover?"),
        (strike().respond("cash_floor", flor=3), "responses[1]|no such parameter|floor?"),
        (strike().include("tarif_15pp"), "includes[2]|unknown scenario|tariff_15pp?"),
        (engine.Scenario("base", why="a test").shock("demand", scale=2, unit="x"), "base is what"),
        (engine.Scenario("a b", why="a test"), "scenario a b::|name"),
        ({"name": "mine", "why": "a test"}, "scenario mine::|source: is missing"),
        ({"why": "a test", "source": "a test"}, "scenario without a name::|name: is missing"),
        ({"name": "mine", "why": "\x1b[31m", "source": "a test"}, "a character that cannot be shown"),
        ("tarif_15pp", "unknown scenario|tariff_15pp?"),
    ],
)
def test_a_fault_has_the_address_of_its_scenario_and_shock(given, told):
    found = faults(given)
    assert len(found) == 1
    assert all(part in found[0] for part in told.split("|")), found


def test_every_fault_of_every_given_scenario_comes_at_once():
    one = strike().shock("lead_tim", add=3, unit="days")
    with pytest.raises(InputError) as raised:
        composed(one, {"name": "other", "why": "a test"}, one)
    assert [fault.file for fault in raised.value.faults] == ["scenario other", *["scenario strike"] * 2]


def test_what_is_no_scenario_is_refused():
    with pytest.raises(UsageError, match=r"a name, an engine\.Scenario or a dict"):
        composed(7)
    loop: dict = {"name": "loop", "why": "a test", "source": "a test"}
    loop["shocks"] = [loop]
    assert "nested too deeply" in faults(loop)[0]


def test_a_run_and_a_break_take_scenarios_written_in_python(tmp_path):
    plan = engine.load_plan(write_plan(tmp_path / "plan"))
    slump = engine.Scenario("slump", why="a test").shock("demand", scale=0.7, unit="x")
    settings = engine.RunSettings(trials=4, quarters=1)
    run = engine.run(plan, settings, [slump, {**slump.to_dict(), "name": "same"}, "tariff_15pp"])
    revenue = run.frame("horizon/net_revenue").groupby("scenario")["net_revenue"].mean()
    assert sorted(revenue.index) == ["base", "same", "slump", "tariff_15pp"]
    assert revenue["slump"] == revenue["same"] < revenue["base"]
    alone = engine.run(plan, settings, slump)
    assert alone.manifest["scenarios"]["slump"] == run.manifest["scenarios"]["slump"]
    (plan.path / "scenarios").mkdir(exist_ok=True)
    text = "name: slump\nwhy: a test\nsource: b\nshocks: [{driver: demand, change: {scale: 0.7, unit: x}}]\n"
    (plan.path / "scenarios" / "slump.yaml").write_text(text)
    assert (
        engine.run(engine.load_plan(plan.path), settings, "slump").manifest["scenario_hash"]
        == (alone.manifest["scenario_hash"])
    )
    target = engine.BreachTarget("net_revenue", drop=0.1)
    found = engine.break_metric(plan, target, scenario=slump, driver="demand", settings=settings)
    assert found.scenario == "slump"
