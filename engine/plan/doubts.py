"""Figures that are surely wrong unless the company says otherwise: faults that plan.yaml may accept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from engine.plan.check_context import Context, spelled
from engine.plan.faults import Faults
from engine.plan.importers.imported import FILE, ROW
from engine.plan.importers.ledger_lines import BY_FORM
from engine.plan.parsing import RefusedError, to_number
from engine.plan.plan import Amount
from engine.plan.plan_checks import entries

MUCH = 0.2
"""Share of a file's positive money above which a treatment that leaves it out must be accepted by name."""
STALE_DAYS = 60
"""Days past its promise after which an open order is asked about."""
_UNKNOWN_LANE_DAYS = 180.0
"""Days that an order may take on a lane without stages; that the lane is missing is a fault of its own."""
_TITLE_AT_SHIPPING = frozenset({"EXW", "FCA", "FOB", "CIF"})
_TRIGGERS = {"ordered": "ordered_on", "shipped": "shipped_on", "received": "received_on"}
_TOLERANCE = 1.0
_IMMATERIAL = 0.01
"""Share of all that is unpaid below which a single supplier's shortfall is not asked about."""
_SHARE = 0.05
"""Share by which the payables may fall short of what is unpaid: deposits at the rates of their days."""


def check_doubts(context: Context, rates: Mapping[str, float]) -> None:
    """Every such figure of the tables and of plan.yaml."""
    _check_duty_rates(context)
    _check_interest(context)
    _check_sides_of_the_balance(context, rates)
    _check_stale_orders(context, rates)
    _check_unpaid(context, rates)


def check_left_out(file: str, amounts: Iterable[Amount], faults: Faults) -> None:
    """A treatment that leaves out more than a fifth of a file's positive money, by currency."""
    positive = [entry for entry in amounts if entry.amount > 0.0]
    for currency in sorted({entry.currency for entry in positive}):
        own = [entry for entry in positive if entry.currency == currency]
        whole = math.fsum(entry.amount for entry in own)
        for entry in own:
            chosen = not entry.used and not entry.treatment.startswith(BY_FORM)
            if chosen and entry.amount > MUCH * whole:
                faults.doubt(
                    "money_left_out",
                    file,
                    problem=f"{entry.amount / whole:.0%} of the money is left out as: {entry.treatment}",
                    got=f"{entry.amount:,.2f} of {whole:,.2f} {currency} in {entry.rows:,} rows",
                    remedy="see reject:, statuses and codes of the mapping; count the rows if they are sales",
                )


def _check_duty_rates(context: Context) -> None:
    frame = context.tables.get("tariffs")
    if frame is None:
        return
    for _, row in frame[frame["rate"] > 1.0].iterrows():
        context.faults.doubt(
            "duty_rate_above_one",
            row[FILE],
            row[ROW],
            "rate",
            problem="a duty of more than the goods are worth",
            got=f"{row['rate']:g} = {100 * row['rate']:g}%",
            remedy=f"a share: {row['rate']:g}% is {row['rate'] / 100:g}",
        )


def _check_interest(context: Context) -> None:
    """Yearly rates above one: a rate in percent where a share is meant."""
    document = context.document
    finance = document.data.get("finance") if document is not None else None
    if document is None or not isinstance(finance, dict):
        return
    credit = finance.get("credit")
    places = [(("finance", name), finance.get(name)) for name in ("term_debt_rate", "discount_rate")]
    if isinstance(credit, dict):
        places.append((("finance", "credit", "rate"), credit.get("rate")))  # type: ignore[arg-type]
    for place, value in places:
        try:
            rate = to_number(str(value)) if value is not None else 0.0
        except RefusedError:
            continue  # the model says so
        if rate > 1.0:
            context.faults.doubt(
                "interest_above_one",
                document.file,
                document.mark(place)[0],
                problem=f"{'.'.join(map(str, place))}: interest of more than the whole amount a year",
                got=f"{rate:g} = {100 * rate:g}%",
                remedy=f"a share: {rate:g}% is {rate / 100:g}",
            )


