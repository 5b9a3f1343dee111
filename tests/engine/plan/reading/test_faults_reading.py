"""Rows D of the list of faults that are about reading, each as a whole kind."""

# ruff: noqa: E501 (rows of exports are as long as tools write them)

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engine.plan.faults import Faults
from engine.plan.reading.canonical import Reading, left_out_shares
from engine.plan.reading.combine import combine
from engine.plan.reading.customers import customer_keys
from engine.plan.reading.reader import draft_export, read_export
from engine.plan.reading.settings import Settings


def attempt(
    text: str, settings: Settings | None = None, name: str = "a.csv"
) -> tuple[Reading | None, list[str]]:
    faults = Faults()
    reading = read_export(text.encode(), name, faults, settings)
    return reading, [str(fault) for fault in faults]


def read(text: str, settings: Settings | None = None, name: str = "a.csv") -> Reading:
    reading, faults = attempt(text, settings, name)
    assert faults == []
    assert reading is not None
    return reading


def money(reading: Reading, part: str = "gross") -> Decimal:
    (amounts,) = reading.figures["money"].values()
    return amounts[part]


HEAD = "id,date,customer,sku,qty"


@pytest.mark.parametrize("word", ["amount", "Line Total", "Sales", "Positionssumme", "小計"])
def test_fault_D06_a_line_total_is_never_multiplied_by_the_quantity(word: str) -> None:
    reading = read(f"{HEAD},{word}\no1,2025-01-20,c1,A,2,42.00\no2,2025-01-21,c2,A,1,21.00\n")
    assert money(reading) == 63


def test_fault_D06_a_price_is_multiplied_and_a_discount_comes_off_as_money_or_as_a_share() -> None:
    priced = read(f"{HEAD},price,discount\no1,2025-01-20,c1,A,2,21.00,4.20\n")
    assert (money(priced), money(priced, "discount")) == (42, Decimal("4.20"))
    shared = read(f"{HEAD},price,discount %\no1,2025-01-20,c1,A,2,21.00,10%\no2,2025-01-20,c1,A,1,21.00,0%\n")
    assert money(shared, "discount") == Decimal("4.20")


def test_fault_D06_totals_of_orders_tell_whether_a_price_is_of_the_line() -> None:
    head = "id,date,sku,qty,price,shipping,total\n"
    lines = read(head + "o1,2025-01-20,A,2,42.00,5.00,47.00\no2,2025-01-21,A,3,63.00,5.00,68.00\n")
    assert money(lines) == 105
    assert "total of the line" in lines.notes[0]
    each = read(head + "o1,2025-01-20,A,2,21.00,5.00,47.00\no2,2025-01-21,A,3,21.00,5.00,68.00\n")
    assert (money(each), each.figures["orders_that_tie"]) == (105, 2)


@pytest.mark.parametrize(("total", "basis"), [("47.00", "incl_tax"), ("54.98", "excl_tax")])
def test_totals_of_orders_tell_whether_prices_hold_the_tax(total: str, basis: str) -> None:
    reading = read(f"id,date,sku,qty,price,shipping,tax,total\no1,2025-01-20,A,2,21.00,5.00,7.98,{total}\n")
    assert reading.figures["price_basis"] == basis


def test_a_row_with_more_cells_than_the_header_is_never_shifted_silently() -> None:
    _, faults = attempt("id,date,sku,qty,price\no1,2025-01-20,A,2,1,234.00\n")
    assert "more cells than the header in 1 rows" in faults[0]


LEDGER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.mark.parametrize("order", ["CA-1", "CN-2024-7", "C-2024-001", "C1001"])
def test_fault_D07_a_letter_before_an_order_number_is_no_cancellation(order: str) -> None:
    reading = read(f"{LEDGER}{order},A,Cup,2,13/12/2010 10:00,3.00,7,France\n")
    assert reading.treatments == ()
    assert money(reading) == 6


