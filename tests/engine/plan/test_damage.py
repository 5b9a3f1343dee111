from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from engine.plan.load import load_plan
from engine.plan.report import check_report
from models.errors import InputError
from tests.tiny_plan import orders_text, tiny_files, write_plan

PIECES = [
    "",
    "NaN",
    "-1",
    "x",
    "1e999",
    "~",
    "[]",
    "&a",
    "*a",
    "!!x",
    "\x00",
    ",",
    '"',
    "\n",
    ";",
    "é",
    "12:30",
    ": ",
    "9" * 20,
]


def damaged(files: dict[str, str], generator: random.Random) -> dict[str, str]:
    """Files with a few places overwritten, cut off or repeated."""
    result = dict(files)
    for _ in range(generator.choice([1, 1, 3])):
        name = generator.choice(sorted(result))
        text = result[name]
        start = generator.randrange(len(text) + 1)
        end = min(len(text), start + generator.randrange(12))
        text = text[:start] + generator.choice(PIECES) + text[end:]
        if generator.random() < 0.2:
            text = text[:start]
        if generator.random() < 0.2:
            lines = text.split("\n")
            lines.insert(generator.randrange(len(lines)), generator.choice(lines))
            text = "\n".join(lines)
        result[name] = text
    return result


@pytest.mark.parametrize("seed", range(12))
def test_damaged_files_load_or_are_refused_with_addresses_and_never_crash(tmp_path: Path, seed: int) -> None:
    files = tiny_files() | {"data/orders.csv": orders_text(10)}
    folder = write_plan(tmp_path, damaged(files, random.Random(seed)))
    try:
        plan = load_plan(folder)
    except InputError as error:
        refused = error.faults
    else:
        json.dumps(check_report(plan), allow_nan=False)
        return
    assert refused
    assert all(fault.file and fault.problem and fault.remedy for fault in refused)
    assert not any("\n" in str(fault) or "\x00" in str(fault) for fault in refused)
