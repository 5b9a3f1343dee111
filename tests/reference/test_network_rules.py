"""Each rule of the network's event order on a case small enough to work by hand, in both engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.network import UNLIMITED, Network, OpenOrders, daily_capacity
from tests.models.network.small_networks import ENGINES, column, controls_of, line, network_of, run

both = pytest.mark.parametrize("engine", ENGINES)
INF = float("inf")


def flat(array: np.ndarray) -> list[int]:
    return (
        array[0].reshape(array.shape[1], -1).tolist()
        if array[0].size != array.shape[1]
        else array[0].ravel().tolist()
    )


@both
def test_an_order_with_no_lead_time_is_received_the_next_morning(engine: str) -> None:
    _, moved = run(engine, network_of(), [4, 0, 0], levels=(9, 10), on_hand=10)
    # day 0: 10 - 4 = 6 <= 9, order 4; made and left at 0, but phase (1) of day 0 is over
    assert line(moved, 0) == {
        "day_ordered": 0,
        "node": 0,
        "supplier": 0,
        "item": 0,
        "units": 4,
        "left": 0.0,
        "port": 0.0,
        "cleared": 0.0,
        "available": 0.0,
        "received": 1,
    }
    assert flat(moved.on_hand) == [6, 10, 10]
    assert flat(moved.on_order) == [4, 0, 0]


@both
def test_exposure_is_the_lead_time_in_whole_days_but_at_least_one(engine: str) -> None:
    for lead, morning in ((0.0, 1), (0.25, 1), (1.0, 1), (1.5, 2), (3.0, 3)):
        _, moved = run(engine, network_of(), [1, 0, 0, 0, 0], levels=(0, 1), on_hand=1, transit=lead)
        assert column(moved, "received") == [morning]


@both
def test_stages_follow_each_other_and_the_door_opens_at_the_first_morning_after(engine: str) -> None:
    _, moved = run(
        engine,
        network_of(),
        [1] + [0] * 9,
        levels=(0, 1),
        on_hand=1,
        production=1.5,
        transit=2.25,
        service=0.5,
        inland=1.0,
    )
    row = line(moved, 0)
    assert (row["left"], row["port"], row["cleared"], row["available"], row["received"]) == (
        1.5,
        3.75,
        4.25,
        5.25,
        6,
    )


@both
def test_what_lies_after_the_last_day_is_not_known_yet(engine: str) -> None:
    _, moved = run(engine, network_of(), [1, 0, 0, 0], levels=(0, 1), on_hand=1, production=1.5, transit=2.25)
    row = line(moved, 0)
    assert (row["left"], row["port"], row["available"], row["received"]) == (1.5, INF, INF, -1)


@both
def test_position_counts_what_is_on_order_and_the_backlog(engine: str) -> None:
    _, moved = run(engine, network_of(), [3, 0, 2, 0], levels=(4, 5), on_hand=5, transit=9.0)
    # day 0: position 2 -> order 3; day 2: 0 on hand + 3 on order = 3 -> order 2; backlog none
    assert column(moved, "units") == [3, 2]
    _, moved = run(engine, network_of(), [8, 0], levels=(4, 5), on_hand=5, transit=9.0)
    assert column(moved, "units") == [8]  # 0 on hand, 3 waiting: back to 5


@both
def test_an_order_is_placed_when_position_meets_the_reorder_level(engine: str) -> None:
    _, at = run(engine, network_of(), [5], levels=(5, 9), on_hand=10)
    _, above = run(engine, network_of(), [4], levels=(5, 9), on_hand=10)
    assert column(at, "units") == [4]
    assert column(above, "units") == []


@both
def test_quantities_go_up_to_the_multiple_and_then_to_the_smallest_order(engine: str) -> None:
    for moq, multiple, wanted, ordered in ((0, 6, 7, 12), (20, 6, 7, 20), (5, 4, 7, 8)):
        network = network_of(items=[{"key": "X", "moq": moq, "multiple": multiple}])
        _, moved = run(engine, network, [wanted], levels=(99, 100), on_hand=100)
        assert column(moved, "units") == [ordered]


@both
def test_shares_split_an_order_by_largest_remainder_then_key(engine: str) -> None:
    network = network_of(suppliers=[{"key": key} for key in "ABC"])
    for share, units in (
        ((0.5, 0.3, 0.2), [5, 3, 2]),
        ((1.0, 1.0, 1.0), [4, 3, 3]),
        ((0.25, 0.0, 0.75), [3, 7]),
    ):
        controls = controls_of(network, 1, (9, 10), share=np.array(share))
        _, moved = run(engine, network, [10], on_hand=10, controls=controls)
        assert column(moved, "units") == units


@both
def test_an_unqualified_supplier_gets_nothing_of_the_split(engine: str) -> None:
    network = network_of(suppliers=[{"key": "A"}, {"key": "B"}], items=[{"key": "X", "suppliers": ["B"]}])
    _, moved = run(engine, network, [10], levels=(9, 10), on_hand=10)
    assert (column(moved, "supplier"), column(moved, "units")) == ([1], [10])


@both
def test_weekly_capacity_is_made_day_by_day(engine: str) -> None:
    # 10 a week: 1 1 2 1 2 1 2; 5 units ordered on day 0 are finished on day 3
    assert daily_capacity(10, 7).tolist() == [1, 1, 2, 1, 2, 1, 2]
    _, moved = run(
        engine, network_of(), [5] + [0] * 6, levels=(4, 5), on_hand=5, capacity=daily_capacity(10, 7)
    )
    assert (line(moved, 0)["left"], line(moved, 0)["received"]) == (3.0, 4)


@both
def test_capacity_goes_to_orders_by_day_then_id(engine: str) -> None:
    network = network_of(
        nodes=[{"key": "N1", "port": "P"}, {"key": "N2", "port": "P"}],
        markets=[{"key": "M1", "nodes": ["N1"]}, {"key": "M2", "nodes": ["N2"]}],
    )
    _, moved = run(engine, network, [3, 0, 0, 0], levels=(2, 3), on_hand=3, capacity=2)
    # N1's 3 units: days 0 (2) and 1 (1); N2's: day 1 (1) and day 2 (2)
    assert column(moved, "left") == [1.0, 2.0]


@both
def test_a_supplier_that_is_down_makes_nothing_and_its_orders_wait(engine: str) -> None:
    up = np.array([[False, False, True, True, True]])
    _, moved = run(engine, network_of(), [3, 0, 0, 0, 0], levels=(2, 3), on_hand=3, supplier_up=up)
    assert (line(moved, 0)["left"], line(moved, 0)["received"]) == (2.0, 3)


@both
def test_production_time_and_capacity_run_side_by_side(engine: str) -> None:
    _, moved = run(
        engine, network_of(), [4, 0, 0, 0, 0], levels=(3, 4), on_hand=4, production=2.5, capacity=1
    )
    assert line(moved, 0)["left"] == 3.0  # last unit on day 3, production time over at 2.5


@both
@pytest.mark.parametrize(("delay", "suppliers"), [(0, [1]), (1, [0, 1]), (2, [0, 0, 1])])
def test_failover_moves_the_share_once_the_outage_is_as_old_as_the_delay(
    engine: str, delay: int, suppliers: list[int]
) -> None:
    network = network_of(suppliers=[{"key": "A", "backup": "B"}, {"key": "B"}])
    up = np.array([[False] * 3, [True] * 3])
    share = np.array([1.0, 0.0])
    days = len(suppliers)
    controls = controls_of(network, 3, (9, 10), share=share, failover=True, failover_delay=delay)
    _, moved = run(
        engine, network, [1] * days + [0] * (3 - days), on_hand=10, controls=controls, supplier_up=up
    )
    assert column(moved, "supplier") == suppliers


@both
@pytest.mark.parametrize("hindrance", ["off", "unqualified", "also down"])
def test_failover_stays_put(engine: str, hindrance: str) -> None:
    network = network_of(
        suppliers=[{"key": "A", "backup": "B"}, {"key": "B"}],
        items=[{"key": "X", "suppliers": ["A"] if hindrance == "unqualified" else ["A", "B"]}],
    )
    up = np.array([[False], [hindrance != "also down"]])
    controls = controls_of(network, 1, (9, 10), share=np.array([1.0, 0.0]), failover=hindrance != "off")
    _, moved = run(engine, network, [1], on_hand=10, controls=controls, supplier_up=up)
    assert column(moved, "supplier") == [0]


@both
def test_a_purchase_cap_is_never_exceeded_not_even_by_rounding(engine: str) -> None:
    network = network_of(items=[{"key": "X", "moq": 4, "multiple": 4}])
    for cap, ordered in ((0, []), (3, []), (6, [4]), (UNLIMITED, [12])):
        controls = controls_of(network, 1, (9, 10))
        controls.purchase_cap[:] = cap
        _, moved = run(engine, network, [10], on_hand=10, controls=controls)
        assert column(moved, "units") == ordered


@both
def test_customs_is_first_come_first_served_with_c_servers(engine: str) -> None:
    transit = np.array([[[0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]])
    for servers, cleared in ((1, [2.0, 4.0, 6.0]), (2, [2.0, 3.5, 4.0])):
        network = network_of(ports=[{"key": "P", "servers": servers}])
        _, moved = run(
            engine, network, [1, 1, 1, 0, 0, 0, 0, 0], levels=(8, 9), on_hand=9, transit=transit, service=2.0
        )
        assert column(moved, "port") == [0.0, 1.5, 2.0]
        assert column(moved, "cleared") == cleared


@both
def test_arrivals_of_one_moment_queue_by_id(engine: str) -> None:
    network = network_of(
        nodes=[{"key": "N1", "port": "P"}, {"key": "N2", "port": "P"}],
        markets=[{"key": "M1", "nodes": ["N1"]}, {"key": "M2", "nodes": ["N2"]}],
    )
    _, moved = run(engine, network, [1, 0, 0, 0], levels=(0, 1), on_hand=1, transit=1.0, service=1.0)
    assert column(moved, "cleared") == [2.0, 3.0]


@both
def test_no_service_starts_on_a_closed_day_and_one_begun_ends(engine: str) -> None:
    port_open = np.array([[True, True, False, False, True, True, True]])
    _, moved = run(
        engine,
        network_of(),
        [1, 1, 0, 0, 0, 0, 0],
        levels=(8, 9),
        on_hand=9,
        transit=1.0,
        service=1.5,
        port_open=port_open,
    )
    # first: port 1, starts 1, clears 2.5 though closed; second: port 2, closed on days 2 and 3, starts on the
    # edge 4
    assert column(moved, "port") == [1.0, 2.0]
    assert column(moved, "cleared") == [2.5, 5.5]


@both
def test_a_closure_while_the_server_is_busy_counts_from_when_it_is_free(engine: str) -> None:
    port_open = np.array([[True, True, True, False, True, True, True, True]])
    _, moved = run(
        engine,
        network_of(),
        [1, 1, 0, 0, 0, 0, 0, 0],
        levels=(8, 9),
        on_hand=9,
        service=3.0,
        port_open=port_open,
    )
    assert column(moved, "cleared") == [3.0, 7.0]  # free at 3, closed on day 3: start 4


@both
def test_backlog_is_served_oldest_first_before_todays_demand(engine: str) -> None:
    supply = np.array([[False, False, True, True, True]])
    _, moved = run(engine, network_of(), [2, 1, 0, 4, 0], levels=(-2, 1), on_hand=0, supplier_up=supply)
    # day 0: position -2, order 3; day 2: made; day 3: received and all given to days 0 (2) and 1 (1), today's
    # 4 wait, order 5;
    # day 4: received, the 4 of yesterday go
    assert column(moved, "units") == [3, 5]
    assert flat(moved.backlog) == [2, 3, 3, 4, 0]
    assert flat(moved.shipped) == [0, 0, 0, 3, 4]
    assert moved.wait[0, 0, :5].tolist() == [0, 4, 1, 2, 0]


@both
def test_unmet_demand_is_split_by_the_backlog_share_with_a_running_remainder(engine: str) -> None:
    network = network_of(markets=[{"key": "M", "nodes": ["N"], "backlog_share": 0.3}])
    _, moved = run(engine, network, [10, 1, 1, 1], on_hand=0)
    # cumulative 3.0, 3.3, 3.6, 3.9 rounded to nearest: 3, 3, 4, 4
    assert flat(moved.backlog) == [3, 3, 4, 4]
    assert flat(moved.lost) == [7, 1, 0, 1]


@both
def test_markets_are_served_by_priority_and_equals_in_proportion(engine: str) -> None:
    markets = [{"key": key, "nodes": ["N"], "priority": p} for key, p in (("A", 2), ("B", 1), ("C", 2))]
    _, moved = run(engine, network_of(markets=markets), [np.array([[4], [5], [2]])], on_hand=8)
    assert flat(moved.shipped)[0] == [2, 5, 1]  # B first; 3 left over 4:2


@both
def test_equal_remainders_are_settled_by_key(engine: str) -> None:
    markets = [{"key": key, "nodes": ["N"]} for key in ("B", "A", "C")]
    _, moved = run(engine, network_of(markets=markets), [3], on_hand=4)
    assert flat(moved.shipped)[0] == [2, 1, 1]


@both
def test_what_the_first_node_lacks_comes_from_the_next(engine: str) -> None:
    network = network_of(
        nodes=[{"key": "N1", "port": "P"}, {"key": "N2", "port": "P"}],
        markets=[{"key": "M", "nodes": ["N2", "N1"], "backlog_share": 1.0}],
    )
    _, moved = run(engine, network, [10], on_hand=[[4], [5]])
    assert flat(moved.shipped)[0] == [5, 4]  # arcs in the market's order: N2, N1
    assert flat(moved.backlog) == [1]


@both
def test_what_pick_capacity_holds_back_waits_and_is_never_lost(engine: str) -> None:
    network = network_of(
        nodes=[{"key": "N", "port": "P", "pick_capacity": 3}],
        markets=[{"key": "M", "nodes": ["N"], "backlog_share": 0.0}],
    )
    _, moved = run(engine, network, [8, 0, 0, 0], on_hand=6)
    # 2 units short are lost; 3 go today, 3 wait for hands
    assert flat(moved.lost) == [2, 0, 0, 0]
    assert flat(moved.shipped) == [3, 3, 0, 0]
    assert moved.wait[0, 0, :3].tolist() == [3, 3, 0]


@both
def test_pick_capacity_is_shared_in_proportion_and_stock_for_held_units_is_promised(engine: str) -> None:
    markets = [{"key": "A", "nodes": ["N"], "priority": 1}, {"key": "B", "nodes": ["N"], "priority": 2}]
    network = network_of(
        nodes=[{"key": "N", "port": "P", "pick_capacity": 5}],
        markets=markets,
        items=[{"key": "X"}, {"key": "Y"}],
    )
    _, moved = run(engine, network, [np.array([[8, 4], [2, 0]])], on_hand=[[8, 9]])
    assert moved.shipped[0, 0].tolist() == [[3, 2], [0, 0]]  # 5 over 8:4 -> 3.33, 1.67
    assert moved.backlog[0, 0].tolist() == [[5, 2], [0, 0]]
    assert moved.lost[0, 0].tolist() == [[0, 0], [2, 0]]  # B finds X promised to A


@both
def test_returns_come_back_after_the_delay_and_what_can_be_resold_is_stock(engine: str) -> None:
    network = network_of(grades=[0.5, 0.0, 0.25, 0.25])
    _, moved = run(engine, network, [8, 0, 0, 0, 0], on_hand=8, return_share=1.0, return_delay=[2])
    assert moved.returns[0, : moved.returns_count[0]].tolist() == [[2, 0, 0, 4, 0, 2, 2]]
    assert flat(moved.on_hand) == [0, 0, 4, 4, 4]


@both
def test_refused_and_returned_shares_compound(engine: str) -> None:
    for refusal, share, back in ((1.0, 0.0, 16), (0.5, 0.5, 12), (0.0, 0.25, 4), (0.0, 0.0, 0)):
        _, moved = run(
            engine,
            network_of(),
            [16, 0],
            on_hand=16,
            return_share=share,
            refusal_share=refusal,
            return_delay=[0],
        )
        assert flat(moved.on_hand) == [0, back]  # no delay still means the next morning


@both
def test_returned_units_add_up_to_the_share_of_everything_sold(engine: str) -> None:
    state, moved = run(engine, network_of(), [1] * 400, on_hand=400, return_share=0.25, return_delay=[1])
    back = moved.returns[0, : moved.returns_count[0], 3:].sum() + state.returns_due.sum()
    assert abs(int(back) - 100) <= 1


@both
def test_storage_overflow_is_recorded_and_blocks_nothing(engine: str) -> None:
    network = network_of(nodes=[{"key": "N", "port": "P", "storage_capacity": 5}])
    _, moved = run(engine, network, [0, 4, 0], on_hand=8)
    assert moved.overflow[0, :, 0].tolist() == [3, 0, 0]
    assert flat(moved.on_hand) == [8, 4, 4]


def opened_at(stage: int) -> OpenOrders:
    ends = [np.array([float(e)]) if k < stage else np.array([INF]) for k, e in enumerate((-9, -5, -2))]
    one = np.array([1])
    return OpenOrders(
        day=np.array([-12]),
        node=0 * one,
        supplier=0 * one,
        left=ends[0],
        port=ends[1],
        cleared=ends[2],
        to_make=0 * one,
        line_order=0 * one,
        line_item=0 * one,
        line_units=7 * one,
    )


@both
@pytest.mark.parametrize(("stage", "available"), [(0, 10.0), (1, 9.0), (2, 7.0), (3, 4.0)])
def test_an_open_order_goes_on_from_its_present_stage(engine: str, stage: int, available: float) -> None:
    stages = np.array([[[1.0, 2.0, 3.0, 4.0]]])
    _, moved = run(engine, network_of(), [0] * 12, opened=opened_at(stage), stages=stages)
    row = line(moved, 0)
    assert (row["day_ordered"], row["available"], row["received"]) == (-12, available, int(available))
    assert flat(moved.on_order)[: int(available)] == [7] * int(available)


@both
def test_open_orders_at_customs_form_the_queue_they_stand_in(engine: str) -> None:
    many = np.arange(3)
    opened = OpenOrders(
        day=np.array([-20, -21, -19]),
        node=0 * many,
        supplier=0 * many,
        left=np.full(3, -9.0),
        port=np.array([-1.0, -2.0, -3.0]),
        cleared=np.full(3, INF),
        to_make=0 * many,
        line_order=many,
        line_item=0 * many,
        line_units=many + 1,
    )
    stages = np.tile([0.0, 0.0, 2.0, 0.0], (1, 3, 1))
    _, moved = run(engine, network_of(), [0] * 8, opened=opened, stages=stages)
    assert column(moved, "day_ordered") == [-21, -20, -19]
    assert column(moved, "cleared") == [4.0, 6.0, 2.0]  # by arrival at the port: -3, -2, -1


@both
def test_opening_backlog_waits_since_the_day_before(engine: str) -> None:
    _, moved = run(engine, network_of(), [1, 0], on_hand=3, backlog=2)
    assert moved.wait[0, 0, :3].tolist() == [1, 2, 0]


@both
def test_waiting_of_sixty_days_and_more_is_one_bin(engine: str) -> None:
    supply = np.array([[False] * 70 + [True] * 5])
    demand = [1] + [0] * 8 + [1] + [0] * 65
    _, moved = run(engine, network_of(), demand, levels=(-1, 1), on_hand=0, supplier_up=supply)
    assert moved.wait[0, 0].nonzero()[0].tolist() == [60]
    assert moved.wait[0, 0, 60] == 2


@both
def test_no_demand_means_no_orders(engine: str) -> None:
    _, moved = run(engine, network_of(), [0] * 20, levels=(5, 9), on_hand=6)
    assert column(moved, "units") == []


@both
def test_a_closure_of_no_length_changes_nothing(engine: str) -> None:
    a = run(engine, network_of(), [1, 2, 0, 3], levels=(8, 9), on_hand=9, service=0.5)
    b = run(
        engine,
        network_of(),
        [1, 2, 0, 3],
        levels=(8, 9),
        on_hand=9,
        service=0.5,
        port_open=np.ones((1, 4), dtype=bool),
    )
    assert column(a[1], "cleared") == column(b[1], "cleared")


@both
def test_doubling_every_unit_doubles_every_movement(engine: str) -> None:
    one = run(engine, network_of(), [3, 1, 4, 1, 5], levels=(6, 12), on_hand=8, transit=1.0)[1]
    two = run(engine, network_of(), [6, 2, 8, 2, 10], levels=(12, 24), on_hand=16, transit=1.0)[1]
    for name in ("shipped", "on_hand", "on_order", "backlog"):
        assert (2 * getattr(one, name)).tolist() == getattr(two, name).tolist()


# policies


@both
def test_R_Q_orders_the_fewest_batches_that_lift_the_position_above_R(engine: str) -> None:
    policy = {"node": "N", "item": "X", "policy": "(R,Q)", "reorder_level": 5, "batch": 4, "on_hand": 9}
    for demand, ordered in ((3, []), (4, [4]), (7, [4]), (8, [8])):
        network = network_of(policies=[policy])
        _, moved = run(engine, network, [demand], on_hand=9)
        assert column(moved, "units") == ordered


@both
def test_base_stock_orders_every_unit_sold(engine: str) -> None:
    network = network_of(policies=[{"node": "N", "item": "X", "policy": "base_stock", "order_up_to": 9}])
    _, moved = run(engine, network, [0, 1, 0, 12], on_hand=9, transit=7.0)
    assert (column(moved, "day_ordered"), column(moved, "units")) == ([1, 3], [1, 12])


@both
def test_periodic_review_orders_up_to_its_level_on_its_days(engine: str) -> None:
    policy = {
        "node": "N",
        "item": "X",
        "policy": "periodic",
        "order_up_to": 9,
        "review_days": 3,
        "first_review": 1,
    }
    _, moved = run(engine, network_of(policies=[policy]), [1, 1, 1, 1, 1, 0, 0, 0], on_hand=9)
    assert (column(moved, "day_ordered"), column(moved, "units")) == ([1, 4], [2, 3])


@both
def test_batches_under_a_cap_stay_whole(engine: str) -> None:
    network = network_of(policies=[{"node": "N", "item": "X", "R": 5, "Q": 4}])
    controls = replace(controls_of(network, 1), purchase_cap=np.full((1, 1, 1, 1), 11))
    _, moved = run(engine, network, [20], on_hand=9, controls=controls)
    assert column(moved, "units") == [8]


# transfers


def linked(**changes: object) -> Network:
    """Nodes N1 (serves M1), N2, N3; N1 may ask N2 then N3, N2 may ask N3."""
    return network_of(
        nodes=[{"key": key, "port": "P"} for key in ("N1", "N2", "N3")],
        lanes=[
            {"supplier": "A", "node": "N3"},
            {"from": "N2", "to": "N1", "transit": 1.5},
            {"from": "N3", "to": "N1", "transit": 0.5, "preference": 2},
            {"from": "N3", "to": "N2", "transit": 0.0},
        ],
        markets=[{"key": "M", "nodes": ["N1"], "backlog_share": 1.0}],
        **changes,
    )


@both
def test_a_node_short_of_stock_asks_its_sources_in_order(engine: str) -> None:
    network = linked(
        policies=[
            {"node": "N1", "transfer_at": 2, "transfer_to": 8},
            {"node": "N2", "order_up_to": 0, "keep": 1},
            {"node": "N3", "order_up_to": 0, "keep": 2},
        ]
    )
    lead = np.zeros((3, 3, 5))
    lead[1, 0], lead[2, 0] = 1.5, 0.5
    _, moved = run(engine, network, [4, 0, 0, 0, 0], on_hand=[[5], [4], [9]], transfer=lead)
    # 1 left, asks 7: N2 gives 3 of 4, N3 the other 4 of 9
    assert moved.transfers[0].tolist() == [[0, 1, 0, 0, 3, 2], [0, 2, 0, 0, 4, 1]]
    assert moved.on_hand[0, :, :, 0].tolist() == [[1, 1, 5], [5, 1, 5], [8, 1, 5], [8, 1, 5], [8, 1, 5]]


@both
def test_a_donor_short_of_stock_is_shared_in_proportion(engine: str) -> None:
    network = network_of(
        nodes=[{"key": key, "port": "P"} for key in ("N1", "N2", "N3")],
        lanes=[{"from": "A", "to": "N3"}, {"from": "N3", "to": "N1"}, {"from": "N3", "to": "N2"}],
        markets=[{"key": "M1", "nodes": ["N1"]}, {"key": "M2", "nodes": ["N2"]}],
        policies=[{"transfer_at": 5, "transfer_to": 6}, {"node": "N3", "order_up_to": 0}],
    )
    _, moved = run(engine, network, [0, 0], on_hand=[[0], [3], [4]])
    assert moved.transfers[0, :, 1:5].tolist() == [[2, 0, 0, 3], [2, 1, 0, 1]]  # 4 over 6:3


@both
def test_an_echelon_position_counts_the_nodes_it_feeds(engine: str) -> None:
    chain = network_of(
        nodes=[{"key": "N1", "port": "P"}, {"key": "N2", "port": "P", "echelon": True}],
        lanes=[{"from": "A", "to": "N2"}, {"from": "N2", "to": "N1", "transit": 1.0}],
        markets=[{"key": "M", "nodes": ["N1"], "backlog_share": 1.0}],
        policies=[
            {"node": "N1", "transfer_at": 4, "transfer_to": 5},
            {"node": "N2", "order_up_to": 9, "keep": 0},
        ],
    )
    _, moved = run(engine, chain, [2, 0, 3, 0, 0], on_hand=[[5], [4]], transit=2.0, transfer=1.0)
    assert column(moved, "units") == [2, 3]
    assert moved.transfers[0, :, [0, 4]].T.tolist() == [[0, 2], [2, 3]]
