"""USAID SCMS delivery history: purchase order to delivery by mode, figures of the data folder's README."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.lead_time import fit_lane

FOLDER = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[4] / "shared" / "data"))
FILE = FOLDER / "scms_delivery_history.parquet"


@pytest.fixture(scope="module")
def deliveries():
    if not FILE.exists():
        pytest.skip(f"SCMS delivery history is not at {FILE.parent.name}/{FILE.name}; set TRADEWIND_DATA")
    table = pd.read_parquet(FILE)
    assert len(table) == 10_324
    ordered = pd.to_datetime(table["PO Sent to Vendor Date"], format="%m/%d/%y", errors="coerce")
    delivered = pd.to_datetime(table["Delivered to Client Date"], format="%d-%b-%y")
    days = (delivered - ordered).dt.days
    found = pd.DataFrame({"mode": table["Shipment Mode"], "vendor": table["Vendor"], "days": days})[days >= 0]
    assert len(found) == 4_587
    return found


@pytest.mark.parametrize(
    ("mode", "count", "mean", "sd"),
    [("Air", 3_367, 111.1, 67.9), ("Ocean", 366, 176.9, 61.9), ("Truck", 792, 55.1, 98.1)],
)
def test_fitted_mean_and_sd_by_mode_are_those_of_the_data(deliveries, mode, count, mean, sd):
    days = deliveries.loc[deliveries["mode"] == mode, "days"].to_numpy(float)
    assert (days.size, round(days.mean(), 1), round(days.std(ddof=1), 1)) == (count, mean, sd)
    lead_time = fit_lane(days)
    assert lead_time.zero_share == pytest.approx((days == 0).mean())
    assert lead_time.mean == pytest.approx(mean, rel=0.06)
    assert sum(c.weight for c in lead_time.components) == pytest.approx(1.0)
    if mode != "Truck":
        assert lead_time.sd == pytest.approx(sd, rel=0.15)


@pytest.mark.parametrize("mode", ["Air", "Ocean"])
def test_orders_cut_at_a_snapshot_give_back_the_median_of_the_finished_ones(deliveries, mode):
    days = deliveries.loc[deliveries["mode"] == mode, "days"].to_numpy(float)
    age = np.random.default_rng(5).uniform(0.0, 365.0, days.size)
    cut = fit_lane(np.where(days <= age, days, age), observed=days <= age)
    naive = fit_lane(days[days <= age])
    middle = np.median(days)
    assert abs(float(cut.quantile(0.5)) - middle) < abs(float(naive.quantile(0.5)) - middle)
    assert float(cut.quantile(0.5)) == pytest.approx(middle, rel=0.08)


def test_piled_up_zero_days_are_a_point_mass_not_a_family(deliveries):
    days = deliveries.loc[deliveries["vendor"] == "S. BUYS WHOLESALER", "days"].to_numpy(float)
    assert days.size >= 30
    lead_time = fit_lane(days)
    assert lead_time.zero_share == pytest.approx((days == 0).mean())
    assert lead_time.zero_share > 0.2
