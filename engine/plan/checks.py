"""Faults of the tables that no single cell shows: duplicates, dates, sums, ties and references between files.

Each check adds to the one list of faults; frames still carry every row's file and number.
"""

from __future__ import annotations

import pandas as pd

from engine.plan.balance_checks import check_balance, check_rates
from engine.plan.check_context import Context, spelled
from engine.plan.doubts import check_doubts
from engine.plan.importers.imported import FILE, ROW
from engine.plan.plan import Tie
from engine.plan.plan_checks import entries
from engine.plan.tables import TABLES
from models.errors import did_you_mean
from models.names import LONGEST_DAYS

_RATE_KEY = ("hs", "origin", "territory", "rule")
_STAGES = ("ordered_on", "shipped_on", "port_on", "cleared_on", "received_on")


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
    rates = check_rates(context)
    check_doubts(context, rates)
    return check_balance(context, rates)


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
            got=f"{' '.join(filter(None, map(spelled, key)))} (first in {origin[FILE]} row {origin[ROW]})",
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
        problem = (
            "an order that stands in two files"
            if column == FILE
            else f"lines of one order with different {column}"
        )
        for _, row in orders[differs].iterrows():
            got = (
                f"{row['order_id']}"
                if column in (FILE, "customer_key")
                else f"{row['order_id']}: {row[column]}"
            )
            context.note(
                row,
                "order_id" if column == FILE else column,
                problem=problem,
                got=got,
                remedy="keep the order once, alike on all its lines",
            )


