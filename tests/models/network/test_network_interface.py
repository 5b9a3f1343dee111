"""What a caller meets: descriptions with faults, labelled results, features only one engine has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError, NotSupportedError, UsageError
from models.network import Network, kernel, simulate
from tests.models.network.random_networks import play, random_case
from tests.models.network.small_networks import controls_of, draws_of, network_of


def test_every_fault_of_a_description_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Network.from_dict(
            {
                "suppliers": [{"key": "A", "capacity_per_week": 0, "backup": "Z"}],
                "ports": [{"key": "P", "servers": 0}],
                "nodes": [{"key": "N", "port": "Q"}],
                "markets": [{"key": "M", "nodes": []}],
                "items": [{"key": "X", "suppliers": ["Y"]}],
                "lanes": [{"supplier": "A", "node": "nowhere", "transit": -1.0}],
            }
        )
    named = {fault.column for fault in caught.value.faults}
    assert named == {
        "suppliers.A.capacity_per_week",
        "suppliers.A.backup",
        "ports.P.servers",
        "nodes.N.port",
        "markets.M.nodes",
        "items.X.suppliers",
        "lanes.0.node",
        "lanes.0.transit",
    }


def test_both_engines_give_the_same_labelled_days() -> None:
    network = network_of(policies=[{"node": "N", "item": "X", "reorder_level": 5, "order_up_to": 9}])
    draws = draws_of(network, 30, return_share=0.3, transit=2.0)
    demand = np.arange(30).reshape(1, 30, 1, 1) % 4
    results = [
        simulate(network, draws, demand, on_hand=np.array([[9]]), engine=e) for e in ("compiled", "simpy")
    ]
    assert results[0].identical(results[1])
    assert set(results[0].data_vars) >= {
        "demanded", "sold", "lost", "backlog", "returned", "on_hand", "on_order", "received",
    }  # fmt: skip
    assert all(v.attrs["units"] == "units" for v in results[0].data_vars.values())
    assert int(results[0].received.sum()) > 0


def test_features_of_the_simpy_engine_are_refused_by_the_compiled_one() -> None:
    case = random_case(0)
    with pytest.raises(NotSupportedError):
        kernel.advance(
            case.network,
            case.fresh(),
            case.days,
            case.controls,
            case.draws,
            case.demand,
            ("priority_customs",),
        )


def test_negative_demand_and_days_that_were_not_drawn_are_refused() -> None:
    case = random_case(0)
    with pytest.raises(UsageError):
        play(kernel, replace(case, demand=case.demand - 10))
    longer = np.concatenate([case.demand, case.demand[:, :1]], axis=1)
    with pytest.raises(UsageError):
        play(kernel, replace(case, demand=longer, days=case.days + 1))


def test_lead_times_that_are_no_multiple_of_a_1024th_are_refused() -> None:
    network = network_of()
    with pytest.raises(UsageError, match="1/1024"):
        draws_of(network, 3, transit=0.1).check(network, 1)


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(UsageError):
        controls_of(network_of(), 3, (1, 2), share=np.array([1.5]))
