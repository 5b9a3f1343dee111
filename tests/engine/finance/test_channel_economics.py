"""Unit economics of channels taken together, worked by hand."""

import numpy as np
import pytest

from engine.finance import channel_economics as joint

# two segments, one trial: 100 customers for 1,000 and 300 for 6,000; CM2 of 6 and 3, then 10 and 8 a month
WON = np.array([[100.0, 300.0]])
SPEND = np.array([[1_000.0, 6_000.0]])
CURVE = np.array([[[6.0, 10.0], [3.0, 8.0]]])


def test_segments_weigh_as_many_customers_as_they_won():
    assert joint.joint_curve(CURVE, WON).tolist() == [[9.0, 6.75]]
    nobody = np.array([[100.0, 0.0]])
    assert joint.joint_curve(np.array([[[6.0, np.nan], [3.0, np.nan]]]), nobody).tolist() == [[6.0, 3.0]]
    assert np.isnan(joint.joint_curve(CURVE, np.zeros((1, 2)))).all()


def test_the_figures_of_all_segments_together():
    found = joint.joint_economics(
        won=WON,
        spend=SPEND,
        net_revenue=np.array([[4_000.0, 10_000.0]]),
        cm2=np.array([[900.0, 5_400.0]]),
        curve=CURVE,
        yearly_rate=0.0,
    )
    expected = {
        "cac": 17.5,
        "ltv": 15.75,
        "ltv_cac": 0.9,
        "cac_payback": 3.0,  # not within the two months: one more
        "roas": 2.0,
        "dm_roi": 1.0,
        "romi": -0.1,
    }
    assert {name: float(value[0]) for name, value in found.items()} == pytest.approx(expected)


def test_each_segment_alone_is_the_same_function():
    alone = joint.economics(
        won=WON,
        spend=SPEND,
        net_revenue=SPEND,
        cm2=SPEND,
        curve=np.moveaxis(CURVE, 1, -1),
        yearly_rate=0.0,
    )
    assert alone["cac"].tolist() == [[10.0, 20.0]]
    assert alone["ltv"].tolist() == [[9.0, 18.0]]
    assert alone["cac_payback"].tolist() == [[3.0, 3.0]]
    assert alone["romi"].tolist() == [[0.0, 0.0]]


def test_payback_beyond_the_curve_is_one_month_more_and_unknown_without_customers():
    curve = np.array([[6.0, 3.0], [6.0, 3.0], [np.nan, np.nan]])
    found = joint.payback_within(curve, np.array([9.0, 9.01, 5.0]), yearly_rate=0.0)
    assert found[:2].tolist() == [2.0, 3.0]
    assert np.isnan(found[2])


def test_zones_are_positions_and_missing_where_there_is_none():
    codes = joint.zone_codes(np.array([5.0, 2.0, np.nan]), np.array([0.4, 0.2, 0.4]), np.array([0.3] * 3))
    assert codes[:2].tolist() == [0.0, 3.0]
    assert np.isnan(codes[2])


def test_sums_do_not_depend_on_segments_of_nothing():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 7))
    padded = np.insert(values, [0, 3, 7], 0.0, axis=1)
    assert joint.total(values).tobytes() == joint.total(padded).tobytes()
    assert joint.total(values.reshape(5, 7, 1), 2).tobytes() == joint.total(values).tobytes()
