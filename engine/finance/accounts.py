"""Accounts of the balance sheet: assets, liabilities and equity in their natural (positive) sign."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """An account of the balance sheet; ``monetary`` ones may be held in a foreign currency and are
    remeasured.
    """

    name: str
    kind: str
    current: bool = True
    monetary: bool = False


ACCOUNTS = (
    Account("cash", "asset"),
    Account("receivables", "asset", monetary=True),
    Account("inventory", "asset"),
    Account("inventory_in_transit", "asset"),
    Account("prepayments", "asset"),
    Account("import_vat_recoverable", "asset"),
    Account("fixed_assets", "asset", current=False),
    Account("other_assets", "asset"),
    Account("payables", "liability", monetary=True),
    Account("accrued_marketing", "liability"),
    Account("sales_tax_payable", "liability", monetary=True),
    Account("income_tax_payable", "liability"),
    Account("credit_line", "liability"),
    Account("term_debt", "liability", current=False),
    Account("other_liabilities", "liability"),
    Account("share_capital", "equity", current=False),
    Account("retained_earnings", "equity", current=False),
)

ACCOUNT_NAMES = tuple(account.name for account in ACCOUNTS)
ASSETS = tuple(account.name for account in ACCOUNTS if account.kind == "asset")
LIABILITIES = tuple(account.name for account in ACCOUNTS if account.kind == "liability")
EQUITY = tuple(account.name for account in ACCOUNTS if account.kind == "equity")
CURRENT_LIABILITIES = tuple(
    account.name for account in ACCOUNTS if account.kind == "liability" and account.current
)

FLAT = ("other_assets", "other_liabilities")
"""Accounts that no posting moves: what the books opened with stays on them in every month."""

BALANCE_NAMES = ASSETS + LIABILITIES
"""Accounts that postings move and that are kept by month; equity is computed apart from them."""
BALANCE_INDEX = {name: position for position, name in enumerate(BALANCE_NAMES)}

CONTRIBUTIONS = "contributions"
"""Equity paid in (or out) since the opening: the one equity account that a posting moves."""
