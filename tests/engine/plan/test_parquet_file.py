"""Parquet files pass the same contracts as CSV."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.plan import parquet_file
from engine.plan.faults import Faults
from engine.plan.load import load_plan
from engine.plan.parquet_file import parse_parquet
from engine.plan.readers import TextTable
from models.errors import InputError
from tests.engine.plan.ledgers import HEADER, MAPPING, small_files
from tests.tiny_plan import write_plan


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def parsed(table: pa.Table) -> tuple[TextTable | None, list[str]]:
    faults = Faults()
    text = parse_parquet(written(table), "data/x.parquet", faults)
    return text, [str(fault) for fault in faults]


def test_cells_are_the_text_a_csv_would_hold() -> None:
    table = pa.table(
        {
            "id": pa.array([17850, None]),
            "price": pa.array([2.55, float("nan")]),
            "exact": pa.array([Decimal("1.10"), None]),
            "at": pa.array([pd.Timestamp("2010-12-01 08:26"), None]),
            "day": pa.array([dt.date(2010, 12, 1), None]),
            "name": pa.array([" NA ", "1E10"]),
        }
    )
    text, faults = parsed(table)
    assert not faults
    assert text is not None
    assert {name: list(cells) for name, cells in text.cells.items()} == {
        "id": ["17850", ""],
        "price": ["2.55", ""],
        "exact": ["1.10", ""],
        "at": ["2010-12-01 08:26:00", ""],
        "day": ["2010-12-01", ""],
        "name": ["NA", "1E10"],
    }
    assert text.row.tolist() == [2, 3]


def test_blank_rows_are_counted_and_rows_keep_their_numbers() -> None:
    text, _ = parsed(pa.table({"a": pa.array(["x", None, "y"]), "b": pa.array([1, None, 2])}))
    assert text is not None
    assert (text.rows_in_file, text.blank_rows, text.row.tolist()) == (3, 1, [2, 4])


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (pa.table({"a": pa.array([[1, 2]])}), "a column that is no plain value"),
        (pa.table({"a": pa.array([b"x"])}), "a column that is no plain value"),
        (pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), "duplicate column"),
    ],
)
def test_what_no_csv_could_hold_is_a_fault(table: pa.Table, problem: str) -> None:
    text, faults = parsed(table)
    assert text is None
    assert problem in faults[0]


def test_a_damaged_file_is_a_fault_not_a_crash() -> None:
    content = written(pa.table({"a": pa.array(range(100))}))
    for part in (content[:40], content[:-8], b"PAR1" + b"\x00" * 64 + b"PAR1"):
        faults = Faults()
        assert parse_parquet(part, "data/x.parquet", faults) is None
        assert faults


def test_a_ledger_in_parquet_is_the_same_plan_as_in_csv(tmp_path: Path) -> None:
    rows = [
        ("100", "B-2", "a thing", 2, pd.Timestamp("2026-03-02 10:00"), 2.55, 17850, "Norway"),
        ("101", "007", None, 1, pd.Timestamp("2026-03-02 10:00"), 4.0, None, "Chad"),
    ]
    frame = pd.DataFrame(rows, columns=list(HEADER)).astype({"CustomerID": "Int64"})
    as_csv = small_files() | {"data/ledger.csv": frame.to_csv(index=False), "mappings/ledger.yaml": MAPPING}
    as_parquet = small_files() | {"mappings/ledger.yaml": MAPPING.replace("ledger.csv", "ledger.parquet")}
    first = load_plan(write_plan(tmp_path / "a", as_csv))
    folder = write_plan(tmp_path / "b", as_parquet)
    frame.to_parquet(folder / "data" / "ledger.parquet", index=False)
    assert load_plan(folder).hash == first.hash


def test_text_named_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a readable Parquet file"):
        load_plan(write_plan(tmp_path, small_files() | {"data/x.parquet": "a,b\n1,2\n"}))


def test_fault_R12_bad_text_and_impossible_moments_are_faults_each_with_its_column() -> None:
    raw = pa.array([b"caf\xe9", b"ok"], pa.binary()).view(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    moment = pa.array([2**50, 0], pa.int64()).view(pa.timestamp("ms"))
    faults = Faults()
    table = pa.table({"name": text, "at": moment, "n": [1, 2]})
    assert parse_parquet(written(table), "data/x.parquet", faults) is None
    found = {fault.column: fault for fault in faults}
    assert set(found) == {"name", "at"}
    assert all(fault.remedy for fault in found.values())


def test_fault_R13_a_small_file_of_many_rows_is_refused_before_it_is_unpacked(monkeypatch) -> None:
    monkeypatch.setattr(parquet_file, "MOST_ROWS", 1_000)
    faults = Faults()
    table = pa.table({"n": np.zeros(1_001, np.int8)})
    assert parse_parquet(written(table), "data/x.parquet", faults) is None
    assert [fault.problem for fault in faults] == ["the file is too large"]
