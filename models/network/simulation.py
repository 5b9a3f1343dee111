"""One call for analysts: a network and its draws in; labelled units by day, or the log of its orders, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from models.arrays import IntArray
from models.errors import NotSupportedError, UsageError
from models.network import kernel, process
from models.network.controls import Controls
from models.network.dataset import to_dataset
from models.network.draws import Draws
from models.network.movements import Movements
from models.network.parts import LARGEST
from models.network.process import Event
from models.network.sampling import draw
from models.network.spec import Network
from models.network.state import State, initial_state
from models.network.timelines import journal_table, stock_table

Engine = Literal["compiled", "simpy"]


def advance(  # noqa: PLR0913 - the face of both engines: each argument is one of theirs
    network: Network,
    state: State,
    until: int,
    controls: Controls,
    draws: Draws,
    demand: IntArray,
    engine: Engine = "compiled",
    features: tuple[str, ...] = (),
    workers: int = 0,
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements from ``state.day`` on, by the engine named; both give the
    same bytes, the compiled one by any number of ``workers`` (threads; 0: one per core).

    ``demand`` (trial, day, demand_point, item) units of the days from ``state.day`` to ``until - 1``. The
    state given is used up. ``features`` are what only the SimPy engine can do; the compiled one refuses them.

    Raises
    ------
    UsageError
        where ``engine`` is neither of the two
    """
    if engine not in ("compiled", "simpy"):
        raise UsageError(f"engine: unknown | got {engine!r} | use 'compiled' or 'simpy'")
    if engine == "simpy":
        return process.advance(network, state, until, controls, draws, demand, features)
    return kernel.advance(network, state, until, controls, draws, demand, features, workers)


@dataclass(frozen=True, eq=False)
class _Start:
    """What a run begins with."""

    draws: Draws
    demand: IntArray
    state: State
    controls: Controls

    @property
    def until(self) -> int:
        return self.state.day + self.demand.shape[1]


def simulate(  # noqa: PLR0913 - the face of notebooks: everything but network and draws has a default
    network: Network,
    draws: Draws | Mapping[str, Any],
    demand: IntArray | None = None,
    *,
    engine: Engine = "compiled",
    on_hand: IntArray | None = None,
    controls: Controls | None = None,
    state: State | None = None,
    features: tuple[str, ...] = (),
    workers: int = 0,
) -> xr.Dataset:
    """Units by trial, day and where they are: demanded, sold, filled (demand served on its day), lost,
    backlog, returned (market, item); on_hand, on_order, received, restocked, given, in_transfer (node, item);
    overflow (node).

    ``draws`` are those of ``draw(network, ...)`` or its arguments as a mapping. ``demand`` (T, days, C, I)
    replaces theirs. ``on_hand`` (N, I) starts the run, else the policies' opening stock, unless a whole
    ``state`` is given. Controls default to the network's own policies. ``workers`` are the threads that draw
    and that run the compiled engine (0: one per core); no number depends on them.

    >>> network = Network.from_dict({
    ...     "suppliers": {"mill": {"capacity_per_week": 700}},
    ...     "ports": {"harbour": {"servers": 2, "clearance": 1.5,
    ...                           "inspection": {"share": 0.1, "clearance": 6.0}}},
    ...     "nodes": {"depot": {"port": "harbour", "pick_capacity": 60}},
    ...     "lanes": [{"from": "mill", "to": "depot", "production": 3.0,
    ...                "transit": {"family": "lognormal", "mean": 12.0, "sd": 4.0}}],
    ...     "markets": {"north": {"nodes": ["depot"], "backlog_share": 0.5, "return_share": 0.1,
    ...                           "demand": {"tea": {"family": "poisson", "mean": 5.0}}}},
    ...     "policies": [{"policy": "(s,S)", "reorder_level": 120, "order_up_to": 180}],
    ... })
    >>> fast = simulate(network, {"days": 60, "trials": 4, "seed": 7})
    >>> fast.identical(simulate(network, {"days": 60, "trials": 4, "seed": 7}, engine="simpy"))
    True
    >>> waiting = fast.backlog - fast.backlog.shift(day=1, fill_value=0)
    >>> bool((fast.demanded == fast.sold + fast.lost + waiting).all())
    True
    """
    if not isinstance(draws, Draws):
        draws = {"workers": workers, **draws}
    start = _start(network, draws, demand, on_hand, controls, state)
    coming = start.state.transfers_due.copy()
    _, moved = advance(
        network,
        start.state,
        start.until,
        start.controls,
        start.draws,
        start.demand,
        engine,
        features,
        workers,
    )
    return to_dataset(network, moved, start.demand, coming, workers)


