"""Plain transaction ledgers: every quirk of Online Retail's layout on a ledger of a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.importers import ledger_lines as kinds
from engine.plan.importers.imported import hash_customers
from engine.plan.load import load_plan
from engine.plan.report import check_report
from models.errors import InputError
from tests.engine.plan.ledgers import HEADER, MAPPING, ledger_text, line, load, small_files, treatments
from tests.tiny_plan import tiny_files, write_plan

ACCEPTED = {"plan.yaml": tiny_files()["plan.yaml"].replace("accept: [", "accept: [money_left_out, ")}
"""The tiny plan whose company says that much of the money is no sale."""


def test_a_sale_becomes_an_order_line_with_a_hashed_customer(tmp_path: Path) -> None:
    salt = "sixteen-or-more-characters"
    _, orders, entry = load(tmp_path, line(), **{"data/.salt": salt})
    assert orders.loc[0, ["market", "sales_channel", "currency", "item"]].tolist() == [
        "NO",
        "shop",
        "USD",
        "B-2",
    ]
    assert (orders.loc[0, "quantity"], orders.loc[0, "net_price"]) == (2, 10.0)
    assert orders.loc[0, "customer_key"] == hash_customers(["17850"], salt.encode())[0]
    assert treatments(entry) == {kinds.SOLD: (1, 20.0)}


def test_a_later_cancellation_is_a_refund_of_the_sale(tmp_path: Path) -> None:
    _, orders, entry = load(tmp_path, line(), line("C101", quantity=-1, on="2026-03-09 09:00"))
    assert (orders.loc[0, "quantity"], orders.loc[0, "refunded"]) == (2, 10.0)
    assert treatments(entry) == {kinds.REFUND: (1, -10.0), kinds.SOLD: (1, 20.0)}


def test_a_huge_order_cancelled_the_same_day_is_no_demand(tmp_path: Path) -> None:
    _, orders, entry = load(
        tmp_path, line(), line("101", quantity=80_995), line("C102", quantity=-80_995, on="2026-03-02 10:12")
    )
    assert orders["order_id"].tolist() == ["100"]
    assert treatments(entry) == {
        kinds.SOLD: (1, 20.0),
        kinds.VOIDED: (1, 809_950.0),
        kinds.VOIDS: (1, -809_950.0),
    }


def test_part_of_an_order_cancelled_the_same_day_takes_its_units_off(tmp_path: Path) -> None:
    _, orders, entry = load(tmp_path, line(quantity=5), line("C101", quantity=-2, on="2026-03-02 11:00"))
    assert (orders.loc[0, "quantity"], orders.loc[0, "refunded"]) == (3, 0.0)
    assert treatments(entry) == {kinds.TAKEN_OFF: (1, -20.0), kinds.SOLD: (1, 50.0)}


def test_a_cancellation_over_a_whole_sale_and_part_of_another_still_ties(tmp_path: Path) -> None:
    _, orders, entry = load(
        tmp_path,
        line("100", quantity=5, on="2026-03-02 09:00"),
        line("101", quantity=2, on="2026-03-02 09:30"),
        line("C102", quantity=-4, on="2026-03-02 11:00"),
    )
    assert orders[["order_id", "quantity"]].values.tolist() == [["100", 3]]
    assert treatments(entry) == {
        kinds.TAKEN_OFF: (1, -40.0),
        kinds.SOLD: (1, 50.0),
        kinds.SOLD_OFF: (1, 20.0),
    }


def test_a_cancellation_spreads_over_the_latest_earlier_sales(tmp_path: Path) -> None:
    _, orders, _ = load(
        tmp_path,
        line("100", quantity=2, on="2026-03-01 09:00"),
        line("101", quantity=2, on="2026-03-02 09:00"),
        line("C102", quantity=-3, on="2026-03-05 09:00"),
        line("103", quantity=2, on="2026-03-06 09:00"),
    )
    assert orders.set_index("order_id")["refunded"].to_dict() == {"100": 10.0, "101": 20.0, "103": 0.0}


@pytest.mark.parametrize(
    "cancelled",
    [
        line("C101", quantity=-3, on="2026-03-09"),
        line("C101", quantity=-1, price=9.99, on="2026-03-09"),
        line("C101", quantity=-1, customer="99999", on="2026-03-09"),
        line("C101", item="007", quantity=-1, on="2026-03-09"),
        line("C101", quantity=-1, on="2026-03-01 23:59"),
    ],
    ids=["more units", "another price", "another customer", "another item", "before the sale"],
)
def test_a_cancellation_that_fits_no_sale_is_itemised(tmp_path: Path, cancelled: tuple[object, ...]) -> None:
    _, orders, entry = load(tmp_path, line(), cancelled)
    assert orders["refunded"].sum() == 0.0
    amount = round(float(str(cancelled[3])) * float(str(cancelled[5])), 6)
    assert treatments(entry)[kinds.UNMATCHED] == (1, amount)


def test_a_cancellation_without_a_customer_matches_nobody(tmp_path: Path) -> None:
    _, _, entry = load(tmp_path, line(customer=""), line("C101", quantity=-1, customer="", on="2026-03-09"))
    assert treatments(entry)[kinds.UNKNOWN_CUSTOMER] == (1, -10.0)


def test_a_return_without_the_prefix_is_matched_too(tmp_path: Path) -> None:
    _, orders, entry = load(tmp_path, line(), line("101", quantity=-1, on="2026-03-09"))
    assert (orders["refunded"].sum(), treatments(entry)[kinds.REFUND]) == (10.0, (1, -10.0))


def test_bad_debt_adjustments_are_bookings_not_sales(tmp_path: Path) -> None:
    _, _, entry = load(
        tmp_path,
        line(),
        line("A500", "B", 1, 11_062.06, customer=""),
        line("A501", "B", 1, -11_062.06, customer=""),
    )
    assert treatments(entry)["booking of the accounts, not a sale (invoice A...)"] == (2, 0.0)


def test_lines_without_a_customer_are_anonymous_demand_in_a_channel_of_their_own(tmp_path: Path) -> None:
    _, orders, entry = load(
        tmp_path, line(), line("101", customer=""), more="ledger: {anonymous_channel: marketplace}\n"
    )
    assert orders.set_index("order_id")["sales_channel"].to_dict() == {"100": "shop", "101": "marketplace"}
    assert orders.set_index("order_id").loc["101", "customer_key"] == ""
    assert any("1 sold lines (50.0% of the amount sold) carry no customer" in note for note in entry.notes)


def test_a_blank_customer_is_filled_in_from_its_invoice(tmp_path: Path) -> None:
    _, orders, entry = load(tmp_path, line(), line(item="007", customer=""))
    assert orders["customer_key"].nunique() == 1
    assert "1 lines got the customer that the other lines of their invoice name" in entry.notes


def test_customer_numbers_of_spreadsheets_are_one_customer(tmp_path: Path) -> None:
    _, orders, _ = load(tmp_path, line(customer="17850"), line("101", customer="17850.0"))
    assert orders["customer_key"].nunique() == 1


def test_shipping_is_charged_on_its_order_and_other_codes_are_itemised(tmp_path: Path) -> None:
    _, orders, entry = load(
        tmp_path,
        line(),
        line("100", "POST", 1, 18.0),
        line("102", "DOT", 1, 30.0),
        line("C103", "POST", -1, 18.0),
        line("104", "M", 1, 5.0),
        line("C104", "D", -1, 7.0),
        line("105", "AMAZONFEE", -1, 100.0, customer=""),
        line("106", "gift_0001_20", 1, 20.0),
        line("107", "S", -1, 3.0),
        **ACCEPTED,
    )
    assert orders["shipping"].tolist() == [18.0]
    found = treatments(entry)
    assert found[kinds.SHIPPING] == (1, 18.0)
    assert found[kinds.NO_GOODS] == (1, 30.0)
    assert found["shipping paid back"] == (1, -18.0)
    assert found["no product: manual booking"] == (1, 5.0)
    assert found["no product: discount"] == (1, -7.0)
    assert found["no product: fee of a bank or marketplace"] == (1, -100.0)
    assert found["no product: gift voucher"] == (1, 20.0)
    assert found["no product: samples"] == (1, -3.0)


def test_codes_are_the_mappings_and_never_hide_an_item_of_the_plan(tmp_path: Path) -> None:
    codes = 'ledger: {codes: {"007": fee, "FEE*": fee, POST: goods}}\n'
    with pytest.raises(InputError) as caught:
        load(tmp_path, line(item="007"), line("101", "FEE-9", -1, 4.0), line("102", "POST"), more=codes)
    assert [(fault.problem, fault.got) for fault in caught.value.faults] == [("unknown item", "POST")]
    _, orders, entry = load(tmp_path / "b", line(item="007"), line("101", "fee-9", -1, 4.0), more=codes)
    assert orders["item"].tolist() == ["007"]
    assert treatments(entry)["no product: fee of a bank or marketplace"] == (1, -4.0)


def test_lines_without_a_price_move_stock_not_revenue(tmp_path: Path) -> None:
    _, orders, entry = load(
        tmp_path,
        line(),
        line("101", price=0, customer=""),
        line("102", price="0.0"),
        line("103", quantity=-5, price=0, customer=""),
        line("104", price=-1),
        line("105", quantity=0),
        line("C106", quantity=3),
        **ACCEPTED,
    )
    assert len(orders) == 1
    assert {name: rows for name, (rows, _) in treatments(entry).items()} == {
        kinds.SOLD: 1,
        "units without price and customer (stock found or moved)": 1,
        "goods given away (no price)": 1,
        "correction of stock (units below zero, no price)": 1,
        "a price below zero": 1,
        "a quantity of zero": 1,
        "cancellation with a quantity above zero": 1,
    }


def test_repeated_lines_are_kept_unless_the_mapping_drops_them(tmp_path: Path) -> None:
    lines = [line(), line(), line("101")]
    _, kept, entry = load(tmp_path / "a", *lines)
    assert len(kept) == 3
    assert any("1 lines worth 20.00 repeat an earlier line in every column" in note for note in entry.notes)
    _, dropped, entry = load(tmp_path / "b", *lines, more="ledger: {duplicates: drop}\n")
    assert len(dropped) == 2
    assert treatments(entry)["exact repetition of an earlier line"] == (1, 20.0)


def test_lines_after_the_closed_month_are_counted_out(tmp_path: Path) -> None:
    _, orders, entry = load(
        tmp_path, line(), line("101", on="2026-04-01"), more="ledger: {through: 2026-03-31}\n"
    )
    assert orders["order_id"].tolist() == ["100"]
    assert treatments(entry)["after 2026-03-31: the month is not closed"] == (1, 20.0)


def test_lines_after_actuals_through_are_a_fault_without_that_rule(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ledger.csv:2:.* an order after actuals_through"):
        load(tmp_path, line(on="2026-07-01"))


def test_codes_beyond_the_plans_items_become_price_bands(tmp_path: Path) -> None:
    items = tiny_files()["data/items.csv"] + "".join(
        f"BAND-0{number},,33049900,,0.1,4,KR1,1,1,1,1.0\n" for number in (1, 2, 3)
    )
    _, orders, entry = load(
        tmp_path,
        line(),
        line("101", "X1", 1, 0.99),
        line("102", "X1", 1, 1.0),
        line("103", "X2", 1, 7.0),
        more="ledger: {price_bands: {edges: [1, 5]}}\n",
        **{"data/items.csv": items},
    )
    assert orders.set_index("order_id")["item"].to_dict() == {
        "100": "B-2", "101": "BAND-01", "102": "BAND-02", "103": "BAND-03",
    }  # fmt: skip
    assert any(
        "1 items of the plan are 69.0% of the amount sold; 2 other codes" in note for note in entry.notes
    )


@pytest.mark.parametrize(
    ("dates", "text"), [("mdy", "3/14/2026 8:26"), ("dmy", "14/3/2026 8:26"), ("dmy", "14.03.26")]
)
def test_the_order_of_day_and_month_is_the_mappings(tmp_path: Path, dates: str, text: str) -> None:
    _, orders, _ = load(tmp_path, line(on=text), more=f"ledger: {{dates: {dates}}}\n")
    assert str(orders.loc[0, "ordered_at"])[:10] == "2026-03-14"


def test_a_day_that_does_not_exist_in_that_order_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, line(on="14/3/2026"), line("101", on="3/14/2026"), more="ledger: {dates: mdy}\n")
    assert [(fault.row, fault.problem) for fault in caught.value.faults] == [(2, "not a date")]


def test_the_layout_is_recognised_by_its_headers_and_aliases(tmp_path: Path) -> None:
    header = ("Invoice", *HEADER[1:5], "Price", "Customer ID", "Country")
    files = small_files() | {"data/sales.csv": ledger_text(line(country="NO"), header=header)}
    plan = load_plan(write_plan(tmp_path, files))
    entry = next(entry for entry in plan.recognised if entry.file == "data/sales.csv")
    order = plan.orders[plan.orders["order_id"] == "100"].iloc[0]
    assert (entry.by, entry.layout) == ("header", "transactions")
    assert (order["market"], order["sales_channel"], order["currency"]) == ("NO", "shop", plan.currency)
    assert entry.defaulted_columns == ("currency",)
    assert any(given.id == "data/sales.csv.currency" for given in plan.assumptions)


def test_headers_of_another_company_are_named_by_the_mapping(tmp_path: Path) -> None:
    header = ("Beleg", "Artikel", "Text", "Menge", "Datum", "Preis", "Kunde", "Land")
    columns = (
        "columns: {order_id: Beleg, item: Artikel, quantity: Menge, ordered_at: Datum, net_price: Preis, "
        "customer_key: Kunde, market: Land}\n"
    )
    _, orders, entry = load(
        tmp_path,
        more=columns,
        **{"data/ledger.csv": ledger_text(line(), header=header), "mappings/ledger.yaml": MAPPING + columns},
    )
    assert len(orders) == 1
    assert entry.unknown_columns == ("Text",)


def test_every_fault_of_a_damaged_ledger_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(
            tmp_path,
            line(quantity="two"),
            line("101", price="1,50"),
            line("102", on="yesterday"),
            line("", "B-2"),
            line("104", ""),
            line("105", "B-3"),
            line("106", price="nan"),
        )
    faults = [(fault.file, fault.row, fault.column, fault.problem) for fault in caught.value.faults]
    assert faults == [
        ("data/ledger.csv", 2, "Quantity", "text in a number"),
        ("data/ledger.csv", 3, "UnitPrice", "text in a number"),
        ("data/ledger.csv", 4, "InvoiceDate", "not a date"),
        ("data/ledger.csv", 5, "InvoiceNo", "a blank cell"),
        ("data/ledger.csv", 6, "StockCode", "a blank cell"),
        ("data/ledger.csv", 7, "StockCode", "unknown item"),
        ("data/ledger.csv", 8, "UnitPrice", "not a finite number"),
    ]


def test_an_unknown_country_is_a_fault_with_a_way_out(tmp_path: Path) -> None:
    mapping = MAPPING.replace('values: {market: {Norway: "NO", "*": "NA"}}\n', "")
    with pytest.raises(InputError) as caught:
        load(tmp_path, line(country="Norwy"), line("101", country=""), **{"mappings/ledger.yaml": mapping})
    found = [(fault.row, fault.column, fault.got) for fault in caught.value.faults]
    assert found == [(2, "Country", "Norwy"), (3, "Country", "''")]


def test_missing_columns_name_the_mapping_that_would_do(tmp_path: Path) -> None:
    header = tuple("Stueck" if name == "Quantity" else name for name in HEADER)
    with pytest.raises(InputError) as caught:
        load(tmp_path, **{"data/ledger.csv": ledger_text(line(), header=header)})
    (fault,) = caught.value.faults
    assert (fault.problem, fault.remedy) == (
        "a column is missing",
        "columns: {quantity: HEADER} of a mapping",
    )


def test_an_empty_ledger_beside_other_orders_is_no_fault(tmp_path: Path) -> None:
    _, orders, entry = load(tmp_path)
    assert (len(orders), entry.rows, entry.used) == (0, 0, 0)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    _, orders, _ = load(tmp_path, line(customer="=cmd|' /C calc'!A0"), line("101", customer="[/a]<script>"))
    assert orders["customer_key"].str.fullmatch(r"[0-9a-f]{32}").all()


def test_the_check_sums_amounts_to_the_cent(tmp_path: Path) -> None:
    plan, _, _ = load(
        tmp_path, line(price=0.1), line("101", price=0.2), line("C102", quantity=-9, on="2026-03-09")
    )
    (table,) = next(f for f in check_report(plan)["files"] if f["layout"] == "transactions")["amounts"]
    assert (table["currency"], table["before_exclusions"], table["used"], table["excluded"]) == (
        "USD", -89.4, 0.6, -90.0,
    )  # fmt: skip
    assert sum(part["amount"] for part in table["by_treatment"]) == pytest.approx(-89.4)


def test_the_same_ledger_in_another_order_is_the_same_plan(tmp_path: Path) -> None:
    lines = [
        line(),
        line("101", "007", 3, 4.0),
        line("C102", quantity=-1, on="2026-03-09"),
        line("100", "POST", 1, 5),
    ]
    plans = [load(tmp_path / name, *chosen)[0] for name, chosen in (("a", lines), ("b", lines[::-1]))]
    assert plans[0].hash == plans[1].hash


def test_edges_that_do_not_rise_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="edges that do not rise"):
        load(tmp_path, line(), more="ledger: {price_bands: {edges: [5, 1]}}\n")


def test_the_layout_becomes_orders_only(tmp_path: Path) -> None:
    files = small_files() | {
        "data/ledger.csv": ledger_text(line()),
        "mappings/ledger.yaml": MAPPING.replace("table: orders", "table: spend").split("constants")[0],
    }
    with pytest.raises(InputError, match="the layout transactions becomes orders"):
        load_plan(write_plan(tmp_path, files))


def test_fault_D07_a_treatment_of_more_than_a_fifth_of_the_money_is_accepted_by_name(tmp_path: Path) -> None:
    voucher = line("106", "gift_0001_20", 1, 10.0)
    few = [line("200")]
    with pytest.raises(InputError, match="of the money is left out as"):
        load(tmp_path / "few", *few, voucher)
    many = [line(str(number)) for number in range(200, 210)]
    assert load(tmp_path / "many", *many, voucher)
    plan, _, _ = load(tmp_path / "said", *few, voucher, **ACCEPTED)
    assert any("left out as" in fault.problem for fault in plan.warnings)
