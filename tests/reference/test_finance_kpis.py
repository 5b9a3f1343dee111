"""Hand-worked cases of finance metrics: the traps of KPIS.md and the figures of CASES.md."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from engine.finance import kpis
from engine.risk.concentration import concentration


def test_walmart_2018_closing_balances_and_365_days() -> None:
    walmart = kpis.conversion_cycle(
        inventory=43_783.0,
        receivables=5_614.0,
        payables=46_092.0,
        cogs=373_396.0,
        sales=495_761.0,
        days=365.0,
    )
    assert np.round(
        [walmart.days_inventory, walmart.days_receivables, walmart.days_payables, walmart.cycle], 3
    ).tolist() == [
        42.799,
        4.133,
        45.056,
        1.876,
    ]


def test_trap_5_days_are_those_of_the_period() -> None:
    assert kpis.days_of(1375.0, 1000.0, 92.0) == pytest.approx(126.5)
    assert kpis.days_of(1375.0, 1000.0, 365.0) == pytest.approx(501.875)


def test_trap_4_concentration_of_a_market_mix() -> None:
    mix = concentration(np.array([65.0, 15.0, 10.0, 10.0]))
    assert (mix.top_1, mix.top_3, mix.hhi) == (0.65, 0.9, pytest.approx(0.465))
    assert mix.effective_number == pytest.approx(2.1505, abs=1e-4)
    assert concentration(np.array([50.0, 50.0])).hhi == 0.5
    assert concentration(np.array([0.4, 0.3, 0.2, 0.1])).hhi == pytest.approx(0.30)


def test_trap_6_turns_and_days_are_one_figure() -> None:
    assert 365.0 / kpis.inventory_turnover(600.0, 100.0, 365.0) == pytest.approx(
        kpis.days_of(100.0, 600.0, 365.0)
    )
    assert kpis.inventory_turnover(600.0, 100.0, 365.0) == 6.0
    assert kpis.inventory_turnover(150.0, 100.0, 91.25) == pytest.approx(6.0)


def test_averages_of_opening_and_closing() -> None:
    inventory = kpis.average(100.0, 140.0)
    cycle = kpis.conversion_cycle(
        inventory=inventory, receivables=30.0, payables=45.0, cogs=90.0, sales=180.0, days=90.0
    )
    assert (cycle.days_inventory, cycle.days_receivables, cycle.days_payables, cycle.cycle) == (
        120.0,
        15.0,
        45.0,
        90.0,
    )


def test_coverage_in_three_variants() -> None:
    cover = kpis.coverage_variants(
        operating=150.0, fixed=100.0, undrawn=20.0, current_liabilities=200.0, ebitda=40.0, interest=12.0
    )
    assert cover.literal == pytest.approx(1.7)
    assert cover.current_liabilities == pytest.approx(0.25)
    assert cover.fixed_charge == pytest.approx(1.25)


def test_margins_runway_efficiency_and_carrying_cost() -> None:
    assert kpis.gross_margin(200.0, 130.0) == pytest.approx(0.65)
    assert kpis.capital_efficiency(30.0, 120.0) == pytest.approx(0.25)
    assert kpis.runway_weeks(np.array([130.0, -5.0, 10.0]), np.array([10.0, 10.0, 0.0])).tolist() == [
        13.0,
        0.0,
        np.inf,
    ]
    assert kpis.fill_rate(95.0, 100.0) == pytest.approx(0.95)
    assert kpis.carrying_cost(
        1000.0, capital=0.1, storage=0.04, insurance=0.01, shrink=0.02
    ) == pytest.approx(170.0)


def test_nothing_sold_is_no_number() -> None:
    assert np.isnan(kpis.days_of(10.0, 0.0, 30.0))
    assert np.isnan(concentration(np.zeros(3)).hhi)


def test_a_member_without_volume_changes_no_bit() -> None:
    amounts = np.array([0.1, 0.7, 0.3])
    with_nothing = concentration(np.insert(amounts, 1, 0.0))
    assert astuple(with_nothing) == astuple(concentration(amounts))
