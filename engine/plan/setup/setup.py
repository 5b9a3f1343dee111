"""From files to a plan folder: gather, derive, write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.plan.setup.derive import derive
from engine.plan.setup.gather import gather
from engine.plan.setup.report import report
from engine.plan.setup.write import write_plan


def set_up(path: Path, sources: Sequence[Path]) -> str:
    """Write a plan folder from a company's own files; the report that it prints.

    Raises
    ------
    InputError
        With every fault of every file; nothing is written.
    """
    gathered = gather(sources)
    derived = derive(gathered, path.resolve().name)
    text = report(gathered, derived)
    write_plan(path, derived, text)
    return text
