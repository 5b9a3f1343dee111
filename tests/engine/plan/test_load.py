from __future__ import annotations

import datetime as dt
import hashlib
import random
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.plan.json_schema import mapping_schema, plan_schema, schema_text
from engine.plan.load import load_plan
from engine.plan.plan import Plan
from engine.plan.report import check_report
from engine.plan.tables import TABLES
from models.errors import InputError
from tests.tiny_plan import PLAN, tiny_files, write_plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plan(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return load_plan(folder)


def test_countries_items_and_tariff_numbers_load_as_they_are_written(plan: Plan) -> None:
    assert [(m.key, m.country) for m in plan.config.markets] == [("NA", "NA"), ("NO", "NO")]
    assert list(plan.items["item"]) == ["007", "1E10", "B-2"]
    assert list(plan.items["hs"]) == ["96151100", "0105110040", "33049900"]
    assert set(plan.orders["market"]) == {"NO", "NA"}
    assert set(plan.orders["item"]) == {"007", "1E10", "B-2"}
    assert plan.config.sales_channels[0].customer_known is False


def test_written_tables_load_to_the_same_plan(plan: Plan, tmp_path: Path) -> None:
    shutil.copytree(plan.path, tmp_path / "copy")
    for name in TABLES:
        frame: pd.DataFrame = getattr(plan, name)
        if name != "orders":  # a hashed customer is hashed again
            frame.to_csv(tmp_path / "copy" / "data" / f"{name}.csv", index=False)
    again = load_plan(tmp_path / "copy")
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(plan, name))
    assert again.hash == plan.hash


def test_every_table_has_the_columns_and_dtypes_of_its_contract(plan: Plan) -> None:
    kinds = {"key": "str", "text": "str", "month": "str", "number": "float64", "integer": "int64"}
    for name, table in TABLES.items():
        frame = getattr(plan, name)
        assert tuple(frame.columns) == table.names
        for column in table.columns:
            assert str(frame[column.name].dtype) == kinds.get(column.kind, "datetime64[s]"), (
                name,
                column.name,
            )


def test_no_e_mail_and_no_plain_customer_name_is_kept(plan: Plan) -> None:
    keys = set(plan.orders["customer_key"]) - {""}
    assert len(keys) == 160
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)
    assert "@" not in plan.orders.to_csv()
    assert "example.org" not in repr(check_report(plan))


def test_the_salt_of_the_plan_decides_the_customer_hashes(plan: Plan, tmp_path: Path) -> None:
    first = load_plan(write_plan(tmp_path / "a", tiny_files() | {"data/.salt": "sixteen-or-more-characters"}))
    again = load_plan(
        write_plan(tmp_path / "b", tiny_files() | {"data/.salt": "sixteen-or-more-characters\n"})
    )
    assert list(first.orders["customer_key"]) == list(again.orders["customer_key"])
    assert not set(first.orders["customer_key"]) & set(plan.orders["customer_key"]) - {""}
    assert first.orders["customer_key"].nunique() == plan.orders["customer_key"].nunique()
    bare = load_plan(
        write_plan(tmp_path / "bare", {k: v for k, v in tiny_files().items() if "salt" not in k})
    )
    assert "salt" in {a.id for a in bare.assumptions}
    assert "salt" not in {a.id for a in first.assumptions}
    with pytest.raises(InputError, match="salt is too short"):
        load_plan(write_plan(tmp_path / "c", tiny_files() | {"data/.salt": "short"}))


def test_the_order_of_rows_and_list_entries_changes_nothing(plan: Plan, tmp_path: Path) -> None:
    files = tiny_files()
    shuffle = random.Random(3)
    for name, text in files.items():
        if name.endswith(".csv"):
            head, *rows = text.rstrip("\n").split("\n")
            shuffle.shuffle(rows)
            files[name] = "\n".join([head, *rows]) + "\n"
    parts = PLAN.split("territories:\n")
    blocks = parts[1].split("ports:\n", 1)[0].rstrip("\n").split("\n")
    files["plan.yaml"] = PLAN.replace("\n".join(blocks), "\n".join(reversed(blocks)))
    norway, namibia = PLAN.index("  - key: NO\n"), PLAN.index("  - key: NA\n")
    end = PLAN.index("sales_channels:")
    files["plan.yaml"] = files["plan.yaml"].replace(
        PLAN[norway:end], PLAN[namibia:end] + PLAN[norway:namibia]
    )
    assert files["plan.yaml"] != PLAN
    again = load_plan(write_plan(tmp_path, files))
    assert again.hash == plan.hash
    assert again.config == plan.config
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(plan, name))


