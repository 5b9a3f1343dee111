"""What a run computes and how it is carried out: two records, so that the first alone makes its identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from models.calendar import MAXIMUM_QUARTERS, MONTHS_IN_QUARTER
from models.errors import UsageError

ENGINES = ("compiled", "simpy")
"""The fast network and the readable one; both give the same bytes."""


class Checked(Protocol):
    """Settings that can say what is wrong with them."""

    def faults(self) -> list[str]:
        """Every setting that cannot be meant, one line each."""
        ...


@dataclass(frozen=True)
class RunSettings:
    """What is computed: which trials, how far ahead, from which seed. Part of the identity of a run."""

    trials: int = 1024
    first_trial: int = 0
    """Number of the first trial: runs of neighbouring trials concatenate exactly."""
    quarters: int = 8
    """Horizon, quarters from the first open month."""
    seed: int = 1
    """Seed of every random address."""

    @property
    def numbers(self) -> range:
        """Numbers of the trials."""
        return range(self.first_trial, self.first_trial + self.trials)

    @property
    def months(self) -> int:
        """Horizon, months."""
        return MONTHS_IN_QUARTER * self.quarters

    def faults(self) -> list[str]:
        """Every setting that cannot be meant, one line each."""
        return _texts(
            (self.trials < 1, f"trials: at least 1 | got {self.trials}"),
            (self.first_trial < 0, f"first_trial: at least 0 | got {self.first_trial}"),
            (
                not 1 <= self.quarters <= MAXIMUM_QUARTERS,
                f"quarters: 1 to {MAXIMUM_QUARTERS} | got {self.quarters}",
            ),
            (self.seed < 0, f"seed: at least 0 | got {self.seed}"),
        )


@dataclass(frozen=True)
class Execution:
    """How it is computed: changes no number and is never part of an identity."""

    engine: str = "compiled"
    """``compiled``, or ``simpy`` for the readable reference."""
    workers: int = 0
    """Threads; 0: one per core; fewer where their blocks together would take too much memory."""
    block: int = 0
    """Trials of a task; 0: as many as memory allows."""
    always_simulate: bool = False
    """Whether no scenario takes over movements of base."""

    def faults(self) -> list[str]:
        """Every setting that cannot be meant, one line each."""
        return _texts(
            (self.engine not in ENGINES, f"engine: one of {', '.join(ENGINES)} | got {self.engine!r}"),
            (self.workers < 0, f"workers: at least 0 | got {self.workers}"),
            (self.block < 0, f"block: at least 1, or 0 for as many as memory allows | got {self.block}"),
        )


def check(*records: Checked) -> None:
    """Settings that can be meant, or one ``UsageError`` with every fault of all records.

    Raises
    ------
    UsageError : a setting that cannot be meant.
    """
    wrong = [text for record in records for text in record.faults()]
    if wrong:
        raise UsageError("; ".join(wrong))


def _texts(*findings: tuple[bool, str]) -> list[str]:
    return [text for bad, text in findings if bad]
