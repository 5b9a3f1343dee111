"""Fees, payout lag, refusals, fixed costs and balances from payouts, couriers, books and cash books."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.reading.figures import figure
from engine.plan.setup.defaults import default
from engine.plan.setup.doubles import told_elsewhere
from engine.plan.setup.gather import Gathered, Group
from engine.plan.setup.noted import Noted, asked, found

_MONTHS = 12
_NOT_FIXED = re.compile(
    r"(?i)advert|marketing|\bads\b|merchant fee|payment fee|processing|stripe|paypal|fulfil|3pl|shipping|"
    r"freight|postage|courier|interest|depreciat|cost of (goods|sales)|commission|\btax|duty|refund|discount|"
    r"werbe|zins|fracht|versand|abschreib|wareneinkauf"
)
_DELIVERY = re.compile(r"(?i)fulfil|3pl|shipping|postage|courier|delivery|versand|freight out")
_INTEREST = re.compile(r"(?i)interest|zins")
_DEPRECIATION = re.compile(r"(?i)depreciat|abschreib")


def channel_terms(gathered: Gathered) -> dict[str, Noted]:
    """Payout lag and fees of the sales channels."""
    for group in gathered.of("payouts"):
        days = [figure(reading, "mean_days_to_payout") for reading in group.readings]
        lag = next((float(value) for value in days if value is not None), None)
        share, fixed = _fees(group.frame("payouts"))
        return {
            "payout_lag_days": found(round(lag, 2), group.combined.files, "mean days to payout")
            if lag is not None
            else default("payout_lag_days"),
            "payment_fee_share": found(round(share, 5), group.combined.files, "fees against amounts charged"),
            "payment_fee_per_order": found(
                round(fixed, 4), group.combined.files, "fees against amounts charged"
            ),
        }
    for group in gathered.of("courier_statement"):
        days = [figure(reading, "mean_days_to_remittance") for reading in group.readings]
        lag = next((float(value) for value in days if value is not None), None)
        if lag is not None:
            files = group.combined.files
            return {
                "payout_lag_days": found(round(lag, 2), files, "mean days from parcel to remittance"),
                "payment_fee_share": found(0.0, files, "the courier's charges are costs of the delivery"),
            }
    for group in gathered.of("settlement"):
        return _settled(group)
    return {"payout_lag_days": default("payout_lag_days"), "payment_fee_share": default("payment_fee_share")}


def _settled(group: Group) -> dict[str, Noted]:
    """Terms of a marketplace: fees over principal, days from the lines to the deposit by amount."""
    reading, files = group.readings[-1], group.combined.files
    principal, fees = figure(reading, "sales_principal"), figure(reading, "fees")
    share = min(abs(float(fees or 0)) / float(principal), 1.0) if principal else 0.0
    deposit, days = reading.figures.get("deposit_day"), list(group.frame("settlement").get("day", []))
    waits = [(deposit - day).days for day in days if day and isinstance(deposit, dt.date)]
    lag = found(round(float(np.mean(waits)), 2), files, "days to the deposit") if waits else None
    return {
        "payout_lag_days": lag or default("payout_lag_days"),
        "marketplace_fee_share": found(round(share, 5), files, "fees over principal"),
    }


def _fees(frame: pd.DataFrame) -> tuple[float, float]:
    """Share and fixed part of the fees on charges, by least squares; both at least 0."""
    if frame.empty or "fee" not in frame or "amount" not in frame:
        return 0.0, 0.0
    amount = np.asarray([float(value or 0) for value in frame["amount"]])
    fee = np.abs(np.asarray([float(value or 0) for value in frame["fee"]]))
    paid = (amount > 0.0) & (fee > 0.0)
    amount, fee = amount[paid], fee[paid]
    if amount.size < 2 or float(amount.std()) == 0.0:
        return (float(fee.sum() / amount.sum()) if amount.size else 0.0), 0.0
    share, fixed = np.polyfit(amount, fee, 1)
    if share < 0.0 or fixed < 0.0:
        return min(float(fee.sum() / amount.sum()), 1.0), 0.0
    return min(float(share), 1.0), float(fixed)


def refusals(gathered: Gathered, sold: int) -> Noted:
    """Share of delivered parcels that were refused: courier statements, else status words of the orders."""
    for group in gathered.of("courier_statement"):
        state = group.frame("courier_statement").get("state", pd.Series(dtype=object))
        back = sum(bool(re.search(r"(?i)return|refus|rto", str(text))) for text in state)
        done = back + sum(bool(re.search(r"(?i)^deliver", str(text))) for text in state)
        if done:
            return found(
                round(back / done, 4), group.combined.files, f"{back:,} of {done:,} parcels came back"
            )
    refused = sum(t.orders for r in gathered.readings for t in r.treatments if t.means == "refused")
    if refused:
        share = round(refused / (refused + sold), 4)
        return found(share, gathered.files("orders"), f"{refused:,} orders refused by their status")
    return Noted(0.0, "default: no file tells of refused parcels")


def ledger(gathered: Gathered) -> pd.DataFrame:
    """The books by month: month, account, section, amount."""
    frames = [group.frame("ledger") for group in gathered.of("ledger", "ledger")]
    frames = [frame for frame in frames if not frame.empty and "month" in frame]
    if not frames:
        return pd.DataFrame({name: [] for name in ("month", "account", "section", "amount")})
    frame = pd.concat(frames, ignore_index=True)
    frame["amount"] = [float(value or 0) for value in frame["amount"]]
    frame["month"] = pd.to_datetime(frame["month"])
    return frame[frame["month"].notna()]


def _last_year(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    if frame.empty:
        return frame, 1
    months = sorted(set(frame["month"]))[-_MONTHS:]
    return frame[frame["month"] >= months[0]], len(months)


def finance(gathered: Gathered, monthly_revenue: float, closed: dt.date, debt: float) -> dict[str, Any]:
    """Fixed costs, depreciation and interest from the books, else from a cash book, else a default."""
    year, months = _last_year(ledger(gathered))
    files = gathered.files("ledger", "ledger")
    costs: list[dict[str, Any]] = []
    entry: dict[str, Any] = {}
    if len(year):
        doubled = told_elsewhere(gathered, year)
        expenses = year[[str(section).startswith("expense") for section in year["section"]]]
        for account, amount in expenses.groupby("account")["amount"].sum().items():
            if amount > 0.0 and not _NOT_FIXED.search(str(account)) and account not in doubled:
                mean = found(round(amount / months, 2), files, f"mean of {months} months")
                costs.append({"name": str(account), "monthly": mean})
        worn = sum_of(year, _DEPRECIATION)
        if worn > 0.0:
            entry["depreciation_monthly"] = found(round(worn / months, 2), files)
        latest = year[year["month"] == year["month"].max()]
        interest = sum_of(latest, _INTEREST)
        if interest > 0.0 and debt > 0.0:
            rate = round(min(_MONTHS * interest / debt, 1.0), 4)
            entry["term_debt_rate"] = found(rate, files, "last month's interest over the loan")
    else:
        costs = _cash_costs(gathered, closed)
    if not costs:
        share = default("fixed_cost_share")
        costs = [
            {"name": "fixed costs", "monthly": Noted(round(share.value * monthly_revenue, 2), share.note)}
        ]
    return {"fixed_costs": costs} | entry | {"credit": {"limit": asked(0, "no file tells a credit line")}}


def sum_of(frame: pd.DataFrame, words: re.Pattern[str]) -> float:
    """Amount of the accounts that a pattern finds."""
    fits = [bool(words.search(str(account))) for account in frame["account"]]
    return float(frame.loc[fits, "amount"].sum()) if len(frame) else 0.0


def _cash_costs(gathered: Gathered, closed: dt.date) -> list[dict[str, Any]]:
    """Payments of the cash book that come back in most months."""
    costs = []
    for group in gathered.of("cash_book"):
        frame = group.frame("cash_book")
        frame = frame[[day is not None and day <= closed for day in frame["day"]]]
        if "paid" not in frame or frame.empty:
            continue
        frame = frame.assign(
            what=[re.sub(r"[\d.,:#/-]+", "", str(text)).strip() for text in frame["details"]],
            month=[day.replace(day=1) for day in frame["day"]],
            out=[float(value or 0) for value in frame["paid"]],
        )
        months = sorted(set(frame["month"]))[-_MONTHS:]
        recent = frame[(frame["month"] >= months[0]) & (frame["out"] > 0.0)]
        for what, own in recent.groupby("what"):
            often = own["month"].nunique() >= 0.75 * len(months)
            if (
                often
                and not _NOT_FIXED.search(str(what))
                and not re.search(r"(?i)market|goods|stock|supplier", str(what))
            ):
                mean = found(
                    round(float(own["out"].sum()) / len(months), 2), group.combined.files, "paid each month"
                )
                costs.append({"name": str(what), "monthly": mean})
    return costs


def delivery_cost(gathered: Gathered, orders_by_month: pd.Series) -> Noted | None:
    """Cost of delivering an order: fulfilment of the books, else the courier's charges, by orders sold."""
    year, _ = _last_year(ledger(gathered))
    if len(year):
        amount = sum_of(
            year[year["amount"] > 0.0][[s != "income" for s in year[year["amount"] > 0.0]["section"]]],
            _DELIVERY,
        )
        months = set(year["month"].dt.to_period("M"))
        orders = float(orders_by_month[[month in months for month in orders_by_month.index]].sum())
        if amount > 0.0 and orders > 0.0:
            return found(
                round(amount / orders, 2), gathered.files("ledger", "ledger"), "fulfilment over orders"
            )
    for group in gathered.of("courier_statement"):
        charges = [float(value or 0) for value in group.frame("courier_statement").get("charges", [])]
        if charges and orders_by_month.sum() > 0:
            mean = sum(charges) / float(orders_by_month.sum())
            return found(
                round(mean, 2),
                group.combined.files,
                "the courier's charges over orders placed, refused parcels too",
            )
    return None


def cash_in_book(gathered: Gathered, closed: dt.date) -> Noted | None:
    """Balance of the cash book on the closed day."""
    for group in gathered.of("cash_book"):
        frame = group.frame("cash_book")
        if "balance" not in frame:
            continue
        rows = [
            (day, balance)
            for day, balance in zip(frame["day"], frame["balance"], strict=True)
            if day is not None and balance is not None and day <= closed
        ]
        if rows:
            return found(float(rows[-1][1]), group.combined.files, f"balance of {rows[-1][0]}")
    return None
