from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.risk import concentration, effective_number, herfindahl, regret, satisficing_share, top_share

AMOUNTS = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=12)


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_members_means_nothing_and_bounds_hold(amounts, random):
    found, again = concentration(amounts), concentration(random.sample(amounts, len(amounts)))
    assert found.hhi == pytest.approx(again.hhi, rel=1e-12)
    assert 1 / len(amounts) - 1e-12 <= found.hhi <= 1 + 1e-12
    assert found.top_1 <= found.top_3 + 1e-12
    assert 1 - 1e-9 <= found.effective_number <= len(amounts) + 1e-9


@given(st.integers(1, 20), st.floats(0.5, 1e5))
def test_equal_members_count_as_many_as_they_are(members, amount):
    assert effective_number([amount] * members) == pytest.approx(members)


def test_concentration_is_taken_over_the_last_dim():
    amounts = np.array([[[6.0, 3.0, 1.0], [1.0, 1.0, 0.0]], [[0.0, 0.0, 0.0], [-5.0, 2.0, 2.0]]])
    found = concentration(amounts)
    assert found.top_1[0].tolist() == [0.6, 0.5]
    assert math.isnan(found.hhi[1, 0])
    assert found.top_1[1, 1] == 0.5
    assert herfindahl(amounts)[0, 0] == pytest.approx(0.46)
    assert top_share(amounts, 2)[0, 0] == pytest.approx(0.9)


def test_one_trial_never_depends_on_another():
    amounts = np.random.default_rng(1).gamma(1.0, size=(50, 7))
    whole = concentration(amounts)
    for trial in (0, 17, 49):
        assert concentration(amounts[trial : trial + 1]).hhi[0] == whole.hhi[trial]


def test_nan_is_refused():
    with pytest.raises(ValueError, match="finite"):
        concentration([1.0, math.nan])


def test_regret_is_zero_for_the_best_plan_of_each_future():
    table = np.random.default_rng(1).normal(size=(4, 6))
    missed = regret(table)
    assert np.all(missed >= 0)
    assert np.all(missed.min(axis=0) == 0)
    assert satisficing_share([[1.0, 2.0], [0.0, 3.0]], 1.0).tolist() == [1.0, 0.5]
