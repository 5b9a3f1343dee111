"""Blocks and threads as memory allows."""

from __future__ import annotations

from engine.stages.settings import BLOCK, LARGEST_BLOCK, MEMORY, block_size, thread_count, trial_bytes


def test_a_small_plan_has_full_blocks_and_a_large_one_fits_its_memory() -> None:
    assert block_size(730, 8, 40) == BLOCK
    assert block_size(730, 14, 220) == 8
    for extent in ((1, 1, 1), (1095, 14, 220), (730, 60, 5_000), (0, 0, 0)):
        size = block_size(*extent)
        assert size & (size - 1) == 0
        assert 1 <= size <= BLOCK
        assert size == 1 or size * trial_bytes(*extent) <= LARGEST_BLOCK


def test_threads_stay_within_memory_and_are_at_least_one() -> None:
    assert thread_count(8, 100, MEMORY // 3) == 3
    assert thread_count(2, 1, 1) == 1
    assert thread_count(4, 100, 10 * MEMORY) == 1
    assert thread_count(1, 0, 0) == 1
