"""Online Retail as a plan: pieces on small tables, and the whole on the real files where they are."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.plan.load import load_plan
from engine.plan.plan import Plan
from engine.plan.report import check_report
from engine.templates.online_retail import figures, write_online_retail
from engine.templates.online_retail.countries import COUNTRIES, largest
from engine.templates.online_retail.goods import band_edges, category_of
from engine.templates.online_retail.purchases import make_purchases
from engine.templates.online_retail.rates import rates_table, tariff_rows
from engine.templates.online_retail.sources import FILES, read_sources
from models.errors import InputError

FOLDER = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[4] / "shared" / "data"))
LEDGER_ROWS, NET_REVENUE = 541_909, 9_747_747.93
"""The data folder's README."""


def test_bands_split_the_amount_evenly_and_never_run_out_of_prices() -> None:
    price = np.repeat(np.arange(1.0, 101.0), 3)
    edges = band_edges(price, np.ones(300), 20)
    assert len(edges) == 19
    share = np.bincount(np.searchsorted(edges, price, side="right")) / 300.0
    assert share.min() > 0.03
    assert share.max() < 0.07
    assert band_edges(np.array([1.0, 2.0, 2.0]), np.array([1.0, 1.0, 50.0]), 20) == (2.0,)
    assert band_edges(np.empty(0), np.empty(0), 20) == ()
    assert band_edges(np.array([3.0]), np.array([9.0]), 20) == ()
    heavy = band_edges(np.arange(1.0, 31.0), np.r_[1_000.0, np.ones(29)], 20)
    assert len(heavy) == 19
    assert np.all(np.diff(heavy) > 0.0)


def test_the_six_largest_countries_are_markets_and_unknown_ones_never() -> None:
    revenue = pd.Series({"Unspecified": 9e9, "USA": 5.0, "EIRE": 7.0, "Japan": 7.0, "France": -1.0})
    assert largest(revenue, 6) == ("EIRE", "Japan", "USA")
    assert COUNTRIES["EIRE"].code == "IE"


def test_categories_go_by_the_first_words_that_fit() -> None:
    assert category_of("CHRISTMAS MUG")[0] == "christmas"
    assert category_of("jumbo bag red retrospot")[:3] == ("bag", "420292", "IN1")
    assert category_of("")[0] == "ornament"


