"""The event log: order timelines, the customs queue and stock per node as one tidy table."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import NotSupportedError
from models.network import Network, advance, draw, event_log, simulate
from tests.models.network.small_networks import controls_of, draws_of, network_of
from tests.models.network.test_description import described

TIMES = {"production": 1.5, "transit": 2.25, "service": 0.5, "inland": 1.0}


def one_order() -> tuple[Network, object, np.ndarray]:
    network = network_of(policies=[{"node": "N", "item": "X", "order_up_to": 3}])
    return network, draws_of(network, 9, **TIMES), np.eye(9, 1, dtype=np.int64).reshape(1, 9, 1, 1)


def test_the_log_has_the_days_of_an_order_in_order() -> None:
    network, draws, demand = one_order()
    log = event_log(network, draws, demand)  # type: ignore[arg-type]
    orders = log[log.order >= 0]
    assert orders[["event", "day"]].to_numpy().tolist() == [
        ["ordered", 0.0], ["made", 0.0], ["left", 1.5], ["port", 3.75], ["customs", 3.75], ["cleared", 4.25],
        ["available", 5.25], ["received", 6.0],
    ]  # fmt: skip
    assert orders.port.unique().tolist() == ["P"]
    assert orders.units.unique().tolist() == [1]
    assert orders.waiting.tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert log[log.event == "stock"].units.tolist() == [2, 2, 2, 2, 2, 2, 3, 3, 3]


def test_the_log_agrees_with_the_days_of_the_run() -> None:
    network = Network.from_dict(
        described(lanes=[{"from": "A", "to": "N1", "transit": 3.0, "clearance": 0.75}])
    )
    draws = draw(network, days=40, trials=range(5, 7))
    log, days = event_log(network, draws), simulate(network, draws)
    assert set(log.trial) == {5, 6}
    received = log[log.event == "received"].groupby("trial").units.sum()
    assert received.tolist() == days.received.sum(["day", "node", "item"]).values.tolist()
    stock = log[(log.event == "stock") & (log.node == "N1") & (log.trial == 5)].units
    assert stock.tolist() == days.on_hand.sel(node="N1").sum("item").isel(trial=0).values.tolist()


def test_what_only_simpy_can_do_is_refused_by_the_compiled_engine() -> None:
    network, draws, demand = one_order()
    for call in (
        lambda: event_log(network, draws, demand, engine="compiled"),  # type: ignore[arg-type]
        lambda: simulate(network, draws, demand, features=("preemptive_closures",)),  # type: ignore[arg-type]
        lambda: simulate(network, draws, demand, engine="simpy", features=("priority_customs",)),  # type: ignore[arg-type]
    ):
        with pytest.raises(NotSupportedError):
            call()


@pytest.mark.parametrize("cuts", [[], [4], [3, 4, 5, 6]])
def test_a_closure_interrupts_a_service_only_if_asked_to(cuts: list[int]) -> None:
    network = network_of()
    port_open = np.array([[True, True, True, True, False, False, True, True, True, True]])
    draws = draws_of(network, 10, transit=3.5, service=1.25, port_open=port_open)
    controls = controls_of(network, 10, (2, 3))
    from models.network import initial_state

    for features, cleared in (((), 4.75), (("preemptive_closures",), 6.75)):
        state = initial_state(network, range(1), np.array([[3]]))
        for until in [*cuts, 10]:
            demand = np.array([[1] + [0] * 9]).reshape(1, 10, 1, 1)[:, state.day : until]
            state, moved = advance(network, state, until, controls, draws, demand, "simpy", features)
        assert moved.lines.cleared[0, 0] == cleared
