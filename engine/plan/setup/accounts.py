"""Accounts of any books as lines of the opening balance: by section, by number of the chart, by name."""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.plan.tables import ACCOUNTS, ASSETS

RESULT = "retained_earnings"
FLAT = {"assets": "other_assets", "liabilities": "other_liabilities", "equity": RESULT}
"""Side: the line of what no rule places there; of the first two nothing moves what the books open with."""

_RESULT = re.compile(
    r"(?i)\bexpenses?\b|\bfees?\b|charges|cost of|\bcosts\b|revenue|\bsales\b(?! tax)|"
    r"^\W*\d*\s*depreciation|amorti[sz]ation|wages|salar|payroll|\brent\b|travel|postage|advert|marketing|"
    r"insurance|utilities|telephone|internet|subscription|consult|legal|accounting|repairs|discount|refund|"
    r"returns|\bshipping|freight|courier|commission|purchases|\binterest\b|bad debt|income(?! tax)|"
    r"gains?\b|loss(es)?\b|aufwand|kosten|geh[aä]lter|l[oö]hne|miete|werbe|zins|erl[oö]se|skonti|versand|shrinkage|write-?(off|down)"
)
_HELD = re.compile(
    r"(?i)payable|accrued|accrual|deferred|unearned|prepaid|prepayment|receivable|deposit|liabilit|clearing|"
    r"accumulated|retained|net income|in advance|\basset|reserve"
)
"""Words of accounts that are held, whatever they are held for: accrued wages, prepaid rent, rent deposit."""

_NAMES = {
    "assets": (
        ("fixed_assets", r"(?i)accum\w*\.? *(depreciation|amorti[sz]ation)"),
        ("cash", r"(?i)(term|fixed|time) deposit|deposit account"),
        ("other_assets", r"(?i)\bloans? (to|receivable)|notes? receivable|due from"),
        ("inventory_in_transit", r"(?i)in transit|goods on the way|unterwegs"),
        (
            "prepayments",
            r"(?i)(deposit|prepa|advance)\w*.*(supplier|vendor|goods|purchase|inventory|stock)|(supplier|vendor)",
        ),
        ("prepayments", r"(?i)anzahlung|^\W*\d*\s*(deposits( paid)?|prepayments?)$"),
        ("other_assets", r"(?i)\bdeposit|prepaid|prepayment|deferred|accrued|kaution"),
        ("receivables", r"(?i)receivable|clearing|debtor|forderung|\ba/r\b|undeposited"),
        ("import_vat_recoverable", r"(?i)input vat|vat (recover|receiv)|vorsteuer"),
        ("inventory", r"(?i)inventory|stock|\bwaren?\b|vorr[aä]t"),
        ("cash", r"(?i)\bcash|bank|checking|savings|paypal|kasse|postgiro"),
        (
            "fixed_assets",
            (
                r"(?i)fixed|equipment|furniture|fixture|machine|vehicle|computer|software|building|leasehold|"
                r"intangible|goodwill|patent|trademark|\bplant\b|\bland\b|einrichtung|ausstattung|maschine|"
                r"fuhrpark"
            ),
        ),
    ),
    "liabilities": (
        ("other_liabilities", r"(?i)deferred|unearned|accru|in advance|deposit|gift|provision|r[uü]ckstell"),
        ("sales_tax_payable", r"(?i)sales tax|\bvat\b|\bgst\b|umsatzsteuer"),
        ("income_tax_payable", r"(?i)income tax|corporat\w* tax|k[oö]rperschaft"),
        ("other_liabilities", r"(?i)payroll|wage|salar|pension|interest payable|lohn"),
        ("credit_line", r"(?i)line of credit|credit line|overdraft|credit card"),
        ("term_debt", r"(?i)loan|term debt|mortgage|darlehen|notes? payable|borrowing"),
        ("payables", r"(?i)payable|creditor|verbindlichkeit|\ba/p\b|supplier|vendor"),
    ),
    "equity": (
        ("share_capital", r"(?i)capital|opening equity|opening balance equity|common|shares|gezeichnet"),
        ("retained_earnings", r"(?i)retained|earnings|gewinnvortrag|net income|equity|drawings|dividend"),
    ),
}
_SKR03 = (
    (0, 599, "assets"),
    (600, 799, "liabilities"),
    (800, 999, "equity"),
    (1000, 1599, "assets"),
    (1600, 1799, "liabilities"),
    (3960, 3999, "assets"),
)
"""Accounts of the balance in the chart SKR03 (DATEV); every other number is of the result."""
_SKR03_FIXED = 499
"""Last number of the fixed assets there."""
_ONE_DIGIT = {"1": "assets", "2": "liabilities", "3": "equity"}
"""First digit of four-figure charts; from 4 on the result."""
_CLAIM = re.compile(
    r"(?i)deferred (?!tax asset|charge|cost|expense)|unearned|accrued (?!income|revenue)|accrual|in advance|"
    r"customer|payable|\bloan\b(?! to)|\bdebt\b|liabilit|gift|provision|overdraft|line of credit|credit card|"
    r"due to"
)
_OWN = re.compile(r"(?i)common stock|share capital|retained|equity|capital\b|drawings|dividend")
_ASSET = re.compile(r"(?i)receivable|\bassets?\b|prepaid|\bstock\b|inventory")
"""What the name of an account says of its side where no sign does: owed, the owners', held."""
_INCOME = re.compile(r"(?i)revenue|\bsales\b|income(?! tax)|erl[oö]se|gains?\b")
_COST = re.compile(r"(?i)cost of|expense|returns|discount|refund|commission|fees?\b")


