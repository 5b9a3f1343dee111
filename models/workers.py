"""Tasks on several threads of one process: the compiled loops and numpy's let go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from models.errors import UsageError

Task = TypeVar("Task")
Result = TypeVar("Result")
_PIECES = 4
"""Pieces for each worker, so that one who is held up leaves the rest of them to the others."""


def worker_count(workers: int, tasks: int) -> int:
    """Threads for so many tasks: those asked for (0: one per core), never more than there are tasks.

    >>> worker_count(8, tasks=3), worker_count(2, tasks=0)
    (3, 1)
    """
    if workers < 0:
        raise UsageError(f"workers: at least 0 | got {workers}")
    return max(min(workers or os.cpu_count() or 1, tasks), 1)


def pieces(trials: int, workers: int) -> list[range]:
    """Trials cut into even pieces, a few for each worker; whole for a single one.

    >>> pieces(5, 1)
    [range(0, 5)]
    >>> pieces(9, 2)[:3]
    [range(0, 2), range(2, 4), range(4, 6)]
    """
    size = trials if workers == 1 else -(-trials // (_PIECES * workers))
    return [range(begin, min(begin + size, trials)) for begin in range(0, trials, max(size, 1))]


def each(run: Callable[[Task], Result], tasks: Iterable[Task], workers: int) -> Sequence[Result]:
    """Results of the tasks in their order, by so many threads; with one, here and without a thread."""
    if workers == 1:
        return [run(task) for task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, tasks))
