"""A forecast beside the past."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from engine.report.plausibility import plausibility


def record(months: int = 12, **sales: list[float]) -> dict[str, object]:
    fits = {f"{market}/shop": {"customers": 5, "boundary": True} for market in sales}
    return {
        "history": {"months": [str(month) for month in range(months)], "net_sales": sales},
        "calibration_diagnostics": {
            "demand": {
                "season": {"source": "none"},
                "customers": fits,
                "anonymous": {key: {"monthly_log_slope": 0.0, "months": 0} for key in fits},
            }
        },
    }


def cube(by_market: dict[str, float], months: int = 24, trials: int = 3) -> xr.DataTree:
    values = np.stack([np.full((1, trials, months), value) for value in by_market.values()], axis=-1)
    values[0, 0] *= 9.0  # the median does not see one wild trial
    dims = ("scenario", "trial", "month", "market")
    data = xr.DataArray(values, dims=dims, coords={"scenario": ["base"], "market": list(by_market)})
    return xr.DataTree.from_dict({"/market": xr.Dataset({"net_revenue": data})})


def test_a_market_beyond_a_factor_two_is_an_exception_with_its_cause() -> None:
    steady, rising = [10.0] * 12, [10.0] * 9 + [60.0] * 3
    rows = plausibility(cube({"A": 11.0, "B": 60.0}), record(A=steady, B=rising))
    assert [(row["market"], row["last"], row["next"], row["within"]) for row in rows] == [
        ("A", 120.0, 132.0, True),
        ("B", 270.0, 720.0, False),
    ]
    assert rows[1]["ratio"] == pytest.approx(720.0 / 270.0)
    assert "its last 3 months ran at 2.67 of the year's mean" in rows[1]["cause"]
    assert "no season is identified" in rows[1]["cause"]
    assert "no leaving of customers is identified" in rows[0]["cause"]
    assert "5 customers: each one counts" in rows[0]["cause"]


def test_a_market_without_sales_has_no_ratio() -> None:
    (row,) = plausibility(cube({"A": 0.0}), record(A=[0.0] * 12))
    assert (row["ratio"], row["within"]) == (None, True)


@pytest.mark.parametrize(("months", "horizon"), [(11, 24), (12, 9)])
def test_less_than_a_year_on_either_side_says_nothing(months: int, horizon: int) -> None:
    assert plausibility(cube({"A": 1.0}, horizon), record(months, A=[1.0] * months)) == []
