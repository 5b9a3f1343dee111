"""A whole trial balance opens the books: every account mapped, what nothing moves carried flat."""

import datetime as dt
from types import SimpleNamespace

import pytest

from engine.finance.accounts import ACCOUNT_NAMES, ASSETS, BALANCE_NAMES, LIABILITIES
from engine.plan.account_lines import AccountMap, Entry, LineName, drafted, place
from engine.plan.defaults.exchange import default_rate
from engine.plan.faults import Faults
from engine.plan.load import load_plan
from engine.plan.reading.reader import read_export
from engine.plan.setup.accounts import account_of, line_of
from engine.plan.setup.balances import books
from engine.plan.tables import ACCOUNTS
from engine.stages.opening import _balance
from models.errors import InputError
from tests.tiny_plan import tiny_files, write_plan

CLOSED = dt.date(2026, 6, 30)
EXTRA = (
    ("710 Office Equipment", 5200.0),
    ("711 Accumulated Depreciation", -1200.0),
    ("Rent deposit", 3000.0),
    ("Deferred revenue", -2500.0),
    ("Accrued expenses", -1500.0),
    ("Advertising", 400.0),
    ("Sales", -3400.0),
)
"""Accounts that no line is named after, debit less credit; they sum to nothing."""
CREDIT = set(ACCOUNTS[ACCOUNTS.index("payables") :])


def whole(extra=EXTRA):
    """The balance of the tiny plan as debit less credit, with more accounts."""
    rows = [line.split(",") for line in tiny_files()["data/opening_balance.csv"].split()[1:]]
    own = [(name, float(amount) * (-1.0 if name in CREDIT else 1.0)) for _, name, amount in rows]
    return [*own, *extra]


def columns(rows):
    return "account,debit,credit\n" + "".join(
        f"{name},{max(amount, 0.0):.2f},{max(-amount, 0.0):.2f}\n" for name, amount in rows
    )


def exported(rows, day="June 30, 2026"):
    total = sum(max(amount, 0.0) for _, amount in rows)
    lines = [f"{n},{max(a, 0.0) or ''},{max(-a, 0.0) or ''}" for n, a in rows]
    owed = sum(max(-amount, 0.0) for _, amount in rows)
    head = ["Trial Balance", "Tiny Inc.", f'"As of {day}"', "", ",Debit,Credit"]
    return "\n".join([*head, *lines, f"TOTAL,{total:.2f},{owed:.2f}"]) + "\n"


def files(text, name="data/trial_balance.csv", accounts=""):
    kept = {key: each for key, each in tiny_files().items() if key != "data/opening_balance.csv"}
    more = {"mappings/accounts.yaml": accounts} if accounts else {}
    return kept | {name: text} | more


def faults_of(folder, given):
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(folder, given))
    return str(raised.value)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return load_plan(write_plan(tmp_path_factory.mktemp("books"), files(exported(whole()))))


def amounts(plan):
    return plan.opening_balance.set_index("account")["amount"].to_dict()


def test_fault_M17_every_account_of_an_exported_trial_balance_is_on_its_line(plan):
    own, given = amounts(plan), {n: abs(a) for n, a in whole(())}
    assert own["fixed_assets"] == pytest.approx(given["fixed_assets"] + 5200.0 - 1200.0)
    assert own["other_assets"] == pytest.approx(3000.0)
    assert own["other_liabilities"] == pytest.approx(4000.0)
    assert own["retained_earnings"] == pytest.approx(given["retained_earnings"] + 3400.0 - 400.0)
    assert own["cash"] == pytest.approx(given["cash"])


def test_fault_M17_what_nothing_moves_is_listed_by_check(plan):
    listed = {each.id: each.why for each in plan.assumptions}
    assert "Rent deposit" in listed["opening_balance.other_assets"]
    assert "Deferred revenue, Accrued expenses" in listed["opening_balance.other_liabilities"]
    notes = next(each.notes for each in plan.recognised if each.table == "opening_balance")
    assert "710 Office Equipment -> fixed_assets 5,200.00" in notes


