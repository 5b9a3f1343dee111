"""SCMS deliveries (USAID): fitted families by mode and vendor, late shares, intervals for the orders after
2012.

An order is one purchase order, mode, vendor and pair of dates: its lines share one delivery. Fitted is
what was
known on 2012-12-31: deliveries up to then, and the ages of the orders open then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrays import FloatArray
from models.lead_time import Drift, LeadTime, fit_drift, fit_lane, fit_lanes, order_scores
from models.lead_time.summary import describe
from tests.verify.registry import Row

FOLDER = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
FILE = FOLDER / "scms_delivery_history.parquet"
CUT = pd.Timestamp("2012-12-31")
THIN = 30
"""Finished orders from which a vendor is fitted alone."""
NEW = ""
"""The lane of a vendor without history: the law that the pool gives to a newcomer."""
COVERAGE, LEAST, MOST, WIDEST = 0.8, 0.7, 0.9, 1.5


def deliveries() -> pd.DataFrame:
    """Lines with both dates: po, mode, vendor, ordered, delivered, days, late."""
    table = pd.read_parquet(FILE)
    ordered = pd.to_datetime(table["PO Sent to Vendor Date"], format="%m/%d/%y", errors="coerce")
    delivered = pd.to_datetime(table["Delivered to Client Date"], format="%d-%b-%y")
    scheduled = pd.to_datetime(table["Scheduled Delivery Date"], format="%d-%b-%y")
    lines = pd.DataFrame(
        {
            "po": table["PO / SO #"],
            "mode": table["Shipment Mode"].fillna("not given"),
            "vendor": table["Vendor"],
            "ordered": ordered,
            "delivered": delivered,
            "days": (delivered - ordered).dt.days.astype(np.float64),
            "late": delivered > scheduled,
        }
    )
    return lines[lines["days"] >= 0.0].reset_index(drop=True)


def orders_of(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per order; late when one of its lines is."""
    identity = ["po", "mode", "vendor", "ordered", "delivered"]
    return lines.sort_values("late", ascending=False).drop_duplicates(identity).sort_values(identity)


@dataclass(frozen=True)
class Forecast:
    """What was known of one mode on the cut: law by vendor, drift of the mode, empirical days by vendor."""

    laws: Mapping[str, LeadTime]
    drift: Drift
    past: pd.DataFrame

    def law(self, vendor: str) -> LeadTime:
        """The vendor's law, or that of a new vendor."""
        return self.laws.get(vendor, self.laws[NEW])

    def empirical(self, vendor: str) -> tuple[float, float]:
        """Quantiles of the finished orders of the vendor, or of the mode where they are few."""
        done = self.past[self.past["observed"]]
        own = done[done["vendor"] == vendor]
        low, high = np.quantile((own if len(own) >= THIN else done)["age"], [0.1, 0.9])
        return float(low), float(high)


