"""From orders to units by day and item."""

from __future__ import annotations

import numpy as np
import pytest

from models.demand import DemandBank, DemandModel, units_month

TRIALS = 16


@pytest.fixture(scope="module")
def bank(model: DemandModel) -> DemandBank:
    return model.draw(range(TRIALS), seed=9, months=4)


def counts(bank: DemandBank, value: int) -> np.ndarray:
    return np.full((TRIALS, bank.segments), value, dtype=np.int64)


def test_dropping_the_last_order_removes_exactly_its_lines(bank: DemandBank) -> None:
    months = {k: units_month(bank, 1, counts(bank, k)) for k in (0, 40, 41, 42)}
    assert months[0].sum() == 0
    first, second = months[41] - months[40], months[42] - months[41]
    for own in (first, second):
        assert np.all(own >= 0)
        assert np.all(own.sum(axis=(1, 3)) >= 1)
        assert np.all((own.sum(axis=3) > 0).sum(axis=1) == 1), "an order has one day"
    assert first.tobytes() != second.tobytes()


def test_orders_of_one_segment_do_not_move_another(bank: DemandBank) -> None:
    orders = counts(bank, 30)
    more = orders.copy()
    more[:, 2] += 25
    a, b = units_month(bank, 0, orders), units_month(bank, 0, more)
    others = [c for c in range(bank.segments) if c != 2]
    assert a[:, :, others].tobytes() == b[:, :, others].tobytes()
    assert np.all(b[:, :, 2] >= a[:, :, 2])


def test_mean_units_days_and_items_follow_the_basket(model: DemandModel) -> None:
    # many trials of few orders: the shares of a trial scatter by .02 (Dirichlet), those of 256 by .0012
    trials, each = 256, 190
    bank = model.draw(range(trials), seed=9, months=1)
    units = units_month(bank, 0, np.full((trials, bank.segments), each, dtype=np.int64)).astype(float)
    per_order = units.sum(axis=(0, 1, 3)) / float(each * trials)
    np.testing.assert_allclose(per_order, model.units_per_order, rtol=0.02)
    share = units.sum(axis=(0, 1)) / units.sum(axis=(0, 1, 3))[:, None]
    np.testing.assert_allclose(share, model.basket.shares()[0], atol=0.01)
    by_day = units.sum(axis=(0, 3))
    weekday = (bank.first_weekday + np.arange(31)) % 7
    for segment in range(bank.segments):
        weight = bank.weekday[segment // 2][weekday]
        np.testing.assert_allclose(
            by_day[:, segment] / by_day[:, segment].sum(), weight / weight.sum(), rtol=0.13
        )


def test_history_and_basket_agree_on_units(model: DemandModel, company) -> None:  # type: ignore[no-untyped-def]
    frame = company.orders[company.orders["ordered_at"] >= "2025-01-01"]
    for segment, key in enumerate(model.segment_keys):
        market, channel = key.split("/")
        mine = frame[(frame["market"] == market) & (frame["sales_channel"] == channel)]
        orders = (
            mine[["customer_key", "ordered_at"]].drop_duplicates()
            if channel == "shop"
            else mine[["order_id"]].drop_duplicates()
        )
        assert model.units_per_order[segment] == pytest.approx(mine["quantity"].sum() / len(orders), rel=0.01)


def test_item_shares_vary_between_trials_around_history(model: DemandModel) -> None:
    wide = model.draw(range(200), seed=1, months=1)
    orders = np.full((200, wide.segments), 2000, dtype=np.int64)
    top = units_month(wide, 0, orders)[:, :, 1].sum(axis=1)
    share = top[:, 0] / top.sum(axis=1)
    binomial = np.sqrt(share.mean() * (1 - share.mean()) / top.sum(axis=1).mean())
    assert share.std() > 1.15 * binomial


def test_wrong_shape_is_refused(bank: DemandBank) -> None:
    with pytest.raises(ValueError, match="orders"):
        units_month(bank, 0, np.zeros((TRIALS, 1), dtype=np.int64))


def test_units_from_a_known_scenario_are_those_from_nothing(bank: DemandBank) -> None:
    known = counts(bank, 50)
    known_units = units_month(bank, 2, known).astype(np.int32)
    wanted = known + (np.arange(known.size).reshape(known.shape) % 41 - 20)
    assert wanted.min() < 50 < wanted.max()
    fresh = units_month(bank, 2, wanted)
    assert units_month(bank, 2, wanted, (known, known_units)).tobytes() == fresh.tobytes()
