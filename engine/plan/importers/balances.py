"""A trial balance or list of balances as exported, in the data folder of a plan."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from engine.plan.account_lines import AccountMap, Entry, place
from engine.plan.faults import Faults
from engine.plan.files import Folder, read_bytes
from engine.plan.importers.imported import FILE, Imported
from engine.plan.mappings import Mapping, Source
from engine.plan.readers import TextColumns, TextTable
from engine.plan.reading.canonical import Reading
from engine.plan.reading.reader import open_export, read_as
from engine.plan.reading.recognise import recognise, seen_in
from engine.plan.reading.settings import Settings
from engine.plan.tables import OPENING_BALANCE, TABLES

LARGEST = 1 << 20
"""Bytes of the largest file that is looked at: a trial balance is short, orders are not."""
TABLE = OPENING_BALANCE.name
_ENDINGS = (".csv", ".tsv", ".txt")


class Books(NamedTuple):
    """What a plan knows when it reads books: the closed day, its currency and its mapping of accounts."""

    closed: dt.date | None
    currency: str
    accounts: AccountMap


class Balances(NamedTuple):
    """A file of balances as a file of the plan."""

    text: TextTable
    source: Source
    imported: Imported


def read_balances(folder: Folder, name: str, books: Books, faults: Faults) -> Balances | None:
    """Balances of a file that holds them, None where it is another file, or where faults are added."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if not name.lower().endswith(_ENDINGS) or (stem in TABLES and stem != TABLE):
        return None
    content = read_bytes(folder, name, Faults(), largest=LARGEST)
    reading = None if content is None else _balances_in(content, name, faults)
    if reading is None:
        return None
    currency = reading.figures.get("currency")
    if currency and books.currency and currency != books.currency:
        faults.add(
            name,
            column="currency",
            problem="a balance in another currency than the company's",
            got=currency,
            remedy=f"the balance in {books.currency}: export it in that currency, or translate it",
        )
    columns = reading.tables["balances"].columns
    rows = zip(*(columns[key] for key in ("account", "section", "debit", "credit")), strict=True)
    entries = [
        Entry(str(a), float(d or 0) - float(c or 0), section=str(s or ""), signed=True) for a, s, d, c in rows
    ]
    lines = place(entries, books.accounts, reading.layout)
    told = reading.figures.get("as_of")
    day = told if isinstance(told, dt.date) else books.closed
    stamp = pd.Series([np.datetime64(day, "s")] * len(lines.frame), dtype="datetime64[s]")
    frame = lines.frame.assign(**{"as_of": stamp, FILE: name})
    notes = () if told else ("no day stands in the file: taken as of actuals_through",)
    nothing = TextColumns({}), np.empty(0, np.int64)
    text = TextTable(name, reading.encoding, OPENING_BALANCE.names, *nothing, len(entries), 0, 0)
    source = Source(Mapping(file=name, table="opening_balance"), f"layout {reading.layout}")
    made = Imported(TABLE, frame, len(entries), Counter(), (), (), (*notes, *lines.notes), used=len(entries))
    return Balances(text, source, made)


def _balances_in(content: bytes, name: str, faults: Faults) -> Reading | None:
    """The file read by the layout that fits it best, where that is one of balances."""
    settings, own = Settings(), Faults()
    opened = open_export(content, name, own, settings)
    if opened is None or set(OPENING_BALANCE.names) <= set(opened.grid.header):
        return None
    matches = recognise(opened.grid.header, settings.columns, settings.layout, seen_in(opened.grid))
    if not matches or matches[0].layout.kind != "ledger":
        return None
    reading = read_as(opened, matches[0], own, settings)
    if reading is not None and "balances" not in reading.tables:
        return None
    for each in own:
        faults.add(each.file, each.row, each.column, problem=each.problem, got=each.got, remedy=each.remedy)
    return None if own else reading
