"""Accounts of any books as accounts of the opening balance: by section, by number of the chart, by name."""

from __future__ import annotations

import re

_NAMES = {
    "assets": (
        ("cash", r"(?i)\bcash|bank|checking|savings|paypal|kasse|postgiro"),
        ("receivables", r"(?i)receivable|clearing|debtor|forderung|\ba/r\b"),
        ("inventory", r"(?i)inventory|stock|\bwaren?\b|vorr[aä]t"),
        ("prepayments", r"(?i)deposit|prepa|anzahlung"),
        ("import_vat_recoverable", r"(?i)input vat|vat recover|vorsteuer"),
    ),
    "liabilities": (
        ("sales_tax_payable", r"(?i)sales tax|\bvat\b|\bgst\b|umsatzsteuer"),
        ("income_tax_payable", r"(?i)income tax|corporat\w* tax|k[oö]rperschaft"),
        ("credit_line", r"(?i)line of credit|credit line|overdraft|credit card"),
        ("term_debt", r"(?i)loan|term debt|mortgage|darlehen|notes payable"),
        ("payables", r"(?i)payable|creditor|verbindlichkeit"),
    ),
    "equity": (
        ("share_capital", r"(?i)capital|opening equity|opening balance equity|common|shares|gezeichnet"),
        ("retained_earnings", r"(?i)retained|earnings|gewinnvortrag|net income"),
    ),
}
_OTHER = {"assets": "fixed_assets", "liabilities": "payables", "equity": "retained_earnings"}
_SKR03 = (
    (0, 599, "assets"),
    (600, 799, "liabilities"),
    (800, 999, "equity"),
    (1000, 1599, "assets"),
    (1600, 1799, "liabilities"),
    (3960, 3999, "assets"),
)
"""Accounts of the balance in the chart SKR03 (DATEV); every other number is of the result."""
_ONE_DIGIT = {"1": "assets", "2": "liabilities", "3": "equity"}
"""First digit of four-figure charts; from 4 on the result."""
RESULT = "retained_earnings"


def account_of(name: str, section: str, debit: float, chart: str = "") -> tuple[str, float]:
    """Account of the opening balance and amount on its own side; ``debit`` is debit less credit.

    Accounts of the result (and what nothing places) go to retained earnings, so that the balance stays one.
    """
    side = _side(name, section, debit, chart)
    if side not in _NAMES:
        return RESULT, -debit
    account = next((a for a, pattern in _NAMES[side] if re.search(pattern, name)), _OTHER[side])
    return account, debit if side == "assets" else -debit


def _side(name: str, section: str, debit: float, chart: str) -> str:
    if section:
        return section.split(" ")[0].casefold()
    number = re.match(r"\s*(\d{4,6})\b", name)
    if number and chart.startswith("datev"):
        code = int(number[1][:4])
        return next((side for low, high, side in _SKR03 if low <= code <= high), "result")
    if number:
        return _ONE_DIGIT.get(number[1][0], "result")
    sides = ("assets",) if debit >= 0.0 else ("liabilities", "equity")
    fits = (side for side in sides if any(re.search(pattern, name) for _, pattern in _NAMES[side]))
    return next(fits, "result")
