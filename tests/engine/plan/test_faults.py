from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.load import load_plan
from models.errors import Fault, InputError
from tests.tiny_plan import tiny_files, write_plan


def faults_of(folder: Path, files: dict[str, str | bytes]) -> tuple[Fault, ...]:
    write_plan(folder, files)
    with pytest.raises(InputError) as raised:
        load_plan(folder)
    return raised.value.faults


def find(faults: tuple[Fault, ...], file: str, row: int, column: str, problem: str) -> Fault:
    found = [f for f in faults if (f.file, f.row, f.column) == (file, row, column) and problem in f.problem]
    assert len(found) == 1, "\n".join(map(str, faults))
    return found[0]


def changed(text: str, row: int, old: str, new: str) -> str:
    lines = text.split("\n")
    assert old in lines[row - 1], lines[row - 1]
    lines[row - 1] = lines[row - 1].replace(old, new, 1)
    return "\n".join(lines)


def row_of(text: str, part: str) -> int:
    return next(row for row, line in enumerate(text.split("\n"), start=1) if part in line)


ORDERS = """\
order_id,customer_key,ordered_at,market,sales_channel,currency,item,quantity,net_price,shipping,tax,refunded
A1,ann@example.org,2026-01-05 10:00:00,NO,shop,NOK,1E10,1,12:30,0,0,0
A2,ann@example.org,2026-01-06,N0,shop,NOK,B-2,1,10,0,0,0
A3,bob,2026-01-07,NO,shopp,NOK,B-2,-2,10,0,0,0
A4,bob,2026-01-08,NO,shop,NOK,B-3,1,NaN,0,0,0
A5,bob,2026-07-01,NO,shop,NKO,B-2,1,inf,0,0,0
A6,bob,08.01.2026,NO,shop,NOK,B-2,1.5,abc,0,0,0
A7,bob,2026-01-09,NO,shop,NOK,B-2,1
A8,bob,2026-02-30,NO,shop,NOK,B-2,1,"1,250.00",0,0,0
A9,bob,2026-01-09,NO,shop,NOK,B-2,1,20,0,0,0
"""


def everything_wrong() -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = dict(tiny_files())
    plan = str(files["plan.yaml"])
    plan = plan.replace("    return_node: oslo\n", "    return_node: oslo\n    return_node: windhoek\n", 1)
    plan = plan.replace("outbound_cost_per_order: 7", "outbound_cost_per_order: 12:30", 1)
    plan = plan.replace("nodes: [windhoek]", "nodes: [windhoeck]", 1)
    plan = plan.replace("last_mile: 2", "")
    plan = plan.replace("  discount_rate: 0.1", "")
    plan = plan.replace("deposit_share: 0.3, net_days: 30", "deposite_share: 0.3, net_days: 30", 1)
    plan = plan.replace("actuals_through: 2026-06-30", "actuals_through: 2026-06-29", 1)
    plan += "returns: {resale: 0.6, refurbish: 0.3, liquidate: 0.3, scrap: 0.1}\n"
    files["plan.yaml"] = plan
    files["data/orders.csv"] = ORDERS
    files["data/items.csv"] = (
        str(files["data/items.csv"]).replace("0.8;0.2", "0.8;0.3").replace("33049900", "3304.99")
    )
    files["data/spend.csv"] = ""
    files["data/tariffs.csv"] = b"hs,origin\x00\x01\x02"
    files["data/fx.csv"] = b"PK\x03\x04 a workbook"
    files["data/inventory.csv"] = (
        str(files["data/inventory.csv"]).replace(",90,", ",-90,").replace("oslo,120", "osloo,120")
    )
    files["data/opening_balance.csv"] = str(files["data/opening_balance.csv"]).replace(
        "cash,80000", "cash,80001"
    )
    files["data/open_receivables.csv"] = str(files["data/open_receivables.csv"]).replace(
        "sales_channel", "chanel", 1
    )
    purchases = str(files["data/purchase_orders.csv"])
    files["data/purchase_orders.csv"] = purchases.replace("P002,1,CN1", "P001,1,CN9", 1)
    files["mappings/bad.yaml"] = "file: data/marketplace.csv\ntable: orders\ncolums: {}\n"
    files["mappings/good.yaml"] = "file: data/absent.csv\ntable: orders\n"
    return files


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fault, ...]:
    return faults_of(tmp_path_factory.mktemp("wrong"), everything_wrong())


PLAN_TEXT = str(everything_wrong()["plan.yaml"])


