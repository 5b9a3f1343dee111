"""Faults of the tables that no single cell shows: duplicates, dates, sums, ties and references between files.

Each check adds to the one list of faults; frames still carry every row's file and number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.plan.faults import Faults, did_you_mean
from engine.plan.importers.imported import FILE, ROW, Vocabulary
from engine.plan.plan import Tie, in_company_currency, last_rates
from engine.plan.plan_checks import entries, read_vocabulary
from engine.plan.tables import ACCOUNTS, ASSETS, EQUITY, LIABILITIES, TABLES
from engine.plan.yaml_file import Document

_BALANCE_TOLERANCE = 0.01
_TIE_TOLERANCE = 1.0
_INVENTORY_TOLERANCE = 1e-3
"""Share of the balance that counted stock may differ from it: landed costs in a file are rounded."""
_STAGES = ("ordered_on", "shipped_on", "port_on", "cleared_on", "received_on")


@dataclass(frozen=True)
class Context:
    """What the checks look at."""

    tables: Mapping[str, pd.DataFrame]
    """Typed rows of the files that could be read, with their addresses."""
    document: Document | None
    vocabulary: Vocabulary
    closed: dt.date | None
    """Actuals-through, None if it could not be read."""
    currency: str
    """Company currency, blank if it could not be read."""
    faults: Faults

    def note(self, row: pd.Series, column: str, *, problem: str, got: object, remedy: str) -> None:
        """Note a fault at a row of a frame."""
        self.faults.add(row[FILE], row[ROW], column, problem=problem, got=got, remedy=remedy)

    def note_each(
        self, frame: pd.DataFrame, mask: npt.NDArray[np.bool_] | pd.Series, column: str, *, problem: str, remedy: str
    ) -> None:
        """Note a fault at each row of a mask, with the cell of the column as what was got."""
        for _, row in frame[mask].iterrows():
            self.note(row, column, problem=problem, got=_spelled(row[column]), remedy=remedy)


def _spelled(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)


def check_tables(context: Context) -> tuple[Tie, ...]:
    """Run every check; the ties are handed back for the report."""
    for name, frame in context.tables.items():
        _check_unique(context, name, frame)
    _check_orders(context)
    _check_purchase_orders(context)
    _check_items(context)
    _check_days(context)
    _check_tariffs(context)
    _check_lanes(context)
    rates = _check_fx(context)
    return _check_balance(context, rates)


def _check_unique(context: Context, name: str, frame: pd.DataFrame) -> None:
    unique = list(TABLES[name].unique)
    if not unique:
        return
    again = frame.duplicated(unique)
    first = frame.drop_duplicates(unique).set_index(unique)[[FILE, ROW]]
    for _, row in frame[again].iterrows():
        key = tuple(row[column] for column in unique)
        origin = first.loc[key if len(unique) > 1 else key[0]]
        context.note(
            row,
            ", ".join(unique),
            problem=f"a second row of {name} with the same key",
            got=f"{' '.join(text for text in map(_spelled, key) if text)} (first in {origin[FILE]} row {origin[ROW]})",
            remedy="keep one row, or add the rows up",
        )


def _check_orders(context: Context) -> None:
    orders = context.tables.get("orders")
    if orders is None or orders.empty:
        return
    if context.closed is not None:
        late = orders["ordered_at"] >= pd.Timestamp(context.closed) + pd.Timedelta(days=1)
        context.note_each(
            orders,
            late,
            "ordered_at",
            problem="an order after actuals_through",
            remedy=f"orders up to {context.closed}, or close a later month in plan.yaml",
        )
    groups = orders.groupby(["sales_channel", "order_id"], sort=False)
    for column in ("market", "customer_key", "currency", FILE):
        differs = (orders[column] != groups[column].transform("first")).to_numpy()
        problem = "an order that stands in two files" if column == FILE else f"lines of one order with different {column}"
        for _, row in orders[differs].iterrows():
            got = f"{row['order_id']}" if column in (FILE, "customer_key") else f"{row['order_id']}: {row[column]}"
            context.note(row, "order_id" if column == FILE else column, problem=problem, got=got, remedy="keep the order once, alike on all its lines")


def _check_purchase_orders(context: Context) -> None:
    frame = context.tables.get("purchase_orders")
    if frame is None or frame.empty:
        return
    latest = frame["ordered_on"]
    for position, later in enumerate(_STAGES[1:], start=1):
        day = frame[later]
        context.note_each(
            frame, (day < latest).to_numpy(), later, problem="dates out of order", remedy=f"{later} on or after {' and '.join(_STAGES[:position])}"
        )
        previous = _STAGES[position - 1]
        skipped = (day.notna() & frame[previous].isna()).to_numpy()
        for _, row in frame[skipped].iterrows():
            context.note(
                row, previous, problem=f"a blank date before {later}", got=f"{later} {_spelled(row[later])}", remedy=f"give {previous}, or clear {later}"
            )
        latest = latest.where(day.isna() | (day < latest), day)
    context.note_each(
        frame,
        (frame["promised_on"] < frame["ordered_on"]).to_numpy(),
        "promised_on",
        problem="dates out of order",
        remedy="promised_on on or after ordered_on",
    )
    if context.closed is not None:
        for column in _STAGES:
            context.note_each(
                frame,
                (frame[column] > pd.Timestamp(context.closed)).to_numpy(),
                column,
                problem="an event after actuals_through",
                remedy=f"events up to {context.closed}; leave later ones blank",
            )


def _check_items(context: Context) -> None:
    items = context.tables.get("items")
    if items is None:
        return
    known = context.vocabulary.known("supplier")
    for _, row in items.iterrows():
        suppliers = split(row["suppliers"])
        if len(set(suppliers)) != len(suppliers):
            context.note(row, "suppliers", problem="a supplier named twice", got=row["suppliers"], remedy="name each once")
        for supplier in suppliers:
            if known is not None and supplier not in known:
                context.note(row, "suppliers", problem="unknown supplier", got=supplier or "''", remedy=did_you_mean(supplier, known))
        _check_shares(context, row, len(suppliers))


def _check_shares(context: Context, row: pd.Series, count: int) -> None:
    if row["shares"] == "":
        return
    texts = split(row["shares"])
    try:
        shares = [float(text) for text in texts]
    except ValueError:
        shares = []
    if not shares or not all(0.0 <= share <= 1.0 for share in shares):
        context.note(row, "shares", problem="text in a share", got=row["shares"], remedy="shares between 0 and 1 such as 0.8;0.2")
    elif len(shares) != count:
        context.note(row, "shares", problem=f"{count} suppliers need {count} shares", got=row["shares"], remedy="one share per supplier")
    elif abs(sum(shares) - 1.0) > 1e-6:
        context.note(row, "shares", problem="shares that do not sum to 1", got=f"{row['shares']} = {sum(shares):g}", remedy="make them sum to 1")


def split(text: str) -> list[str]:
    """Entries of a cell that lists several, CN1;KR1."""
    return [part.strip() for part in text.split(";")]


def _check_days(context: Context) -> None:
    closed = context.closed
    if closed is None:
        return
    stamp = pd.Timestamp(closed)
    for name in ("inventory", "opening_balance"):
        if (frame := context.tables.get(name)) is not None:
            off = (frame["as_of"] != stamp).to_numpy()
            context.note_each(frame, off, "as_of", problem="not the day of actuals_through", remedy=f"{closed}")
    if (spend := context.tables.get("spend")) is not None:
        late = (spend["day"] > stamp).to_numpy()
        context.note_each(spend, late, "day", problem="spend after actuals_through", remedy="put planned spend into spend_plan.csv")
    for name in ("open_receivables", "open_payables"):
        if (frame := context.tables.get(name)) is not None:
            past = (frame["due"] <= stamp).to_numpy()
            context.note_each(frame, past, "due", problem="due on or before actuals_through", remedy=f"the day it is expected, after {closed}")


def _check_tariffs(context: Context) -> None:
    frame = context.tables.get("tariffs")
    if frame is None or frame.empty:
        return
    context.note_each(
        frame, (frame["valid_to"] < frame["valid_from"]).to_numpy(), "valid_to", problem="dates out of order", remedy="valid_to on or after valid_from"
    )
    ordered = frame.assign(until=frame["valid_to"].fillna(pd.Timestamp("2261-01-01")))
    for _, group in ordered.sort_values(["valid_from", ROW]).groupby(["hs", "origin", "territory", "rule"], sort=True):
        until = group["until"].cummax().shift()
        for _, row in group[(group["valid_from"] <= until).to_numpy()].iterrows():
            context.note(
                row,
                "valid_from",
                problem="two rates of one rule on the same day",
                got=f"{row['hs']} {row['origin']} {row['territory']} {row['rule']} from {_spelled(row['valid_from'])}",
                remedy="end the earlier row the day before, or give the rule a name of its own",
            )


def _check_lanes(context: Context) -> None:
    """A lane for every supplier of an item to the first node of every market that bought it, and for every open order."""
    items, orders = context.tables.get("items"), context.tables.get("orders")
    document = context.document
    if document is None or items is None or not isinstance(document.data.get("lanes"), list):
        return
    lanes = {(str(lane.get("supplier")), str(lane.get("node"))) for _, lane in entries(document, "lanes")}
    nodes, suppliers = context.vocabulary.known("node") or (), context.vocabulary.known("supplier") or ()
    needed: dict[tuple[str, str], str] = {}
    first_node = {str(m.get("key")): str(m["nodes"][0]) for _, m in entries(document, "markets") if isinstance(m.get("nodes"), list) and m["nodes"]}
    makers = {row["item"]: _buying(row) for _, row in items.iterrows()}
    if orders is not None:
        for market, item in orders[["market", "item"]].drop_duplicates().sort_values(["market", "item"]).itertuples(index=False):
            for supplier in makers.get(item, ()):
                needed.setdefault((supplier, first_node.get(market, "")), f"item {item} of market {market}")
    purchases = context.tables.get("purchase_orders")
    if purchases is not None:
        for _, row in purchases[purchases["received_on"].isna()].iterrows():
            needed.setdefault((row["supplier"], row["node"]), f"open order {row['po']}")
    for (supplier, node), reason in sorted(needed.items()):
        if (supplier, node) not in lanes and supplier in suppliers and node in nodes:
            document.fault(
                context.faults, ("lanes",), problem="a lane is missing", got=f"no lane {supplier} to {node}, needed by {reason}", remedy=f"add a lane from {supplier} to {node}"
            )


def _buying(row: pd.Series) -> list[str]:
    """Suppliers that an item is bought from in normal times: those with a share above zero."""
    suppliers, shares = split(row["suppliers"]), split(row["shares"]) if row["shares"] else []
    if len(shares) != len(suppliers):
        return suppliers[:1]
    return [supplier for supplier, share in zip(suppliers, shares, strict=True) if share.strip("0.") != ""]


def _check_fx(context: Context) -> dict[str, float]:
    """Rates at actuals-through; a currency in use without one is a fault where an fx file exists."""
    frame = context.tables.get("fx")
    if frame is None:
        return {context.currency: 1.0}
    context.note_each(
        frame,
        ((frame["currency"] == context.currency) & (frame["per_base"] != 1.0)).to_numpy(),
        "per_base",
        problem="a rate of the company's own currency that is not 1",
        remedy="remove the row",
    )
    if context.closed is None or frame.empty:
        return {context.currency: 1.0}
    rates = last_rates(frame, context.closed)
    used = set(read_vocabulary(context.document, b"").known("currency") or ())
    for name in ("orders", "purchase_orders", "open_receivables", "open_payables"):
        if (table := context.tables.get(name)) is not None:
            used |= set(table["currency"].unique())
    file = str(frame[FILE].iat[0])
    for currency in sorted(used - set(rates) - {context.currency, ""}):
        context.faults.add(
            file,
            column="currency",
            problem="no rate on or before actuals_through for a currency in use",
            got=currency,
            remedy=f"add a row for {currency} dated {context.closed} or earlier",
        )
    return rates | {context.currency: 1.0}


def _check_balance(context: Context, rates: Mapping[str, float]) -> tuple[Tie, ...]:
    balance = context.tables.get("opening_balance")
    if balance is None:
        return ()
    unknown = ~balance["account"].isin(ACCOUNTS).to_numpy()
    for _, row in balance[unknown].iterrows():
        context.note(row, "account", problem="unknown account", got=row["account"] or "''", remedy=did_you_mean(row["account"], ACCOUNTS))
    amounts = balance.groupby("account")["amount"].sum()

    def total(accounts: tuple[str, ...]) -> float:
        return float(sum(amounts.get(account, 0.0) for account in accounts))

    unit = context.currency
    assets, claims = total(ASSETS), total(LIABILITIES) + total(EQUITY)
    ties = [Tie("opening balance: assets = liabilities + equity", assets, claims, _BALANCE_TOLERANCE + 1e-9 * abs(assets), unit)]
    file = str(balance[FILE].iat[0]) if len(balance) else "data/opening_balance.csv"
    if not ties[0].holds and not unknown.any():
        context.faults.add(
            file,
            column="amount",
            problem="the opening balance does not balance",
            got=f"assets {assets:,.2f}, liabilities and equity {claims:,.2f}",
            remedy=f"find the difference of {assets - claims:,.2f}",
        )
    for account, name in (("receivables", "open_receivables"), ("payables", "open_payables")):
        if (frame := context.tables.get(name)) is None or not set(frame["currency"]) <= set(rates):
            continue
        sum_of_rows = in_company_currency(frame["amount"], frame["currency"], rates)
        ties.append(Tie(f"{name} = {account} of the opening balance", float(amounts.get(account, 0.0)), sum_of_rows, _TIE_TOLERANCE, unit))
        _note_tie(context, ties[-1], str(frame[FILE].iat[0]) if len(frame) else file)
    purchases = context.tables.get("purchase_orders")
    if purchases is not None and set(purchases["currency"]) - {""} <= set(rates):
        # told, not refused: books may hold other prepayments
        opened = purchases[purchases["received_on"].isna()]
        paid = in_company_currency(opened["deposit_paid"], _purchase_currency(context, opened), rates)
        prepaid = float(amounts.get("prepayments", 0.0))
        ties.append(Tie("deposits paid on open orders = prepayments of the opening balance", prepaid, paid, _TIE_TOLERANCE, unit))
    if (stock := context.tables.get("inventory")) is not None:
        expected = float(amounts.get("inventory", 0.0))
        value = float((stock["on_hand"] * stock["unit_landed_cost"]).sum())
        tolerance = max(_TIE_TOLERANCE, _INVENTORY_TOLERANCE * abs(expected))
        ties.append(Tie("inventory at landed cost = inventory of the opening balance", expected, value, tolerance, unit))
        _note_tie(context, ties[-1], str(stock[FILE].iat[0]) if len(stock) else file)
    return tuple(ties)


def _purchase_currency(context: Context, purchases: pd.DataFrame) -> list[str]:
    own = context.vocabulary.currency_of_supplier
    pairs = zip(purchases["currency"], purchases["supplier"], strict=True)
    return [currency or own.get(supplier, context.currency) for currency, supplier in pairs]


def _note_tie(context: Context, tie: Tie, file: str) -> None:
    if not tie.holds:
        context.faults.add(
            file,
            column="amount" if "inventory" not in tie.name else "unit_landed_cost",
            problem=f"does not tie: {tie.name}",
            got=f"{tie.got:,.2f} against {tie.expected:,.2f} {tie.unit}",
            remedy=f"find the difference of {tie.got - tie.expected:,.2f} (at the fx of actuals_through)",
        )
