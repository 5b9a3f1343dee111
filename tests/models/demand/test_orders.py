"""What a scenario may do to the number of orders, and what it may not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.demand import DemandBank, DemandModel, clipped_share, count_month, demand_multiplier

TRIALS = 24
MONTHS = 14
ONE = np.ones((1, 2))


@pytest.fixture(scope="module")
def bank(model: DemandModel) -> DemandBank:
    return model.draw(range(TRIALS), seed=5, months=MONTHS)


def plan_level(bank: DemandBank) -> np.ndarray:
    return np.ones((len(bank.trials), bank.markets, bank.channels, bank.months))


def play(bank: DemandBank, demand: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders (T, C, month) and customers won (T, Mk, Aq, month) under a demand effect (month,) or (month,
    Mk)."""
    results = []
    for j in range(bank.months):
        effect = np.broadcast_to(demand[j], (1, bank.markets))
        results.append(count_month(bank, j, demand_multiplier(bank, j, ONE, effect), level))
    return np.stack([r[0] for r in results], axis=-1), np.stack([r[1] for r in results], axis=-1)


@pytest.fixture(scope="module")
def base(bank: DemandBank) -> tuple[np.ndarray, np.ndarray]:
    return play(bank, np.ones(MONTHS), plan_level(bank))


def test_a_slump_leaves_the_months_before_and_after_byte_equal(bank: DemandBank, base: tuple) -> None:
    demand = np.ones(MONTHS)
    demand[3:9] = 0.6
    orders, won = play(bank, demand, plan_level(bank))
    assert orders[:, :, :3].tobytes() == base[0][:, :, :3].tobytes()
    assert orders[:, :, 9:].tobytes() == base[0][:, :, 9:].tobytes()
    assert np.all(orders[:, :, 3:9] <= base[0][:, :, 3:9])
    assert np.all(orders[:, :, 3:9].sum(axis=(1, 2)) < base[0][:, :, 3:9].sum(axis=(1, 2)))
    assert won.tobytes() == base[1].tobytes()


def test_a_shock_of_one_market_leaves_the_others_byte_equal(bank: DemandBank, base: tuple) -> None:
    demand = np.ones((MONTHS, 2))
    demand[2:, 0] = 0.3
    orders, _ = play(bank, demand, plan_level(bank))
    assert orders[:, 2:].tobytes() == base[0][:, 2:].tobytes()
    assert np.all(orders[:, 1, 2:] < base[0][:, 1, 2:])


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0.0, 4.0), min_size=MONTHS, max_size=MONTHS),
    st.lists(st.floats(0.0, 1.0), min_size=MONTHS, max_size=MONTHS),
)
def test_fewer_orders_in_every_trial_when_the_multiplier_is_lower(
    bank: DemandBank, demand: list[float], share: list[float]
) -> None:
    high, low = np.array(demand), np.array(demand) * np.array(share)
    level = plan_level(bank)
    assert np.all(play(bank, low, level)[0] <= play(bank, high, level)[0])


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 2.0), min_size=MONTHS, max_size=MONTHS), st.floats(0.0, 1.0))
def test_fewer_orders_and_customers_in_every_trial_when_the_level_is_lower(
    bank: DemandBank, levels: list[float], share: float
) -> None:
    high = plan_level(bank) * np.array(levels)
    low = high * share
    more, fewer = play(bank, np.ones(MONTHS), high), play(bank, np.ones(MONTHS), low)
    assert np.all(fewer[0] <= more[0])
    assert np.all(fewer[1] <= more[1])


def test_an_acquisition_cut_thins_later_cohorts_and_no_earlier_month(bank: DemandBank, base: tuple) -> None:
    level = plan_level(bank)
    level[:, :, :, 4:7] = 0.25
    orders, won = play(bank, np.ones(MONTHS), level)
    assert orders[:, :, :4].tobytes() == base[0][:, :, :4].tobytes()
    assert won[..., :4].tobytes() == base[1][..., :4].tobytes()
    assert won[..., 7:].tobytes() == base[1][..., 7:].tobytes()
    assert np.all(won[..., 4:7] <= base[1][..., 4:7])
    lost_later = base[0][:, :, 8:].sum(axis=(1, 2)) - orders[:, :, 8:].sum(axis=(1, 2))
    assert np.all(lost_later > 0)
    assert won[..., 4:7].sum() == pytest.approx(0.25 * base[1][..., 4:7].sum(), rel=0.1)


def test_a_cancelled_first_order_keeps_the_customer(bank: DemandBank, base: tuple) -> None:
    demand = np.ones(MONTHS)
    demand[5] = 0.0
    orders, won = play(bank, demand, plan_level(bank))
    assert orders[:, :, 5].sum() == 0
    assert won[..., 5].tobytes() == base[1][..., 5].tobytes()
    assert orders[:, :, 6:].tobytes() == base[0][:, :, 6:].tobytes()


def test_orders_are_proportional_to_the_multiplier_on_average(bank: DemandBank, base: tuple) -> None:
    for share in (0.5, 1.6):
        orders, _ = play(bank, np.full(MONTHS, share), plan_level(bank))
        assert orders.sum() == pytest.approx(share * base[0].sum(), rel=0.02)


def test_a_dearer_price_never_sells_more(bank: DemandBank) -> None:
    cheap = demand_multiplier(bank, 0, np.full((1, 2), 0.9), ONE)
    same = demand_multiplier(bank, 0, ONE, ONE)
    dear = demand_multiplier(bank, 0, np.full((1, 2), 1.2), ONE)
    assert np.all(dear < same)
    assert np.all(same < cheap)
    assert same.tobytes() == np.ascontiguousarray(bank.base_multiplier[:, :, 0]).tobytes()
    expected = bank.base_multiplier[:, :, 0] * 1.2**bank.elasticity
    np.testing.assert_allclose(dear, expected, rtol=1e-12)
    no_response = demand_multiplier(
        bank, 0, np.full((1, 2), 1.2), ONE, elasticity_multiplier=np.zeros((1, 2))
    )
    assert no_response.tobytes() == same.tobytes()


def test_a_multiplier_above_the_envelope_is_cut_and_counted(bank: DemandBank) -> None:
    level = plan_level(bank)
    top = np.full((TRIALS, 2), bank.envelope)
    assert (
        count_month(bank, 2, top * 2.0, level)[0].tobytes() == count_month(bank, 2, top, level)[0].tobytes()
    )
    assert clipped_share(bank, np.array([[1.0, bank.envelope + 0.1]])) == 0.5


def test_leaving_out_what_lies_above_plan_changes_no_number(
    model: DemandModel, bank: DemandBank, base: tuple
) -> None:
    small = model.draw(range(TRIALS), seed=5, months=MONTHS, reach=1.0)
    assert small.nbytes < bank.nbytes
    orders, won = play(small, np.ones(MONTHS), plan_level(bank))
    assert orders.tobytes() == base[0].tobytes()
    assert won.tobytes() == base[1].tobytes()
    with pytest.raises(ValueError, match="drawn for levels up to 1"):
        play(small, np.ones(MONTHS), plan_level(bank) * 1.5)


def test_wrong_shapes_and_months_are_refused(bank: DemandBank) -> None:
    with pytest.raises(ValueError, match="month"):
        count_month(bank, MONTHS, np.ones((TRIALS, 2)), plan_level(bank))
    with pytest.raises(ValueError, match="multiplier"):
        count_month(bank, 0, np.ones((1, 2)), plan_level(bank))
    with pytest.raises(ValueError, match="level"):
        count_month(bank, 5, np.ones((TRIALS, 2)), plan_level(bank)[..., :5])
