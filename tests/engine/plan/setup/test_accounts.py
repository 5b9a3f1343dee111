"""Accounts of books with sections, with numbers and with names only."""

import pytest

from engine.plan.setup.accounts import account_of


@pytest.mark.parametrize(
    ("name", "section", "debit", "chart", "expected"),
    [
        ("Checking", "assets", 5.0, "", ("cash", 5.0)),
        ("Patents", "assets", 5.0, "", ("fixed_assets", 5.0)),
        ("Accrued wages", "liabilities", -5.0, "", ("other_liabilities", 5.0)),
        ("Common stock", "equity", -5.0, "", ("share_capital", 5.0)),
        ("2300 Customer deposits", "", -5.0, "", ("other_liabilities", 5.0)),
        ("2500 Term loan", "", -5.0, "", ("term_debt", 5.0)),
        ("4000 Sales", "", -5.0, "", ("retained_earnings", 5.0)),
        ("0630 Darlehen Hausbank", "", -5.0, "datev_balances", ("term_debt", 5.0)),
        ("3400 Wareneingang 19 % VSt", "", 5.0, "datev_balances", ("retained_earnings", -5.0)),
        ("3980 Bestand Waren", "", 5.0, "datev_balances", ("inventory", 5.0)),
        ("Bank loan", "", -5.0, "", ("term_debt", 5.0)),
        ("Wages", "", 5.0, "", ("retained_earnings", -5.0)),
    ],
)
def test_an_account_finds_its_place_and_its_sign(name, section, debit, chart, expected):
    assert account_of(name, section, debit, chart) == expected
