"""Stage durations from the log: queue taken out, open orders at their stage, unknown stages left out."""

import datetime as dt
import heapq

import numpy as np
import pandas as pd
import pytest

from models.lead_time import RECEIPT_WAIT, STAGES, service_starts, shipments, stage_days

AS_OF = dt.date(2025, 12, 31)


def row(po, ordered, shipped=None, port=None, cleared=None, received=None, supplier="CN1", node="us"):
    def date(day):
        return pd.NaT if day is None else pd.Timestamp(AS_OF) + pd.Timedelta(days=day)

    return {
        "po": po, "supplier": supplier, "node": node, "ordered_on": date(ordered),
        "shipped_on": date(shipped),
        "port_on": date(port), "cleared_on": date(cleared), "received_on": date(received),
    }  # fmt: skip


def durations(rows, servers=2):
    return stage_days(shipments(pd.DataFrame(rows), AS_OF), node_port={"us": "LA"}, servers={"LA": servers})


def test_lines_of_one_shipment_count_once_and_partial_shipments_apart():
    log = pd.DataFrame(
        [
            row("a", -90, -60, -30, -28, -25),
            row("a", -90, -60, -30, -28, -25),
            row("a", -90, -50, -20, -18, -15),
        ]
    )
    assert len(shipments(log, AS_OF)) == 2


def test_each_stage_has_its_days_and_open_orders_their_age():
    table = durations([row("a", -90, -60, -30, -28, -25), row("b", -40, -10), row("c", -7)])
    done = table[table["observed"]].groupby("stage")["days"].apply(list)
    assert done["production"] == [30.0, 30.0]
    assert done["transit"] == [30.0]
    assert done["clearance"] == [2.0]
    assert done["inland"] == [3.0 - RECEIPT_WAIT]
    still = table[~table["observed"]].set_index("stage")["days"]
    assert still.to_dict() == {"production": 7.0, "transit": 10.0}


def test_lateness_counts_receipts_after_the_promise_and_open_orders_past_it():
    rows = [
        row("a", -90, -60, -30, -28, -25),
        row("b", -90, -60, -30, -28, -20),
        row("c", -40, -10),
        row("d", -7),
    ]
    promised = [pd.Timestamp(AS_OF) + pd.Timedelta(days=d) for d in (-25, -25, -3, 20)]
    table = shipments(pd.DataFrame(rows).assign(promised_on=promised), AS_OF).set_index("po")
    assert table["late"].to_dict() == pytest.approx({"a": 0.0, "b": 1.0, "c": 1.0, "d": np.nan}, nan_ok=True)
    assert shipments(pd.DataFrame(rows), AS_OF)["late"].isna().all()


def test_a_shipment_whose_lines_were_promised_for_different_days_stays_one_and_is_late_when_one_is():
    rows = [row("a", -90, -60, -30, -28, -25)] * 3
    promised = [
        pd.NaT,
        pd.Timestamp(AS_OF) - pd.Timedelta(days=20),
        pd.Timestamp(AS_OF) - pd.Timedelta(days=30),
    ]
    for order in ([0, 1, 2], [2, 1, 0]):
        table = shipments(pd.DataFrame(rows).assign(promised_on=[promised[i] for i in order]), AS_OF)
        assert table["late"].tolist() == [1.0]


def test_what_was_not_known_on_the_day_is_not_used():
    table = durations([row("a", -40, -10, 5, 7, 9)])
    assert table.set_index("stage")["observed"].to_dict() == {"production": True, "transit": False}


def test_a_stage_without_its_end_in_a_finished_order_is_unknown_not_open():
    table = durations([row("a", -90, None, None, None, -25)])
    assert table.empty


def test_service_is_freed_of_the_queue_exactly_when_times_are_exact():
    generator = np.random.default_rng(3)
    arrival = np.cumsum(generator.exponential(1.0, 800)) - 2_000.0
    service = generator.lognormal(0.3, 0.5, 800)
    free = [-1e9] * 2
    cleared = []
    for at, length in zip(arrival, service, strict=True):
        done = max(at, heapq.heappop(free)) + length
        heapq.heappush(free, done)
        cleared.append(done)
    shipped = pd.DataFrame({"port_on": arrival, "cleared_on": cleared})
    starts = service_starts(shipped, pd.Series(["LA"] * 800), {"LA": 2})
    assert np.asarray(cleared) - starts == pytest.approx(service)
    assert (np.asarray(cleared) - arrival).mean() > service.mean() * 1.1


def test_an_order_still_in_the_customs_queue_has_no_age_in_service():
    rows = [row("a", -60, -40, -6), row("b", -60, -40, -4)]
    one = durations(rows, servers=1)
    two = durations(rows, servers=2)
    assert sorted(one.loc[one["stage"] == "clearance", "days"]) == [0.0, 6.0]
    assert sorted(two.loc[two["stage"] == "clearance", "days"]) == [4.0, 6.0]


def test_the_order_of_the_rows_means_nothing():
    generator = np.random.default_rng(8)
    rows = [
        row(f"p{i}", -200 + i, -150 + i, -120 + i, -117 + i + int(generator.integers(0, 4)), -110 + i)
        for i in range(60)
    ]
    one, other = durations(rows), durations(rows[::-1])
    pd.testing.assert_frame_equal(one, other)
    assert set(one["stage"]) == set(STAGES)