def test_fault_M17_flat_accounts_open_the_books_and_equity_ties(plan):
    opened, equity = _balance(plan, {})
    values = dict(zip(BALANCE_NAMES, opened, strict=True))
    assert (values["other_assets"], values["other_liabilities"]) == (3000.0, 4000.0)
    assert sum(values[n] for n in ASSETS) - sum(values[n] for n in LIABILITIES) == pytest.approx(
        equity, abs=0.01
    )


def test_fault_M17_debit_and_credit_columns_in_opening_balance_are_the_same_books(plan, tmp_path):
    other = load_plan(write_plan(tmp_path, files(columns(whole()), "data/opening_balance.csv")))
    assert amounts(other) == pytest.approx(amounts(plan))


def test_fault_M17_canonical_rows_of_any_name_follow_the_mapping_and_sums_are_left_out(plan, tmp_path):
    rows = [(n, -a if n in CREDIT or n in {"Deferred revenue", "Sales"} else a) for n, a in whole()]
    rows = [(n, -a if n in {"Advertising"} else a) for n, a in rows]
    rows = [
        ("Zorp" if n == "Accrued expenses" else n, 1500.0 if n == "Accrued expenses" else a) for n, a in rows
    ]
    text = "as_of,account,amount\n" + "".join(f"{CLOSED},{n},{a:.2f}\n" for n, a in rows)
    text += f"{CLOSED},Total assets,999999\n"
    accounts = 'accounts:\n  "zo*": other_liabilities\n  advertising: retained_earnings\n'
    other = load_plan(write_plan(tmp_path, files(text, "data/opening_balance.csv", accounts)))
    assert amounts(other) == pytest.approx(amounts(plan))
    entry = next(each for each in other.recognised if each.table == "opening_balance")
    assert entry.rejected == (("sum of other rows", 1),)


@pytest.mark.parametrize(
    ("rows", "day", "accounts", "said"),
    [
        ([*whole(), ("Suspense", 1000.0)], "June 30, 2026", "", "Suspense (taken as other_assets)"),
        ([*whole(), ("Checking", 0.02)], "June 30, 2026", "", "does not balance | got assets"),
        (whole(), "May 31, 2026", "", "not the day of actuals_through"),
        (whole(), "June 30, 2026", "accounts:\n  Sales: turnover\n", "mappings/accounts.yaml:2"),
    ],
)
def test_fault_M17_what_does_not_fit_is_told(rows, day, accounts, said, tmp_path):
    assert said in faults_of(tmp_path, files(exported(rows, day), accounts=accounts))


def test_a_cent_is_rounding(tmp_path):
    load_plan(write_plan(tmp_path, files(exported([*whole(), ("Checking", 0.01)]))))


def test_fault_M17_a_balance_in_another_currency_is_a_fault(tmp_path):
    text = "Trial Balance\nCurrency: EUR\n" + exported(whole()).split("\n", 1)[1]
    if "EUR" not in str(read_export(text.encode(), "t.csv", Faults()).figures["currency"]):
        text = (
            columns(whole()).replace("account,", "currency,account,").replace("\n", "\nEUR,")[: -len("EUR,")]
        )
    assert "another currency than the company's" in faults_of(tmp_path, files(text))


def test_fault_M17_a_cell_of_a_trial_balance_that_is_no_amount_is_told_with_its_row(tmp_path):
    said = faults_of(tmp_path, files(exported(whole()).replace("5200.0", "much")))
    assert "data/trial_balance.csv:" in said
    assert "much" in said
    assert "cells" not in said


def unsigned(*rows, accounts=()):
    frame = place([Entry(*row) for row in rows], AccountMap(accounts=dict(accounts)), "").frame
    return dict(zip(frame["account"], frame["amount"], strict=True))


def test_an_account_of_unknown_side_goes_where_the_balance_ties():
    assert unsigned(("cash", 90.0), ("Zorp", 10.0), ("share_capital", 100.0))["other_assets"] == 10.0
    assert unsigned(("cash", 90.0), ("Zorp", 10.0), ("share_capital", 80.0))["other_liabilities"] == 10.0
    assert "Zorp" in unsigned(("cash", 90.0), ("Zorp", 10.0), ("share_capital", 50.0))


