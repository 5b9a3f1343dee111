"""Order lines of all shops as one frame: net of discounts and tax, in the currency of the order."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.plan.reading.countries import country_code
from engine.plan.setup.defaults import standard_tax
from engine.plan.setup.gather import Gathered, Group
from models.arrays import BoolArray, FloatArray

NO_ITEM = "ALL"
"""Item of lines that name none."""


def sales(gathered: Gathered) -> pd.DataFrame:
    """One row a line: order_id, customer, ordered_at, country, channel, payment, tool, state, currency, item,
    item_name, quantity, gross, net, shipping, tax, refunded (money of the whole line).
    """
    doubled = payments_only(gathered)
    parts = [_lines(group) for group in gathered.of("orders") if group not in doubled]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def payments_only(gathered: Gathered) -> list[Group]:
    """Groups of orders that name no item, where another names items: the payments of the same orders."""
    groups = gathered.of("orders")
    named = [group for group in groups if any(group.combined.tables["lines"].column("item"))]
    return [group for group in groups if group not in named] if named else []


def _numbers(values: Sequence[object] | pd.Series) -> FloatArray:
    return np.asarray([0.0 if value is None else float(value) for value in values], np.float64)  # type: ignore[arg-type]


def _lines(group: Group) -> pd.DataFrame:
    orders, lines = group.frame("orders"), group.frame("lines")
    if orders.empty or lines.empty:
        return pd.DataFrame()
    for name in ("gross", "discount", "quantity", "refunded"):
        lines[name] = _numbers(lines[name])
    for name in ("shipping", "discount", "tax", "total", "refunded"):
        orders[name] = _numbers(orders[name])
    lines = lines[~lines["returned"].astype(bool)]
    lines = lines.drop(columns=["returned", "refunded"]).rename(columns={"discount": "line_discount"})
    frame = lines.merge(orders, on="order", how="inner")
    frame = frame[frame["ordered_at"].notna()].reset_index(drop=True)
    by_order = frame.groupby("order", sort=False)
    before = frame["gross"] - frame["line_discount"]
    share = _share(before, by_order)
    net = before - frame["discount"] * share
    bases = {reading.figures.get("price_basis") for reading in group.readings}
    incl = "incl_tax" in bases
    first = ~frame.duplicated("order")
    shipping = frame["shipping"].where(first, 0.0)
    countries = [country_code(str(text or "")) or "" for text in frame["country"]]
    assumed = np.zeros(len(frame), dtype=bool)
    if incl:
        frame["tax"], assumed = _taxes(frame, countries)
        whole = net.groupby(frame["order"]).transform("sum") + frame["shipping"]
        kept = ((whole - frame["tax"]) / whole.where(whole > 0.0, 1.0)).clip(0.0, 1.0)
        net, shipping = net * kept, shipping * kept
    net = net.clip(lower=0.0)
    return pd.DataFrame(
        {
            "order_id": frame["order"].astype(str),
            "customer": frame["customer"].fillna("").astype(str),
            "ordered_at": pd.to_datetime(frame["ordered_at"]).astype("datetime64[s]"),
            "country": countries,
            "channel": frame["channel"].fillna("").astype(str),
            "payment": frame["payment_method"].fillna("").astype(str),
            "tool": group.tool,
            "layout": group.layout,
            "state": frame["state"].fillna("").astype(str),
            "currency": frame["currency"].fillna("").astype(str),
            "item": [str(text or "").strip() or NO_ITEM for text in frame["item"]],
            "item_name": frame["item_name"].fillna("").astype(str),
            "quantity": np.maximum(np.rint(frame["quantity"]), 1).astype(np.int64),
            "gross": frame["gross"],
            "net": net,
            "shipping": shipping.clip(lower=0.0),
            "tax": (frame["tax"] * share).clip(lower=0.0),
            "tax_assumed": assumed,
            "order_total": frame["total"].where(first, 0.0),
            "refunded": _refunds(frame, net, share),
        }
    )


def _taxes(frame: pd.DataFrame, countries: list[str]) -> tuple[pd.Series, BoolArray]:
    """Tax of each line's order in prices that include it, and whether it is assumed: standard rates by
    country where the files name no tax at all; where they name some, no tax elsewhere means none.
    """
    tax = frame["tax"].copy()
    assumed = np.zeros(len(frame), dtype=bool)
    if (tax != 0.0).any():
        return tax, assumed
    goods = (frame["gross"] - frame["line_discount"]).groupby(frame["order"]).transform("sum")
    paid = (goods - frame["discount"] + frame["shipping"]).clip(lower=0.0)
    place = np.asarray(countries)
    for country in sorted(set(countries)):
        standard = standard_tax(country)
        if standard is not None:
            own = place == country
            tax[own] = paid[own] * standard.value / (1.0 + standard.value)
            assumed |= own
    return tax, assumed


def _share(before: pd.Series, by_order: pd.core.groupby.DataFrameGroupBy) -> pd.Series:
    """Share of each line in its order's goods; equal shares where the goods are worth nothing."""
    order = by_order.ngroup()
    whole = before.groupby(order).transform("sum")
    count = before.groupby(order).transform("size")
    return (before / whole.where(whole != 0.0, 1.0)).where(whole != 0.0, 1.0 / count)


def _refunds(frame: pd.DataFrame, net: pd.Series, share: pd.Series) -> pd.Series:
    """Refund of a line, goods only: the part of its net that the order's refund is of its total."""
    total = frame["total"].where(frame["total"] > 0.0, net.groupby(frame["order"]).transform("sum"))
    part = (frame["refunded"] / total.where(total > 0.0, 1.0)).clip(0.0, 1.0)
    return (net * part).where(share.notna(), 0.0)


def last_complete_month(lines: pd.DataFrame) -> tuple[dt.date, str]:
    """Last day of the last month that the orders cover whole, and how it was told."""
    last = lines["ordered_at"].max().date()
    first = lines["ordered_at"].min().date()
    end = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    if (end - last).days <= 1:
        return end, f"last order on {last}"
    before = last.replace(day=1) - dt.timedelta(days=1)
    if first <= before:
        return before, f"last complete month; the orders end on {last}"
    return end, f"no complete month in the orders, which end on {last}: their month is taken as closed"
