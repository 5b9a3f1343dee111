"""``break``: the smallest scale of a shock, on the tiny plan and its own trials."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.breaking import BreachTarget, break_metric
from engine.breaking.player import held_bytes
from engine.breaking.result import sized
from engine.breaking.rule import Breach, breach_rule
from engine.plan.load import load_plan
from engine.risk.measures import breach_probability
from engine.scenarios import Change, Composition, Distribution, Scenario, Shock, composition, load_library
from engine.settings import Execution, RunSettings
from engine.stages.calibrate import calibrate
from engine.stages.draw import draw_block
from engine.stages.measure import measure
from engine.stages.simulate import play
from engine.stages.world import build_world
from models.calendar import Calendar
from models.errors import InputError, UsageError
from tests.tiny_plan import write_plan

TRIALS, QUARTERS = 8, 2
STILL = {"driver": "price_elasticity", "change": {"set": 0.0, "unit": "elasticity"}}
CHEAPER = {"driver": "net_price", "change": {"scale": 0.9, "unit": "x"}}


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The tiny plan without shipping income, so that revenue is in proportion to the price."""
    folder = write_plan(tmp_path_factory.mktemp("break") / "tiny")
    path, cost = folder / "plan.yaml", "    outbound_cost_per_order:"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(cost, f"    shipping_income_per_order: 0\n{cost}"), encoding="utf-8")
    return load_plan(folder)


@pytest.fixture(scope="module")
def calibration(plan):
    return calibrate(plan)


@pytest.fixture(scope="module")
def broken(plan, calibration):
    def call(metric, scenario, driver, trials=TRIALS, workers=0, **target):
        return break_metric(
            plan,
            BreachTarget(metric, **target),
            scenario=scenario,
            driver=driver,
            settings=RunSettings(trials=trials, quarters=QUARTERS),
            execution=Execution(workers=workers),
            calibration=calibration,
        )

    return call


def scenario(*shocks, name="test", **more):
    content = {"name": name, "why": "a test", "source": "a test", "shocks": list(shocks), **more}
    return composition(Scenario.model_validate(content), load_library())


def played(plan, calibration, composed, strength=None):
    """Variables of the cube for a scenario, by another way than the solver's."""
    from engine.scenarios import resolve

    calendar = Calendar(plan.forecast_start, 3 * QUARTERS)
    world = build_world(plan, calibration, calendar)
    trials = range(TRIALS)
    draws = draw_block(calibration, trials, 1, calendar)
    paths = resolve(composed, world.view, trials, 1, calendar, load_library(), strength or {})
    return measure(world.measuring, play(world, draws, paths, ()))


def test_a_price_that_buyers_do_not_answer_breaks_revenue_in_proportion(broken):
    # with no answer of demand every line of revenue is in proportion to the price: -10% times k
    point = broken("net_revenue", scenario(CHEAPER, STILL), "net_price", drop=0.25)
    assert point.found
    assert point.scale == pytest.approx(2.5, rel=0.004)
    assert point.values(2.5) == ("net_price 0.75 x base",)
    assert "more than 25% below base in the same trial" in point.headline()


def test_the_probes_at_0_and_1_are_base_and_the_scenario_as_written(broken, plan, calibration):
    slump = load_library().compose("demand_slump")
    base, slumped = (
        played(plan, calibration, each)["horizon/net_revenue"]
        for each in (load_library().compose("base"), slump)
    )
    level = float(np.quantile(np.concatenate([base, slumped]), 0.4))
    point = broken("net_revenue", "demand_slump", "demand", threshold=level, probability=0.97)
    seen = {probe.scale: probe.probability.value for probe in point.search.probes}
    assert seen[0.0] == breach_probability(base, level)
    assert seen[1.0] == breach_probability(slumped, level)


def test_the_scale_found_breaches_when_the_scenario_is_written_with_it(broken, plan, calibration):
    point = broken("net_revenue", "demand_slump", "demand", drop=0.1, quarter="any")
    assert point.found
    size = 1.0 + (0.7 - 1.0) * point.scale
    change = {"scale": size, "unit": "x"}
    written = scenario(
        {"driver": "demand", "change": change, "start": "+1q", "shape": {"hold": "26w"}}, name="again"
    )
    base = played(plan, calibration, load_library().compose("base"))["quarter/net_revenue"]
    again = played(plan, calibration, written)["quarter/net_revenue"]
    assert np.mean(np.any(again < 0.9 * base, axis=1)) >= 0.5


