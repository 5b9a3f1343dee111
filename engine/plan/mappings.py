"""Which file is which table: ``mappings/*.yaml`` decide; without one, the file's name or its header does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from engine.plan.faults import Faults, did_you_mean
from engine.plan.files import Folder
from engine.plan.schema import Model
from engine.plan.tables import TABLES
from engine.plan.validate import validate
from engine.plan.yaml_file import read_yaml

Layout = Literal["canonical", "shopify_orders"]
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
ENDINGS = (".csv", ".tsv", ".txt")


class Mapping(Model):
    """How one file of the plan folder becomes one canonical table."""

    file: str
    """Path of the file, from the plan folder: data/orders.csv"""
    table: TableName
    """Canonical table it becomes."""
    layout: Layout = "canonical"
    """canonical: the table's own columns, named by ``columns``; shopify_orders: Shopify's order export."""
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


@dataclass(frozen=True)
class Source:
    """One file and how to read it; ``by`` says who decided: a mapping file, the file's name or its header."""

    mapping: Mapping
    by: str


def read_mappings(folder: Folder, faults: Faults) -> dict[str, Source]:
    """The sources that mapping files name, by data file."""
    sources: dict[str, Source] = {}
    for name in folder.list("mappings", (".yaml", ".yml")):
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
        if mapping.layout == "shopify_orders" and mapping.table != "orders":
            document.fault(
                faults,
                ("table",),
                problem="Shopify's order export becomes orders",
                got=mapping.table,
                remedy="orders",
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
