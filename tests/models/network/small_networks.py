"""Small networks for hand-worked cases: everything constant unless a case says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.network import (
    UNLIMITED,
    Controls,
    Draws,
    Movements,
    Network,
    OpenOrders,
    State,
    advance,
    initial_state,
)
from models.streams import keys_of

ENGINES = ("compiled", "simpy")


def network_of(**changes: Any) -> Network:
    """One supplier A, port P, node N, market M, item X; ``changes`` replace whole lists."""
    description: dict[str, Any] = {
        "suppliers": [{"key": "A"}],
        "ports": [{"key": "P", "servers": 1}],
        "nodes": [{"key": "N", "port": "P"}],
        "markets": [{"key": "M", "nodes": ["N"], "backlog_share": 1.0}],
        "items": [{"key": "X"}],
        **changes,
    }
    every = [
        {"supplier": s["key"], "node": n["key"]}
        for s in description["suppliers"]
        for n in description["nodes"]
    ]
    description.setdefault("lanes", every)
    return Network.from_dict(description)


def draws_of(network: Network, days: int, trials: int = 1, **changes: Any) -> Draws:
    """No lead times, no outages, no limits, no returns; ``changes`` are scalars or arrays that broadcast."""
    s, p, n = len(network.suppliers), len(network.ports), len(network.nodes)
    c, i = len(network.demand_points), len(network.items)
    defaults: dict[str, tuple[tuple[int, ...], Any, Any]] = {
        "production": ((s, n, days), 0.0, float),
        "transit": ((s, n, days), 0.0, float),
        "service": ((s, n, days), 0.0, float),
        "inland": ((s, n, days), 0.0, float),
        "transfer": ((n, n, days), 0.0, float),
        "supplier_up": ((s, days), True, bool),
        "capacity": ((s, days), UNLIMITED, np.int64),
        "port_open": ((p, days), True, bool),
        "return_share": ((c, i), 0.0, float),
        "refusal_share": ((c, days), 0.0, float),
    }
    arrays = {}
    for name, (shape, value, dtype) in defaults.items():
        given = np.asarray(changes.get(name, value), dtype=dtype)
        lead = given.shape[0] if given.ndim == len(shape) + 1 else 1
        arrays[name] = np.broadcast_to(given, (lead, *shape)).copy()
    keys = keys_of(1, [f"returns/{m}/{x}" for m in network.demand_points for x in network.items]).reshape(
        c, i, 2
    )
    return Draws(
        first_trial=0,
        **arrays,
        return_keys=keys,
        return_delay=np.asarray(changes.get("return_delay", [3]), dtype=np.int64),
    )


def controls_of(
    network: Network, days: int, levels: tuple[int, int] | None = None, **changes: Any
) -> Controls:
    """(s, S) levels for every node and item; without them nothing is ever ordered."""
    shape = (len(network.nodes), len(network.items))
    named = (
        {}
        if levels is None
        else {"reorder_level": np.full(shape, levels[0]), "order_up_to": np.full(shape, levels[1])}
    )
    return Controls.constant(network, days, **{**named, **changes})


# nine arguments: what a case says and what it leaves out, by name
def run(
    engine: str,
    network: Network,
    demand: Sequence[Any] | np.ndarray,
    *,
    levels: tuple[int, int] | None = None,
    on_hand: Any = 0,
    backlog: Any = None,
    opened: OpenOrders | None = None,
    stages: Any = None,
    controls: Controls | None = None,
    **changes: Any,
) -> tuple[State, Movements]:
    """One trial; ``demand`` by day: one number for all markets and items, or (market, item)."""
    days = len(demand)
    c, i, n = len(network.demand_points), len(network.items), len(network.nodes)
    wanted = np.array([np.broadcast_to(np.asarray(d), (c, i)) for d in demand], dtype=np.int64)[None]
    state = initial_state(
        network,
        range(1),
        np.broadcast_to(np.asarray(on_hand), (n, i)).astype(np.int64),
        backlog=None if backlog is None else np.broadcast_to(np.asarray(backlog), (c, i)).astype(np.int64),
        open_orders=opened,
        open_stage_days=stages,
    )
    choice = controls or controls_of(network, days, levels)
    draws = draws_of(network, days, **changes)
    draws.check(network, 1)
    return advance(network, state, days, choice, draws, wanted, engine)  # type: ignore[arg-type]


def line(moved: Movements, row: int) -> Mapping[str, float]:
    """One order line of trial 0 by column."""
    names = (
        "day_ordered",
        "node",
        "supplier",
        "item",
        "units",
        "left",
        "port",
        "cleared",
        "available",
        "received",
    )
    return {name: getattr(moved.lines, name)[0, row].item() for name in names}


def column(moved: Movements, name: str) -> list[Any]:
    """One column of trial 0's order lines."""
    return getattr(moved.lines, name)[0, : moved.lines.count[0]].tolist()
