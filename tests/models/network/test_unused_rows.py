"""Rows of the order tables that no order uses say so, whatever lay in memory before."""

from dataclasses import fields

import numpy as np
import pytest

from models.network import Controls, draw, initial_state, kernel, opening_stock, process
from models.network.state import FILL, PER_TRIAL
from tests.benchmarks.reference_network import reference_network


def test_tables_stay_small_where_nothing_was_ordered_at_first() -> None:
    network = reference_network(items=4)
    draws, controls = draw(network, days=40, trials=3), Controls.constant(network, 40)
    state = initial_state(network, range(3), 10 + opening_stock(network))  # nothing to order on the first day
    rows = []
    for until in (1, 40):
        state, _ = kernel.advance(network, state, until, controls, draws, draws.demand[:, state.day : until])
        rows.append((int(state.lines.count.max()), state.lines.item.shape[1]))
    assert rows[0][0] == 0
    assert 0 < rows[1][0] <= rows[1][1] < 4 * rows[1][0]


@pytest.mark.parametrize("engine", [kernel, process])
def test_unused_rows_are_as_in_an_empty_table(engine: object) -> None:
    network = reference_network(items=4)
    draws = draw(network, days=120, trials=3)
    littered = [np.full(1 << 16, 7.25) for _ in range(32)]  # memory that the next tables may be given
    del littered
    state = initial_state(network, range(3), opening_stock(network))
    controls = Controls.constant(network, 120)
    for until in (30, 60, 120):
        state, _ = engine.advance(network, state, until, controls, draws, draws.demand[:, state.day : until])
    for table in (state.lines, state.orders):
        assert table.count.min() > 0
        for each in (f.name for f in fields(table) if f.name not in PER_TRIAL):
            column = getattr(table, each)
            unused = np.arange(column.shape[1]) >= table.count[:, None]
            assert np.all(column[unused] == FILL.get(each, 0)), each
