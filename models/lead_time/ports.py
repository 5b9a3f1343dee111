"""Normal and congested times of each port, from the purchase-order log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from models.lead_time.lanes import ListedLane, lane_orders
from models.lead_time.regimes import Congestion, fit_congestion

CONGESTED_STAGES: Final = ("transit", "clearance")
"""Stages that wait at a port: the last of the passage, and customs."""


def port_congestion(
    purchase_orders: pd.DataFrame,
    lanes: Sequence[ListedLane],
    *,
    as_of: dt.date,
    servers: Mapping[str, int],
) -> dict[str, Congestion]:
    """Normal and congested times of every port of the lanes; the listed ones where the log shows none."""
    table = lane_orders(purchase_orders, lanes, as_of=as_of, servers=servers)[1]
    return congestion_of(table, sorted({lane.port for lane in lanes}))


def congestion_of(table: pd.DataFrame, ports: Sequence[str]) -> dict[str, Congestion]:
    """The same from stages by order: finished transit and customs days over their lane's median, by the day
    they began.
    """
    rows = table[table["observed"] & table["stage"].isin(CONGESTED_STAGES)]
    middle = rows.groupby(["supplier", "node", "stage"])["days"].transform("median")
    rows = rows.assign(ratio=rows["days"] / middle)[middle > 0.0]
    found = {}
    for port in ports:
        own = rows[rows["port"] == port]
        found[port] = fit_congestion(own["ratio"], own["start"])
    return found
