"""What every check of the tables looks at and writes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from engine.plan.faults import Faults
from engine.plan.importers.imported import FILE, ROW, Vocabulary
from engine.plan.yaml_file import Document
from models.arrays import BoolArray


@dataclass(frozen=True)
class Context:
    """What the checks look at."""

    tables: Mapping[str, pd.DataFrame]
    """Typed rows of the files that could be read, with their addresses."""
    document: Document | None
    vocabulary: Vocabulary
    closed: dt.date | None
    """Actuals-through, None if it could not be read."""
    currency: str
    """Company currency, blank if it could not be read."""
    faults: Faults

    def note(self, row: pd.Series, column: str, *, problem: str, got: object, remedy: str) -> None:
        """Note a fault at a row of a frame."""
        self.faults.add(row[FILE], row[ROW], column, problem=problem, got=got, remedy=remedy)

    def note_each(
        self,
        frame: pd.DataFrame,
        mask: BoolArray | pd.Series,
        column: str,
        *,
        problem: str,
        remedy: str,
    ) -> None:
        """Note a fault at each row of the frame where the mask (row,) says so, whether as an array or a
        column, with the cell of the column as what was got.
        """
        for _, row in frame[mask].iterrows():
            self.note(row, column, problem=problem, got=spelled(row[column]), remedy=remedy)


def spelled(value: Any) -> str:
    """A cell as an error prints it: days without a time, numbers short."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)
