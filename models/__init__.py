"""Statistics and simulation: units and days, never money accounts, duties, payment terms or files."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

_COMPILED_SOURCES = ("models", "engine/drivers", "engine/finance", "engine/scenarios", "engine/stages")


def _keep_machine_code_by_source() -> None:
    """Name numba's cache folder after the sources: numba looks at one file, but kernels call other files.

    A change anywhere in the compiled parts starts a new folder, so old machine code can never run. A folder
    the user has chosen (NUMBA_CACHE_DIR) is left alone.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for folder in _COMPILED_SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    cache = str(root / "models" / "__pycache__" / f"compiled-{digest.hexdigest()[:16]}")
    os.environ["NUMBA_CACHE_DIR"] = cache
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = cache


_keep_machine_code_by_source()