def test_a_slip_of_a_line_is_not_an_account_of_the_books():
    assert "credit_lime" in unsigned(("cash", 90.0), ("credit_lime", 10.0), ("share_capital", 80.0))


def test_whole_names_go_before_patterns_and_patterns_in_their_order():
    accounts = AccountMap(accounts={"17*": "payables", "*": "cash", "1790 VAT": "sales_tax_payable"})
    assert [accounts.line(name) for name in ("1790 vat", "1700 Other", "X")] == [
        "sales_tax_payable", "payables", "cash",
    ]  # fmt: skip


def test_lines_of_the_mapping_are_the_accounts_of_the_books():
    assert set(LineName.__args__) == set(ACCOUNTS) == set(ACCOUNT_NAMES)
    assert '"a: b": cash  # why' in drafted([("a: b", "cash", "why")])


@pytest.mark.parametrize(
    ("name", "debit", "expected"),
    [
        ("710 Office Equipment", 5200.0, ("fixed_assets", 5200.0)),
        ("711 Less Accumulated Depreciation", -900.0, ("fixed_assets", -900.0)),
        ("Unearned revenue", -5.0, ("other_liabilities", 5.0)),
        ("Prepaid insurance", 5.0, ("other_assets", 5.0)),
        ("Supplier deposits", 5.0, ("prepayments", 5.0)),
        ("Loan to director", 5.0, ("other_assets", 5.0)),
        ("Bank fees", 5.0, ("retained_earnings", -5.0)),
        ("Undeposited funds", 5.0, ("receivables", 5.0)),
        ("Zorp", -5.0, ("other_liabilities", 5.0)),
    ],
)
def test_an_account_without_number_or_section_is_placed_by_name_then_by_sign(name, debit, expected):
    assert account_of(name, "", debit) == expected
    assert line_of(name, "", debit).sure == (name != "Zorp")


def gathered(*texts):
    readings = [read_export(text.encode(), f"b{k}.csv", Faults()) for k, text in enumerate(texts)]
    group = SimpleNamespace(readings=readings)
    return SimpleNamespace(of=lambda kind, table="": [group])


def test_fault_M17_init_takes_the_balance_of_the_closed_day_and_says_where_there_is_none():
    rows, later = whole(), [*whole(), ("Savings", 7.0), ("Common stock", -7.0)]
    both = gathered(exported(later, "July 31, 2026"), exported(rows))
    assert books(both, CLOSED, "USD").notes[0][0] != "data/opening_balance.csv: as_of"
    one = books(gathered(exported(later, "July 31, 2026")), CLOSED, "USD")
    assert one.notes[0][0] == "data/opening_balance.csv: as_of"
    assert "ASK" in one.notes[0][2]
    assert one.amounts["other_liabilities"] == pytest.approx(4000.0)


def test_fault_M17_init_refuses_a_balance_that_is_off_and_names_what_no_rule_names():
    with pytest.raises(InputError, match=r"assets .*liabilities and equity .*1,000.00.*Zorp"):
        books(gathered(exported([*whole(), ("Zorp", 1000.0)])), CLOSED, "USD")
    off = books(gathered(exported([*whole(), ("Zorp", 0.01)])), CLOSED, "USD")
    assert off.table(CLOSED)["amount"].notna().all()


def test_fault_M17_init_translates_books_in_another_currency_at_the_closed_day():
    text = columns(whole()).replace("\n", ",EUR\n").replace("credit,EUR", "credit,currency")
    translated = books(gathered(text), CLOSED, "USD")
    rate = 1.0 / default_rate("USD", "EUR", CLOSED).per_base
    own = dict(whole())
    assert translated.amounts["cash"] == pytest.approx(own["cash"] * rate)
    assert any("is in EUR" in why for _, _, why in translated.notes)
    with pytest.raises(InputError, match="currency without a rate"):
        books(gathered(text.replace("EUR", "XPF")), CLOSED, "USD")