def test_labels_change_no_hash_and_everything_else_does(plan: Plan, tmp_path: Path) -> None:
    def hash_of(name: str, old: str, new: str) -> str:
        files = tiny_files()
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
        folder = write_plan(tmp_path / str(len(list(tmp_path.iterdir()))), files)
        return load_plan(folder).hash

    assert hash_of("plan.yaml", "label: Norway", "label: Norge") == plan.hash
    assert hash_of("plan.yaml", "name: Tiny", "name: Small") == plan.hash
    assert hash_of("plan.yaml", "source: assumed", "source: a paper") == plan.hash
    assert hash_of("data/items.csv", "Serum", "Sérum") == plan.hash
    assert hash_of("data/tariffs.csv", "illustrative", "gazette") == plan.hash
    assert hash_of("plan.yaml", "nodes: [oslo, windhoek]", "nodes: [windhoek, oslo]") != plan.hash
    assert hash_of("plan.yaml", "mean: -1.4", "mean: -1.5") != plan.hash
    assert hash_of("plan.yaml", "finance:\n", "season: {source: none}\nfinance:\n") != plan.hash
    assert hash_of("data/items.csv", "CN1;KR1", "KR1;CN1") != plan.hash
    assert hash_of("data/tariffs.csv", "0.065", "0.066") != plan.hash
    assert hash_of("data/orders.csv", ",231.0,", ",231.5,") != plan.hash


