"""Public data sets, where the data folder exists (TRADEWIND_DATA): their figures and what the models find."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine.chain import run
from engine.plan.load import load_plan
from engine.plan.plan import Plan
from engine.settings import RunSettings
from engine.templates.online_retail import write_online_retail
from engine.templates.online_retail.sources import FILES
from models.fx import fit_fx
from models.lead_time import fit_lane
from models.lead_time.history import RECEIPT_WAIT
from models.ltv import BetaGeoNBD, Customers
from tests.verify.customers import within
from tests.verify.registry import Row

FOLDER = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
SCMS = "scms_delivery_history.parquet"
ECB = "ecb_eurofxref_hist_daily.parquet"
ONLINE_RETAIL = "online_retail.parquet"
BY_MODE = (("Air", 3_367, 111.1, 67.9), ("Ocean", 366, 176.9, 61.9), ("Truck", 792, 55.1, 98.1))
VOLATILITY = (("CNY", 0.0710), ("GBP", 0.0721), ("JPY", 0.0895), ("USD", 0.0777))
LAST_RATE = (("USD", 1.1172), ("GBP", 0.8338), ("CNY", 7.4326))


def _missing(name: str) -> Row | None:
    if (FOLDER / name).exists():
        return None
    return Row(f"{name}: not in the data folder, skipped", "-", "-", "TRADEWIND_DATA", True)


def lead_time_rows() -> Iterator[Row]:
    """SCMS deliveries: rows, late share, order to delivery by mode, and the fitted means."""
    if missing := _missing(SCMS):
        yield missing
        return
    table = pd.read_parquet(FOLDER / SCMS)
    delivered = pd.to_datetime(table["Delivered to Client Date"], format="%d-%b-%y")
    scheduled = pd.to_datetime(table["Scheduled Delivery Date"], format="%d-%b-%y")
    ordered = pd.to_datetime(table["PO Sent to Vendor Date"], format="%m/%d/%y", errors="coerce")
    yield within("SCMS rows", 10_324, len(table), 0, 0)
    yield within("SCMS late share", 0.1149, float((delivered > scheduled).mean()), 5e-5, 4)
    days = (delivered - ordered).dt.days
    mode = table["Shipment Mode"][days >= 0]
    days = days[days >= 0].astype(float)
    yield within("SCMS order to delivery: orders", 4_587, len(days), 0, 0)
    yield within("SCMS order to delivery: mean days", 105.8, float(days.mean()), 0.05, 1)
    yield within("SCMS order to delivery: sd days", 79.3, float(days.std(ddof=1)), 0.05, 1)
    for name, count, mean, sd in BY_MODE:
        own = days[mode == name].to_numpy()
        yield within(f"SCMS {name}: orders", count, own.size, 0, 0)
        yield within(f"SCMS {name}: mean days", mean, float(own.mean()), 0.05, 1)
        yield within(f"SCMS {name}: sd days", sd, float(own.std(ddof=1)), 0.05, 1)
        fitted = fit_lane(own)
        yield within(f"SCMS {name}: mean of the fitted law", mean, float(fitted.mean), 0.06 * mean, 1)


def fx_rows() -> Iterator[Row]:
    """ECB reference rates since 2015: yearly volatility and last rates."""
    if missing := _missing(ECB):
        yield missing
        return
    wide = pd.read_parquet(FOLDER / ECB)
    wide["day"] = pd.to_datetime(wide["Date"])
    table = wide.drop(columns="Date").melt("day", var_name="currency", value_name="per_base").dropna()
    table = table.assign(per_base=table["per_base"].astype(float))
    wanted = [name for name, _ in VOLATILITY]
    model = fit_fx(table[(table["day"] >= "2015-01-01") & table["currency"].isin(wanted)])
    found = dict(zip(model.currencies, model.annual_volatility, strict=True))
    for name, expected in VOLATILITY:
        yield within(
            f"ECB yearly volatility of EUR/{name}", expected, float(found[name]), 0.015 * expected, 4
        )
    last = dict(zip(model.currencies, 1.0 / np.array(model.last_rate), strict=True))
    for name, expected in LAST_RATE:
        yield within(f"ECB last rate of EUR/{name}", expected, float(last[name]), 5e-5, 4)


def ledger_rows() -> Iterator[Row]:
    """Online Retail: rows, customers, and a fit in which leaving is not identified and the result says so."""
    if missing := _missing(ONLINE_RETAIL):
        yield missing
        return
    frame = pd.read_parquet(
        FOLDER / ONLINE_RETAIL, columns=["CustomerID", "InvoiceDate", "Quantity", "UnitPrice", "Country"]
    )
    value = frame["Quantity"] * frame["UnitPrice"]
    yield within("Online Retail rows", 541_909, len(frame), 0, 0)
    yield within("Online Retail countries", 38, frame["Country"].nunique(), 0, 0)
    yield within("Online Retail customers", 4_372, frame["CustomerID"].nunique(), 0, 0)
    yield within("Online Retail net revenue, GBP", 9_747_747.93, float(value.sum()), 0.005, 2)
    anonymous = float(frame["CustomerID"].isna().mean())
    yield within("Online Retail share of lines without customer", 0.249, anonymous, 5e-4, 4)
    sold = frame[(frame["Quantity"] > 0) & (frame["UnitPrice"] > 0) & frame["CustomerID"].notna()]
    customers = Customers.from_orders(
        sold, customer="CustomerID", date="InvoiceDate", observation_end="2011-12-09"
    )
    fitted = BetaGeoNBD.fit(customers)
    weeks = fitted.orders * np.log(7)
    yield within("Online Retail BG/NBD r", 0.82654, fitted.params["r"], 5e-5, 5)
    yield within("Online Retail BG/NBD alpha (weeks)", 9.8436, fitted.alpha_in("week"), 5e-4, 4)
    yield within("Online Retail BG/NBD log-likelihood", -37645.5376, fitted.loglik_in("week"), 5e-5, 4)
    yield within("Online Retail NBD log-likelihood", -37645.6573, fitted.nbd_loglik + float(weeks), 5e-5, 4)
    yield Row(
        "Online Retail: leaving is not identified, and it says so",
        "boundary",
        "boundary" if fitted.boundary else "identified",
        "exact",
        fitted.boundary,
    )


def online_retail_rows() -> Iterator[Row]:
    """The plan of Online Retail end to end: its account, its lead times against SCMS, its forecast."""
    absent = [name for name in FILES.values() if not (FOLDER / name).exists()]
    if absent:
        yield Row(f"{absent[0]}: not in the data folder, skipped", "-", "-", "TRADEWIND_DATA", True)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "plan"
        write_online_retail(folder, FOLDER)
        plan = load_plan(folder)
        (ledger,) = [entry for entry in plan.recognised if entry.amounts]
        value = sum(part.amount for part in ledger.amounts)
        yield within("Online Retail plan: rows", 541_909, sum(part.rows for part in ledger.amounts), 0, 0)
        yield within("Online Retail plan: net revenue before exclusions", 9_747_747.93, value, 0.005, 2)
        done = run(plan, RunSettings(trials=16), "base")
        yield from _lanes(done.manifest["calibration_diagnostics"]["lead_time"], plan)
        for row in done.manifest["plausibility"]:
            yield Row(
                f"Online Retail {row['market']}: next 12 months over last",
                "0.50 to 2.00",
                f"{row['ratio']:.2f}",
                "factor 2",
                row["within"],
            )


def _lanes(stages: list[dict[str, Any]], plan: Plan) -> Iterator[Row]:
    """Mean order to receipt of each lane against the log, open orders counted by their survival."""
    log = plan.purchase_orders.drop_duplicates(["po", "ordered_on", "received_on"])
    closed = pd.Timestamp(plan.config.company.actuals_through)
    for supplier in plan.supplier_keys:
        own = log[log["supplier"] == supplier]
        days = (own["received_on"].fillna(closed) - own["ordered_on"]).dt.days.to_numpy(float)
        expected = _survival_mean(days, own["received_on"].notna().to_numpy())
        got = sum(stage["mean"] for stage in stages if stage["supplier"] == supplier) + RECEIPT_WAIT
        yield within(f"Online Retail {supplier}: mean order to receipt", expected, got, 0.05 * expected, 1)


def _survival_mean(days: np.ndarray, finished: np.ndarray) -> float:
    """Area under the Kaplan-Meier curve, days."""
    order = np.lexsort((~finished, days))
    left = len(days) - np.arange(len(days))
    survival = np.cumprod(np.where(finished[order], 1.0 - 1.0 / left, 1.0))
    return float(np.sum(np.diff(np.r_[0.0, days[order]]) * np.r_[1.0, survival[:-1]]))
