from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.plan.faults import Faults
from engine.plan.parsing import RefusedError, convert, to_moment, to_number, to_whole
from engine.plan.readers import parse_table
from engine.plan.tables import Column


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("-1.50", -1.5), ("+.5", 0.5), ("1E3", 1000.0), ("007", 7.0), ("-0", 0.0)]
)
def test_plain_numbers_are_read(text: str, value: float) -> None:
    assert to_number(text) == value
    assert np.copysign(1.0, to_number(text)) == np.copysign(1.0, value)


@pytest.mark.parametrize(
    "text",
    ["12:30", "1,240", "1.240,5", "$5", "5 USD", "1_000", "0x1F", "٣", "1e", "--", "True", "1 000", "50%"],
)
def test_what_only_looks_like_a_number_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="text in a number"):
        to_number(text)


@pytest.mark.parametrize("text", ["nan", "NaN", "-inf", "Infinity", "#N/A", "1e999"])
def test_what_is_not_finite_is_refused_as_that(text: str) -> None:
    with pytest.raises(RefusedError, match="not a finite number"):
        to_number(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_round_trips(value: float) -> None:
    assert to_number(repr(value)) == value


@given(st.integers(-(1 << 53), 1 << 53))
def test_every_whole_number_that_a_float_holds_round_trips(value: int) -> None:
    assert to_whole(str(value)) == value
    assert to_whole(f"{value}.0") == value


def test_a_whole_number_beyond_2_to_the_53_is_refused() -> None:
    with pytest.raises(RefusedError, match="out of range"):
        to_whole(str((1 << 53) + 1))


@pytest.mark.parametrize(
    "text",
    [
        "2025-10-07 09:50:26 +0200",
        "2025-10-07T09:50:26Z",
        "2025-10-07T09:50:26.123+02:00",
        "2025-10-07 09:50:26 UTC",
    ],
)
def test_an_offset_is_dropped_and_local_time_kept(text: str) -> None:
    assert to_moment(text).isoformat() == "2025-10-07T09:50:26"


@pytest.mark.parametrize(
    "text", ["07/10/2025", "2025-13-01", "2025-02-29", "45000", "0025-01-01", "2025-1-1", "20251007"]
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="not a date"):
        to_moment(text)


def test_each_bad_cell_is_a_fault_with_its_row_and_the_others_are_kept() -> None:
    faults = Faults()
    column = Column("amount", "number", "an amount", least=0)
    typed, sound = convert(["1", "x", "-1", "x", ""], np.asarray([2, 3, 4, 5, 6]), column, "a.csv", faults)
    assert list(sound) == [True, False, False, False, False]
    assert typed[0] == 1.0
    found = [(fault.row, fault.got) for fault in sorted(faults)]
    assert found == [(3, "x"), (4, "-1"), (5, "x"), (6, "''")]


def test_an_empty_column_has_the_dtype_of_its_contract() -> None:
    typed, sound = convert([], np.empty(0, np.int64), Column("day", "day", "a day"), "a.csv", Faults())
    assert str(typed.dtype) == "datetime64[s]"
    assert sound.shape == (0,)
    assert isinstance(typed, pd.Series)


def test_rows_count_as_a_spreadsheet_does_even_after_cells_of_several_lines() -> None:
    faults = Faults()
    text = 'a,b\n"one\ntwo",1\n\n3\n4,5,\n6,7\n'
    table = parse_table(text, "a.csv", "utf-8", faults)
    assert table is not None
    assert list(table.row) == [2, 5, 6]
    assert table.cells["a"] == ["one\ntwo", "4", "6"]
    assert (table.rows_in_file, table.blank_rows, table.broken_rows) == (5, 1, 1)
    assert [(fault.row, fault.got) for fault in faults] == [(4, "1 cells")]


@pytest.mark.parametrize("text", ["a,a\n1,2\n", "a,,b\n1,2,3\n"])
def test_a_header_that_names_no_column_or_one_twice_is_a_fault(text: str) -> None:
    faults = Faults()
    assert parse_table(text, "a.csv", "utf-8", faults) is None
    assert [fault.row for fault in faults] == [1]
