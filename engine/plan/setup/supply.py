"""Suppliers, nodes, lanes, unit costs and the purchase log from purchase lists; without one, one of each."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.doubts import STALE_DAYS
from engine.plan.setup.defaults import number
from engine.plan.setup.gather import Gathered
from engine.plan.setup.items import Items, origins
from engine.plan.setup.noted import Noted, found, key_of
from models.arrays import BoolArray, FloatArray

ONE_SUPPLIER = "SUPPLIER"
ONE_NODE = "WAREHOUSE"
PORT = "PORT"
_LONGEST = 800


@dataclass(frozen=True)
class Lead:
    """Days from order to receipt, weighted by units."""

    mean: float
    sd: float
    error: float
    """Standard error of the mean over purchase orders, days."""
    orders: int
    open: int = 0
    """Purchase orders still under way, which count as at least so many days."""


@dataclass
class Supply:
    """What purchase lists and stock files say of the way from makers to shelves."""

    files: list[str]
    lines: pd.DataFrame
    """The purchase log, one row a receipt or open rest, in the columns of the canonical table."""
    keys: dict[str, str] = field(default_factory=dict)
    """Supplier's text to key."""
    currency: dict[str, str] = field(default_factory=dict)
    country: dict[str, Noted] = field(default_factory=dict)
    lead: dict[str, Lead] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    """Node's text to key."""
    main_node: str = ONE_NODE
    undated: int = 0
    """Units of lines without a day of order: left out."""
    unknown_items: int = 0
    """Units of items that were never sold: left out."""
    stale: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Units and money by currency of open lines taken as cancelled."""


def node_keys(gathered: Gathered) -> dict[str, str]:
    """Nodes that purchase lists and stock files name, by text."""
    names: dict[str, str] = {}
    for kind, column in (("inventory", "location"), ("purchase_orders", "node")):
        for group in gathered.of(kind):
            frame = group.frame(kind)
            for text in sorted({str(value or "").strip() for value in frame.get(column, [])} - {""}):
                names.setdefault(text, key_of(text, names.values(), "NODE"))
    return names


def main_node(gathered: Gathered, nodes: dict[str, str]) -> str:
    """The node with most stock, else with most units ordered; one of a default name where none is named."""
    for kind, column, weight in (
        ("inventory", "location", "on_hand"),
        ("purchase_orders", "node", "quantity"),
    ):
        for group in gathered.of(kind):
            frame = group.frame(kind)
            if frame.empty or column not in frame or weight not in frame:
                continue
            units = pd.Series([float(v or 0) for v in frame[weight]]).groupby(list(frame[column])).sum()
            units = units[[bool(str(text or "").strip()) for text in units.index]]
            if len(units):
                return nodes[str(units.idxmax()).strip()]
    return ONE_NODE


def supply(gathered: Gathered, items: Items, base: str, closed: dt.date) -> Supply:
    """Everything that purchase lists say, events after the closed day left open."""
    nodes = node_keys(gathered)
    main = main_node(gathered, nodes)
    result = Supply(gathered.files("purchase_orders"), pd.DataFrame(), nodes=nodes, main_node=main)
    parts = [
        _log(group.frame("purchase_orders"), group.frame("receipts"))
        for group in gathered.of("purchase_orders")
    ]
    log = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if log.empty:
        return result
    result.undated = int(log.loc[log["ordered_on"].isna(), "quantity"].sum())
    log = log[log["ordered_on"].notna() & (log["ordered_on"] <= closed) & (log["quantity"] >= 1)]
    log["item"] = [items.of_code.get(str(code), "") for code in log["item"]]
    result.unknown_items = int(log.loc[log["item"] == "", "quantity"].sum())
    log = log[log["item"] != ""].reset_index(drop=True)
    if log.empty:
        return result
    for text in sorted(set(log["supplier"])):
        result.keys[text] = _supplier_key(text, list(result.keys.values()))
    log["supplier"] = log["supplier"].map(result.keys)
    log["node"] = [nodes.get(str(text or "").strip(), main) for text in log["node"]]
    log["currency"] = [str(text or "") or base for text in log["currency"]]
    late = [day is not None and not pd.isna(day) and day > closed for day in log["received_on"]]
    log.loc[late, "received_on"] = None
    result.lines = _numbered(log)
    _describe(result, log, gathered)
    _mark_stale(result, closed)
    for key, own in result.lines.groupby("supplier"):
        lead = lead_time(own, closed)
        if lead is not None:
            result.lead[str(key)] = lead
    return result


def _mark_stale(result: Supply, closed: dt.date) -> None:
    """Open lines long past the day they should have come are taken as cancelled, and told."""
    log = result.lines
    status = []
    for row in log.to_dict("records"):
        lead = result.lead.get(row["supplier"])
        usual = np.floor(max((lead.mean if lead else number("lead_days")) - number("clearance_days"), 0.0))
        promised = row["promised_on"]
        due = row["ordered_on"] + dt.timedelta(days=int(usual)) if pd.isna(promised) else promised
        stale = pd.isna(row["received_on"]) and (closed - due).days > STALE_DAYS
        status.append("cancelled" if stale else "")
    result.lines = log.assign(status=status)
    gone = result.lines[result.lines["status"] != ""]
    result.stale = {
        str(code): (int(own["quantity"].sum()), float((own["quantity"] * own["unit_cost"]).sum()))
        for code, own in gone.groupby("currency")
    }


def _log(lines: pd.DataFrame, receipts: pd.DataFrame) -> pd.DataFrame:
    """One row for each receipt of a line and one for what is still to come."""
    if lines.empty:
        return lines
    rows: list[dict[str, Any]] = []
    came: dict[tuple[str, str], list[tuple[Any, float]]] = {}
    for row in receipts.to_dict("records"):
        key = (str(row["po"]), str(row.get("line")))
        came.setdefault(key, []).append((row["received_on"], float(row["quantity"] or 0)))
    for row in lines.to_dict("records"):
        one = {
            name: row.get(name)
            for name in ("po", "line", "supplier", "item", "node", "currency", "ordered_on", "promised_on")
        }
        one["supplier"] = str(row.get("supplier") or "").strip() or ONE_SUPPLIER
        one["unit_cost"] = float(row.get("unit_cost") or 0)
        for day, units in came.get((str(row["po"]), str(row.get("line"))), []):
            if day is not None and (day < row["ordered_on"] if row.get("ordered_on") else False):
                continue
            if day is not None:
                rows.append(one | {"received_on": day, "quantity": round(units)})
        if row.get("open"):
            rows.append(one | {"received_on": None, "quantity": round(float(row["open"]))})
    return pd.DataFrame(rows)


def _supplier_key(text: str, taken: list[str]) -> str:
    head = text.split(" ")[0]
    code = head if re.fullmatch(r"[A-Za-z]{1,6}[-_]?\d{1,8}", head) else text
    return key_of(code, taken, ONE_SUPPLIER)


def _numbered(log: pd.DataFrame) -> pd.DataFrame:
    """The log with lines of its own for parts of a line that came on other days."""
    part = log.groupby(["po", "line"], sort=False).cumcount()
    line = [str(line or 1) + (f".{k + 1}" if k else "") for line, k in zip(log["line"], part, strict=True)]
    promised = [
        None if day is None or pd.isna(day) or day < first else day
        for day, first in zip(log["promised_on"], log["ordered_on"], strict=True)
    ]
    log = log.assign(line=line, promised_on=promised, po=log["po"].astype(str))
    again = log.groupby(["po", "line"]).cumcount()
    log["line"] = [text + (f"-{k + 1}" if k else "") for text, k in zip(log["line"], again, strict=True)]
    return log


def _describe(result: Supply, log: pd.DataFrame, gathered: Gathered) -> None:
    origin = origins(gathered)
    for key, own in log.groupby("supplier"):
        supplier = str(key)
        result.currency[supplier] = str(own.groupby("currency")["quantity"].sum().idxmax())
        units = own["quantity"].groupby([origin.get(str(item), "") for item in own["item"]]).sum()
        units = units[[bool(re.fullmatch("[A-Z]{2}", str(code))) for code in units.index]]
        if len(units):
            result.country[supplier] = found(
                str(units.idxmax()), gathered.files("inventory"), "origin of its items"
            )
        lead = lead_time(own)  # what is late is told against receipts alone
        if lead is not None:
            result.lead[supplier] = lead


def lead_time(log: pd.DataFrame, closed: dt.date | None = None) -> Lead | None:
    """Mean and spread of the days from order to receipt, weighted by units.

    Lines still open on the day ``closed`` are censored: the product-limit estimate (Kaplan and Meier 1958,
    eq. 2b) shares their units out over the longer receipts, what outlasts all of them to the longest wait
    (Efron 1967). Without open lines it is the mean of the receipts.
    """
    done = log[log["received_on"].notna()]
    if done.empty:
        return None
    waiting = log[log["received_on"].isna() & (log["status"] == "")] if closed is not None else log.iloc[:0]
    ends = [*done["received_on"], *([closed] * len(waiting))]
    begins = [*done["ordered_on"], *waiting["ordered_on"]]
    days = np.asarray([(b - a).days for a, b in zip(begins, ends, strict=True)], np.float64)
    units = np.asarray([*done["quantity"], *waiting["quantity"]], np.float64)
    mass = _shared_out(days, units, np.arange(len(days)) < len(done))
    mean = float(np.average(days, weights=mass))
    sd = float(np.sqrt(np.average((days - mean) ** 2, weights=mass)))
    orders = int(done["po"].nunique())
    return Lead(min(mean, _LONGEST), sd, sd / orders**0.5, orders, int(waiting["po"].nunique()))


def _shared_out(days: FloatArray, units: FloatArray, seen: BoolArray) -> FloatArray:
    """Units of each receipt with those of shorter open lines shared out over the longer ones (line,)."""
    mass = np.zeros(len(days))
    # a receipt on a day comes before an open line of the same age: that one waits longer
    order = np.lexsort((~seen, days))
    left = float(units.sum())
    carried = 1.0
    for place in order:
        if seen[place]:
            mass[place] = units[place] * carried
        elif left > units[place]:
            carried *= left / (left - units[place])
        else:
            mass[place] = units[place] * carried
        left -= float(units[place])
    return mass


def unit_costs(found_supply: Supply, items: Items, per_base: dict[str, float]) -> pd.DataFrame:
    """Items with suppliers, shares and unit cost in the first supplier's currency."""
    rows = []
    log = found_supply.lines
    largest = "" if log.empty else str(log.groupby("supplier")["quantity"].sum().idxmax())
    for item in items.frame.to_dict("records"):
        own = log[log["item"] == item["item"]] if not log.empty else log
        priced = own[own["unit_cost"] > 0.0] if not own.empty else own
        if priced.empty:
            maker = str(own["supplier"].iloc[0]) if not own.empty else largest or ONE_SUPPLIER
            currency = found_supply.currency.get(maker)
            cost = item["landed"] * (per_base[currency] if currency else 1.0)
            rows.append(
                item | {"suppliers": maker, "shares": "1", "unit_cost": round(cost, 4), "bought": False}
            )
            continue
        units = priced.groupby("supplier")["quantity"].sum().sort_values(ascending=False, kind="stable")
        first = priced[priced["supplier"] == units.index[0]]
        rate = np.asarray([per_base[code] for code in first["currency"]])
        cost = float(np.average(first["unit_cost"] / rate, weights=first["quantity"]))
        shares = [round(float(value), 4) for value in units / units.sum()]
        shares[0] = round(1.0 - sum(shares[1:]), 4)
        rows.append(
            item
            | {
                "suppliers": ";".join(map(str, units.index)),
                "shares": ";".join(f"{value:g}" for value in shares),
                "unit_cost": round(cost * per_base[found_supply.currency[str(units.index[0])]], 4),
                "goods": cost,
                "bought": True,
            }
        )
    return pd.DataFrame(rows)