def _check_purchase_orders(context: Context) -> None:
    frame = context.tables.get("purchase_orders")
    if frame is None or frame.empty:
        return
    latest = frame["ordered_on"]
    lane = frame["supplier"] + "\x1f" + frame["node"]
    for position, later in enumerate(_STAGES[1:], start=1):
        day = frame[later]
        context.note_each(
            frame,
            (day < latest).to_numpy(),
            later,
            problem="dates out of order",
            remedy=f"{later} on or after {' and '.join(_STAGES[:position])}",
        )
        previous = _STAGES[position - 1]
        # a stage that no order of the lane was ever logged at is unknown there, not forgotten
        logged = frame[previous].notna().groupby(lane).transform("any")
        skipped = (day.notna() & frame[previous].isna() & logged).to_numpy()
        for _, row in frame[skipped].iterrows():
            context.note(
                row,
                previous,
                problem=f"a blank date before {later}",
                got=f"{later} {spelled(row[later])}",
                remedy=f"give {previous}, or clear {later}",
            )
        context.note_each(
            frame,
            ((day - latest).dt.days > LONGEST_DAYS).to_numpy(),
            later,
            problem=f"more than {LONGEST_DAYS:,.0f} days after the stage before",
            remedy="correct the date, or reject the row in its mapping",
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
            context.note(
                row,
                "suppliers",
                problem="a supplier named twice",
                got=row["suppliers"],
                remedy="name each once",
            )
        for supplier in suppliers:
            if known is not None and supplier not in known:
                context.note(
                    row,
                    "suppliers",
                    problem="unknown supplier",
                    got=supplier or "''",
                    remedy=did_you_mean(supplier, known),
                )
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
        context.note(
            row,
            "shares",
            problem="text in a share",
            got=row["shares"],
            remedy="shares between 0 and 1 such as 0.8;0.2",
        )
    elif len(shares) != count:
        context.note(
            row,
            "shares",
            problem=f"{count} suppliers need {count} shares",
            got=row["shares"],
            remedy="one share per supplier",
        )
    elif abs(sum(shares) - 1.0) > 1e-6:
        context.note(
            row,
            "shares",
            problem="shares that do not sum to 1",
            got=f"{row['shares']} = {sum(shares):g}",
            remedy="make them sum to 1",
        )


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
            context.note_each(
                frame, off, "as_of", problem="not the day of actuals_through", remedy=f"{closed}"
            )
    if (spend := context.tables.get("spend")) is not None:
        late = (spend["day"] > stamp).to_numpy()
        context.note_each(
            spend,
            late,
            "day",
            problem="spend after actuals_through",
            remedy="put planned spend into spend_plan.csv",
        )
    for name in ("open_receivables", "open_payables"):
        if (frame := context.tables.get(name)) is not None:
            past = (frame["due"] <= stamp).to_numpy()
            context.note_each(
                frame,
                past,
                "due",
                problem="due on or before actuals_through",
                remedy=f"the day it is expected, after {closed}",
            )


def _check_tariffs(context: Context) -> None:
    frame = context.tables.get("tariffs")
    if frame is None or frame.empty:
        return
    context.note_each(
        frame,
        (frame["valid_to"] < frame["valid_from"]).to_numpy(),
        "valid_to",
        problem="dates out of order",
        remedy="valid_to on or after valid_from",
    )
    ordered = frame.assign(until=frame["valid_to"].fillna(pd.Timestamp("2261-01-01")))
    ordered = ordered.sort_values([*_RATE_KEY, "valid_from", ROW], ignore_index=True)
    # over whole columns, never group by group: a tariff has ten thousand groups of one row
    key = [ordered[name] for name in _RATE_KEY]
    until = ordered["until"].groupby(key).cummax().groupby(key).shift()
    for _, row in ordered[(ordered["valid_from"] <= until).to_numpy()].iterrows():
        context.note(
            row,
            "valid_from",
            problem="two rates of one rule on the same day",
            got=" ".join([*(row[name] for name in _RATE_KEY), "from", spelled(row["valid_from"])]),
            remedy="end the earlier row the day before, or give the rule a name of its own",
        )


def _check_lanes(context: Context) -> None:
    """Lanes from suppliers of an item to the first nodes of markets that bought it, and of open orders."""
    items, orders = context.tables.get("items"), context.tables.get("orders")
    document = context.document
    if document is None or items is None or not isinstance(document.data.get("lanes"), list):
        return
    lanes = {(str(lane.get("supplier")), str(lane.get("node"))) for _, lane in entries(document, "lanes")}
    nodes, suppliers = context.vocabulary.known("node") or (), context.vocabulary.known("supplier") or ()
    needed: dict[tuple[str, str], str] = {}
    first_node = {
        str(m.get("key")): str(m["nodes"][0])
        for _, m in entries(document, "markets")
        if isinstance(m.get("nodes"), list) and m["nodes"]
    }
    makers = {row["item"]: _buying(row) for _, row in items.iterrows()}
    if orders is not None:
        for market, item in (
            orders[["market", "item"]]
            .drop_duplicates()
            .sort_values(["market", "item"])
            .itertuples(index=False)
        ):
            for supplier in makers.get(item, ()):
                needed.setdefault((supplier, first_node.get(market, "")), f"item {item} of market {market}")
    purchases = context.tables.get("purchase_orders")
    if purchases is not None:
        for _, row in purchases[purchases["received_on"].isna()].iterrows():
            needed.setdefault((row["supplier"], row["node"]), f"open order {row['po']}")
    for (supplier, node), reason in sorted(needed.items()):
        if (supplier, node) not in lanes and supplier in suppliers and node in nodes:
            document.fault(
                context.faults,
                ("lanes",),
                problem="a lane is missing",
                got=f"no lane {supplier} to {node}, needed by {reason}",
                remedy=f"add a lane from {supplier} to {node}",
            )


def _buying(row: pd.Series) -> list[str]:
    """Suppliers that an item is bought from in normal times: those with a share above zero."""
    suppliers, shares = split(row["suppliers"]), split(row["shares"]) if row["shares"] else []
    if len(shares) != len(suppliers):
        return suppliers[:1]
    return [supplier for supplier, share in zip(suppliers, shares, strict=True) if share.strip("0.") != ""]
