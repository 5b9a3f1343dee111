"""Orders still under way say that a lead time is at least so long: left out, the mean is too short."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from engine.plan.setup.supply import lead_time

CLOSED = dt.date(2025, 6, 30)


def log(seed, orders=400, last_days=120):
    """Orders of the last days before the close, lead times of mean 60 and sd 12, units 1 to 5."""
    draw = np.random.default_rng(seed)
    begun = [CLOSED - dt.timedelta(days=int(day)) for day in draw.integers(1, last_days, orders)]
    days = np.maximum(np.rint(draw.normal(60.0, 12.0, orders)), 1)
    came = [begin + dt.timedelta(days=int(wait)) for begin, wait in zip(begun, days, strict=True)]
    return pd.DataFrame(
        {
            "po": [str(k) for k in range(orders)],
            "ordered_on": begun,
            "received_on": [day if day <= CLOSED else None for day in came],
            "quantity": draw.integers(1, 6, orders),
            "status": "",
        }
    )


def test_open_orders_are_censored():
    means, short = [], []
    for seed in range(12):
        one = log(seed)
        assert one["received_on"].isna().mean() > 0.3
        means.append(lead_time(one, CLOSED).mean)
        short.append(lead_time(one).mean)
    error = np.std(means, ddof=1) / len(means) ** 0.5
    assert abs(np.mean(means) - 60.0) < 3.0 * error + 0.3  # days are whole, the last wait ends the curve
    assert np.mean(short) < 60.0 - 3.0 * error


def test_without_open_orders_it_is_the_mean_by_units():
    one = log(1)
    done = one[one["received_on"].notna()]
    days = np.array([(b - a).days for a, b in zip(done["ordered_on"], done["received_on"], strict=True)])
    mean = float(np.average(days, weights=done["quantity"]))
    assert lead_time(done, CLOSED).mean == pytest.approx(mean)
    assert lead_time(done, CLOSED).open == 0


def test_cancelled_lines_and_no_receipts():
    one = log(2).assign(status="cancelled")
    assert lead_time(one, CLOSED).open == 0
    assert lead_time(one[one["received_on"].isna()], CLOSED) is None
