"""Stage durations in days from a purchase-order log: open orders censored, customs freed of its queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from models.arrays import FloatArray

RECEIPT_WAIT: Final = 0.5
"""Mean days that goods wait for the day phase in which they are received; part of a logged receipt date."""

STAGES: Final = ("production", "transit", "clearance", "inland")
"""Stages of an order in time order; clearance is customs service without the wait for it."""

_DATES: Final = ("ordered_on", "shipped_on", "port_on", "cleared_on", "received_on")


def shipments(purchase_orders: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """One row per shipment, sorted: po, supplier, node, dates as days relative to ``as_of`` (NaN unknown).

    Lines of one shipment share its dates and count once. Dates after ``as_of`` were not known then and become
    NaN. ``late`` is 1 where the promised day passed without receipt (NaN: not known) and ``days_late`` the
    days
    from the promised day to receipt, negative when early; ``total`` is order to receipt in days; ``stage``
    the index of the current stage of an open order, -1 for a finished one.
    """
    table = pd.DataFrame({name: purchase_orders[name].astype(str) for name in ("po", "supplier", "node")})
    for name in _DATES:
        days = (pd.to_datetime(purchase_orders[name]).dt.normalize() - pd.Timestamp(as_of)).dt.days.astype(
            np.float64
        )
        table[name] = days.where(days <= 0.0)
    promised = purchase_orders.get("promised_on", pd.Series(pd.NaT, index=purchase_orders.index))
    due = (pd.to_datetime(promised).dt.normalize() - pd.Timestamp(as_of)).dt.days.astype(np.float64)
    # An open order is late for certain only once its promised day has passed.
    known = due.notna() & (table["received_on"].notna() | (due < 0.0))
    table["late"] = (table["received_on"].fillna(0.0) > due).astype(np.float64).where(known)
    table["days_late"] = table["received_on"] - due
    table = table.loc[table["ordered_on"].notna()]
    # Lines of one shipment may have been promised for different days: it is late when one of them is.
    identity = ["ordered_on", "po", "supplier", "node", *_DATES[1:]]
    table = table.sort_values(
        [*identity, "late", "days_late"], ascending=[True] * len(identity) + [False] * 2, kind="stable"
    )
    table = table.drop_duplicates(identity)
    dated = table[list(_DATES)].notna().to_numpy()
    last = dated.shape[1] - 1 - np.argmax(dated[:, ::-1], axis=1)
    table["stage"] = np.where(last == len(STAGES), -1, last)
    table["total"] = table["received_on"] - table["ordered_on"]
    return table.reset_index(drop=True)


def stage_days(
    shipped: pd.DataFrame, *, node_port: Mapping[str, str], servers: Mapping[str, int]
) -> pd.DataFrame:
    """Durations by stage: supplier, node, shipment (row), port, stage, start, ordered, days, observed.

    A stage whose end is missing although the order went on is unknown, not open, and is left out. An open
    order contributes its age in its current stage with ``observed`` False. Inland is net of the half day that
    goods wait on average for the day phase in which they are received, which the network adds again.
    """
    parts = []
    port = shipped["node"].map(dict(node_port)).fillna("")
    start_of_service = service_starts(shipped, port, servers)
    for index, stage in enumerate(STAGES):
        begin = shipped[_DATES[index]].to_numpy() if stage != "clearance" else start_of_service
        end = shipped[_DATES[index + 1]].to_numpy()
        is_open = (shipped["stage"] == index).to_numpy()
        # An open order at customs may still be in the queue; its age counts from the arrival of its service
        # slot.
        days = np.where(is_open, -begin, end - begin)
        if stage == "inland":
            # The network receives on the first whole day at or after arrival, half a day late on average, and
            # so did the log.
            days = np.where(is_open | (days < 0.0), days, np.maximum(days - RECEIPT_WAIT, 0.0))
        part = shipped[["supplier", "node"]].assign(
            shipment=np.arange(len(shipped)),
            port=port,
            stage=stage,
            start=begin,
            ordered=shipped["ordered_on"],
            days=days,
            observed=~is_open,
        )
        parts.append(part.loc[np.isfinite(days) & (days >= 0.0)])
    return pd.concat(parts, ignore_index=True)


def service_starts(shipped: pd.DataFrame, port: pd.Series, servers: Mapping[str, int]) -> FloatArray:
    """Day each shipment's customs service began (order,), replayed from the dates; NaN if never at a port.

    With c servers a shipment starts when fewer than c of the earlier arrivals are uncleared: start =
    max(arrival, c-th latest clearance of the earlier arrivals), the recursion of Kiefer and Wolfowitz 1955.
    Where the log contradicts that (cleared before that start: more hands than listed, or out of order) the
    arrival itself is taken. Approximation: dates are whole days and past closures are unknown, so a wait
    behind a closure stays in the service time.
    """
    starts = np.full(len(shipped), np.nan)
    arrival = shipped["port_on"].to_numpy()
    cleared = shipped["cleared_on"].to_numpy()
    for name in sorted(set(port)):
        rows = np.flatnonzero((port == name).to_numpy() & np.isfinite(arrival))
        rows = rows[np.lexsort((rows, cleared[rows], arrival[rows]))]
        count = max(1, int(servers.get(name, 1)))
        free = np.full(count, -np.inf)
        for row in rows:
            begin = max(arrival[row], free.min())
            # Day precision: an unknown clearance date (still open) keeps its server to the end.
            done = cleared[row] if np.isfinite(cleared[row]) else 0.0
            if done < begin or not np.isfinite(begin):
                begin = arrival[row]
            starts[row] = min(begin, 0.0)
            free[int(np.argmin(free))] = max(done, free.min())
    return starts
