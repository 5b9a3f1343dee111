"""Ports that cannot keep up: their queues grow all year, and both engines serve them in the same order."""

import numpy as np

from models.network import Controls, Network, draw, initial_state, kernel, opening_stock, process
from tests.benchmarks.reference_network import reference

DAYS = 200


def test_hundreds_of_orders_at_customs_are_cleared_in_the_same_order_by_both_engines() -> None:
    described = reference(items=12, nodes=12, markets=18)
    for port in described["ports"].values():
        port["servers"] = 1
    network = Network.from_dict(described)
    draws = draw(network, days=DAYS, trials=1)
    controls = Controls.constant(network, DAYS)
    states = []
    for engine in (kernel, process):
        state = initial_state(network, range(1), opening_stock(network))
        states.append(engine.advance(network, state, DAYS, controls, draws, draws.demand)[0])
    compiled, simpy = states
    used, orders = slice(int(compiled.lines.count[0])), slice(int(compiled.orders.count[0]))
    arrived = np.isfinite(compiled.lines.port[0, compiled.orders.first_line[0, orders]])
    assert np.sum(arrived & np.isinf(compiled.orders.started[0, orders])) > 200
    for name in ("port", "cleared", "available", "received"):
        one, other = (getattr(state.lines, name)[0, used] for state in (compiled, simpy))
        assert np.array_equal(one, other), name
    assert np.array_equal(compiled.on_hand, simpy.on_hand)