def _check_sides_of_the_balance(context: Context, rates: Mapping[str, float]) -> None:
    """What the run starts with and the opening balance does not hold: it would be had for nothing."""
    balance = context.tables.get("opening_balance")
    if balance is None:
        return
    amounts = balance.groupby("account")["amount"].sum()
    file = str(balance[FILE].iat[0]) if len(balance) else "data/opening_balance.csv"

    def doubt(account: str, problem: str, got: str, remedy: str) -> None:
        if not abs(float(amounts.get(account, 0.0))) > 0.0:
            name = f"opening_balance.{account}"
            context.faults.doubt(name, file, column="account", problem=problem, got=got, remedy=remedy)

    if "inventory" not in context.tables:
        doubt(
            "inventory",
            "an opening balance without inventory, and no inventory file: assumed stock would be free",
            "no row for inventory",
            "add data/inventory.csv, or the row inventory to the balance",
        )
    purchases = context.tables.get("purchase_orders")
    if purchases is None or not set(_currencies(context, purchases)) <= set(rates):
        return
    value = _value(context, purchases, rates)
    sailing = (
        purchases["shipped_on"].notna() & purchases["received_on"].isna() & _titled(context)
    ).to_numpy()
    if value[sailing].sum() > _TOLERANCE:
        doubt(
            "inventory_in_transit",
            "goods on the way that the opening balance does not hold: they would arrive for nothing",
            f"{value[sailing].sum():,.2f} {context.currency} on the way",
            "add the row inventory_in_transit to the balance",
        )
    waiting = purchases["shipped_on"].isna().to_numpy()
    rate = np.array([rates[key] for key in _currencies(context, purchases)])
    deposits = float((purchases["deposit_paid"].to_numpy() * rate)[waiting].sum())
    if deposits > _TOLERANCE:
        doubt(
            "prepayments",
            "deposits on orders not yet shipped that the opening balance does not hold",
            f"{deposits:,.2f} {context.currency} of deposits",
            "add the row prepayments to the balance",
        )


def _check_stale_orders(context: Context, rates: Mapping[str, float]) -> None:
    """Open lines long past their promise: received, closed or cancelled, and nobody wrote it down."""
    purchases = context.tables.get("purchase_orders")
    if purchases is None or context.closed is None:
        return
    usual = _usual_days(context)
    pairs = zip(purchases["supplier"], purchases["node"], strict=True)
    days = np.array([usual.get(pair, _UNKNOWN_LANE_DAYS) for pair in pairs])
    expected = purchases["promised_on"].fillna(
        purchases["ordered_on"] + pd.to_timedelta(np.ceil(days), unit="D").astype("timedelta64[s]")
    )
    late = (pd.Timestamp(context.closed) - expected).dt.days
    stale = purchases[(purchases["received_on"].isna() & (late > STALE_DAYS)).to_numpy()]
    for _, row in stale.iterrows():
        currency = row["currency"] or context.vocabulary.currency_of_supplier.get(row["supplier"], "")
        money = row["quantity"] * row["unit_cost"] * rates.get(currency, 1.0)
        promised = "no promise" if pd.isna(row["promised_on"]) else f"promised {spelled(row['promised_on'])}"
        context.faults.doubt(
            "stale_orders",
            row[FILE],
            row[ROW],
            "received_on",
            problem=f"an open order more than {STALE_DAYS} days past the day it should have come",
            got=f"{row['po']}: {row['quantity']:,} units, {money:,.0f} {context.currency}, {promised}",
            remedy="write status cancelled, or status closed with the day in received_on, or that day alone",
        )


def _usual_days(context: Context) -> dict[tuple[str, str], float]:
    """Mean days from order to receipt by (supplier, node), from the stages of plan.yaml."""
    document = context.document
    usual: dict[tuple[str, str], float] = {}
    for _, lane in entries(document, "lanes") if document is not None else ():
        try:
            total = sum((float(lane[name]["mean"]) for name in ("production", "transit", "inland")), 0.0)
        except (TypeError, KeyError, ValueError):
            continue  # the model says so
        usual[str(lane.get("supplier")), str(lane.get("node"))] = total
    return usual


