from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drivers import LandedMix, landed_cost_change, price_level
from engine.plan.schema import PriceRule
from engine.scenarios import base_paths, resolve
from tests.engine.plan_view import CALENDAR, TRIALS, VIEW, composed

# US buys from CN1 over us (FOB): 10 goods, 2 freight, .5 insurance, duty 5% of 10 = .5; other .25 -> 13.25
# DE buys from KR1 over eu (CIF): 8 goods, 1 freight, .4 insurance, duty 10% of 9.4 = .94 -> 10.34
# UK buys nothing
MIX = LandedMix(
    market=np.array([2, 0]),
    item=np.array([0, 2]),
    supplier=np.array([0, 2]),
    node=np.array([1, 0]),
    goods=np.array([10.0, 8.0]),
    freight=np.array([2.0, 1.0]),
    insurance=np.array([0.5, 0.4]),
    duty_rate=np.array([0.05, 0.10]),
    origin_of_supplier=np.array([0, 0, 1]),
    territory_of_node=np.array([0, 2]),
    currency_of_supplier=np.array([0, 0, -1]),
    cif=np.array([True, False, False]),
    fx_rate=np.array([0.14, 1.1, 1.3]),
    other=np.array([0.0, 0.0, 0.25]),
    price=np.array([40.0, 50.0, 53.0]),
)
ABSORB = PriceRule()


def paths_of(*shocks, trials=TRIALS):
    return resolve(composed(*shocks), VIEW, trials, 1, CALENDAR)


def rules(rule):
    return [rule, rule, rule]


@pytest.mark.parametrize(
    ("shock", "us", "de"),
    [
        (
            {"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}},
            14.75 / 13.25,
            (9.4 * 1.25 + 0.0) / 10.34,
        ),
        (
            {
                "driver": "duty_rate",
                "where": {"origin": "CN", "market": "US"},
                "change": {"add": 15, "unit": "pp"},
            },
            14.75 / 13.25,
            1.0,
        ),
        ({"driver": "duty_rate", "change": {"set": 0, "unit": "%"}}, 12.75 / 13.25, 9.4 / 10.34),
        ({"driver": "duty_rate", "change": {"add": -20, "unit": "pp"}}, 12.75 / 13.25, 9.4 / 10.34),
        ({"driver": "freight", "change": {"scale": 2, "unit": "x"}}, 15.25 / 13.25, 10.4 * 1.1 / 10.34),
        (
            {"driver": "unit_cost", "where": {"supplier": "CN1"}, "change": {"add": 20, "unit": "%"}},
            (12 + 0.6 + 2 + 0.6 + 0.25) / 13.25,
            1.0,
        ),
        (
            {"driver": "fx", "where": {"currency": "CNY"}, "change": {"scale": 1.2, "unit": "x"}},
            (12 + 0.6 + 2 + 0.6 + 0.25) / 13.25,
            1.0,
        ),
        (
            {"driver": "fx", "where": {"currency": "CNY"}, "change": {"set": 0.168, "unit": "rate"}},
            (12 + 0.6 + 2 + 0.6 + 0.25) / 13.25,
            1.0,
        ),
    ],
)
def test_landed_cost_worked_by_hand(shock, us, de):
    change = landed_cost_change(MIX, paths_of(shock))
    assert change[0, 2] == pytest.approx(np.full(CALENDAR.days, us), rel=1e-12)
    assert change[0, 0] == pytest.approx(np.full(CALENDAR.days, de), rel=1e-12)
    assert np.all(change[0, 1] == 1.0)


def test_without_a_change_of_cost_the_ratio_is_exactly_one():
    paths = paths_of({"driver": "demand", "change": {"scale": 0.5, "unit": "x"}})
    assert np.all(landed_cost_change(MIX, paths) == 1.0)
    for rule in (
        ABSORB,
        PriceRule(rule="pass_through", share=0.5),
        PriceRule(rule="margin_floor", floor=0.9),
    ):
        assert np.all(price_level(MIX, rules(rule), paths) == 1.0)


def test_before_a_shock_starts_the_ratio_is_exactly_one():
    change = landed_cost_change(
        MIX, paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}, "start": "+1q"})
    )
    assert np.all(change[:, :, :90] == 1.0)
    assert np.all(change[:, 2, 90:] > 1.0)


