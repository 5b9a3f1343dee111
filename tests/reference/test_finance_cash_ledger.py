"""The hand-worked cash ledger of CASES.md, run through ``close_month``: the same books that price a plan.

10 units a day, order 300 each 30 days, 3 per unit at the order, 7 at +30, 2 duty at +35, receipt +40, payout
+14 days, price 30.
"""

from __future__ import annotations

import numpy as np
import pytest

from engine.finance.books import Lines, open_books
from engine.finance.close import close_month
from engine.finance.kpis import cash_weighted_cycle
from engine.finance.statements import assemble
from tests.engine.finance.neutral import neutral_inputs, neutral_spec

MONTHS, LENGTH, DAILY, LOT = 40, 30, 10, 300


def _run(first_sale: int):
    spec = neutral_spec(
        [LENGTH * month for month in range(MONTHS + 1)],
        unit_cost=[[10.0]],
        deposit_share=[0.3],
        trigger=[1],
        base_price=[[30.0]],
        payout_lag=[14],
    )
    days = spec.days
    ordered = np.arange(0, days, LENGTH)
    sold = np.where(np.arange(days) >= first_sale, DAILY, 0)
    arrived = np.zeros(days, dtype=np.int64)
    arrived[ordered[ordered + 40 < days] + 40] = LOT
    on_hand = np.cumsum(arrived - sold)
    books, booked = open_books(spec, 1), []
    for month in range(MONTHS):
        window = slice(LENGTH * month, LENGTH * (month + 1))
        placed = ordered[ordered < window.stop]
        zeros = np.zeros((1, len(placed)), dtype=np.int32)
        lines = Lines(
            day_ordered=placed[None].astype(np.int32),
            node=zeros,
            supplier=zeros,
            item=zeros,
            units=(zeros + LOT).astype(np.int64),
            left=placed[None] + 30.0,
            port=placed[None] + 34.0,
            cleared=placed[None] + 35.0,
            received=(placed[None] + 40).astype(np.int32),
            used=np.array([len(placed)]),
        )
        inputs = neutral_inputs(
            spec,
            month,
            shipped=sold[None, window, None, None],
            on_hand=on_hand[None, window, None, None],
            lines=lines,
            duty_rate=np.full((1, 1, 1, 1, LENGTH), 0.2),
        )
        books, figures = close_month(spec, books, month, inputs)
        booked.append(figures.booked)
    return spec, booked


@pytest.mark.parametrize(
    ("first_sale", "tied_up", "cycle", "trough"),
    [(40, 5420.0, 45.1667, -5400.0), (41, 5540.0, 46.1667, -5700.0)],
    ids=["first sale on the receipt day", "first sale one day later"],
)
def test_cash_ledger(first_sale: int, tied_up: float, cycle: float, trough: float) -> None:
    spec, booked = _run(first_sale)
    steady = booked[10:38]
    tied = np.concatenate([month.cash.tied_up[0] for month in steady])
    assert tied.mean() == pytest.approx(tied_up, abs=1e-9)
    cost = sum(assemble(spec.opening, booked).line("cogs_goods")[0, 10:38]) + sum(
        assemble(spec.opening, booked).line("cogs_duty")[0, 10:38]
    )
    assert cash_weighted_cycle(tied, -cost) == pytest.approx(cycle, abs=5e-5)
    assert min(month.cash.net_cash[0].min() for month in booked) == trough
