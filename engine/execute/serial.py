"""Tasks one after the other, on the thread that asks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from engine.execute.executor import Result, Task


@dataclass(frozen=True)
class Serial:
    """Runs each task when its result is asked for."""

    def finished(
        self, run: Callable[[Task], Result], tasks: Sequence[Task]
    ) -> Generator[tuple[int, Result], None, None]:
        """Place of each task and its result, in their order."""
        for place, task in enumerate(tasks):
            yield place, run(task)
