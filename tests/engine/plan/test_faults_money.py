"""Figures that are surely wrong: faults of the plan by name, warnings once plan.yaml accepts them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.plan.defaults.exchange import default_rate
from engine.plan.load import load_plan
from engine.plan.plan import Plan
from engine.rehearsal import rehearse
from models.errors import InputError
from tests.minimal_plan import minimal_files
from tests.tiny_plan import PLAN, tiny_files, write_plan

Files = dict[str, str]
HEAD = "po,line,supplier,item,node,ordered_on,promised_on,shipped_on,port_on,cleared_on,received_on"


def faults_of(folder: Path, files: Files) -> str:
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(folder, files))
    return str(raised.value)


def accepted(folder: Path, files: Files, *names: str) -> Plan:
    """The plan, with these names accepted beside those of the tiny plan."""
    text = files["plan.yaml"]
    listed = ", ".join(names)
    text = (
        text.replace("accept: [", f"accept: [{listed}, ")
        if "accept: [" in text
        else (f"{text}accept: [{listed}]\n")
    )
    return load_plan(write_plan(folder, files | {"plan.yaml": text}))


def tiny(**changes: str) -> Files:
    files = tiny_files()
    return files | {f"data/{name}.csv": text for name, text in changes.items()}


def without(files: Files, *names: str) -> Files:
    return {name: text for name, text in files.items() if name not in names}


def test_fault_D05_a_missing_rate_of_a_shipped_pair_is_a_dated_default_and_a_warning(tmp_path):
    plan = load_plan(write_plan(tmp_path, without(tiny_files(), "data/fx.csv")))
    warned = [str(each) for each in plan.warnings if each.column == "currency"]
    assert [text.split("got ")[1][:3] for text in warned] == ["CNY", "NOK"]
    assert all("ECB" in text and "2026-06" in text for text in warned)
    assert plan.base_rates["NOK"] == pytest.approx(
        1.0 / default_rate("USD", "NOK", dt.date(2026, 6, 30)).per_base
    )
    assert "fx.CNY" in {each.id for each in plan.assumptions}


def test_fault_R10_check_builds_the_world_where_the_fx_file_was_deleted(tmp_path):
    rehearse(load_plan(write_plan(tmp_path, without(tiny_files(), "data/fx.csv"))))


def test_fault_D05_another_pair_is_a_fault_unless_accepted_and_so_is_one_to_one(tmp_path):
    files = {
        name: text.replace("EUR", "AED") if name != "plan.yaml" else text
        for name, text in minimal_files().items()
    }
    files["plan.yaml"] = files["plan.yaml"].replace(
        "territory: EU, currency: EUR", "territory: EU, currency: AED"
    )
    text = faults_of(tmp_path / "a", files)
    assert "no rate on or before actuals_through for a currency in use | got AED" in text
    assert "accept: [fx.AED]" in text
    plan = accepted(tmp_path / "b", files, "fx.AED")
    assert plan.base_rates["AED"] == 1.0
    files["data/fx.csv"] = "day,currency,per_base\n2026-06-30,AED,1\n"
    assert "two currencies that are worth the same" in faults_of(tmp_path / "c", files)


def test_fault_D05_sibling_a_rate_after_the_shipped_table_is_the_last_one_and_before_it_none():
    assert default_rate("EUR", "USD", dt.date(2031, 1, 31)).month == "2026-10"
    assert default_rate("EUR", "USD", dt.date(2001, 1, 31)) is None
    assert default_rate("GBP", "USD", dt.date(2020, 6, 15)).month == "2020-05"


def test_fault_D05_sibling_a_known_currency_keeps_its_rate_where_another_is_missing(tmp_path):
    text = "\n".join(line for line in tiny_files()["data/fx.csv"].split("\n") if "NOK" not in line)
    plan = load_plan(write_plan(tmp_path, tiny(fx=text)))
    assert plan.base_rates["CNY"] == load_plan(write_plan(tmp_path / "b", tiny_files())).base_rates["CNY"]


def test_fault_D21_a_duty_rate_above_one_is_a_fault_unless_accepted(tmp_path):
    files = tiny(tariffs=tiny_files()["data/tariffs.csv"].replace("0.065", "6.5"))
    text = faults_of(tmp_path / "a", files)
    assert "data/tariffs.csv:4:rate | a duty of more than the goods are worth | got 6.5 = 650%" in text
    assert "6.5% is 0.065" in text
    plan = accepted(tmp_path / "b", files, "duty_rate_above_one")
    assert any("duty_rate_above_one" in each.remedy for each in plan.warnings)
    assert plan.tariffs["rate"].max() == 6.5


@pytest.mark.parametrize(
    ("old", "new"), [("rate: 0.08", "rate: 8"), ("term_debt_rate: 0.05", "term_debt_rate: 5")]
)
def test_fault_D21_sibling_interest_in_percent(tmp_path, old, new):
    files = tiny_files() | {"plan.yaml": PLAN.replace(old, new)}
    assert "interest of more than the whole amount a year" in faults_of(tmp_path / "a", files)
    accepted(tmp_path / "b", files, "interest_above_one")


def test_fault_D04_a_balance_without_inventory_makes_no_stock_for_nothing(tmp_path):
    files = minimal_files() | {
        "data/opening_balance.csv": "as_of,account,amount\n"
        "2026-06-30,cash,1000\n2026-06-30,share_capital,1000\n"
    }
    text = faults_of(tmp_path / "a", files)
    assert "assumed stock would be free" in text
    assert "accept: [opening_balance.inventory]" in text
    accepted(tmp_path / "b", files, "opening_balance.inventory")
    files["data/opening_balance.csv"] += "2026-06-30,inventory,500\n2026-06-30,retained_earnings,500\n"
    plan = load_plan(write_plan(tmp_path / "c", files))
    stock = plan.inventory
    assert (stock["on_hand"] * stock["unit_landed_cost"]).sum() == pytest.approx(500.0)


@pytest.mark.parametrize("account", ["inventory_in_transit", "prepayments"])
def test_fault_D04_sibling_goods_and_deposits_that_the_balance_does_not_hold(tmp_path, account):
    lines = tiny_files()["data/opening_balance.csv"].split("\n")
    amount = next(float(line.split(",")[2]) for line in lines if f",{account}," in line)
    kept = [line for line in lines if f",{account}," not in line]
    earned = next(k for k, line in enumerate(kept) if "retained_earnings" in line)
    head, value = kept[earned].rsplit(",", 1)
    kept[earned] = f"{head},{float(value) - amount:.2f}"
    assert f"accept: [opening_balance.{account}]" in faults_of(
        tmp_path, tiny(opening_balance="\n".join(kept))
    )


def with_order(line: str, header: str = HEAD) -> Files:
    """The minimal plan with one purchase order and a balance that holds it."""
    return minimal_files() | {
        "data/purchase_orders.csv": f"{header},quantity,unit_cost\n{line}\n",
        "data/open_payables.csv": "due,amount,currency,supplier\n",
        "data/opening_balance.csv": "as_of,account,amount\n2026-06-30,cash,1000\n2026-06-30,inventory,500\n"
        "2026-06-30,inventory_in_transit,8000\n2026-06-30,share_capital,9500\n",
    }


def test_fault_D20_a_shipped_order_that_no_payable_holds_is_a_fault(tmp_path):
    files = with_order("X1,1,maker,A,hub,2026-06-01,2026-08-01,2026-06-20,,,,1000,8")
    files["plan.yaml"] = files["plan.yaml"].replace(
        "capacity_per_week: 1000", "capacity_per_week: 1000, net_days: 30"
    )
    text = faults_of(tmp_path / "a", files)
    assert "goods of maker that are ours exceed its payables" in text
    assert "unpaid by the terms 8,000.00, payables 0.00 EUR" in text
    accepted(tmp_path / "b", files, "payables.maker")
    files["data/open_payables.csv"] += "2026-07-20,8000,EUR,maker\n"
    files["data/opening_balance.csv"] = files["data/opening_balance.csv"].replace(
        "share_capital,9500", "payables,8000\n2026-06-30,share_capital,1500"
    )
    load_plan(write_plan(tmp_path / "c", files))


def test_fault_D20_sibling_goods_delivered_duty_paid_are_the_suppliers_until_they_arrive(tmp_path):
    files = with_order("X1,1,maker,A,hub,2026-06-01,2026-08-01,2026-06-20,,,,1000,8")
    files["plan.yaml"] = files["plan.yaml"].replace(
        "capacity_per_week: 1000", "capacity_per_week: 1000, net_days: 30, incoterm: DDP"
    )
    assert "payables" not in "".join(map(str, load_plan(write_plan(tmp_path, files)).warnings))


GHOST = "X{},1,maker,A,hub,2022-06-01,{},,,,,240,8"


@pytest.mark.parametrize(("promise", "said"), [("", "no promise"), ("2022-08-01", "promised 2022-08-01")])
def test_fault_D19_open_orders_long_past_their_promise_are_named_with_units_and_money(
    tmp_path, promise, said
):
    files = with_order(GHOST.format(1, promise))
    text = faults_of(tmp_path / "a", files)
    assert f"got X1: 240 units, 1,920 EUR, {said}" in text
    accepted(tmp_path / "b", files, "stale_orders")


@pytest.mark.parametrize("status", ["cancelled", "Closed", "CANCELED"])
def test_fault_D19_a_status_settles_an_order_and_the_file_says_so(tmp_path, status):
    files = with_order(
        GHOST.format(1, "").replace("1,maker", f"1,{status},maker", 1), HEAD.replace("line,", "line,status,")
    )
    plan = load_plan(write_plan(tmp_path, files))
    assert plan.purchase_orders.empty
    entry = next(each for each in plan.recognised if each.table == "purchase_orders")
    assert entry.rejected == ((f"status {status.casefold()} and never received", 1),)
    assert entry.unknown_columns == ()


def test_fault_D19_sibling_an_order_within_sixty_days_of_its_promise_is_open(tmp_path):
    files = with_order("X1,1,maker,A,hub,2026-03-01,2026-05-01,,,,,240,8")
    assert len(load_plan(write_plan(tmp_path, files)).purchase_orders) == 1


def test_what_is_accepted_and_not_there_is_a_warning(tmp_path):
    plan = accepted(tmp_path, minimal_files(), "fx.CNY")
    assert [each.got for each in plan.warnings] == ["fx.CNY"]
