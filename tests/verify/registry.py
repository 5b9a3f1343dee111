"""Rows of the slow validation: what was checked, expected, got, tolerance, verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table; ``holds`` decides the exit code."""

    check: str
    expected: str
    got: str
    tolerance: str
    holds: bool


@dataclass(frozen=True)
class Verification:
    """A named set of checks; ``rows`` yields its lines as they are found."""

    name: str
    rows: Callable[[], Iterator[Row]]


def print_header(name: str) -> None:
    print(f"\n{name}\n{'check':<58}{'expected':>22}{'got':>22}{'tolerance':>24}  verdict")


def print_row(row: Row) -> None:
    verdict = "ok" if row.holds else "FAILS"
    print(f"{row.check:<58}{row.expected:>22}{row.got:>22}{row.tolerance:>24}  {verdict}", flush=True)
