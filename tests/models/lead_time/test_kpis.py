"""Lead-time metrics by lane and stage, lateness, emergency orders apart; the summary for the check report."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from models.lead_time import STAGES, ListedLane, lead_time_kpis, lead_time_summary

AS_OF = dt.date(2025, 12, 31)
LANES = [
    ListedLane("CN1", "us", "LA", "sea", (21.0, 5.0), (30.0, 6.0), (2.0, 1.2), (3.0, 1.0)),
    ListedLane("CN1", "uk", "RT", "sea", (21.0, 5.0), (30.0, 6.0), (2.0, 1.2), (3.0, 1.0)),
    ListedLane("KR1", "us", "LA", "air", (21.0, 5.0), (6.0, 1.0), (2.0, 1.2), (3.0, 1.0)),
]
COLUMNS = ("ordered_on", "shipped_on", "port_on", "cleared_on", "received_on", "promised_on")


def log(rows):
    """Orders as (po, supplier, node, offsets in days from the as-of day in the order of COLUMNS)."""
    table = [
        {"po": po, "line": 1, "supplier": supplier, "node": node}
        | {
            name: pd.NaT if day is None else pd.Timestamp(AS_OF) + pd.Timedelta(days=day)
            for name, day in zip(COLUMNS, days, strict=True)
        }
        for po, supplier, node, days in rows
    ]
    return pd.DataFrame(table)


def metrics(table, **options):
    found = lead_time_kpis(table, LANES, as_of=AS_OF, servers={"LA": 9, "RT": 9}, **options)
    return found.set_index(["supplier", "node", "kind", "stage"])


def test_mean_spread_quantiles_and_lateness_by_hand():
    table = log(
        [
            ("a", "CN1", "us", (-200, -180, -150, -148, -145, -150)),
            ("b", "CN1", "us", (-190, -165, -130, -128, -120, -110)),
            ("c", "CN1", "us", (-100, -80, -50, -48, -45, -47)),
        ]
    )
    rows = metrics(table)
    total = rows.loc[("CN1", "us", "regular", "total")]
    assert (total["orders"], total["open"]) == (3, 0)
    days = np.array([55.0, 70.0, 55.0])
    assert (total["mean"], total["sd"], total["cv"]) == pytest.approx(
        (days.mean(), days.std(ddof=1), days.std(ddof=1) / days.mean())
    )
    assert (total["p50"], total["p90"], total["p95"]) == (55.0, 70.0, 70.0)
    assert total["late_share"] == pytest.approx(2.0 / 3.0)
    assert total["mean_days_late"] == pytest.approx(3.5)
    assert rows.loc[("CN1", "us", "regular", "transit"), "mean"] == pytest.approx((30.0 + 35.0 + 30.0) / 3.0)
    assert set(rows.loc[("CN1", "us", "regular")].index) == {*STAGES, "total"}


def test_an_open_order_lengthens_and_counts_as_late_once_its_day_has_passed():
    done = [
        (f"p{i}", "CN1", "us", (-300 + i, -280 + i, -250 + i, -248 + i, -240 - i, -200)) for i in range(4)
    ]
    still = [("open", "CN1", "us", (-90, -70, None, None, None, -10))]
    without, with_open = metrics(log(done)), metrics(log(done + still))
    key = ("CN1", "us", "regular", "total")
    assert with_open.loc[key, "open"] == 1
    assert with_open.loc[key, "mean"] > without.loc[key, "mean"]
    assert (without.loc[key, "late_share"], with_open.loc[key, "late_share"]) == pytest.approx((0.0, 0.2))
    assert np.isnan(without.loc[key, "mean_days_late"])


def test_emergency_orders_are_rows_of_their_own():
    slow = [(f"s{i}", "CN1", "us", (-300 + i, -280, -250, -248, -240 + i, None)) for i in range(3)]
    fast = [("e1", "CN1", "us", (-100, -98, -92, -91, -90, None))]
    rows = metrics(log(slow + fast), emergency={"e1"})
    assert rows.loc[("CN1", "us", "emergency", "total"), "mean"] == 10.0
    assert rows.loc[("CN1", "us", "regular", "total"), "mean"] == 60.0
    assert np.isnan(rows.loc[("CN1", "us", "regular", "total"), "late_share"])


def generated(count):
    generator = np.random.default_rng(1)
    rows = []
    for i in range(count):
        supplier, node = [("CN1", "us"), ("KR1", "us"), ("CN1", "uk")][i % 11 % 3 if i % 11 < 8 else 0]
        start = -700 + i * 690 // count
        steps = np.cumsum(
            [start, *np.maximum(1, generator.gamma((16, 25, 3, 9), (1.3, 1.2, 0.7, 0.4)).round())]
        )
        dates = [int(day) if day <= 0 else None for day in steps]
        rows.append((f"p{i}", supplier, node, (*dates, start + 60)))
    return log(rows)


def test_the_summary_tells_what_was_fitted_from_how_much_and_how_well():
    told = lead_time_summary(generated(160), LANES, as_of=AS_OF, servers={"LA": 9, "RT": 9})
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert len(told["stages"]) == 3 * 3 + 2
    for row in told["stages"]:
        assert row["source"] in ("fitted", "pooled", "listed")
        assert 0.0 <= row["own_weight"] <= 1.0
        assert sum(row["families"].values()) == pytest.approx(1.0, abs=0.03)
        assert row["source"] != "fitted" or 0.0 < row["p_value"] <= 1.0
    assert [row["lane"] for row in told["lanes"]] == ["CN1|uk", "CN1|us", "KR1|us"]
    assert [row["mode"] for row in told["modes"]] == ["air", "sea"]
    assert all(0.0 <= row["late_share"] <= 1.0 for row in told["suppliers"])
    assert set(told["dependence"]) == set(STAGES)
    assert set(told["congestion"]) == {"LA", "RT"}


def test_a_plan_without_orders_is_told_as_listed():
    told = lead_time_summary(generated(20).iloc[:0], LANES, as_of=AS_OF, servers={"LA": 9, "RT": 9})
    assert {row["source"] for row in told["stages"]} == {"listed"}
    assert {row["own_weight"] for row in told["stages"]} == {0.0}
    assert {row["late_share"] for row in told["lanes"]} == {None}
    json.dumps(told, allow_nan=False)
