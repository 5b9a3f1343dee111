"""The books balance in every trial and month, and they would not without any single leg of any posting."""

from __future__ import annotations

import numpy as np
import pytest

from engine.finance.accounts import FLAT
from engine.finance.postings import POSTINGS, unbalanced, without_leg
from engine.finance.statements import assemble, count_books

LEGS = [(p, leg) for p, posting in enumerate(POSTINGS) for leg in range(len(posting.legs))]


def test_every_posting_balances_in_signs() -> None:
    assert unbalanced() == ()


def test_equity_is_opening_plus_income_plus_contributions_in_every_trial_and_month(closed) -> None:
    statements = assemble(closed.spec.opening, closed.months)
    assert np.abs(statements.identity_gap()).max() < 1e-6
    assert np.abs(statements.contributions).max() > 0.0


def test_every_posting_has_an_amount(closed) -> None:
    total = sum(np.abs(month.company) + np.abs(month.segments).sum(axis=2) for month in closed.months)
    assert [p.name for p, amount in zip(POSTINGS, total.min(axis=0), strict=True) if amount < 0.01] == []


def test_fault_M17_accounts_that_no_posting_moves_stay_in_every_month(closed) -> None:
    assert {leg.account for posting in POSTINGS for leg in posting.legs}.isdisjoint(FLAT)
    statements = assemble(closed.spec.opening, closed.months)
    assert (statements.account("other_assets") == 3000.0).all()
    assert (statements.account("other_liabilities") == 4000.0).all()


@pytest.mark.parametrize(
    ("posting", "leg"), LEGS, ids=[f"{POSTINGS[p].name}:{POSTINGS[p].legs[g].account}" for p, g in LEGS]
)
def test_dropping_one_leg_breaks_the_identity(closed, posting: int, leg: int) -> None:
    statements = assemble(closed.spec.opening, closed.months, without_leg(posting, leg))
    assert (np.abs(statements.identity_gap()).max(axis=1) > 0.01).all()


def test_accounts_equal_what_the_books_hold(closed) -> None:
    statements = assemble(closed.spec.opening, closed.months)
    for month, books in enumerate(closed.books):
        counted = count_books(books, int(closed.spec.terms.company.month_start[month + 1]) - 1)
        for account, amount in counted._asdict().items():
            np.testing.assert_allclose(
                amount, statements.account(account)[:, month], atol=1e-6, err_msg=account
            )


def test_cash_flow_groups_sum_to_the_change_of_cash(closed) -> None:
    statements = assemble(closed.spec.opening, closed.months)
    cash = statements.account("cash")
    before = np.concatenate([np.full((len(cash), 1), 3000.0), cash[:, :-1]], axis=1)
    np.testing.assert_allclose(statements.cash_flow.sum(axis=2), cash - before, atol=1e-6)


def test_cash_tied_up_equals_its_accounts_and_receivables_at_cost(closed) -> None:
    statements = assemble(closed.spec.opening, closed.months)
    for month, books in enumerate(closed.books):
        end = int(closed.spec.terms.company.month_start[month + 1])
        tied = books.dues.cost[:, end:].sum(axis=1)
        for account, sign in (
            ("prepayments", 1),
            ("inventory", 1),
            ("inventory_in_transit", 1),
            ("payables", -1),
        ):
            tied = tied + sign * statements.account(account)[:, month]
        np.testing.assert_allclose(closed.months[month].cash.tied_up[:, -1], tied, atol=1e-6)
