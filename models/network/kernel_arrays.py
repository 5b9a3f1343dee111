"""Arrays of the compiled engine, grouped so that compiled functions take a few arguments instead of sixty."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.arrays import IntArray
from models.network.controls import Controls
from models.network.kernel_orders import WHEN_COLUMNS, WHO_COLUMNS
from models.network.policy import BASE_STOCK
from models.network.spec import Network


class Net(NamedTuple):
    """The network; groups are (priority class, preference, node) with the demand points that turn to that
    node, and (preference, donor) with the nodes that ask that donor.
    """

    group_start: Any
    group_point: Any
    group_arc: Any
    group_node: Any
    give_start: Any
    give_asker: Any
    give_donor: Any
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
    feeds: Any


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
    transfer: Any


class Choice(NamedTuple):
    """Controls of the block."""

    trigger: Any
    """Position at or below which a node orders, whatever its policy."""
    policy: Any
    batch: Any
    review_every: Any
    first_review: Any
    transfer_at: Any
    transfer_to: Any
    keep: Any
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
    in_transfer: Any
    transfers_due: Any
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
    transfers: Any
    transfers_count: Any


class Split(NamedTuple):
    """Room for a split of whole units in proportion, (C (I + 1),) or more."""

    weight: Any
    """Weights of the parts."""
    part: Any
    """Units of the parts."""
    remainder: Any
    rank: Any


class Work(NamedTuple):
    """Working memory of one trial at a time."""

    who: Any
    when: Any
    link: Any
    arriving: Any
    """(days + 1,) first order that reaches its port by the opening of that day."""
    receiving: Any
    """(days + 1,) first order that is received on that day."""
    factory: Any
    """(S, 2) first and last order waiting to be made."""
    queues: Any
    """(P, 2) first and last order waiting at customs."""
    free: Any
    """(P, servers) day from which each customs server is free."""
    on_hand: Any
    """(N, I) stock; this and what follows up to ``rest`` in 32 bits, which hold twice as many to a
    machine word."""
    on_order: Any
    """(N, I) units ordered and not received."""
    backlog: Any
    """(C, I) units that wait."""
    want: Any
    """(C, I) units still to serve."""
    held: Any
    """(C, I) units with stock that hands hold back today."""
    sold: Any
    """(C, I) units shipped today, of which those of today's demand are counted at the end."""
    some: Any
    """(C I,) numbers of the moment, by item or by market and item."""
    parts: Any
    """(C, I) share of the units sold that come back, parts of 2**20."""
    rest: Any
    """(C I,) running remainder of the returned share; below zero, as -1 - remainder, before the first
    sale."""
    sequence: Any
    """(C, I) where the sequence of the days' draws of returns begins."""
    wide: Any
    """(1,) all bits of sums that must fit 32 bits."""
    left: Any
    """(C,) units of a demand point still to serve."""
    demanded: Any
    """(C,) units of a demand point demanded today."""
    waiting: Any
    """(C,) backlog of a demand point."""
    since: Any
    """(C, I) a day before which no unit that waits was demanded."""
    aside: Any
    """(N, I) stock promised to units that capacity holds back today."""
    behind: Any
    """(N, I) backlog that counts against a node's position."""
    stock: Any
    """(N, I) stock that a request for a transfer looks at."""
    asked: Any
    given: Any
    pick_left: Any
    ordered: Any
    """(S, I) units of a node ordered today, by supplier and place among the items chosen."""
    chosen: Any
    """(C I,) items that a first look has picked out."""
    refused: Any
    total: Any
    """(I,) units that the demand points of a group want, in 32 bits."""
    split: Any
    """A ``Split``."""


def picked(kind: Any, source: object) -> Any:
    """The named arrays of a record, contiguous."""
    return kind(**{name: np.ascontiguousarray(getattr(source, name)) for name in kind._fields})


def net_arrays(network: Network) -> Net:
    """The network with its demand points grouped by priority class, preference and node, in that order."""
    first_arc = network.arc_start
    starts, points, arcs, nodes = [0], [], [], []
    for urgency in np.unique(network.priority):
        for preference in range(network.point_nodes.shape[1]):
            for node in range(len(network.nodes)):
                turning = (network.priority == urgency) & (network.point_nodes[:, preference] == node)
                members = np.flatnonzero(turning)
                if len(members):
                    points.extend(members.tolist())
                    arcs.extend((first_arc[members] + preference).tolist())
                    starts.append(len(points))
                    nodes.append(node)
    groups = {"group_start": starts, "group_point": points, "group_arc": arcs, "group_node": nodes}
    groups |= _donors(network.sources)
    plain = Net._fields[len(groups) + 1 :]
    return Net(
        **{name: np.array(values, dtype=np.int64) for name, values in groups.items()},
        primary=np.ascontiguousarray(network.point_nodes[:, 0]),
        **{name: np.ascontiguousarray(getattr(network, name)) for name in plain},
    )


def _donors(sources: IntArray) -> dict[str, list[int]]:
    """The nodes that ask grouped by preference and donor, in that order."""
    starts, askers, donors = [0], [], []
    for preference in range(sources.shape[1]):
        for donor in range(len(sources)):
            members = np.flatnonzero(sources[:, preference] == donor)
            if len(members):
                askers.extend(members.tolist())
                starts.append(len(askers))
                donors.append(donor)
    return {"give_start": starts, "give_asker": askers, "give_donor": donors}


def choice_arrays(network: Network, controls: Controls) -> Choice:
    """The controls, with the position at which each policy orders and shares of qualified suppliers only."""
    below = controls.policy == BASE_STOCK
    trigger = np.where(below, controls.order_up_to - 1, controls.reorder_level)
    qualified = network.qualified.transpose(0, 2, 1)
    names = [name for name in Choice._fields if name not in ("trigger", "share_parts")]
    return Choice(
        trigger=np.ascontiguousarray(trigger),
        share_parts=np.ascontiguousarray(np.where(qualified, controls.share_parts, 0)),
        **{name: np.ascontiguousarray(getattr(controls, name)) for name in names},
    )


def work_arrays(network: Network, days: int, order_capacity: int) -> Work:
    """Working memory for a window of days."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    c, i = len(network.demand_points), len(network.items)

    def whole(*shape: int) -> Any:
        return np.zeros(shape, dtype=np.int64)

    def half(*shape: int) -> Any:
        return np.zeros(shape, dtype=np.int32)

    return Work(
        who=whole(order_capacity, WHO_COLUMNS),
        when=np.zeros((order_capacity, WHEN_COLUMNS)),
        link=whole(order_capacity),
        arriving=whole(days + 1),
        receiving=whole(days + 1),
        factory=whole(s, 2),
        queues=whole(p, 2),
        free=np.zeros((p, int(network.servers.max(initial=1)))),
        on_hand=half(n, i),
        on_order=half(n, i),
        backlog=half(c, i),
        want=half(c, i),
        held=half(c, i),
        sold=half(c, i),
        some=half(c * i),
        parts=half(c, i),
        rest=half(c * i),
        sequence=np.zeros((c, i), dtype=np.uint64),
        wide=whole(1),
        left=whole(c),
        demanded=whole(c),
        waiting=whole(c),
        since=whole(c, i),
        aside=half(n, i),
        behind=whole(n, i),
        stock=whole(n, i),
        asked=whole(n, i),
        given=whole(n, i),
        pick_left=whole(n),
        ordered=whole(s, i),
        chosen=whole(c * i),
        refused=whole(c),
        total=half(i),
        split=Split(*(whole(max(c * (i + 1), s, n)) for _ in Split._fields)),
    )
