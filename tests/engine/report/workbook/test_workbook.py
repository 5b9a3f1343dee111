"""The workbook of a run: figures of the cube, live formulas with their values, texts that stay texts."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest
import xarray as xr
from openpyxl.cell.cell import Cell

import engine
from engine.finance.accounts import BALANCE_NAMES
from engine.finance.lines import LINES, RUNGS, SEGMENT_RUNGS
from engine.finance.statements import FLOWS
from engine.report.workbook import WORKBOOK, write_workbook
from engine.report.workbook.checks import CHECKS, OK, SUMMARY, WRONG
from engine.report.workbook.cover import CONTENTS
from engine.report.workbook.words import ACCOUNT_WORDS, FLOW_WORDS, LINE_WORDS, RUNG_WORDS, words
from tests.engine.report.workbook.conftest import HOSTILE, Written

Reader = Callable[[bytes], tuple[openpyxl.Workbook, openpyxl.Workbook]]
CENT = 0.005


def cells(book: openpyxl.Workbook) -> Iterator[Cell]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from (each for each in row if each.value is not None)


def row_of(sheet: Any, label: str) -> int:
    rows = [each[0].row for each in sheet.iter_rows(max_col=1) if each[0].value == label]
    assert rows, f"{sheet.title}: no row {label!r}"
    return int(rows[0])


def amounts(sheet: Any, label: str) -> list[float]:
    """Every number beside a label."""
    row = sheet[row_of(sheet, label)]
    return [each.value for each in row[1:] if isinstance(each.value, (int, float))]


def base(written: Written, path: str) -> np.ndarray:
    """Mean over base trials, the axis of time first."""
    return np.asarray(written.cube[path].sel(scenario="base").values).mean(axis=0)


def with_values(cube: xr.DataTree, group: str, change: Callable[[xr.Dataset], xr.Dataset]) -> xr.DataTree:
    """The cube with one group changed."""
    groups = {name: cube[name].to_dataset() for name in cube.children}
    return xr.DataTree.from_dict(groups | {group: change(groups[group])})


def test_a_run_leaves_its_workbook_beside_the_cube(hostile: Written) -> None:
    assert zipfile.is_zipfile(hostile.folder / WORKBOOK)
    assert (hostile.folder / WORKBOOK).read_bytes() == hostile.data()


def test_report_writes_the_workbook_anew(hostile: Written, tmp_path: Path) -> None:
    copy = shutil.copytree(hostile.folder, tmp_path / "run")
    (copy / WORKBOOK).unlink()
    engine.open_run(copy).report()
    assert (copy / WORKBOOK).read_bytes() == (hostile.folder / WORKBOOK).read_bytes()


def test_the_same_run_gives_the_same_bytes(hostile: Written, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_workbook(tmp_path / name, hostile.cube, hostile.record, hostile.summary)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-06-30T00:00:00Z" in archive.read("docProps/core.xml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


def test_sheets_stand_in_the_order_of_the_cover(hostile: Written, opened: Reader) -> None:
    formulas, _ = opened(hostile.data())
    assert formulas.sheetnames == ["Cover", *CONTENTS]
    assert all(len(name) <= 31 for name in formulas.sheetnames)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_never_becomes_a_formula(hostile: Written, opened: Reader, text: str) -> None:
    formulas, _ = opened(hostile.data())
    holding = [each for each in cells(formulas) if text in str(each.value)]
    assert holding
    assert all(each.data_type == "s" and each.hyperlink is None for each in holding)
    assert all(each.quotePrefix for each in holding if str(each.value).startswith(tuple("=+-@")))


def test_texts_that_no_file_may_hold_are_marked(hostile: Written, opened: Reader) -> None:
    broken = "\x1b[31m\x00 \ud800 \ufffe &L&P"
    labels = {"market": dict.fromkeys(["NO", "NA"], broken)}
    terms = hostile.record["terms"] | {"labels": labels}
    data = hostile.data(record=hostile.record | {"company": broken, "terms": terms})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))  # noqa: S314 (our own file)
        assert "&amp;&amp;L&amp;&amp;P, run" in archive.read("xl/worksheets/sheet1.xml").decode()
    _, values = opened(data)
    assert values["Cover"]["A2"].value == "\ufffd[31m\ufffd \ufffd \ufffd &L&P"


@pytest.mark.parametrize("start", ["\t", "\r", "\N{MINUS SIGN}"])
def test_tab_return_and_minus_stay_text(hostile: Written, opened: Reader, start: str) -> None:
    formulas, _ = opened(hostile.data(record=hostile.record | {"company": f"{start}1+1"}))
    assert formulas["Cover"]["A2"].data_type == "s"
    assert formulas["Cover"]["A2"].quotePrefix


def test_formulas_are_those_of_a_harmless_plan(hostile: Written, opened: Reader) -> None:
    harmless = hostile.record | {"company": "Tiny", "terms": hostile.record["terms"] | {"labels": {}}}
    written = {}
    for name, record in (("hostile", hostile.record), ("harmless", harmless)):
        formulas, _ = opened(hostile.data(record=record))
        written[name] = {
            (each.parent.title, each.coordinate): each.value
            for each in cells(formulas)
            if each.data_type == "f"
        }
    assert written["hostile"] == written["harmless"]
    assert len(written["hostile"]) > 500


def test_nothing_in_the_file_points_outside(hostile: Written) -> None:
    with zipfile.ZipFile(io.BytesIO(hostile.data())) as archive:
        names = archive.namelist()
        relations = b"".join(archive.read(name) for name in names if name.endswith(".rels"))
        sheets = b"".join(archive.read(name) for name in names if name.startswith("xl/worksheets/sheet"))
    assert not [name for name in names if "external" in name.lower() or "vba" in name.lower()]
    assert b'TargetMode="External"' not in relations
    assert all(word not in sheets for word in (b"OFFSET(", b"INDIRECT(", b"WEBSERVICE("))


def test_every_line_is_a_value_and_every_rung_a_live_formula(hostile: Written, opened: Reader) -> None:
    formulas, values = opened(hostile.data())
    months = 6
    for line in LINES:
        label = words(line.name, LINE_WORDS)
        row = formulas["P&L"][row_of(formulas["P&L"], label)]
        assert [each.data_type for each in row[-months:]] == ["n"] * months, line.name
        assert all(each.data_type == "f" for each in row[1:-months])
    for rung in RUNGS:
        label = words(rung, RUNG_WORDS)
        row = formulas["P&L"][row_of(formulas["P&L"], label)]
        assert all(each.data_type == "f" for each in row[1:]), rung
        np.testing.assert_allclose(
            amounts(values["P&L"], label)[-months:], base(hostile, f"month/{rung}"), atol=CENT
        )


def test_totals_are_the_base_case_of_the_cube_to_the_cent(hostile: Written, opened: Reader) -> None:
    _, values = opened(hostile.data())
    pnl = values["P&L"]
    whole = next(each.column for each in pnl[5] if str(each.value).startswith("All "))
    for rung in RUNGS:
        total = pnl.cell(row_of(pnl, words(rung, RUNG_WORDS)), whole).value
        assert total == pytest.approx(base(hostile, f"month/{rung}").sum(), abs=CENT)
    for name in BALANCE_NAMES:
        got = amounts(values["Balance"], words(name, ACCOUNT_WORDS))
        np.testing.assert_allclose(got[1:], base(hostile, f"month/balance_{name}"), atol=CENT)
        assert got[0] == pytest.approx(hostile.record["terms"]["opening_balance"][name], abs=CENT)
    np.testing.assert_allclose(amounts(values["Balance"], "Total equity")[1:], base(hostile, "month/equity"))
    for flow in FLOWS:
        got = amounts(values["Cash quarterly"], words(flow, FLOW_WORDS))[-6:]
        np.testing.assert_allclose(got, base(hostile, f"month/cash_flow_{flow}"), atol=CENT)
    by_market = values["P&L by market"]
    for rung in SEGMENT_RUNGS:
        got = amounts(by_market, f"{words(rung, RUNG_WORDS)}, all markets")[-6:]
        np.testing.assert_allclose(got, base(hostile, f"market/{rung}").sum(axis=1), atol=CENT)


def test_weeks_roll_to_the_daily_series(hostile: Written, opened: Reader) -> None:
    _, values = opened(hostile.data())
    net = base(hostile, "day/net_cash")
    got = amounts(values["Cash 13 weeks"], "Net cash at the end")
    np.testing.assert_allclose(got, net[6 : 13 * 7 : 7], atol=CENT)
    fixed = amounts(values["Cash 13 weeks"], "Fixed costs (last day of the month)")
    assert sum(fixed) == pytest.approx(-2 * 7500.0)
    levels = np.quantile(hostile.cube["day/net_cash"].sel(scenario="base").values, 0.05, axis=0)
    got = amounts(values["Cash 13 weeks"], "Net cash at the end, p05")
    np.testing.assert_allclose(got, levels[6 : 13 * 7 : 7], atol=CENT)


def test_every_check_holds(hostile: Written, opened: Reader) -> None:
    _, values = opened(hostile.data())
    verdicts = [row[2].value for row in values["Checks"].iter_rows(SUMMARY + 1, SUMMARY + CHECKS)]
    assert verdicts == [OK] * CHECKS
    assert values["Checks"].cell(SUMMARY + CHECKS + 1, 1).value is None
    assert OK in [each.value for each in values["Cover"]["B"]]


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("month", "cm1"),
        ("month", "equity"),
        ("month", "balance_payables"),
        ("market", "refunds"),
        ("day", "net_cash"),
    ],
)
def test_a_figure_that_does_not_fit_is_found(hostile: Written, opened: Reader, group: str, name: str) -> None:
    cube = with_values(hostile.cube, group, lambda dataset: dataset.assign({name: dataset[name] + 0.5}))
    _, values = opened(hostile.data(cube))
    assert WRONG in [each.value for each in values["Cover"]["B"]]


def test_inputs_are_blue_validated_and_keep_their_paths(hostile: Written, opened: Reader) -> None:
    formulas, _ = opened(hostile.data())
    sheet = formulas["Inputs"]
    row = row_of(sheet, "markets[NO].consumption_tax")
    value = sheet.cell(row, 2)
    assert (value.value, sheet.cell(row, 3).value, sheet.cell(row, 4).value) == (0.25, "share", "plan.yaml")
    assert value.font.color.rgb == "FF0000FF"
    rules = [rule for rule in sheet.data_validations.dataValidation if value.coordinate in rule.sqref]
    assert [(rule.type, float(rule.formula1), float(rule.formula2)) for rule in rules] == [("decimal", 0, 1)]
    paths = {each["path"] for each in hostile.record["plan_inputs"]}
    assert paths <= {each[0].value for each in sheet.iter_rows(max_col=1)}


def test_amounts_are_negative_in_parentheses_and_pages_are_set_up(hostile: Written, opened: Reader) -> None:
    formulas, _ = opened(hostile.data())
    for sheet in formulas.worksheets:
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        for row in sheet.iter_rows():
            for each in row:
                if isinstance(each.value, (int, float)) and not each.is_date:
                    assert "(" in each.number_format, (sheet.title, each.coordinate)
    assert formulas["P&L"].freeze_panes == "B6"


def test_what_the_cube_does_not_hold_is_listed(hostile: Written, opened: Reader) -> None:
    _, values = opened(hostile.data())
    listed = [row[1].value for row in values["Cover"].iter_rows(max_col=2) if row[0].value == "not computed"]
    assert any(str(each).startswith("Backtest") for each in listed)
    policy = {
        "thresholds": {"former_metric": {"min": 0.4}, "ebitda": {"min": 1.0}},
        "tolerated_probability": 0.2,
    }
    _, values = opened(hostile.data(record=hostile.record | {"policy": policy}))
    listed = [row[1].value for row in values["Cover"].iter_rows(max_col=2) if row[0].value == "not computed"]
    assert [each for each in listed if "former_metric" in each]
    assert not [each for each in listed if "ebitda" in each]


def test_one_trial_base_alone_and_one_quarter(smallest: Written, opened: Reader) -> None:
    formulas, values = opened(smallest.data())
    assert OK in [each.value for each in values["Cover"]["B"]]
    weeks = amounts(values["Cash 13 weeks"], "Week")
    days = smallest.cube["day"].sizes["day"]
    assert weeks == list(range(1, 14))
    assert days >= 91
    net = base(smallest, "day/net_cash")
    assert amounts(values["Cash 13 weeks"], "Net cash at the end")[-1] == pytest.approx(net[90], abs=CENT)
    assert not [each for each in cells(values) if str(each.value).startswith("#")]
    assert formulas["Distributions"].cell(4, 1).value.startswith("One trial")


def test_a_quarter_of_ninety_days_has_a_short_last_week(smallest: Written, opened: Reader) -> None:
    def shorter(dataset: xr.Dataset) -> xr.Dataset:
        return dataset.isel(day=slice(0, 90))

    _, values = opened(smallest.data(with_values(smallest.cube, "day", shorter)))
    net = base(smallest, "day/net_cash")
    got = amounts(values["Cash 13 weeks"], "Net cash at the end")
    assert len(got) == 13
    assert got[-1] == pytest.approx(net[89], abs=CENT)


def test_a_metric_that_is_not_defined_is_said_to_be(hostile: Written, opened: Reader) -> None:
    def blank(dataset: xr.Dataset) -> xr.Dataset:
        partly = dataset["fill_rate"].copy(data=dataset["fill_rate"].values)
        partly[:, 0] = np.nan
        cycle = xr.full_like(dataset["cash_conversion_cycle"], np.nan)
        return dataset.assign(fill_rate=partly, cash_conversion_cycle=cycle)

    _, values = opened(hostile.data(with_values(hostile.cube, "horizon", blank)))
    shown = {(row[0].value, row[1].value): row for row in values["Distributions"].iter_rows()}
    assert shown["Cash conversion cycle", "base"][4].value == "not defined"
    assert shown["Fill rate", "base"][3].value == 4
    said = {(row[0].value, row[1].value): row[3].value for row in values["Scenarios"].iter_rows()}
    assert said["Cash conversion cycle", "base"] == "not defined"


def test_nine_markets_and_long_labels(hostile: Written, opened: Reader) -> None:
    keys = [f"M{number}" for number in range(9)]

    def split(dataset: xr.Dataset) -> xr.Dataset:
        share = dataset.isel(market=[0]).copy()
        share = share.assign({name: dataset[name].sum("market", keepdims=True) / 9 for name in dataset})
        return xr.concat([share.assign_coords(market=[key]) for key in keys], "market")

    labels = {"market": dict.fromkeys(keys, "a very long label " * 28)}
    record = hostile.record | {"terms": hostile.record["terms"] | {"labels": labels}, "company": "x" * 500}
    cube = with_values(with_values(hostile.cube, "market", split), "service", split)
    _, values = opened(hostile.data(cube, record))
    assert OK in [each.value for each in values["Cover"]["B"]]
    total = amounts(values["P&L by market"], "Net revenue, all markets")[-6:]
    np.testing.assert_allclose(total, base(hostile, "market/net_revenue").sum(axis=1), atol=CENT)
    sheet = values["P&L by market"]
    shown = [str(each.value) for each in sheet["A"] if str(each.value).endswith("(M8)")]
    assert shown
    assert max(map(len, shown)) < 1.3 * sheet.column_dimensions["A"].width


def test_a_record_of_an_older_run_still_has_a_workbook(hostile: Written, opened: Reader) -> None:
    record = {k: v for k, v in hostile.record.items() if k not in {"plan_inputs", "terms", "lock"}}
    _, values = opened(hostile.data(record=record))
    assert OK in [each.value for each in values["Cover"]["B"]]
    opening = amounts(values["Cash quarterly"], "Cash at the start")[-6]
    assert opening == pytest.approx(hostile.record["terms"]["opening_balance"]["cash"], abs=CENT)
