"""A network's description: what it may say, and every fault of it at once, by name."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import models.network
from models.errors import InputError, UsageError
from models.network import Controls, Network, Policy, draw, opening_stock, simulate


def described(**changes: Any) -> dict[str, Any]:
    return {
        "suppliers": {"A": {}, "B": {}},
        "ports": {"P": {"servers": 2}},
        "nodes": {"N1": {"port": "P"}, "N2": {"port": "P"}},
        "lanes": [{"from": "A", "to": "N1", "transit": 3.0}, {"from": "B", "to": "N2"}],
        "markets": {"M": {"nodes": ["N1", "N2"], "demand": {"X": 2, "Y": 1}}},
        "policies": [{"order_up_to": 9}],
        **changes,
    }


def faults_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        Network.from_dict(described(**changes))
    return {fault.column: fault.problem for fault in caught.value.faults}


def test_every_kind_of_fault_is_reported_at_once_by_name() -> None:
    found = faults_of(
        suppliers=[{"key": "A", "capacity_per_week": 0}, {"key": "A"}, {"key": "B", "backup": "Z"}],
        ports={"P": {"servers": 0, "clearance": math.nan}},
        nodes={
            "N1": {"port": "P", "pick_capacity": 0},
            "N2": {"port": "Q"},
            "N3": {"port": "P"},
            "N4": {"port": "P"},
        },
        lanes=[
            {"from": "A", "to": "N1", "transit": -2.0},
            {"from": "A", "to": "nowhere"},
            {"from": "ghost", "to": "N1"},
            {"from": "N3", "to": "N4", "transit": 1},
            {"from": "N4", "to": "N3", "transit": 1},
            {"from": "A", "to": "N1"},
        ],
        markets={"M": {"nodes": []}, "O": {"nodes": ["N9"], "backlog_share": 1.5, "demand": {"X": math.inf}}},
        policies=[
            {"node": "N1", "item": "X", "policy": "(s,S)", "reorder_level": 9, "order_up_to": 9},
            {"node": "N1", "item": "X", "batch": 0, "reorder_level": 1.5},
            {"policy": "guess"},
            {"node": "N2", "item": "X", "policy": "periodic", "order_up_to": 3},
        ],
        grades=[0.5, 0.1, 0.1, 0.1],
        colour="red",
    )  # fmt: skip
    assert found == {
        "suppliers.A": "key is empty or given twice",
        "suppliers.B.backup": "unknown supplier",
        "ports.P.servers": "not a usable whole number",
        "ports.P.clearance": "not a number",
        "nodes.N1.pick_capacity": "not a usable whole number",
        "nodes.N2.port": "unknown port",
        "lanes.0.transit": "negative",
        "lanes.1.to": "unknown node",
        "lanes.2.from": "unknown supplier",
        "lanes": "cycle without source",
        "lanes.5": "lane given twice",
        "markets.M.nodes": "no node serves the market",
        "markets.O.nodes": "unknown node",
        "markets.O.backlog_share": "not a share",
        "markets.O.demand.X": "not a number",
        "policies.0": "reorder level not below the order-up-to level",
        "policies.1": "node and item given twice",
        "policies.1.batch": "not a usable whole number",
        "policies.1.reorder_level": "not a usable whole number",
        "policies.2.policy": "unknown policy",
        "policies.3": "no supplier with a lane to the node makes the item",
        "policies.3.review_days": "missing for a periodic policy",
        "grades": "not four shares that sum to one",
        "colour": "unknown field",
    }


def test_the_text_of_a_fault_gives_address_problem_value_and_remedy() -> None:
    with pytest.raises(InputError, match=re.escape("lanes.0.transit | negative | got -2.0 | at least 0")):
        Network.from_dict(described(lanes=[{"from": "A", "to": "N1", "transit": -2.0}]))


@pytest.mark.parametrize("value", [0, -5, 1.5, math.nan, math.inf, "9", True, [3], {}])
def test_a_capacity_that_is_no_positive_whole_number_is_a_fault(value: Any) -> None:
    assert faults_of(suppliers={"A": {"capacity_per_week": value}, "B": {}}) == {
        "suppliers.A.capacity_per_week": "not a usable whole number"
    }


@pytest.mark.parametrize(
    "law",
    [
        "12",
        math.nan,
        {"family": "cauchy", "mean": 3},
        {"family": "lognormal", "mean": 3},
        {"family": "lognormal", "mean": 3, "sd": 1, "floor": 4},
        {"family": "loglogistic", "mean": 3, "sd": math.inf},
        {"values": [], "weights": []},
        {"values": [1, -1]},
        {"values": [1, 2], "weights": [0, 0]},
        {"family": "uniform", "low": 3, "high": 1},
    ],
)  # fmt: skip
def test_a_law_that_cannot_be_meant_is_a_fault(law: Any) -> None:
    assert set(faults_of(lanes=[{"from": "A", "to": "N1", "lead_time": law}])) == {"lanes.0.lead_time"}


@pytest.mark.parametrize("description", [{}, {"suppliers": 3}, {"nodes": [4]}, {"lanes": "A to B"}, []])
def test_a_description_of_another_kind_is_faults_and_no_crash(description: Any) -> None:
    with pytest.raises(InputError):
        Network.from_dict(description)


def test_the_order_of_lists_changes_nothing() -> None:
    given = described(policies=[{"node": "N1", "order_up_to": 9}, {"order_up_to": 4}])
    turned = {
        name: list(reversed([{"key": k, **v} for k, v in value.items()]))
        if isinstance(value, dict)
        else value[::-1]
        for name, value in given.items()
    }
    run = {"days": 30, "trials": 2}
    assert simulate(Network.from_dict(given), run).identical(simulate(Network.from_dict(turned), run))


def test_the_most_particular_policy_holds() -> None:
    network = Network.from_dict(
        described(
            policies=[
                {"order_up_to": 1},
                {"item": "X", "order_up_to": 2},
                {"node": "N1", "order_up_to": 3},
                {"node": "N1", "item": "X", "R": 4, "Q": 6},
            ]
        )
    )
    assert network.policies["N1", "X"] == Policy(kind="R_Q", reorder_level=4, batch=6)
    tops = {pair: policy.order_up_to for pair, policy in network.policies.items()}
    assert (tops["N1", "Y"], tops["N2", "X"], tops["N2", "Y"]) == (3, 2, 1)
    assert opening_stock(network).tolist() == [[10, 3], [2, 1]]


def test_levels_may_change_by_day() -> None:
    network = Network.from_dict(described(policies=[{"order_up_to": [5, 5, 8]}]))
    controls = Controls.constant(network, 5)
    assert controls.order_up_to[0, :, 0, 0].tolist() == [5, 5, 8, 8, 8]
    by_day = Controls.constant(network, 3, batch=np.ones((3, 2, 2)), policy=np.ones((2, 2)))
    assert by_day.policy.shape == (1, 3, 2, 2)
    with pytest.raises(UsageError):
        Controls.constant(network, 3, level=np.ones((2, 2)))


def test_draws_are_addressed_by_meaning() -> None:
    law = {"family": "gamma", "mean": 9, "sd": 3}
    network = Network.from_dict(described(lanes=[{"from": "A", "to": "N1", "transit": law}]))
    larger = Network.from_dict(
        described(
            nodes={"N0": {"port": "P"}, "N1": {"port": "P"}, "N2": {"port": "P"}},
            lanes=[{"from": "A", "to": "N0", "transit": law}, {"from": "A", "to": "N1", "transit": law}],
        )
    )
    a, b = draw(network, days=9, trials=range(2, 5)), draw(larger, days=30, trials=8)
    assert np.array_equal(a.transit[:, 0, 0], b.transit[2:5, 0, 1, :9])
    assert np.array_equal(a.demand, b.demand[2:5, :9])


def test_laws_have_their_moments() -> None:
    for law, mean, sd in (
        ({"family": "lognormal", "mean": 12, "sd": 4}, 12, 4),
        ({"family": "gamma", "mean": 12, "sd": 4, "floor": 5}, 12, 4),
        ({"family": "weibull", "mean": 12, "sd": 4}, 12, 4),
        ({"family": "loglogistic", "mean": 12, "sd": 4}, 12, 4),
        ({"family": "exponential", "mean": 12}, 12, 12),
        ({"family": "uniform", "low": 6, "high": 18}, 12, 12 / math.sqrt(12)),
        ({"values": [1, 5], "weights": [3, 1]}, 2, math.sqrt(3)),
        ({"family": "mixture", "laws": [2, {"family": "gamma", "mean": 8, "sd": 2}]}, 5, math.sqrt(11)),
        (7, 7, 0),
    ):
        read = models.network.read_law(law)
        values = read.at((np.arange(200_000) + 0.5) / 200_000)
        assert read.mean == pytest.approx(mean)
        assert values.mean() == pytest.approx(mean, rel=2e-3)
        assert values.std() == pytest.approx(sd, rel=2e-2)


def test_poisson_demand_has_its_probabilities() -> None:
    network = Network.from_dict(described())
    network = Network.from_dict(
        described(markets={"M": {"nodes": ["N1"], "demand": {"X": {"family": "poisson", "mean": 2.5}}}},
                  policies=[])
    )  # fmt: skip
    units = draw(network, days=365, trials=200).demand[..., 0]
    n = units.size
    for value, chance in ((0, 0.0820850), (2, 0.2565156), (6, 0.0278345)):
        share = float((units == value).mean())
        assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / n)


def test_outages_follow_their_chain_and_spans_close() -> None:
    network = Network.from_dict(
        described(
            suppliers={"A": {"outages": {"fail": 0.04, "repair": 0.25}}, "B": {"down": [[2, 3]]}},
            ports={"P": {"servers": 1, "closures": [[0, 0], [4, 9]]}},
        )
    )
    draws = draw(network, days=400, trials=100)
    down = 1.0 - draws.supplier_up[:, 0, 100:].mean(axis=1)
    assert abs(down.mean() - 0.04 / 0.29) < 4 * down.std(ddof=1) / 10
    assert np.flatnonzero(~draws.supplier_up[0, 1]).tolist() == [2, 3]
    assert np.flatnonzero(~draws.port_open[0, 0]).tolist() == [0, 4, 5, 6, 7, 8, 9]


def test_given_fields_replace_what_the_laws_would_draw() -> None:
    network = Network.from_dict(described())
    draws = draw(network, days=4, trials=3, transit=1.3, demand=np.full((4, 1, 2), 5))
    assert np.unique(draws.transit).tolist() == [1331 / 1024]
    assert draws.demand.shape == (3, 4, 1, 2)
    for bad in ({"transit": -1.0}, {"speed": 3}, {"demand": 0.5}, {"transit": np.zeros(7)}):
        with pytest.raises(UsageError):
            draw(network, days=4, trials=3, **bad)
    with pytest.raises(UsageError):
        draw(network, days=0)


def test_the_example_of_the_readme_runs() -> None:
    text = (Path(str(models.network.__file__)).parent / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {}
    exec(block.group(1), names)  # noqa: S102 (our own README)
    assert 0.9 < names["fill"] < 1.0
