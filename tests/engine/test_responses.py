from __future__ import annotations

import numpy as np
import pytest

from engine.responses import (
    NO_CAP,
    RESPONSES,
    CashFloor,
    Failover,
    close,
    month_control,
    network_control,
    no_alarms,
    responses_of,
    segments,
)
from models.errors import InputError
from tests.engine.plan_view import CALENDAR, composed

FLOOR = CashFloor(
    floor=100.0, recovery=150.0, spend_cut=0.4, purchase_share=0.6, detection_days=4, reaction_days=6
)


def alarms_after(*cash, response=FLOOR):
    """Memory after months closed at the cash given: one list per month, one number per trial."""
    alarms = no_alarms([response], len(cash[0]) if cash else 2)
    for figures in cash:
        alarms = close(alarms, {"net_cash": np.array(figures, dtype=float)})
    return alarms


def test_before_any_month_is_closed_nothing_is_asked():
    control = month_control(alarms_after(), 0, CALENDAR, 2)
    assert control.is_nothing
    assert control.change_days == (0,)


def test_the_playbook_acts_after_detection_and_reaction_worked_by_hand():
    control = month_control(alarms_after([50, 200]), 1, CALENDAR, 2)
    # January closes below the floor in trial 0; February (28 days) is under the playbook from its day 10 on
    assert control.spend == pytest.approx([1 - 0.4 * 18 / 28, 1.0])
    assert np.all(control.purchase_share[:, :10] == NO_CAP)
    assert np.all(control.purchase_share[0, 10:] == 0.6)
    assert np.all(control.purchase_share[1] == NO_CAP)
    assert control.change_days == (0, 10)


def test_it_ends_only_at_recovery_and_with_the_same_delay():
    alarms = alarms_after([50], [120], [150])
    assert alarms[0].breached.tolist() == [[True, True, False]]
    april = segments(alarms[0], 3, CALENDAR)
    assert [(s.until - s.first, bool(s.active[0])) for s in april] == [(10, True), (20, False)]


def test_without_a_recovery_level_the_floor_is_both():
    alarms = alarms_after([50], [100], response=CashFloor(floor=100.0))
    assert alarms[0].breached.tolist() == [[True, False]]


def test_a_delay_longer_than_a_month_skips_the_next_month():
    slow = CashFloor(floor=100.0, detection_days=20, reaction_days=20)
    assert month_control(alarms_after([50], response=slow), 1, CALENDAR, 1).is_nothing
    march = month_control(alarms_after([50], [500], response=slow), 2, CALENDAR, 1)
    assert np.all(march.purchase_share[0, :12] == NO_CAP)
    assert np.all(march.purchase_share[0, 12:] == 0.7)


def test_a_month_never_sees_figures_of_itself_or_later():
    with pytest.raises(ValueError, match="must be closed"):
        month_control(alarms_after([50]), 2, CALENDAR, 1)
    early = month_control(alarms_after([50]), 1, CALENDAR, 1)
    late = month_control(alarms_after([50], [999], [999]), 1, CALENDAR, 1)
    assert early.spend.tobytes() == late.spend.tobytes()
    assert early.purchase_share.tobytes() == late.purchase_share.tobytes()


def test_one_trial_never_depends_on_another():
    whole = month_control(alarms_after([50, 200, 90]), 1, CALENDAR, 3)
    for trial, cash in enumerate([50, 200, 90]):
        alone = month_control(alarms_after([cash]), 1, CALENDAR, 1)
        assert alone.spend[0] == whole.spend[trial]
        assert alone.purchase_share.tobytes() == whole.purchase_share[trial : trial + 1].tobytes()


def test_two_playbooks_multiply_cuts_and_take_the_lower_cap():
    other = CashFloor(floor=1000.0, spend_cut=0.5, purchase_share=0.2, detection_days=0, reaction_days=0)
    alarms = close(no_alarms([FLOOR, other], 1), {"net_cash": np.array([50.0])})
    control = month_control(alarms, 1, CALENDAR, 1)
    assert control.spend[0] == pytest.approx(0.5 * (1 - 0.4 * 18 / 28))
    assert np.all(control.purchase_share == 0.2)


def test_a_figure_that_is_not_there_or_not_a_number_is_refused():
    alarms = no_alarms([FLOOR], 1)
    with pytest.raises(KeyError, match="did you mean net_cash_end"):
        close(alarms, {"net_cash_end": np.zeros(1)})
    with pytest.raises(ValueError, match="NaN"):
        close(alarms, {"net_cash": np.array([np.nan])})


def test_failover_is_off_unless_asked_for():
    assert not network_control([]).failover_on
    control = network_control([Failover(detection_days=3, reaction_days=2)])
    assert (control.failover_on, control.failover_delay) == (True, 5)


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_playbook_states_trigger_action_and_delay(name):
    response = RESPONSES[name]()
    assert response.trigger
    assert response.action
    assert response.delay == response.detection_days + response.reaction_days > 0


def test_a_scenario_turns_playbooks_on_with_parameters_of_its_own():
    uses = composed(
        responses=["failover", {"name": "cash_floor", "floor": 250000, "spend_cut": 0.3}]
    ).responses
    floor, failover = responses_of(uses)
    assert isinstance(floor, CashFloor)
    assert (floor.floor, floor.spend_cut) == (250000.0, 0.3)
    assert isinstance(failover, Failover)


def test_unknown_playbooks_and_parameters_are_told_all_at_once():
    uses = composed(
        responses=[
            "failovr",
            {"name": "cash_floor", "flor": 1},
        ]
    ).responses
    with pytest.raises(InputError) as caught:
        responses_of(uses)
    text = str(caught.value)
    assert "did you mean failover?" in text
    assert "did you mean floor?" in text
