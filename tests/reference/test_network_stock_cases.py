"""Stock under the textbooks' policies against their figures (CASES.md): simulated ones |z| < 4, the
length stated in each; where a cost needs finer units, one unit is a hundred of ours.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from models.network import Controls, Draws, Movements, Network, draw, initial_state, kernel, purchasing

PORT = {"P": {"servers": 10_000}}


def network_of(policies: list[dict[str, Any]], backlog_share: float = 1.0, **changes: Any) -> Network:
    """One supplier, node, market and item; customs never queue."""
    return Network.from_dict(
        {
            "suppliers": {"A": {}},
            "ports": PORT,
            "nodes": {"N": {"port": "P"}},
            "lanes": [{"from": "A", "to": "N"}],
            "markets": {"M": {"nodes": ["N"], "backlog_share": backlog_share}},
            "policies": policies,
            **changes,
        }
    )


def played(network: Network, draws: Draws, on_hand: Any, controls: Controls | None = None) -> Movements:
    """Movements of the compiled engine."""
    trials, days = draws.demand.shape[:2]
    stock = np.broadcast_to(np.asarray(on_hand), (len(network.nodes), 1)).copy()
    state = initial_state(network, range(trials), stock)
    choice = controls or Controls.constant(network, days)
    return kernel.advance(network, state, days, choice, draws, draws.demand)[1]


def demand_of(kind: str, mean: float, sd: float, trials: int, days: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (trials, days, 1, 1)
    units = (
        rng.poisson(mean, shape)
        if kind == "poisson"
        else np.maximum(np.round(rng.normal(mean, sd, shape)), 0)
    )
    return units.astype(np.int64)


def z_of(per_trial: np.ndarray, expected: float) -> float:
    return float((per_trial.mean() - expected) / (per_trial.std(ddof=1) / math.sqrt(len(per_trial))))


def test_newsvendor_cost_is_1_997605_at_56_6() -> None:
    """h .18, p .7, N(50, 8), S* 56.603955927; 40 trials of 1,000 days, a unit is 100 of ours."""
    trials, days = 40, 1000
    network = network_of([{"order_up_to": 5660}])
    draws = draw(network, days=days, trials=trials, demand=demand_of("normal", 5000, 800, trials, days, 1))
    moved = played(network, draws, 5660)
    cost = (0.18 * moved.on_hand + 0.7 * moved.backlog)[..., 0, 0].mean(axis=1) / 100.0
    assert abs(z_of(cost, 1.997605193)) < 4.0
    higher = played(network_of([{"order_up_to": 6000}]), draws, 6000)
    assert (0.18 * higher.on_hand + 0.7 * higher.backlog).mean() / 100.0 > cost.mean()


def test_base_stock_265_has_fill_0_9598_cycle_service_0_7991_and_backlog_2_008() -> None:
    """N(50, 8) a day, lead time 5 (the textbook's 4); 60 trials of 1,000 days, a unit is 100 of ours."""
    trials, days, first = 60, 1010, 10
    network = network_of([{"policy": "base_stock", "order_up_to": 26500}])
    draws = draw(
        network, days=days, trials=trials, transit=5.0, demand=demand_of("normal", 5000, 800, trials, days, 2)
    )
    behind = played(network, draws, 26500).backlog[:, first:, 0, 0] / 100.0
    wanted = draws.demand[:, first:, 0, 0] / 100.0
    new_short = np.minimum(behind, wanted)  # what waits longer than a day is never this day's
    assert abs(z_of(behind.mean(axis=1), 2.008135100)) < 4.0
    assert abs(z_of((behind == 0).mean(axis=1), 0.799132181)) < 4.0
    assert abs(z_of(1.0 - new_short.sum(axis=1) / wanted.sum(axis=1), 0.959839028)) < 4.0


def test_r_Q_cost_of_federgruen_and_zipkin_is_107_92() -> None:
    """h 20, p 150, K 100, Poisson 1.5, L 2, (3, 5); a unit of time is 50 days; 30 trials of 40,000 days."""
    unit, trials, days, first = 50, 30, 40_000, 500
    network = network_of([{"policy": "(r,Q)", "reorder_level": 3, "batch": 5}])
    draws = draw(
        network,
        days=days,
        trials=trials,
        transit=2.0 * unit,
        demand=demand_of("poisson", 1.5 / unit, 0, trials, days, 3),
    )
    moved = played(network, draws, 8)
    cost = (20.0 * moved.on_hand + 150.0 * moved.backlog)[:, first:, 0, 0].mean(axis=1)
    for t in range(trials):
        placed = moved.lines.day_ordered[t, : moved.lines.count[t]] >= first
        cost[t] += (
            100.0 * (moved.lines.units[t, : moved.lines.count[t]][placed] / 5).sum() * unit / (days - first)
        )
    assert abs(z_of(cost, 107.923580633)) < 4.0


def test_serial_system_of_snyder_and_shen_example_6_1_costs_47_66() -> None:
    """Clark and Scarf: N(5, 1), local h 2, 4, 7 and L 2, 1, 1 from upstream down, p 37.12, echelon levels
    22.71, 12.02, 6.49; three nodes that feed each other; 40 trials of 4,000 days, a unit is 100 of ours.
    """
    trials, days, first = 40, 4000, 20
    nodes = {"N1": {"port": "P"}, "N2": {"port": "P", "echelon": True}, "N3": {"port": "P", "echelon": True}}
    network = network_of(
        [
            {"node": "N1", "transfer_at": 648, "transfer_to": 649},
            {"node": "N2", "transfer_at": 1201, "transfer_to": 1202, "keep": 0},
            {"node": "N3", "order_up_to": 2271, "keep": 0},
        ],
        nodes=nodes,
        lanes=[
            {"from": "A", "to": "N3", "transit": 2.0},
            {"from": "N3", "to": "N2", "transit": 1.0},
            {"from": "N2", "to": "N1", "transit": 1.0},
        ],
        markets={"M": {"nodes": ["N1"], "backlog_share": 1.0}},
    )
    demand = demand_of("normal", 500, 100, trials, days, 4)
    draws = draw(network, days=days, trials=trials, demand=demand)
    moved = played(network, draws, [[649], [553], [1069]])
    on_hand = moved.on_hand[:, first:, :, 0].astype(float)
    way = np.zeros((trials, days + 1, 3))
    for t in range(trials):
        rows = moved.transfers[t, : moved.transfers_count[t]]
        np.add.at(way[t], (rows[:, 0], rows[:, 2]), rows[:, 4])
    # a transfer of one day is on its way at the end of one day
    cost = on_hand @ np.array([7.0, 4.0, 2.0]) + way[:, first:-1] @ np.array([4.0, 2.0, 0.0])
    cost += 37.12 * moved.backlog[:, first:, 0, 0]
    assert abs(z_of(cost.mean(axis=1) / 100.0, 47.660)) < 4.0


LAWS = [5.0, {"family": "uniform", "low": 0, "high": 10}, {"values": [1, 9]}]


@pytest.mark.parametrize("law", LAWS, ids=["constant", "uniform", "two points"])
def test_fill_under_order_crossing_is_palms_whatever_the_law(law: Any) -> None:
    """Poisson 10, lead times iid of mean 5, one order a unit: fill .4812, .7423, .9077 at S 50, 55, 60.

    A unit of time is 200 of our days, 40 trials of 20,000 days; stock at the end of a day is what the
    next unit finds.
    """
    unit, trials, days, first = 200, 40, 22_000, 2_000
    scaled = (
        law * unit
        if isinstance(law, float)
        else {
            k: [unit * x for x in v] if k == "values" else (v if isinstance(v, str) else unit * v)
            for k, v in law.items()
        }
    )
    network = network_of(
        [{"policy": "base_stock", "order_up_to": 60}], lanes=[{"from": "A", "to": "N", "transit": scaled}]
    )
    draws = draw(
        network, days=days, trials=trials, demand=demand_of("poisson", 10 / unit, 0, trials, days, 5)
    )
    on_order = played(network, draws, 60).on_order[:, first:, 0, 0]
    assert abs(z_of(on_order.mean(axis=1), 50.0)) < 4.0
    for stock, fill in ((50, 0.481191685), (55, 0.742306049), (60, 0.907734948)):
        assert abs(z_of((on_order < stock).mean(axis=1), fill)) < 4.0


@pytest.mark.parametrize("law", [1.0, {"family": "exponential", "mean": 1}])
def test_lost_sales_fill_is_erlangs_0_92995(law: Any) -> None:
    """Karush: lambda 5, E[L] 1, S 8; a unit of time is 200 days, 40 trials of 40,000 days after 2,000."""
    unit, trials, days, first = 200, 40, 42_000, 2_000
    scaled = law * unit if isinstance(law, float) else {**law, "mean": unit}
    network = network_of(
        [{"policy": "base_stock", "order_up_to": 8}],
        backlog_share=0.0,
        lanes=[{"from": "A", "to": "N", "transit": scaled}],
    )
    demand = demand_of("poisson", 5 / unit, 0, trials, days, 6)
    moved = played(network, draw(network, days=days, trials=trials, demand=demand), 8)
    lost = moved.lost[:, first:, 0, 0].sum(axis=1) / demand[:, first:, 0, 0].sum(axis=1)
    assert abs(z_of(1.0 - lost, 0.929952148)) < 4.0


@pytest.mark.parametrize(("lead", "ratio"), [(1, 1.48), (4, 3.88)])
def test_bullwhip_of_a_moving_average_is_that_of_chen_2000(lead: int, ratio: float) -> None:
    """1 + 2L/p + 2L^2/p^2 with p 5; levels L times the moving average; 60 trials of 1,000 days."""
    trials, days, window = 60, 1000, 5
    demand = demand_of("normal", 100_000, 1000, trials, days, 7)
    network = network_of([{"policy": "base_stock", "order_up_to": 0}])
    sums = np.cumsum(np.pad(demand[..., 0, 0], ((0, 0), (window, 0)), constant_values=100_000), axis=1)
    average = (sums[:, window:] - sums[:, :-window]) / window
    level = np.round(lead * average + 50_000).astype(np.int64)[:, :, None, None]
    plain = Controls.constant(network, days)
    same = {
        name: np.repeat(getattr(plain, name), days, axis=1) for name in ("policy", "share", "purchase_cap")
    }
    controls = Controls(
        reorder_level=level - 1,
        order_up_to=level,
        period_of_day=np.arange(days),
        failover_on=np.array([False]),
        **same,
    )
    draws = draw(network, days=days, trials=trials, transit=float(lead), demand=demand)
    lines = played(network, draws, 100_000 * lead + 50_000, controls).lines
    ordered = np.zeros((trials, days))
    for t in range(trials):
        np.add.at(ordered[t], lines.day_ordered[t, : lines.count[t]], lines.units[t, : lines.count[t]])
    assert abs(z_of(ordered[:, 10:].var(axis=1, ddof=1) / 1000.0**2, ratio)) < 4.0


def test_base_stock_8000_under_markov_disruption_costs_2737() -> None:
    """Snyder and Shen ex. 9.3: h .25, p 3, d 2000, alpha .04, beta .25; 60 trials of 4,000 days after 200."""
    trials, days, first = 60, 4200, 200
    network = network_of(
        [{"policy": "base_stock", "order_up_to": 8000}],
        suppliers={"A": {"outages": {"fail": 0.04, "repair": 0.25}}},
        markets={"M": {"nodes": ["N"], "backlog_share": 1.0, "demand": 2000}},
    )
    moved = played(network, draw(network, days=days, trials=trials), 8000)
    cost = (0.25 * moved.on_hand + 3.0 * moved.backlog)[:, first:, 0, 0].mean(axis=1)
    assert abs(z_of(cost, 2737.068966)) < 4.0


def test_order_quantity_772_8_with_disruptions_costs_173_95() -> None:
    """K 8, h .225, p 5, d 1300, lambda 1.5, mu 14, lost sales; a year is 1,300 days, 25 trials, 100 years."""
    year, trials, years = 1300, 25, 100
    both = 1.5 + 14.0
    moves = 1.0 - math.exp(-both / year)
    network = network_of(
        [{"policy": "(r,Q)", "reorder_level": 0, "batch": 773}],
        backlog_share=0.0,
        suppliers={"A": {"outages": {"fail": 1.5 / both * moves, "repair": 14.0 / both * moves}}},
        markets={"M": {"nodes": ["N"], "demand": 1}},
    )
    moved = played(network, draw(network, days=year * years, trials=trials), 773)
    cost = 0.225 * moved.on_hand[..., 0, 0].mean(axis=1) + 5.0 * moved.lost[..., 0, 0].sum(axis=1) / years
    cost += 8.0 * moved.lines.count / years
    assert abs(z_of(cost, 173.950)) < 4.0


def test_lead_time_demand_has_mean_2000_and_sd_517_687() -> None:
    """E[L] 20 sd 5, D 100 sd 30: the reorder level at score z is 2000 + z 517.687, rounded up."""
    plan = purchasing.PurchasingModel(
        expected_units=np.full((1, 18, 1), 3000.0),
        month_days=np.full(18, 30.0),
        primary_node=np.array([0]),
        lead_mean=np.array([[20.0]]),
        lead_sd=np.array([[5.0]]),
        share=np.ones((1, 1, 1)),
        safety_score=1000.0,
        cycle_days=30.0,
        dispersion=9.0,
        forecast_cv=0.0,
    )
    reorder, _ = purchasing.reorder_levels(plan, purchasing.initial_purchasing(plan, 1), 0)
    assert reorder[0, 0, 0] == math.ceil(2000 + 1000.0 * 517.687164)
