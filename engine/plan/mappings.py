"""Which file is which table: ``mappings/*.yaml`` decide; without one, the file's name or its header does."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.schema import Day, Finite, Key, Model
from engine.plan.tables import TABLES
from engine.plan.validate import validate
from engine.plan.yaml_file import read_yaml
from models.errors import did_you_mean

Layout = Literal["canonical", "shopify_orders", "transactions"]
TableName = Literal[
    "orders",
    "purchase_orders",
    "items",
    "inventory",
    "spend",
    "spend_plan",
    "opening_balance",
    "open_receivables",
    "open_payables",
    "tariffs",
    "fx",
]
SHOPIFY_SIGNATURE = frozenset({"Name", "Created at", "Lineitem quantity", "Lineitem price"})
ACCOUNT_FILES = ("mappings/accounts.yaml", "mappings/accounts.yml")
ENDINGS = (".csv", ".tsv", ".txt", ".parquet")

LEDGER_HEADERS = {
    "order_id": ("invoiceno", "invoice", "invoicenumber", "invoiceid"),
    "item": ("stockcode", "itemcode", "productcode", "sku"),
    "quantity": ("quantity", "qty"),
    "ordered_at": ("invoicedate", "invoicedatetime"),
    "net_price": ("unitprice", "price"),
    "market": ("country", "shiptocountry"),
    "customer_key": ("customerid", "customer", "customerno", "customernumber"),
    "currency": ("currency", "currencycode"),
}
"""Column of orders: how a transaction ledger may head it, in small letters and digits only."""
_LEDGER_SIGNATURE = ("order_id", "item", "quantity", "ordered_at", "net_price", "market")

CodeKind = Literal[
    "goods", "shipping", "discount", "manual", "fee", "sample", "voucher", "donation", "adjustment"
]
"""What a code of a ledger that is no product stands for: ``shipping`` is charged on its order, ``goods`` is
an item after all, every other kind is left out and itemised."""
CODES: dict[str, CodeKind] = {
    "POST": "shipping",
    "DOT": "shipping",
    "C2": "shipping",
    "D": "discount",
    "M": "manual",
    "AMAZONFEE": "fee",
    "BANK CHARGES": "fee",
    "S": "sample",
    "gift_*": "voucher",
    "CRUK": "donation",
    "B": "adjustment",
    "ADJUST*": "adjustment",
}
"""Codes that ledgers of this layout use for what is no product; the plan's items go before them."""


class PriceBands(Model):
    """Items that stand for all codes that items.csv does not name, by the unit price of the line."""

    prefix: Key = "BAND-"
    """Name of the items: prefix and number, BAND-01 the cheapest."""
    edges: tuple[Annotated[Finite, Field(gt=0.0)], ...]
    """Rising prices, ledger currency: a line belongs to the first band whose edge is above its price."""

    @property
    def items(self) -> tuple[str, ...]:
        """Keys of the items, one more than edges."""
        return tuple(f"{self.prefix}{number:02d}" for number in range(1, len(self.edges) + 2))


class Ledger(Model):
    """How a plain transaction ledger is read (layout transactions)."""

    cancellation_prefixes: tuple[str, ...] = ("C",)
    """Invoice numbers that begin so take earlier sales back."""
    adjustment_prefixes: tuple[str, ...] = ("A",)
    """Invoice numbers that begin so are bookings of the accounts (bad debt), not sales."""
    codes: dict[str, CodeKind] = Field(default_factory=lambda: dict(CODES))
    """Item codes that are no product, and what they are; ``*`` at the end stands for any ending."""
    duplicates: Literal["keep", "drop"] = "keep"
    """Lines that repeat an earlier line in every column: an item entered twice, or an export done twice."""
    anonymous_channel: Key | None = None
    """Sales channel of lines without a customer; without it that of all lines."""
    through: Day | None = None
    """Lines after this day are left out, and counted: a month that is not yet closed."""
    dates: Literal["ymd", "mdy", "dmy"] = "ymd"
    """Order of year, month and day: 2011-12-09, 12/9/2011 or 9/12/2011."""
    price_bands: PriceBands | None = None
    """Without it a code that items.csv does not name is a fault."""