def known_on_cut(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders placed up to the cut, with ``age`` (days, so far if open), ``observed`` and order ``day``."""
    past = orders[orders["ordered"] <= CUT].copy()
    past["observed"] = past["delivered"] <= CUT
    past["day"] = (past["ordered"] - CUT).dt.days.astype(np.float64)
    past["age"] = np.where(past["observed"], past["days"], -past["day"])
    return past


def forecast(past: pd.DataFrame, mode: str) -> Forecast:
    """Forecast of one mode; a mode with hardly any history borrows that of all modes."""
    own = past[past["mode"] == mode]
    own = own if len(own) >= THIN else past
    samples = {
        str(vendor): (rows["age"].to_numpy(), rows["observed"].to_numpy())
        for vendor, rows in own.groupby("vendor", sort=True)
    }
    laws = fit_lanes(samples | {NEW: (np.zeros(0), np.zeros(0, dtype=bool))}, thin=THIN)
    scores = pd.Series(0.0, index=own.index)
    for vendor, rows in own.groupby("vendor", sort=True):
        scores[rows.index] = order_scores(laws[str(vendor)], rows["age"], rows["observed"])
    return Forecast(laws, fit_drift(scores, own["day"], last_day=0.0), own)


@dataclass(frozen=True)
class Bands:
    """80% intervals of the later orders, dims (order,): days that passed, low and high of each way."""

    days: FloatArray
    lines: FloatArray
    """Lines of each order."""
    bounds: Mapping[str, tuple[FloatArray, FloatArray]]

    def coverage(self, way: str, weight: FloatArray | None = None) -> float:
        """Share of the later orders inside their interval."""
        low, high = self.bounds[way]
        return float(np.average((self.days >= low) & (self.days <= high), weights=weight))

    def width(self, way: str) -> float:
        """Mean width over that of the empirical interval."""
        low, high = self.bounds[way]
        below, above = self.bounds["empirical"]
        return float((high - low).sum() / (above - below).sum())


def later_bands(lines: pd.DataFrame) -> Bands:
    """Intervals of all orders placed after the cut, by the history known on it."""
    orders = orders_of(lines)
    count = lines.groupby(["po", "mode", "vendor", "ordered", "delivered"]).size()
    past, later = known_on_cut(orders), orders[orders["ordered"] > CUT]
    ways: dict[str, list[FloatArray]] = {"drift": [], "fitted": [], "empirical": []}
    days, weight = [], []
    for mode, rows in later.groupby("mode", sort=True):
        made = forecast(past, str(mode))
        for vendor, own in rows.groupby("vendor", sort=True):
            ahead = (own["ordered"] - CUT).dt.days.to_numpy(np.float64)
            law = made.law(str(vendor))
            fixed = np.ones(len(own))
            low, high = law.quantile([0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2])
            below, above = made.empirical(str(vendor))
            ways["drift"].append(np.stack(made.drift.interval(law, ahead, COVERAGE)))
            ways["fitted"].append(np.stack([fixed * low, fixed * high]))
            ways["empirical"].append(np.stack([fixed * below, fixed * above]))
            days.append(own["days"].to_numpy(np.float64))
            keys = own[["po", "mode", "vendor", "ordered", "delivered"]].itertuples(index=False, name=None)
            weight.append(np.array([count[key] for key in keys], dtype=np.float64))
    bounds = {way: tuple(np.concatenate(parts, axis=1)) for way, parts in ways.items()}
    return Bands(np.concatenate(days), np.concatenate(weight), bounds)


def _families(law: LeadTime) -> str:
    told = sorted(law.families.items(), key=lambda pair: -pair[1])
    text = " ".join(f"{name} {weight:.2f}" for name, weight in told if weight >= 0.01)
    return text + (f"; zero days {law.zero_share:.2f}" if law.zero_share > 0.0 else "")


def fit_rows() -> Iterator[Row]:
    """Families with weights, late share and goodness by mode and vendor; thin vendors with their own
    weight.
    """
    if not FILE.exists():
        yield Row(f"{FILE.name}: not in the data folder, skipped", "-", "-", "TRADEWIND_DATA", True)
        return
    orders = orders_of(deliveries())
    for mode, rows in orders.groupby("mode", sort=True):
        if len(rows) < 12:
            continue
        days = rows["days"].to_numpy()
        found = describe(fit_lane(days), days, np.ones(days.size, dtype=bool), name=f"scms/{mode}")
        yield Row(
            f"{mode}: {len(rows)} orders, late {rows['late'].mean():.1%}, p {found['p_value']:.2f}",
            f"mean {days.mean():.1f}",
            f"mean {found['mean']:.1f}",
            _families(fit_lane(days)),
            abs(found["mean"] / days.mean() - 1.0) < 0.06,
        )
    samples = {str(name): rows["days"].to_numpy() for name, rows in orders.groupby("vendor", sort=True)}
    late = orders.groupby("vendor")["late"].mean()
    laws = fit_lanes(samples, thin=THIN)
    for vendor, law in laws.items():
        days = samples[vendor]
        pooled = law.source == "pooled"
        kind = f"pooled, own weight {law.own_weight:.2f}" if pooled else "fitted"
        yield Row(
            f"{vendor[:28]}: {days.size} orders, late {late[vendor]:.0%}, {kind}",
            f"median {np.median(days):.0f}",
            f"median {float(law.quantile(0.5)):.0f}",
            _families(law),
            pooled or abs(law.zero_share - float((days == 0).mean())) < 1e-12,
        )


def interval_rows() -> Iterator[Row]:
    """Coverage and width of the 80% intervals of later orders, with drift and dependence and without."""
    if not FILE.exists():
        yield Row(f"{FILE.name}: not in the data folder, skipped", "-", "-", "TRADEWIND_DATA", True)
        return
    bands = later_bands(deliveries())
    for way, told in (
        ("drift", "with drift and dependence"),
        ("fitted", "fitted laws alone"),
        ("empirical", "empirical quantiles"),
    ):
        coverage, width = bands.coverage(way), bands.width(way)
        judged = way == "drift"
        yield Row(
            f"{bands.days.size} later orders in their 80% interval, {told}",
            f"{LEAST:.0%} to {MOST:.0%}" if judged else "shown",
            f"{coverage:.1%}, width {width:.2f}",
            f"width <= {WIDEST}" if judged else "-",
            not judged or (LEAST <= coverage <= MOST and width <= WIDEST),
        )
        yield Row(
            f"the same by order line, {told}", "shown", f"{bands.coverage(way, bands.lines):.1%}", "-", True
        )
