"""What can be set for a run: the same limits wherever trials are played."""

from __future__ import annotations

from engine.stages.simulate import ENGINES
from models.calendar import MAXIMUM_QUARTERS
from models.errors import UsageError

BLOCK = 64
"""Trials of a task, of a chunk on disk and of a marker; no number depends on it."""


def check_settings(
    trials: int, first_trial: int, quarters: int, engine: str, workers: int, block: int, seed: int
) -> None:
    """Every setting of a run that cannot be meant, in one ``UsageError``."""
    faults = [
        (trials < 1, f"trials: at least 1 | got {trials}"),
        (first_trial < 0, f"first_trial: at least 0 | got {first_trial}"),
        (not 1 <= quarters <= MAXIMUM_QUARTERS, f"quarters: 1 to {MAXIMUM_QUARTERS} | got {quarters}"),
        (engine not in ENGINES, f"engine: one of {', '.join(ENGINES)} | got {engine!r}"),
        (workers < 0, f"workers: at least 0 | got {workers}"),
        (block < 1, f"block: at least 1 | got {block}"),
        (seed < 0, f"seed: at least 0 | got {seed}"),
    ]
    wrong = [text for bad, text in faults if bad]
    if wrong:
        raise UsageError("; ".join(wrong))
