"""Customers that no spend claims have a value of their own, with acquisition channels and without."""

import numpy as np

from engine.plan.load import load_plan
from engine.scenarios import load_library, resolve
from engine.stages.calibrate import calibrate
from engine.stages.draw import draw_block
from engine.stages.measure import measure
from engine.stages.simulate import play
from engine.stages.world import build_world
from models.calendar import Calendar
from tests.minimal_plan import minimal_files
from tests.tiny_plan import write_plan

MONTHS = 6


def played(plan, trials=2):
    calibration, calendar, library = calibrate(plan), Calendar(plan.forecast_start, MONTHS), load_library()
    world = build_world(plan, calibration, calendar)
    draws = draw_block(calibration, range(trials), 1, calendar)
    paths = resolve(library.compose("base"), world.view, range(trials), 1, calendar, library, {})
    return measure(world.measuring, play(world, draws, paths, ()))


def test_fault_D15_organic_customers_are_a_row_of_their_own(tmp_path):
    values = played(load_plan(write_plan(tmp_path / "plan")))
    won = values["customers/organic_customers"].sum(axis=1)
    worth, curve = values["customers/organic_ltv"], values["customers/organic_cm2_by_age"]
    assert np.all(np.isfinite(worth) == (won > 0.0))
    assert np.isfinite(worth).any()
    assert curve.shape == (2, MONTHS, *worth.shape[1:])
    assert np.nanmin(values["customers/organic_orders_per_customer"]) >= 1.0
    # discounting lowers what is earned, and no more than the yearly rate of the plan over half a year
    plain = curve.sum(axis=1)
    assert np.nanmax(np.abs(worth) - np.abs(plain)) < 0.05 * np.nanmax(np.abs(plain))


def test_fault_D15_who_wins_nobody_has_no_value_and_no_fault(tmp_path):
    values = played(load_plan(write_plan(tmp_path / "plan", minimal_files())))
    assert values["customers/ltv"].shape[-1] == 0
    won = values["customers/organic_customers"].sum(axis=1)
    assert np.all(np.isfinite(values["customers/organic_ltv"]) == (won > 0.0))