def _check_unpaid(context: Context, rates: Mapping[str, float]) -> None:
    """What titled lines still cost by their terms against the payables of their supplier."""
    purchases, owed = context.tables.get("purchase_orders"), context.tables.get("open_payables")
    balance = context.tables.get("opening_balance")
    if purchases is None or context.closed is None:
        return
    frames = [purchases] if owed is None else [purchases, owed]
    if not all(set(_currencies(context, frame)) <= set(rates) for frame in frames):
        return
    unpaid = _unpaid(context, purchases, rates)
    if owed is None and balance is None:
        return  # nothing is known of debts: listed as an assumption
    if owed is None and balance is not None:
        booked = float(balance.loc[balance["account"] == "payables", "amount"].sum())
        pairs, file = {"": (float(unpaid.sum()), booked)}, str(purchases[FILE].iat[0])
    elif owed is not None:
        rate = np.array([rates[currency] for currency in owed["currency"]])
        booked_by = (owed["amount"] * rate).groupby(owed["supplier"]).sum()
        pairs = {key: (float(amount), float(booked_by.get(key, 0.0))) for key, amount in unpaid.items()}
        file = str(owed[FILE].iat[0]) if len(owed) else "data/open_payables.csv"
    for supplier, (needed, booked) in sorted(pairs.items()):
        if needed - booked > max(_TOLERANCE, _SHARE * needed, _IMMATERIAL * float(unpaid.sum())):
            who = f" of {supplier}" if supplier else ""
            context.faults.doubt(
                f"payables.{supplier}" if supplier else "payables",
                file,
                column="amount",
                problem=f"goods{who} that are ours exceed its payables: they would never be paid",
                got=f"unpaid by the terms {needed:,.2f}, payables {booked:,.2f} {context.currency}",
                remedy=f"add open payables of {needed - booked:,.2f} {context.currency}",
            )


def _unpaid(context: Context, purchases: pd.DataFrame, rates: Mapping[str, float]) -> pd.Series:
    """Company currency by supplier: lines whose balance is triggered and not due by actuals-through."""
    document = context.document
    terms = {str(entry.get("key")): entry for _, entry in entries(document, "suppliers")} if document else {}
    values = _value(context, purchases, rates)
    deposits = purchases["deposit_paid"].to_numpy() * np.array(
        [rates[currency] for currency in _currencies(context, purchases)]
    )
    closed = pd.Timestamp(context.closed)
    amounts = np.zeros(len(purchases))
    for key, rows in purchases.groupby("supplier").indices.items():
        entry = terms.get(str(key), {})
        column = _TRIGGERS.get(str(entry.get("balance_trigger", "shipped")), "shipped_on")
        try:
            net = to_number(str(entry.get("net_days", 0)))
        except RefusedError:
            continue  # the model says so
        day = purchases[column].iloc[rows]
        open_ = (day.notna() & (day + pd.Timedelta(days=net) > closed)).to_numpy()
        amounts[rows] = np.where(open_, values[rows] - deposits[rows], 0.0)
    titled = (_titled(context) & purchases["shipped_on"].notna()) | purchases["received_on"].notna()
    return pd.Series(np.where(titled, amounts, 0.0)).groupby(purchases["supplier"].to_numpy()).sum()


def _titled(context: Context) -> pd.Series:
    """Whether the goods of a line are the company's once they have shipped, by its supplier's incoterm."""
    document = context.document
    terms = {
        str(entry.get("key")): str(entry.get("incoterm", "FOB"))
        for _, entry in (entries(document, "suppliers") if document is not None else ())
    }
    suppliers = context.tables["purchase_orders"]["supplier"]
    return suppliers.map(lambda key: terms.get(key, "FOB") in _TITLE_AT_SHIPPING).astype(bool)


def _value(context: Context, purchases: pd.DataFrame, rates: Mapping[str, float]) -> np.ndarray:
    """What each line (row,) costs, company currency: what was received, else what was ordered."""
    partly = (purchases["received_on"].notna() & (purchases["received"] >= 0)).to_numpy()
    units = np.where(partly, purchases["received"], purchases["quantity"])
    rate = np.array([rates[currency] for currency in _currencies(context, purchases)])
    return np.asarray(units * purchases["unit_cost"].to_numpy() * rate)


def _currencies(context: Context, frame: pd.DataFrame) -> list[str]:
    """Currency of each row: its own, or the one of its supplier."""
    own = context.vocabulary.currency_of_supplier
    pairs = zip(frame["currency"], frame["supplier"], strict=True)
    return [currency or own.get(supplier, context.currency) for currency, supplier in pairs]
