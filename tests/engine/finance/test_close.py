"""Closing a month: trials are independent, history is not rewritten, and money moves as theory says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.finance import kpis
from engine.finance.accounts import BALANCE_INDEX
from engine.finance.statements import assemble
from models.errors import TradewindError


def _one_trial(story, t: int):
    lines = type(story.lines)(*(array[t : t + 1] for array in story.lines))
    cut = slice(t, t + 1)
    return replace(
        story, shipped=story.shipped[cut], on_hand=story.on_hand[cut], fx=story.fx[cut], lines=lines
    )


@pytest.mark.parametrize("trial", [0, 1, 2])
def test_a_trial_alone_gives_the_same_bytes(closed, close, story, trial: int) -> None:
    alone = close(closed.spec, _one_trial(story, trial))
    for together, single in zip(closed.months, alone.months, strict=True):
        assert together.segments[trial].tobytes() == single.segments[0].tobytes()
        assert together.company[trial].tobytes() == single.company[0].tobytes()
        for a, b in zip(together.cash, single.cash, strict=True):
            assert a[trial].tobytes() == b[0].tobytes()


def test_fewer_months_give_the_same_first_ones(closed, close, story) -> None:
    for long, short in zip(closed.months, close(closed.spec, story, months=3).months, strict=False):
        assert long.company.tobytes() == short.company.tobytes()


def test_later_days_of_the_order_table_are_not_read(closed, close, story) -> None:
    class Known(type(story)):
        def lines_known(self, until):
            count = (self.lines.day_ordered < until).sum(axis=1)
            return self.lines._replace(used=count)

    replay = close(closed.spec, Known(**{name: getattr(story, name) for name in story.__dataclass_fields__}))
    for a, b in zip(closed.months, replay.months, strict=True):
        assert a.company.tobytes() == b.company.tobytes()
        assert a.segments.tobytes() == b.segments.tobytes()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(low=st.floats(0.0, 0.5), more=st.floats(0.001, 0.5))
def test_margin_never_rises_with_duty(close, spec_with, story_with, low: float, more: float) -> None:
    spec = spec_with(realisable_share=1e9)
    cheap = assemble(spec.opening, close(spec, story_with(duty=low)).months)
    dear = assemble(spec.opening, close(spec, story_with(duty=low + more)).months)
    assert (dear.rung("cm2").sum(axis=1) < cheap.rung("cm2").sum(axis=1)).all()
    assert (dear.rung("net_revenue") == cheap.rung("net_revenue")).all()
    assert (dear.duty_paid <= cheap.duty_paid + 1e-9).all()


def test_a_higher_price_raises_every_month_of_every_rung_to_cm2(closed, close, story_with) -> None:
    dear = assemble(closed.spec.opening, close(closed.spec, story_with(level=1.1)).months)
    base = assemble(closed.spec.opening, closed.months)
    assert (dear.rung("net_revenue") > base.rung("net_revenue")).all()


def test_credit_is_drawn_to_its_limit_and_the_rest_is_unfunded(close, spec_with, story) -> None:
    spec = spec_with(fixed_monthly=np.full(6, 40_000.0), credit_limit=6000.0)
    months = close(spec, story).months
    net = np.concatenate([month.cash.net_cash for month in months], axis=1)
    drawn = np.concatenate([month.cash.drawn for month in months], axis=1)
    assert (drawn == np.clip(-net, 0.0, 6000.0)).all()
    assert drawn.max() == 6000.0
    assert (net + drawn).min() < 0.0
    statements = assemble(spec.opening, months)
    assert np.abs(statements.identity_gap()).max() < 1e-5


def test_losses_are_carried_forward_before_tax(close, spec_with, story) -> None:
    losing = np.array([30_000.0] * 3 + [0.0] * 3)
    spec = spec_with(fixed_monthly=losing)
    statements = assemble(spec.opening, close(spec, story).months)
    before = statements.rung("net_income") - statements.line("tax")
    first, second = before[:, :3].sum(axis=1), before[:, 3:].sum(axis=1)
    assert (first < 0.0).all()
    expected = -0.25 * np.maximum(second - np.maximum(-first, 0.0), 0.0)
    np.testing.assert_allclose(statements.line("tax").sum(axis=1), expected, atol=1e-6)


def test_stock_that_differs_from_the_network_is_an_error(closed, close, story) -> None:
    wrong = story.on_hand.copy()
    wrong[1, 30, 0, 0] += 1
    with pytest.raises(TradewindError, match="trial 1"):
        close(closed.spec, replace(story, on_hand=wrong), months=1)


def test_a_wrong_shape_is_refused(closed, close, story) -> None:
    with pytest.raises(ValueError, match="shipped"):
        close(closed.spec, replace(story, shipped=story.shipped[:, :, :-1]), months=1)


def test_the_rungs_of_segments_add_up_to_the_company(closed) -> None:
    statements = assemble(closed.spec.opening, closed.months)
    for rung in ("net_revenue", "cm1", "cm2", "cm3"):
        np.testing.assert_allclose(
            statements.segment_rung(rung).sum(axis=2), statements.rung(rung), atol=1e-6
        )


def test_conversion_cycle_and_coverage_of_a_quarter_use_averages_and_its_own_days(closed) -> None:
    statements = assemble(closed.spec.opening, closed.months)
    days = np.array([90.0, 91.0])
    cycle = kpis.cash_conversion(closed.spec.opening.balance, statements, days)
    stock = statements.account("inventory") + statements.account("inventory_in_transit")
    cogs = -sum(statements.line(name)[:, 3:].sum(axis=1) for name in kpis.COGS_LINES)
    expected = (stock[:, 2] + stock[:, 5]) / 2.0 / cogs * 91.0
    np.testing.assert_allclose(cycle.days_inventory[:, 1], expected)
    opening = closed.spec.opening.balance[BALANCE_INDEX["receivables"]]
    receivables = (opening + statements.account("receivables")[:, 2]) / 2.0
    sales = statements.rung("net_revenue")[:, :3].sum(axis=1)
    np.testing.assert_allclose(cycle.days_receivables[:, 0], receivables / sales * 90.0)
    drawn = np.stack([closed.months[month].cash.drawn[:, -1] for month in (2, 5)], axis=1)
    operating = statements.cash_flow[:, :3, 0].sum(axis=1) / 3.0
    cover = kpis.coverage(statements, drawn, 6000.0)
    np.testing.assert_allclose(cover[:, 0], (operating + 6000.0 - drawn[:, 0]) / 2500.0)