@pytest.mark.parametrize(
    ("order", "units", "cancelled"), [("C536379", -1, True), ("C536379", 1, False), ("CA-5", -1, False)]
)
def test_fault_D07_a_cancellation_is_a_prefix_before_digits_and_a_negative_quantity(
    order: str, units: int, cancelled: bool
) -> None:
    reading = read(
        f"{LEDGER}536378,A,Cup,2,13/12/2010 10:00,3.00,7,France\n{order},A,Cup,{units},14/12/2010 10:00,3.00,7,France\n"
    )
    assert [t.means for t in reading.treatments] == (["cancelled"] if cancelled else [])
    if cancelled:
        assert reading.treatments[0].money == {"EUR": Decimal("-3.00")}


STATUS = "Order ID,Order Date,SKU,Quantity,Price,Currency,Status\n"


@pytest.mark.parametrize(
    ("word", "means"),
    [("Cancelled", "cancelled"), ("Storniert", "cancelled"), ("キャンセル", "cancelled"), ("voided", "never_paid"),
     ("failed", "failed"), ("draft", "draft"), ("test", "test"), ("Annulée", "cancelled"), ("Pending payment", "never_paid")],
)  # fmt: skip
def test_fault_D08_status_words_have_a_meaning_and_their_money_is_told(word: str, means: str) -> None:
    reading = read(f"{STATUS}1,2025-01-20,A,2,5.00,EUR,paid\n2,2025-01-21,A,3,5.00,EUR,{word}\n")
    (left,) = reading.treatments
    assert (left.means, left.rows, left.units, left.money) == (means, 1, 3, {"EUR": Decimal("15.00")})
    assert money(reading) == 10


def test_fault_D08_rows_are_rejected_or_kept_by_any_source_column() -> None:
    text = "Order ID,Order Date,SKU,Quantity,Price,Currency,My_Flag\n1,2025-01-20,A,1,5.00,EUR,ok\n2,2025-01-21,A,1,7.00,EUR,No\n"
    rejected = read(text, Settings(reject={"my flag": ("no",)}))
    kept = read(text, Settings(keep={"My_Flag": ("ok",)}))
    assert money(rejected) == money(kept) == 5
    assert rejected.treatments[0].money == {"EUR": Decimal("7.00")}
    _, faults = attempt(text, Settings(reject={"Nothing": ("x",)}))
    assert "no such column" in faults[0]


def test_fault_D08_a_word_that_is_not_known_is_noted_and_can_be_said() -> None:
    text = f"{STATUS}1,2025-01-20,A,2,5.00,EUR,paid\n2,2025-01-21,A,3,5.00,EUR,blorp\n"
    assert "blorp" in read(text).notes[0]
    assert money(read(text, Settings(statuses={"cancelled": ("blorp",)}))) == 10


SHOPIFY = "Name,Email,Financial Status,Currency,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount\n"


def test_fault_D09_lines_without_a_sku_are_items_by_name() -> None:
    reading = read(
        f"{SHOPIFY}#1,a@x.com,paid,USD,0,0,9,0,2025-01-02 10:00:00 +0100,1,Cup,5.00,,0\n"
        "#1,,,,,,,,2025-01-02 10:00:00 +0100,1,Lid,4.00,,\n"
    )
    assert reading.tables["lines"].column("item") == ["Cup", "Lid"]
    assert (reading.figures["lines_without_sku"], money(reading)) == (2, 9)


def test_fault_D10_orders_after_the_last_day_that_counts_are_counted_out() -> None:
    text = f"{STATUS}1,2025-01-20,A,2,5.00,EUR,paid\n2,2025-02-21,A,3,5.00,EUR,paid\n"
    reading = read(text, Settings(through=dt.date(2025, 1, 31)))
    (late,) = reading.treatments
    assert (late.means, late.rows, late.money) == ("after_through", 1, {"EUR": Decimal("15.00")})
    assert reading.figures["last_day"] == dt.date(2025, 1, 20)


def test_fault_D10_the_last_day_that_counts_holds_for_ads_and_purchases_too() -> None:
    last = Settings(through=dt.date(2025, 1, 31))
    ads = read("Day,Campaign,Cost,Currency\n2025-01-20,A,2.00,EUR\n2025-02-01,A,3.00,EUR\n", last)
    assert (ads.figures["spend"], ads.treatments[0].money) == ({"EUR": 2}, {"EUR": 3})
    bought = read(PO + "P1,V,A,2025-01-03,10,,,1.00,USD,Open\nP2,V,A,2025-02-03,7,,,1.00,USD,Open\n", last)
    assert (bought.figures["units_ordered"], bought.treatments[0].units) == (10, 7)


