"""From orders to units by day and item: the k-th order of a segment and month owns its day, its lines, their
items and units.

Address of an order: name ``order/{segment}``, index (month << 32) | k. A smaller count drops the last orders
and with them exactly their lines; days times items always sum to the month.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.arrays import FloatArray, Int32Array, IntArray, WordArray
from models.compiled import compiled, pasted
from models.demand.bank import DemandBank
from models.demand.basket import Alias, fill_alias
from models.streams import uniform4

_LOW_BITS = 27
"""Of the 53 bits of a uniform the lower ones; the upper 26 serve another draw."""
_LOW = (1 << _LOW_BITS) - 1


Known = tuple[IntArray, Int32Array]
"""Orders (trial, segment) of a month under some scenario and their units, in the same trials."""


def units_month(bank: DemandBank, month: int, orders: IntArray, known: Known | None = None) -> Int32Array:
    """Units demanded, int32 dims (trial, day of the month, segment, item), of the given number of orders
    (trial, segment).

    With ``known`` only the orders by which the two differ are looked up: a scenario costs what it changes.

    Raises
    ------
    ValueError
        where ``orders`` is not (trial, segment) of the bank
    """
    if orders.shape != (len(bank.trials), bank.segments):
        raise ValueError(
            f"orders: dims (trial, segment) {(len(bank.trials), bank.segments)} | got {orders.shape}"
        )
    days = int(bank.month_start[month + 1] - bank.month_start[month])
    weekday = (bank.first_weekday + int(bank.month_start[month]) + np.arange(days)) % 7
    epoch = int(bank.epoch[month])
    if known is None:
        units = np.zeros((len(bank.trials), days, bank.segments, bank.items), dtype=np.int32)
        before = np.zeros_like(orders)
    else:
        before, units = known[0], known[1].astype(np.int32)
    _fill_units(
        units,
        _Place(month, bank.trials.start, epoch),
        np.ascontiguousarray(before, dtype=np.int64),
        np.ascontiguousarray(orders, dtype=np.int64),
        np.ascontiguousarray(bank.weekday[:, weekday]),
        _Tables(bank.lines, bank.sizes, bank.mix, bank.size),
        bank.order_key,
    )
    return units


class _Place(NamedTuple):
    """Which orders are looked up: month, first trial of the block, and row of the item mix that holds."""

    month: int
    first_trial: int
    epoch: int


class _Tables(NamedTuple):
    """What is in an order: alias tables of lines, sizes and items, and units of each size (outcome,)."""

    lines: Alias
    sizes: Alias
    mix: Alias
    size: IntArray


@pasted
def _outcome(position: float, threshold: FloatArray, other: Int32Array) -> int:
    """One alias draw without a branch, which would be mispredicted every other time."""
    i = np.uint64(np.int64(position))
    kept = np.int64(position - np.float64(np.int64(position)) < threshold[i])
    away = np.int64(other[i])
    return np.uint64(away + kept * (np.int64(position) - away))  # type: ignore[return-value]


@compiled
def _fill_units(
    units: Int32Array,
    place: _Place,
    before: IntArray,
    orders: IntArray,
    day_weight: FloatArray,
    tables: _Tables,
    keys: WordArray,
) -> None:
    # arrays are taken out of their records once: in the loop that would count references
    month, first_trial, epoch = place
    size = tables.size
    lines_threshold, lines_other = tables.lines
    sizes_threshold, sizes_other = tables.sizes
    mix_threshold, mix_other = tables.mix
    trials, days, segments, items = units.shape
    markets = day_weight.shape[0]
    day_threshold = np.empty((markets, days))
    day_other = np.empty((markets, days), dtype=np.int32)
    for m in range(markets):
        fill_alias(day_weight[m].copy(), day_threshold[m], day_other[m])
    per_market = segments // markets
    # one 53-bit uniform serves two alias draws: its upper 26 bits and its lower 27
    upper = 2.0**-26
    lower = 2.0**-27
    scale = 2.0**53
    day_step = days * upper
    lines_step = lines_threshold.shape[3] * lower
    item_step = items * upper
    size_step = size.size * lower
    high_month = np.uint64(month) << np.uint64(32)
    for t in range(trials):
        trial = first_trial + t
        for c in range(segments):
            key = keys[c]
            market = c // per_market
            t_lines, o_lines = lines_threshold[t, 0, c], lines_other[t, 0, c]
            t_size, o_size = sizes_threshold[t, 0, c], sizes_other[t, 0, c]
            t_item, o_item = mix_threshold[t, epoch, c], mix_other[t, epoch, c]
            t_day, o_day = day_threshold[market], day_other[market]
            segment_units = units[t, :, c]
            sign = 1 if orders[t, c] > before[t, c] else -1
            for k in range(min(before[t, c], orders[t, c]), max(before[t, c], orders[t, c])):
                index = high_month | np.uint64(k)
                a, b, d, e = uniform4(key, trial, index, 0)
                head = np.int64(a * scale)
                day = _outcome((head >> _LOW_BITS) * day_step, t_day, o_day)
                lines = 1 + np.int64(_outcome((head & _LOW) * lines_step, t_lines, o_lines))
                word = np.int64(b * scale)
                item = _outcome((word >> _LOW_BITS) * item_step, t_item, o_item)
                segment_units[day, item] += sign * size[_outcome((word & _LOW) * size_step, t_size, o_size)]
                if lines == 1:
                    continue
                second, third, fourth = d, e, 0.0
                left = 2
                part = 1
                for _ in range(lines - 1):
                    if left == 0:
                        a, second, third, fourth = uniform4(key, trial, index, part)
                        word = np.int64(a * scale)
                        left = 3
                        part += 1
                    else:
                        word = np.int64(second * scale)
                        second, third = third, fourth
                        left -= 1
                    item = _outcome((word >> _LOW_BITS) * item_step, t_item, o_item)
                    segment_units[day, item] += (
                        sign * size[_outcome((word & _LOW) * size_step, t_size, o_size)]
                    )
