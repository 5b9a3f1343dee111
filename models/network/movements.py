"""What the network did in a window of days: units and days, never money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays import Int32Array, IntArray
from models.network.parts import GRADES
from models.network.spec import Network
from models.network.state import WAIT_BINS, LineTable

RETURN_COLUMNS = ("day", "demand_point", "item", *GRADES)
TRANSFER_COLUMNS = ("day", "from", "to", "item", "units", "arrives")
_DAILY = ("shipped", "lost", "backlog", "on_hand", "on_order", "overflow")


@dataclass(frozen=True, eq=False)
class Movements:
    """Movements of a block of trials on the days ``first_day`` to ``until - 1``; d counts the days of the
    window.
    """

    first_day: int
    until: int
    shipped: Int32Array
    """(T, d, A, I) units that left a node for a market; sold units of a market are the sum over its arcs."""
    lost: Int32Array
    """(T, d, C, I) units of demand lost."""
    backlog: Int32Array
    """(T, d, C, I) units waiting at the end of the day."""
    on_hand: Int32Array
    """(T, d, N, I) units in stock at the end of the day."""
    on_order: Int32Array
    """(T, d, N, I) units ordered and not received at the end of the day."""
    overflow: IntArray
    """(T, d, N) units above the node's storage at the end of the day."""
    wait: IntArray
    """(T, C, 61) units shipped in the window by whole days waited since the demand; the last bin holds 60 and
    more.
    """
    returns: Int32Array
    """(T, rows, 7) units that came back: day, demand point, item, then units by grade; in order of (day,
    demand point, item).
    """
    returns_count: IntArray
    """(T,) rows used."""
    transfers: Int32Array
    """(T, rows, 6) units sent between nodes: day, from, to, item, units, day of arrival; in that order."""
    transfers_count: IntArray
    """(T,) rows used."""
    lines: LineTable
    """Order lines since the start; shared with the state, so a later call completes the days of rows already
    seen.
    """

    @property
    def line_count(self) -> IntArray:
        """(T,) number of order lines used."""
        return self.lines.count


def empty_movements(
    network: Network, trials: int, first_day: int, until: int, lines: LineTable, *, written: bool = False
) -> Movements:
    """Movements of a window in which nothing has happened yet; where every day will be ``written`` whole, its
    numbers are not set to zero first.
    """
    days = until - first_day
    c, i, n = len(network.demand_points), len(network.items), len(network.nodes)
    arcs = int((network.point_nodes >= 0).sum())

    def zeros(*shape: int, dtype: Any = np.int32) -> npt.NDArray[Any]:
        return np.zeros((trials, *shape), dtype=dtype)

    def daily(*shape: int) -> npt.NDArray[Any]:
        return (np.empty if written else np.zeros)((trials, days, *shape), dtype=np.int32)

    return Movements(
        first_day=first_day,
        until=until,
        shipped=daily(arcs, i),
        lost=daily(c, i),
        backlog=daily(c, i),
        on_hand=daily(n, i),
        on_order=daily(n, i),
        overflow=zeros(days, n, dtype=np.int64),
        wait=zeros(c, WAIT_BINS, dtype=np.int64),
        returns=zeros(0, len(RETURN_COLUMNS)),
        returns_count=zeros(dtype=np.int64),
        transfers=zeros(0, len(TRANSFER_COLUMNS)),
        transfers_count=zeros(dtype=np.int64),
        lines=lines,
    )


def concatenate(windows: Sequence[Movements]) -> Movements:
    """Movements of windows that follow each other, as one call would have given them."""
    first, last = windows[0], windows[-1]
    for before, after in pairwise(windows):
        if before.until != after.first_day:
            raise ValueError(
                f"windows: a gap in the days | got {before.until} then {after.first_day} | give them in order"
            )
    daily: dict[str, Any] = {
        name: np.concatenate([getattr(w, name) for w in windows], axis=1) for name in _DAILY
    }
    tables: dict[str, Any] = {}
    for name in ("returns", "transfers"):
        tables |= _stacked(windows, name)
    wait = np.sum([w.wait for w in windows], axis=0)
    return replace(
        last,
        first_day=first.first_day,
        **daily,
        **tables,
        wait=wait,
        lines=last.lines,
    )


def _stacked(windows: Sequence[Movements], name: str) -> dict[str, Any]:
    """Rows of a table over windows that follow each other, and their counts."""
    counts = [getattr(w, f"{name}_count") for w in windows]
    tables = [getattr(w, name) for w in windows]
    total = np.sum(counts, axis=0)
    rows = np.zeros((len(total), int(total.max(initial=0)), tables[0].shape[2]), dtype=np.int32)
    for t in range(len(total)):
        rows[t, : total[t]] = np.concatenate(
            [table[t, : count[t]] for table, count in zip(tables, counts, strict=True)]
        )
    return {name: rows, f"{name}_count": total}
