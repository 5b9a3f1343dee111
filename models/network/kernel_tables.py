"""Order tables of the compiled engine: read when a call begins, written when it ends, extended when orders
are placed. All arrays are one trial's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.network.kernel_orders import (
    AFTER,
    CLEARED,
    FIRST,
    INLAND,
    LEFT,
    LINES,
    MADE,
    NODE,
    NONE,
    PORT,
    READY,
    RECEIVED,
    SERVICE,
    STARTED,
    SUPPLIER,
    TO_MAKE,
    TRANSIT,
    append,
    available,
    inner,
    resume,
)


@inner
def load(
    net: Any, work: Any, lines: Any, tables: Any, stages: Any, open_days: Any, day: int, base: int
) -> None:
    """Working rows of a trial's open orders, each hung where it stood before ``day`` opens."""
    who, when = work.who, work.when
    work.arriving[:] = NONE
    work.receiving[:] = NONE
    work.factory[:] = NONE
    work.queues[:] = NONE
    # an idle server has been free since some time before: had it met an order while customs was open, that
    # order were in service
    work.free[:] = float(day - 1)
    for order in range(tables.first_open[0], tables.count[0]):
        line = tables.first_line[order]
        n, s, placed = lines.node[line], lines.supplier[line], lines.day_ordered[line]
        who[order, FIRST], who[order, LINES] = line, tables.lines[order]
        who[order, NODE], who[order, SUPPLIER], who[order, AFTER] = n, s, day - 1
        who[order, TO_MAKE], who[order, MADE] = tables.to_make[order], tables.made[order]
        who[order, RECEIVED] = lines.received[line]
        when[order, LEFT], when[order, PORT] = lines.left[line], lines.port[line]
        when[order, STARTED], when[order, CLEARED] = tables.started[order], lines.cleared[line]
        if order < len(open_days):
            when[order, READY], when[order, TRANSIT] = open_days[order, 0], open_days[order, 1]
            when[order, SERVICE], when[order, INLAND] = open_days[order, 2], open_days[order, 3]
        else:
            _draw_stages(when, stages, order, s, n, placed)
        if who[order, RECEIVED] < 0:
            resume(net, work, order, day, base)


@inner
def _draw_stages(when: Any, stages: Any, order: int, s: int, n: int, day: int) -> None:
    """The stages of an order placed on ``day``."""
    when[order, READY] = day + stages.production[s, n, day]
    when[order, TRANSIT], when[order, SERVICE] = stages.transit[s, n, day], stages.service[s, n, day]
    when[order, INLAND] = stages.inland[s, n, day]


@inner
def store(work: Any, lines: Any, tables: Any, last: int) -> None:
    """Write the working rows back into the tables: what was met up to day ``last``, nothing that lies
    ahead.
    """
    who, when = work.who, work.when
    for order in range(tables.first_open[0], tables.count[0]):
        tables.to_make[order], tables.made[order] = who[order, TO_MAKE], who[order, MADE]
        tables.started[order] = when[order, STARTED]
        left, port, cleared = when[order, LEFT], when[order, PORT], when[order, CLEARED]
        reached, received = available(when, order), who[order, RECEIVED]
        if received < 0:
            reached = np.inf
            settled = who[order, AFTER] < last
            left = left if settled and left <= last else np.inf
            port = port if settled and port <= last else np.inf
            cleared = cleared if cleared <= last else np.inf
        for line in range(who[order, FIRST], who[order, FIRST] + who[order, LINES]):
            lines.left[line], lines.port[line], lines.cleared[line] = left, port, cleared
            lines.available[line], lines.received[line] = reached, received
    while tables.first_open[0] < tables.count[0] and who[tables.first_open[0], RECEIVED] >= 0:
        tables.first_open[0] += 1


@inner
def place(
    work: Any,
    lines: Any,
    tables: Any,
    stages: Any,
    on_order: Any,
    n: int,
    count: int,
    order: int,
    row: int,
    day: int,
) -> tuple[int, int]:
    """Turn today's quantities of a node (supplier, item chosen) into orders, one per supplier, in key
    order.
    """
    who, when, ordered, chosen = work.who, work.when, work.ordered, work.chosen
    for s in range(len(ordered)):
        first, total = row, 0
        for k in range(count):
            i, units = chosen[k], ordered[s, k]
            lines.item[row], lines.units[row] = i, units
            coming = on_order[i] + units
            work.wide[0] |= coming
            on_order[i] = coming
            total += units
            row += units > 0  # without a branch: a row without units is written again
        for line in range(first, row):
            lines.day_ordered[line], lines.node[line], lines.supplier[line] = day, n, s
        if total > 0:
            tables.first_line[order], tables.lines[order] = first, row - first
            who[order, FIRST], who[order, LINES] = first, row - first
            who[order, NODE], who[order, SUPPLIER], who[order, AFTER] = n, s, day
            who[order, TO_MAKE], who[order, MADE], who[order, RECEIVED] = total, NONE, NONE
            _draw_stages(when, stages, order, s, n, day)
            when[order, LEFT:] = np.inf
            append(work.factory[s], work.link, order)
            order += 1
    if row < len(lines.item):  # nothing of a supplier without units stays behind
        lines.item[row], lines.units[row] = 0, 0
    return order, row
