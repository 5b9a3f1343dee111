"""Quantiles of many columns agree with those of one, and with the errors of the summary."""

import numpy as np
import pytest

from engine.report.formats import amount, money_of, number, probability
from engine.report.statistics import mean_estimates, quantile_estimates, sorted_quantiles
from engine.risk.errors import Estimate, estimate
from engine.risk.measures import quantile
from engine.risk.paired import mean

LEVELS = (0.05, 0.5, 0.95)


@pytest.mark.parametrize("trials", [1, 2, 7, 512, 1030])
def test_quantiles_are_type_7_and_their_errors_are_those_of_sectioning(trials):
    values = np.random.default_rng(trials).normal(size=(trials, 3))
    assert sorted_quantiles(np.sort(values, axis=0), LEVELS) == pytest.approx(
        np.quantile(values, LEVELS, axis=0)
    )
    found, means = quantile_estimates(values, LEVELS), mean_estimates(values)
    for column in range(3):
        for row, level in enumerate(LEVELS):
            expected = estimate(values[:, column], lambda each, level=level: quantile(each, level))
            assert_same(found[row][column], expected)
        assert_same(means[column], estimate(values[:, column], mean))


def assert_same(found, expected):
    assert found.value == pytest.approx(expected.value)
    assert found.half_width == pytest.approx(expected.half_width, nan_ok=True)
    assert found.sections == expected.sections


def test_a_column_that_is_not_defined_in_every_trial_has_no_estimate():
    values = np.ones((600, 2))
    values[17, 1] = np.nan
    assert [each is None for each in quantile_estimates(values, (0.5,))[0]] == [False, True]
    assert [each is None for each in mean_estimates(values)] == [False, True]


def test_numbers_are_read_as_meant():
    money = money_of("USD", 2.5e7)
    known, unknown = Estimate(1_234_567.0, 8_900.0, 1.0, 16, 0.95), Estimate(0.25, np.nan, np.nan, 1, 0.95)
    assert amount(known, "currency", money) == "1,235 ± 9"
    assert amount(unknown, "share", money) == "25.0% ± n/a"
    assert (
        amount(Estimate(-0.021, 0.004, 0.1, 16, 0.95), "share", money, sign=True)
        == "\N{MINUS SIGN}2.1 pp ± 0.4"
    )
    assert number(-0.0) == "0"
    assert probability(Estimate(0.0, 0.0, 0.0, 16, 0.95), 1024) == "0% (at most 0.29%)"
    assert probability(Estimate(1.0, np.nan, np.nan, 0, 0.95), 2) == "100% (at least 22.4%)"
    assert probability(unknown, 4) == "25.0% ± n/a"