def test_fault_D07_the_share_of_money_that_is_left_out_by_choice_is_told() -> None:
    text = f"{STATUS}1,2025-01-20,A,2,5.00,EUR,paid\n2,2025-01-21,A,6,5.00,EUR,cancelled\n"
    assert left_out_shares(read(text)) == {"EUR": Decimal("0.75")}


@pytest.mark.parametrize(
    ("first", "second", "day"),
    [
        ("01/20/2025", "01/21/2025", dt.date(2025, 1, 20)),
        ("20.01.2025", "21.01.2025", dt.date(2025, 1, 20)),
        ("20-Jan-2025", "21-Jan-2025", dt.date(2025, 1, 20)),
        ("Jan-04-25", "Jan-05-25", dt.date(2025, 1, 4)),
        ("Jan 4, 2025 12:02:03 AM", "Jan 5, 2025 1:02:03 PM", dt.date(2025, 1, 4)),
        ("2025-01-20T23:30:00-05:00", "2025-01-21T23:30:00Z", dt.date(2025, 1, 20)),
        ("2025-01-20 00:30:00 +0200", "2025-01-21 00:30:00 +0200", dt.date(2025, 1, 20)),
        ("1737331200", "1737417600", dt.date(2025, 1, 20)),
        ("1737331200000", "1737417600000", dt.date(2025, 1, 20)),
        ("20250120", "20250121", dt.date(2025, 1, 20)),
        ("20. März 2025", "21. März 2025", dt.date(2025, 3, 20)),
        ("2025年1月20日", "2025年1月21日", dt.date(2025, 1, 20)),
        ("20/01/25", "21/01/25", dt.date(2025, 1, 20)),
    ],
)
def test_fault_D11_dates_are_read_in_every_form(first: str, second: str, day: dt.date) -> None:
    reading = read(f'{STATUS}1,"{first}",A,2,5.00,EUR,paid\n2,"{second}",A,3,5.00,EUR,paid\n')
    assert reading.figures["first_day"] == day


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"), ("$1,234.50", "1234.50"),
     ("1.234,50 €", "1234.50"), ("(1,234.50)", "-1234.50"), ("1,234.50-", "-1234.50"), ("-1.234,50", "-1234.50"), ("12,34,567.00", "1234567.00")],
)  # fmt: skip
def test_fault_D11_numbers_are_read_in_every_form(text: str, value: str) -> None:
    reading = read(f'Date,Details,Amount,Balance\n2025-01-20,Sale,"{text}","{text}"\n')
    assert reading.tables["cash_book"].column("amount") == [Decimal(value)]


def test_fault_D11_a_column_of_dates_that_cannot_tell_is_one_fault_that_names_the_key() -> None:
    text = STATUS + "".join(f"{n},0{n}/05/2025,A,1,5.00,EUR,paid\n" for n in range(1, 10))
    _, faults = attempt(text)
    assert len(faults) == 1
    assert "dates: dmy" in faults[0]
    assert "9 rows" in faults[0]
    assert read(text, Settings(dates="dmy")).figures["last_day"] == dt.date(2025, 5, 9)
    assert read(text, Settings(dates="mdy")).figures["last_day"] == dt.date(2025, 9, 5)


def test_fault_D11_a_column_of_numbers_that_cannot_tell_is_one_fault_that_names_the_key() -> None:
    text = 'Order ID,Order Date,SKU,Quantity,Price,Currency\n1,2025-01-20,A,2,"1,234",EUR\n2,2025-01-20,A,2,"2,345",EUR\n'
    _, faults = attempt(text)
    assert len(faults) == 1
    assert 'numbers: "1,234.50"' in faults[0]
    assert money(read(text, Settings(numbers="1,234.50"))) == 7158
    assert money(read(text, Settings(numbers="1.234,50"))) == Decimal("7.158")


@pytest.mark.parametrize("settling", ['"1,234.50"', '"5.5"', '"0.125"'])
def test_fault_D11_a_row_that_settles_the_form_leaves_no_fault(settling: str) -> None:
    head = "Order ID,Order Date,SKU,Quantity,Price,Currency\n"
    reading = read(f'{head}1,2025-01-20,A,1,"1,234",EUR\n2,2025-01-20,A,1,{settling},EUR\n')
    assert money(reading) == 1234 + Decimal(settling.strip('"').replace(",", ""))


