"""Return shares: posterior, shrinkage, recent sales, delay, addressed draws."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from models.errors import UsageError
from models.returns import DELAY_MEAN, LISTED_SHARE, ReturnsModel, credible_interval, fit_returns

AS_OF = dt.date(2025, 12, 31)
SEGMENTS = ("de/shop", "us/shop")
ITEMS = ("a", "b", "new")


def orders(count=20_000, shares=(0.05, 0.25), seed=1, last_age=700):
    """Lines of two units in two markets; item b comes back more often; refunds arrive after the delay."""
    generator = np.random.default_rng(seed)
    item = generator.integers(0, 2, count)
    age = generator.integers(0, last_age, count)
    back = (generator.random((count, 2)) < np.array(shares)[item][:, None]) & (
        generator.lognormal(np.log(12.0) - 0.184, 0.607, (count, 2)) <= age[:, None] + 1.0
    )
    return pd.DataFrame({
        "ordered_at": pd.Timestamp(AS_OF) - pd.to_timedelta(age, unit="D"),
        "market": generator.choice(["de", "us"], count),
        "sales_channel": "shop", "item": np.array(["a", "b"])[item], "quantity": 2, "net_price": 10.0,
        "refunded": 10.0 * back.sum(axis=1),
    })  # fmt: skip


def fit(frame, **options):
    return fit_returns(
        frame,
        segments=options.pop("segments", SEGMENTS),
        items=options.pop("items", ITEMS),
        as_of=AS_OF,
        **options,
    )


@pytest.fixture(scope="module")
def model():
    return fit(orders())


def test_shares_by_item_are_those_of_the_data_and_an_unsold_item_takes_its_segment(model):
    assert model.share[:, 0] == pytest.approx([0.05, 0.05], abs=0.01)
    assert model.share[:, 1] == pytest.approx([0.25, 0.25], abs=0.015)
    assert model.share[:, 2] == pytest.approx(model.segment_share)
    assert model.company_share == pytest.approx(0.15, abs=0.01)


def test_recent_sales_whose_returns_are_still_under_way_do_not_lower_the_share():
    recent = fit(orders(60_000, last_age=20))
    assert recent.share[:, :2] == pytest.approx(np.array([[0.05, 0.25]] * 2), abs=0.015)
    frame = orders(60_000, last_age=20)
    assert frame["refunded"].sum() / (20.0 * len(frame)) < 0.11


def test_thin_segments_and_items_lean_on_the_company(model):
    few = orders(4, shares=(1.0, 1.0), last_age=600)
    everything = pd.concat([orders(), few.assign(market="no")])
    found = fit(everything, segments=(*SEGMENTS, "no/shop"))
    assert 0.15 < found.segment_share[1] < 0.25
    assert found.segments[1] == "no/shop"


def test_no_sales_at_all_give_the_listed_share():
    empty = fit(orders(5).iloc[:0])
    assert empty.share == pytest.approx(np.full((2, 3), LISTED_SHARE))


def test_a_segment_or_item_without_sales_changes_no_other(model):
    more = fit(orders(), segments=("aa/shop", *SEGMENTS), items=(*ITEMS, "zz"))
    assert np.array_equal(more.share[1:, :3], model.share)
    assert np.array_equal(more.draw(range(5), 1)[:, 1:, :3], model.draw(range(5), 1))


def test_refunds_above_the_price_count_at_most_the_units_of_the_line():
    frame = orders(10).assign(refunded=1_000.0)
    found = fit(frame)
    assert sum(map(sum, found.returned)) == 20.0
    assert np.all(found.share < 1.0)


def test_draws_have_the_posterior_mean_and_sd_and_move_a_segment_together(model):
    draws = model.draw(range(4_000), 7)
    assert draws.mean(axis=0) == pytest.approx(model.share, abs=0.004)
    low, high = credible_interval(model)
    inside = ((draws >= low) & (draws <= high)).mean(axis=0)
    assert inside[:, :2] == pytest.approx(np.full((2, 2), 0.8), abs=0.03)
    assert np.all((draws > 0.0) & (draws < 1.0))
    thin = fit(orders(30))
    segment = thin.draw(range(4_000), 7)[:, 0]
    assert np.corrcoef(segment[:, 0], segment[:, 2])[0, 1] > 0.03


def test_any_split_of_the_trials_and_the_order_of_rows_change_nothing(model):
    assert np.array_equal(model.draw(range(3, 9), 1), model.draw(range(9), 1)[3:])
    frame = orders()
    assert fit(frame.sample(frac=1.0, random_state=3)) == model
    with pytest.raises(UsageError, match="step 1"):
        model.draw(range(0, 4, 2), 1)


def test_delay_table_has_the_listed_mean_in_whole_days(model):
    delay = model.delay_days
    assert delay.dtype == np.int64
    assert delay.shape == (1024,)
    assert delay.min() >= 1
    assert np.all(np.diff(delay) >= 0)
    assert delay.mean() == pytest.approx(DELAY_MEAN, abs=0.2)


def test_json_gives_back_an_equal_model(model):
    assert ReturnsModel.from_json(model.to_json()) == model


@pytest.mark.parametrize("units", [60_000, 10**12, 9_007_199_254_740_992])
@pytest.mark.parametrize("refunded_share", [0.0, 1.0, 1e-9])
def test_fault_D02_a_share_near_a_bound_is_drawn_without_an_error(units, refunded_share):
    frame = pd.DataFrame({
        "ordered_at": [pd.Timestamp("2025-01-01")], "market": ["de"], "sales_channel": ["shop"],
        "item": ["a"], "quantity": [units], "net_price": [1.0], "refunded": [units * refunded_share],
    })  # fmt: skip
    model = fit(frame, segments=("de/shop",), items=("a",))
    drawn = model.draw(range(1024), 1)
    assert np.all((drawn >= 0.0) & (drawn <= 1.0))
    assert drawn.mean() == pytest.approx(refunded_share, abs=1e-2)


@pytest.mark.parametrize(("sold", "returned"), [(0.0, 0.0), (5e-324, 0.0), (1e300, 0.0), (1e300, 1e300)])
def test_fault_D02_sibling_any_posterior_draws_shares_between_0_and_1(sold, returned):
    delay = fit(orders(10)).delay
    for company in (None, 0.0, 1.0, 5e-324):
        model = ReturnsModel(("c",), ("a", "b"), ((sold, 0.0),), ((returned, 0.0),), delay, company)
        drawn = model.draw(range(256), 3)
        assert np.all((drawn >= 0.0) & (drawn <= 1.0))
