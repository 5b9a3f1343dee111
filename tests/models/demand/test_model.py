"""The fitted demand as a whole: expectation, independence of blocks, markets and row order, storage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.calendar import Calendar
from models.demand import (
    DemandBank,
    DemandModel,
    MarketSettings,
    Prior,
    count_month,
    demand_multiplier,
    fit_demand,
    units_month,
)

BANK_ARRAYS = ("residual", "base_multiplier", "elasticity", "response")


def base_orders(bank: DemandBank) -> np.ndarray:
    one = np.ones((1, bank.markets))
    level = np.ones((len(bank.trials), bank.markets, bank.channels, bank.months))
    return np.stack(
        [count_month(bank, j, demand_multiplier(bank, j, one, one), level)[0] for j in range(bank.months)],
        axis=-1,
    )


def digest(bank: DemandBank) -> list[bytes]:
    """Everything a scenario can read from a bank, as bytes."""
    orders = base_orders(bank)
    parts = [getattr(bank, name).tobytes() for name in BANK_ARRAYS]
    parts += [orders.tobytes()]
    parts += [
        units_month(bank, j, np.ascontiguousarray(orders[:, :, j])).tobytes()
        for j in range(min(bank.months, 3))
    ]
    return parts


@pytest.fixture(scope="module")
def flat_model(company) -> DemandModel:  # type: ignore[no-untyped-def]
    """Parameters held at the estimate, so that Monte Carlo error is all that is left."""
    return fit_demand(company.orders, company.spend, settings=replace(company.settings, parameters="fitted"))


@pytest.mark.parametrize("parameters", ["fitted", "draw"])
def test_expectation_equals_the_mean_of_sampled_base_demand(
    flat_model: DemandModel, model: DemandModel, parameters: str
) -> None:
    fitted = flat_model if parameters == "fitted" else model
    trials = 400
    bank = fitted.draw(range(trials), seed=3)
    orders = base_orders(bank).astype(float)
    year = orders.reshape(trials, bank.segments, 3, 12).sum(axis=3)
    expected = fitted.expected_orders[:, :36].reshape(bank.segments, 3, 12).sum(axis=2)
    z = (year.mean(axis=0) - expected) / (year.std(axis=0) / np.sqrt(trials))
    assert np.abs(z).max() < 4.0, z
    z = (orders.mean(axis=0) - fitted.expected_orders[:, :36]) / (orders.std(axis=0) / np.sqrt(trials))
    assert np.sqrt(np.mean(z**2)) < 1.6
    np.testing.assert_allclose(
        fitted.expected_units.sum(axis=2),
        fitted.expected_orders * fitted.units_per_order[:, None],
        rtol=1e-12,
    )


def test_any_split_of_the_trials_gives_the_same_numbers(model: DemandModel) -> None:
    whole = model.draw(range(10, 20), seed=4, months=6)
    orders = base_orders(whole)
    for part in (range(10, 13), range(13, 20), range(17, 18)):
        bank = model.draw(part, seed=4, months=6)
        mine = slice(part.start - 10, part.stop - 10)
        assert base_orders(bank).tobytes() == orders[mine].tobytes()
        for name in BANK_ARRAYS:
            assert getattr(bank, name).tobytes() == np.ascontiguousarray(getattr(whole, name)[mine]).tobytes()
        units = units_month(bank, 2, np.ascontiguousarray(orders[mine, :, 2]))
        assert units.tobytes() == units_month(whole, 2, np.ascontiguousarray(orders[:, :, 2]))[mine].tobytes()


def test_a_shorter_run_is_the_beginning_of_the_longer_one(model: DemandModel, company) -> None:  # type: ignore[no-untyped-def]
    short = model.draw(range(6), 4, Calendar(company.settings.start, 6))
    full = model.draw(range(6), 4)
    assert full.months == 36
    assert base_orders(short).tobytes() == np.ascontiguousarray(base_orders(full)[:, :, :6]).tobytes()
    assert short.residual.tobytes() == np.ascontiguousarray(full.residual[:, :, :6]).tobytes()


def test_another_seed_gives_other_numbers(model: DemandModel) -> None:
    assert (
        base_orders(model.draw(range(4), 1, months=3)).tobytes()
        != base_orders(model.draw(range(4), 2, months=3)).tobytes()
    )


def test_the_order_of_rows_and_lists_means_nothing(model: DemandModel, company) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    orders = company.orders.iloc[rng.permutation(len(company.orders))].reset_index(drop=True)
    spend = company.spend.iloc[rng.permutation(len(company.spend))].reset_index(drop=True)
    listed = replace(
        company.settings,
        markets=company.settings.markets[::-1],
        sales_channels=company.settings.sales_channels[::-1],
        acquisition_channels=company.settings.acquisition_channels[::-1],
        items=company.settings.items[::-1],
    )
    assert fit_demand(orders, spend, settings=listed).to_json() == model.to_json()


def test_json_brings_back_the_same_draws_to_the_byte(model: DemandModel) -> None:
    text = model.to_json()
    again = DemandModel.from_json(text)
    assert again.to_json() == text
    assert digest(again.draw(range(3), 8, months=4)) == digest(model.draw(range(3), 8, months=4))
    assert again.expected_units.tobytes() == model.expected_units.tobytes()
    assert again.diagnostics == model.diagnostics


def test_a_market_without_volume_changes_nothing_elsewhere(model: DemandModel, company) -> None:  # type: ignore[no-untyped-def]
    empty = MarketSettings("fr", "EUR", Prior(-1.5, 0.4, "test"))
    wider = replace(company.settings, markets=(*company.settings.markets, empty))
    bigger = fit_demand(company.orders, company.spend, settings=wider)
    bank, reference = bigger.draw(range(4), 2, months=5), model.draw(range(4), 2, months=5)
    orders = base_orders(bank)
    french = [i for i, key in enumerate(bank.segment_keys) if key.startswith("fr/")]
    others = [i for i, key in enumerate(bank.segment_keys) if not key.startswith("fr/")]
    assert orders[:, french].sum() == 0
    assert np.all(bigger.expected_units[french] == 0.0)
    assert np.ascontiguousarray(orders[:, others]).tobytes() == base_orders(reference).tobytes()
    units = units_month(bank, 1, np.ascontiguousarray(orders[:, :, 1]))[:, :, others]
    own = units_month(reference, 1, np.ascontiguousarray(base_orders(reference)[:, :, 1]))
    assert np.ascontiguousarray(units).tobytes() == own.tobytes()
    assert bigger.expected_units[others].tobytes() == model.expected_units.tobytes()
    assert bigger.base_price[[0, 2]].tobytes() == model.base_price.tobytes()


def test_with_frozen_calibration_a_market_more_moves_no_other_market(model: DemandModel) -> None:
    alone = model.select(("us",))
    together, single = model.draw(range(4), 6, months=5), alone.draw(range(4), 6, months=5)
    assert np.ascontiguousarray(base_orders(together)[:, 2:]).tobytes() == base_orders(single).tobytes()
    assert single.residual.tobytes() == np.ascontiguousarray(together.residual[:, 1:]).tobytes()
    assert alone.expected_units.tobytes() == np.ascontiguousarray(model.expected_units[2:]).tobytes()
    assert DemandModel.from_json(alone.to_json()).to_json() == alone.to_json()
    with pytest.raises(ValueError, match="unknown"):
        model.select(("atlantis",))


def test_the_fit_finds_the_truth_of_the_generator(model: DemandModel) -> None:
    customers = model.diagnostics["customers"]["us/shop"]
    truth = {"r": 0.9, "alpha": 60.0, "a": 0.8, "b": 2.5}
    for name, value in truth.items():
        z = (np.log(customers["parameters"][name]) - np.log(value)) / customers["log_standard_error"][name]
        assert abs(z) < 3.0, (name, z)
    assert customers["covariance"] == "month-clustered"
    assert customers["variance_inflation"] > 1.0
    challenger = customers["challenger"]
    assert challenger["loglik_gain"] > -1e-3
    assert abs(challenger["expected_orders_difference"]) < 5.0
    for entry in ("us/meta", "us/google"):
        posterior = model.diagnostics["acquisition"][entry]["posterior"]
        assert abs(posterior["mean"] - 0.7) < 3.0 * posterior["sd"]
        assert model.diagnostics["acquisition"][entry]["prior"]["mean"] == 0.7


def test_next_year_is_of_the_size_of_the_last(model: DemandModel, company) -> None:  # type: ignore[no-untyped-def]
    frame = company.orders[company.orders["ordered_at"] >= "2025-01-01"]
    last = frame.groupby("market")["quantity"].sum()
    for m, market in enumerate(model.market_keys):
        ahead = model.expected_units[2 * m : 2 * m + 2, :12].sum()
        assert 0.7 * last[market] < ahead < 1.6 * last[market]


def test_a_company_without_any_order_fits_and_draws_nothing(company) -> None:  # type: ignore[no-untyped-def]
    model = fit_demand(company.orders.iloc[:0], company.spend.iloc[:0], settings=company.settings)
    bank = model.draw(range(2), 0, months=3)
    assert base_orders(bank).sum() == 0
    assert np.all(model.expected_units == 0.0)
    np.testing.assert_allclose(model.base_price, [[27.0] * 12, [30.0] * 12])


def test_customers_who_never_come_back_fit_without_a_crash(company) -> None:  # type: ignore[no-untyped-def]
    once = company.orders.drop_duplicates("order_id").copy()
    once["customer_key"] = np.where(once["customer_key"] == "", "", once["order_id"])
    model = fit_demand(once, company.spend, settings=company.settings)
    assert np.all(np.isfinite(model.expected_units))
    assert model.diagnostics["customers"]["us/shop"]["how"].startswith("pooled")
    assert np.isfinite(base_orders(model.draw(range(2), 0, months=3))).all()


def test_a_thin_segment_leans_on_the_strong_one(company) -> None:  # type: ignore[no-untyped-def]
    orders = company.orders
    keys = sorted(k for k in orders["customer_key"].unique() if k.startswith("de-"))
    thin = orders[(orders["market"] != "de") | orders["customer_key"].isin(keys[:40])]
    model = fit_demand(thin, company.spend, settings=company.settings)
    segment = model.diagnostics["customers"]["de/shop"]
    assert segment["how"] == "pooled: thin"
    assert 0.0 < segment["own_weight"] < 1.0


def test_customers_nobody_claims_are_organic_and_answer_to_no_spend(company) -> None:  # type: ignore[no-untyped-def]
    spend = company.spend[company.spend["market"] != "de"]
    model = fit_demand(company.orders, spend, settings=company.settings)
    bank = model.draw(range(8), 3, months=4)
    level = np.ones((8, 2, 2, 4))
    multiplier = np.ones((8, 2))
    full, none = count_month(bank, 3, multiplier, level), count_month(bank, 3, multiplier, 0.0 * level)
    german, american = slice(0, 2), slice(2, 4)
    assert full[0][:, german].tobytes() == none[0][:, german].tobytes()
    assert full[0][:, german].sum() > 0
    assert np.all(none[0][:, american].sum(axis=1) < full[0][:, american].sum(axis=1))
    assert model.diagnostics["organic"]["de/shop"]["first_month"] > 10.0


def test_the_spend_plan_replaces_last_year(model: DemandModel, company) -> None:  # type: ignore[no-untyped-def]
    plan = pd.DataFrame(
        {"month": ["2026-02"], "market": ["us"], "acquisition_channel": ["meta"], "amount": [5000.0]}
    )
    planned = fit_demand(company.orders, company.spend, plan, settings=company.settings)
    last_year = company.spend[
        (company.spend["market"] == "us")
        & (company.spend["acquisition_channel"] == "meta")
        & (company.spend["day"] == "2025-01-01")
    ]["amount"].sum()
    meta = list(model.channel_keys).index("meta")
    assert planned.base_spend[1, meta, 1] == 5000.0
    assert planned.base_spend[1, meta, 0] == pytest.approx(last_year)
    assert planned.base_spend[1, meta, 12] == pytest.approx(last_year)
    ratio = planned.expected_new[1, meta, 1] / model.expected_new[1, meta, 1]
    beta = model.diagnostics["acquisition"]["us/meta"]["posterior"]["mean"]
    assert ratio == pytest.approx((5000.0 / model.base_spend[1, meta, 1]) ** beta)
