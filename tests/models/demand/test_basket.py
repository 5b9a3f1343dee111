"""Lines, sizes and items of an order."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.demand import fit_demand, units_month
from models.demand.basket import Alias, draw_shares, fill_alias
from models.streams import index_of


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e6)), min_size=1, max_size=40))
def test_alias_table_holds_the_given_shares(weights: list[float]) -> None:
    weight = np.array(weights)
    threshold, other = np.empty(len(weight)), np.empty(len(weight), dtype=np.int32)
    fill_alias(weight.copy(), threshold, other)
    mass = np.zeros(len(weight))
    np.add.at(mass, np.arange(len(weight)), threshold)
    np.add.at(mass, other, 1.0 - threshold)
    share = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1.0 / len(weight))
    np.testing.assert_allclose(mass / len(weight), share, atol=1e-9)


def test_dirichlet_draws_have_the_right_mean_and_spread() -> None:
    evidence = np.array([[30.0, 60.0, 10.0, 0.0]])
    tables = draw_shares(
        evidence, np.ones((1, 4), dtype=bool), ["a"], range(6000), 3, np.arange(4, dtype=np.uint64)
    )
    share, p = drawn_shares(tables), evidence[0] / 100.0
    np.testing.assert_allclose(share.mean(axis=0), p, atol=0.004)
    np.testing.assert_allclose(share.std(axis=0), np.sqrt(p * (1 - p) / 101.0), rtol=0.06, atol=1e-12)
    assert np.all(share[:, 3] == 0.0)


def drawn_shares(tables: Alias) -> np.ndarray:
    """Shares of the outcomes of the first epoch and segment, dims (trial, outcome)."""
    mass = np.array(tables.threshold[:, 0, 0])
    rest = 1.0 - mass
    count = mass.shape[1]
    for i in range(count):
        for k in range(count):
            mass[:, k] += np.where(tables.other[:, 0, 0, i] == k, rest[:, i], 0.0)
    return np.asarray(mass / count)


def test_an_item_more_or_another_order_changes_no_other_items_draws() -> None:
    keys = ["LAMP", "MASK", "SERUM", "ZINC"]
    evidence = dict(zip(keys, [30.0, 6.0, 0.4, 12.0], strict=True))

    def ratios(items: list[str]) -> dict[str, np.ndarray]:
        address = np.array([index_of(item) for item in items], dtype=np.uint64)
        row = np.array([[evidence.get(item, 8.0) for item in items]])
        tables = draw_shares(row, np.ones((1, len(items)), dtype=bool), ["mix/us"], range(200), 3, address)
        share = drawn_shares(tables)
        return {item: share[:, i] / share[:, items.index("MASK")] for i, item in enumerate(items)}

    alone = ratios(keys)
    for items in (["AMPOULE", *keys], list(reversed(keys)), ["LAMP", "LAMP2", *keys[1:]]):
        more = ratios(items)
        for item in keys:
            np.testing.assert_allclose(more[item], alone[item], rtol=1e-9)


def test_items_start_and_end_when_the_plan_says(company) -> None:  # type: ignore[no-untyped-def]
    listed = replace(
        company.settings,
        items=(*company.settings.items, "NEW"),
        item_from={"NEW": dt.date(2026, 3, 1)},
        item_until={"ITEM00": dt.date(2026, 1, 31)},
    )
    model = fit_demand(company.orders, company.spend, settings=listed)
    items = list(model.item_keys)
    new, old = items.index("NEW"), items.index("ITEM00")
    expected = model.expected_units.sum(axis=0)
    assert expected[0, old] > 0
    assert np.all(expected[1:, old] == 0.0)
    assert np.all(expected[:2, new] == 0.0)
    assert np.all(expected[2:, new] > 0.0)
    bank = model.draw(range(4), 1, months=4)
    orders = np.full((4, bank.segments), 400, dtype=np.int64)
    sold = np.stack([units_month(bank, j, orders).sum(axis=(0, 1, 2)) for j in range(4)])
    assert sold[0, old] > 0
    assert sold[1:, old].sum() == 0
    assert sold[:2, new].sum() == 0
    assert np.all(sold[2:, new] > 0)


def test_wholesale_quantities_keep_their_mean(company) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    orders = company.orders.copy()
    orders["quantity"] = rng.integers(1, 400, len(orders)) * rng.integers(1, 4, len(orders))
    model = fit_demand(orders, company.spend, settings=company.settings)
    assert len(model.basket.size) <= 64
    assert len(set(model.basket.size.tolist())) == len(model.basket.size)
    recent = orders[(orders["ordered_at"] >= "2025-01-01") & (orders["market"] == "us")]
    bazaar = recent[recent["sales_channel"] == "bazaar"]
    mean = bazaar["quantity"].sum() / bazaar["order_id"].nunique()
    assert model.units_per_order[2] == pytest.approx(mean, rel=0.05)
