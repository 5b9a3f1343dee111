"""Sampling of the arrivals of existing customers and of orders without customer.

Address of the latter: ``anonymous/{segment}`` index (month << 32) | arrival; counts use index month with part
1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray, MarkArray, WordArray
from models.compiled import in_place
from models.demand.bank import Marks, Steady
from models.ltv import Arrivals
from models.quantiles import poisson_quantile
from models.streams import uniform1, uniform4

_COUNT_PART = 1
"""Part of the stream that holds the number of arrivals; part 0 belongs to their marks."""
_NO_MARKS = np.zeros(0, dtype=np.float32)


def draw_steady(
    existing: list[Arrivals],
    anonymous: FloatArray,
    keys: WordArray,
    first_trial: int,
    envelope: float,
    best: Sequence[BoolArray],
) -> tuple[Marks, Steady]:
    """Marks of existing customers (one ``Arrivals`` a segment) and of arrivals without customer, groups
    (trial, segment, month), and whose they are.

    ``anonymous`` (trial, segment, month) is the expected number at multiplier one; potential arrivals are
    Poisson with envelope times that. ``best`` says of each segment's customers whether they are among the
    best.
    """
    trials, segments, months = anonymous.shape
    count = np.zeros((trials, segments, months), dtype=np.int64)
    _anonymous_counts(anonymous, keys, first_trial, envelope, count)
    extra = count.copy()
    top = np.zeros_like(count)
    for c, arrivals in enumerate(existing):
        _existing_counts(arrivals, best[c], c, count, top)
    offset = np.zeros(count.size + 1, dtype=np.int64)
    np.cumsum(count.reshape(-1), out=offset[1:])
    mark = np.empty(int(offset[-1]), dtype=np.float32)
    fill = offset[:-1].reshape(count.shape).copy()
    _anonymous_marks(extra, keys, first_trial, envelope, fill, mark)
    of_best = offset[1:].reshape(count.shape) - top
    for c, arrivals in enumerate(existing):
        _existing_marks(arrivals, best[c], c, fill, of_best, mark)
    whose = Steady(extra.astype(np.int32), top.astype(np.int32))
    return Marks(offset, mark, _NO_MARKS), whose


@in_place
def _anonymous_counts(
    mean: FloatArray, keys: WordArray, first_trial: int, envelope: float, count: IntArray
) -> None:
    trials, segments, months = mean.shape
    for t in range(trials):
        for c in range(segments):
            for j in range(months):
                if mean[t, c, j] > 0.0:
                    u = uniform1(keys[c], first_trial + t, np.uint64(j), _COUNT_PART)
                    count[t, c, j] = poisson_quantile(u, mean[t, c, j] * envelope)


@in_place
def _anonymous_marks(
    count: IntArray, keys: WordArray, first_trial: int, envelope: float, fill: IntArray, mark: MarkArray
) -> None:
    trials, segments, months = count.shape
    for t in range(trials):
        for c in range(segments):
            for j in range(months):
                at = fill[t, c, j]
                number = count[t, c, j]
                for i in range(0, number, 4):
                    index = (np.uint64(j) << np.uint64(32)) | np.uint64(1 + i // 4)
                    u = uniform4(keys[c], first_trial + t, index, 0)
                    for k in range(min(4, number - i)):
                        mark[at + i + k] = np.float32(envelope * u[k])
                fill[t, c, j] = at + number


@in_place
def _existing_counts(
    arrivals: Arrivals, best: BoolArray, segment: int, count: IntArray, top: IntArray
) -> None:
    """Add the arrivals of one segment's customers to all, and those of the best of them."""
    offset, month, _, customer, _ = arrivals
    trials, _, months = count.shape
    for t in range(trials):
        for i in range(offset[t], offset[t + 1]):
            if month[i] < months:
                count[t, segment, month[i]] += 1
                top[t, segment, month[i]] += int(best[customer[i]])


@in_place
def _existing_marks(
    arrivals: Arrivals, best: BoolArray, segment: int, fill: IntArray, of_best: IntArray, mark: MarkArray
) -> None:
    """Marks of one segment's customers, those of the best at the end of each group."""
    offset, month, marks, customer, _ = arrivals
    trials, _, months = fill.shape
    for t in range(trials):
        for i in range(offset[t], offset[t + 1]):
            j = month[i]
            if j < months:
                place = of_best if best[customer[i]] else fill
                # half the memory; a multiplier is rounded the same way before it is compared
                mark[place[t, segment, j]] = np.float32(marks[i])
                place[t, segment, j] += 1
