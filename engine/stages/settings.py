"""What can be set for a run: the same limits wherever trials are played."""

from __future__ import annotations

from engine.stages.simulate import ENGINES
from models.calendar import MAXIMUM_QUARTERS
from models.errors import UsageError
from models.workers import worker_count

BLOCK = 64
"""Most trials of a task, of a chunk on disk and of a marker; no number depends on it."""
LARGEST_BLOCK = 400 << 20
"""Bytes that the arrays of one block may take (400 MiB), as estimated."""
MEMORY = 1 << 30
"""Bytes that the blocks in hand at one time may take together (1 GiB), as estimated."""
_BYTES_PER_SEGMENT = 16
"""Bytes by day, segment and item of a trial: units asked and shipped, kept for the scenarios that re-price
base, and about as much in passing. Measured on a plan of 14 segments and 220 items: 37 MB a trial.
"""


def trial_bytes(days: int, segments: int, items: int) -> int:
    """Bytes that a trial takes while it is played, about."""
    return _BYTES_PER_SEGMENT * max(days * segments * items, 1)


def block_size(days: int, segments: int, items: int) -> int:
    """Trials of a block: the largest power of two up to ``BLOCK`` that its memory allows, at least one.

    It depends on the plan and the horizon only, never on the machine: chunks on disk are the same anywhere.
    """
    fitting = max(LARGEST_BLOCK // trial_bytes(days, segments, items), 1)
    return int(min(BLOCK, 1 << (int(fitting).bit_length() - 1)))


def thread_count(workers: int, blocks: int, block_bytes: int) -> int:
    """Threads for so many blocks of so many bytes: those asked for (0: one per core), as memory allows."""
    allowed = max(MEMORY // max(block_bytes, 1), 1)
    return worker_count(workers, min(blocks, allowed))


def check_settings(
    trials: int, first_trial: int, quarters: int, engine: str, workers: int, block: int, seed: int
) -> None:
    """Every setting of a run that cannot be meant, in one ``UsageError``."""
    faults = [
        (trials < 1, f"trials: at least 1 | got {trials}"),
        (first_trial < 0, f"first_trial: at least 0 | got {first_trial}"),
        (not 1 <= quarters <= MAXIMUM_QUARTERS, f"quarters: 1 to {MAXIMUM_QUARTERS} | got {quarters}"),
        (engine not in ENGINES, f"engine: one of {', '.join(ENGINES)} | got {engine!r}"),
        (workers < 0, f"workers: at least 0 | got {workers}"),
        (block < 0, f"block: at least 1, or 0 for as many as memory allows | got {block}"),
        (seed < 0, f"seed: at least 0 | got {seed}"),
    ]
    wrong = [text for bad, text in faults if bad]
    if wrong:
        raise UsageError("; ".join(wrong))
