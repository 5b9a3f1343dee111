"""The example trial of a run on disk: ``example.json`` beside the cube, a few ten thousand bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.store.cube import write_atomically
from models.errors import StoreError

FILE = "example.json"


def write_example(folder: Path, example: Mapping[str, Any]) -> None:
    """Write the example trial of a run: the same run, the same bytes."""
    text = json.dumps(example, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    write_atomically(folder / FILE, text + "\n")


def read_example(folder: Path) -> dict[str, Any]:
    """The example trial of a run; empty for a run that kept none."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        example: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: not readable | got {error} | run again") from error
    return example
