"""What an importer needs and what it hands back."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engine.plan.mappings import Mapping
from engine.plan.plan import Amount, Tie
from engine.plan.tables import Refers
from models.arrays import TextArray

ROW, FILE = "_row", "_file"
"""Columns that carry a row's address through the checks; dropped from the plan."""


@dataclass(frozen=True)
class Vocabulary:
    """Keys that the plan declares, read leniently so that a broken plan.yaml hides no fault of other files.

    A kind that could not be read at all is absent from ``keys``: nothing is then called unknown.
    """

    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    markets_of_country: dict[str, tuple[str, ...]] = field(default_factory=dict)
    currency_of_supplier: dict[str, str] = field(default_factory=dict)
    known_channels: tuple[str, ...] = ()
    """Sales channels whose customers are known."""
    salt: bytes = b""
    company_currency: str = ""
    """Blank if it could not be read."""

    def known(self, kind: Refers) -> frozenset[str] | None:
        """Keys of a kind, None if they could not be read."""
        return self.keys.get(kind)


@dataclass(frozen=True)
class Imported:
    """Typed rows of one file, with their addresses, and the account of the rest."""

    table: str
    frame: pd.DataFrame
    rows: int
    """Records in the file below the header."""
    rejected: Counter[str]
    """Records left out on purpose, by reason (faulty ones are not in it: they stop the load)."""
    unknown_columns: tuple[str, ...]
    defaulted: tuple[str, ...]
    """Columns of the contract that the file does not have."""
    notes: tuple[str, ...] = ()
    used: int | None = None
    """Records that the frame was made from; None: one a row."""
    amounts: tuple[Amount, ...] = ()
    """What the records are worth by treatment, where the layout says it."""
    ties: tuple[Tie, ...] = ()


def hash_customers(values: Sequence[str] | pd.Series | TextArray, salt: bytes) -> TextArray:
    """Salted hashes of customer names, elementwise (HMAC-SHA256, RFC 2104, the first 128 bits as hex);
    blank stays blank, case is ignored.
    """
    codes, distinct = pd.factorize(np.asarray(values, dtype=object))
    hashed = []
    for value in distinct:
        name = value.strip().casefold()
        hashed.append(hmac.new(salt, name.encode(), hashlib.sha256).hexdigest()[:32] if name else "")
    return np.asarray(hashed, dtype=object)[codes] if hashed else np.empty(0, object)


def translated(cells: list[str], column: str, mapping: Mapping) -> list[str]:
    """Cells with the mapping's values in place of the file's texts."""
    values = mapping.values.get(column)
    if not values:
        return cells
    other = values.get("*")
    return [values.get(cell, cell if other is None or cell == "" else other) for cell in cells]
