"""Counted durations: the same figures as Kaplan and Meier's estimate of listed ones, many samples at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lead_time.counted import counted_spread
from models.lead_time.kpis import spread

FIGURES = ("mean", "sd", "cv", "p50", "p90", "p95")


def counted(days, observed, length=60):
    finished, still_open = np.zeros((2, length), dtype=np.int32)
    np.add.at(finished, days[observed], 1)
    np.add.at(still_open, days[~observed], 1)
    return finished, still_open


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60))
def test_counts_give_the_figures_of_the_listed_orders(orders):
    days, observed = (np.array(column) for column in zip(*orders, strict=True))
    finished, still_open = counted(days, observed)
    found = counted_spread(finished, still_open, np.array(np.nan))
    assert float(found.orders) == len(orders)
    if not observed.any():
        assert np.isnan(float(found.mean))
        return
    listed = spread(days.astype(np.float64), observed)
    for name in FIGURES:
        expected = listed[name] if np.isfinite(listed[name]) else np.nan
        assert float(getattr(found, name)) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), name


def test_three_finished_orders_and_one_open_by_hand():
    finished, still_open = counted(np.array([10, 20, 30, 20]), np.array([True, True, True, False]))
    found = counted_spread(finished, still_open, np.array(20.0))
    # S(10) = 3/4, S(20) = 3/4 x 2/3 = 1/2, S(30) = 0: mass 1/4, 1/4, 1/2
    assert float(found.mean) == pytest.approx(22.5)
    assert (float(found.p50), float(found.p90)) == (20.0, 30.0)
    assert float(found.late) == pytest.approx(0.5)


def test_a_sample_alone_gives_the_same_bytes_as_among_others():
    generator = np.random.default_rng(1)
    finished, still_open = generator.poisson(0.3, (2, 5, 3, 200))
    finished[3, 1] = still_open[3, 1] = 0
    promised = np.array([40.0, np.nan, 10.5])
    together = counted_spread(finished, still_open, promised)
    for at in range(5):
        for mine, theirs in zip(
            counted_spread(finished[at : at + 1, :, :], still_open[at : at + 1], promised),
            together,
            strict=True,
        ):
            assert mine[0].tobytes() == theirs[at].tobytes()
    assert np.isnan(together.mean[3, 1])
    assert np.isnan(together.late[:, 1]).all()
    shorter = counted_spread(finished[:1, :1, :20], still_open[:1, :1, :20], promised[:1])
    padded = np.zeros((2, 1, 1, 200), dtype=np.int64)
    padded[0, ..., :20], padded[1, ..., :20] = finished[:1, :1, :20], still_open[:1, :1, :20]
    for mine, theirs in zip(shorter, counted_spread(padded[0], padded[1], promised[:1]), strict=True):
        assert mine.tobytes() == theirs.tobytes()
