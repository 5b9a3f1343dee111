"""How many categories an order holds: the law that a trial's baskets follow."""

from __future__ import annotations

import numpy as np

from models.arrays import FloatArray, Int32Array, IntArray
from models.compiled import compiled
from models.demand.bank import DemandBank


def several_categories(bank: DemandBank, category: IntArray) -> FloatArray:
    """Probability that an order holds at least two categories, dims (trial, month, segment), given the
    trial's shares of lines and items; ``category`` (item,) numbers from 0.

    1 - sum_n P(n lines) sum_k s_k^n: lines of an order are drawn apart, so what customers buy together
    beyond chance is not in it.
    """
    lines, mix = bank.lines, bank.mix
    shared = _several(
        lines.threshold[:, 0],
        lines.other[:, 0],
        mix.threshold,
        mix.other,
        np.ascontiguousarray(category, dtype=np.int64),
        int(category.max(initial=0)) + 1,
    )
    return np.asarray(shared[:, bank.epoch])


@compiled
def _several(
    lines_threshold: FloatArray,
    lines_other: Int32Array,
    mix_threshold: FloatArray,
    mix_other: Int32Array,
    category: IntArray,
    categories: int,
) -> FloatArray:
    trials, epochs, segments, items = mix_threshold.shape
    longest = lines_threshold.shape[2]
    out = np.zeros((trials, epochs, segments))
    for t in range(trials):
        for c in range(segments):
            number = np.zeros(longest)
            for i in range(longest):
                number[i] += lines_threshold[t, c, i] / longest
                number[lines_other[t, c, i]] += (1.0 - lines_threshold[t, c, i]) / longest
            for e in range(epochs):
                share = np.zeros(categories)
                for i in range(items):
                    kept = mix_threshold[t, e, c, i]
                    share[category[i]] += kept / items
                    share[category[mix_other[t, e, c, i]]] += (1.0 - kept) / items
                power = np.ones(categories)
                one = 0.0
                for n in range(longest):
                    total = 0.0
                    for k in range(categories):
                        power[k] *= share[k]
                        total += power[k]
                    one += number[n] * total
                out[t, e, c] = max(1.0 - one, 0.0)
    return out
