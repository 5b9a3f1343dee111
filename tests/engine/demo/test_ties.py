"""Every file of the demo company ties to the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.demo.books import ladder
from engine.demo.company import DEPOSIT_SHARE, HISTORY_DAYS, NET_DAYS, NODES, PORTS, TERRITORIES
from engine.demo.rates import duty_share
from engine.demo.write import History

AS_OF = pd.Timestamp("2026-09-30")
STAGES = ["ordered_on", "shipped_on", "port_on", "cleared_on", "received_on"]


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _shop_lines(folder: Path) -> pd.DataFrame:
    """Shopify's export read by hand: order fields filled down by Name, cancelled orders out."""
    frame = _read(folder / "data" / "shopify_orders.csv")
    head = frame["Created at"] != ""
    filled = frame.groupby("Name")[
        ["Created at", "Currency", "Shipping Country", "Cancelled at", "Email"]
    ].transform("first")
    frame = frame.assign(**filled)[filled["Cancelled at"] == ""]
    money = frame["Lineitem price"].astype(float) * frame["Lineitem quantity"].astype(int)
    share = 1.0 - pd.to_numeric(frame["Discount Amount"]).fillna(0.0).groupby(frame["Name"]).transform(
        "sum"
    ) / money.groupby(frame["Name"]).transform("sum")
    return pd.DataFrame(
        {
            "order_id": frame["Name"],
            "email": frame["Email"],
            "day": pd.to_datetime(frame["Created at"].str[:10]),
            "market": frame["Shipping Country"],
            "currency": frame["Currency"],
            "item": frame["Lineitem sku"],
            "quantity": frame["Lineitem quantity"].astype(int),
            "net": money * share,
            "first": head[frame.index],
        }
    )


def _marketplace_lines(folder: Path) -> pd.DataFrame:
    frame = _read(folder / "data" / "orders_marketplace.csv")
    quantity = frame["quantity"].astype(int)
    return frame.assign(
        day=pd.to_datetime(frame["ordered_at"].str[:10]),
        quantity=quantity,
        net=quantity * frame["net_price"].astype(float),
    )


def _dollars(folder: Path, frame: pd.DataFrame) -> pd.Series:
    rates = _read(folder / "data" / "fx.csv")
    table = (
        rates.assign(per_base=rates["per_base"].astype(float))
        .set_index(["day", "currency"])["per_base"]
        .to_dict()
    )
    keys = zip(frame["day"].dt.strftime("%Y-%m-%d"), frame["currency"], strict=True)
    return frame["net"] / np.asarray(
        [1.0 if currency == "USD" else table[day, currency] for day, currency in keys]
    )


def test_two_thirds_of_revenue_come_from_one_country_and_the_twin_is_diversified(history: History) -> None:
    orders = history.orders[
        (history.orders["time"] < HISTORY_DAYS) & (history.orders["time"] >= HISTORY_DAYS - 365)
    ]
    value = orders["net"] / [
        history.rates.per_base(c, t) for c, t in zip(orders["currency"], orders["time"], strict=True)
    ]
    shares = (value.groupby(orders["market"]).sum() / value.sum()).to_dict()
    expected = {"US": 0.65, "DE": 0.15, "GB": 0.12, "CA": 0.08}
    if history.company.template == "demo-diversified":
        expected = {"US": 0.28, "DE": 0.26, "GB": 0.24, "CA": 0.22}
    assert shares == pytest.approx(expected, abs=0.015)
    known = history.orders[(history.orders["time"] < HISTORY_DAYS) & (history.orders["customer"] >= 0)]
    assert 11_000 < known["customer"].nunique() < 13_000
    assert len(history.company.items) == 40
    dual = np.mean([len(item.suppliers) > 1 for item in history.company.items])
    assert dual == 1.0 if history.company.template == "demo-diversified" else 0.2 < dual < 0.5
    assert sum(len(item.markets) < 4 for item in history.company.items) == 2


def test_margin_ladder_of_the_last_year_is_that_of_a_plausible_healthy_brand(history: History) -> None:
    steps = ladder(history.company, history.orders, history.spend, history.rates, history.books.cost_of_sales)
    revenue = steps["net_revenue"]
    print({name: f"{amount:,.0f} ({amount / revenue:.1%})" for name, amount in steps.items()})
    assert 9e6 < revenue < 15e6
    assert 0.57 < steps["cm1"] / revenue < 0.70
    assert 0.35 < steps["cm2"] / revenue < 0.42
    assert 0.15 < steps["cm3"] / revenue < 0.21
    assert 0.02 < steps["ebitda"] / revenue < 0.10