def test_absorb_leaves_the_price():
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}})
    assert np.all(price_level(MIX, rules(ABSORB), paths) == 1.0)


def test_pass_through_adds_its_share_of_the_change_of_cost_after_the_lag():
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}, "start": "+1m"})
    level = price_level(MIX, rules(PriceRule(rule="pass_through", share=0.4, lag=30)), paths)
    assert np.all(level[0, :, : 31 + 30] == 1.0)
    assert level[0, 2, 31 + 30 :] == pytest.approx(np.full(CALENDAR.days - 61, 1 + 0.4 * 1.5 / 53), rel=1e-12)


def test_a_lag_beyond_the_horizon_leaves_the_price():
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}})
    assert np.all(price_level(MIX, rules(PriceRule(rule="pass_through", share=1, lag=9999)), paths) == 1.0)


def test_margin_floor_lifts_the_price_only_as_far_as_needed():
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}})
    # US: landed 14.75; a floor of .74 needs 14.75 / .26 = 56.73 against 53; base needs 50.96
    level = price_level(MIX, rules(PriceRule(rule="margin_floor", floor=0.74)), paths)
    assert level[0, 2] == pytest.approx(np.full(CALENDAR.days, 14.75 / 0.26 / 53), rel=1e-12)
    low = price_level(MIX, rules(PriceRule(rule="margin_floor", floor=0.5)), paths)
    assert np.all(low[0, 2] == 1.0)


def test_a_margin_below_its_floor_in_base_already_moves_with_cost_only():
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}})
    level = price_level(MIX, rules(PriceRule(rule="margin_floor", floor=0.8)), paths)
    assert level[0, 2] == pytest.approx(np.full(CALENDAR.days, 14.75 / 13.25), rel=1e-12)


def test_a_floor_of_everything_is_refused():
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}})
    with pytest.raises(ValueError, match="below 1"):
        price_level(MIX, rules(PriceRule(rule="margin_floor", floor=1.0)), paths)


def test_the_driver_net_price_multiplies_the_rule():
    paths = paths_of(
        {"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}},
        {"driver": "net_price", "where": {"market": "US"}, "change": {"scale": 0.9, "unit": "x"}},
    )
    level = price_level(MIX, rules(PriceRule(rule="pass_through", share=0.4)), paths)
    assert level[0, 2] == pytest.approx(np.full(CALENDAR.days, 0.9 * (1 + 0.4 * 1.5 / 53)), rel=1e-12)


def test_a_random_shock_moves_only_the_trials_it_hits_and_any_split_gives_the_same():
    shock = {"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}, "probability": 0.5}
    rule = rules(PriceRule(rule="pass_through", share=0.4))
    whole = price_level(MIX, rule, paths_of(shock, trials=range(16)))
    hit = paths_of(shock, trials=range(16)).occurred["test.duty_rate"]
    assert 0 < hit.sum() < 16
    assert np.all(whole[~hit] == 1.0)
    assert np.all(whole[hit, 2] == whole[hit][0, 2, 0])
    parts = [price_level(MIX, rule, paths_of(shock, trials=block)) for block in (range(5), range(5, 16))]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.0, 1.0))
def test_the_price_never_falls_as_duty_rises(first, second, share):
    low, high = sorted((first, second))
    rule = rules(PriceRule(rule="pass_through", share=share))
    levels = [
        price_level(MIX, rule, paths_of({"driver": "duty_rate", "change": {"add": size, "unit": "pp"}}))
        for size in (low, high)
    ]
    assert np.all(levels[0] <= levels[1])
    assert np.all(levels[0] >= 1.0)


def test_a_market_that_sells_for_nothing_keeps_its_price_level():
    mix = replace(MIX, price=np.array([0.0, 0.0, 0.0]))
    paths = paths_of({"driver": "duty_rate", "change": {"add": 15, "unit": "pp"}})
    assert np.all(price_level(mix, rules(PriceRule(rule="pass_through", share=1.0)), paths) == 1.0)


def test_nan_in_the_mix_is_refused():
    with pytest.raises(ValueError, match="goods"):
        replace(MIX, goods=np.array([np.nan, 1.0]))


def test_base_paths_have_a_price_level_of_exactly_one():
    assert np.all(price_level(MIX, rules(ABSORB), base_paths(VIEW, TRIALS, CALENDAR)) == 1.0)
