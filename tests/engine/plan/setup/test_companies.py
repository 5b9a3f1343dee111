"""Invented companies of the corpus against their ``truth.yaml``: a test a field, skipped without it."""

from collections import namedtuple

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from engine.plan.load import load_plan
from engine.plan.setup.setup import set_up
from engine.plan.setup.supply import lead_time
from engine.stages.world import placed_over_history
from tests.engine.plan.reading.test_exports import CORPUS

pytestmark = pytest.mark.skipif(CORPUS is None, reason="the corpus of exports is not on this machine")
Company = namedtuple("Company", "plan text report truth")


def company(name, tmp_path_factory):
    if CORPUS is None:
        pytest.skip("the corpus of exports is not on this machine")
    source = CORPUS / "companies" / name
    folder = tmp_path_factory.mktemp("companies") / name
    report = set_up(folder, [source])
    truth = YAML(typ="safe", pure=True).load((source / "truth.yaml").read_text(encoding="utf-8"))
    return Company(load_plan(folder), (folder / "plan.yaml").read_text(encoding="utf-8"), report, truth)


@pytest.fixture(scope="module")
def brand(tmp_path_factory):
    return company("dtc_brand", tmp_path_factory)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return company("cod_shop", tmp_path_factory)


def months(plan, values):
    sums = (
        pd.Series(np.asarray(values)).groupby(plan.orders["ordered_at"].dt.strftime("%Y-%m").to_numpy()).sum()
    )
    return sums.to_dict()


def net(plan):
    return plan.orders["quantity"].to_numpy(np.float64) * plan.orders["net_price"].to_numpy()


def balance(plan):
    return plan.opening_balance.set_index("account")["amount"].to_dict()


@pytest.mark.parametrize(
    ("name", "field"), [("brand", "monthly_net_sales_before_refunds"), ("shop", "monthly_net_revenue")]
)
def test_monthly_revenue(name, field, request):
    one = request.getfixturevalue(name)
    assert months(one.plan, net(one.plan)) == pytest.approx(one.truth[field], rel=1e-6)


@pytest.mark.parametrize(("name", "field"), [("brand", "orders"), ("shop", "orders_sold")])
def test_orders(name, field, request):
    one = request.getfixturevalue(name)
    assert one.plan.orders["order_id"].nunique() == one.truth[field]


@pytest.mark.parametrize("name", ["brand", "shop"])
def test_shipping_income(name, request):
    one = request.getfixturevalue(name)
    assert one.plan.orders["shipping"].sum() == pytest.approx(one.truth["shipping"])


@pytest.mark.parametrize("name", ["brand", "shop"])
def test_the_last_complete_month_and_the_currency(name, request):
    one = request.getfixturevalue(name)
    assert one.plan.config.company.actuals_through.isoformat() == one.truth["last_day"]
    assert one.plan.config.company.currency == one.truth["currency"]


def test_customers(brand, shop):
    assert brand.plan.orders["customer_key"].nunique() == brand.truth["customers"]
    assert shop.plan.orders["customer_key"].nunique() == shop.truth["customers_by_phone_with_a_sale"]


def test_markets_and_shares(brand, shop):
    money = pd.Series(net(brand.plan)).groupby(brand.plan.orders["market"].to_numpy()).sum()
    shares = (money / money.sum()).to_dict()
    own = {key: share for key, share in brand.truth["markets"].items() if key in shares}
    assert len(own) == 8
    for key, share in own.items():
        assert shares[key] == pytest.approx(share, abs=1e-3)
    assert shares["REST"] == pytest.approx(1.0 - sum(own.values()), abs=1e-3)
    assert "one market REST for: NO 0.87%, SE 0.58%, SG 0.53%, JP 0.20%, NA 0.13%" in brand.report
    assert [market.key for market in shop.plan.config.markets] == ["PK"]


def test_sales_channels(brand, shop):
    assert [channel.label for channel in brand.plan.config.sales_channels] == brand.truth["channels"]
    assert [channel.label for channel in shop.plan.config.sales_channels] == shop.truth["channels"]


def test_acquisition_channels_and_spend(brand, shop):
    labels = [channel.label for channel in brand.plan.config.acquisition_channels]
    assert labels == brand.truth["acquisition_channels"]
    spend = brand.plan.spend.groupby("acquisition_channel")["amount"].sum().to_dict()
    assert spend == pytest.approx(brand.truth["ad_spend"])
    assert shop.plan.config.acquisition_channels == ()


def test_suppliers_and_lead_times(brand, shop):
    assert {supplier.key for supplier in brand.plan.config.suppliers} == set(brand.truth["suppliers"])
    clearance = brand.plan.config.ports[0].clearance_days
    for lane in brand.plan.config.lanes:
        days = lane.production.mean + lane.transit.mean + lane.inland.mean + clearance
        told = brand.truth["suppliers"][lane.supplier]["unit_weighted_mean_days"]
        own = brand.plan.purchase_orders[brand.plan.purchase_orders["supplier"] == lane.supplier]
        received = lead_time(own[own["received_on"].notna()])  # the truth counts receipts only
        assert received.mean == pytest.approx(told, abs=0.05)
        assert received.mean <= days < received.mean + received.error  # open orders are censored
    assert [supplier.key for supplier in shop.plan.config.suppliers] == ["SUPPLIER"]
    assert "no purchase list names a supplier" in shop.text