def test_the_layout_of_a_file_changes_no_hash(plan: Plan, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    orders = str(files.pop("data/orders.csv"))
    files["data/web.csv"] = orders.replace("market,", "land,", 1).replace(",NO,", ",Norge,").replace(",", ";")
    files["mappings/web.yaml"] = (
        "file: data/web.csv\ntable: orders\ncolumns: {market: land}\nvalues: {market: {Norge: NO}}\n"
    )
    files["data/items.csv"] = b"\xef\xbb\xbf" + str(files["data/items.csv"]).replace("\n", "\r\n").encode()
    files["data/fx.csv"] = str(files["data/fx.csv"]).replace(",", "\t").encode("utf-16")
    again = load_plan(write_plan(tmp_path, files))
    assert again.hash == plan.hash
    assert {entry.encoding for entry in again.recognised} == {"utf-8", "utf-16"}


def test_a_file_of_another_name_is_recognised_by_its_header_or_reported(plan: Plan, tmp_path: Path) -> None:
    files = tiny_files()
    files["data/exchange rates.csv"] = files.pop("data/fx.csv")
    files["data/notes.csv"] = "who,what\nme,nothing\n"
    again = load_plan(write_plan(tmp_path, files))
    assert again.hash == plan.hash
    by_file = {entry.file: entry for entry in again.recognised}
    assert (by_file["data/exchange rates.csv"].table, by_file["data/exchange rates.csv"].by) == (
        "fx",
        "header",
    )
    assert by_file["data/notes.csv"].table == ""
    assert by_file["data/notes.csv"].rejected == (("not recognised by mapping, name or header: not read", 1),)


def test_rows_in_are_rows_used_and_rejected(tmp_path: Path) -> None:
    files = tiny_files()
    files["data/orders.csv"] += "\n,,,,,,,,,,,\nT9999,x,2026-01-05,SE,shop,NOK,B-2,1,20,0,0,0\n\n"
    files["mappings/orders.yaml"] = "file: data/orders.csv\ntable: orders\nreject: {market: [SE]}\n"
    plan = load_plan(write_plan(tmp_path, files))
    entry = next(entry for entry in plan.recognised if entry.table == "orders")
    assert dict(entry.rejected) == {"blank row": 3, "market SE is rejected by mappings/orders.yaml": 1}
    assert entry.rows == entry.used + sum(count for _, count in entry.rejected)
    assert entry.used == len(plan.orders)
    for file in check_report(plan)["files"]:
        assert file["rows"] == file["used"] + sum(reason["rows"] for reason in file["rejected"])


def test_every_missing_file_is_an_assumption_and_the_plan_still_loads(tmp_path: Path) -> None:
    files = {
        name: text
        for name, text in tiny_files().items()
        if name in ("plan.yaml", "data/orders.csv", "data/items.csv")
    }
    plan = load_plan(write_plan(tmp_path, files))
    listed = {assumption.id for assumption in plan.assumptions}
    assert listed >= {
        "inventory",
        "purchase_orders",
        "spend",
        "spend_plan",
        "tariffs",
        "fx.CNY",
        "fx.NOK",
        "open_receivables",
        "open_payables",
        "opening_balance.cash",
        "opening_balance.share_capital",
    }
    assert all(assumption.why and assumption.source for assumption in plan.assumptions)
    amounts = plan.opening_balance.set_index("account")["amount"]
    assert amounts["cash"] == 3 * 7500
    stock = (plan.inventory["on_hand"] * plan.inventory["unit_landed_cost"]).sum()
    assert amounts["inventory"] == pytest.approx(stock, abs=1e-6)
    assert amounts["share_capital"] == pytest.approx(amounts["cash"] + amounts["inventory"], abs=1e-6)


def test_assumed_stock_covers_lead_time_and_cycle_and_is_worth_what_the_books_say(tmp_path: Path) -> None:
    files = tiny_files()
    del files["data/inventory.csv"]
    plan = load_plan(write_plan(tmp_path, files))
    orders = plan.orders
    year = orders[
        (orders["ordered_at"] >= "2025-07-01") & (orders["market"] == "NO") & (orders["item"] == "B-2")
    ]
    days = 30 + 2 + 20 + 35 + 2
    row = plan.inventory[(plan.inventory["item"] == "B-2") & (plan.inventory["node"] == "oslo")]
    assert row["on_hand"].item() == int(np.ceil(year["quantity"].sum() / 365 * days))
    booked = plan.opening_balance.set_index("account")["amount"]["inventory"]
    assert (plan.inventory["on_hand"] * plan.inventory["unit_landed_cost"]).sum() == pytest.approx(booked)


def test_missing_open_items_fall_due_by_the_terms_and_sum_to_the_books(tmp_path: Path) -> None:
    files = tiny_files()
    del files["data/open_receivables.csv"], files["data/open_payables.csv"]
    plan = load_plan(write_plan(tmp_path, files))
    amounts = plan.opening_balance.set_index("account")["amount"]
    assert plan.open_receivables["amount"].sum() == pytest.approx(amounts["receivables"])
    assert plan.open_payables["amount"].sum() == pytest.approx(amounts["payables"])
    due = dict(zip(plan.open_receivables["sales_channel"], plan.open_receivables["due"], strict=True))
    assert due == {"shop": pd.Timestamp("2026-07-03"), "marketplace": pd.Timestamp("2026-07-14")}


def test_views_follow_the_sorted_keys(plan: Plan) -> None:
    assert plan.segment_keys == ("NA/marketplace", "NA/shop", "NO/marketplace", "NO/shop")
    assert plan.item_keys == ("007", "1E10", "B-2")
    assert plan.origin_of_supplier == {"CN1": "CN", "KR1": "KR"}
    assert plan.territory_of_node == {"oslo": "nordic", "windhoek": "sacu"}
    assert plan.currencies == ("CNY", "NOK")
    assert plan.forecast_start == dt.date(2026, 7, 1)
    np.testing.assert_array_equal(plan.supplier_shares, [[0, 1], [0.8, 0.2], [1, 0]])
    np.testing.assert_array_equal(plan.qualified, [[True, True, True], [True, True, False]])
    last = {c: float(plan.fx[(plan.fx["currency"] == c)].iloc[-1]["per_base"]) for c in ("CNY", "NOK")}
    assert plan.base_rates == {"USD": 1.0, "CNY": 1 / last["CNY"], "NOK": 1 / last["NOK"]}


def test_the_same_order_number_in_two_channels_stays_two_orders(tmp_path: Path) -> None:
    files = tiny_files()
    head = files["data/orders.csv"].split("\n")[0]
    files["data/other.csv"] = (
        f"{head}\nT1,,2026-01-05,NO,marketplace,NOK,B-2,1,20,0,0,0\nT1,,2026-01-05,NO,marketplace,NOK,007,1,20,0,0,0\n"
    )
    before = load_plan(write_plan(tmp_path / "a")).orders["order_id"].nunique()
    orders = load_plan(write_plan(tmp_path / "b", files)).orders
    assert orders["order_id"].nunique() == before + 1
    assert {"T1@shop", "T1@marketplace"} <= set(orders["order_id"]) | {"T1@shop"}


def test_the_schema_is_the_models_and_names_every_field(plan: Plan) -> None:
    text = schema_text(plan_schema())
    assert schema_text(plan_schema()) == text
    fields = plan_schema()["properties"]
    assert set(fields) == set(type(plan.config).model_fields)
    assert plan_schema()["$defs"]["Supplier"]["properties"]["net_days"]["description"]
    assert plan_schema()["additionalProperties"] is False
    assert "file" in mapping_schema()["properties"]


def test_the_check_report_holds_no_path_of_the_machine(plan: Plan, folder: Path) -> None:
    assert str(folder) not in repr(check_report(plan))
    report = check_report(plan)
    assert report["plan_hash"] == plan.hash
    assert all(tie["holds"] for tie in report["ties"])
    assert len(report["ties"]) == 5
    channels = {entry["sales_channel"]: entry for entry in report["customers"]}
    assert channels["marketplace"]["lifetime_value"].startswith("no")
    assert channels["shop"]["customers"] == 160


def test_every_file_that_was_read_has_its_hash_in_the_plan(tmp_path: Path) -> None:
    files = tiny_files() | {
        "policy.yaml": "thresholds: {minimum_cash: {min: 0}}\n",
        "mappings/fx.yaml": "file: data/fx.csv\ntable: fx\n",
        "data/.salt": "sixteen-or-more-characters",
    }
    plan = load_plan(write_plan(tmp_path, files))
    assert plan.input_hashes == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()
    }


