"""Arrays of the compiled engine, grouped so that compiled functions take a few arguments instead of sixty."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.network.controls import Controls
from models.network.draws import Draws
from models.network.movements import Movements
from models.network.spec import Network
from models.network.state import State


class Net(NamedTuple):
    """The network; groups are (priority class, preference, node) with the cells that then turn to that node."""

    group_start: Any
    group_cell: Any
    group_arc: Any
    group_node: Any
    primary: Any
    return_node: Any
    pick: Any
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
    open_stage_days: Any


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
    first_line: Any
    order_lines: Any
    to_make: Any
    made: Any
    started: Any
    order_count: Any
    first_open: Any
    line_day: Any
    line_node: Any
    line_supplier: Any
    line_item: Any
    line_units: Any
    left: Any
    port: Any
    cleared: Any
    available: Any
    received: Any
    line_count: Any


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


class Scratch(NamedTuple):
    """Working memory of one trial at a time."""

    bucket: Any
    """(days + 1,) first order with an event due when that day opens, -1 none."""
    link: Any
    """(orders,) next order of the same bucket, factory queue or customs queue."""
    factory: Any
    """(S, 2) first and last order waiting to be made."""
    queue: Any
    """(P, 2) first and last order waiting at customs."""
    free: Any
    """(P, servers) day from which each customs server is free."""
    arrivals: Any
    """(orders,) orders that reached a port since the last day process."""
    want: Any
    held: Any
    sold: Any
    left: Any
    """(C,) units of a cell still to serve."""
    waiting: Any
    """(C,) backlog of a cell."""
    aside: Any
    """(N, I) stock promised to units that capacity holds back today."""
    pick_left: Any
    total: Any
    allotted: Any
    ordered: Any
    """(N, S, I) units ordered today."""
    weight: Any
    part: Any
    behind: Any
    """(N, I) backlog that counts against a node's position."""


def net_arrays(network: Network) -> Net:
    """The network with its cells grouped by priority class, preference and node, in that order."""
    arcs = network.arc_start
    starts, cells, arc_of, nodes = [0], [], [], []
    for urgency in np.unique(network.priority):
        for preference in range(network.market_nodes.shape[1]):
            for node in range(len(network.nodes)):
                chosen = (network.priority == urgency) & (network.market_nodes[:, preference] == node)
                members = np.flatnonzero(chosen)
                if len(members):
                    cells.extend(members.tolist())
                    arc_of.extend((arcs[members] + preference).tolist())
                    starts.append(len(cells))
                    nodes.append(node)

    def whole(values: Any) -> Any:
        return np.array(values, dtype=np.int64)

    return Net(
        group_start=whole(starts),
        group_cell=whole(cells),
        group_arc=whole(arc_of),
        group_node=whole(nodes),
        primary=whole(network.market_nodes[:, 0]),
        return_node=whole(network.return_node),
        pick=whole(network.pick_capacity),
        storage=whole(network.storage),
        backlog_parts=network.backlog_parts,
        servers=whole(network.servers),
        node_port=whole(network.node_port),
        qualified=np.array(network.qualified, dtype=np.bool_),
        moq=whole(network.moq),
        multiple=whole(network.multiple),
        backup=whole(network.backup),
        grade_edges=network.grade_edges,
    )


def chance_arrays(draws: Draws, state: State) -> Chance:
    """Draws as the compiled engine reads them."""
    named = {name: np.ascontiguousarray(getattr(draws, name)) for name in Chance._fields[:-1]}
    return Chance(**named, open_stage_days=np.ascontiguousarray(state.open_stage_days))


def choice_arrays(controls: Controls) -> Choice:
    """Controls as the compiled engine reads them."""
    return Choice(**{name: np.ascontiguousarray(getattr(controls, name)) for name in Choice._fields})


def now_arrays(state: State) -> Now:
    """The state's own arrays, to be changed in place."""
    orders, lines = state.orders, state.lines
    own = {name: getattr(state, name) for name in Now._fields[:8]}
    return Now(
        **own,
        first_line=orders.first_line, order_lines=orders.lines, to_make=orders.to_make, made=orders.made,
        started=orders.started, order_count=orders.count, first_open=orders.first_open,
        line_day=lines.day_ordered, line_node=lines.node, line_supplier=lines.supplier, line_item=lines.item,
        line_units=lines.units, left=lines.left, port=lines.port, cleared=lines.cleared, available=lines.available,
        received=lines.received, line_count=lines.count,
    )  # fmt: skip


def out_arrays(movements: Movements) -> Out:
    """The movements' own arrays, to be filled in place."""
    return Out(**{name: getattr(movements, name) for name in Out._fields})


def scratch_arrays(network: Network, days: int, order_capacity: int) -> Scratch:
    """Working memory for a window of days."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    c, i = len(network.markets), len(network.items)

    def whole(*shape: int) -> Any:
        return np.zeros(shape, dtype=np.int64)

    return Scratch(
        bucket=whole(days + 1), link=whole(order_capacity), factory=whole(s, 2), queue=whole(p, 2),
        free=np.zeros((p, int(network.servers.max(initial=1)))), arrivals=whole(order_capacity),
        want=whole(c, i), held=whole(c, i), sold=whole(c, i), left=whole(c), waiting=whole(c), aside=whole(n, i),
        pick_left=whole(n), total=whole(i), allotted=whole(c * i), ordered=whole(n, s, i),
        weight=whole(max(c * i, s)), part=whole(max(c * i, s)), behind=whole(n, i),
    )  # fmt: skip
