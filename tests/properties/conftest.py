"""Plans of the chain tests: written and calibrated once for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.demo import write_demo
from tests.properties.chain_support import Chain, Config, Tables, absorb, edited
from tests.tiny_plan import tiny_files, write_plan

SQUEEZE = """\
name: squeeze
why: a test of everything that may be different from trial to trial
source: test
shocks:
  - {driver: demand, change: {scale: {distribution: uniform, low: 0.5, high: 1.4}, unit: x}, start: +1m,
     shape: {hold: 2m, recover: 1m}, probability: 0.6}
  - {driver: supplier_capacity, where: {supplier: top_supplier}, change: {scale: 0.3, unit: x},
     start: {distribution: uniform, low: 10, high: 70, unit: d}, shape: {hold: 6w}}
  - {driver: lead_time, change: {add: 9, unit: days}, shape: {ramp: 1m}}
  - {driver: refusal_share, change: {add: 4, unit: pp}, probability: 0.5}
responses:
  - {name: failover, detection_days: 2, reaction_days: 3}
  - {name: cash_floor, floor: 78000, recovery: 80000, spend_cut: 0.6, purchase_share: 0.4}
"""
"""A scenario in which both kinds of responses are triggered on the stressed plan."""


def stress(config: Config) -> None:
    """Suppliers that are often down and make too little, ports with one clerk."""
    for supplier in config["suppliers"]:
        supplier |= {"capacity_per_week": 30, "outages_per_year": 4, "outage_days": 30}
    for port in config["ports"]:
        port |= {"servers": 1, "closures_per_year": 6}
    for market in config["markets"]:
        market |= {"refusal_share": 0.02, "backlog_share": 0.2}


def shelves_nearly_empty(tables: Tables) -> None:
    """A fifth of the opening stock, five times as dear so that the account still ties: sales are lost before
    the first orders arrive.
    """
    stock = tables["inventory"]
    stock["on_hand"] = [str(int(units) // 5) for units in stock["on_hand"]]
    stock["unit_landed_cost"] = [str(5.0 * float(cost)) for cost in stock["unit_landed_cost"]]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that all plans of the chain tests are written to."""
    return tmp_path_factory.mktemp("chain")


@pytest.fixture(scope="session")
def demo_folder(places: Path) -> Path:
    """The demo company with a twentieth of its customers."""
    write_demo(places / "demo", customers_scale=0.05)
    return places / "demo"


@pytest.fixture(scope="session")
def demo(demo_folder: Path) -> Chain:
    """The small demo company."""
    return Chain.of(demo_folder)


@pytest.fixture(scope="session")
def absorbing(places: Path) -> Chain:
    """The demo company in full, its prices where they are: large enough for mild shocks to show."""
    write_demo(places / "whole-demo")
    return Chain.of(edited(places / "whole-demo", places / "absorbing", absorb))


@pytest.fixture(scope="session")
def tiny_folder(places: Path) -> Path:
    """Two markets, two suppliers, two nodes, three items."""
    return write_plan(places / "tiny", tiny_files())


@pytest.fixture(scope="session")
def stressed(tiny_folder: Path, places: Path) -> Chain:
    """The tiny plan with returns, failover, binding capacity, open orders and triggered responses."""
    scenarios = {"squeeze.yaml": SQUEEZE}
    return Chain.of(edited(tiny_folder, places / "stressed", stress, shelves_nearly_empty, scenarios))


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Chain tests share plans and calibrations: one worker runs them all."""
    for item in items:
        if Path(item.path).name.startswith("test_chain_"):
            item.add_marker(pytest.mark.xdist_group("chain"))