@pytest.mark.parametrize(
    ("file", "row", "column", "problem", "got", "remedy"),
    [
        ("data/orders.csv", 2, "net_price", "text in a number", "12:30", "plain number"),
        ("data/orders.csv", 3, "market", "unknown market", "N0", "one of NA, NO"),
        ("data/orders.csv", 4, "sales_channel", "unknown sales channel", "shopp", "did you mean shop?"),
        ("data/orders.csv", 4, "quantity", "not positive", "-2", "at least 1"),
        ("data/orders.csv", 5, "item", "unknown item", "B-3", "did you mean B-2?"),
        ("data/orders.csv", 5, "net_price", "not a finite number", "NaN", "a number"),
        ("data/orders.csv", 6, "net_price", "not a finite number", "inf", "a number"),
        ("data/orders.csv", 6, "currency", "unknown currency", "NKO", "did you mean NOK?"),
        ("data/orders.csv", 7, "ordered_at", "day or month first", "08.01.2026", "2026-03-31"),
        ("data/orders.csv", 7, "quantity", "not a whole number", "1.5", "whole number"),
        ("data/orders.csv", 7, "net_price", "text in a number", "abc", "plain number"),
        ("data/orders.csv", 8, "", "wrong length, the header has 12", "8 cells", "one cell per column"),
        ("data/orders.csv", 9, "ordered_at", "not a date", "2026-02-30", "2026-03-31"),
        ("data/orders.csv", 9, "net_price", "text in a number", "1,250.00", "no separators"),
        ("data/items.csv", 2, "shares", "shares that do not sum to 1", "1.1", "sum to 1"),
        ("data/items.csv", 3, "hs", "not a valid hs", "3304.99", "digits"),
        ("data/spend.csv", 0, "", "empty", "0 rows", "export it again"),
        ("data/tariffs.csv", 1, "", "binary", "byte 00 at offset 9", "text"),
        ("data/fx.csv", 0, "", "binary", "zip archive or an Excel", "CSV"),
        ("data/inventory.csv", 2, "on_hand", "negative stock", "-90", "at least 0"),
        ("data/inventory.csv", 3, "node", "unknown node", "osloo", "did you mean oslo?"),
        ("data/opening_balance.csv", 0, "amount", "does not balance", "assets", "difference of 1.00"),
        (
            "data/open_receivables.csv",
            1,
            "sales_channel",
            "column is missing",
            "chanel",
            "did you mean chanel?",
        ),
        ("data/purchase_orders.csv", 3, "supplier", "unknown supplier", "CN9", "CN1"),
        ("data/absent.csv", 0, "", "does not exist", "", "put a file"),
        ("mappings/bad.yaml", 3, "1", "unknown field", "colums", "did you mean columns?"),
        (
            "plan.yaml",
            row_of(PLAN_TEXT, "return_node: windhoek"),
            "5",
            "duplicate key",
            "return_node (first in line",
            "keep one",
        ),
        ("plan.yaml", row_of(PLAN_TEXT, "12:30"), "30", "text in a number", "12:30", "plain number"),
        (
            "plan.yaml",
            row_of(PLAN_TEXT, "windhoeck"),
            "13",
            "unknown node",
            "windhoeck",
            "did you mean windhoek?",
        ),
        (
            "plan.yaml",
            row_of(PLAN_TEXT, "deposite_share"),
            "6",
            "unknown field",
            "deposite_share",
            "did you mean deposit_share?",
        ),
        ("plan.yaml", 1, "55", "not the last day of a month", "2026-06-29", "2026-06-30"),
        ("plan.yaml", row_of(PLAN_TEXT, "returns:"), "10", "do not sum to 1", "1.3", "sum to 1"),
    ],
)
def test_one_run_lists_every_fault_of_every_file(
    faults: tuple[Fault, ...], file: str, row: int, column: str, problem: str, got: str, remedy: str
) -> None:
    fault = find(faults, file, row, column, problem)
    assert got in fault.got
    assert remedy in fault.remedy