def test_fault_D13_returns_are_told_as_returns_with_their_money() -> None:
    reading = read(
        f"{HEAD},amount\no1,2025-01-20,7,A,2,10.00\no2,2025-01-21,7,A,-1,-4.00\no3,2025-01-22,7,A,2,8.00\n"
    )
    assert (money(reading), money(reading, "refunds"), reading.figures["return_rows"]) == (18, 4, 1)


def test_fault_D13_one_customer_in_several_spellings_is_one() -> None:
    assert len(set(customer_keys([""] * 3, [""] * 3, ["17850", "17850 ", "17850.0"], [""] * 3))) == 1
    assert len(set(customer_keys(["A@x.com", " a@x.com"], [""] * 2, [""] * 2, [""] * 2))) == 1
    phones = ["+92 399 5550036", "0399-5550036", "923995550036", "0092 3995550036"]
    assert len(set(customer_keys([""] * 4, phones, [""] * 4, ["PK"] * 4))) == 1
    assert customer_keys([""], [""], ["0"], [""]) == [""]


def test_fault_D14_an_unknown_file_gets_a_drafted_mapping_with_a_confidence_per_column() -> None:
    text = "OrdNo;OrdDt;CustNo;ArtNo;Qty Ordered;NetAmt\n1;13.01.2025;7;A;2;10,50\n2;14.01.2025;8;B;1;4,50\n"
    proposed = draft_export(text.encode(), "a.csv", Faults())
    assert proposed is not None
    columns = {column.field: column.header for column in proposed.columns}
    assert columns["ordered_at"] == "OrdDt"
    assert columns["quantity"] == "Qty Ordered"
    assert all(0 < column.confidence <= 1 for column in proposed.columns)
    said = {**proposed.settings().columns, "line_total": "NetAmt"}
    assert money(read(text, Settings(layout=proposed.layout, columns=said))) == 15
    _, faults = attempt(text)
    assert "columns:" in faults[0]


def test_fault_D16_the_public_ledger_reads_and_its_open_rows_alone_are_one_fault() -> None:
    rows = "536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
    reading = read(f"{LEDGER}{rows}536400,22633,WARMER,6,12/13/2010 8:28,1.85,,United Kingdom\n")
    assert reading.figures["first_day"] == dt.date(2010, 12, 1)
    assert reading.figures["orders_without_customer"] == 1
    _, faults = attempt(LEDGER + rows * 3)
    assert len(faults) == 1
    assert "3 rows" in faults[0]
    assert "dates:" in faults[0]


def test_fault_D17_a_wholly_repeated_order_is_dropped_once_and_counted() -> None:
    one = "#1,a@x.com,paid,USD,0,0,5,0,2025-01-02 10:00:00 +0100,1,Cup,5.00,C,0\n"
    two = "#2,b@x.com,paid,USD,0,0,5,0,2025-01-03 10:00:00 +0100,1,Cup,5.00,C,0\n"
    reading = read(SHOPIFY + one + two + one)
    assert (reading.figures["orders"], money(reading)) == (2, 10)
    assert [(t.means, t.rows) for t in reading.treatments] == [("repeated", 1)]


def test_fault_D17_the_later_file_wins_and_an_order_voided_since_is_gone() -> None:
    one = "#{},a@x.com,{},USD,0,0,5,0,2025-01-0{} 10:00:00 +0100,1,Cup,5.00,C,0\n"
    first = read(SHOPIFY + one.format(1, "pending", 1) + one.format(2, "pending", 2))
    later = read(SHOPIFY + one.format(2, "voided", 2) + one.format(3, "paid", 3))
    both = combine([later, first])
    assert (both.repeated, both.figures["orders"], both.changed) == (1, 2, ("#2",))
    assert combine([first, first]).figures["orders"] == 2


PO = "PO Number,Supplier,Item Code,Order Date,Quantity,Quantity Received,Receipt Date,Unit Price,Currency,Status\n"


def purchases(rows: str) -> dict[str, Any]:
    return dict(read(PO + rows).figures)


