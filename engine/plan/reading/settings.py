"""What a user said about a file where the file cannot tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Settings:
    """Answers to questions of the reading; each wins over what the file shows."""

    dates: str | None = None
    """``mdy``, ``dmy`` or ``ymd``."""
    numbers: str | None = None
    """A number as the file writes it: ``1,234.50`` or ``1.234,50``."""
    encoding: str | None = None
    currency: str | None = None
    """Currency of files in which no column tells it."""
    layout: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field to the header that holds it."""
    statuses: Words = field(default_factory=dict)
    """Meaning to the words of the status column."""
    reject: Words = field(default_factory=dict)
    """Source column or field to words whose rows are left out."""
    keep: Words = field(default_factory=dict)
    """Source column or field to words outside which rows are left out."""
    through: dt.date | None = None
    """Last day that counts; later orders are counted out."""
