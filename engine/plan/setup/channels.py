"""Sales channels from the orders' source or tool, and acquisition channels from the ads files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.reading.countries import country_code, currency_code
from engine.plan.reading.layout import layouts
from engine.plan.reading.periods import last_day
from engine.plan.setup.defaults import default, number
from engine.plan.setup.gather import Gathered, Group
from engine.plan.setup.noted import Noted, found, key_of

MOST = 8
_KNOWN = 0.5
"""Share of orders with a customer from which a channel knows its customers."""
_PLATFORMS = {"google": "google", "meta": "meta", "facebook": "meta", "tiktok": "tiktok", "amazon": "amazon"}


@dataclass(frozen=True)
class Channels:
    """Sales channels by the text that names them in the orders."""

    entries: list[dict[str, Any]]
    of_text: dict[tuple[str, str], str] = field(default_factory=dict)
    """(layout, source text) to key."""


def sales_channels(lines: pd.DataFrame, files: list[str], terms: dict[str, Noted]) -> Channels:
    """Sales channels; beyond the eight largest, those of one tool are one."""
    revenue = lines.groupby(["layout", "channel"])["base"].sum().sort_values(ascending=False, kind="stable")
    entries: list[dict[str, Any]] = []
    of_text: dict[tuple[str, str], str] = {}
    for layout, text in revenue.index:
        own = lines[(lines["layout"] == layout) & (lines["channel"] == text)]
        if len(entries) >= MOST:
            of_text[layout, text] = str(entries[-1]["key"])
            continue
        key = key_of(text or layout.split("_")[0], [str(entry["key"]) for entry in entries])
        of_text[layout, text] = key
        known = float((own.drop_duplicates("order_id")["customer"] != "").mean())
        share = f"customers named on {known:.0%} of orders"
        entries.append(
            {
                "key": key,
                "label": _label(own, layout, text),
                "customer_known": found(known >= _KNOWN, files, share),
                **_marketplace_terms(layout, terms),
            }
        )
    return Channels(entries, of_text)


def _marketplace_terms(layout: str, terms: dict[str, Noted]) -> dict[str, Noted]:
    """Terms of a channel; a marketplace whose settlements are not in the files takes its fee by default."""
    known = layouts().get(layout)
    if known is None or known.options.get("sold_on") != "marketplace" or "marketplace_fee_share" in terms:
        return terms
    if not terms["payment_fee_share"].note.startswith("default"):
        return terms
    return terms | {
        "payment_fee_share": Noted(0.0, "default: payment is part of the marketplace's fee"),
        "marketplace_fee_share": default("marketplace_fee_share"),
    }


def _label(own: pd.DataFrame, layout: str, text: str) -> str:
    tool = layout.split("_")[0].capitalize()
    cash = own["payment"].str.contains(r"(?i)cash on delivery|\bcod\b", regex=True).mean() > 0.5
    return f"{tool} {text}".strip() + (", cash on delivery" if cash else "")


def ads(
    gathered: Gathered, known: list[str], largest: str, through: pd.Timestamp, rates: Mapping[str, float]
) -> pd.DataFrame:
    """Spend by month, market and acquisition channel, company currency (``rates`` are units per unit of it);
    a campaign's first word that is a market names it.
    """
    parts = []
    for group in gathered.of("ad_spend"):
        frame = group.frame("ad_spend")
        platform = next((key for word, key in _PLATFORMS.items() if word in group.layout), "ads")
        if frame.empty or "day" not in frame or "spend" not in frame:
            continue
        frame = spread_over_months(frame)
        campaigns = frame["campaign"] if "campaign" in frame else pd.Series("", index=frame.index)
        codes = frame["currency"] if "currency" in frame else pd.Series(group_currency(group), frame.index)
        per_base = [rates.get(currency_code(str(code or "")), 1.0) for code in codes]
        parts.append(
            pd.DataFrame(
                {
                    "day": pd.to_datetime(frame["day"]),
                    "market": [_market(str(text or ""), known, largest) for text in campaigns],
                    "acquisition_channel": platform,
                    "amount": [float(v or 0) / r for v, r in zip(frame["spend"], per_base, strict=True)],
                    "visitors": [int(v or 0) for v in frame["clicks"]] if "clicks" in frame else 0,
                }
            )
        )
    if not parts:
        return pd.DataFrame()
    spend = pd.concat(parts, ignore_index=True)
    spend = spend[spend["day"].notna() & (spend["day"] <= through)]
    spend["day"] = spend["day"].dt.to_period("M").dt.start_time
    keys = ["day", "market", "acquisition_channel"]
    return spend.groupby(keys, sort=True, as_index=False)[["amount", "visitors"]].sum()


def group_currency(group: Group) -> str:
    """The currency that the files of a group tell outside a column; empty where they tell none or several."""
    told = {str(reading.figures.get("currency") or "") for reading in group.readings} - {""}
    return told.pop() if len(told) == 1 else ""


def spread_over_months(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of an ads report that cover several months, one row a month by its share of the days."""
    if "ends" not in frame:
        return frame
    rows = []
    for row in frame.to_dict("records"):
        first, last = row["day"], row["ends"]
        if first is None or last is None or last <= last_day(first.replace(day=1)):
            rows.append(row)
            continue
        span, start = (last - first).days + 1, first
        while start <= last:
            end = min(last, last_day(start.replace(day=1)))
            share = ((end - start).days + 1) / span
            part = {name: float(row[name] or 0) * share for name in ("spend", "clicks") if name in row}
            rows.append(row | part | {"day": start})
            start = end + dt.timedelta(days=1)
    return pd.DataFrame(rows, columns=frame.columns)


def _market(campaign: str, known: list[str], largest: str) -> str:
    words = campaign.replace("|", " ").replace("_", " ").replace("-", " ").split()
    codes = [country_code(word) for word in words[:1]]
    return next((code for code in codes if code in known), largest)


def with_customers(spend: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The spend with customers won: a default share of each month's first orders, by spend."""
    if spend.empty:
        return spend
    named = lines[lines["customer"] != ""].sort_values("ordered_at", kind="stable")
    first = named.drop_duplicates("customer")
    months = first["ordered_at"].dt.to_period("M").dt.start_time
    new = first.groupby([months, first["market"]])["customer"].size()
    total = spend.groupby(["day", "market"])["amount"].transform("sum")
    count = [
        float(new.get((day, market), 0)) for day, market in zip(spend["day"], spend["market"], strict=True)
    ]
    share = spend["amount"] / total.where(total > 0.0, 1.0)
    won = np.floor(number("won_by_ads") * np.asarray(count) * share).astype(np.int64)
    return spend.assign(new_customers=won)


def acquisition_channels(spend: pd.DataFrame, files: list[str], sales_channel: str) -> list[dict[str, Any]]:
    """An entry for each platform with spend."""
    keys = [] if spend.empty else sorted(set(spend["acquisition_channel"]))
    return [
        {
            "key": found(key, files),
            "label": f"{key.capitalize()} Ads" if key != "ads" else "Ads",
            "payment_days": default("ad_payment_days"),
            "response": {
                "mean": default("response"),
                "sd": number("response_sd"),
                "source": "default of tradewind: see engine/plan/defaults.yaml",
            },
            "sales_channel": sales_channel,
        }
        for key in keys
    ]
