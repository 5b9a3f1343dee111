"""Movements as labelled arrays: what each trial, day, place and item saw, in units."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from models.arrays import Int32Array, IntArray
from models.compiled import compiled
from models.network.movements import Movements
from models.network.spec import Network
from models.workers import each, pieces, worker_count


def to_dataset(
    network: Network, moved: Movements, demand: IntArray, coming: Any = None, workers: int = 1
) -> xr.Dataset:
    """Movements as labelled arrays in units, whole numbers of 32 bits, of ``demand`` (trial, day,
    demand_point, item); ``coming`` (trial, day, node, item): transfers under way before, by day modulo the
    days it holds. ``workers`` are threads (0: one per core).

    Demand, like stock, orders and backlog, is not copied: ``demanded`` can be read only, for the draws hold
    it too.
    """
    asked = np.ascontiguousarray(demand, dtype=np.int32).view()
    asked.flags.writeable = False
    sold, filled, returned = (np.empty(moved.lost.shape, np.int32) for _ in range(3))
    received, restocked = (np.empty(moved.on_hand.shape, np.int32) for _ in range(2))
    lines, arc_start, first = moved.lines, np.asarray(network.arc_start, dtype=np.int64), moved.first_day

    def fill(some: range) -> None:
        for t in some:
            _fill_market(
                asked[t], moved.shipped[t], moved.lost[t], moved.backlog[t], arc_start, sold[t], filled[t]
            )
            rows = moved.returns[t, : moved.returns_count[t]]
            _fill_returns(rows, network.return_node, first, returned[t], restocked[t])
            used = slice(lines.count[t])
            _fill_received(
                lines.received[t, used],
                lines.node[t, used],
                lines.item[t, used],
                lines.units[t, used],
                first,
                received[t],
            )

    workers = worker_count(workers, len(asked))
    each(fill, pieces(len(asked), workers), workers)
    given, in_transfer = _transferred(moved, coming)
    market, node = ("trial", "day", "market", "item"), ("trial", "day", "node", "item")
    arrays: dict[str, tuple[tuple[str, ...], Any]] = {
        "demanded": (market, asked),
        "sold": (market, sold),
        "filled": (market, filled),
        "lost": (market, moved.lost),
        "backlog": (market, moved.backlog),
        "returned": (market, returned),
        "on_hand": (node, moved.on_hand),
        "on_order": (node, moved.on_order),
        "received": (node, received),
        "restocked": (node, restocked),
        "given": (node, given),
        "in_transfer": (node, in_transfer),
        "overflow": (node[:3], moved.overflow),
    }
    return xr.Dataset(
        {name: (dims, values, {"units": "units"}) for name, (dims, values) in arrays.items()},
        coords={
            "day": ("day", np.arange(moved.first_day, moved.until), {"units": "days"}),
            "market": list(network.demand_points),
            "node": list(network.nodes),
            "item": list(network.items),
        },
    )


@compiled
def _fill_market(
    asked: Any, shipped: Any, lost: Any, backlog: Any, arc_start: Any, sold: Any, filled: Any
) -> None:
    """Units sold, over the arcs of a market, and units of the day's demand served on the day.

    The backlog is served first, so what waits is the newest at its end.
    """
    days, points, items = sold.shape
    for day in range(days):
        for c in range(points):
            for i in range(items):
                served = asked[day, c, i] - lost[day, c, i] - backlog[day, c, i]
                filled[day, c, i] = max(served, 0)
                sold[day, c, i] = 0
            for arc in range(arc_start[c], arc_start[c + 1]):
                for i in range(items):
                    sold[day, c, i] += shipped[day, arc, i]


@compiled
def _fill_returns(rows: Any, return_node: Any, first: int, returned: Any, restocked: Any) -> None:
    """Units that came back by market, and those of the first grade by the node that took them."""
    returned[:] = 0
    restocked[:] = 0
    for k in range(len(rows)):
        day, c, i = rows[k, 0] - first, rows[k, 1], rows[k, 2]
        returned[day, c, i] += rows[k, 3] + rows[k, 4] + rows[k, 5] + rows[k, 6]
        restocked[day, return_node[c], i] += rows[k, 3]


@compiled
def _fill_received(days: Any, node: Any, item: Any, units: Any, first: int, received: Any) -> None:
    """Units of the order lines received in the window."""
    received[:] = 0
    for line in range(len(days)):
        day = days[line] - first
        if 0 <= day < len(received):
            received[day, node[line], item[line]] += units[line]


def _transferred(moved: Movements, coming: Any) -> tuple[Int32Array, Int32Array]:
    """Units given by day, and on their way at the end of each day, of the transfers of this window and those
    under way before.
    """
    given, in_transfer = (np.zeros(moved.on_hand.shape, dtype=np.int32) for _ in range(2))
    ring = 0 if coming is None or not coming.any() else coming.shape[1]
    for ahead in range(ring):
        in_transfer[:, :ahead] += coming[:, None, (moved.first_day + ahead) % ring]
    for t in range(len(given)):
        for day, donor, asker, item, units, arrives in moved.transfers[
            t, : moved.transfers_count[t]
        ].tolist():
            given[t, day - moved.first_day, donor, item] += units
            in_transfer[t, day - moved.first_day : arrives - moved.first_day, asker, item] += units
    return given, in_transfer
