"""Input that cannot be meant is refused by both engines alike, by name, before a day is played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import InputError, UsageError
from models.network import Network, simulate

DAYS = {"days": 3, "trials": 1}
ENGINES = ("compiled", "simpy")


def described(**changes: Any) -> dict[str, Any]:
    """One supplier, port, node and market, with changes by list."""
    whole: dict[str, Any] = {
        "suppliers": {"mill": {}},
        "ports": {"harbour": {"servers": 1}},
        "nodes": {"depot": {"port": "harbour"}},
        "lanes": [{"from": "mill", "to": "depot", "transit": 2}],
        "markets": {"north": {"nodes": ["depot"], "demand": {"tea": 1}}},
        "policies": [{"order_up_to": 50}],
    }
    return whole | changes


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("units", [2**30, 2**31, 2**32 + 7, 2**40])
def test_stock_beyond_what_can_be_counted_is_refused(engine: Any, units: int) -> None:
    network = Network.from_dict(described())
    with pytest.raises(UsageError, match="units: negative or more than"):
        simulate(network, DAYS, engine=engine, on_hand=np.array([[units]]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("units", [2**31, 2**44, 2**50, 2**61])
@pytest.mark.parametrize(
    "policy", [{"policy": "(R,Q)", "reorder_level": 5}, {"policy": "(s,S)", "reorder_level": 5}, {}]
)
def test_orders_beyond_what_can_be_counted_are_refused(engine: Any, units: int, policy: Any) -> None:
    level = "batch" if policy.get("policy") == "(R,Q)" else "order_up_to"
    network = Network.from_dict(described(policies=[policy | {level: units, "on_hand": 0}]))
    with pytest.raises(UsageError, match="units: negative or more than"):
        simulate(network, DAYS, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_negative_stock_is_refused(engine: Any) -> None:
    with pytest.raises(UsageError, match="negative"):
        simulate(Network.from_dict(described()), DAYS, engine=engine, on_hand=np.array([[-1]]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("demand", "problem"),
    [(np.nan, "not whole units"), (1.5, "not whole units"), (2**32 + 7, "units: negative or more than")],
)
def test_demand_that_is_no_count_is_refused(engine: Any, demand: float, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        simulate(Network.from_dict(described()), DAYS, np.full((1, 3, 1, 1), demand), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_demand_in_floating_point_is_taken(engine: Any) -> None:
    network = Network.from_dict(described())
    whole = np.ones((1, 3, 1, 1), dtype=np.int64)
    days = simulate(network, DAYS, whole * 1.0, engine=engine, on_hand=np.array([[9]]))
    assert days.identical(simulate(network, DAYS, whole, engine=engine, on_hand=np.array([[9]])))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"return_delay": np.array([1.5])}, "return_delay: not whole days"),
        ({"return_delay": np.array([np.nan])}, "return_delay: not whole days"),
        ({"transit": 1e300}, "transit: beyond any lead time"),
        ({"days": 1.5}, "not whole numbers"),
        ({"trials": "2"}, "not whole numbers"),
    ],
)
def test_draws_that_cannot_be_meant_are_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        simulate(Network.from_dict(described()), DAYS | given)


@pytest.mark.parametrize(
    ("changes", "address", "problem"),
    [
        ({"grades": {"resale": 1.0, "bogus": 0.3}}, "grades.bogus", "unknown grade"),
        ({"suppliers": {"mill": {"backup": "mill"}}}, "suppliers.mill.backup", "backs itself up"),
        ({"ports": {"harbour": {"servers": 2**40}}}, "ports.harbour.servers", "too many"),
        (
            {"nodes": {"depot": {"port": "harbour", "echelon": "yes"}}},
            "nodes.depot.echelon",
            "neither true nor false",
        ),
        (
            {"markets": {"north": {"nodes": ["depot"], "demand": {"mean": 5, "sd": 2}}}},
            "markets.north.demand",
            "fields of a constant law",
        ),
        (
            {"markets": {"north": {"nodes": ["depot"], "demand": 2**31}}},
            "markets.north.demand",
            "more units a day",
        ),
        ({"return_delay": 1e9}, "return_delay", "longer than a lead time can be"),
        (
            {"ports": {"harbour": {"inspection": {"share": 0.5, "clearance": 1e19}}}},
            "ports.harbour.inspection",
            "longer than a lead time can be",
        ),
        (
            {"return_delay": {"family": "lognormal", "mean": 5, "sd": 1e200}},
            "return_delay",
            "out of reach of the family",
        ),
        ({"return_delay": 10**400}, "return_delay", "not a number"),
        ({"return_delay": {"values": [1, 2], "weights": 1}}, "return_delay", "weights do not fit"),
        (
            {
                "suppliers": {"mill": {}, "forge": {}},
                "policies": [{"node": "depot", "item": "tea", "order_up_to": 50, "shares": {"forge": 1.0}}],
            },
            "policies.0.shares",
            "no supplier that has a share can deliver",
        ),
    ],
)
def test_a_description_that_cannot_be_meant_is_refused_by_name(
    changes: dict[str, Any], address: str, problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        Network.from_dict(described(**changes))
    assert address in str(caught.value)
    assert problem in str(caught.value)


def test_equal_huge_weights_share_alike() -> None:
    delay = {"values": [1, 3], "weights": [1e308, 1e308]}
    law = Network.from_dict(described(return_delay=delay)).laws.return_delay
    assert law is not None
    assert law.mean == 2.0
