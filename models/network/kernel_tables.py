"""Order tables of the compiled engine: read when a call begins, written when it ends, extended when orders
are placed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.network.kernel_orders import (
    AVAILABLE,
    CLEARED,
    FIRST,
    INLAND,
    LEFT,
    LINES,
    MADE,
    NODE,
    NONE,
    PORT,
    PORT_OF,
    PRODUCTION,
    RECEIVED,
    SERVICE,
    START,
    STARTED,
    SUPPLIER,
    TO_MAKE,
    TRANSIT,
    append,
    inner,
    resume,
)


@inner
def load(
    net: Any,
    work: Any,
    orders: Any,
    lines: Any,
    production: Any,
    transit: Any,
    service: Any,
    inland: Any,
    open_days: Any,
    t: int,
    day: int,
    base: int,
) -> None:
    """Working rows of a trial's open orders, each hung where it stood before ``day`` opens."""
    who, when = work.who, work.when
    work.bucket[:] = NONE
    work.factory[:] = NONE
    work.queues[:] = NONE
    # an idle server has been free since some time before: had it met an order while customs was open, that
    # order were in service
    work.free[:] = float(day - 1)
    for order in range(orders.first_open[t], orders.count[t]):
        line = orders.first_line[t, order]
        n, s, placed = lines.node[t, line], lines.supplier[t, line], lines.day_ordered[t, line]
        who[order, FIRST], who[order, LINES] = line, orders.lines[t, order]
        who[order, NODE], who[order, SUPPLIER], who[order, PORT_OF] = n, s, net.node_port[n]
        who[order, TO_MAKE], who[order, MADE] = orders.to_make[t, order], orders.made[t, order]
        who[order, RECEIVED] = lines.received[t, line]
        when[order, LEFT], when[order, PORT] = lines.left[t, line], lines.port[t, line]
        when[order, STARTED] = orders.started[t, order]
        when[order, CLEARED], when[order, AVAILABLE] = lines.cleared[t, line], lines.available[t, line]
        if order < len(open_days):
            when[order, START] = 0.0
            for stage in range(4):
                when[order, PRODUCTION + stage] = open_days[order, stage]
        else:
            when[order, START] = float(placed)
            when[order, PRODUCTION], when[order, TRANSIT] = production[s, n, placed], transit[s, n, placed]
            when[order, SERVICE], when[order, INLAND] = service[s, n, placed], inland[s, n, placed]
        if who[order, RECEIVED] < 0:
            resume(
                who,
                when,
                work.link,
                work.bucket,
                work.factory,
                work.queues,
                work.free,
                net.servers,
                order,
                day,
                base,
            )


@inner
def store(work: Any, orders: Any, lines: Any, t: int) -> None:
    """Write the working rows back into the tables."""
    who, when = work.who, work.when
    for order in range(orders.first_open[t], orders.count[t]):
        orders.to_make[t, order], orders.made[t, order] = who[order, TO_MAKE], who[order, MADE]
        orders.started[t, order] = when[order, STARTED]
        for line in range(who[order, FIRST], who[order, FIRST] + who[order, LINES]):
            lines.left[t, line], lines.port[t, line] = when[order, LEFT], when[order, PORT]
            lines.cleared[t, line], lines.available[t, line] = when[order, CLEARED], when[order, AVAILABLE]
            lines.received[t, line] = who[order, RECEIVED]
    while orders.first_open[t] < orders.count[t] and who[orders.first_open[t], RECEIVED] >= 0:
        orders.first_open[t] += 1


@inner
def place(
    who: Any,
    when: Any,
    link: Any,
    factory: Any,
    ordered: Any,
    on_order: Any,
    node_port: Any,
    first_line: Any,
    order_lines: Any,
    line_day: Any,
    line_node: Any,
    line_supplier: Any,
    line_item: Any,
    line_units: Any,
    production: Any,
    transit: Any,
    service: Any,
    inland: Any,
    order: int,
    row: int,
    day: int,
) -> tuple[int, int]:
    """Turn today's quantities (node, supplier, item) into orders, one per node and supplier, in key order."""
    nodes, suppliers, items = ordered.shape
    for n in range(nodes):
        for s in range(suppliers):
            first, total = row, 0
            for i in range(items):
                units = ordered[n, s, i]
                if units > 0:
                    line_day[row], line_node[row], line_supplier[row], line_item[row] = day, n, s, i
                    line_units[row] = units
                    on_order[n, i] += units
                    ordered[n, s, i] = 0
                    total += units
                    row += 1
            if total > 0:
                first_line[order], order_lines[order] = first, row - first
                who[order, FIRST], who[order, LINES], who[order, NODE], who[order, SUPPLIER] = (
                    first,
                    row - first,
                    n,
                    s,
                )
                who[order, PORT_OF], who[order, TO_MAKE] = node_port[n], total
                who[order, MADE], who[order, RECEIVED] = NONE, NONE
                when[order, START] = float(day)
                when[order, PRODUCTION], when[order, TRANSIT] = production[s, n, day], transit[s, n, day]
                when[order, SERVICE], when[order, INLAND] = service[s, n, day], inland[s, n, day]
                when[order, LEFT:] = np.inf
                append(factory[s], link, order)
                order += 1
    return order, row
