"""Money that two files tell is taken once; spend falls on its days, in the currency that it was spent in."""

import datetime as dt

import pandas as pd
import pytest

from engine.plan.faults import Faults
from engine.plan.reading.countries import country_of_currency
from engine.plan.reading.reader import read_export
from engine.plan.setup.channels import ads, spread_over_months
from engine.plan.setup.doubles import told_elsewhere
from engine.plan.setup.gather import Gathered, groups_of
from engine.plan.setup.money import ledger

FEES = (30.5, 41.2, 28.9, 55.0)
PAYOUTS = "Transaction Date,Type,Order,Payout Status,Payout Date,Amount,Fee,Net,Currency\n" + "".join(
    f"2025-0{month}-10,charge,#{month},paid,2025-0{month}-12,{fee * 30},{fee},{fee * 30 - fee},USD\n"
    for month, fee in enumerate(FEES, 1)
)
BOOKS = (
    "Profit and Loss,,,,\nLoom,,,,\n\nAccount,Jan 2025,Feb 2025,Mar 2025,Apr 2025\nExpenses,,,,\n"
    f"Bank Fees,{','.join(map(str, FEES))}\nBank Charges,31,30,30,31\nRent,900,900,900,900\n"
    "Total Expenses,,,,\n"
)


def gathered(**files: str) -> Gathered:
    faults = Faults()
    readings = [
        read_export(text.encode(), f"{name}.csv", faults, None) for name, text in sorted(files.items())
    ]
    found = [reading for reading in readings if reading is not None]
    assert len(found) == len(files), list(faults)
    return Gathered(tuple(found), tuple(groups_of(found)))


def test_an_account_that_is_another_files_money_is_no_fixed_cost():
    files = gathered(books=BOOKS, payouts=PAYOUTS)
    assert told_elsewhere(files, ledger(files)) == {"Bank Fees": "payouts.csv"}


def test_without_another_file_no_account_is_doubled():
    files = gathered(books=BOOKS)
    assert told_elsewhere(files, ledger(files)) == {}


def test_spend_of_a_year_in_one_row_is_spread_over_its_months():
    frame = pd.DataFrame(
        {"day": [dt.date(2025, 1, 1)], "ends": [dt.date(2025, 12, 31)], "spend": [730.0], "clicks": [365]}
    )
    spread = spread_over_months(frame)
    assert len(spread) == 12
    assert spread["spend"].sum() == pytest.approx(730.0)
    assert spread["spend"].iloc[1] == pytest.approx(2.0 * 28)


def test_spend_in_another_currency_is_converted():
    report = "Day,Campaign,Currency code,Cost,Impr.,Clicks\n2025-01-05,Brand,EUR,90.00,10,1\n"
    spend = ads(gathered(ads=report), ["US"], "US", pd.Timestamp("2025-01-31"), {"USD": 1.0, "EUR": 0.9})
    assert list(spend["amount"]) == pytest.approx([100.0])


@pytest.mark.parametrize(
    ("currency", "country"), [("GBP", "GB"), ("INR", "IN"), ("USD", None), ("EUR", None)]
)
def test_a_supplier_is_guessed_where_its_currency_is_at_home(currency, country):
    assert country_of_currency(currency) == country