def test_fault_D18_lines_without_numbers_are_numbered_within_their_order() -> None:
    reading = read(
        PO
        + "P1,V,A,2025-01-03,10,10,2025-02-20,1.00,USD,Open\nP1,V,B,2025-01-03,5,5,2025-02-20,1.00,USD,Open\n"
    )
    assert reading.tables["purchase_orders"].column("line") == ["1", "2"]


def test_fault_D18_two_receipts_of_a_line_are_added_and_their_days_kept() -> None:
    reading = read(
        PO
        + "P1,V,A,2025-01-03,10,6,2025-02-20,1.00,USD,Open\nP1,V,A,2025-01-03,10,4,2025-03-20,1.00,USD,Open\n"
    )
    assert (reading.figures["lines"], reading.figures["units_ordered"], reading.figures["receipts"]) == (
        1,
        10,
        2,
    )
    assert reading.tables["receipts"].column("received_on") == [dt.date(2025, 2, 20), dt.date(2025, 3, 20)]


def test_fault_D18_cancelled_rows_totals_and_vendor_returns_are_left_out_in_units_and_money() -> None:
    reading = read(
        PO + "P1,V,A,2025-01-03,10,10,2025-02-20,1.00,USD,Open\nP2,V,A,2025-01-13,7,,,2.00,USD,Cancelled\n"
        "P3,V,A,2025-01-14,-3,,,1.00,USD,Open\nTotal,,,,14,10,,,,\n"
    )
    left = {t.means: (t.units, t.money) for t in reading.treatments}
    assert left["cancelled"] == (7, {"USD": Decimal("14.00")})
    assert left["supplier_return"] == (-3, {"USD": Decimal("-3.00")})
    assert left["total"][0] == 14
    assert reading.figures["units_ordered"] == 10


def test_fault_D18_a_file_without_a_header_row_is_told_so() -> None:
    _, faults = attempt("P1,V,A,2025-01-03,10,10\nP2,V,A,2025-01-13,7,7\n")
    assert "no header row" in faults[0]


def test_fault_D22_a_file_without_separators_says_what_would_do() -> None:
    _, faults = attempt("id date qty\n1 2025-01-03 2\n")
    assert "a comma, a semicolon or a tab" in faults[0]


def test_fault_D22_amounts_of_two_currencies_are_never_added() -> None:
    reading = read(f"{STATUS}1,2025-01-20,A,2,5.00,EUR,paid\n2,2025-01-21,A,3,5.00,USD,paid\n")
    assert {code: amounts["gross"] for code, amounts in reading.figures["money"].items()} == {
        "EUR": 10,
        "USD": 15,
    }


def test_a_bare_quote_in_tab_text_is_text_wherever_it_stands() -> None:
    rows = "".join(f"{n}\t2025-01-20\tCup {n}\tA\t1\t2.00\n" for n in range(300))
    late = '300\t2025-01-20\t"5 inch\tA\t1\t2.00\n301\t2025-01-20\tCup\tA\t1\t2.00\n302\t2025-01-20\tLid"\tA\t1\t2.00\n'
    reading = read("Order ID\tOrder Date\tProduct Name\tSKU\tQuantity\tPrice\n" + rows + late)
    assert reading.figures["orders"] == 303


def test_quotes_enclose_cells_of_tab_text_where_a_tool_uses_them() -> None:
    reading = read(
        'Order ID\tOrder Date\tSKU\tProduct Name\tQuantity\tPrice\n"1"\t2025-01-20\tA\t"Cup ""L""\nblue"\t1\t2.00\n'
    )
    assert reading.tables["lines"].column("item_name") == ['Cup "L"\nblue']


def test_a_quote_that_is_never_closed_swallows_no_row_silently() -> None:
    rows = "".join(f"{n},2025-01-20,A,1,2.00\n" for n in range(5))
    _, faults = attempt("Order ID,Order Date,SKU,Quantity,Price\n" + rows + '6,2025-01-20,"A,1,2.00\n' + rows)
    assert faults
    assert "quote" in faults[0]


def test_the_line_that_tells_excel_the_separator_is_a_title_row() -> None:
    reading = read("sep=;\nOrder ID;Order Date;SKU;Quantity;Price\n1;2025-01-20;A;1;2,00\n")
    assert (reading.header_row, money(reading)) == (2, 2)
