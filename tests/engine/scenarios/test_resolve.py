from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drivers import DRIVERS
from engine.scenarios import base_paths, check, composition, resolve
from models.calendar import Calendar
from models.errors import InputError
from tests.driver_probes import PROBES
from tests.engine.plan_view import CALENDAR, TRIALS, VIEW, composed, library_of, scenario

RAMP = {"ramp": "4d", "hold": "3d", "recover": "2d", "to": 0.4}
LOSS = {"driver": "demand", "change": {"scale": 0.5, "unit": "x"}}
DUTY = {"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}}


def paths_of(*shocks, trials=TRIALS, seed=1, calendar=CALENDAR, **more):
    return resolve(composed(*shocks, **more), VIEW, trials, seed, calendar)


def faults_of(*shocks, **more):
    return [str(fault) for fault in check(composed(*shocks, **more), VIEW, CALENDAR)]


def test_ramp_hold_and_recovery_by_day_worked_by_hand():
    offset = paths_of({**DUTY, "start": "+2d", "shape": RAMP}).effect("duty_rate")[1][0, 0, 0, 0]
    w = [0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 0.7, 0.4, 0.4, 0.4]
    assert offset[:13] == pytest.approx(0.15 * np.array(w), abs=1e-15)
    assert np.all(offset[11:] == 0.15 * 0.4)


def test_a_shock_that_starts_after_the_last_day_is_marked():
    late, last = f"+{CALENDAR.days}d", f"+{CALENDAR.days - 1}d"
    applied = paths_of({**DUTY, "start": late}, {**LOSS, "start": last}).applied
    said = {change.path: (change.beyond, "after the end of this run" in str(change)) for change in applied}
    assert said == {"duty_rate": (True, True), "demand": (False, False)}
    assert paths_of({**DUTY, "start": late}).is_identity("duty_rate")


@pytest.mark.parametrize(
    ("shape", "weights"),
    [
        ({}, [1, 1, 1, 1, 1, 1]),
        ({"hold": "2d"}, [1, 1, 0, 0, 0, 0]),
        ({"hold": "2d", "to": 0.5}, [1, 1, 0.5, 0.5, 0.5, 0.5]),
        ({"ramp": "2d"}, [0.5, 1, 1, 1, 1, 1]),
        ({"recover": "4d"}, [0.75, 0.5, 0.25, 0, 0, 0]),
        ({"ramp": "1d", "hold": "0d", "recover": "2d", "to": 0.5}, [1, 0.75, 0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_what_is_omitted_of_a_shape(shape, weights):
    assert paths_of({**DUTY, "shape": shape}).effect("duty_rate")[1][0, 0, 0, 0, :6] == pytest.approx(
        0.15 * np.array(weights), abs=1e-15
    )


@pytest.mark.parametrize(
    ("driver", "change", "multiplier", "offset"),
    [
        ("duty_rate", {"add": 15, "unit": "pp"}, 1, 0.15),
        ("duty_rate", {"add": 0.15, "unit": "share"}, 1, 0.15),
        ("duty_rate", {"scale": 150, "unit": "%"}, 1.5, 0),
        ("duty_rate", {"set": 25, "unit": "%"}, 0, 0.25),
        ("demand", {"scale": 0.7, "unit": "x"}, 0.7, 0),
        ("demand", {"add": -30, "unit": "%"}, 0.7, 0),
        ("demand", {"set": 0.7, "unit": "x"}, 0.7, 0),
        ("lead_time", {"add": 7, "unit": "days"}, 1, 7),
        ("lead_time", {"add": 10, "unit": "%"}, 1.1, 0),
        ("lead_time", {"set": 30, "unit": "days"}, 0, 30),
        ("clearance", {"scale": 3, "unit": "x"}, 3, 0),
        ("port_closure", {"set": 1, "unit": "share"}, 0, 1),
        ("congestion", {"set": 1, "unit": "share"}, 0, 1),
        ("supplier_capacity", {"set": 50, "unit": "units/week"}, 0, 50),
        ("fx", {"set": 1.2, "unit": "rate"}, 0, 1.2),
        ("price_elasticity", {"set": -2, "unit": "elasticity"}, 0, -2),
    ],
)
def test_every_kind_of_change_and_unit(driver, change, multiplier, offset):
    effect = paths_of({"driver": driver, "change": change}).effect(driver)
    assert effect[0] == pytest.approx(multiplier, abs=1e-15)
    assert effect[1] == pytest.approx(offset, abs=1e-15)


@pytest.mark.parametrize("driver", sorted(DRIVERS))
@pytest.mark.parametrize("kind", ["add", "scale"])
def test_a_shock_of_size_zero_leaves_base_exactly(driver, kind):
    for unit in DRIVERS[driver].units[kind]:
        size = 0 if kind == "add" else (100 if unit == "%" else 1)
        shock = {"driver": driver, "change": {kind: size, "unit": unit}, "shape": RAMP, "probability": 0.5}
        paths = paths_of(shock)
        assert paths.is_identity(driver)
        for ours, base in zip(
            paths.effect(driver), base_paths(VIEW, TRIALS, CALENDAR).effect(driver), strict=True
        ):
            assert ours.tobytes() == base.tobytes()


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_the_probe_of_every_driver_moves_that_driver_only(driver):
    probe = PROBES[driver]
    paths = paths_of({"driver": driver, "change": {probe.change: probe.amount, "unit": probe.unit}})
    assert set(paths.effects) == {driver}


@given(st.permutations(range(5)))
def test_the_order_in_the_file_never_matters(order):
    shocks = [
        {**LOSS, "name": "a", "shape": {"ramp": "1q"}},
        {"driver": "demand", "name": "b", "change": {"scale": 0.9, "unit": "x"}, "then": "scale"},
        {"driver": "demand", "name": "c", "change": {"add": 7, "unit": "%"}, "then": "add"},
        {
            "driver": "demand", "name": "d", "change": {"scale": 1.3, "unit": "x"}, "then": "scale",
            "probability": 0.5,
        },
        {
            "driver": "demand", "name": "e", "where": {"market": "US"}, "change": {"set": 0.2, "unit": "x"},
            "then": "set", "shape": {"ramp": "3m"},
        },
    ]  # fmt: skip
    ours = paths_of(*(shocks[i] for i in order)).effect("demand")
    assert ours[0].tobytes() == paths_of(*shocks).effect("demand")[0].tobytes()


def test_add_scale_and_set_combine_as_written():
    first = {**DUTY, "name": "a"}
    add = {"driver": "duty_rate", "name": "b", "change": {"add": 5, "unit": "pp"}, "then": "add"}
    scale = {"driver": "duty_rate", "name": "c", "change": {"scale": 2, "unit": "x"}, "then": "scale"}
    replace = {"driver": "duty_rate", "name": "d", "change": {"set": 1, "unit": "pp"}, "then": "set"}
    for shocks, expected in (
        ((first, add), (1, 0.2)),
        ((first, scale), (2, 0.3)),
        ((first, add, scale), (2, 0.4)),
        ((first, add, scale, replace), (0, 0.01)),
    ):
        effect = paths_of(*shocks).effect("duty_rate")
        assert (effect[0].flat[0], effect[1].flat[0]) == pytest.approx(expected, abs=1e-15)


def test_two_shocks_on_a_cell_and_day_must_say_how_they_combine_and_both_are_named():
    (text,) = faults_of({**LOSS, "name": "one"}, {**LOSS, "name": "two"})
    assert "one and two" in text
    assert "then" in text


def test_shocks_that_do_not_meet_need_no_then():
    us, de = ({**LOSS, "where": {"market": market}} for market in ("US", "DE"))
    early = {**LOSS, "name": "early", "shape": {"hold": "1m"}}
    late = {**LOSS, "name": "late", "start": "+1m"}
    assert faults_of(us, de) == faults_of(early, late) == []
    assert len(faults_of(early, {**late, "start": "+30d"})) == 1


def test_two_sets_of_one_cell_are_refused_even_with_then():
    shocks = [{"driver": "demand", "name": n, "change": {"set": 1, "unit": "x"}, "then": "set"} for n in "ab"]
    assert "both replace" in faults_of(*shocks)[0]


@pytest.mark.parametrize(
    ("shock", "words"),
    [
        ({**LOSS, "driver": "demnd"}, ("unknown driver", "demnd", "demand")),
        ({**LOSS, "where": {"markt": "US"}}, ("no such dim", "did you mean market?")),
        ({**LOSS, "where": {"market": "top_markt"}}, ("unknown market", "did you mean top_market?")),
        ({**LOSS, "where": {"market": "us"}}, ("unknown market", "did you mean US?")),
        ({**LOSS, "where": {"market": "top_origin"}}, ("this role is for origin", "top_market")),
        ({**DUTY, "where": {"item": "top_item"}}, ("nobody in this role", "top_item")),
        ({**DUTY, "change": {"add": 15, "unit": "%"}}, ("unit does not fit", "pp or share")),
        ({**LOSS, "change": {"scale": -1, "unit": "x"}}, ("never negative", "-1")),
        (
            {**DUTY, "driver": "port_closure", "change": {"set": 2, "unit": "share"}},
            ("cannot be that", "0 and 1"),
        ),
        ({**LOSS, "start": "2025-12-01"}, ("before the first forecast day", "2026-01-01")),
        ({**LOSS, "after": "nobody"}, ("unknown shock", "nobody")),
        ({**DUTY, "then": "scale"}, ("only a relative change", "then: add")),
        (
            {
                "driver": "lead_time",
                "where": {"supplier": "KR1", "origin": "CN"},
                "change": {"add": 1, "unit": "days"},
            },
            ("chooses no supplier", "KR1"),
        ),
    ],
)
def test_what_a_scenario_cannot_say_is_told_with_what_would_do(shock, words):
    try:
        text = "\n".join(faults_of(shock))
    except InputError as error:
        text = str(error)
    for word in words:
        assert word in text


def test_all_faults_of_a_scenario_come_at_once():
    shocks = [
        {**LOSS, "where": {"market": "XX"}},
        {**DUTY, "where": {"origin": "ZZ"}},
        {**LOSS, "name": "s", "start": "2020Q1"},
    ]
    with pytest.raises(InputError) as caught:
        resolve(composed(*shocks), VIEW, TRIALS, 1, CALENDAR)
    assert len(caught.value.faults) == 3


def test_roles_are_resolved_and_recorded_and_a_market_means_its_territory():
    paths = paths_of({**DUTY, "where": {"origin": "top_origin", "market": "top_market"}})
    assert dict(paths.roles) == {"top_market": "US", "top_origin": "CN"}
    offset = paths.effect("duty_rate")[1][0, ..., 0]
    expected = np.zeros((3, 2, 3))
    expected[:, 0, 2] = 0.15
    assert np.array_equal(offset, expected)
    assert (
        str(paths.applied[0])
        == "duty_rate[origin=CN, territory=US]: 0.05 -> 0.2 (from 2026-01-01, to the end)"
    )


def test_an_item_may_be_chosen_by_hs_prefix_or_category():
    by_hs = paths_of({**DUTY, "where": {"hs": "3304"}}).effect("duty_rate")[1][0, :, 0, 0, 0]
    by_category = paths_of({**DUTY, "where": {"category": "lips"}}).effect("duty_rate")[1][0, :, 0, 0, 0]
    assert by_hs.tolist() == [0.15, 0.15, 0.0]
    assert by_category.tolist() == [0.15, 0.0, 0.0]


def test_lanes_may_be_chosen_by_origin_and_port():
    shock = {
        "driver": "lead_time",
        "where": {"origin": "CN", "port": "lax"},
        "change": {"add": 7, "unit": "days"},
    }
    assert paths_of(shock).effect("lead_time")[1][0, :, :, 0].tolist() == [[0, 7], [0, 7], [0, 0]]


EVENT = {**LOSS, "name": "slump", "probability": 0.4}


def test_an_event_meets_the_same_trials_in_every_scenario_and_any_split():
    trials = range(400)
    alone = paths_of(EVENT, trials=trials).occurred["slump"]
    beside = paths_of({**DUTY, "probability": 0.5}, EVENT, trials=trials, name="other").occurred["slump"]
    assert alone.mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / 400))
    assert np.array_equal(alone, beside)
    parts = [paths_of(EVENT, trials=block).effect("demand")[0] for block in (range(150), range(150, 400))]
    assert np.concatenate(parts).tobytes() == paths_of(EVENT, trials=trials).effect("demand")[0].tobytes()


def test_a_probability_of_zero_is_base_and_of_one_is_the_same_in_all_trials():
    assert paths_of({**LOSS, "probability": 0}).is_identity("demand")
    assert paths_of({**LOSS, "probability": 1}).effect("demand")[0].shape[0] == 1


def test_severity_start_and_duration_may_be_drawn():
    size = {"distribution": "triangular", "low": 10, "mode": 15, "high": 25}
    start = {"distribution": "uniform", "low": 1, "high": 6, "unit": "m"}
    hold = {"distribution": "lognormal", "median": 30, "log_sd": 0.5, "unit": "d"}
    shock = {
        "driver": "duty_rate",
        "change": {"add": size, "unit": "pp"},
        "start": start,
        "shape": {"hold": hold},
    }
    trials = range(64)
    paths = paths_of(shock, trials=trials)
    offset = paths.effect("duty_rate")[1][:, 0, 0, 0]
    peak = offset.max(axis=1)
    assert np.all((peak > 0.10) & (peak < 0.25))
    assert len(np.unique(peak)) == 64
    days = (offset > 0).sum(axis=1)
    assert len(np.unique(days)) > 20
    first = paths.start_day["test.duty_rate"]
    assert np.array_equal(np.argmax(offset > 0, axis=1), first)
    assert first.min() >= 30
    assert first.max() <= 183


def test_one_shock_triggers_another_after_a_delay_only_where_it_happened():
    after = {"driver": "clearance", "change": {"scale": 2, "unit": "x"}, "after": "slump", "delay": "2w"}
    paths = paths_of({**EVENT, "start": "+1m"}, after, trials=range(64))
    hit = paths.occurred["slump"]
    clearance = paths.effect("clearance")[0][:, 0]
    assert 0 < hit.sum() < 64
    assert np.all(clearance[~hit] == 1.0)
    assert np.all(clearance[hit][:, :45] == 1.0)
    assert np.all(clearance[hit][:, 45:] == 2.0)


def test_shocks_that_trigger_each_other_are_refused():
    with pytest.raises(InputError, match="circle"):
        composed({**LOSS, "name": "a", "after": "b"}, {**DUTY, "name": "b", "after": "a"})


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one():
    shocks = ({**EVENT, "start": "+1q", "shape": {"ramp": "2q", "hold": "4q", "recover": "1q"}}, DUTY)
    short, long = (paths_of(*shocks, calendar=Calendar(dt.date(2026, 1, 1), months)) for months in (12, 24))
    for driver in ("demand", "duty_rate"):
        for a, b in zip(short.effect(driver), long.effect(driver), strict=True):
            assert a.tobytes() == b[..., : a.shape[-1]].tobytes()


def test_a_slump_of_26_weeks_leaves_the_days_before_and_after_exactly_as_they_are():
    multiplier = paths_of({**LOSS, "start": "+1q", "shape": {"hold": "26w"}}).effect("demand")[0][0, 0]
    assert np.all(multiplier[:90] == 1.0)
    assert np.all(multiplier[90 : 90 + 182] == 0.5)
    assert np.all(multiplier[90 + 182 :] == 1.0)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_larger_shock_is_never_a_smaller_effect(first, second):
    low, high = sorted((first, second))
    effects = [
        paths_of({**DUTY, "change": {"add": size, "unit": "pp"}, "shape": RAMP}).effect("duty_rate")[1]
        for size in (low, high)
    ]
    assert np.all(effects[0] <= effects[1])


def test_includes_take_over_shocks_once_however_often_they_are_reached():
    slump = scenario(LOSS, name="slump")
    duty = scenario(DUTY, name="duty", includes=["slump"])
    both = scenario(name="both", includes=["duty", "slump"])
    found = composition(both, library_of(slump, duty))
    assert [named.name for named in found.shocks] == ["duty.duty_rate", "slump.demand"]
    assert found.includes == ("duty", "slump")
    for order in itertools.permutations(["duty", "slump"]):
        again = composition(scenario(name="both", includes=list(order)), library_of(slump, duty))
        assert again.shocks == found.shocks


def test_an_include_may_say_then_for_the_shocks_it_takes_over():
    slump = scenario(LOSS, name="slump")
    own = {**LOSS, "change": {"scale": 0.8, "unit": "x"}}
    clash = composition(scenario(own, name="both", includes=["slump"]), library_of(slump))
    assert len(check(clash, VIEW, CALENDAR)) == 1
    together = scenario(own, name="both", includes=[{"scenario": "slump", "then": "scale"}])
    paths = resolve(together, VIEW, TRIALS, 1, CALENDAR, library_of(slump))
    assert paths.effect("demand")[0] == pytest.approx(0.4)


def test_scenarios_that_include_each_other_are_refused():
    one, two = scenario(name="one", includes=["two"]), scenario(name="two", includes=["one"])
    with pytest.raises(InputError, match="circle"):
        composition(one, library_of(two))


def test_an_unknown_include_is_told_with_what_was_probably_meant():
    with pytest.raises(InputError, match="did you mean slump"):
        composition(scenario(name="one", includes=["slmp"]), library_of(scenario(LOSS, name="slump")))


@pytest.mark.parametrize("strength", [0.5, 2.0, 3.0])
@pytest.mark.parametrize(
    ("driver", "change"),
    [
        ("duty_rate", {"add": 15, "unit": "pp"}),
        ("duty_rate", {"set": 25, "unit": "%"}),
        ("demand", {"scale": 0.9, "unit": "x"}),
        ("demand", {"add": -5, "unit": "%"}),
        (
            "lead_time",
            {"add": {"distribution": "uniform", "low": 5.0, "high": 10.0}, "unit": "days"},
        ),
        (
            "freight",
            {"scale": {"distribution": "lognormal", "median": 1.5, "log_sd": 0.3}, "unit": "x"},
        ),
    ],
)
def test_a_strength_multiplies_the_difference_from_base(driver, change, strength):
    made = composed({"driver": driver, "change": change, "start": "+2d", "shape": RAMP})
    written = resolve(made, VIEW, TRIALS, 1, CALENDAR).effect(driver)
    scaled = resolve(made, VIEW, TRIALS, 1, CALENDAR, strength={driver: strength}).effect(driver)
    assert scaled[0] - 1.0 == pytest.approx(strength * (written[0] - 1.0), abs=1e-12)
    assert scaled[1] == pytest.approx(strength * written[1], abs=1e-12)


def test_strength_0_is_base_and_1_is_as_written():
    made = composed(LOSS, DUTY)
    written = resolve(made, VIEW, TRIALS, 1, CALENDAR)
    nothing = resolve(made, VIEW, TRIALS, 1, CALENDAR, strength={"demand": 0.0})
    whole = resolve(made, VIEW, TRIALS, 1, CALENDAR, strength={"demand": 1.0})
    assert nothing.is_identity("demand")
    for name in ("demand", "duty_rate"):
        assert all(
            np.array_equal(a, b) for a, b in zip(whole.effect(name), written.effect(name), strict=True)
        )
    assert nothing.same_effect(written, "duty_rate")


def test_a_multiple_is_never_negative_however_strong_the_shock():
    made = composed({"driver": "supplier_capacity", "change": {"scale": 0.5, "unit": "x"}})
    multiplier, offset = resolve(made, VIEW, TRIALS, 1, CALENDAR, strength={"supplier_capacity": 7.0}).effect(
        "supplier_capacity"
    )
    assert np.all(multiplier == 0.0)
    assert np.all(offset == 0.0)
