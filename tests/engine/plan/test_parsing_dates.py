"""Days as people write them are read in every table of a plan: one order a column, or one fault."""

import numpy as np
import pytest

from engine.plan.faults import Faults
from engine.plan.parsing import convert
from engine.plan.tables import ORDERS

COLUMN = ORDERS.column("ordered_at")


def read(*cells):
    faults = Faults()
    values, sound = convert(
        cells, np.arange(2, len(cells) + 2), COLUMN, "data/x.csv", faults, header="InvoiceDate"
    )
    return [str(value)[:16] for value in values], sound.tolist(), list(faults)


def test_fault_D16_a_day_above_12_settles_the_column():
    values, sound, faults = read("12/1/2010 07:45", "12/13/2010 09:06", "1/4/2010 10:53")
    assert values == ["2010-12-01 07:45", "2010-12-13 09:06", "2010-01-04 10:53"]
    assert all(sound)
    assert faults == []


def test_fault_D16_days_that_nothing_settles_are_one_fault_with_count_and_key():
    _, sound, faults = read("12/1/2010 07:45", "12/2/2010 07:46", "12/2/2010 07:46")
    assert not any(sound)
    assert len(faults) == 1
    assert "none of 3 rows" in faults[0].problem
    assert "dates: dmy" in faults[0].remedy


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("31.12.2025", "2025-12-31 00:00"),
        ("3 janvier 2025", "2025-01-03 00:00"),
        ("Mar-04-25", "2025-03-04 00:00"),
        ("2025/02/07 8:05", "2025-02-07 08:05"),
        ("1/25/2010 10:53 PM", "2010-01-25 22:53"),
    ],
)
def test_other_forms(cell, day):
    assert read(cell)[0] == [day]


def test_iso_and_other_forms_in_one_column_and_no_date_at_all():
    values, sound, faults = read("2025-01-31", "28/02/2025", "soon")
    assert values[:2] == ["2025-01-31 00:00", "2025-02-28 00:00"]
    assert sound == [True, True, False]
    assert [fault.problem for fault in faults] == ["not a date"]
