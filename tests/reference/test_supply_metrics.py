"""Every metric of supply and stock against a hand-worked company, its functions against hand-worked cases,
and a completeness test that none is missing.

One trial, two quarters of 90 days, two markets with one sales channel, two nodes, three suppliers in two
countries, four items.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from engine.finance import supply_kpis
from engine.finance.accounts import BALANCE_INDEX, BALANCE_NAMES
from engine.finance.postings import POSTING_COUNT, POSTING_INDEX
from engine.finance.supply_metrics import SUPPLY_METRICS
from engine.responses import CashFloor, Failover
from engine.stages.measure_supply import measure_supply
from engine.stages.supply_frame import NEVER_SOLD, SupplyFrame
from engine.stages.supply_record import SupplyCounts, aged_value
from engine.stages.supply_watch import Shock, Watch, shock_metrics
from models.errors import UsageError
from models.lead_time.counted import Counted

CASES = {
    "supplier_redundancy": 0.75,  # three of four items have two suppliers
    "supplier_redundancy_by_revenue": 0.9,  # the fourth makes a tenth of the sales
    "origin_redundancy": 0.5,  # one of the three has both in China
    "warehouse_coverage": 0.6,  # 600 of 1,000 units: all of the near market's demand had stock
    "lead_time_days": 50.0,  # (30 orders × 40 + 10 orders × 80) / 40
    "lead_time_cv": 0.175,  # (30 × 0.2 + 10 × 0.1) / 40
    "purchase_orders_late": 0.3,  # only the first lane has a promise
    "clearance_days": 3.0,
    "clearance_p90": 6.0,
    "clearance_long": 0.2,
    "customs_queue_days": 0.5,
    "beyond_sla": 0.1,  # 20 + 60 of 800 orders
    "delivered_48h": 0.75,  # 450 of the near market's 600 orders
    "inventory_turnover": 2.0,  # 1,500 of COGS in 180 days: 3,041.67 a year over 1,520.83
    "dead_stock": 0.25,  # none, then half
    "dead_stock_value": 50.0,  # none, then 100
    "return_value_recovery": 0.65,  # 40 cash − 5 refurbishing + 30 restocked, over 100
    "fulfilment_cost_per_order": 5.0,  # 4,000 over 800 orders
    "cm2_per_order": 7.5,
    "stock_cover": 45.0,  # 60 days, then 30
    "aged_stock": 30.0,
    "stockout_rate": 0.05,  # 36 of 720 item-days
    "stockout_rate_by_demand": 0.1,
    "response_hours": 168.0,
    "supply_failure": 1.0,
    "time_to_failure": 4.0,  # 6 of 140 on day 103, 9 of 140 on day 104
    "time_to_recovery": 10.0,  # the losses leave the week on day 110
}
TURNED = 1500.0 * 365.0 / 180.0 / 2.0
"""Average inventory that turns twice a year."""


def frame() -> SupplyFrame:
    bins = np.zeros((2, 61))
    fast, in_time = bins.copy(), bins.copy()
    fast[0, 0], in_time[:, 0] = 0.75, (580.0 / 600.0, 0.7)
    qualified = np.array([[1, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 0]], dtype=bool)  # item 3 has one supplier
    return SupplyFrame(
        quarter_end=np.array([89, 179]),
        planned=np.array([[True, True, True, False], [True, False, False, False]]),
        coming=np.zeros((2, 2, 4)),
        forward=np.zeros((2, 2)),
        primary_node=np.array([0, 1]),
        covered=np.array([True, False]),
        fast=fast,
        in_time=in_time,
        primary_market=np.array([True, False]),
        known_since=np.zeros(4, dtype=np.int64),
        last_sale=np.full(4, NEVER_SOLD),
        promised=np.array([[45.0, np.nan]]),
        backed_up=supply_kpis.redundancy(qualified, np.array([0, 0, 1])),
    )


def counts() -> SupplyCounts:
    def two(first: object, second: object) -> np.ndarray:
        return np.array([[first, second]], dtype=np.float64)

    lanes = np.array([[[30.0, 10.0]]])
    times = {"mean": [40.0, 80.0], "sd": [8.0, 8.0], "cv": [0.2, 0.1], "late": [0.3, np.nan]}
    times |= {name: [np.nan, np.nan] for name in ("p50", "p90", "p95")}
    return SupplyCounts(
        unstocked=two([0, 50], [0, 50]).astype(np.int64),
        empty=two([18, 0], [18, 0]).astype(np.int64),
        shipped=two([600, 100], [0, 100]).astype(np.int64),
        on_hand=two([400, 200], [300, 0]).astype(np.int64),
        forward=two([900, 0], [600, 300]),
        aged=np.zeros((1, 2, 2, 4), dtype=np.int32),
        dead_items=np.array([[0.0, 0.5]]),
        unsold=np.array([[[False] * 4, [True, False, False, False]]]),
        service=np.zeros((1, 180, 0, 3), dtype=np.int32),
        lanes=Counted(lanes, **{name: np.array([[each]]) for name, each in times.items()}),
        entries=np.array([[40, 40]]),
        customs=np.array([[[3.0, 6.0, 0.2, 0.5]] * 2]),
    )


@pytest.fixture(scope="module")
def measured() -> dict[str, np.ndarray]:
    segments = np.zeros((1, POSTING_COUNT, 2))
    for name, amount in {"restock_goods": 20.0, "restock_freight": 10.0, "liquidation": 40.0}.items():
        segments[0, POSTING_INDEX[name], 0] = amount / 6.0
    segments[0, POSTING_INDEX["refurbishing"], 0] = 5.0 / 6.0
    booked = SimpleNamespace(
        segments=segments,
        item_sales=np.array([[40.0, 30.0, 20.0, 10.0]]),
        item_stock=np.array([[100.0, 900.0, 0.0, 0.0]]),
        returned_value=np.array([[100.0 / 6.0, 0.0]]),
    )
    wait = np.zeros((1, 6, 2, 61), dtype=np.int64)
    wait[0, 0, :, 0] = 600, 200
    demanded = np.zeros((1, 6, 2), dtype=np.int64)
    demanded[0, ::3] = 300, 200
    played = SimpleNamespace(
        counts=SimpleNamespace(orders=demanded, wait=wait, demanded=demanded),
        supply=counts(), booked=(booked,) * 6,
        aged_value=np.array([[[10.0, 10.0], [40.0, 0.0]]]),
    )  # fmt: skip
    balance = np.zeros(len(BALANCE_NAMES))
    balance[BALANCE_INDEX["inventory"]] = TURNED
    world = SimpleNamespace(
        supply=frame(),
        sales_channels=("shop",),
        calendar=SimpleNamespace(days=180),
        network=SimpleNamespace(nodes=("a", "b"), arc_point=np.array([0, 1]), arc_node=np.array([0, 1])),
        finance=SimpleNamespace(
            opening=SimpleNamespace(balance=balance),
            terms=SimpleNamespace(segments=SimpleNamespace(orders_per_unit=np.ones(2))),
        ),
    )
    ones = np.ones((1, 6, 2))
    values = {f"market/cogs_{name}": ones * 0.0 for name in ("freight", "duty", "fees")} | {
        "market/cogs_goods": ones * -125.0,
        "market/fulfilment": ones * (-1000.0 / 12.0),
        "market/outbound_freight": ones * (-3000.0 / 12.0),
        "market/units_demanded": ones * np.array([100.0, 400.0 / 6.0]),
        "month/cm2": np.full((1, 6), 1000.0),
        "month/balance_inventory": np.full((1, 6), TURNED),
        "month/balance_inventory_in_transit": np.zeros((1, 6)),
    }
    return measure_supply(world, played, values) | shock()


def shock() -> dict[str, np.ndarray]:
    """A shock on day 100: of 20 units a day, 6 and 3 are lost on days 103 and 104, then one waits."""
    base = np.zeros((1, 180, 1, 3), dtype=np.int32)
    base[..., 0] = 20
    own = base.copy()
    own[0, 103:105, 0, 1] = 6, 3
    own[0, 105:109, 0, 2] = 1
    pairs = np.ones((2, 4), dtype=bool)
    followed = Watch({"mine": Shock(pairs, np.array([100]), np.array([150]))}, pairs[None])
    responses = (Failover(reaction_days=7), CashFloor(reaction_days=1))
    return shock_metrics("mine", followed, own, base, responses)


@pytest.mark.parametrize("name", sorted(CASES))
def test_metric_equals_its_hand_worked_case(measured: dict[str, np.ndarray], name: str) -> None:
    assert measured[f"horizon/{name}"] == pytest.approx(np.array([CASES[name]]))


def test_every_supply_metric_has_a_reference_case_and_says_what_it_is() -> None:
    assert set(CASES) == {metric.name for metric in SUPPLY_METRICS}
    for metric in SUPPLY_METRICS:
        assert metric.label
        assert metric.formula
        assert metric.variant
        assert metric.owner
        assert metric.action
        assert metric.good in {"high", "low", "none"}


def test_parts_of_the_hand_worked_company_by_market_node_lane_and_port(
    measured: dict[str, np.ndarray],
) -> None:
    assert measured["service/orders_shipped"].tolist() == [[[600.0, 200.0], [0.0, 0.0]]]
    assert measured["service/orders_within_48h"].tolist() == [[[450.0, 0.0], [0.0, 0.0]]]
    assert measured["service/orders_beyond_sla"] == pytest.approx(np.array([[[20.0, 60.0], [0.0, 0.0]]]))
    assert measured["service/units_stocked"].tolist() == [[[300.0, 150.0], [300.0, 150.0]]]
    assert measured["service/units_covered"].tolist() == [[[300.0, 0.0], [300.0, 0.0]]]
    assert measured["stock/orders_beyond_sla"] == pytest.approx(np.array([[[20.0, 30.0], [0.0, 0.0]]]))
    assert measured["stock/stock_cover"][0, 1] == pytest.approx([45.0, 0.0])
    assert np.isnan(measured["stock/stock_cover"][0, 0, 1])
    assert measured["quarter/inventory_turnover"] == pytest.approx(
        np.full((1, 2), 750.0 * 365.0 / 90.0 / TURNED)
    )
    assert measured["lane/late"].shape == (1, 1, 2)
    assert measured["port/entries"].tolist() == [[40.0]]


def test_a_shock_without_goods_has_no_time_to_failure_and_no_playbook_no_hours() -> None:
    nothing = np.zeros((1, 180, 0, 3), dtype=np.int32)
    found = shock_metrics("tariff", Watch({}, np.zeros((0, 2, 4), dtype=bool)), nothing, nothing, ())
    assert all(np.isnan(each).all() for each in found.values())


# functions


def test_two_suppliers_in_one_country_are_no_redundancy_of_origin() -> None:
    found = supply_kpis.redundancy(np.array([[True, True], [True, False]]), np.array([4, 4]))
    assert (found.suppliers.tolist(), found.origins.tolist()) == ([True, False], [False, False])


def test_the_last_mile_of_an_exponential_shape_is_the_gamma_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply_kpis, "LAST_MILE_VARIATION", 1.0)
    assert supply_kpis.last_mile_within([2.0, 0.0, -3.0], 2.0) == pytest.approx(
        [1.0 - np.exp(-1.0), 0.0, 0.0]
    )


def test_waiting_for_stock_takes_from_the_time_to_deliver() -> None:
    within = supply_kpis.last_mile_within(2.0 - np.arange(61.0), 1.0)
    wait = np.zeros(61, dtype=np.int64)
    wait[:4] = 10, 10, 10, 10
    assert supply_kpis.delivered_within(wait, within) == pytest.approx(10 * within[0] + 10 * within[1])
    assert within[2:].tolist() == [0.0] * 59


def test_turnover_and_days_of_inventory_are_one_fact() -> None:
    """KPIS.md trap 6: turns of 6 to 10 mean a DIO of 61 to 37."""
    turns = supply_kpis.turnover(np.array([6.0, 10.0]), np.ones(2), np.array([365.0]))
    assert 365.0 / turns == pytest.approx([60.83, 36.5], abs=0.01)


def test_dead_stock_an_item_nobody_wants_has_infinite_cover_and_a_young_item_is_left_out() -> None:
    on_hand, coming = np.array([[5, 0, 181, 180, 999]]), np.array([[0.0, 0.0, 180.0, 180.0, 1.0]])
    eligible = supply_kpis.known_long_enough(np.array([-400, -400, -400, -400, 0]), 90)
    assert eligible.tolist() == [True] * 4 + [False]
    assert supply_kpis.dead_item_share(on_hand, coming, eligible).tolist() == [0.5]
    assert np.isnan(supply_kpis.dead_item_share(on_hand, coming, np.zeros(5, dtype=bool))).all()


def test_stock_without_sale_counts_from_the_last_one() -> None:
    last = np.array([[0, 1, NEVER_SOLD, NEVER_SOLD]])
    eligible = np.array([True, True, True, False])
    assert supply_kpis.unsold(last, 180, eligible).tolist() == [[True, False, True, False]]


def test_age_is_not_cover() -> None:
    assert supply_kpis.aged_units(np.array([100, 100, 3]), np.array([0, 70, 5])).tolist() == [100, 30, 0]
    average = np.array([[[[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 0.0]]]])
    assert aged_value(np.array([[[3, 5]]]), average).tolist() == [[35.0]]


def test_demand_not_served_counts_losses_for_a_week_and_who_waits() -> None:
    asked, lost, waiting = np.zeros((3, 10), dtype=np.int64)
    asked[:8], lost[1], waiting[9] = 10, 6, 4
    share = supply_kpis.unserved_share(asked, lost, waiting)
    assert share[0] == 0.0
    assert share[[1, 7]] == pytest.approx([6 / 20, 6 / 70])
    assert share[[8, 9]] == pytest.approx([0.0, 4 / 50])


def test_survival_failure_recovery_and_their_bounds() -> None:
    excess = np.zeros((5, 100))
    excess[0, 20:40] = 0.06  # fails on day 20, back on day 40
    excess[1, 20:40] = excess[1, 60] = 0.06  # back on day 40 for less than 28 days, then from day 61
    excess[2, 80:] = 0.06  # not back within the horizon
    excess[3, 20:40] = 0.05  # at the limit, not beyond
    excess[4, 70] = 0.9  # after what the shock can have done
    found = supply_kpis.survival(excess, np.full(5, 10), np.array([90, 90, 90, 90, 70]))
    assert found.failed.tolist() == [True, True, True, False, False]
    assert found.to_failure.tolist() == [10.0, 10.0, 70.0, 90.0, 90.0]
    assert found.to_recovery.tolist() == [30.0, 51.0, 90.0, 0.0, 0.0]
    with pytest.raises(UsageError, match="one start and end a trial"):
        supply_kpis.survival(excess, np.zeros(4, dtype=np.int64), np.zeros(5, dtype=np.int64))


def test_a_shock_that_never_comes_breaks_nothing() -> None:
    found = supply_kpis.survival(np.ones((1, 50)), np.array([50]), np.array([0]))
    assert (found.failed.tolist(), found.to_failure.tolist(), found.to_recovery.tolist()) == (
        [False],
        [0.0],
        [0.0],
    )
