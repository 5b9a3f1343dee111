"""The event log in order: a row for each order with the days of its stages, and the queue at each port."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.network.movements import Movements
from models.network.process import Event
from models.network.spec import Network
from models.network.state import State

MOMENTS = ("ordered", "made", "left", "port", "customs", "cleared", "available", "received")
"""Events of an order in their order; its stages lie between them."""


def journal_table(network: Network, journal: list[Event], state: State) -> pd.DataFrame:
    """The journal of a run as a table, one row an event: trial, day, event, order, waiting, node, supplier,
    port, units; ``state`` is the one after it.
    """
    log = pd.DataFrame(journal, columns=["trial", "day", "event", "order", "waiting"])
    at = log["trial"].to_numpy(dtype=np.int64) - state.trials.start
    order = log["order"].to_numpy(dtype=np.int64)
    first = state.orders.first_line[at, order]
    node = state.lines.node[at, first]
    log["node"] = np.array(network.nodes)[node]
    log["supplier"] = np.array(network.suppliers)[state.lines.supplier[at, first]]
    log["port"] = np.array(network.ports)[network.node_port[node]]
    units = state.lines.units
    before = np.concatenate([np.zeros((len(units), 1), dtype=np.int64), np.cumsum(units, axis=1)], axis=1)
    log["units"] = before[at, first + state.orders.lines[at, order]] - before[at, first]
    return log


def stock_table(network: Network, moved: Movements, first_trial: int) -> pd.DataFrame:
    """Units in each node at the end of each day, as rows of the event ``stock``."""
    units = moved.on_hand.sum(axis=3, dtype=np.int64)
    trial, day, node = (index.ravel() for index in np.indices(units.shape))
    return pd.DataFrame(
        {
            "trial": trial + first_trial,
            "day": (day + moved.first_day).astype(np.float64),
            "event": "stock",
            "order": -1,
            "waiting": 0,
            "node": np.array(network.nodes)[node],
            "supplier": "",
            "port": "",
            "units": units.ravel(),
        }
    )


def order_timelines(log: pd.DataFrame) -> pd.DataFrame:
    """One row for each order of one trial's event log: order, supplier, port, node, units and, as
    ``ordered_day`` and so on, the day of each of MOMENTS (missing: before the log begins, or not yet), by day
    of the first event.
    """
    orders = log.loc[log["order"] >= 0]
    days = orders.pivot_table(index="order", columns="event", values="day", aggfunc="first")
    known = orders.drop_duplicates("order").set_index("order")[["supplier", "port", "node", "units"]]
    wide = known.join(days.reindex(columns=list(MOMENTS)).add_suffix("_day")).reset_index()
    begun = wide[[f"{name}_day" for name in MOMENTS]].min(axis=1)
    return wide.assign(begun=begun).sort_values(["begun", "order"], ignore_index=True).drop(columns="begun")


def customs_queue(log: pd.DataFrame) -> pd.DataFrame:
    """Orders waiting for customs after each arrival and each start of service of one trial: port, day,
    waiting.
    """
    moves = log.loc[log["event"].isin(["port", "customs"]), ["port", "day", "waiting"]]
    return moves.sort_values(["port", "day"], kind="stable", ignore_index=True)