def test_purchases(brand):
    log = brand.plan.purchase_orders
    assert int(log["received"].sum()) == brand.truth["units_received"]
    is_open = log["received_on"].isna()
    assert int(log["quantity"][is_open].sum()) == brand.truth["units_open"]
    assert log[is_open].groupby("item")["quantity"].sum().to_dict() == brand.truth["incoming"]


def test_unit_costs_and_prices(brand, shop):
    for row in brand.plan.items.itertuples():
        assert row.unit_cost == pytest.approx(brand.truth["unit_costs"][row.item]["goods"], rel=1e-3)
        assert row.list_price == pytest.approx(brand.truth["prices"][row.item])
    for row in shop.plan.items.itertuples():
        assert row.unit_cost == pytest.approx(shop.truth["unit_costs"][row.item])
        assert row.list_price == pytest.approx(shop.truth["prices"][row.item])


def test_freight_and_duty_by_weight_add_up_over_what_was_sold(brand):
    sold = brand.plan.orders.groupby("item")["quantity"].sum()
    told = sum(sold[item] * cost["freight_and_duty"] for item, cost in brand.truth["unit_costs"].items())
    weight = brand.plan.items.set_index("item")["weight_kg"]
    freight = brand.plan.config.lanes[0].freight_per_kg
    assert freight * float((weight * sold).sum()) == pytest.approx(told, rel=1e-3)


def test_stock(brand, shop):
    for one, field in ((brand, brand.truth["closing_stock"]), (shop, shop.truth["closing"]["stock"])):
        assert one.plan.inventory.set_index("item")["on_hand"].to_dict() == field


def test_closing_cash_and_balance(brand, shop):
    books, cash_book = balance(brand.plan), balance(shop.plan)
    assert books["cash"] == pytest.approx(brand.truth["balance_sheet"]["Checking"])
    assert books["term_debt"] == pytest.approx(brand.truth["balance_sheet"]["Term loan"])
    assert books["inventory"] == pytest.approx(brand.truth["balance_sheet"]["Inventory Asset"])
    assert cash_book["cash"] == pytest.approx(shop.truth["closing"]["cash"])
    assert cash_book["inventory"] == pytest.approx(shop.truth["closing"]["inventory"])
    assert cash_book["receivables"] == pytest.approx(shop.truth["closing"]["courier_receivable"])


def test_payout_lag_and_fees(brand, shop):
    web = brand.plan.config.sales_channels[0]
    assert web.payout_lag_days == pytest.approx(2.41, abs=0.01)
    charges = brand.plan.orders
    fees = sum(month["Merchant Fees"] for month in brand.truth["profit_and_loss_by_month"].values())
    total = net(brand.plan).sum() + charges["shipping"].sum() + charges["tax"].sum()
    expected = web.payment_fee_share * total + web.payment_fee_per_order * charges["order_id"].nunique()
    assert expected == pytest.approx(fees, rel=0.01)
    assert shop.plan.config.sales_channels[0].payout_lag_days == pytest.approx(13.5, abs=0.01)


def test_refusals(shop):
    assert shop.plan.config.markets[0].refusal_share == pytest.approx(
        shop.truth["refused_share_of_closed"], abs=1e-4
    )


def test_fixed_costs(brand, shop):
    for one in (brand, shop):
        by_month = list(one.truth["profit_and_loss_by_month"].values())[-12:]
        costs = {cost.name: cost.monthly for cost in one.plan.config.finance.fixed_costs}
        for name, monthly in costs.items():
            assert monthly == pytest.approx(np.mean([month[name] for month in by_month]), rel=0.01)
        assert len(costs) >= 3


def test_what_no_file_holds_is_a_default_or_a_question(brand, shop):
    for one in (brand, shop):
        marked = [line for line in one.text.splitlines() if "# default" in line or "# ASK" in line]
        for field in ("deposit_share", "outages_per_year", "mean: -1.5", "limit: 0"):
            assert any(field in line for line in marked), field


FILES = sorted(
    path.name
    for path in (CORPUS.iterdir() if CORPUS else ())
    if any(word in path.name for word in ("orders", "etsy", "magento", "letter_ids", "stripe"))
    and "purchase" not in path.name
)


@pytest.mark.parametrize("name", FILES)
def test_each_orders_file_alone_is_a_plan(name, tmp_path):
    set_up(tmp_path / "plan", [CORPUS / name])
    assert len(load_plan(tmp_path / "plan").orders) > 0


def test_refused_parcels_are_taken_off_once(shop):
    """Of the orders that a run places, as many are kept as the history holds."""
    market = shop.plan.config.markets[0]
    placed = shop.truth["orders_sold"] * placed_over_history(market)
    assert market.orders_hold == "kept"
    assert placed == pytest.approx(shop.truth["orders_placed"], rel=0.005)
    assert placed * (1.0 - market.refusal_share) == pytest.approx(shop.truth["orders_sold"])


def test_a_history_of_all_orders_is_left_as_it_is(brand):
    assert [placed_over_history(market) for market in brand.plan.config.markets] == [1.0] * len(
        brand.plan.config.markets
    )
