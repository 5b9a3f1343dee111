"""Blocks of trials: the tasks of a run, as many trials each and as many at a time as memory allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.execute.executor import Executor
from engine.execute.serial import Serial
from engine.execute.threads import Threads
from engine.settings import Execution
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


@dataclass(frozen=True)
class Extent:
    """What the memory of a trial grows with."""

    days: int
    segments: int
    items: int

    @property
    def trial_bytes(self) -> int:
        """Bytes that a trial takes while it is played, about."""
        return _BYTES_PER_SEGMENT * max(self.days * self.segments * self.items, 1)

    @property
    def block_size(self) -> int:
        """Trials of a block: the largest power of two up to ``BLOCK`` that its memory allows, at least one.

        It depends on the plan and the horizon only, never on the machine: chunks on disk are the same
        anywhere.
        """
        fitting = max(LARGEST_BLOCK // self.trial_bytes, 1)
        return int(min(BLOCK, 1 << (int(fitting).bit_length() - 1)))

    def block(self, execution: Execution, trials: int) -> int:
        """Trials of a block of a run of so many: what was asked for, else what memory allows."""
        return min(execution.block or self.block_size, trials)


def blocks_of(trials: range, size: int) -> list[range]:
    """Trials cut into blocks of one size, the last as long as what is left.

    >>> blocks_of(range(10, 15), 2)
    [range(10, 12), range(12, 14), range(14, 15)]
    """
    return [trials[start : start + size] for start in range(0, len(trials), size)]


def thread_count(workers: int, blocks: int, block_bytes: int) -> int:
    """Threads for so many blocks of so many bytes: those asked for (0: one per core), as memory allows."""
    allowed = max(MEMORY // max(block_bytes, 1), 1)
    return worker_count(workers, min(blocks, allowed))


def executor_for(execution: Execution, blocks: Sequence[range], extent: Extent) -> Executor:
    """Executor of these blocks; without a thread of its own where one is all that is wanted or fits."""
    largest = max((len(block) for block in blocks), default=0)
    threads = thread_count(execution.workers, len(blocks), largest * extent.trial_bytes)
    return Serial() if threads == 1 else Threads(threads)