def scms(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Mode, ordered, delivered, shipment."""
    return pd.DataFrame(
        {
            "ID": range(len(rows)),
            "ASN/DN #": [shipment for *_, shipment in rows],
            "Shipment Mode": [mode for mode, *_ in rows],
            "PO Sent to Vendor Date": [ordered for _, ordered, _, _ in rows],
            "Scheduled Delivery Date": [delivered for _, _, delivered, _ in rows],
            "Delivered to Client Date": [delivered for _, _, delivered, _ in rows],
        }
    )


ITEMS = pd.DataFrame(
    {
        "item": ["A", "B", "C"],
        "suppliers": ["CN1;IN1", "EU1;CN1", "IN1;CN1"],
        "unit_cost": ["2.0", "3.0", "4.0"],
    }
)


def test_purchase_orders_keep_the_days_of_scms_and_cut_it_at_the_snapshot() -> None:
    bought = make_purchases(
        scms(
            ("Ocean", "01/01/14", "01-Jun-14", "s1"),
            ("Ocean", "12/01/14", "01-Mar-15", "s2"),
            ("Truck", "11/01/14", "02-Nov-14", "s3"),
            ("Air Charter", "11/01/14", "02-Dec-14", "s4"),
            ("Air", "N/A - From RDC", "02-Dec-14", "s5"),
            ("Air", "12/05/14", "02-Dec-14", "s6"),
            ("Air", "02/01/15", "02-Mar-15", "s7"),
        ),
        ITEMS,
        {"A": 10.0, "B": 1.0, "C": 1.0},
    )
    assert dict(bought.account) == {
        "order day not captured, or delivered from a depot": 1,
        "delivered before it was ordered": 1,
        "no mode of a lane (air charter, not given)": 1,
        "ordered after 2014-12-31": 1,
        "finished orders of CN1": 1,
        "finished orders of EU1": 1,
        "open orders of CN1": 1,
    } | {name: count for name, count in bought.account if count == 0}
    table = bought.table.set_index("po")
    done, waiting = table.loc["SCMS-s1-CN1"], table.loc["SCMS-s2-CN1"]
    days = (dt.date.fromisoformat(done["received_on"]) - dt.date.fromisoformat(done["ordered_on"])).days
    assert days == 151
    assert bought.mean_days == {"CN1": 151.0, "EU1": 1.0}
    shift = figures.AS_OF - figures.SNAPSHOT
    assert shift.days % 7 == 0
    assert waiting["ordered_on"] == (dt.date(2014, 12, 1) + shift).isoformat()
    assert (waiting["received_on"], waiting["quantity"]) == ("", 1510)
    # the listed days under way are longer than this order took: it left on the day it was ordered
    assert table.loc["SCMS-s3-EU1", "shipped_on"] == table.loc["SCMS-s3-EU1", "ordered_on"]


def test_rates_are_turned_round_to_the_pound_and_end_at_as_of() -> None:
    ecb = pd.DataFrame(
        {
            "Date": pd.to_datetime(["2010-11-30", "2010-12-01", "2011-11-30", "2011-12-01"]),
            "GBP": [0.8, 0.84, 0.85, 0.9],
            "USD": [1.3, 1.31, 1.34, 1.4],
        }
    )
    table = rates_table(ecb, {"GBP", "EUR", "USD"}, dt.date(2010, 12, 1))
    assert table["day"].tolist() == ["2010-12-01", "2010-12-01", "2011-11-30", "2011-11-30"]
    assert table["per_base"].round(6).tolist() == [1.190476, 1.559524, 1.176471, 1.576471]


def test_duties_of_the_united_states_come_from_its_files() -> None:
    usitc = pd.DataFrame({"hts8": ["39264000", "39264010"], "mfn_ad_val_rate": [0.053, 9999.999]})
    china = pd.DataFrame(
        {
            "hs6": ["392640"] * 2,
            "time_of_tariff": pd.to_datetime(["2018-01-01", "2018-07-06"]),
            "tariff": [5.3, 30.3],
        }
    )
    rows = tariff_rows(usitc, china, ["392640"]).set_index(["territory", "origin", "valid_from"])
    assert rows.loc[("US", "*", "2010-01-01"), "rate"] == 0.053
    assert rows.loc[("US", "CN", "2018-01-01"), ["rate", "valid_to"]].tolist() == [0.053, "2018-07-05"]
    assert rows.loc[("US", "CN", "2018-07-06"), ["rate", "valid_to"]].tolist() == [0.303, ""]
    assert rows.loc[("EU", "CN", "2010-01-01"), "rate"] == 0.065


def test_an_absent_data_folder_and_every_absent_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not exist.*--data FOLDER or TRADEWIND_DATA"):
        read_sources(tmp_path / "nowhere")
    (tmp_path / FILES["rates"]).write_bytes(b"not parquet")
    pd.DataFrame({"InvoiceNo": ["1"]}).to_parquet(tmp_path / FILES["ledger"])
    with pytest.raises(InputError) as caught:
        write_online_retail(tmp_path / "plan", tmp_path)
    problems = [(fault.file, fault.problem) for fault in caught.value.faults]
    assert (FILES["rates"], "not a readable Parquet file") in problems
    assert problems.count((FILES["ledger"], "a column is missing")) == 7
    assert sum(problem == "the file is not in the data folder" for _, problem in problems) == 3
    assert not (tmp_path / "plan").exists()


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    absent = [name for name in FILES.values() if not (FOLDER / name).exists()]
    if absent:
        pytest.skip(f"not in the data folder: {', '.join(absent)}; set TRADEWIND_DATA")
    folder = tmp_path_factory.mktemp("online-retail") / "plan"
    write_online_retail(folder, FOLDER)
    return load_plan(folder)


@pytest.mark.xdist_group("online-retail")
def test_every_row_of_online_retail_is_used_or_left_out_with_its_amount(plan: Plan) -> None:
    report = check_report(plan)
    (ledger,) = [entry for entry in report["files"] if entry["layout"] == "transactions"]
    assert ledger["rows"] == LEDGER_ROWS
    assert ledger["used"] + sum(part["rows"] for part in ledger["rejected"]) == LEDGER_ROWS
    (table,) = ledger["amounts"]
    assert round(table["before_exclusions"], 2) == NET_REVENUE
    parts = table["by_treatment"]
    assert sum(part["rows"] for part in parts) == LEDGER_ROWS
    assert sum(part["amount"] for part in parts) == pytest.approx(NET_REVENUE, abs=0.005)
    left_out = {part["reason"]: part["rows"] for part in ledger["rejected"]}
    assert left_out == {part["treatment"]: part["rows"] for part in parts if not part["used"]}
    by_name = {part["treatment"]: (part["rows"], round(part["amount"], 2)) for part in parts}
    assert by_name["after 2011-11-30: the month is not closed"] == (25_525, 433_668.01)
    assert by_name["booking of the accounts, not a sale (invoice A...)"] == (3, -11_062.06)
    assert all(tie["holds"] for tie in report["ties"])
    assert any("repeat an earlier line in every column" in note for note in ledger["notes"])
    (kept,) = [note for note in ledger["notes"] if note.startswith("200 items of the plan are 45.3%")]
    assert "20 price bands" in kept


@pytest.mark.xdist_group("online-retail")
def test_the_plan_has_seven_markets_their_currencies_and_only_listed_assumptions(plan: Plan) -> None:
    assert plan.market_keys == ("AU", "DE", "FR", "GB", "IE", "NL", "OTHER")
    assert plan.currencies == ("AUD", "CNY", "EUR", "USD")
    assert len(plan.item_keys) == 220
    ecb = pd.read_parquet(FOLDER / FILES["rates"])
    day = ecb[pd.to_datetime(ecb["Date"]) == "2011-11-30"].iloc[0]
    assert 1.0 / plan.base_rates["CNY"] == pytest.approx(day["CNY"] / day["GBP"], rel=1e-6)
    sources = [entry.source for entry in plan.assumptions]
    assert all(sources)
    assert not [entry for entry in plan.assumptions if entry.id in ("salt", "tariffs", "inventory", "spend")]
    assert not plan.orders["customer_key"].str.fullmatch(r"\d{5}").any()


@pytest.mark.xdist_group("online-retail")
def test_the_lead_times_are_those_of_scms_by_mode(plan: Plan) -> None:
    log = plan.purchase_orders
    days = (log["received_on"] - log["ordered_on"]).dt.days
    scms = pd.read_parquet(FOLDER / FILES["shipments"])
    ordered = pd.to_datetime(scms["PO Sent to Vendor Date"], format="%m/%d/%y", errors="coerce")
    delivered = pd.to_datetime(scms["Delivered to Client Date"], format="%d-%b-%y")
    known = (delivered >= ordered) & (delivered <= pd.Timestamp(figures.SNAPSHOT))
    for maker, mode in figures.SCMS_MODE.items():
        own = days[log["received_on"].notna() & (log["supplier"] == maker)]
        truth = (delivered - ordered).dt.days[known & (scms["Shipment Mode"] == mode)]
        assert sorted(own) == sorted(truth)
    assert log["received_on"].isna().any()
    assert log[["port_on", "cleared_on"]].isna().all(axis=None)
