"""Workbooks are read as the same text would be; caps hold and the missing reader is named."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter

from engine.plan.faults import Faults
from engine.plan.reading.reader import read_export, read_sheets
from engine.plan.reading.sheet import cell_text

openpyxl = pytest.importorskip("openpyxl")


def workbook(rows: list[list[Any]], other: list[list[Any]] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    for row in other or [["read me"]]:
        book.active.append(row)
    sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ROWS: list[list[Any]] = [
    ["Orders of the shop"],
    [],
    ["Order ID", "Order Date", "SKU", "Quantity", "Price", "Currency"],
    ["0001", dt.datetime(2025, 3, 4, 10, 30), "00417", 2, 1.234, "EUR"],  # noqa: DTZ001 (a cell has no zone)
    ["0002", dt.date(2025, 3, 5), "1E5", 1, 1234, "EUR"],
    [3, dt.date(2025, 3, 6), "A", 1, 0.1 + 0.2, "EUR"],
]


def test_a_workbook_is_read_from_its_best_sheet_with_exact_figures() -> None:
    pytest.importorskip("python_calamine")
    faults = Faults()
    reading = read_export(workbook(ROWS), "orders.xlsx", faults)
    assert [str(fault) for fault in faults] == []
    assert reading is not None
    assert (reading.header_row, reading.figures["orders"], reading.figures["units"]) == (3, 3, 4)
    assert reading.figures["money"]["EUR"]["gross"] == Decimal("2.468") + 1234 + Decimal("0.3")
    assert reading.tables["lines"].column("item") == ["00417", "1E5", "A"]
    assert reading.figures["first_day"] == dt.date(2025, 3, 4)


def test_a_number_of_a_workbook_never_looks_like_thousands() -> None:
    assert cell_text(1.234) == "1.2340"
    assert cell_text(1234.0) == "1234"
    assert cell_text(0.1 + 0.2) == "0.3"
    assert cell_text(dt.date(2025, 3, 4)) == "2025-03-04"
    assert cell_text(None) == ""


def test_a_workbook_that_breaks_a_cap_is_a_fault() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    for content in (out.getvalue(), b"PK\x03\x04 damaged"):
        faults = Faults()
        assert read_export(content, "orders.xlsx", faults) is None
        assert len(list(faults)) == 1


def test_a_workbook_without_its_reader_is_told_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    faults = Faults()
    assert read_export(workbook(ROWS), "orders.xlsx", faults) is None
    assert "python-calamine" in str(next(iter(faults)))


def test_every_sheet_with_a_table_is_read() -> None:
    orders = ["Order ID,Order Date,Email,SKU,Quantity,Price,Currency", "1,2025-01-03,a@x.org,A,2,10.00,EUR"]
    later = [orders[0], "2,2025-02-03,b@x.org,A,1,10.00,EUR"]
    stock = ["SKU,On Hand,Warehouse", "A,40,Leeds"]
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        for title, lines in {"2024": orders, "2025": later, "Stock": stock, "Notes": ["by hand"]}.items():
            page = book.add_worksheet(title)
            for row, line in enumerate(lines):
                page.write_row(row, 0, line.split(","))
    faults = Faults()
    readings = read_sheets(content.getvalue(), "all.xlsx", faults)
    assert [(reading.kind, reading.rows_records) for reading in readings] == [
        ("orders", 1), ("orders", 1), ("inventory", 1)
    ]  # fmt: skip
    assert list(faults) == []
