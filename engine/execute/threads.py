"""Tasks on several threads of this process: compiled loops and numpy let go of the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from engine.execute.executor import Result, Task


@dataclass(frozen=True)
class Threads:
    """Runs so many tasks at one time."""

    count: int

    def finished(
        self, run: Callable[[Task], Result], tasks: Sequence[Task]
    ) -> Generator[tuple[int, Result], None, None]:
        """Place of each task and its result, as they finish."""
        with ThreadPoolExecutor(self.count) as pool:
            running: dict[Future[Result], int] = {}
            waiting = list(enumerate(tasks))
            while waiting or running:
                # a task is handed over only when a thread is free: after an error none is begun any more
                while waiting and len(running) < self.count:
                    place, task = waiting.pop(0)
                    running[pool.submit(run, task)] = place
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
