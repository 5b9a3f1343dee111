from __future__ import annotations

import pytest

from engine.drivers import DRIVERS, GRAPH, HEADLINE_METRICS, downstream, driver
from engine.stages.measure import cube_variables
from models.errors import did_you_mean
from tests.driver_probes import FIRST_MOVED, PROBES

NAMED_IN_THE_ISSUE = {
    "duty_rate", "demand", "lead_time", "supplier_capacity", "port_closure", "clearance", "freight", "fx",
    "unit_cost", "congestion",
    "net_price", "price_elasticity", "refusal_share", "spend", "cac",
}  # fmt: skip

CUBE = {variable.name for variable in cube_variables()}

# MONTECARLO.md §4: net revenue, CM2, EBITDA, minimum cash, CCC, top-1
SIGNS = {
    "duty_rate": "0 - - - ± 0",
    "freight": "0 - - - ± 0",
    "fx": "0 - - - ± 0",
    "demand": "- - - ± + ±",
    "lead_time": "- - - ± ± ±",
    "supplier_capacity": "- - - ± ± ±",
    "port_closure": "- - - ± ± ±",
    "clearance": "- - - ± ± ±",
    "congestion": "- - - ± ± ±",
    "cac": "- - - - ± ±",
    "net_price": "- - - - ± ±",
}


def test_the_catalogue_holds_exactly_the_drivers_promised():
    assert set(DRIVERS) == NAMED_IN_THE_ISSUE
    assert set(PROBES) == set(FIRST_MOVED) == NAMED_IN_THE_ISSUE


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_expected_signs_are_those_of_the_sign_matrix(name):
    assert " ".join(DRIVERS[name].signs[metric] for metric in HEADLINE_METRICS) == SIGNS[name]


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_every_driver_is_fully_described(name):
    entry = DRIVERS[name]
    assert set(entry.signs) == set(HEADLINE_METRICS)
    assert entry.meaning.endswith(".")
    assert entry.bounds[0] < entry.bounds[1]
    assert set(entry.units) == {"add", "scale", "set"}


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_every_driver_has_a_probe_in_its_units(name):
    probe = PROBES[name]
    assert FIRST_MOVED[name] in CUBE
    assert probe.unit in DRIVERS[name].units[probe.change]
    if probe.companion is not None:
        other, kind, _, unit = probe.companion
        assert unit in DRIVERS[other].units[kind]


def test_the_graph_is_acyclic_and_every_driver_ends_in_finance():
    assert set(DRIVERS) <= set(GRAPH)
    for node in GRAPH:
        assert node not in downstream(node)
    for name in DRIVERS:
        assert "finance" in downstream(name)


def test_the_graph_is_that_of_the_design():
    for name in ("duty_rate", "freight", "fx", "unit_cost"):
        assert {"landed_cost", "price", "demand_rate", "network"} <= downstream(name)
    for name in ("spend", "cac"):
        assert "landed_cost" not in downstream(name)
        assert "new_customers" in downstream(name)
    for name in ("lead_time", "supplier_capacity", "port_closure", "clearance", "congestion"):
        assert downstream(name) == {"network", "finance"}


def test_an_unknown_driver_says_what_was_probably_meant():
    with pytest.raises(KeyError, match="did you mean duty_rate"):
        driver("dutyrate")


def test_did_you_mean_lists_the_options_when_nothing_is_near():
    assert did_you_mean("zzz", ["b", "a"]) == "one of a, b"
    assert did_you_mean("us", ["US", "DE"]) == "did you mean US?"
    assert did_you_mean("x", []) == "there is none to choose from"