class Mapping(Model):
    """How one file of the plan folder becomes one canonical table."""

    file: str
    """Path of the file, from the plan folder: data/orders.csv"""
    table: TableName
    """Canonical table it becomes."""
    layout: Layout = "canonical"
    """canonical: the table's own columns, named by ``columns``; shopify_orders: Shopify's order export;
    transactions: one row per line of an invoice, cancellations and bookings among them."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Canonical column: header in the file."""
    constants: dict[str, str] = Field(default_factory=dict)
    """Canonical column: the value of every row."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Canonical column: text in the file: key in the plan. ``*`` stands for every text that is not named."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Shopify order tag: sales channel; goes before Source."""
    reject: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Canonical column: texts whose rows are left out (and counted)."""
    ledger: Ledger = Field(default_factory=Ledger)
    """Layout transactions only."""


@dataclass(frozen=True)
class Source:
    """One file and how to read it; ``by`` says who decided: a mapping file, the file's name or its header."""

    mapping: Mapping
    by: str


def read_mappings(folder: Folder, faults: Faults) -> dict[str, Source]:
    """The sources that mapping files name, by data file."""
    sources: dict[str, Source] = {}
    for name in folder.list("mappings", (".yaml", ".yml")):
        if name in ACCOUNT_FILES:
            continue  # accounts to lines of the balance, not a file to a table
        document = read_yaml(folder, name, faults)
        mapping = None if document is None else validate(Mapping, document, faults)
        if document is None or mapping is None:
            continue
        table = TABLES[mapping.table]
        for part in ("columns", "constants", "values", "reject"):
            for column in getattr(mapping, part):
                if column not in table.names:
                    document.fault(
                        faults,
                        (part, column),
                        problem=f"no column of {table.name}",
                        got=column,
                        remedy=did_you_mean(column, table.names),
                    )
        if mapping.layout != "canonical" and mapping.table != "orders":
            document.fault(
                faults,
                ("table",),
                problem=f"the layout {mapping.layout} becomes orders",
                got=mapping.table,
                remedy="orders",
            )
        bands = mapping.ledger.price_bands
        if bands is not None and any(a >= b for a, b in itertools.pairwise(bands.edges)):
            document.fault(
                faults,
                ("ledger", "price_bands", "edges"),
                problem="edges that do not rise",
                got=", ".join(f"{edge:g}" for edge in bands.edges),
                remedy="rising prices",
            )
        if mapping.file in sources:
            document.fault(
                faults,
                ("file",),
                problem="a file with two mappings",
                got=f"{mapping.file} (also in {sources[mapping.file].by})",
                remedy="keep one mapping per file",
            )
            continue
        sources[mapping.file] = Source(mapping, name)
    return sources


def recognise(name: str, header: tuple[str, ...]) -> Source | None:
    """The source of a file without a mapping: by its name, else by its header, else None."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if set(header) >= SHOPIFY_SIGNATURE:
        return Source(Mapping(file=name, table="orders", layout="shopify_orders"), "header")
    if set(ledger_columns(header)) >= set(_LEDGER_SIGNATURE):
        return Source(Mapping(file=name, table="orders", layout="transactions"), "header")
    if stem in TABLES:
        return Source(Mapping.model_validate({"file": name, "table": stem}), "name")
    fitting = [
        table
        for table in TABLES.values()
        if {column.name for column in table.columns if column.required} <= set(header)
    ]
    if not fitting:
        return None
    # a header may hold the columns of two tables (spend is spend_plan and more): the larger contract wins
    best = max(fitting, key=lambda table: sum(column.required for column in table.columns))
    return Source(Mapping.model_validate({"file": name, "table": best.name}), "header")


def ledger_columns(header: tuple[str, ...]) -> dict[str, str]:
    """Column of orders: header of a transaction ledger that stands for it, as far as one does."""
    plain = {re.sub(r"[^a-z0-9]", "", name.casefold()): name for name in reversed(header)}
    found = {}
    for column, names in LEDGER_HEADERS.items():
        known = next((plain[name] for name in names if name in plain), None)
        if known is not None:
            found[column] = known
    return found
