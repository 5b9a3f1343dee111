"""Purchase orders from the SCMS delivery history: its days from order to receipt, by mode, for our lanes.

The dates are shifted by whole weeks so that the day the log is cut falls on as-of. SCMS knows order and
delivery only: the listed days of transit, clearance and inland lie before the delivery, the rest is
production, and port and clearance days stay blank. Lines of one shipment stay one shipment. Finished orders
carry dates, not goods; what is open carries what the company has under way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.templates.online_retail import figures

COLUMNS = (
    "po",
    "line",
    "supplier",
    "item",
    "node",
    "ordered_on",
    "promised_on",
    "shipped_on",
    "port_on",
    "cleared_on",
    "received_on",
    "quantity",
    "received",
    "unit_cost",
    "currency",
    "deposit_paid",
)


@dataclass(frozen=True, eq=False)
class Purchases:
    """The log, and the account of the SCMS rows."""

    table: pd.DataFrame
    account: tuple[tuple[str, int], ...]
    """What became of every SCMS row."""
    mean_days: Mapping[str, float]
    """Order to receipt of the finished orders by supplier."""


def make_purchases(scms: pd.DataFrame, items: pd.DataFrame, daily_units: Mapping[str, float]) -> Purchases:
    """Purchase orders of the plan; ``daily_units`` are units sold a day by item."""
    log, account = _log(scms)
    finished, waiting = log[log["delivered"] <= 0], log[log["delivered"] > 0]
    mean = {s: float(part["days"].mean()) for s, part in finished.groupby("supplier", sort=True)}
    maker = {row["item"]: row["suppliers"].split(";")[0] for _, row in items.iterrows()}
    cost = {row["item"]: float(row["unit_cost"]) for _, row in items.iterrows()}
    first = {
        supplier: min(item for item in maker if maker[item] == supplier) for supplier in set(maker.values())
    }
    rows = [_row(entry, entry["line"], first[entry["supplier"]], 1, cost) for _, entry in finished.iterrows()]
    for supplier in figures.SUPPLIERS:
        shipments = waiting[waiting["supplier"] == supplier].drop_duplicates("po")
        ordered = sorted(item for item in maker if maker[item] == supplier)
        rows += _under_way(shipments, ordered, daily_units, mean.get(supplier, 0.0), cost)
    return Purchases(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(account), mean)


def _log(scms: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """Orders with days relative to as-of, and the rows of SCMS that are none."""
    snapshot = pd.Timestamp(figures.SNAPSHOT)
    ordered = pd.to_datetime(scms["PO Sent to Vendor Date"], format="%m/%d/%y", errors="coerce")
    delivered = pd.to_datetime(scms["Delivered to Client Date"], format="%d-%b-%y", errors="coerce")
    scheduled = pd.to_datetime(scms["Scheduled Delivery Date"], format="%d-%b-%y", errors="coerce")
    supplier = scms["Shipment Mode"].map({mode: s for s, mode in figures.SCMS_MODE.items()})
    left = pd.Series(True, index=scms.index)
    account = []
    for reason, mask in (
        ("order day not captured, or delivered from a depot", ordered.isna() | delivered.isna()),
        ("delivered before it was ordered", delivered < ordered),
        ("no mode of a lane (air charter, not given)", supplier.isna()),
        (f"ordered after {figures.SNAPSHOT}", ordered > snapshot),
    ):
        account.append((reason, int((left & mask).sum())))
        left &= ~mask
    frame = pd.DataFrame(
        {
            "po": "SCMS-" + scms["ASN/DN #"].astype(str) + "-" + supplier.astype(str),
            "line": scms["ID"].astype(str),
            "supplier": supplier,
            "ordered": (ordered - snapshot).dt.days,
            "delivered": (delivered - snapshot).dt.days,
            "promised": (scheduled - snapshot).dt.days,
            "days": (delivered - ordered).dt.days,
        }
    )[left]
    account += [
        (f"finished orders of {supplier}", int((part["delivered"] <= 0).sum()))
        for supplier, part in frame.groupby("supplier", sort=True)
    ]
    account += [
        (f"open orders of {supplier}", int((part["delivered"] > 0).sum()))
        for supplier, part in frame.groupby("supplier", sort=True)
    ]
    whole = frame.astype({"ordered": int, "delivered": int, "promised": int, "days": int})
    return whole.sort_values(["ordered", "po", "line"], kind="stable"), account


def _date(offset: int) -> str:
    return (figures.AS_OF + dt.timedelta(days=offset)).isoformat()


def _shipped(entry: pd.Series) -> int:
    """Day the order left: the listed days before its delivery, not before it was ordered."""
    rest = (
        figures.TRANSIT[entry["supplier"]][0] + figures.INLAND[entry["supplier"]][0] + figures.CLEARANCE_DAYS
    )
    return max(int(entry["ordered"]), int(entry["delivered"] - round(rest)))


def _row(entry: pd.Series, line: str, item: str, units: int, cost: Mapping[str, float]) -> dict[str, object]:
    supplier, shipped, closed = entry["supplier"], _shipped(entry), entry["delivered"] <= 0
    deposit = figures.DEPOSIT[supplier] * units * cost[item]
    return {
        "po": entry["po"],
        "line": line,
        "supplier": supplier,
        "item": item,
        "node": figures.NODE,
        "ordered_on": _date(entry["ordered"]),
        "promised_on": _date(max(entry["promised"], entry["ordered"])),
        "shipped_on": _date(shipped) if shipped <= 0 else "",
        "port_on": "",
        "cleared_on": "",
        "received_on": _date(entry["delivered"]) if closed else "",
        "quantity": units,
        "received": units if closed else 0,
        "unit_cost": f"{cost[item]:.4f}",
        "currency": figures.SUPPLIER_CURRENCY[supplier],
        "deposit_paid": f"{deposit:.2f}",
    }


def _under_way(
    shipments: pd.DataFrame,
    items: list[str],
    daily_units: Mapping[str, float],
    mean_days: float,
    cost: Mapping[str, float],
) -> list[dict[str, object]]:
    """Open orders that carry, item by item, the sales of a mean lead time, spread over a few deliveries."""
    rows: list[dict[str, object]] = []
    entries = [entry for _, entry in shipments.sort_values(["delivered", "po"], kind="stable").iterrows()]
    if not entries:
        return rows
    parts = min(figures.DELIVERIES_PER_ITEM, len(entries))
    for number, item in enumerate(items):
        units = round(daily_units.get(item, 0.0) * mean_days)
        for part in range(parts):
            at = (part * len(entries) + number * len(entries) // max(len(items), 1)) // parts % len(entries)
            share = units * (part + 1) // parts - units * part // parts
            if share > 0:
                rows.append(_row(entries[at], f"{item}.{part}", item, share, cost))
    return rows


def shipped_value(table: pd.DataFrame, per_base: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Open orders in GBP: value, deposit, whether they have left, and the day the balance is due."""
    waiting = table[table["received_on"] == ""]
    rate = waiting["currency"].map(per_base).to_numpy(np.float64)
    value = waiting["quantity"].to_numpy(np.float64) * waiting["unit_cost"].astype(float).to_numpy() / rate
    due = [
        (dt.date.fromisoformat(day) + dt.timedelta(days=figures.NET_DAYS[supplier])) if day else None
        for day, supplier in zip(waiting["shipped_on"], waiting["supplier"], strict=True)
    ]
    return {
        "supplier": waiting["supplier"].to_numpy(dtype=object),
        "currency": waiting["currency"].to_numpy(dtype=object),
        "rate": rate,
        "value": value,
        "deposit": waiting["deposit_paid"].astype(float).to_numpy() / rate,
        "due": np.asarray(due, dtype=object),
    }
