"""One call for analysts: a network, its draws and its demand in; units by day, labelled, out."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from models.errors import UsageError
from models.network import kernel, process
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.movements import Movements
from models.network.spec import IntArray, Network
from models.network.state import State, initial_state

Engine = Literal["compiled", "simpy"]


def advance(
    network: Network,
    state: State,
    until: int,
    controls: Controls,
    draws: Draws,
    demand: IntArray,
    engine: Engine = "compiled",
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements from ``state.day`` on, by the engine named; both give the
    same bytes.

    ``demand`` (T, days, C, I) units of the days from ``state.day`` to ``until - 1``. The state given
    is used up.
    """
    if engine not in ("compiled", "simpy"):
        raise UsageError(f"engine: unknown | got {engine!r} | use 'compiled' or 'simpy'")
    play = kernel.advance if engine == "compiled" else process.advance
    return play(network, state, until, controls, draws, demand)


def simulate(
    network: Network,
    draws: Draws,
    demand: IntArray,
    *,
    on_hand: IntArray,
    controls: Controls | None = None,
    state: State | None = None,
    engine: Engine = "compiled",
) -> xr.Dataset:
    """Units by trial and day: demanded, sold, lost, backlog, returned (market, item); on_hand, on_order,
    received (node, item).

    ``demand`` (T, days, C, I); ``on_hand`` (N, I) starts the run unless a whole ``state`` is given;
    controls default to the
    network's own policies on every day.
    """
    trials, days = demand.shape[:2]
    draws.check(network, trials)
    block = range(draws.first_trial, draws.first_trial + trials)
    begin = initial_state(network, block, on_hand) if state is None else state.copy()
    choice = Controls.constant(network, begin.day + days) if controls is None else controls
    _, moved = advance(network, begin, begin.day + days, choice, draws, demand, engine)
    return to_dataset(network, moved, demand)


def to_dataset(network: Network, moved: Movements, demand: IntArray) -> xr.Dataset:
    """Movements as labelled arrays in units."""
    trials, days = demand.shape[:2]
    sold = np.zeros((trials, days, len(network.markets), len(network.items)), dtype=np.int64)
    for arc, market in enumerate(network.arc_market):
        sold[:, :, market] += moved.shipped[:, :, arc]
    returned, received = np.zeros_like(sold), np.zeros((trials, *moved.on_hand.shape[1:]), dtype=np.int64)
    for t in range(trials):
        rows = moved.returns[t, : moved.returns_count[t]]
        np.add.at(
            returned[t], (rows[:, 0] - moved.first_day, rows[:, 1], rows[:, 2]), rows[:, 3:].sum(axis=1)
        )
        lines = moved.lines
        day = lines.received[t, : lines.count[t]]
        seen = np.flatnonzero((day >= moved.first_day) & (day < moved.until))
        where = (day[seen] - moved.first_day, lines.node[t, seen], lines.item[t, seen])
        np.add.at(received[t], where, lines.units[t, seen])
    market, node = ("trial", "day", "market", "item"), ("trial", "day", "node", "item")
    arrays = {
        "demanded": (market, demand),
        "sold": (market, sold),
        "lost": (market, moved.lost),
        "backlog": (market, moved.backlog),
        "returned": (market, returned),
        "on_hand": (node, moved.on_hand),
        "on_order": (node, moved.on_order),
        "received": (node, received),
    }
    return xr.Dataset(
        {
            name: (dims, np.asarray(values, dtype=np.int64), {"units": "units"})
            for name, (dims, values) in arrays.items()
        },
        coords={
            "day": np.arange(moved.first_day, moved.until),
            "market": list(network.markets),
            "node": list(network.nodes),
            "item": list(network.items),
        },
    )
