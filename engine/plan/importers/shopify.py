"""Shopify's order export: one row per line, order fields on an order's first row only, much personal data.

Only the salted hash of ``Email`` is kept; how lines are priced stands in ``shopify_amounts``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.plan.faults import Faults
from engine.plan.importers.imported import FILE, ROW, Imported, Vocabulary, hash_customers, translated
from engine.plan.importers.shopify_amounts import MONEY, PRICE, ExportRows, price_lines
from engine.plan.mappings import Source
from engine.plan.parsing import convert, series, unknown_keys
from engine.plan.readers import TextTable
from engine.plan.tables import ORDERS, Column
from models.arrays import BoolArray, TextArray
from models.errors import did_you_mean

_REQUIRED = (
    "Name",
    "Currency",
    "Created at",
    "Lineitem quantity",
    "Lineitem price",
    "Lineitem sku",
    "Shipping Country",
)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split("|"))


_USED = frozenset(_REQUIRED) | _names(
    """Email | Financial Status | Cancelled at | Subtotal | Shipping | Taxes | Total | Duties |
    Discount Amount | Lineitem discount | Refunded Amount | Source | Tags | Billing Country"""
)
_DROPPED = frozenset(f"Tax {number} {part}" for number in range(1, 6) for part in ("Name", "Value")) | _names(
    """Paid at | Fulfillment Status | Fulfilled at | Accepts Marketing | Discount Code | Shipping Method |
    Lineitem name | Lineitem compare at price | Lineitem requires shipping | Lineitem taxable |
    Lineitem fulfillment status | Billing Name | Billing Street | Billing Address1 | Billing Address2 |
    Billing Company | Billing City | Billing Zip | Billing Province | Billing Phone | Shipping Name |
    Shipping Street | Shipping Address1 | Shipping Address2 | Shipping Company | Shipping City |
    Shipping Zip | Shipping Province | Shipping Phone | Notes | Note Attributes | Payment Method |
    Payment Reference | Payment References | Vendor | Outstanding Balance | Employee | Location | Device ID |
    Id | Risk Level | Phone | Receipt Number | Payment ID | Payment Terms Name | Next Payment Due At |
    Billing Province Name |
    Shipping Province Name"""
)

_ORDER_FIELDS = (
    "Currency",
    "Created at",
    "Shipping Country",
    "Email",
    "Cancelled at",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Duties",
    "Discount Amount",
    "Refunded Amount",
    "Source",
    "Tags",
)
_QUANTITY = ORDERS.column("quantity")
_CREATED = ORDERS.column("ordered_at")
_TEXT = Column("text", "key", "a text", required=False, blank=True)
_NEEDED = Column("text", "key", "a text")


def import_shopify(text: TextTable, source: Source, vocabulary: Vocabulary, faults: Faults) -> Imported:
    """Canonical order lines of a Shopify order export."""
    unknown = tuple(name for name in text.header if name not in _USED | _DROPPED)
    rejected: Counter[str] = Counter({"blank row": text.blank_rows} if text.blank_rows else {})
    if not _columns_present(text, unknown, faults):
        empty = pd.DataFrame({column.name: series([], column) for column in ORDERS.columns})
        empty[ROW], empty[FILE] = np.empty(0, np.int64), ""
        return Imported("orders", empty, text.rows_in_file, rejected, unknown, ())
    rows = _group(text, faults)
    _check_order_fields(rows)
    kept = _reject(rows, source, rejected)
    frame, notes = _canonical(rows, kept, source, vocabulary)
    defaulted = tuple(
        name
        for name in ("Email", "Subtotal", "Shipping", "Taxes", "Total", "Refunded Amount")
        if name not in text.cells
    )
    if dropped := [name for name in text.header if name in _DROPPED]:
        notes.append(f"{len(dropped)} known columns are not needed; personal data in them was not kept")
    return Imported("orders", frame, text.rows_in_file, rejected, unknown, defaulted, tuple(notes))


def _columns_present(text: TextTable, unknown: Sequence[str], faults: Faults) -> bool:
    missing = [name for name in _REQUIRED if name not in text.cells]
    for name in missing:
        guess = did_you_mean(name, unknown) if unknown else ""
        remedy = guess if "did you mean" in guess else "export the orders again with all columns"
        faults.add(
            text.file, 1, name, problem="a column is missing", got=", ".join(text.header), remedy=remedy
        )
    return not missing


def _group(text: TextTable, faults: Faults) -> ExportRows:
    names = np.asarray(text.cells["Name"], dtype=object)
    for position in np.flatnonzero(names == ""):
        faults.add(
            text.file,
            int(text.row[position]),
            "Name",
            problem="a blank cell",
            got="''",
            remedy="the order's name stands on each of its rows",
        )
    order, _ = pd.factorize(names)
    _, first = np.unique(order, return_index=True)
    return ExportRows(text, order.astype(np.int64), first.astype(np.int64), faults)


def _check_order_fields(rows: ExportRows) -> None:
    """A field of the order that a later row gives differently would be lost without a word: it is a fault."""
    text = rows.text
    later = np.ones(len(text), np.bool_)
    later[rows.first] = False
    for header in _ORDER_FIELDS:
        if header not in text.cells or not later.any():
            continue
        values = np.asarray(text.cells[header], dtype=object)
        first = values[rows.first][rows.order]
        for position in np.flatnonzero(later & (values != "") & (values != first)):
            row = int(text.row[rows.first[rows.order[position]]])
            rows.faults.add(
                text.file,
                int(text.row[position]),
                header,
                problem="a field of the order that differs from its first row",
                got=values[position],
                remedy=f"{first[position] or 'blank'} as in row {row}, or a Name of its own",
            )


def _reject(rows: ExportRows, source: Source, rejected: Counter[str]) -> BoolArray:
    """Mask of the rows that become lines; the others are counted by reason."""
    text = rows.text
    kept = np.ones(len(text), np.bool_)

    def drop(out: BoolArray, reason: str) -> None:
        nonlocal kept
        count = int((out & kept).sum())
        if count:
            rejected[reason] += count
        kept = kept & ~out

    def cells(header: str) -> TextArray:
        return np.asarray(text.cells.get(header, [""] * len(text)), dtype=object)

    cancelled = cells("Cancelled at")[rows.first] != ""
    drop(cancelled[rows.order], "cancelled order")
    status = np.asarray([value.casefold() for value in cells("Financial Status")[rows.first]], dtype=object)
    for name in ("voided", "expired"):
        drop((status == name)[rows.order], f"{name} payment")
    no_line = (
        (cells("Lineitem quantity") == "") & (cells("Lineitem price") == "") & (cells("Lineitem sku") == "")
    )
    drop(no_line, "row without a line item")
    drop(cells("Lineitem sku") == "", "line without a SKU (gift card, fee)")
    for name, header in (
        ("item", "Lineitem sku"),
        ("market", "Shipping Country"),
        ("sales_channel", "Source"),
    ):
        values = cells(header) if name == "item" else cells(header)[rows.first][rows.order]
        for refused in source.mapping.reject.get(name, ()):
            drop(values == refused, f"{name} {refused} is rejected by {source.by}")
    country = _countries(rows)
    drop((country == "")[rows.order], "order without a shipping country")
    return kept


def _countries(rows: ExportRows) -> TextArray:
    """Country of each order: shipped to, else billed to."""
    cells = rows.text.cells
    shipped = np.asarray(cells["Shipping Country"], dtype=object)[rows.first]
    billed = np.asarray(cells.get("Billing Country", cells["Shipping Country"]), dtype=object)[rows.first]
    return np.where(shipped == "", billed, shipped)


def _canonical(
    rows: ExportRows, kept: BoolArray, source: Source, vocabulary: Vocabulary
) -> tuple[pd.DataFrame, list[str]]:
    text, faults = rows.text, rows.faults
    has_line = np.asarray(text.cells["Lineitem price"], dtype=object) != ""
    has_line |= np.asarray(text.cells["Lineitem quantity"], dtype=object) != ""
    quantity = rows.lines("Lineitem quantity", _QUANTITY, kept | has_line).astype(np.int64)
    price = rows.lines("Lineitem price", PRICE, kept | has_line).astype(np.float64)
    amounts, notes = price_lines(
        rows, quantity, price, rows.lines("Lineitem discount", MONEY, has_line).astype(np.float64)
    )
    # an order none of whose rows are kept has no market to find and nothing to fault
    open_orders = np.zeros(len(rows.first), np.bool_)
    open_orders[rows.order[kept]] = True
    market = _markets(rows, open_orders, source, vocabulary)
    channel = _channels(rows, open_orders, source, vocabulary)
    email = np.asarray(text.cells.get("Email", [""] * len(text)), dtype=object)[rows.first]
    customer = hash_customers(email, vocabulary.salt)
    if anonymous := int((open_orders & (email == "")).sum()):
        notes.append(f"{anonymous:,} orders have no e-mail: their customer is unknown")
    items = pd.Series(
        np.asarray(translated(text.cells["Lineitem sku"], "item", source.mapping), dtype=object)[kept],
        dtype="str",
    )
    known_items = vocabulary.known("item")
    sound = np.ones(int(kept.sum()), np.bool_)
    if known_items is not None:
        sound = unknown_keys(items, text.row[kept], known_items, "item", text.file, "Lineitem sku", faults)
    order = rows.order[kept]
    first_kept = np.zeros(len(order), np.bool_)
    first_kept[np.unique(order, return_index=True)[1]] = True
    currency = _currencies(rows, open_orders, vocabulary)
    created = rows.orders("Created at", _CREATED)
    values = {
        "order_id": np.asarray(text.cells["Name"], dtype=object)[rows.first][order],
        "customer_key": customer[order],
        "ordered_at": created[order],
        "market": market[order],
        "sales_channel": channel[order],
        "currency": currency[order],
        "item": items.to_numpy(dtype=object),
        "quantity": quantity[kept],
        "net_price": amounts.net_price[kept],
        "shipping": np.where(first_kept, amounts.shipping[order], 0.0),
        "tax": amounts.tax[kept],
        "refunded": amounts.refunded[kept],
    }
    frame = pd.DataFrame({column.name: series(values[column.name], column) for column in ORDERS.columns})
    frame[ROW], frame[FILE] = text.row[kept], text.file
    for name in ("market", "sales_channel", "currency"):
        sound &= (frame[name] != "").to_numpy()
    return frame[sound].reset_index(drop=True), notes


def _markets(rows: ExportRows, wanted: BoolArray, source: Source, vocabulary: Vocabulary) -> TextArray:
    country = _countries(rows)
    named = translated(list(country), "market", source.mapping)
    known = vocabulary.known("market")
    found: dict[str, str] = {}
    result = np.full(len(country), "", object)
    for position in np.flatnonzero(wanted):
        text = named[position]
        if text not in found:
            markets = vocabulary.markets_of_country.get(text, ())
            found[text] = text if known is None or text in known else markets[0] if len(markets) == 1 else ""
        result[position] = found[text]
        if not found[text]:
            markets = vocabulary.markets_of_country.get(text, ())
            rows.faults.add(
                rows.text.file,
                int(rows.text.row[rows.first[position]]),
                "Shipping Country",
                problem="unknown market" if not markets else "a country with more than one market",
                got=str(country[position]),
                remedy=(
                    f"{did_you_mean(text, [*(known or ()), *vocabulary.markets_of_country])}; "
                    "or name it under values: or reject: of a mapping"
                ),
            )
    return result


def _channels(rows: ExportRows, wanted: BoolArray, source: Source, vocabulary: Vocabulary) -> TextArray:
    """Sales channel of each order: by tag, Source, the mapping's constant, else the known one."""
    size = len(rows.text)
    sources = np.asarray(rows.text.cells.get("Source", [""] * size), dtype=object)[rows.first]
    tags = np.asarray(rows.text.cells.get("Tags", [""] * size), dtype=object)[rows.first]
    values = source.mapping.values.get("sales_channel", {})
    known = vocabulary.known("sales_channel")
    default = source.mapping.constants.get("sales_channel", "")
    if not default and len(vocabulary.known_channels) == 1:
        default = vocabulary.known_channels[0]
    result = np.full(len(rows.first), "", object)
    for position in np.flatnonzero(wanted):
        tagged = [
            source.mapping.tags[tag.strip()]
            for tag in tags[position].split(",")
            if tag.strip() in source.mapping.tags
        ]
        text = str(sources[position])
        named = values.get(text, values.get("*", text if known is None or text in known else ""))
        channel = tagged[0] if tagged else named or default
        if channel and (known is None or channel in known):
            result[position] = channel
            continue
        rows.faults.add(
            rows.text.file,
            int(rows.text.row[rows.first[position]]),
            "Source",
            problem="unknown sales channel",
            got=channel or text,
            remedy=f"{did_you_mean(channel or text, known or ())}; set constants: or values: of a mapping",
        )
    return result


def _currencies(rows: ExportRows, wanted: BoolArray, vocabulary: Vocabulary) -> TextArray:
    at = rows.first[wanted]
    cells = [rows.text.cells["Currency"][position] for position in at]
    typed, _ = convert(cells, rows.text.row[at], _NEEDED, rows.text.file, rows.faults, header="Currency")
    known = vocabulary.known("currency")
    values = typed.to_numpy(dtype=object)
    if known is not None:
        what = (known, "currency", rows.text.file, "Currency", rows.faults)
        values = np.where(unknown_keys(typed, rows.text.row[at], *what), values, "")
    result = np.full(len(rows.first), "", object)
    result[wanted] = values
    return result