def test_stock_on_hand_is_received_less_sold_and_was_never_negative(folder: Path) -> None:
    sold = pd.concat([_shop_lines(folder), _marketplace_lines(folder)])
    node = sold["market"].map({"US": "us_ohio", "CA": "us_ohio", "DE": "nl_venlo", "GB": "gb_midlands"})
    log = _read(folder / "data" / "purchase_orders.csv")
    got = log[log["received_on"] != ""]
    moves = pd.concat(
        [
            pd.DataFrame(
                {
                    "node": got["node"],
                    "item": got["item"],
                    "day": pd.to_datetime(got["received_on"]),
                    "rank": 0,
                    "units": got["received"].astype(int),
                }
            ),
            pd.DataFrame(
                {
                    "node": node,
                    "item": sold["item"],
                    "day": sold["day"],
                    "rank": 1,
                    "units": -sold["quantity"],
                }
            ),
        ]
    ).sort_values(["node", "item", "day", "rank"])
    level = moves.groupby(["node", "item"])["units"].cumsum()
    assert level.min() >= 0
    stock = _read(folder / "data" / "inventory.csv").set_index(["node", "item"])["on_hand"].astype(int)
    assert moves.groupby(["node", "item"])["units"].sum().to_dict() == stock.to_dict()
    assert len(stock) == 3 * 40 - 3


def test_opening_balance_balances_to_the_cent_and_ties_to_the_files(folder: Path) -> None:
    data = folder / "data"
    table = _read(data / "opening_balance.csv")
    balance = table["amount"].astype(float)
    balance.index = table["account"]
    assets = [
        "cash",
        "receivables",
        "inventory",
        "inventory_in_transit",
        "prepayments",
        "import_vat_recoverable",
        "fixed_assets",
    ]
    assert round(100 * balance[assets].sum()) == round(100 * balance.drop(assets).sum())
    assert (balance[assets] > 0).all()
    assert balance["retained_earnings"] > 0
    stock = _read(data / "inventory.csv")
    value = (stock["on_hand"].astype(int) * stock["unit_landed_cost"].astype(float)).sum()
    assert balance["inventory"] == pytest.approx(value, abs=0.01)
    for account, name in (("receivables", "open_receivables"), ("payables", "open_payables")):
        rows = _read(data / f"{name}.csv")
        assert (rows["due"] > "2026-09-30").all()
        assert (rows["amount"].astype(float) > 0).all()
        dated = rows.assign(day=AS_OF, net=rows["amount"].astype(float))
        assert balance[account] == pytest.approx(_dollars(folder, dated).sum(), abs=0.02)
    spend = _read(data / "spend.csv")
    assert balance["accrued_marketing"] == pytest.approx(
        spend.loc[spend["day"] >= "2026-09-01", "amount"].astype(float).sum(), abs=0.01
    )


def test_deposits_and_open_balances_tie_to_the_purchase_orders(folder: Path) -> None:
    log = _read(folder / "data" / "purchase_orders.csv")
    value = log["quantity"].astype(int) * log["unit_cost"].astype(float)
    assert np.allclose(log["deposit_paid"].astype(float), DEPOSIT_SHARE * value, atol=0.006)
    waiting = log[log["shipped_on"] == ""]
    paid = waiting.assign(
        day=pd.to_datetime(waiting["ordered_on"]), net=waiting["deposit_paid"].astype(float)
    )
    table = _read(folder / "data" / "opening_balance.csv").set_index("account")["amount"].astype(float)
    assert table["prepayments"] == pytest.approx(_dollars(folder, paid).sum(), abs=1.0)
    due = pd.to_datetime(log["shipped_on"]) + pd.Timedelta(days=NET_DAYS)
    owed = (value - log["deposit_paid"].astype(float))[due > AS_OF].groupby(log["supplier"]).sum()
    listed = _read(folder / "data" / "open_payables.csv")
    assert listed["amount"].astype(float).groupby(listed["supplier"]).sum().to_dict() == pytest.approx(
        owed.to_dict(), abs=1.0
    )


