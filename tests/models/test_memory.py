"""Memory used again: never while an array over it lives, and never more kept than is said."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models import memory
from models.memory import unwritten

LARGE = (512, 1024)


@pytest.fixture(autouse=True)
def _nothing_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()
    monkeypatch.setattr(memory, "_pieces", [])


def test_an_array_is_what_numpy_would_give() -> None:
    for shape, dtype in ((LARGE, np.int32), ((0, 3), np.float64), (7, np.uint8), (1 << 21, np.uint8)):
        mine, theirs = unwritten(shape, dtype), np.empty(shape, dtype=dtype)
        assert (mine.shape, mine.dtype, mine.strides) == (theirs.shape, theirs.dtype, theirs.strides)
        assert mine.flags.writeable
        assert mine.flags.c_contiguous
        assert mine.flags.aligned


def test_memory_given_back_is_used_again() -> None:
    first = unwritten(LARGE, np.int32)
    where = first.ctypes.data
    del first
    assert unwritten((511, 1024), np.int32).ctypes.data == where


def test_a_view_keeps_its_memory() -> None:
    first = unwritten(LARGE, np.int32)
    first[:] = 7
    row = first[3:].reshape(-1).view(np.uint32)[:10]
    del first
    unwritten(LARGE, np.int32)[:] = 9
    assert row.tolist() == [7] * 10


def test_two_arrays_never_share() -> None:
    first, second = (unwritten(LARGE, np.int32) for _ in range(2))
    assert not np.shares_memory(first, second)


def test_small_arrays_are_not_kept() -> None:
    unwritten(1000, np.float64)[:] = 1.0
    assert memory._pieces == []


def test_no_more_is_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_KEPT", 5 << 20)
    held = [unwritten(2 << 20, np.uint8) for _ in range(4)]
    while held:
        held.pop()
        assert sum(piece.nbytes for piece in memory._pieces) <= 5 << 20
    assert len(memory._pieces) == 2


def test_what_is_released_is_gone() -> None:
    unwritten(LARGE, np.int32)[:] = 1
    assert len(memory._pieces) == 1
    memory.release()
    assert memory._pieces == []


def test_a_piece_larger_than_all_that_is_kept_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_KEPT", 1 << 20)
    unwritten(3 << 20, np.uint8)
    assert memory._pieces == []


def test_threads_never_get_one_piece_twice() -> None:
    def work(number: int) -> bool:
        for _ in range(50):
            mine = unwritten((1 << 18,), np.int64)
            mine[:: 1 << 12] = number
            if not np.all(mine[:: 1 << 12] == number):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))
