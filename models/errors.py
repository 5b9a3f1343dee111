"""Everything tradewind raises on purpose.

TradewindError
├── InputError        what a user gave is not usable: carries every fault of the stage; exit code 3
├── UsageError        a call or command that cannot be meant: exit code 2
├── FitError          a model cannot be fitted or its figure does not exist (an infinite mean, say)
├── NotSupportedError a feature that the chosen engine does not have
└── StoreError        a run on disk that is incomplete, foreign or damaged
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class TradewindError(Exception):
    """Root of the errors that tradewind raises on purpose."""


class UsageError(TradewindError):
    """A call or command line that cannot be meant."""


class FitError(TradewindError):
    """A model that cannot be fitted, or a figure of it that does not exist."""


class NotSupportedError(TradewindError):
    """A feature that the chosen engine does not have; never a silent difference."""


class StoreError(TradewindError):
    """A run on disk that is incomplete, foreign or damaged."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in an input: its address first, then what is wrong, what was got, what would do.

    ``row`` counts as a spreadsheet does: the header is row 1; 0 means the whole file.
    """

    file: str
    row: int = 0
    column: str = ""
    problem: str = ""
    got: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        address = f"{self.file}:{self.row or ''}:{self.column}"
        return f"{address} | {self.problem} | got {self.got or 'nothing'} | {self.remedy}"


class InputError(TradewindError):
    """Input that is not usable; carries every fault of the stage, sorted by address."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


_LISTED = 20
"""Words that a remedy lists at most."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What would do in place of an unknown word: the nearest known one, else the list of them.

    >>> did_you_mean("Duty_rat", ["duty_rate", "freight"])
    'did you mean duty_rate?'
    >>> did_you_mean("price", ["duty_rate", "freight"])
    'one of duty_rate, freight'
    """
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not near:
        folded = {name.casefold(): name for name in names}
        close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
        near = [folded[close[0]]] if close else []
    if near:
        return f"did you mean {near[0]}?"
    if not names:
        return "there is none to choose from"
    return f"one of {', '.join(names[:_LISTED])}" + (", …" if len(names) > _LISTED else "")


def unknown(what: str, got: str, known: Iterable[str], remedy: str | None = None) -> UsageError:
    """The error for a name that is not there; ``remedy`` replaces the nearest of the known names.

    >>> str(unknown("metric", "ebitd", ["cm1", "ebitda"]))
    "metric: unknown | got 'ebitd' | did you mean ebitda?"
    """
    return UsageError(f"{what}: unknown | got {got!r} | {remedy or did_you_mean(got, known)}")
