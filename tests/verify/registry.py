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
    print(f"\n{name}\n{'check':<56}  {'expected':>20}  {'got':>20}  {'tolerance':>22}  verdict")


def print_row(row: Row) -> None:
    verdict = "ok" if row.holds else "FAILS"
    print(f"{row.check:<56}  {row.expected:>20}  {row.got:>20}  {row.tolerance:>22}  {verdict}", flush=True)
