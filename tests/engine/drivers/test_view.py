from __future__ import annotations

import pytest

from engine.drivers import DRIVERS, SELECTORS, PlanView
from engine.plan.schema import PlanConfig
from tests.engine.plan_view import VIEW


def test_labels_exist_for_exactly_the_words_a_scenario_may_use():
    for dim in {dim for entry in DRIVERS.values() for dim in entry.dims}:
        assert set(VIEW.labels(dim)) == set(SELECTORS.get(dim, ()))


def test_goods_of_a_market_enter_at_its_nodes_in_its_own_territory():
    assert VIEW.entry_nodes("US") == ("us",)


def test_goods_of_a_market_without_a_node_of_its_own_enter_at_its_first_node():
    assert VIEW.entry_nodes("UK") == ("eu",)


def test_a_market_means_its_customs_territory():
    assert VIEW.labels("territory")["market"]["GB"] == {"UK"}


def test_an_item_is_known_by_every_prefix_of_its_hs_code():
    assert VIEW.labels("item")["hs"]["balm"] == {"33", "330", "3304", "33049", "330499"}


@pytest.fixture
def config():
    market = {"territory": "US", "currency": "USD", "nodes": ["us"], "return_node": "us"}
    elasticity = {"mean": -1.5, "sd": 0.3, "source": "test"}
    stage = {"mean": 1.0, "sd": 0.1}
    return PlanConfig.model_validate(
        {
            "company": {"name": "x", "currency": "USD", "actuals_through": "2025-12-31"},
            "markets": [
                {"key": "US", "country": "US", "elasticity": elasticity, **market},
                {"key": "CA", "country": "CA", "elasticity": elasticity, **market, "currency": "CAD"},
            ],
            "sales_channels": [{"key": "shop"}],
            "territories": [{"key": "US", "valuation": "FOB"}],
            "ports": [{"key": "lax"}],
            "nodes": [{"key": "us", "country": "US", "territory": "US", "port": "lax"}],
            "suppliers": [{"key": "CN1", "country": "CN", "currency": "CNY", "capacity_per_week": 10}],
            "lanes": [
                {
                    "supplier": "CN1",
                    "node": "us",
                    "freight_per_kg": 1.0,
                    "production": stage,
                    "transit": stage,
                    "inland": stage,
                }
            ],
        }
    )


def test_a_view_of_a_plan_is_sorted_and_leaves_out_the_home_currency(config):
    view = PlanView.from_config(config, items=["b", "a"], roles={"top_market": "US"})
    assert view.markets == ("CA", "US")
    assert view.items == ("a", "b")
    assert view.currencies == ("CAD", "CNY")
    assert view.origins == ("CN",)
    assert view.shape(("supplier", "node")) == (1, 1)
