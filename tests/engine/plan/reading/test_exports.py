"""The corpus of invented exports reads to the cent; skipped where the folder is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.plan.faults import Faults
from engine.plan.reading.canonical import Reading
from engine.plan.reading.combine import combine
from engine.plan.reading.reader import read_export
from tests.exports import compare_folder, equal, main

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("TRADEWIND_DATA", ROOT.parent / "shared" / "data"))
CORPUS = DATA / "exports" if (DATA / "exports").is_dir() else None
needs_corpus = pytest.mark.skipif(CORPUS is None, reason="the corpus of exports is not on this machine")


@needs_corpus
def test_every_field_of_the_corpus_is_equal() -> None:
    assert CORPUS is not None
    rows = list(compare_folder(CORPUS))
    assert [row for row in rows if row.verdict == "DIFFERS"] == []
    assert len({row.file for row in rows}) >= 26
    assert sum(row.verdict == "ok" for row in rows) > 450


@needs_corpus
def test_fault_D17_two_overlapping_exports_of_a_company_count_each_order_once() -> None:
    assert CORPUS is not None
    both = combine([read(CORPUS / "companies/cod_shop" / f"orders_export_{part}.csv") for part in (1, 2)])
    assert both.repeated == 282
    assert both.figures["orders"] == 6634
    assert both.figures["customers"] == 5632
    assert equal({"PKR": 15864226.00}, {"PKR": both.figures["money"]["PKR"]["net_revenue"]})


def read(path: Path) -> Reading:
    faults = Faults()
    reading = read_export(path.read_bytes(), path.name, faults)
    assert reading is not None
    assert list(faults) == []
    return reading


@needs_corpus
def test_every_file_of_the_companies_is_read_without_a_fault() -> None:
    assert CORPUS is not None
    kinds = {path.stem: read(path).kind for path in sorted((CORPUS / "companies").rglob("*.csv"))}
    assert kinds["cash_book"] == "cash_book"
    assert kinds["courier_cod_statement"] == "courier_statement"
    assert kinds["balance_sheet_2025-12-31"] == "ledger"
    assert kinds["products_export"] == "products"


def test_a_folder_whose_figures_differ_ends_non_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("Order ID,Order Date,SKU,Quantity,Price\n1,2025-01-02,A,2,3.00\n")
    (tmp_path / "expected.yaml").write_text(
        'files:\n  a.csv:\n    kind: "orders"\n    orders: 1\n    units: 2\n'
    )
    assert main([str(tmp_path)]) == 0
    (tmp_path / "expected.yaml").write_text(
        'files:\n  a.csv:\n    kind: "orders"\n    orders: 1\n    units: 3\n'
    )
    assert main([str(tmp_path)]) == 1
    assert "DIFFERS a.csv: units | expected 3 | got 2" in capsys.readouterr().out
    assert main([]) == 2
