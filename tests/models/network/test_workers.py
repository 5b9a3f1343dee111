"""Threads change no number: of the draws, of the compiled engine, of the labelled arrays."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import UsageError
from models.network import draw, simulate
from tests.benchmarks.reference_network import reference_network


def test_any_number_of_workers_gives_the_same_dataset() -> None:
    network = reference_network(items=10)
    asked = {"days": 60, "trials": range(3, 14), "seed": 5}
    alone = simulate(network, asked, workers=1)
    assert int(alone.returned.sum()) > 0
    for workers in (0, 2, 3, 40):
        assert alone.identical(simulate(network, asked, workers=workers))


def test_any_number_of_workers_gives_the_same_draws() -> None:
    network = reference_network(items=3)
    one, three = (draw(network, days=40, trials=7, workers=workers) for workers in (1, 3))
    for name in ("transit", "service", "demand"):
        assert np.array_equal(getattr(one, name), getattr(three, name))


def test_fewer_workers_than_none_are_refused() -> None:
    with pytest.raises(UsageError, match="workers: at least 0"):
        simulate(reference_network(items=3), {"days": 5, "trials": 2}, workers=-1)