class Line(NamedTuple):
    """A line of the opening balance and why an account stands on it; ``sure`` where a rule says so."""

    name: str
    why: str
    sure: bool = True


def account_of(name: str, section: str, debit: float, chart: str = "") -> tuple[str, float]:
    """Line of the opening balance and amount on its own side; ``debit`` is debit less credit."""
    line = line_of(name, section, debit, chart).name
    return line, on_side(line, debit)


def on_side(line: str, debit: float) -> float:
    """An amount as its line counts it: assets as debit, liabilities and equity as credit."""
    return debit if line in ASSETS else -debit


def line_of(name: str, section: str, debit: float, chart: str = "") -> Line:
    """Line of the opening balance for an account; ``debit`` is debit less credit.

    Accounts of the result (revenue and cost of a year to date) go to retained earnings. What no rule places
    is carried flat on the side of its amount, so that the balance stays one.
    """
    if name in ACCOUNTS:
        return Line(name, "a line of the balance itself")
    side, why = _side(name, section, debit, chart)
    if side == "result":
        return Line(RESULT, f"result of the year to date ({why})")
    if side == "":
        return Line(
            FLAT["assets" if debit >= 0.0 else "liabilities"], "no rule places it: carried flat", False
        )
    code = re.match(r"\s*(\d{4})", name)
    if side == "assets" and chart.startswith("datev") and code and int(code[1]) <= _SKR03_FIXED:
        return Line("fixed_assets", why)
    line = next((a for a, pattern in _NAMES[side] if re.search(pattern, name)), "")
    if line:
        flat = ", no movement rule: carried flat" if line in FLAT.values() and line != RESULT else ""
        return Line(line, f"{why}, by its name{flat}")
    rest = ": carried flat" if side != "equity" else ""
    return Line(FLAT[side], f"{why}, no rule names it{rest}", side == "equity")


def named_line(name: str, amount: float) -> tuple[str, float] | None:
    """Line and amount of an account whose side nothing but its name tells; None where no rule places it."""
    text = name.replace("_", " ")
    number = re.match(r"\s*(\d{4,6})\b", text)
    side = _ONE_DIGIT.get(number[1][0], "result") if number else ""
    if side == "result" or (not side and _RESULT.search(text) and not _HELD.search(text)):
        return RESULT, amount if _INCOME.search(text) and not _COST.search(text) else -amount
    side = side or _named_side(text)
    for each in (side,) if side else tuple(_NAMES):
        line = next(
            (a for a, pattern in _NAMES[each] if re.search(pattern, text)), FLAT[each] if side else ""
        )
        if line:
            contra = line == "fixed_assets" and re.search(_NAMES["assets"][0][1], text)
            return line, -abs(amount) if contra else amount
    return None


def _named_side(text: str) -> str:
    """Side that a name alone tells, blank where it does not."""
    if _OWN.search(text):
        return "equity"
    if _ASSET.search(text):
        return "assets"
    return "liabilities" if _CLAIM.search(text) else ""


def _side(name: str, section: str, debit: float, chart: str) -> tuple[str, str]:
    """Side of the balance (or ``result``, or blank) and what tells it."""
    if section:
        side = section.split(" ")[0].casefold()
        return (side if side in _NAMES else "result"), f"under {section}"
    number = re.match(r"\s*(\d{4,6})\b", name)
    if number and chart.startswith("datev"):
        code = int(number[1][:4])
        side = next((side for low, high, side in _SKR03 if low <= code <= high), "result")
        return side, f"number {number[1]} of SKR03"
    if number:
        return _ONE_DIGIT.get(number[1][0], "result"), f"number {number[1]}"
    if _RESULT.search(name) and not _HELD.search(name):
        return "result", "by its name"
    sides = ("assets", "liabilities", "equity") if debit >= 0.0 else ("liabilities", "equity", "assets")
    fits = (side for side in sides if any(re.search(pattern, name) for _, pattern in _NAMES[side]))
    return next(fits, ""), "debit" if debit >= 0.0 else "credit"
