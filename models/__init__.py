"""Statistics and simulation: units and days, never money accounts, duties, payment terms or files."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

_FOLDERS = ("models", "engine")
_COMPILED = re.compile(r"^(?:from|import) numba\b", re.MULTILINE)
_IMPORTED = re.compile(
    r"^(?:from (?P<where>(?:models|engine)[\w.]*) import (?P<names>\([^)]*\)|[^\n]*)"
    r"|import (?P<whole>(?:models|engine)[\w.]*))",
    re.MULTILINE,
)


def _compiled_sources(root: Path) -> dict[str, bytes]:
    """Sources that machine code depends on: every file that uses numba and all it imports, by module."""
    files = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in _FOLDERS
        for path in (root / folder).rglob("*.py")
    }
    texts = {name: path.read_bytes() for name, path in files.items()}
    waiting = [name for name, text in texts.items() if _COMPILED.search(text.decode())]
    reached: dict[str, bytes] = {}
    while waiting:
        name = waiting.pop()
        if name in reached or name not in texts:
            continue
        reached[name] = texts[name]
        for found in _IMPORTED.finditer(texts[name].decode()):
            where = found["where"] or found["whole"]
            named = re.findall(r"\w+", found["names"] or "")
            waiting += [where, *(f"{where}.{each}" for each in named)]
    return reached


def _keep_machine_code_by_source() -> None:
    """Name numba's cache folder after the sources: numba looks at one file, but kernels call other files.

    A change anywhere in the compiled parts starts a new folder, so old machine code can never run; a change
    elsewhere keeps it. A folder the user has chosen (NUMBA_CACHE_DIR) is left alone.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for name, text in sorted(_compiled_sources(root).items()):
        digest.update(name.encode() + text)
    cache = str(root / "models" / "__pycache__" / f"compiled-{digest.hexdigest()[:16]}")
    os.environ["NUMBA_CACHE_DIR"] = cache
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = cache


_keep_machine_code_by_source()
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Matrices here are small: more threads only wait for each other, and their number changes the last bit."""
