"""Books of a company: profit and loss by month, trial balances, account balances, balance sheets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from engine.plan.reading.canonical import Result, Table
from engine.plan.reading.layout import Rule
from engine.plan.reading.periods import last_day, period_of
from engine.plan.reading.recognise import day_of_header
from engine.plan.reading.rows import holds_for
from engine.plan.reading.text import fold
from engine.plan.reading.title import days_in, span_in
from engine.plan.reading.work import Work, treatments, used_treatment

ZERO = Decimal(0)
_DEBIT = frozenset(fold(word) for word in ("S", "Soll", "D", "Dr", "Debit", "Dare", "Debe", "Débit"))
_CREDIT = frozenset(fold(word) for word in ("H", "Haben", "C", "Cr", "Credit", "Avere", "Haber", "Crédit"))
COSTS = ("cogs", "expenses", "other_expenses", "tax")


class Period(NamedTuple):
    """A column of amounts of one month (or of the whole span)."""

    position: int
    first: dt.date | None
    last: dt.date | None


def read_ledger(work: Work) -> Result:
    """Books in the form that the layout names."""
    if work.option("form") == "profit_and_loss":
        return read_profit_and_loss(work)
    return read_balances(work)


def _sections(work: Work) -> list[str]:
    """Section of each record: of the last heading that names one."""
    accounts = work.source.texts("account")
    words = {fold(word): name for name, said in work.layout.sections.items() for word in said}
    current, found = "", []
    for row, text in enumerate(accounts):
        heading = (
            work.marked.rule[row].means in ("heading", "total") and work.source.texts("amounts")[row] == ""
        )
        if heading:
            current = words.get(fold(text), current)
        found.append(current)
    return found


def _periods(work: Work) -> list[Period]:
    header = work.source.grid.header
    months = [(place, first) for place, name in enumerate(header) if (first := period_of(name))]
    if months:
        return [Period(place, first, last_day(first)) for place, first in months]
    place = work.match.mapping.get("amount")
    if place is None:
        return []
    span = span_in(work.titles)
    if span is None:
        work.questions.append("no month stands in the file: say the period of the statement")
        return [Period(place, None, None)]
    return [Period(place, *span)]


def _months_of(period: Period) -> list[dt.date | None]:
    """First days of the months that a column of amounts covers."""
    if period.first is None or period.last is None:
        return [None]
    month, found = period.first.replace(day=1), [period.first.replace(day=1)]
    while last_day(month) < period.last:
        month = last_day(month) + dt.timedelta(days=1)
        found.append(month)
    return list(found)


def _shared(amount: Decimal, count: int) -> list[Decimal]:
    """An amount in even parts of whole cents whose sum is the amount."""
    if count == 1:
        return [amount]
    part = round(amount / count, 2)
    return [part] * (count - 1) + [amount - part * (count - 1)]


def read_profit_and_loss(work: Work) -> Result:
    """Accounts by month under their sections; sums of the file are left out and must tie."""
    rows = work.counted()
    periods = _periods(work)
    sections = _sections(work)
    columns = {
        period: work.values.read(work.source.column(period.position, work.faults)) for period in periods
    }
    signs = _section_signs(rows, sections, columns)
    ledger: dict[str, list[Any]] = {name: [] for name in ("month", "account", "section", "amount")}
    for period in periods:
        for row in rows:
            amount = columns[period][row]
            if amount is None:
                continue
            months = _months_of(period)
            for month, part in zip(months, _shared(amount, len(months)), strict=True):
                ledger["month"].append(month)
                ledger["account"].append(work.source.texts("account")[row].strip())
                ledger["section"].append(sections[row])
                ledger["amount"].append(part * signs.get(sections[row], 1))
    long = max((len(_months_of(period)) for period in periods), default=1)
    if long > 1:
        work.notes.append(f"one column covers {long} months: an even share of it is taken for each")
    table = Table("ledger", ledger)
    money = [sum((columns[p][row] or ZERO for p in periods), ZERO) for row in range(work.source.count)]
    currency = work.currencies()
    nothing = [ZERO] * work.source.count
    return Result(
        {"ledger": table},
        treatments(work, money, nothing, currency),
        used_treatment(work, money, nothing, currency),
        _profit_figures(work, table, periods, currency),
    )


def _section_signs(
    rows: list[int], sections: list[str], columns: dict[Period, list[Decimal | None]]
) -> dict[str, int]:
    """Minus one for sections of costs that a file prints as negative amounts."""
    sums: dict[str, Decimal] = {}
    for column in columns.values():
        for row in rows:
            sums[sections[row]] = sums.get(sections[row], ZERO) + (column[row] or ZERO)
    return {name: -1 for name, amount in sums.items() if name in COSTS and amount < 0}


def _profit_figures(work: Work, table: Table, periods: list[Period], currency: list[str]) -> dict[str, Any]:
    accounts, months, sections, amounts = (
        table.column(name) for name in ("account", "month", "section", "amount")
    )
    sums: dict[str, Decimal] = {}
    by_month: dict[str, Decimal] = {}
    for month, section, amount in zip(months, sections, amounts, strict=True):
        sums[section] = sums.get(section, ZERO) + amount
        name = month.strftime("%Y-%m") if month else ""
        by_month[name] = by_month.get(name, ZERO) + (-amount if section in COSTS else amount)
    income, cogs, expenses = (sums.get(name, ZERO) for name in ("income", "cogs", "expenses"))
    other = sums.get("other_income", ZERO) - sums.get("other_expenses", ZERO) - sums.get("tax", ZERO)
    totals = {
        "income": income,
        "cogs": cogs,
        "gross_profit": income - cogs,
        "expenses": expenses,
        "operating": income - cogs - expenses,
        "net": income - cogs - expenses + other,
    }
    if sums.get("", ZERO):
        unplaced = {a for a, s in zip(accounts, sections, strict=True) if not s}
        work.questions.append(f"accounts under no known heading: {', '.join(sorted(unplaced))[:200]}")
    _tie(work, totals, periods)
    return {
        "accounts": len(work.counted()),
        "periods": len(periods),
        "totals": totals,
        "net_income_by_month": by_month,
        "currency": next(iter(set(currency)), None) or None,
        "first_day": min((p.first for p in periods if p.first), default=None),
        "last_day": max((p.last for p in periods if p.last), default=None),
    }


def _tie(work: Work, totals: dict[str, Decimal], periods: list[Period]) -> None:
    """Compare the sums that the file prints with the accounts; a difference is a note with both."""
    accounts = work.source.texts("account")
    for name, words in work.layout.accounts.items():
        for row, text in enumerate(accounts):
            if name not in totals or not any(holds_for(text.strip(), word) for word in words):
                continue
            cells = [work.source.column(p.position, work.faults)[row] for p in periods]
            printed = sum((value or ZERO for value in work.values.read(cells)), ZERO)
            if abs(printed) != abs(totals[name]):
                work.notes.append(f"{text.strip()} prints {printed:,}, the accounts sum to {totals[name]:,}")
            break


def read_balances(work: Work) -> Result:
    """Accounts with one balance each: debit and credit columns, a sign beside, or signed amounts."""
    debit, credit = _sides(work)
    _leave_out_sum(work, debit, credit)
    rows = work.counted()
    names = _account_names(work)
    sections = _sections(work) if work.layout.sections else [""] * work.source.count
    columns: dict[str, list[Any]] = {
        "account": [names[row] for row in rows],
        "section": [sections[row] for row in rows],
        "debit": [debit[row] for row in rows],
        "credit": [credit[row] for row in rows],
    }
    currency = work.currencies()
    money = [abs(d - c) for d, c in zip(debit, credit, strict=True)]
    nothing = [ZERO] * work.source.count
    headed = day_of_header(work.source.header_of("balance"))
    days = [headed] if headed else days_in(work.titles)
    found = {name for name in currency if name}
    figures = {
        "accounts": len(rows),
        "as_of": days[-1] if days else None,
        "debit": sum(columns["debit"], ZERO),
        "credit": sum(columns["credit"], ZERO),
        "currency": found.pop() if len(found) == 1 else None,
        **_lines_of_books(work, rows, debit, credit),
    }
    return Result(
        {"balances": Table("balances", columns)},
        treatments(work, money, nothing, currency),
        used_treatment(work, money, nothing, currency),
        figures,
    )


def _leave_out_sum(work: Work, debit: list[Decimal], credit: list[Decimal]) -> None:
    """Leave out the row whose debit and credit are the sums of all other rows, whatever it is called."""
    rows = work.counted()
    both = sum((debit[row] for row in rows), ZERO), sum((credit[row] for row in rows), ZERO)
    for row in rows:
        if len(rows) > 2 and debit[row] > 0 and (2 * debit[row], 2 * credit[row]) == both:
            name = work.source.texts("account")[row] or work.source.texts("account_name")[row]
            work.marked.rule[row] = Rule(reason=f"sum of all rows '{name.strip()}'", means="total", when={})
            return


def _account_names(work: Work) -> list[str]:
    """Number and name of each account in one text."""
    numbers, names = work.source.texts("account"), work.source.texts("account_name")
    return [f"{a.strip()} {n.strip()}".strip() for a, n in zip(numbers, names, strict=True)]


def _sides(work: Work) -> tuple[list[Decimal], list[Decimal]]:
    values = work.values
    if work.has("debit") and work.has("credit"):
        return values.amount("debit"), values.amount("credit")
    balance = values.amount("balance")
    if work.has("side"):
        sides = [fold(text) for text in work.source.texts("side")]
        debit = [b if side in _DEBIT else ZERO for b, side in zip(balance, sides, strict=True)]
        return debit, [b if side in _CREDIT else ZERO for b, side in zip(balance, sides, strict=True)]
    owed = [False] * len(balance)
    if work.layout.sections:
        owed = [section in ("liabilities", "equity") for section in _sections(work)]
    return (
        [(-b if o else b) if (b < 0) == o else ZERO for b, o in zip(balance, owed, strict=True)],
        [(b if o else -b) if (b < 0) != o else ZERO for b, o in zip(balance, owed, strict=True)],
    )


def _lines_of_books(
    work: Work, rows: list[int], debit: list[Decimal], credit: list[Decimal]
) -> dict[str, Decimal | None]:
    """Balances by line of the books; its own name decides, else whether it stands under Bank or Cash."""
    names, headings = _account_names(work), _headings(work)
    sums: dict[str, Decimal | None] = dict.fromkeys(work.layout.accounts)
    for row in rows:
        under = _line_of(work, headings[row])
        line = _line_of(work, names[row]) or (under if under == "cash" else None)
        if line:
            sums[line] = (sums[line] or ZERO) + debit[row] - credit[row]
    return {line: abs(amount) if amount is not None else None for line, amount in sums.items()}


def _line_of(work: Work, name: str) -> str | None:
    """The first line of the books whose pattern a name fits."""
    fits = (
        line
        for line, patterns in work.layout.accounts.items()
        if any(holds_for(name, pattern) for pattern in patterns)
    )
    return next(fits, None) if name else None


def _headings(work: Work) -> list[str]:
    """Text of the last row without amounts above each record: the heading that it stands under."""
    current, found = "", []
    for row, text in enumerate(work.source.texts("account")):
        if work.marked.rule[row].means in ("heading", "total"):
            current = text.strip() if work.source.texts("amounts")[row] == "" else ""
        found.append(current)
    return found
