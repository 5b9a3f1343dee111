"""The protocol of an executor: tasks go in, results come out as they finish."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs a function on every task; which task runs when and where changes no result."""

    def finished(
        self, run: Callable[[Task], Result], tasks: Sequence[Task]
    ) -> Generator[tuple[int, Result], None, None]:
        """Place of each task in the sequence and its result, as they finish; what a task raises is raised.

        Whoever stops before the end closes the generator, which waits for the tasks that run.
        """
        ...


def in_order(executor: Executor, run: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """Results in the order of their tasks, once all are there.

    >>> from engine.execute import Threads
    >>> in_order(Threads(2), lambda task: 10 * task, [3, 1, 2])
    [30, 10, 20]
    """
    with closing(executor.finished(run, tasks)) as results:
        by_place = dict(results)
    return [by_place[place] for place in range(len(tasks))]
