"""Small exports become a plan folder that loads; nothing is half-written, nothing personal is kept."""

import shutil

import pytest
from ruamel.yaml import YAML

from engine.plan.load import load_plan
from engine.plan.setup.gather import gather
from engine.plan.setup.noted import key_of
from engine.plan.setup.setup import set_up
from models.errors import InputError

HEADER = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country,Refunded Amount,Source\n"
)


def orders(
    months=("01", "03", "05"), countries=("US", "US", "CA", "NO"), first=1000, days=(2, 9, 16, 23, 31)
):
    text, number = HEADER, first
    for month in months:
        for day in days:
            for country in countries:
                number += 1
                person = f"person{number % 7}@example.org"
                text += (
                    f"#{number},{person},paid,USD,20.00,5.00,2.50,27.50,0.00,"
                    f"2025-{month}-{day:02d} 10:00:00 +0000,"
                    f"2,Cup,10.00,CUP-1,{country},0.00,web\n"
                )
    return text


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "orders.csv").write_text(orders())
    return folder


def test_orders_alone_become_a_plan_that_loads(exports, tmp_path):
    text = set_up(tmp_path / "plan", [exports])
    plan = load_plan(tmp_path / "plan")
    assert len(plan.orders) == 60
    assert float((plan.orders["quantity"] * plan.orders["net_price"]).sum()) == pytest.approx(1200.0)
    assert [market.key for market in plan.config.markets] == ["CA", "NO", "US"]
    assert plan.config.markets[0].consumption_tax == pytest.approx(0.1)
    assert [supplier.key for supplier in plan.config.suppliers] == ["SUPPLIER"]
    assert "ONE listed supplier" in text
    assert "60 of 60 orders make their printed total" in text


def test_nothing_personal_is_written_and_the_salt_is_the_plans_own(exports, tmp_path):
    set_up(tmp_path / "a", [exports])
    set_up(tmp_path / "b", [exports])
    for name in ("a", "b"):
        for path in (tmp_path / name).rglob("*"):
            assert not path.is_file() or "example.org" not in path.read_text(encoding="utf-8")
    salts = [(tmp_path / name / "data" / ".salt").read_text().strip() for name in ("a", "b")]
    assert len(set(salts)) == 2
    assert all(len(salt) >= 16 for salt in salts)


def test_every_value_says_where_it_comes_from(exports, tmp_path):
    set_up(tmp_path / "plan", [exports])
    text = (tmp_path / "plan" / "plan.yaml").read_text()
    assert 'currency: "USD"  # from orders.csv' in text
    assert "payout_lag_days: 3  # default: days, 1 to 14; " in text
    assert "# ASK: no file tells the country of origin" in text
    listed = YAML(typ="safe").load((tmp_path / "plan" / "assumptions.yaml").read_text())["assumptions"]
    assert {"suppliers.*.country", "data/opening_balance.csv: cash"} <= {entry["id"] for entry in listed}


def test_overlapping_exports_count_each_order_once(exports, tmp_path):
    (exports / "later.csv").write_text(orders(months=("05", "07"), first=1040))
    text = set_up(tmp_path / "plan", [exports])
    assert len(load_plan(tmp_path / "plan").orders) == 80
    assert "20 records stand in both" in text


def test_the_tail_is_one_market(tmp_path):
    countries = ["US"] * 40 + ["NO"]
    (tmp_path / "orders.csv").write_text(orders(countries=countries))
    text = set_up(tmp_path / "plan", [tmp_path / "orders.csv"])
    assert [market.key for market in load_plan(tmp_path / "plan").config.markets] == ["REST", "US"]
    assert "one market REST for: NO 2.44%" in text


def test_orders_after_the_last_complete_month_are_counted_out(exports, tmp_path):
    """FAULTS.md D10: two orders after the closed month are no fault."""
    with (exports / "orders.csv").open("a") as file:
        file.write(orders(months=("06",), days=(3,), countries=("US", "US"), first=5000).split("\n", 1)[1])
    text = set_up(tmp_path / "plan", [exports])
    assert len(load_plan(tmp_path / "plan").orders) == 60
    assert "2 orders (40.00 USD) after the closed month are counted out" in text


