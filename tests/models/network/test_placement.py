"""Placement: the program against the enumeration of every choice, and against published instances."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import UsageError
from models.network.placement import Sites, best_placements, feasible, placement_of


def enumerated(sites: Sites) -> list[tuple[tuple[int, ...], float]]:
    """Cheapest cost of every possible set of open nodes, cheapest first."""
    markets, nodes = sites.unit_cost.shape
    best: dict[tuple[int, ...], float] = {}
    for choice in itertools.product(range(nodes), repeat=markets):
        shares = np.zeros((markets, nodes))
        shares[np.arange(markets), list(choice)] = 1.0
        if not feasible(sites, shares):
            continue
        found = placement_of(sites, shares)
        best[found.open] = min(best.get(found.open, np.inf), found.cost)
    return sorted(best.items(), key=lambda pair: (pair[1], pair[0]))


@st.composite
def problems(draw: st.DrawFn) -> Sites:
    nodes, markets = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    demand = generator.integers(1, 400, markets).astype(float)
    cost = np.round(generator.uniform(1.0, 20.0, (markets, nodes)), 1)
    cost[generator.random((markets, nodes)) < draw(st.sampled_from([0.0, 0.3]))] = np.inf
    items = draw(st.integers(0, 3))
    more = {}
    if items:
        more = {
            "stock_cost": np.round(generator.uniform(0.0, 60.0, nodes), 1),
            "linear": generator.uniform(0.0, 3.0, (nodes, items)),
            "square": generator.uniform(0.0, 0.2, (nodes, items)) * draw(st.sampled_from([0.0, 1.0])),
        }
    if draw(st.booleans()):
        use = np.zeros((nodes, markets, nodes))
        use[np.arange(nodes), :, np.arange(nodes)] = 1.0
        more |= {"use": use, "limit": np.round(generator.uniform(0.3, 1.2, nodes) * demand.sum())}
    if draw(st.booleans()):
        on_time = np.round(generator.uniform(0.5, 1.0, (markets, nodes)), 2)
        more |= {"on_time": on_time, "service": draw(st.sampled_from([0.6, 0.75, 0.9]))}
    most = draw(st.sampled_from([None, 1, 2]))
    fixed = np.round(generator.uniform(0.0, 2500.0, nodes)) * draw(st.sampled_from([0.0, 1.0]))
    return Sites(demand, fixed, cost, most=most, **more)


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(1, 4))
def test_the_best_placements_are_those_of_the_enumeration(sites: Sites, count: int) -> None:
    found, expected = best_placements(sites, count), enumerated(sites)[:count]
    assert [each.cost for each in found] == pytest.approx([cost for _, cost in expected], rel=1e-7, abs=1e-6)
    assert len({each.open for each in found}) == len(found)
    for each in found:
        assert feasible(sites, np.array(each.shares))
        assert placement_of(sites, np.array(each.shares)).cost == pytest.approx(each.cost, rel=1e-12)


def test_pedroso_and_kubo_capacitated_facility_location() -> None:
    """The worked instance of their text: 5 customers, 3 plants of 500 at 1000, optimum 5610 at {2, 3}."""
    demand = np.array([80.0, 270.0, 250.0, 160.0, 180.0])
    cost = np.array([[4, 6, 9], [5, 4, 7], [6, 3, 4], [8, 5, 3], [10, 8, 4]], dtype=float)
    use = np.zeros((3, 5, 3))
    use[np.arange(3), :, np.arange(3)] = 1.0
    sites = Sites(demand, np.full(3, 1000.0), cost, use=use, limit=np.full(3, 500.0), split=True)
    best = best_placements(sites, 4)
    assert best[0].open == (1, 2)
    assert best[0].cost == pytest.approx(5610.0)
    assert [each.open for each in best if len(each.open) == 1] == []


def test_pooling_brings_one_node_where_demand_alone_would_open_two() -> None:
    """Eppen 1979: stock of n independent equal markets in one place is 1/sqrt(n) of that in n places."""
    demand, cost = np.full(4, 100.0), np.array([[1.0, 1.2], [1.0, 1.2], [1.2, 1.0], [1.2, 1.0]])
    free, held, one, none = np.zeros(2), np.full(2, 10.0), np.ones((2, 1)), np.zeros((2, 1))
    pooled = Sites(demand, free, cost, stock_cost=held, linear=one, square=none)
    assert best_placements(Sites(demand, free, cost))[0].open == (0, 1)
    assert len(best_placements(pooled)[0].open) == 1
    assert 4 * pooled.stock(0, 100.0) / pooled.stock(0, 400.0) == pytest.approx(2.0)
    together = Sites(demand, free, cost, stock_cost=held, linear=none, square=one)
    assert best_placements(together)[0].open == (0, 1), "what hits all markets at once is not pooled"


def test_nothing_possible_is_no_answer() -> None:
    assert best_placements(Sites(np.ones(1), np.ones(1), np.full((1, 1), np.inf))) == ()
    late = Sites(np.ones(1), np.ones(1), np.ones((1, 1)), on_time=np.full((1, 1), 0.5), service=0.9)
    assert best_placements(late, 3) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"demand": np.zeros(2)},
        {"unit_cost": np.ones((2, 3))},
        {"unit_cost": np.full((2, 2), np.nan)},
        {"fixed": np.array([1.0, np.inf])},
        {"split": True, "stock_cost": np.ones(2), "linear": np.ones((2, 1)), "square": np.ones((2, 1))},
    ],
)
def test_sites_that_cannot_be_meant_are_refused(wrong: dict) -> None:
    given = {"demand": np.ones(2), "fixed": np.ones(2), "unit_cost": np.ones((2, 2))} | wrong
    with pytest.raises(UsageError):
        Sites(**given)
