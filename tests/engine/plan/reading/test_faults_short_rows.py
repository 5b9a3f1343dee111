"""A row that was cut short, or a header that was damaged, is never a figure of nothing in silence."""

from engine.plan.faults import Faults
from engine.plan.reading.reader import read_export


def test_a_row_without_its_amount_is_told():
    rows = "2025-01-13,Shop,a,100.00\n2025-01-14,Shop,b\n2025-01-15,Rent,c,-60.50\n"
    text = f"Date,Payee,Reference,Amount (EUR)\n{rows}"
    reading = read_export(text.encode(), "bank.csv", Faults())
    assert "1 of 3 rows hold no amount" in " ".join(reading.notes)


def test_a_whole_file_says_nothing_of_blank_amounts():
    text = (
        "Date,Details,Received,Paid,Balance\n2025-01-13,Sale,100.00,,100.00\n2025-01-14,Rent,,60.00,40.00\n"
    )
    reading = read_export(text.encode(), "book.csv", Faults())
    assert not [note for note in reading.notes if "no amount" in note]


def test_a_layout_whose_amounts_are_all_blank_does_not_win():
    text = "Account,Debit,Credit\npay_1,,\npay_2,,\n"
    faults = Faults()
    assert read_export(text.encode(), "x.csv", faults) is None
    assert [fault.problem for fault in faults] == ["no layout fits the header"]
