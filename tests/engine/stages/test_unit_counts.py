"""Units counted by month: what was demanded was shipped, is lost or waits."""

from __future__ import annotations

import numpy as np
import pytest

from engine.stages.unit_counts import UnitCounts
from models.arrays import IntArray
from models.errors import TradewindError


def counts(sold: int = 6, lost: int = 1, waited: int = 6) -> UnitCounts:
    """One trial, two months, one segment: ten units demanded in the first month."""

    def units(first: int) -> IntArray:
        return np.array([[[first], [0]]])

    wait = np.zeros((1, 2, 1, 61), dtype=np.int64)
    wait[0, 0, 0, 3] = waited
    nothing = units(0)
    return UnitCounts(
        nothing, nothing[..., None], units(10), units(sold), units(lost), nothing, nothing, nothing, wait
    )


WAITING = np.array([[[2, 1]]])
"""Units of two items."""


def test_units_that_are_conserved_pass() -> None:
    counts().check(WAITING)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"sold": 7, "waited": 7}, "-1 demanded and neither"),
        ({"lost": 0}, "1 demanded and neither"),
        ({"waited": 5}, "differ"),
    ],
)
def test_units_from_nowhere_are_refused(wrong: dict[str, int], what: str) -> None:
    with pytest.raises(TradewindError, match=what):
        counts(**wrong).check(WAITING)


def test_months_taken_from_base_are_its_months() -> None:
    own, base = counts(sold=0), counts()
    own.take(base, 1)
    assert own.sold.tolist() == base.sold.tolist()
    assert own.sold is not base.sold
