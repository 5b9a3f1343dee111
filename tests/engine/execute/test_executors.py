"""Both executors: the same results, each once, and nothing begun after an error."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from engine.execute import Executor, Serial, Threads, in_order

EXECUTORS = [Serial(), Threads(2), Threads(5)]
both = pytest.mark.parametrize("executor", EXECUTORS, ids=str)


@both
def test_each_task_is_run_once_and_told_with_its_place(executor: Executor) -> None:
    tasks = list(range(20))
    found = list(executor.finished(lambda task: task * task, tasks))
    assert sorted(found) == [(place, place * place) for place in tasks]
    assert in_order(executor, lambda task: task * task, tasks) == [task * task for task in tasks]
    assert in_order(executor, str, []) == []


@both
def test_what_a_task_raises_is_raised_and_no_later_task_is_begun(executor: Executor) -> None:
    begun: list[int] = []

    def run(task: int) -> int:
        begun.append(task)
        if task == 2:
            raise ValueError("no")
        return task

    with pytest.raises(ValueError, match="no"):
        in_order(executor, run, list(range(100)))
    assert len(begun) < 100


@both
def test_who_stops_early_waits_for_the_tasks_that_run(executor: Executor) -> None:
    running = threading.Semaphore(0)
    ended: list[int] = []

    def run(task: int) -> int:
        running.release()
        ended.append(task)
        return task

    with closing(executor.finished(run, list(range(100)))) as results:
        next(results)
    before = list(ended)
    assert 1 <= len(before) < 100
    assert running._value == len(before), "what began has ended"


def test_threads_run_at_the_same_time_and_give_the_first_that_is_there() -> None:
    second = threading.Event()

    def run(task: int) -> int:
        if task == 0:
            assert second.wait(10.0), "the second task waits for the first"
        else:
            second.set()
        return task

    assert sorted(Threads(2).finished(run, [0, 1])) == [(0, 0), (1, 1)]
