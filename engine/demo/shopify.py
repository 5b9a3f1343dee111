"""The shop's orders in Shopify's export layout and the marketplaces' in canonical columns.

One row per line; the order's own fields stand on its first row only; times carry the shop's offset
(Eastern time); a zip starts with an apostrophe. About one order in a hundred was placed twice and the
first of the two cancelled.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine.demo.company import Company
from engine.demo.customers import customer_key

COLUMNS = (
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
    "Tax 2 Name",
    "Tax 2 Value",
    "Tax 3 Name",
    "Tax 3 Value",
    "Tax 4 Name",
    "Tax 4 Value",
    "Tax 5 Name",
    "Tax 5 Value",
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
)
MARKETPLACE_COLUMNS = (
    "order_id",
    "customer_key",
    "ordered_at",
    "market",
    "sales_channel",
    "currency",
    "item",
    "quantity",
    "net_price",
    "shipping",
    "tax",
    "refunded",
)
TAX_NAMES = {"CA": "HST 13%", "DE": "MwSt. 19%", "GB": "VAT 20%", "US": "Sales Tax 7%"}
_POSITION = {name: position for position, name in enumerate(COLUMNS)}
CANCELLED_SHARE = 0.01
FULFILMENT_DAYS = 1


def write_shop(path: Path, company: Company, lines: pd.DataFrame, seed: int, *, last: dt.datetime) -> None:
    """Write the shop's order lines to ``path``; what is paid but not yet fulfilled on ``last`` says so."""
    items = {item.key: item.label for item in company.items}
    markets = {market.key: market for market in company.markets}
    generator = company.generator(seed, "cancelled")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        records = lines.to_dict("records")
        starts = [k for k, row in enumerate(records) if k == 0 or row["order"] != records[k - 1]["order"]]
        doubles = generator.random(int(records[-1]["order"]) + 1 if records else 0) < CANCELLED_SHARE
        for start, end in zip(starts, [*starts[1:], len(records)], strict=True):
            order = records[start:end]
            market = markets[order[0]["market"]]
            if doubles[order[0]["order"]]:
                writer.writerows(_order(order, items, market.country, market.cities, last, cancelled=True))
            writer.writerows(_order(order, items, market.country, market.cities, last, cancelled=False))


def _order(
    order: list[dict[str, Any]],
    items: dict[str, str],
    country: str,
    cities: tuple[tuple[str, str, str], ...],
    last: dt.datetime,
    *,
    cancelled: bool,
) -> list[list[object]]:
    """Rows of one order: its lines, the first with the order's fields."""
    head = order[0]
    name = f"#{int(head['order']) + (700001 if cancelled else 100001)}"
    created = head["ordered_at"].to_pydatetime()
    rows: list[dict[str, object]] = [
        {
            "Name": name,
            "Lineitem quantity": int(line["quantity"]),
            "Lineitem name": items[line["item"]],
            "Lineitem price": f"{line['list_price']:.2f}",
            "Lineitem sku": line["item"],
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "pending" if cancelled else "fulfilled",
            "Vendor": "Lumen Beauty",
            "Lineitem discount": "0.00",
        }
        for line in order
    ]
    rows[0].update(_order_fields(order, country, cities, last, created, cancelled=cancelled))
    return [_row(fields) for fields in rows]


def _row(fields: dict[str, object]) -> list[object]:
    row: list[object] = [""] * len(COLUMNS)
    for name, value in fields.items():
        row[_POSITION[name]] = value
    return row


def _order_fields(
    order: list[dict[str, Any]],
    country: str,
    cities: tuple[tuple[str, str, str], ...],
    last: dt.datetime,
    created: dt.datetime,
    *,
    cancelled: bool,
) -> dict[str, object]:
    head = order[0]
    cents = [round(100 * line["net"]) for line in order]
    taxes = sum(round(100 * line["tax"]) for line in order)
    discount = sum(round(100 * line["discount"]) for line in order)
    shipping = round(100 * head["shipping"])
    total = sum(cents) + shipping + taxes
    refunded = (
        total
        if cancelled
        else sum(c + round(100 * ln["tax"]) for c, ln in zip(cents, order, strict=True) if ln["returned"])
    )
    returned = [bool(line["returned"]) for line in order]
    status = "refunded" if cancelled or all(returned) else "partially_refunded" if any(returned) else "paid"
    customer = int(head["customer"])
    city, code, province = cities[customer % len(cities)]
    fulfilled = created + dt.timedelta(days=FULFILMENT_DAYS)
    done = not cancelled and fulfilled <= last
    person = f"Customer {customer:06d}"
    rate = head["discount_rate"]
    address = {
        "Name": person,
        "Street": "1 Example Street",
        "Address1": "1 Example Street",
        "City": city,
        "Zip": f"'{code}",
        "Province": province,
        "Country": country,
    }
    return {
        "Email": customer_key(customer),
        "Financial Status": status,
        "Paid at": stamp(created),
        "Fulfillment Status": "fulfilled" if done else "unfulfilled",
        "Fulfilled at": stamp(fulfilled) if done else "",
        "Accepts Marketing": "yes" if customer % 2 else "no",
        "Currency": head["currency"],
        "Subtotal": _money(sum(cents)),
        "Shipping": _money(shipping),
        "Taxes": _money(taxes),
        "Total": _money(total),
        "Discount Code": f"GLOW{round(100 * rate)}" if discount else "",
        "Discount Amount": _money(discount),
        "Shipping Method": "Standard",
        "Created at": stamp(created),
        **{f"{kind} {field}": value for kind in ("Billing", "Shipping") for field, value in address.items()},
        "Cancelled at": stamp(created + dt.timedelta(minutes=9)) if cancelled else "",
        "Payment Method": "Shopify Payments",
        "Refunded Amount": _money(refunded),
        "Outstanding Balance": "0.00",
        "Id": str(5_000_000_000_000 + int(head["order"]) * 2 + int(cancelled)),
        "Risk Level": "Low",
        "Source": "web",
        "Tax 1 Name": TAX_NAMES[head["market"]],
        "Tax 1 Value": _money(taxes),
    }


def write_marketplace(path: Path, lines: pd.DataFrame) -> None:
    """Write the marketplaces' order lines in canonical columns; they do not say who the customer is."""
    frame = lines.assign(
        customer_key="",
        ordered_at=np.datetime_as_string(lines["ordered_at"].to_numpy(), unit="s"),
        net_price=lines["net_price"].map("{:.4f}".format),
        **{name: lines[name].map("{:.2f}".format) for name in ("shipping", "tax", "refunded")},
    )
    frame.to_csv(path, columns=list(MARKETPLACE_COLUMNS), index=False, lineterminator="\n")


def stamp(moment: dt.datetime) -> str:
    """A local moment as Shopify writes it, with the offset of Eastern time on that day."""
    return f"{moment:%Y-%m-%d %H:%M:%S} {'-0400' if _summer(moment.date()) else '-0500'}"


def _summer(day: dt.date) -> bool:
    march, november = dt.date(day.year, 3, 8), dt.date(day.year, 11, 1)
    begin = march + dt.timedelta(days=(6 - march.weekday()) % 7)
    end = november + dt.timedelta(days=(6 - november.weekday()) % 7)
    return begin <= day < end


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"
