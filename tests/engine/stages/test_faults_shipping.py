"""What customers pay for shipping is revenue: fitted from the orders, or as the plan says."""

from dataclasses import replace

import numpy as np
import pytest

from engine.plan.history import monthly_net_sales
from engine.plan.load import load_plan
from engine.scenarios import load_library, resolve
from engine.stages.calibrate import calibrate
from engine.stages.draw import draw_block
from engine.stages.measure import measure
from engine.stages.shipping import shipping_per_order
from engine.stages.simulate import play
from engine.stages.world import build_world
from models.calendar import Calendar
from tests.tiny_plan import write_plan


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_plan(write_plan(tmp_path_factory.mktemp("shipping") / "tiny"))


def charged(plan, amount):
    """The plan with one amount of shipping on the first line of every order."""
    first = ~plan.orders["order_id"].duplicated()
    return replace(plan, orders=plan.orders.assign(shipping=np.where(first, float(amount), 0.0)))


def with_market(plan, **changes):
    markets = tuple(market.model_copy(update=changes) for market in plan.config.markets)
    return replace(plan, config=plan.config.model_copy(update={"markets": markets}))


def played(plan, trials=4):
    """Variables of base for one quarter."""
    calibration, calendar = calibrate(plan), Calendar(plan.forecast_start, 3)
    world = build_world(plan, calibration, calendar)
    draws = draw_block(calibration, range(trials), 1, calendar)
    library = load_library()
    paths = resolve(library.compose("base"), world.view, range(trials), 1, calendar, library, {})
    return measure(world.measuring, play(world, draws, paths, ()))


def test_fault_M12_shipping_charged_is_fitted_by_order(tiny):
    amounts = shipping_per_order(charged(tiny, 8.0))
    rates = [tiny.base_rates[market.currency] for market in tiny.config.markets]
    own = tiny.orders.groupby("market")["currency"].first()
    for position, market in enumerate(tiny.config.markets):
        expected = 8.0 * tiny.base_rates[own[market.key]] / rates[position]
        both = amounts.reshape(len(tiny.config.markets), -1)[position]
        assert both == pytest.approx(np.full(len(both), expected))


def test_no_shipping_charged_is_no_income(tiny):
    assert not shipping_per_order(charged(tiny, 0.0)).any()


def test_what_the_plan_says_wins_over_the_history(tiny):
    said = with_market(charged(tiny, 8.0), shipping_income_per_order=3.5)
    assert shipping_per_order(said) == pytest.approx(np.full(4, 3.5))


def test_the_history_counts_shipping_unless_the_plan_says_that_it_is_free(tiny):
    none, some = (monthly_net_sales(charged(tiny, amount)) for amount in (0.0, 8.0))
    free = monthly_net_sales(with_market(charged(tiny, 8.0), shipping_income_per_order=0.0))
    total = {name: sum(sum(months) for months in each["net_sales"].values()) for name, each in
             (("none", none), ("some", some), ("free", free))}  # fmt: skip
    assert total["some"] > total["none"]
    assert total["free"] == total["none"]


def test_fault_M12_revenue_moves_with_what_customers_pay_for_shipping(tiny):
    """Income is in proportion to the amount, its tax and fees follow, and a return pays its share back."""
    none, some, twice = (
        played(with_market(tiny, shipping_income_per_order=amount)) for amount in (0.0, 8.0, 16.0)
    )
    back = played(with_market(tiny, shipping_income_per_order=8.0, shipping_refund_share=1.0))
    income = some["market/shipping_income"]
    assert not none["market/shipping_income"].any()
    assert np.all(income.sum(axis=(1, 2)) > 0.0)
    assert twice["market/shipping_income"] == pytest.approx(2.0 * income)
    for line in ("gross_sales", "refunds"):
        assert np.array_equal(none[f"market/{line}"], some[f"market/{line}"])
    assert some["market/net_revenue"] - none["market/net_revenue"] == pytest.approx(income, abs=1e-6)
    fees = [each["market/payment_fees"] + each["market/marketplace_fees"] for each in (none, some, twice)]
    assert np.all((fees[1] - fees[0]).sum(axis=(1, 2)) < 0.0)
    assert fees[2] - fees[1] == pytest.approx(fees[1] - fees[0], abs=1e-6)
    assert back["market/refunds"].sum() < some["market/refunds"].sum() < 0.0