def test_items_without_a_number_go_by_name(exports, tmp_path):
    """FAULTS.md D09: blank numbers lose no sale."""
    path = exports / "orders.csv"
    path.write_text(path.read_text().replace("CUP-1", ""))
    set_up(tmp_path / "plan", [exports])
    assert list(load_plan(tmp_path / "plan").items["item"]) == ["Cup"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "empty"), ("a,b\n1,2\n", "no layout fits")],
)
def test_a_faulty_file_leaves_nothing_behind(content, problem, exports, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text(content)
    with pytest.raises(InputError, match=problem):
        set_up(tmp_path / "plan", [exports, bad])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "exports"]


def test_a_strange_file_of_a_folder_is_told_with_a_draft(exports, tmp_path):
    (exports / "notes.csv").write_text("colour,mood\nred,good\n")
    gathered = gather([exports])
    assert [name for name, _ in gathered.unread] == ["notes.csv"]


def test_payments_beside_orders_are_not_sold_twice(exports, tmp_path):
    head = "order number,order date,country,currency,total\n"
    (exports / "payments.csv").write_text(head + "P1,2025-05-02,US,USD,27.50\nP2,2025-05-03,US,USD,27.50\n")
    text = set_up(tmp_path / "plan", [exports])
    assert len(load_plan(tmp_path / "plan").orders) == 60
    assert "payments.csv: no item is named" in text


def test_many_items_become_price_bands(exports, tmp_path):
    head, *rows = (exports / "orders.csv").read_text().splitlines()
    named = [row.replace("CUP-1", f"I-{number}") for number, row in enumerate(rows)]
    (exports / "orders.csv").write_text("\n".join([head, *named]) + "\n")
    text = set_up(tmp_path / "plan", [exports])
    plan = load_plan(tmp_path / "plan")
    assert sum(str(item).startswith("BAND-") for item in plan.items["item"]) == 5
    assert "48 of 60 codes, 80.0% of revenue; the others by price bands" in text
    assert float((plan.orders["quantity"] * plan.orders["net_price"]).sum()) == pytest.approx(1200.0)


PURCHASES = (
    "po number,vendor,item,quantity ordered,quantity received,rate,currency,"
    "order date,expected date,receipt date\n"
    "P1,Mill One,CUP-1,100,100,3.00,USD,2025-01-02,2025-02-10,2025-02-11\n"
    "P2,Mill One,CUP-1,50,0,3.00,USD,2025-01-20,2025-02-20,\n"
    "P3,Mill One,CUP-1,70,0,3.00,USD,2025-05-20,2025-06-30,\n"
)


def test_purchases_give_supplier_cost_and_lead_time_and_stale_ones_are_told(exports, tmp_path):
    (exports / "purchases.csv").write_text(PURCHASES)
    text = set_up(tmp_path / "plan", [exports])
    plan = load_plan(tmp_path / "plan")
    assert [supplier.label for supplier in plan.config.suppliers] == ["Mill One"]
    assert list(plan.items["unit_cost"]) == [3.0]
    lane = plan.config.lanes[0]
    assert lane.production.mean + lane.transit.mean + lane.inland.mean + 2 == pytest.approx(40, abs=0.05)
    assert sorted(plan.purchase_orders["po"]) == ["P1", "P3"]
    assert "open purchases of 50 units, 150.00 USD, more than 60 days past" in text


def test_a_folder_without_orders_is_a_fault(tmp_path):
    with pytest.raises(InputError, match="no orders at all"):
        set_up(tmp_path / "plan", [])


def test_a_failed_write_leaves_nothing_behind(exports, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.plan.setup.write.plan_text", lambda config: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        set_up(tmp_path / "plan", [exports])
    assert [path.name for path in tmp_path.iterdir()] == ["exports"]
    shutil.rmtree(exports)


def test_keys_are_made_from_any_text():
    assert key_of("Reno 3PL") == "Reno-3PL"
    assert key_of("WEB", ["web"]) == "WEB-2"
    assert key_of("倉庫", fallback="NODE") == "NODE"


def test_a_drafted_plan_with_an_account_that_nothing_places_loads_and_lists_it(exports, tmp_path):
    (exports / "trial_balance.csv").write_text(
        "Trial Balance,,\nLoom,,\nAs at 31 May 2025,,\n\nAccount,Debit,Credit\nBank,900.00,\n"
        "Inventory,100.00,\nZebra suspense,,250.00\nShare Capital,,750.00\n"
    )
    set_up(tmp_path / "plan", [exports])
    plan = load_plan(tmp_path / "plan")
    assert any("Zebra suspense" in assumption.id for assumption in plan.assumptions)