def test_orders_are_open_in_every_stage_and_no_date_lies_ahead(folder: Path) -> None:
    log = _read(folder / "data" / "purchase_orders.csv")
    dates = log[STAGES].apply(pd.to_datetime)
    assert dates.max(axis=None) <= AS_OF
    known = dates.notna().to_numpy()
    assert (known[:, :-1] >= known[:, 1:]).all(), "a later stage is known before an earlier one"
    lengths = dates.diff(axis=1).iloc[:, 1:]
    assert ((lengths >= pd.Timedelta(0)) | lengths.isna()).all(axis=None)
    reached = known.sum(axis=1)
    open_orders = log.assign(reached=reached).drop_duplicates("po")["reached"].value_counts()
    assert set(open_orders.index) == {1, 2, 3, 4, 5}
    assert (log["received"].astype(int) == np.where(reached == 5, log["quantity"].astype(int), 0)).all()


def test_landed_cost_of_each_line_is_goods_freight_insurance_duty_and_fee(history: History) -> None:
    log = history.purchases
    items = {item.key: item for item in history.company.items}
    nodes = {node.key: node for node in NODES}
    countries = {"CN1": "CN", "CN2": "CN", "KR1": "KR"}
    for row in log.iloc[:: len(log) // 40].itertuples():
        item, node = items[row.item], nodes[row.node]

        def dollars(amount: float, day: int, currency: str = row.currency) -> float:
            return amount / history.rates.per_base(currency, day)

        invoice = row.quantity * row.unit_cost
        goods = dollars(row.deposit_paid, row.ordered_on) + dollars(
            invoice - row.deposit_paid, row.shipped_on
        )
        freight = row.quantity * item.weight * node.freight_per_kg
        insurance = 0.004 * dollars(invoice, row.shipped_on)
        customs = dollars(invoice, row.cleared_on)
        cif = customs + freight + insurance
        duty = duty_share(item.hs, countries[row.supplier], node.territory) * (
            customs if row.node == "us_ohio" else cif
        )
        fee = TERRITORIES[node.territory][4] * row.quantity / log.loc[log["po"] == row.po, "quantity"].sum()
        assert row.landed == pytest.approx(goods + freight + insurance + duty + fee, rel=1e-12)
        assert row.import_vat == pytest.approx({"us_ohio": 0.0}.get(row.node, 0.2) * (cif + duty), rel=1e-12)
    fees = log["node"].map(lambda key: TERRITORIES[nodes[key].territory][4]).groupby(log["po"]).first()
    assert np.allclose(log.groupby("po")["fee"].sum(), fees)


def test_goods_under_way_hold_the_costs_of_the_stages_they_have_passed(history: History) -> None:
    afloat, vat = 0.0, 0.0
    for row in history.purchases.itertuples():
        if row.shipped_on < HISTORY_DAYS <= row.received_on:
            afloat += row.goods
            afloat += row.freight + row.insurance if row.port_on < HISTORY_DAYS else 0.0
            afloat += row.duty + row.fee if row.cleared_on < HISTORY_DAYS else 0.0
        if HISTORY_DAYS - 60 <= row.cleared_on < HISTORY_DAYS:
            vat += row.import_vat
    balance = history.books.balance.set_index("account")["amount"]
    assert balance["inventory_in_transit"] == pytest.approx(afloat, abs=0.006)
    assert balance["import_vat_recoverable"] == pytest.approx(vat, abs=0.006)


def test_spend_file_counts_the_customers_whose_first_order_is_in_the_export(folder: Path) -> None:
    lines = _shop_lines(folder)
    first = (
        lines.groupby("email")
        .agg(day=("day", "min"), market=("market", "first"))
        .value_counts(["day", "market"])
    )
    spend = _read(folder / "data" / "spend.csv")
    won = (
        spend.assign(n=spend["new_customers"].astype(int), day=pd.to_datetime(spend["day"]))
        .groupby(["day", "market"])["n"]
        .sum()
    )
    assert won[won > 0].sort_index().to_dict() == first.sort_index().to_dict()


def test_clearance_in_the_log_is_service_plus_queue(history: History) -> None:
    log = history.purchases.drop_duplicates("po")
    for port, (_, mean, _) in PORTS.items():
        here = log[log["node"].isin([node.key for node in NODES if node.port == port])]
        assert here["service"].mean() == pytest.approx(mean, rel=0.25)
        # dates are whole days: a service of 2.4 days may show as 2 or 3
        assert ((here["cleared_on"] - here["port_on"]) >= here["service"] - 1.0).all()