def event_log(
    network: Network,
    draws: Draws | Mapping[str, Any],
    demand: IntArray | None = None,
    *,
    engine: Engine = "simpy",
    on_hand: IntArray | None = None,
    controls: Controls | None = None,
    state: State | None = None,
    features: tuple[str, ...] = (),
) -> pd.DataFrame:
    """What happened in a run of the SimPy engine, one row an event: trial, day, event, order, node, supplier,
    port, units, waiting.

    Events of an order: ordered, made, left, port, customs, cleared, available, received; ``units`` are its
    units, ``waiting`` the orders in its port's queue after the event. Event ``stock``: units in a node at the
    end of a day (order -1).

    Raises
    ------
    NotSupportedError
        where ``engine`` is the compiled one, which keeps no journal
    """
    if engine != "simpy":
        raise NotSupportedError(f"event_log: not supported by the {engine} engine | use engine='simpy'")
    start = _start(network, draws, demand, on_hand, controls, state)
    journal: list[Event] = []
    after, moved = process.advance(
        network, start.state, start.until, start.controls, start.draws, start.demand, features, journal
    )
    log = journal_table(network, journal, after)
    stock = stock_table(network, moved, start.draws.first_trial)
    columns = ["trial", "day", "event", "order", "node", "supplier", "port", "units", "waiting"]
    whole = pd.concat([log, stock], ignore_index=True) if len(log) else stock
    return whole[columns].sort_values(["trial", "day"], kind="stable", ignore_index=True)


def opening_stock(network: Network) -> IntArray:
    """(N, I) units that the policies open with."""
    stock = np.zeros((len(network.nodes), len(network.items)), dtype=np.int64)
    node_at = {key: at for at, key in enumerate(network.nodes)}
    item_at = {key: at for at, key in enumerate(network.items)}
    for (node, item), policy in network.policies.items():
        stock[node_at[node], item_at[item]] = policy.opening
    return stock


def _start(
    network: Network,
    draws: Draws | Mapping[str, Any],
    demand: IntArray | None,
    on_hand: IntArray | None,
    controls: Controls | None,
    state: State | None,
) -> _Start:
    drawn = draws if isinstance(draws, Draws) else draw(network, **draws)
    wanted = drawn.demand if demand is None else _whole(np.asarray(demand))
    if wanted.ndim != 4 or wanted.size == 0:
        raise UsageError(
            f"demand: no demand to serve | got {wanted.shape} | draw it or give (trial, day, market, item)"
        )
    if isinstance(draws, Draws) or demand is not None:  # draws made here fit their own demand
        drawn.check(network, len(wanted))
    if state is not None and on_hand is not None:
        raise UsageError("on_hand: given beside a state | got both | the state says what is in stock")
    block = range(drawn.first_trial, drawn.first_trial + len(wanted))
    stock = opening_stock(network) if on_hand is None else np.asarray(on_hand, dtype=np.int64)
    begin = initial_state(network, block, stock) if state is None else state.copy()
    last = begin.day + wanted.shape[1]
    choice = Controls.constant(network, last) if controls is None else controls
    return _Start(drawn, wanted, begin, choice)


def _whole(demand: Any) -> IntArray:
    """Demand in whole units, or an error."""
    if demand.dtype.kind in "iu":
        return np.asarray(demand)
    if demand.dtype.kind != "f" or not np.all(demand == np.floor(demand)) or np.any(np.abs(demand) > LARGEST):
        raise UsageError(f"demand: not whole units | got {demand.dtype} | give whole numbers of units")
    return demand.astype(np.int64)
