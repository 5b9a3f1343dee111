"""Arrays of the compiled engine, grouped so that compiled functions take a few arguments instead of sixty."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.network.kernel_orders import WHEN_COLUMNS, WHO_COLUMNS
from models.network.spec import Network


class Net(NamedTuple):
    """The network; groups are (priority class, preference, node) with the cells that turn to that node."""

    group_start: Any
    group_cell: Any
    group_arc: Any
    group_node: Any
    primary: Any
    return_node: Any
    pick_capacity: Any
    storage: Any
    backlog_parts: Any
    servers: Any
    node_port: Any
    qualified: Any
    moq: Any
    multiple: Any
    backup: Any
    grade_edges: Any


class Chance(NamedTuple):
    """Draws of the block."""

    production: Any
    transit: Any
    service: Any
    inland: Any
    supplier_up: Any
    capacity: Any
    port_open: Any
    return_parts: Any
    refusal_parts: Any
    return_keys: Any
    return_delay: Any


class Choice(NamedTuple):
    """Controls of the block."""

    reorder_level: Any
    order_up_to: Any
    period_of_day: Any
    share_parts: Any
    purchase_cap: Any
    failover_on: Any


class Now(NamedTuple):
    """State of the block, changed in place."""

    on_hand: Any
    on_order: Any
    backlog: Any
    backlog_age: Any
    short_rest: Any
    return_rest: Any
    returns_due: Any
    down_since: Any
    open_stage_days: Any


class Orders(NamedTuple):
    """Order table of the block, changed in place."""

    first_line: Any
    lines: Any
    to_make: Any
    made: Any
    started: Any
    count: Any
    first_open: Any


class Lines(NamedTuple):
    """Order-line table of the block, changed in place."""

    day_ordered: Any
    node: Any
    supplier: Any
    item: Any
    units: Any
    left: Any
    port: Any
    cleared: Any
    available: Any
    received: Any
    count: Any


class Out(NamedTuple):
    """Movements of the window."""

    shipped: Any
    lost: Any
    backlog: Any
    on_hand: Any
    on_order: Any
    overflow: Any
    wait: Any
    returns: Any
    returns_count: Any


class Work(NamedTuple):
    """Working memory of one trial at a time."""

    who: Any
    when: Any
    link: Any
    bucket: Any
    """(days + 1,) first order with an event due when that day opens."""
    factory: Any
    """(S, 2) first and last order waiting to be made."""
    queues: Any
    """(P, 2) first and last order waiting at customs."""
    free: Any
    """(P, servers) day from which each customs server is free."""
    want: Any
    held: Any
    sold: Any
    left: Any
    """(C,) units of a cell still to serve."""
    waiting: Any
    """(C,) backlog of a cell."""
    aside: Any
    """(N, I) stock promised to units that capacity holds back today."""
    behind: Any
    """(N, I) backlog that counts against a node's position."""
    pick_left: Any
    ordered: Any
    """(N, S, I) units ordered today."""
    parts: Any
    refused: Any
    back: Any
    total: Any
    allotted: Any
    weight: Any
    part: Any


def picked(kind: Any, source: object) -> Any:
    """The named arrays of a record, contiguous."""
    return kind(**{name: np.ascontiguousarray(getattr(source, name)) for name in kind._fields})


def net_arrays(network: Network) -> Net:
    """The network with its cells grouped by priority class, preference and node, in that order."""
    first_arc = network.arc_start
    starts, cells, arcs, nodes = [0], [], [], []
    for urgency in np.unique(network.priority):
        for preference in range(network.market_nodes.shape[1]):
            for node in range(len(network.nodes)):
                turning = (network.priority == urgency) & (network.market_nodes[:, preference] == node)
                members = np.flatnonzero(turning)
                if len(members):
                    cells.extend(members.tolist())
                    arcs.extend((first_arc[members] + preference).tolist())
                    starts.append(len(cells))
                    nodes.append(node)
    groups = {"group_start": starts, "group_cell": cells, "group_arc": arcs, "group_node": nodes}
    plain = Net._fields[len(groups) + 1 :]
    return Net(
        **{name: np.array(values, dtype=np.int64) for name, values in groups.items()},
        primary=np.ascontiguousarray(network.market_nodes[:, 0]),
        **{name: np.ascontiguousarray(getattr(network, name)) for name in plain},
    )


def work_arrays(network: Network, days: int, order_capacity: int) -> Work:
    """Working memory for a window of days."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    c, i = len(network.markets), len(network.items)

    def whole(*shape: int) -> Any:
        return np.zeros(shape, dtype=np.int64)

    return Work(
        who=whole(order_capacity, WHO_COLUMNS),
        when=np.zeros((order_capacity, WHEN_COLUMNS)),
        link=whole(order_capacity),
        bucket=whole(days + 1),
        factory=whole(s, 2),
        queues=whole(p, 2),
        free=np.zeros((p, int(network.servers.max(initial=1)))),
        want=whole(c, i),
        held=whole(c, i),
        sold=whole(c, i),
        left=whole(c),
        waiting=whole(c),
        aside=whole(n, i),
        behind=whole(n, i),
        pick_left=whole(n),
        ordered=whole(n, s, i),
        parts=whole(c, i),
        refused=whole(c),
        back=whole(i),
        total=whole(i),
        allotted=whole(c * i),
        weight=whole(max(c * i, s)),
        part=whole(3 * max(c * i, s)),
    )