def test_a_shock_of_size_zero_leaves_the_rest_of_the_scenario(broken, plan, calibration):
    both = scenario(CHEAPER, STILL, {"driver": "demand", "change": {"scale": 0.5, "unit": "x"}})
    alone = scenario(CHEAPER, STILL)
    with_half = played(plan, calibration, both, {"demand": 0.0})
    assert with_half["horizon/net_revenue"].tobytes() == (
        played(plan, calibration, alone)["horizon/net_revenue"].tobytes()
    )


def test_the_same_call_gives_the_same_answer_on_any_number_of_workers(broken):
    one, two = (
        broken("net_revenue", "demand_slump", "demand", drop=0.05, trials=65, workers=workers, max_scale=1.0)
        for workers in (1, 2)
    )
    assert json.dumps(one.to_dict()) == json.dumps(two.to_dict())


def test_a_breach_without_the_shock_is_said(broken):
    point = broken("top_1_market_share", "demand_slump", "demand", threshold=0.01)
    assert (point.search.outcome, point.scale) == ("breached at 0", 0.0)
    assert "already without this shock" in point.headline()
    assert point.to_dict()["outcome"] == "breached at 0"


def test_a_breach_that_never_comes_is_said_with_the_bound_that_stops_it(broken):
    point = broken("net_revenue", "demand_slump", "demand", drop=5.0, max_scale=5.0)
    assert (point.search.outcome, point.scale, point.interval) == ("not reached", None, None)
    assert "not reached up to scale 5" in point.headline()
    assert any("bounds of 0 to 10" in note for note in point.notes)
    assert any("error not available" in note for note in point.notes)


def test_an_elasticity_is_kept_within_its_bounds(broken, plan, calibration):
    raised = {"driver": "net_price", "change": {"scale": 1.1, "unit": "x"}}
    answer = {"driver": "price_elasticity", "change": {"scale": 2.0, "unit": "x"}}
    far, further = (
        played(plan, calibration, scenario(raised, answer), {"price_elasticity": k})["horizon/net_revenue"]
        for k in (500.0, 900.0)
    )
    assert far.tobytes() == further.tobytes()


def test_everything_that_was_tried_is_listed(broken):
    point = broken("net_revenue", "demand_slump", "demand", drop=0.1)
    plain = point.to_dict()
    json.dumps(plain, allow_nan=False)
    scales = [probe["scale"] for probe in plain["probes"]]
    assert scales == sorted(scales)
    assert {0.0, 1.0, plain["scale"]} <= set(scales)
    assert plain["monotone"] is True
    assert plain["interval"] is None
    assert plain["value"] == [f"demand {1 - 0.3 * plain['scale']:.4g} x base"]
    assert len(point.table()) == len(scales)
    assert "<table>" in point._repr_html_()


def test_an_interval_comes_with_enough_trials(broken):
    point = broken("net_revenue", "demand_slump", "demand", drop=0.04, trials=512, max_scale=2.0)
    low, high = point.interval
    assert low <= point.scale <= high
    assert point.to_dict()["value_low"] == list(point.values(low))
    assert point.search.at_scale.probability.available


