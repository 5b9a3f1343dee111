"""The opening balance from the books: which balance, in which currency, each account on its line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd

from engine.finance.accounts import FLAT
from engine.plan.defaults.exchange import default_rate
from engine.plan.reading.canonical import Reading
from engine.plan.setup.accounts import Line, line_of, on_side
from engine.plan.setup.gather import Gathered
from engine.plan.tables import ASSETS, EQUITY, LIABILITIES
from models.errors import Fault, InputError

CENT = 0.01
"""What the two sides may differ by: amounts are printed in hundredths."""
_OWED = {"receivables": "payables", "payables": "receivables"}


@dataclass
class Account:
    """An account of the books: its line, why, and its amount as the line counts it."""

    name: str
    line: Line
    amount: float


@dataclass
class Balance:
    """The opening balance of the books, account by account."""

    accounts: list[Account]
    note: str
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """Figure, value in words, where it comes from: listed in assumptions.yaml."""

    @property
    def amounts(self) -> dict[str, float]:
        """Amount of every line, each on its own side."""
        sums = dict.fromkeys((*ASSETS, *LIABILITIES, *EQUITY), 0.0)
        for each in self.accounts:
            sums[each.line.name] += each.amount
        return sums

    def put(self, name: str, line: Line, amount: float) -> None:
        """Add an account, or an amount to the one of that name and line."""
        same = next((a for a in self.accounts if (a.name, a.line.name) == (name, line.name)), None)
        if same is not None:
            same.amount += amount
            return
        taken = {each.name for each in self.accounts}
        self.accounts.append(Account(f"{name} ({line.name})" if name in taken else name, line, amount))

    def without_stock(self) -> None:
        """Leave inventory out, against retained earnings: without a stock file nothing would be behind it."""
        worth = self.amounts["inventory"]
        self.accounts = [each for each in self.accounts if each.line.name != "inventory"]
        if worth:
            self.put(
                "retained_earnings", Line("retained_earnings", "inventory that no stock file tells"), -worth
            )

    def table(self, closed: dt.date) -> pd.DataFrame:
        """Table ``opening_balance`` with the accounts of the books."""
        rows = [(closed, a.name, round(a.amount, 2)) for a in self.accounts if round(a.amount, 2)]
        return pd.DataFrame(rows, columns=["as_of", "account", "amount"])


def books(gathered: Gathered, closed: dt.date, currency: str) -> Balance | None:
    """The balance of the closed day, else the last before it, else the first after it; None without books.

    Raises
    ------
    InputError
        Where its two sides differ by more than a hundredth, or nothing tells the rate of its currency.
    """
    readings = [
        reading
        for group in gathered.of("ledger", "balances")
        for reading in group.readings
        if reading.tables["balances"].columns["account"]
    ]
    if not readings:
        return None
    reading = min(readings, key=lambda each: _distance(each, closed))
    day, rate = _day(reading), _rate(reading, closed, currency)
    balance = Balance([], f"from {reading.file}, as of {day or 'no day: taken as of ' + closed.isoformat()}")
    if day != closed:
        told = f"is as of {day}" if day else "does not say its day"
        balance.notes.append(
            (
                "data/opening_balance.csv: as_of",
                closed.isoformat(),
                f"{reading.file} {told}: ASK for the balance of {closed}",
            )
        )
    if rate != 1.0:
        own = reading.figures["currency"]
        balance.notes.append(
            ("data/opening_balance.csv: amount", f"times {rate:.6g}", f"{reading.file} is in {own}")
        )
    columns = reading.tables["balances"].columns
    for name, section, debit, credit in zip(
        *(columns[key] for key in ("account", "section", "debit", "credit")), strict=True
    ):
        amount = (float(debit or 0) - float(credit or 0)) * rate
        line = line_of(str(name), str(section or ""), amount, reading.layout)
        balance.put(str(name), line, on_side(line.name, amount))
    _tie(balance, reading.file)
    _turn_negative(balance)
    balance.notes += [
        (f"data/opening_balance.csv: {each.name}", f"{each.line.name} {each.amount:,.2f}", each.line.why)
        for each in balance.accounts
        if each.line.name in FLAT and round(each.amount, 2)
    ]
    return balance


def _day(reading: Reading) -> dt.date | None:
    day = reading.figures.get("as_of")
    return day if isinstance(day, dt.date) else None


def _distance(reading: Reading, closed: dt.date) -> tuple[int, int]:
    """Order of choice: of the closed day, the last before, the first after, without a day."""
    day = _day(reading)
    if day is None:
        return 2, 0
    return int(day > closed), abs((closed - day).days)


def _rate(reading: Reading, closed: dt.date, currency: str) -> float:
    """Company currency per unit of the currency of the books."""
    own = reading.figures.get("currency")
    if not own or own == currency:
        return 1.0
    rate = default_rate(currency, str(own), closed)
    if rate is None:
        problem = "a balance in a currency without a rate"
        raise InputError([Fault(reading.file, 0, "", problem, str(own), f"the balance in {currency}")])
    return 1.0 / rate.per_base


def _tie(balance: Balance, file: str) -> None:
    amounts = balance.amounts
    assets = sum(amounts[name] for name in ASSETS)
    claims = sum(amounts[name] for name in (*LIABILITIES, *EQUITY))
    rest = assets - claims
    if abs(rest) > CENT + 1e-9 * abs(assets):
        unsure = ", ".join(
            f"{each.name} ({each.line.name})" for each in balance.accounts if not each.line.sure
        )
        said = f"; accounts that no rule names: {unsure}" if unsure else ""
        raise InputError(
            [
                Fault(
                    file,
                    0,
                    "",
                    "the balance of the books does not balance",
                    f"assets {assets:,.2f}, liabilities and equity {claims:,.2f}",
                    f"find the difference of {rest:,.2f}{said}",
                )
            ]
        )
    if round(rest, 2):
        balance.put("retained_earnings", Line("retained_earnings", "rounding of the books"), rest)


def _turn_negative(balance: Balance) -> None:
    """Move receivables or payables that are below zero in sum to the other side."""
    amounts = balance.amounts
    for line, other in _OWED.items():
        if amounts[line] < 0.0:
            for each in balance.accounts:
                if each.line.name == line:
                    each.line = Line(other, f"{line} below zero in sum")
                    each.amount = -each.amount
