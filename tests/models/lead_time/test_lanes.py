"""fit_lanes on a generated history: order to receipt as in history; pooled, listed, total-only lanes."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from models.lead_time import STAGES, LeadTimeModel, ListedLane, fit_lanes

AS_OF = dt.date(2025, 12, 31)
STAGE = {"production": (21.0, 5.0), "transit": (30.0, 6.0), "clearance": (2.0, 1.2), "inland": (3.0, 1.0)}


def listed(supplier, node, mode="sea", **changes):
    return ListedLane(supplier, node, "LA", mode, **(STAGE | changes))


def history(supplier, node, count, *, span=700, scale=1.0, seed=1):
    """Orders with independent stages, dates as a system logs them: day stamps, receipt on the next day."""
    generator = np.random.default_rng(seed)
    rows = []
    for i, ordered in enumerate(np.sort(generator.integers(-span, 0, count))):
        times = [float(ordered)]
        for mean, sd in STAGE.values():
            variance = math.log1p((sd / mean) ** 2)
            times.append(
                times[-1] + scale * generator.lognormal(math.log(mean) - variance / 2.0, variance**0.5)
            )
        days = [ordered, *(math.floor(x) for x in times[1:4]), math.ceil(times[4])]
        dates = [pd.Timestamp(AS_OF) + pd.Timedelta(days=int(d)) if d <= 0 else pd.NaT for d in days]
        rows.append((f"{supplier}{node}{i}", 1, supplier, node, *dates))
    return pd.DataFrame(
        rows,
        columns=[
            "po",
            "line",
            "supplier",
            "node",
            "ordered_on",
            "shipped_on",
            "port_on",
            "cleared_on",
            "received_on",
        ],
    )


def fit(log, lanes, **options):
    return fit_lanes(log, lanes, as_of=AS_OF, servers={"LA": 8}, **options)


def law(model, supplier, node, stage):
    lane = next(lane for lane in model.lanes if (lane.supplier, lane.node) == (supplier, node))
    return lane.stages[STAGES.index(stage)]


@pytest.fixture(scope="module")
def log():
    return pd.concat(
        [
            history("CN1", "us", 260),
            history("KR1", "us", 200, scale=0.5, seed=2),
            history("CN1", "uk", 5, seed=3),
        ]
    )


@pytest.fixture(scope="module")
def model(log):
    return fit(log, [listed("KR1", "us"), listed("CN1", "us"), listed("CN1", "uk"), listed("KR1", "uk")])


@pytest.mark.parametrize(("supplier", "truth"), [("CN1", 56.0), ("KR1", 28.0)])
def test_order_to_receipt_stays_within_five_per_cent_of_history_and_truth(model, supplier, truth):
    stages = [law(model, supplier, "us", stage) for stage in STAGES]
    mean = sum(stage.mean for stage in stages) + 0.5
    assert mean == pytest.approx(model.history[f"{supplier}|us"]["mean"], rel=0.03)
    assert mean == pytest.approx(truth + 0.5, rel=0.05)
    sd = math.sqrt(sum(stage.sd**2 for stage in stages))
    p90 = mean + 1.2816 * sd
    assert p90 == pytest.approx(model.history[f"{supplier}|us"]["p90"], rel=0.05)


def test_every_lane_has_the_law_its_orders_allow(model):
    assert law(model, "CN1", "us", "transit").source == "fitted"
    assert law(model, "CN1", "uk", "transit").source == "pooled"
    assert law(model, "KR1", "uk", "transit").source == "listed"
    assert law(model, "KR1", "uk", "transit").mean == pytest.approx(30.0)
    assert law(model, "KR1", "uk", "transit").sd == pytest.approx(6.0)
    assert law(model, "KR1", "uk", "transit").log_mean_error > 0.0
    assert law(model, "CN1", "us", "transit").open_orders > 0


def test_customs_is_one_law_per_port(model):
    assert len({law(model, s, "us", "clearance") for s in ("CN1", "KR1")}) == 1


def test_row_order_and_lane_order_mean_nothing(log, model):
    mixed = log.sample(frac=1.0, random_state=4)
    other = fit(mixed, [listed("CN1", "uk"), listed("KR1", "uk"), listed("CN1", "us"), listed("KR1", "us")])
    assert other.to_json() == model.to_json()


def test_a_lane_without_orders_changes_no_other(log, model):
    more = fit(log, [listed(s, n) for s in ("CN1", "KR1") for n in ("us", "uk")] + [listed("VN1", "us")])
    for lane in model.lanes:
        assert lane in more.lanes
    assert more.dependence == model.dependence
    assert more.stage_link == model.stage_link


def test_a_log_without_orders_gives_the_listed_figures(log):
    model = fit(log.iloc[:0], [listed("CN1", "us")])
    assert [stage.source for stage in model.lanes[0].stages] == ["listed"] * 4
    assert model.mean_days()[0, 0].tolist() == pytest.approx([21.0, 30.0, 2.0, 3.0])
    assert model.history == {}


def test_a_lane_that_logs_only_order_and_receipt_is_scaled_to_its_totals_net_of_clearance():
    log = history("CN1", "us", 150, scale=1.6)
    log[["shipped_on", "port_on", "cleared_on"]] = pd.NaT
    model = fit(log, [listed("CN1", "us")])
    stages = model.lanes[0].stages
    assert [stage.source for stage in stages] == ["total", "total", "listed", "total"]
    total = model.history["CN1|us"]
    assert sum(stage.mean for stage in stages) + 0.5 == pytest.approx(total["mean"], rel=1e-9)
    assert stages[2].mean == pytest.approx(2.0)


def test_json_gives_back_an_equal_model_and_diagnostics_have_a_row_per_stage(model):
    again = LeadTimeModel.from_json(model.to_json())
    assert again.lanes == model.lanes
    assert again.to_json() == model.to_json()
    assert np.array_equal(again.tables, model.tables)
    rows = model.diagnostics()
    assert len(rows) == 16
    assert all(sum(row["families"].values()) == pytest.approx(1.0) for row in rows)
