from __future__ import annotations

import csv
import hashlib
import hmac
import io
from pathlib import Path

import pandas as pd
import pytest

from engine.plan.load import load_plan
from engine.plan.plan import Plan, Recognised
from models.errors import InputError
from tests.tiny_plan import tiny_files, write_plan

SALT = "sixteen-or-more-characters"
HEADER = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,
Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,
Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,
Shipping Name,Shipping Zip,Shipping Country,Billing Country,Cancelled at,
Payment Method,Refunded Amount,Id,Tags,Source,Lineitem discount,Duties,Gift Note""".replace("\n", "").split(
    ","
)


def line(name: str, sku: str, quantity: object, price: object, **fields: object) -> dict[str, object]:
    return {
        "Name": name,
        "Lineitem sku": sku,
        "Lineitem quantity": quantity,
        "Lineitem price": price,
        **fields,
    }


def order(
    subtotal: object, shipping: object, taxes: object, total: object, **fields: object
) -> dict[str, object]:
    head = {
        "Email": "Ann@Example.org",
        "Financial Status": "paid",
        "Currency": "NOK",
        "Subtotal": subtotal,
        "Shipping": shipping,
        "Taxes": taxes,
        "Total": total,
        "Created at": "2025-10-07 23:50:26 +0200",
        "Shipping Country": "NO",
        "Shipping Zip": "'0150",
        "Shipping Name": "Ann Ånen",
        "Source": "web",
    }
    return head | {name.replace("_", " "): value for name, value in fields.items()}


def export(*rows: dict[str, object]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, HEADER, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def load(
    folder: Path, *rows: dict[str, object], mapping: str = "", **replaced: str
) -> tuple[Plan, pd.DataFrame, Recognised]:
    files = tiny_files() | {"data/shop.csv": export(*rows), "data/.salt": SALT} | replaced
    if mapping:
        files["mappings/shop.yaml"] = f"file: data/shop.csv\ntable: orders\nlayout: shopify_orders\n{mapping}"
    plan = load_plan(write_plan(folder, files))
    entry = next(entry for entry in plan.recognised if entry.file == "data/shop.csv")
    assert entry.rows == entry.used + sum(count for _, count in entry.rejected)
    rows_of_shop = plan.orders[plan.orders["order_id"].str.startswith("#")].set_index(["order_id", "item"])
    assert len(rows_of_shop) == entry.used
    return plan, rows_of_shop, entry


def test_order_fields_are_filled_down_by_name(tmp_path: Path) -> None:
    _, rows, entry = load(
        tmp_path,
        line("#1", "1E10", 2, "100.00", **order("250.00", "40.00", "72.50", "362.50")),
        line("#1", "B-2", 1, "50.00"),
        line("#2", "007", 1, "80.00", **order("80.00", "0.00", "20.00", "100.00", Email="bo@example.org")),
    )
    assert entry.by == "header"
    assert list(rows["net_price"]) == [100.0, 50.0, 80.0]
    assert list(rows["quantity"]) == [2, 1, 1]
    assert list(rows["shipping"]) == [40.0, 0.0, 0.0]
    assert list(rows["tax"]) == pytest.approx([58.0, 14.5, 20.0])
    assert set(rows["market"]) == {"NO"}
    assert set(rows["sales_channel"]) == {"shop"}
    assert set(rows["currency"]) == {"NOK"}
    assert rows["ordered_at"].iloc[1] == pd.Timestamp("2025-10-07 23:50:26")


def test_the_customer_is_a_salted_hash_of_the_e_mail_whatever_its_case(tmp_path: Path) -> None:
    plan, rows, entry = load(
        tmp_path,
        line("#1", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00")),
        line("#2", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Email=" ann@example.ORG ")),
        line("#3", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Email="")),
    )
    expected = hmac.new(SALT.encode(), b"ann@example.org", hashlib.sha256).hexdigest()[:32]
    assert list(rows["customer_key"]) == [expected, expected, ""]
    assert "1 orders have no e-mail: their customer is unknown" in entry.notes
    for private in ("ann@", "ånen", "'0150"):
        assert private not in plan.orders.to_csv().casefold()


def test_discounts_are_spread_so_that_lines_sum_to_the_subtotal(tmp_path: Path) -> None:
    _, rows, entry = load(
        tmp_path,
        line("#1", "1E10", 2, "100.00", **order("225.00", 0, 0, "225.00", Discount_Amount="25.00")),
        line("#1", "B-2", 1, "50.00"),
        line(
            "#2",
            "1E10",
            1,
            "100.00",
            **order("120.00", 0, 0, "120.00", Discount_Amount="30.00", Lineitem_discount="20.00"),
        ),
        line("#2", "B-2", 1, "50.00", **{"Lineitem discount": "10.00"}),
    )
    assert list(rows["net_price"]) == pytest.approx([90.0, 45.0, 80.0, 40.0])
    assert (rows["net_price"] * rows["quantity"]).groupby("order_id").sum().to_dict() == pytest.approx(
        {"#1": 225.0, "#2": 120.0}
    )
    assert any("2 orders tie, 0 do not" in note for note in entry.notes)


def test_tax_that_prices_include_is_taken_out_of_lines_and_shipping(tmp_path: Path) -> None:
    _, rows, entry = load(
        tmp_path, line("#1", "B-2", 1, "100.00", **order("100.00", "25.00", "25.00", "125.00"))
    )
    assert rows["net_price"].item() == pytest.approx(80.0)
    assert rows["shipping"].item() == pytest.approx(20.0)
    assert rows["tax"].item() == 25.0
    assert any("include tax" in note for note in entry.notes)


def test_refunds_pay_back_goods_without_tax_and_never_more_than_was_paid(tmp_path: Path) -> None:
    _, rows, entry = load(
        tmp_path,
        line(
            "#1", "1E10", 1, "100.00", **order("150.00", "50.00", "50.00", "250.00", Refunded_Amount="125.00")
        ),
        line("#1", "B-2", 1, "50.00"),
        line("#2", "B-2", 1, "80.00", **order("80.00", "20.00", "25.00", "125.00", Refunded_Amount="125.00")),
        line("#3", "B-2", 1, "80.00", **order("80.00", "20.00", "25.00", "125.00", Refunded_Amount="500.00")),
    )
    assert list(rows["refunded"]) == pytest.approx([100.0 * 2 / 3, 50.0 * 2 / 3, 80.0, 80.0])
    assert any("1 orders refunded more than their total" in note for note in entry.notes)


def test_what_is_no_sale_is_rejected_with_its_reason(tmp_path: Path) -> None:
    _, rows, entry = load(
        tmp_path,
        line(
            "#1", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Cancelled_at="2025-10-07 23:59:00 +0200")
        ),
        line("#1", "007", 1, "50.00"),
        line("#2", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Financial_Status="voided")),
        line("#3", "", 1, "30.00", **order("80.00", "40.00", 0, "120.00")),
        line("#3", "B-2", 1, "50.00"),
        line("#4", "", "", "", **order("0", 0, 0, "0")),
        line("#5", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Shipping_Country="")),
    )
    assert dict(entry.rejected) == {
        "cancelled order": 2,
        "voided payment": 1,
        "line without a SKU (gift card, fee)": 1,
        "row without a line item": 1,
        "order without a shipping country": 1,
    }
    assert list(rows.index) == [("#3", "B-2")]
    assert rows["shipping"].item() == 40.0  # the order's shipping moves to its first line that stays
    assert rows["net_price"].item() == 50.0


def test_the_billing_country_stands_in_for_a_blank_shipping_country(tmp_path: Path) -> None:
    head = order("50.00", 0, 0, "50.00", Shipping_Country="", Billing_Country="NA")
    _, rows, _ = load(tmp_path, line("#1", "B-2", 1, "50.00", **head))
    assert rows["market"].item() == "NA"


def test_tags_go_before_source_and_source_before_the_constant(tmp_path: Path) -> None:
    paid = order("50.00", 0, 0, "50.00")
    _, rows, entry = load(
        tmp_path,
        line("#1", "B-2", 1, "50.00", **paid),
        line("#2", "B-2", 1, "50.00", **(paid | {"Source": "pos"})),
        line("#3", "B-2", 1, "50.00", **(paid | {"Source": "pos", "Tags": "vip, retail"})),
        line("#4", "B-2", 1, "50.00", **(paid | {"Source": "marketplace"})),
        mapping="constants: {sales_channel: shop}\n"
        "values: {sales_channel: {pos: marketplace}}\ntags: {retail: shop}\n",
    )
    assert list(rows["sales_channel"]) == ["shop", "marketplace", "shop", "marketplace"]
    assert entry.by == "mappings/shop.yaml"


def test_unknown_columns_are_reported_and_known_personal_ones_dropped(tmp_path: Path) -> None:
    _, rows, entry = load(
        tmp_path, line("#1", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Gift_Note="for bo"))
    )
    assert entry.unknown_columns == ("Gift Note",)
    assert any("personal data in them was not kept" in note for note in entry.notes)
    assert "for bo" not in rows.to_csv()


def test_faults_of_an_export_name_its_own_columns(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        load(
            tmp_path,
            line("#1", "B-9", 1, "50.00", **order("50.00", 0, 0, "50.00", Shipping_Country="SE")),
            line("#2", "B-2", -1, "12:30", **order("abc", 0, 0, "50.00", Created_at="07/10/2025")),
            line("#3", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00", Currency="SEK")),
            line("", "B-2", 1, "50.00", **order("50.00", 0, 0, "50.00")),
        )
    found = {(f.row, f.column): (f.problem, f.got) for f in raised.value.faults if f.file == "data/shop.csv"}
    assert found[2, "Lineitem sku"] == ("unknown item", "B-9")
    assert found[2, "Shipping Country"] == ("unknown market", "SE")
    assert found[3, "Lineitem quantity"][1] == "-1"
    assert found[3, "Lineitem price"] == ("text in a number", "12:30")
    assert found[3, "Subtotal"] == ("text in a number", "abc")
    assert found[3, "Created at"] == (
        "day or month first: none of 1 rows tells, no number is above 12",
        "07/10/2025",
    )
    assert found[4, "Currency"] == ("unknown currency", "SEK")
    assert not [fault for fault in raised.value.faults if fault.file == "data/fx.csv"]
    assert found[5, "Name"][0] == "a blank cell"


def test_a_missing_column_of_an_export_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    files = tiny_files() | {"data/shop.csv": export().replace("Lineitem sku", "Lineitem SKU")}
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(tmp_path, files))
    fault = next(
        fault
        for fault in raised.value.faults
        if fault.file == "data/shop.csv" and fault.column == "Lineitem sku"
    )
    assert fault.row == 1
    assert fault.remedy == "did you mean Lineitem SKU?"


def test_countries_outside_the_plan_go_where_the_mapping_says(tmp_path: Path) -> None:
    paid = order("50.00", 0, 0, "50.00")
    rows = [
        line(f"#{n}", "B-2", 1, "50.00", **(paid | {"Shipping Country": c}))
        for n, c in enumerate(["NO", "SE", "DK"])
    ]
    _, loaded, entry = load(
        tmp_path, *rows, mapping='values: {market: {"NO": "NO", "*": NA}}\nreject: {market: [DK]}\n'
    )
    assert list(loaded["market"]) == ["NO", "NA"]
    assert dict(entry.rejected) == {"market DK is rejected by mappings/shop.yaml": 1}


def test_an_order_field_that_a_later_row_contradicts_is_a_fault_and_a_repeated_one_is_not(
    tmp_path: Path,
) -> None:
    head = order("100.00", 0, 0, "100.00")
    repeated = {"Shipping Country": "NO", "Currency": "NOK", "Total": "100.00"}
    load(tmp_path / "a", line("#1", "B-2", 1, "50.00", **head), line("#1", "007", 1, "50.00", **repeated))
    with pytest.raises(InputError) as raised:
        load(
            tmp_path / "b",
            line("#1", "B-2", 1, "50.00", **head),
            line("#1", "007", 1, "50.00", **(repeated | {"Shipping Country": "SE"})),
        )
    assert [(f.row, f.column, f.got) for f in raised.value.faults] == [(3, "Shipping Country", "SE")]
    assert "NO as in row 2" in raised.value.faults[0].remedy
