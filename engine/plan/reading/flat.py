"""Files in which every record is one fact: stock, ads, loans, parcels, cash, products."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Result, Table, total
from engine.plan.reading.rows import rows_where
from engine.plan.reading.statuses import apply_statuses
from engine.plan.reading.text import fold, is_none
from engine.plan.reading.title import days_in
from engine.plan.reading.work import Work, treatments, typed_column, typed_table, used_treatment

ZERO = Decimal(0)
SIDES = ("received", "paid", "principal", "interest")
"""Fields of an amount that stands on one of two sides."""


class Flat:
    """The counted records of a file as one typed table."""

    def __init__(self, work: Work) -> None:
        self.work = work
        apply_statuses(work)
        work.mark_late(work.option("through", ""))
        self.rows = work.counted()
        fields = list(dict.fromkeys((*work.layout.columns, *work.source.derived)))
        self.table = typed_table(work, work.layout.kind, fields, self.rows)
        self.currency = work.currencies()
        self.money = self._first_of(work.option("money", ""))
        self.units = self._first_of(work.option("units", ""))
        self._note_blank(work.option("money", ""))

    def _note_blank(self, names: str) -> None:
        """Say how many counted records hold no amount at all: a row that was cut short loses its money."""
        fields = [name for name in names.split("|") if name]
        sums = self.work.layout.sums
        parts = [part.lstrip("-") for name in fields for part in sums.get(name, ())]
        known = [name for name in (*fields, *parts, *SIDES) if self.work.has(name)]
        columns = [self.work.source.texts(name) for name in known]
        blank = sum(all(is_none(column[row]) for column in columns) for row in self.rows) if columns else 0
        if blank:
            told = f"{blank:,} of {len(self.rows):,} rows hold no amount: they count as nothing"
            self.work.notes.append(told)

    def _first_of(self, names: str) -> list[Decimal]:
        """Numbers of the first field, of the next where a record has none."""
        columns = [typed_column(self.work, name) for name in names.split("|") if self.work.has(name)]
        if not columns:
            return [ZERO] * self.work.source.count
        return [
            next((value for value in values if value is not None), ZERO)
            for values in zip(*columns, strict=True)
        ]

    def column(self, name: str) -> list[Any]:
        """Counted values of a field; empty where the file has none."""
        return self.table.column(name)

    def sum(self, name: str) -> Decimal | None:
        """Sum of a field over the counted records, None where the file has none."""
        if not self.work.has(name):
            return None
        return sum((value for value in self.column(name) if value is not None), ZERO)

    def by(self, group: Iterable[Any], name: str) -> dict[Any, Decimal]:
        """Sum of a field by the values of a group."""
        if not self.column(name):
            return {}
        pairs = zip(group, self.column(name), strict=True)
        return total([(key, value if value is not None else ZERO) for key, value in pairs])

    def distinct(self, name: str) -> int | None:
        """Distinct filled values of a field, None where the file has none."""
        return len({value for value in self.column(name) if value}) if self.work.has(name) else None

    def currencies(self) -> list[str]:
        """Currency of each counted record."""
        return [self.currency[row] for row in self.rows]

    def one_currency(self) -> str | None:
        """The currency of the file, None where it has several or tells none."""
        found = set(self.currencies()) - {""}
        return found.pop() if len(found) == 1 else None

    def result(self, figures: dict[str, Any], *tables: Table) -> Result:
        """The reading of the file with its figures."""
        first, last = span(self.column(self.work.option("day", "day")))
        shared = {
            "first_day": first,
            "last_day": last,
            "currency": self.one_currency(),
            "as_of": self.as_of(),
        }
        named = {table.name: table for table in (self.table, *tables)}
        left_out = treatments(self.work, self.money, self.units, self.currency)
        used = used_treatment(self.work, self.money, self.units, self.currency)
        return Result(named, left_out, used, {**shared, **figures, **self.parts()})

    def as_of(self) -> dt.date | None:
        """The day that the file shows: the last of its column, else the last in its title rows."""
        days = [day for day in self.column("as_of") if day is not None]
        titled = days_in(self.work.titles)
        found = max(days, default=None) or (titled[-1] if titled else None)
        if found is None and self.work.layout.options.get("as_of") == "asked":
            self.work.questions.append("no date in the file: say the day of the export (as_of:)")
        return found

    def parts(self) -> dict[str, Decimal]:
        """The named sums of the layout over the records that fit."""
        found = {}
        for name, part in self.work.layout.parts.items():
            rows = rows_where(self.work.source, part.when, self.rows, self.work.faults)
            amount = sum((self.money[row] for row in rows), ZERO)
            found[name] = -amount if part.sign == "-1" else amount
        return found


def span(days: Iterable[Any]) -> tuple[dt.date | None, dt.date | None]:
    """First and last day that is known."""
    known = [day for day in days if day is not None]
    return min(known, default=None), max(known, default=None)


def read_products(work: Work) -> Result:
    """Items with prices and costs."""
    flat = Flat(work)
    return flat.result({"items": flat.distinct("item")})


def read_inventory(work: Work) -> Result:
    """Stock by item and place."""
    flat = Flat(work)
    on_hand = flat.column("on_hand") or flat.column("available")
    names = ("incoming", "committed", "available", "reserved", "unfulfillable", "units_shipped_t30",
             "storage_cost_next_month")  # fmt: skip
    places = flat.column("location")
    negative = sum(value is not None and value < 0 for value in flat.column("available"))
    figures = {
        "items": flat.distinct("item"),
        "locations": flat.distinct("location"),
        "on_hand_total": sum((value for value in on_hand if value is not None), ZERO),
        "on_hand": total([(p, v or ZERO) for p, v in zip(places, on_hand, strict=True)])
        if places
        else flat.sum("on_hand"),
        **{name: flat.sum(name) for name in names},
        "rows_with_negative_available": negative,
        "hs_codes": sorted({code for code in flat.column("hs") if code}),
        "age_buckets": age_buckets(flat),
    }
    if negative:
        work.notes.append(f"{negative:,} rows have less than nothing available: oversold, not a fault")
    return flat.result(figures)


def age_buckets(flat: Flat) -> dict[str, Decimal]:
    """Units by the header of each age bucket."""
    work = flat.work
    pattern = work.option("age_buckets", "")
    found: dict[str, Decimal] = {}
    for position, header in enumerate(work.source.grid.header):
        if pattern and re.fullmatch(pattern, header.strip()):
            cells = work.source.column(position, work.faults)
            values = work.values.read(cells)
            found[header] = sum((values[row] or ZERO for row in flat.rows), ZERO)
    return found


def read_ad_spend(work: Work) -> Result:
    """Spend on ads by day and campaign."""
    flat = Flat(work)
    shown = flat.column("impressions") or flat.column("spend")
    figures = {
        "spend": flat.by(flat.currencies(), "spend"),
        "spend_by_campaign": flat.by(flat.column("campaign"), "spend") if flat.column("campaign") else {},
        **{
            name: flat.sum(name)
            for name in ("clicks", "impressions", "results", "conversions", "conversion_value")
        },
        "days": len({day for day in flat.column("day") if day}),
        "campaigns": flat.distinct("campaign"),
        "rows_without_delivery": sum(not value for value in shown),
    }
    return flat.result(figures)


def read_loan(work: Work) -> Result:
    """Instalments of a loan, with what its title rows say."""
    flat = Flat(work)
    facts = {name: _fact(work, words) for name, words in work.layout.accounts.items()}
    opening = flat.column("opening_balance")
    figures = {
        "principal": facts.get("principal") or (opening[0] if opening else flat.sum("principal")),
        "rate": facts.get("rate"),
        "interest_total": flat.sum("interest"),
        "principal_total": flat.sum("principal"),
        "fees": flat.sum("fee"),
        "payments": len(flat.rows),
        "balances": {
            day: value
            for day, value in zip(flat.column("day"), flat.column("closing_balance"), strict=False)
            if day
        },
    }
    return flat.result(figures)


def _fact(work: Work, words: tuple[str, ...]) -> Decimal | None:
    """The number of a title row by its name."""
    found = next((work.facts[fold(word)] for word in words if fold(word) in work.facts), None)
    if found is None:
        return None
    value = work.values.read([found])[0]
    return value * 100 if value is not None and "%" in found else value


def read_courier(work: Work) -> Result:
    """Parcels of a courier with what was collected, charged and remitted."""
    flat = Flat(work)
    statuses = Counter(text for text in flat.column("state") if text)
    remitted = flat.column("remitted_on")
    due = [row for row, day in enumerate(remitted) if day is None]
    net = flat.column("net")
    days = [
        (paid - booked).days
        for paid, booked in zip(remitted, flat.column("day"), strict=False)
        if paid is not None and booked is not None
    ]
    figures = {
        "parcels": len(flat.rows),
        "orders": flat.distinct("order"),
        "statuses": dict(statuses),
        "collected": flat.sum("cod_amount"),
        "charges": flat.sum("charges"),
        "remitted": flat.sum("net"),
        "rows_not_remitted": len(due) if remitted else None,
        "remittances": len({day for day in remitted if day}),
        "mean_days_to_remittance": Decimal(sum(days)) / len(days) if days else None,
        "rows_with_net": sum(value is not None for value in net),
    }
    return flat.result(figures)


def read_cash_book(work: Work) -> Result:
    """Receipts and payments with the balance after each."""
    flat = Flat(work)
    if _sides_are_swapped(flat):
        received, paid = flat.column("received"), flat.column("paid")
        received[:], paid[:] = list(paid), list(received)
        work.notes.append("debit is money in: the balance rises with it")
    balances = [value for value in flat.column("balance") if value is not None]
    received, paid = flat.column("received"), flat.column("paid")
    amounts = flat.column("amount")
    inflow = _total(received) if received else sum((v for v in amounts if v and v > 0), ZERO)
    outflow = _total(paid) if paid else -sum((v for v in amounts if v and v < 0), ZERO)
    opening = balances[0] - (_at(received, 0) - _at(paid, 0) + _at(amounts, 0)) if balances else None
    figures = {
        "received": inflow,
        "paid": abs(outflow) if outflow is not None else None,
        "opening_balance": opening,
        "closing_balance": balances[-1] if balances else None,
        "movements": sum(
            bool(_at(received, row) or _at(paid, row) or _at(amounts, row)) for row in range(len(flat.rows))
        ),
    }
    return flat.result(figures)


def _total(column: list[Any]) -> Decimal:
    return sum((value for value in column if value is not None), ZERO)


def _sides_are_swapped(flat: Flat) -> bool:
    """Whether the running balance rises with what is read as paid and falls with what is read as received."""
    received, paid, balance = flat.column("received"), flat.column("paid"), flat.column("balance")
    if not (received and paid and balance):
        return False
    as_read = swapped = 0
    for row in range(1, len(balance)):
        if balance[row] is None or balance[row - 1] is None:
            continue
        step, moved = balance[row] - balance[row - 1], _at(received, row) - _at(paid, row)
        as_read += step == moved != 0
        swapped += step == -moved != 0
    return swapped > as_read


def _at(column: list[Any], row: int) -> Decimal:
    return (column[row] or ZERO) if column else ZERO