@pytest.mark.parametrize(
    ("arguments", "more", "complaint"),
    [
        (("net_revnue", "demand_slump", "demand"), {}, "did you mean net_revenue?"),
        (("net_revnue", "demand_slump", "demnd"), {"drop": 0.1}, "net_revenue?(?s:.*)did you mean demand?"),
        (
            ("net_revenue", "customs_shock", "rain"),
            {"drop": 0.1},
            "duty_rate, refusal_share, spend",
        ),
        (("net_revenue", "demand_slump", "duty_rate"), {"drop": 0.1}, "does not shock it"),
        (("net_revenue", "base", "demand"), {"drop": 0.1}, "shocks none"),
        (("net_revenue", "demand_slump", "demand"), {}, "no threshold"),
        (("minimum_cash", "demand_slump", "demand"), {"probability": 1.0}, "between 0 and 1"),
        (("minimum_cash", "demand_slump", "demand"), {"max_scale": 0.0}, "above 0"),
        (("minimum_cash", "demand_slump", "demand"), {"threshold": math.nan}, "finite"),
        (("minimum_cash", "demand_slump", "demand"), {"threshold": 1.0, "drop": 0.5}, "one of them"),
        (("minimum_cash", "demand_slump", "demand"), {"drop": -0.5}, "above 0"),
        (("minimum_cash", "demand_slump", "demand"), {"quarter": 3}, "1 to 2, or any"),
        (("minimum_cash", "demand_slump", "demand"), {"quarter": "next"}, "1 to 2, or any"),
        (("origin_hhi", "demand_slump", "demand"), {"quarter": 1, "rise": 0.1}, "only known over"),
        (("minimum_cash", "demand_slump", "demand"), {"trials": 0}, "trials: at least 1"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused_with_what_would_do(broken, arguments, more, complaint):
    with pytest.raises(UsageError, match=complaint):
        broken(*arguments, **more)


def test_an_unknown_scenario_and_a_missing_file_are_faults(broken, tmp_path):
    with pytest.raises(InputError, match="did you mean demand_slump"):
        broken("minimum_cash", "demand_slum", "demand")
    with pytest.raises(InputError, match="no such scenario file"):
        broken("minimum_cash", str(tmp_path / "mine.yaml"), "demand")


def test_a_scenario_file_is_read_where_it_lies(broken, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nwhy: a test of files\nsource: a test\nincludes: [demand_slump]\n"
    )
    point = broken("net_revenue", str(tmp_path / "mine.yaml"), "demand", drop=0.1)
    assert point.scenario == "mine"
    assert point.found


RULE = Breach("m", "x", 1.0, 2.0, False, -1)


def test_excess_is_that_of_the_worst_period_and_ignores_periods_without_a_figure():
    figure = np.array([[1.5, 0.5], [2.25, 1.5], [1.5, 1.75], [np.nan, 0.75], [np.nan, np.nan]])
    assert RULE.excess(figure, None)[:4] == pytest.approx([0.5, 0.25, -0.25, 0.25])
    assert np.isnan(RULE.excess(figure, None)[4])


def test_a_fall_from_a_loss_is_a_larger_loss():
    rule = Breach("ebitda", "USD", 0.5, None, True, None)
    base = np.array([[-100.0], [100.0], [0.0]])
    assert rule.excess(np.array([[-160.0], [40.0], [0.0]]), base) == pytest.approx([10.0, 10.0, 0.0])


def test_the_threshold_is_the_policys_then_the_registrys():
    policy = {"thresholds": {"minimum_cash": {"min": 5.0, "max": None}}}
    nothing = {"thresholds": {}}
    asked = BreachTarget("minimum_cash")
    assert breach_rule(asked, policy, 8, "USD").low == 5.0
    assert breach_rule(asked, nothing, 8, "USD").low == 0.0
    assert breach_rule(BreachTarget("minimum_cash", threshold=7.0), policy, 8, "USD").low == 7.0
    high = breach_rule(BreachTarget("cash_conversion_cycle", threshold=70.0), nothing, 8, "USD")
    assert (high.low, high.high) == (None, 70.0)
    assert high.text() == "cash_conversion_cycle above 70 days, over the horizon"


LAW = Distribution(distribution="uniform", low=10.0, high=20.0)


@pytest.mark.parametrize(
    ("change", "scale", "text"),
    [
        (Change(add=15, unit="pp"), 2.5, "+37.5 pp"),
        (Change(add=-3, unit="days"), 2.0, "-6 days"),
        (Change(add=-3, unit="days"), 0.0, "+0 days"),
        (Change(scale=0.7, unit="x"), 2.0, "0.4 x base"),
        (Change(scale=0.7, unit="x"), 9.0, "0 x base"),
        (Change(scale=150, unit="%"), 2.0, "200 % of base"),
        (Change(set=60, unit="days"), 1.0, "set to 60 days"),
        (Change(set=60, unit="days"), 1.5, "1.5 of the way from base to 60 days"),
        (Change(add=LAW, unit="pp"), 2.0, "+ 2 * uniform(10, 20) pp"),
        (Change(scale=LAW, unit="x"), 2.0, "1 + 2 * (uniform(10, 20) - 1) x"),
        (Change(set=LAW, unit="days"), 0.5, "0.5 of the way from base to uniform(10, 20) days"),
    ],
)
def test_a_shock_times_a_scale_is_said_in_its_own_unit(change, scale, text):
    assert sized(Shock(driver="duty_rate", change=change), scale) == text


def test_draws_are_weighed_once_each():
    array = np.zeros(10)
    assert held_bytes((array, [array, np.zeros(5)], "text", None)) == 120


def test_a_composition_made_in_python_is_played(broken):
    made: Composition = scenario(CHEAPER, STILL)
    assert broken("net_revenue", made, "net_price", drop=0.05, probability=0.9).scale == pytest.approx(
        0.5, rel=0.004
    )
