"""Compile once before tests run on several workers: each of them would else compile the same functions.

``python -m tests.warm`` plays a small plan under all scenarios; a second call finds its mark and does
nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import tempfile
from pathlib import Path

from engine.cli import main
from engine.finance.close import _close_block
from models.compiled import sources_digest
from tests.tiny_plan import write_plan

ROOT = Path(__file__).resolve().parents[1]


def _mark() -> Path:
    """A file beside the machine code of the books, named after all sources of the two packages' run."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.joinpath("engine", "stages").glob("*.py")):
        digest.update(sources_digest(path).encode())
    return Path(str(_close_block.stats.cache_path)) / f"warm-{digest.hexdigest()[:16]}"


def warm() -> None:
    """Play the small plan, unless this was done with these sources and this cache."""
    mark = _mark()
    if mark.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        plan = write_plan(Path(folder) / "tiny")
        options = "--trials 2 --quarters 1 --scenarios all"
        sys.argv = ["tradewind", "run", *options.split(), str(plan)]
        with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
            main()
    mark.touch()


if __name__ == "__main__":
    warm()
