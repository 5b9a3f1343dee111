"""What a check found, by level: faults stop a run, warnings ask to be looked at, notes only tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from models.errors import Fault

SCHEMA_VERSION = 1
LISTED = 100
"""Findings that are listed one by one; the rest is counted."""


def faulty(faults: Sequence[Fault]) -> dict[str, Any]:
    """Plain data of a check that found faults: nothing else is known of such a plan."""
    return {"version": SCHEMA_VERSION, "ok": False} | _listed(_entry("fault", each) for each in faults)


def findings_of(warnings: Iterable[Fault], notes: Iterable[str]) -> dict[str, Any]:
    """Plain data of a check without a fault: warnings with their address, notes as sentences."""
    found = [_entry("warning", each) for each in warnings]
    found += [_entry("note", Fault("", problem=text)) for text in notes]
    return {"ok": True} | _listed(found)


def _entry(level: str, fault: Fault) -> dict[str, Any]:
    return {"level": level, **asdict(fault)}


def _listed(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    all_of = list(found)
    counts = {level: sum(each["level"] == level for each in all_of) for level in ("fault", "warning", "note")}
    return {
        "counts": counts,
        "findings": all_of[:LISTED],
        "findings_not_listed": max(len(all_of) - LISTED, 0),
    }
