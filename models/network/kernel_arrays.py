"""The arrays that the compiled engine is given: the network in groups, the controls, working memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.arrays import Int32Array, IntArray
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.kernel_orders import WHEN_COLUMNS, WHO_COLUMNS
from models.network.kernel_records import (
    Block,
    Chance,
    Choice,
    Desk,
    Events,
    Lines,
    Net,
    Now,
    Orders,
    Out,
    Returning,
    Serving,
    Split,
    Stock,
    Work,
)
from models.network.movements import Movements
from models.network.parts import UNLIMITED
from models.network.policy import BASE_STOCK
from models.network.spec import Network
from models.network.state import State


def block_arrays(
    network: Network, state: State, controls: Controls, draws: Draws, movements: Movements, demand: Int32Array
) -> Block:
    """All arrays of a call, those of the state and the movements to be changed in place; ``demand``
    (trial, day, demand_point, item) units.
    """
    chance, delay = _picked(Chance, draws), draws.return_delay
    if np.all(delay == delay[0]):  # a delay that is always the same needs no draw
        chance = chance._replace(return_delay=delay[:1].copy())
    failover = np.where(controls.failover_on, controls.failover_delay, UNLIMITED).astype(np.int64)
    return Block(
        net=_net_arrays(network),
        chance=chance,
        choice=_choice_arrays(network, controls),
        now=_picked(Now, state),
        orders=_picked(Orders, state.orders),
        lines=_picked(Lines, state.lines),
        out=_picked(Out, movements),
        demand=demand,
        period_of_day=np.ascontiguousarray(controls.period_of_day),
        failover_after=failover,
    )


def with_tables(block: Block, state: State, movements: Movements) -> Block:
    """The block with the tables of the state and the movements after some have grown."""
    return block._replace(
        orders=_picked(Orders, state.orders),
        lines=_picked(Lines, state.lines),
        out=_picked(Out, movements),
    )


def _picked(kind: Any, source: object) -> Any:
    """The named arrays of a record, contiguous."""
    return kind(**{name: np.ascontiguousarray(getattr(source, name)) for name in kind._fields})


def _net_arrays(network: Network) -> Net:
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
    grouped: dict[str, Any] = {name: np.array(values, dtype=np.int64) for name, values in groups.items()}
    names = Net._fields[len(groups) + 1 :]
    plain: dict[str, Any] = {name: np.ascontiguousarray(getattr(network, name)) for name in names}
    return Net(
        **grouped,
        primary=np.ascontiguousarray(network.point_nodes[:, 0]),
        **plain,
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


def _choice_arrays(network: Network, controls: Controls) -> Choice:
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

    def whole(*shape: int) -> IntArray:
        return np.zeros(shape, dtype=np.int64)

    def half(*shape: int) -> Int32Array:
        return np.zeros(shape, dtype=np.int32)

    return Work(
        events=Events(
            who=whole(order_capacity, WHO_COLUMNS),
            when=np.zeros((order_capacity, WHEN_COLUMNS)),
            link=whole(order_capacity),
            arriving=whole(days + 1),
            receiving=whole(days + 1),
            factory=whole(s, 2),
            queues=whole(p, 2),
            free=np.zeros((p, int(network.servers.max(initial=1)))),
        ),
        stock=Stock(on_hand=half(n, i), on_order=half(n, i), backlog=half(c, i), wide=whole(1)),
        serving=Serving(
            want=half(c, i),
            held=half(c, i),
            sold=half(c, i),
            left=whole(c),
            demanded=whole(c),
            waiting=whole(c),
            since=whole(c, i),
            aside=half(n, i),
            pick_left=whole(n),
            total=half(i),
        ),
        returning=Returning(
            parts=half(c, i), refused=whole(c), rest=half(c, i), sequence=np.zeros((c, i), dtype=np.uint64)
        ),
        desk=Desk(
            behind=whole(n, i),
            stock=whole(n, i),
            asked=whole(n, i),
            given=whole(n, i),
            ordered=whole(s, i),
            chosen=whole(i),
            takes=whole(s),
        ),
        split=Split(*(whole(max(c * (i + 1), s, n)) for _ in Split._fields)),
    )
