"""The bad networks of a user: every fault at once, by name, in a plan and in a network's own description."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.load import load_plan
from models.errors import InputError
from models.network import Network
from tests.tiny_plan import tiny_files, write_plan


def test_every_fault_of_a_plans_network_is_named_at_once(tmp_path: Path) -> None:
    files = dict(tiny_files())
    plan = str(files["plan.yaml"])
    for old, new in (
        ("nodes: [windhoek]", "nodes: []"),
        ("{supplier: CN1, node: oslo,", "{supplier: CN1, node: bergen,"),
        ("{supplier: KR1, node: oslo,", "{supplier: XX9, node: oslo,"),
        ("transit: {mean: 40,", "transit: {mean: -40,"),
        ("transit: {mean: 42,", "transit: {mean: 4200,"),
        ("capacity_per_week: 2000", "capacity_per_week: 0"),
        ("servers: 2", "servers: 0"),
    ):
        assert old in plan
        plan = plan.replace(old, new, 1)
    files["plan.yaml"] = plan
    purchases = str(files["data/purchase_orders.csv"])
    header, first, *rest = purchases.split("\n")
    cells = dict(zip(header.split(","), first.split(","), strict=True))
    assert cells["ordered_on"] > "2024"
    cells["ordered_on"] = "2019-01-01"
    files["data/purchase_orders.csv"] = "\n".join([header, ",".join(cells.values()), *rest])
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(tmp_path / "bad", files))
    said = [str(fault) for fault in raised.value.faults]
    for part in (
        "markets[1].nodes: a market that no node serves",
        "lanes[0].node: unknown node | got bergen",
        "lanes[2].supplier: unknown supplier | got XX9",
        "lanes[1].transit.mean: input should be greater than or equal to 0 | got -40",
        "lanes[3].transit.mean: input should be less than or equal to 1000 | got 4200",
        "suppliers[0].capacity_per_week: input should be greater than or equal to 1 | got 0",
        "ports[0].servers: input should be greater than or equal to 1 | got 0",
        "more than 1,000 days after the stage before",
    ):
        assert any(part in line for line in said), (part, said)


def test_every_fault_of_a_described_network_is_named_at_once() -> None:
    description = {
        "suppliers": {"A": {"capacity_per_week": 0}, "B": {}},
        "ports": {"P": {"servers": 0}},
        "nodes": {"N1": {"port": "P", "pick_capacity": 0}, "N2": {"port": "P"}, "N3": {"port": "Q"}},
        "lanes": [
            {"from": "A", "to": "N3", "transit": -3},
            {"from": "Z", "to": "N3", "transit": 3},
            {"from": "A", "to": "nowhere", "transit": 3},
            {"from": "B", "to": "N3", "transit": {"family": "lognormal", "mean": 5000, "sd": 10}},
            {"from": "N1", "to": "N2", "transit": 1},
            {"from": "N2", "to": "N1", "transit": 1},
        ],
        "markets": {"M": {"nodes": [], "demand": {"x": 3}}, "M2": {"nodes": ["N9"], "demand": {"x": 3}}},
        "policies": [{"node": "N3", "item": "x", "reorder_level": 5, "order_up_to": 9}],
    }
    with pytest.raises(InputError) as raised:
        Network.from_dict(description)
    said = [str(fault) for fault in raised.value.faults]
    for part in (
        "cycle without source",
        "lanes.2.to | unknown node | got nowhere",
        "lanes.0.transit | negative | got -3",
        "lanes.3.transit | longer than a lead time can be | got 5000 days",
        "markets.M.nodes | no node serves the market",
        "markets.M2.nodes | unknown node | got N9",
        "suppliers.A.capacity_per_week",
        "nodes.N1.pick_capacity",
        "ports.P.servers",
        "lanes.1.from | unknown supplier | got Z",
        "nodes.N3.port | unknown port | got Q",
    ):
        assert any(part in line for line in said), (part, said)
