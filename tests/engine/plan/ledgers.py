"""Small transaction ledgers on the tiny plan: a header, a few lines, the mapping that reads them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from engine.plan.load import load_plan
from engine.plan.plan import Plan, Recognised
from tests.tiny_plan import orders_text, tiny_files, write_plan

HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity")
HEADER += ("InvoiceDate", "UnitPrice", "CustomerID", "Country")
MAPPING = """\
file: data/ledger.csv
table: orders
layout: transactions
constants: {sales_channel: shop, currency: USD}
values: {market: {Norway: "NO", "*": "NA"}}
"""

Line = tuple[object, ...]


def line(
    invoice: str = "100",
    item: str = "B-2",
    quantity: object = 2,
    price: object = 10.0,
    *,
    on: str = "2026-03-02 10:00",
    customer: str = "17850",
    country: str = "Norway",
) -> Line:
    """One line; what is not said is a plain sale of two units at 10."""
    return invoice, item, "a thing", quantity, on, price, customer, country


def ledger_text(*lines: Line, header: tuple[str, ...] = HEADER) -> str:
    """The ledger as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()


def small_files() -> dict[str, str]:
    """The tiny plan with few orders."""
    return tiny_files() | {"data/orders.csv": orders_text(5)}


def ledger_files(lines: tuple[Line, ...], more: str = "") -> dict[str, str]:
    """A ledger and the mapping that reads it."""
    return {"data/ledger.csv": ledger_text(*lines), "mappings/ledger.yaml": MAPPING + more}


def load(
    folder: Path, *lines: Line, more: str = "", **replaced: str
) -> tuple[Plan, pd.DataFrame, Recognised]:
    """The plan with a ledger beside the tiny plan's orders, the ledger's own lines, and its account.

    Whatever the ledger: rows in are rows used and rejected, and the amounts sum to the whole.
    """
    plan = load_plan(write_plan(folder, small_files() | ledger_files(lines, more) | replaced))
    entry = next(entry for entry in plan.recognised if entry.layout == "transactions")
    assert entry.rows == entry.used + sum(count for _, count in entry.rejected)
    assert entry.rows == sum(part.rows for part in entry.amounts) + sum(
        count for reason, count in entry.rejected if reason not in {part.treatment for part in entry.amounts}
    )
    assert all(tie.holds for tie in plan.ties)
    own = plan.orders[plan.orders["order_id"].str.fullmatch(r"\d{3}")].reset_index(drop=True)
    return plan, own, entry


def treatments(entry: Recognised) -> dict[str, tuple[int, float]]:
    """Lines and amount by treatment."""
    return {part.treatment: (part.rows, round(part.amount, 6)) for part in entry.amounts}
