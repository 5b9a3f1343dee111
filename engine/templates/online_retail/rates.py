"""Rates and duties of the plan: ECB reference rates turned round to GBP, and tariff rows by territory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from engine.templates.online_retail import figures
from engine.templates.online_retail.sources import FILES

_SENTINEL = 9000.0
"""Rates of this size stand for specific and compound duties in the USITC table."""
_DUTIABLE = ("CN1", "IN1")


def rates_table(ecb: pd.DataFrame, currencies: Iterable[str], first: dt.date) -> pd.DataFrame:
    """Foreign units per GBP on the business days from the ledger's beginning to as-of."""
    days = pd.to_datetime(ecb["Date"])
    inside = ecb[(days >= pd.Timestamp(first)) & (days <= pd.Timestamp(figures.AS_OF))].assign(EUR=1.0)
    day = pd.to_datetime(inside["Date"]).dt.strftime("%Y-%m-%d")
    pound = inside[figures.CURRENCY].astype(float)
    parts = [
        pd.DataFrame(
            {"day": day, "currency": currency, "per_base": (inside[currency].astype(float) / pound).round(8)}
        )
        for currency in sorted(set(currencies) - {figures.CURRENCY})
    ]
    frame = pd.concat(parts, ignore_index=True).dropna()
    return frame.sort_values(["day", "currency"], kind="stable").reset_index(drop=True)


def tariff_rows(usitc: pd.DataFrame, china: pd.DataFrame, hs: Iterable[str]) -> pd.DataFrame:
    """Rows of tariffs.csv: assumed duties of home, and those of the US from its own files."""
    rows: list[tuple[object, ...]] = []
    duty = {number: rate for _, number, _, rate, _ in figures.CATEGORIES} | {
        figures.OTHER_GOODS[1]: figures.OTHER_GOODS[3]
    }
    start = "2010-01-01"
    for number in sorted(set(hs)):
        for supplier in _DUTIABLE:
            origin = figures.SUPPLIER_COUNTRY[supplier]
            rows.append((number, origin, figures.HOME, "duty", duty[number], start, "", figures.DUTY_SOURCE))
        rows += _us_rows(usitc, china, number, start)
    names = ["hs", "origin", "territory", "rule", "rate", "valid_from", "valid_to", "source"]
    return pd.DataFrame(rows, columns=names)


def _us_rows(usitc: pd.DataFrame, china: pd.DataFrame, number: str, start: str) -> list[tuple[object, ...]]:
    listed = usitc[usitc["hts8"].astype(str).str.startswith(number)]["mfn_ad_val_rate"].astype(float)
    listed = listed[listed < _SENTINEL]
    if listed.empty:
        return []
    source = f"mean MFN rate of {len(listed)} HTS8 lines, {FILES['tariffs']}, taken for all years"
    rows: list[tuple[object, ...]] = [
        (number, "*", "US", "duty", round(float(listed.mean()), 6), start, "", source)
    ]
    of_china = china[china["hs6"].astype(str) == number].sort_values("time_of_tariff")
    days = pd.to_datetime(of_china["time_of_tariff"]).dt.date.to_list()
    for at, (day, percent) in enumerate(zip(days, of_china["tariff"].to_numpy(np.float64), strict=True)):
        until = (days[at + 1] - dt.timedelta(days=1)).isoformat() if at + 1 < len(days) else ""
        rows.append(
            (
                number,
                "CN",
                "US",
                "duty",
                round(float(percent) / 100.0, 6),
                day.isoformat(),
                until,
                FILES["china_tariffs"],
            )
        )
    return rows