def test_orders_after_actuals_through_are_refused(faults: tuple[Fault, ...], tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["data/orders.csv"] = (
        str(files["data/orders.csv"]) + "Z1,zoe,2026-07-01 00:00:00,NO,shop,NOK,B-2,1,20,0,0,0\n"
    )
    row = str(files["data/orders.csv"]).count("\n")
    fault = find(faults_of(tmp_path, files), "data/orders.csv", row, "ordered_at", "after actuals_through")
    assert fault.got == "2026-07-01"


def test_a_fault_prints_address_then_problem_then_got_then_remedy(faults: tuple[Fault, ...]) -> None:
    text = str(find(faults, "data/orders.csv", 3, "market", "unknown market"))
    assert text == "data/orders.csv:3:market | unknown market | got N0 | one of NA, NO"


def test_bad_input_writes_nothing(tmp_path: Path) -> None:
    write_plan(tmp_path, everything_wrong())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError):
        load_plan(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_thousand_equal_faults_are_cut_but_every_distinct_value_is_shown_first(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    head = ORDERS.split("\n")[0]
    rows = [f"A{n},bob,2026-01-09,{'XX' if n else 'YY'},shop,NOK,B-2,1,20,0,0,0" for n in range(999, -1, -1)]
    files["data/orders.csv"] = "\n".join([head, *rows])
    found = [fault for fault in faults_of(tmp_path, files) if fault.column == "market"]
    assert len(found) == 21
    assert {fault.got for fault in found} == {"XX", "YY"}
    assert "and 979 more" in " ".join(fault.problem for fault in found)


@pytest.mark.parametrize("missing", ["data/orders.csv", "data/items.csv", "plan.yaml"])
def test_only_three_files_are_obligatory_and_their_absence_is_a_fault(tmp_path: Path, missing: str) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    del files[missing]
    assert any(fault.file == missing for fault in faults_of(tmp_path, files))


def test_orders_without_rows_are_no_orders(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["data/orders.csv"] = ORDERS.split("\n")[0] + "\n"
    assert find(faults_of(tmp_path, files), "data/orders.csv", 0, "", "no orders at all")


@pytest.mark.parametrize(
    ("file", "old", "new", "column", "problem"),
    [
        ("data/purchase_orders.csv", "P002,1,CN1", "P001,1,CN1", "po, line", "second row"),
        ("data/items.csv", "B-2,Balm", "1E10,Balm", "item", "second row"),
        ("data/inventory.csv", "B-2,oslo", "1E10,oslo", "item, node", "second row"),
        ("data/fx.csv", "2024-07-08,CNY", "2024-07-01,CNY", "day, currency", "second row"),
        (
            "data/spend.csv",
            "2024-08-01,NO",
            "2024-07-01,NO",
            "day, market, acquisition_channel, campaign",
            "second row",
        ),
        ("data/opening_balance.csv", ",credit_line,", ",cash,", "account", "second row"),
        ("data/opening_balance.csv", ",credit_line,", ",credit_lime,", "account", "unknown account"),
        ("data/opening_balance.csv", "2026-06-30,cash", "2026-05-31,cash", "as_of", "not the day"),
        ("data/inventory.csv", "2026-06-30,1E10", "2026-05-31,1E10", "as_of", "not the day"),
        ("data/open_receivables.csv", "10500,NOK", "10600,NOK", "amount", "does not tie"),
        ("data/open_payables.csv", "7100,CNY", "7000,CNY", "amount", "does not tie"),
        ("data/open_payables.csv", "2026-07-15", "2026-06-30", "due", "due on or before"),
        ("data/inventory.csv", ",90,9.3", ",90,9.5", "unit_landed_cost", "does not tie"),
        (
            "data/tariffs.csv",
            "2026-08-01,2026-12-31",
            "2026-08-01,2026-07-31",
            "valid_to",
            "dates out of order",
        ),
        ("data/spend.csv", "2024-07-01,NO", "2026-07-01,NO", "day", "spend after actuals_through"),
        ("data/items.csv", "CN1;KR1", "CN1;CN1", "suppliers", "a supplier named twice"),
        ("data/items.csv", "CN1;KR1", "CN1;KR2", "suppliers", "unknown supplier"),
        ("data/items.csv", "0.8;0.2", "0.8", "shares", "2 suppliers need 2 shares"),
        ("data/items.csv", "weight_kg", "weight", "weight_kg", "a column is missing"),
    ],
)
def test_a_fault_between_rows_or_files_is_named(
    tmp_path: Path, file: str, old: str, new: str, column: str, problem: str
) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    assert old in str(files[file])
    files[file] = str(files[file]).replace(old, new, 1)
    found = faults_of(tmp_path, files)
    assert any(f.file == file and f.column == column and problem in f.problem and f.remedy for f in found), (
        found
    )


def test_purchase_dates_run_from_order_to_receipt_without_gaps(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    head = str(files["data/purchase_orders.csv"]).split("\n")[0]
    files["data/purchase_orders.csv"] = f"""{head}
X1,1,CN1,B-2,oslo,2026-01-10,2026-01-05,2026-01-09,2026-02-01,2026-01-31,2026-02-05,60,60,45,CNY,0
X2,1,CN1,B-2,oslo,2026-01-10,,2026-01-20,,2026-02-01,,60,0,45,CNY,0
X3,1,CN1,B-2,oslo,2026-01-10,,2026-07-01,,,,60,0,45,CNY,0
"""
    faults = faults_of(tmp_path, files)
    name = "data/purchase_orders.csv"
    assert find(faults, name, 2, "shipped_on", "dates out of order").got == "2026-01-09"
    assert find(faults, name, 2, "cleared_on", "dates out of order").got == "2026-01-31"
    assert find(faults, name, 2, "promised_on", "dates out of order").got == "2026-01-05"
    assert find(faults, name, 3, "port_on", "a blank date before cleared_on").got == "cleared_on 2026-02-01"
    assert find(faults, name, 4, "shipped_on", "after actuals_through").got == "2026-07-01"


def test_a_lane_that_an_item_needs_is_named_with_who_needs_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    plan = str(files["plan.yaml"])
    before, after = plan.split("  - {supplier: CN1, node: windhoek", 1)
    files["plan.yaml"] = before + after[after.index("  - {") :]
    fault = find(
        faults_of(tmp_path, files),
        "plan.yaml",
        row_of(str(files["plan.yaml"]), "lanes:") + 1,
        "3",
        "a lane is missing",
    )
    assert "CN1 to windhoek" in fault.got
    assert "market NA" in fault.got


def test_overlapping_rates_of_one_rule_are_refused_and_of_two_rules_allowed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    twice = "3304,CN,nordic,mfn,0.07,2026-01-01,,illustrative\n"
    files["data/tariffs.csv"] = str(files["data/tariffs.csv"]) + twice
    assert find(
        faults_of(tmp_path / "a", files), "data/tariffs.csv", 7, "valid_from", "two rates of one rule"
    )
    files["data/tariffs.csv"] = str(files["data/tariffs.csv"]).replace(
        twice, twice.replace("mfn", "surcharge")
    )
    load_plan(write_plan(tmp_path / "b", files))


def test_a_currency_in_use_needs_a_rate_at_actuals_through(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    lines = str(files["data/fx.csv"]).split("\n")
    files["data/fx.csv"] = "\n".join(line for line in lines if "NOK" not in line)
    # a currency that no default is shipped for
    files = {name: str(text).replace("NOK", "AED") for name, text in files.items()}
    fault = find(faults_of(tmp_path, files), "data/fx.csv", 0, "currency", "no rate on or before")
    assert fault.got == "AED"


@pytest.mark.parametrize("name", ["data/fx.csv", "plan.yaml", "mappings/x.yaml", "data/.salt"])
def test_a_link_that_leaves_the_plan_folder_is_refused(tmp_path: Path, name: str) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    outside = tmp_path / "outside.txt"
    outside.write_text(str(files.pop(name, "file: data/orders.csv\ntable: orders\n")))
    folder = write_plan(tmp_path / "plan", files)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(outside)
    with pytest.raises(InputError) as raised:
        load_plan(folder)
    assert any(fault.file == name and "outside" in fault.problem for fault in raised.value.faults)


def test_a_mapping_cannot_name_a_file_outside(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["mappings/x.yaml"] = "file: ../../outside.csv\ntable: fx\n"
    assert find(faults_of(tmp_path, files), "../../outside.csv", 0, "", "outside the plan folder")


def test_a_folder_that_does_not_exist_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_plan(tmp_path / "nothing")


def test_investments_and_contributions_before_the_forecast_are_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["plan.yaml"] = str(files["plan.yaml"]) + (
        "  capex: [{day: 2026-06-30, amount: 10}, {day: 2026-07-01, amount: 10}]\n"
        "  contributions: [[2026-07-01, 5], [2026-01-01, 5]]\n"
    )
    row = row_of(str(files["plan.yaml"]), "capex:")
    faults = faults_of(tmp_path, files)
    assert len(faults) == 2
    assert find(faults, "plan.yaml", row, "17", "finance.capex[0].day").got == "2026-06-30"
    assert find(faults, "plan.yaml", row + 1, "37", "finance.contributions[1][0]").got == "2026-01-01"


@pytest.mark.parametrize("value", ["NaN", ".inf", "12:30", "0.5.1", "true", "[1]", "1e999", "20%"])
def test_what_is_no_number_in_the_plan_is_refused(tmp_path: Path, value: str) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["plan.yaml"] = str(files["plan.yaml"]).replace(
        "outbound_cost_per_order: 7", f"outbound_cost_per_order: {value}"
    )
    faults = faults_of(tmp_path, files)
    assert [(fault.file, fault.row) for fault in faults] == [
        ("plan.yaml", row_of(str(files["plan.yaml"]), value))
    ]


@pytest.mark.parametrize(
    "value", ["20260630", "1782777600", "2026-06-30 00:00:00", "30.06.2026", "2026-06-31"]
)
def test_what_is_no_date_in_the_plan_is_refused(tmp_path: Path, value: str) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["plan.yaml"] = str(files["plan.yaml"]).replace("2026-06-30", value, 1)
    faults = [fault for fault in faults_of(tmp_path, files) if fault.file == "plan.yaml"]
    assert [(fault.row, "not a date" in fault.problem) for fault in faults] == [(1, True)]
