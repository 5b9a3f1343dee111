from __future__ import annotations

import numpy as np
import pytest

from engine.drivers import DRIVERS, month_means
from engine.scenarios import base_paths, resolve
from tests.engine.plan_view import CALENDAR, TRIALS, VIEW, composed

BASE = base_paths(VIEW, TRIALS, CALENDAR)


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_a_driver_nobody_moves_has_the_identity_of_the_right_shape_and_takes_no_memory(name):
    multiplier, offset = BASE.effect(name)
    shape = (1, *VIEW.shape(DRIVERS[name].dims), CALENDAR.days)
    assert multiplier.shape == offset.shape == shape
    assert np.all(multiplier == 1.0)
    assert np.all(offset == 0.0)
    assert set(multiplier.strides) == {0}
    assert not multiplier.flags.writeable
    assert BASE.is_identity(name)


def test_compact_keeps_only_the_dims_that_are_told_apart():
    paths = resolve(
        composed({"driver": "duty_rate", "where": {"origin": "CN"}, "change": {"add": 15, "unit": "pp"}}),
        VIEW, TRIALS, 1, CALENDAR,
    )  # fmt: skip
    assert paths.effect("duty_rate")[1].shape == (1, 3, 2, 3, CALENDAR.days)
    assert paths.compact("duty_rate")[1].shape == (1, 1, 2, 1, CALENDAR.days)
    dense = paths.dense("duty_rate")[1]
    assert dense.flags.c_contiguous
    assert dense.flags.writeable
    assert np.array_equal(dense, paths.effect("duty_rate")[1])


def test_value_is_base_itself_without_an_effect_even_outside_the_bounds():
    base = np.full((1, 3, CALENDAR.days), 1.5)
    assert BASE.value("refusal_share", base) is base
    paths = resolve(
        composed(
            {"driver": "refusal_share", "where": {"market": "US"}, "change": {"add": 90, "unit": "pp"}}
        ),
        VIEW, TRIALS, 1, CALENDAR,
    )  # fmt: skip
    value = paths.value("refusal_share", base)
    assert np.all(value[:, :2] == 1.5)
    assert np.all(value[:, 2] == 1.0)


def test_bounds_hold_after_the_shock():
    paths = resolve(
        composed({"driver": "duty_rate", "change": {"add": -20, "unit": "pp"}}), VIEW, TRIALS, 1, CALENDAR
    )
    base = np.full((1, 3, 2, 3, 1), 0.05)
    assert np.all(paths.value("duty_rate", base) == 0.0)


def test_a_level_driver_stays_within_its_bounds():
    paths = resolve(
        composed({"driver": "demand", "change": {"add": -150, "unit": "%"}}), VIEW, TRIALS, 1, CALENDAR
    )
    assert np.all(paths.effect("demand")[0] == 0.0)


def test_month_means_of_a_constant_are_exact_and_of_a_step_are_worked_by_hand():
    path = np.full((2, CALENDAR.days), 0.7)
    path[1, 15:] = 1.0
    means = month_means(path, CALENDAR)
    assert means.shape == (2, 24)
    assert np.all(means[0] == 0.7)
    assert means[1, 0] == pytest.approx((15 * 0.7 + 16 * 1.0) / 31, abs=1e-15)
    assert np.all(means[1, 1:] == 1.0)


def test_month_means_refuse_a_path_of_another_length():
    with pytest.raises(ValueError, match="days are needed"):
        month_means(np.ones((1, 10)), CALENDAR)


def test_two_scenarios_with_the_same_effect_are_recognised_as_such():
    one = resolve(
        composed({"driver": "demand", "change": {"scale": 0.7, "unit": "x"}}), VIEW, TRIALS, 1, CALENDAR
    )
    two = resolve(
        composed({"driver": "demand", "change": {"add": -30, "unit": "%"}}, name="other"),
        VIEW, TRIALS, 1, CALENDAR,
    )  # fmt: skip
    three = resolve(
        composed({"driver": "demand", "where": {"market": "US"}, "change": {"scale": 0.7, "unit": "x"}}),
        VIEW, TRIALS, 1, CALENDAR,
    )  # fmt: skip
    assert one.same_effect(two, "demand")
    assert not one.same_effect(three, "demand")
    assert one.same_effect(BASE, "fx")
    assert not one.same_effect(BASE, "demand")
