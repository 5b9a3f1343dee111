"""Blocks and threads as memory allows."""

from __future__ import annotations

from engine.execute import Extent, Serial, Threads, executor_for
from engine.execute.blocks import BLOCK, LARGEST_BLOCK, MEMORY, thread_count
from engine.settings import Execution


def test_a_small_plan_has_full_blocks_and_a_large_one_fits_its_memory() -> None:
    assert Extent(730, 8, 40).block_size == BLOCK
    assert Extent(730, 14, 220).block_size == 8
    for extent in (Extent(1, 1, 1), Extent(1095, 14, 220), Extent(730, 60, 5_000), Extent(0, 0, 0)):
        size = extent.block_size
        assert size & (size - 1) == 0
        assert 1 <= size <= BLOCK
        assert size == 1 or size * extent.trial_bytes <= LARGEST_BLOCK


def test_a_block_is_no_longer_than_the_run_and_as_long_as_asked_for() -> None:
    small = Extent(730, 8, 40)
    assert [small.block(Execution(block=asked), trials) for asked, trials in ((0, 5), (3, 5), (9, 5))] == [
        5,
        3,
        5,
    ]


def test_threads_stay_within_memory_and_are_at_least_one() -> None:
    assert thread_count(8, 100, MEMORY // 3) == 3
    assert thread_count(2, 1, 1) == 1
    assert thread_count(4, 100, 10 * MEMORY) == 1
    assert thread_count(1, 0, 0) == 1


def test_one_thread_is_none_of_its_own() -> None:
    blocks = [range(2), range(2, 4)]
    assert executor_for(Execution(workers=1), blocks, Extent(9, 2, 2)) == Serial()
    assert executor_for(Execution(workers=4), blocks, Extent(9, 2, 2)) == Threads(2)
    assert executor_for(Execution(workers=4), [], Extent(9, 2, 2)) == Serial()
