"""SCMS: fitted on what was known at the end of 2012, the 80% intervals of later orders hold."""

import numpy as np
import pytest

from tests.verify import scms


@pytest.fixture(scope="module")
def lines():
    if not scms.FILE.exists():
        pytest.skip(f"SCMS delivery history is not at {scms.FILE.parent.name}; set TRADEWIND_DATA")
    return scms.deliveries()


def test_eighty_per_cent_intervals_cover_70_to_90_at_no_more_than_one_and_a_half_widths(lines):
    bands = scms.later_bands(lines)
    assert bands.lines.sum() == 1_975
    assert 0.7 <= bands.coverage("drift") <= 0.9
    assert bands.width("drift") <= 1.5
    assert bands.width("empirical") == 1.0
    assert np.all(bands.bounds["drift"][0] <= bands.bounds["drift"][1])


def test_nothing_after_the_cut_is_used(lines):
    orders = scms.orders_of(lines)
    later = orders["ordered"] > scms.CUT
    changed = orders.copy()
    changed.loc[later, "days"] *= 3.0
    one, other = (scms.forecast(scms.known_on_cut(table), "Ocean") for table in (orders, changed))
    assert one.laws == other.laws
    assert one.drift == other.drift


def test_the_zero_day_lines_that_are_missed_began_after_the_cut(lines):
    """By order line fewer are covered than by order: two truck vendors began same-day deliveries in 2013 or
    later. No zero stood in their history, so no point mass could be fitted; elsewhere lines are covered too.
    """
    bands = scms.later_bands(lines)
    trucks = ["PHARMACY DIRECT", "S. BUYS WHOLESALER"]
    theirs = lines[lines["vendor"].isin(trucks)]
    before = theirs[theirs["delivered"] <= scms.CUT]
    assert (before["days"] > 0.0).all()
    assert (theirs[theirs["ordered"] > scms.CUT]["days"] == 0.0).mean() > 0.5
    assert bands.coverage("drift", bands.lines) < 0.7
    others = scms.later_bands(lines[~lines["vendor"].isin(trucks)])
    assert 0.7 <= others.coverage("drift", others.lines) <= 0.9
