"""What a run computes and how it is carried out: checked together, and only the first is its identity."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from engine.settings import ENGINES, Execution, RunSettings, check
from engine.stages import simulate
from models.errors import UsageError


def test_every_fault_of_all_records_is_told_at_once() -> None:
    wrong = RunSettings(trials=0, first_trial=-1, quarters=13, seed=-2)
    with pytest.raises(UsageError) as told:
        check(wrong, Execution(engine="fast", workers=-1, block=-1))
    names = [line.split(":")[0] for line in str(told.value).split("; ")]
    assert names == [field.name for field in fields(RunSettings)] + ["engine", "workers", "block"]
    check(RunSettings(), Execution())


def test_settings_are_frozen_and_say_which_trials_and_months() -> None:
    settings = RunSettings(trials=3, first_trial=5, quarters=2)
    assert list(settings.numbers) == [5, 6, 7]
    assert settings.months == 6
    with pytest.raises(FrozenInstanceError):
        settings.trials = 4  # type: ignore[misc]


def test_the_engines_that_can_be_chosen_are_those_that_play() -> None:
    assert tuple(simulate.ENGINES) == ENGINES