def test_a_policy_is_read_with_the_plan_and_moves_no_hash(plan: Plan, tmp_path: Path) -> None:
    files = tiny_files() | {"policy.yaml": "thresholds:\n  top_1_market_share: {max: 0.5}\n"}
    again = load_plan(write_plan(tmp_path / "a", files))
    assert again.policy.thresholds["top_1_market_share"].max == 0.5
    assert again.hash == plan.hash
    policy = "thresholds:\n  a: {max: 0.5, mn: 1}\n  b: {min: 2, max: 12:30}\n  a: {max: 1}\n"
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(tmp_path / "b", files | {"policy.yaml": policy, "data/fx.csv": ""}))
    assert [(f.file, f.row, f.column) for f in raised.value.faults] == [
        ("data/fx.csv", 0, ""),
        ("policy.yaml", 2, "17"),
        ("policy.yaml", 3, "20"),
        ("policy.yaml", 4, "3"),
    ]
    (tmp_path / "a" / "policy.yaml").write_text("thresholds: {a: {min: 2, max: 1}}\n")
    with pytest.raises(InputError, match="least value above the greatest"):
        load_plan(tmp_path / "a")


@pytest.mark.parametrize("broken", [b"\x00\x01", b"markets: [", b"- a list\n", b"plain text\n", b""])
def test_a_plan_file_that_cannot_be_read_hides_no_fault_of_the_others(tmp_path: Path, broken: bytes) -> None:
    files: dict[str, str | bytes] = dict(tiny_files())
    files["plan.yaml"] = broken
    files["data/fx.csv"] = str(files["data/fx.csv"]).replace("day,", "when,", 1)
    files["data/inventory.csv"] = str(files["data/inventory.csv"]).replace(",90,", ",-90,")
    files["data/items.csv"] = str(files["data/items.csv"]).replace("0.8;0.2", "0.8;0.8")
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(tmp_path, files))
    named = {(fault.file, fault.column) for fault in raised.value.faults}
    assert named >= {("data/fx.csv", "day"), ("data/inventory.csv", "on_hand"), ("data/items.csv", "shares")}
    assert any(fault.file == "plan.yaml" for fault in raised.value.faults)
