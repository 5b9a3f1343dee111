"""Whether those who order more spend more: the Gamma-Gamma model assumes that they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays import FloatArray, IntArray


def correlation_of(paid: IntArray, spend: FloatArray) -> tuple[float, float]:
    """Pearson and Spearman correlation (ratios, -1 to 1) of mean spend with the number of paid repeat orders,
    both (customer,); NaN where one is constant.
    """
    return _pearson(paid.astype(np.float64), spend), _pearson(_ranks(paid), _ranks(spend))


def _pearson(one: FloatArray, other: FloatArray) -> float:
    if one.size < 2:
        return float("nan")
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum() / size) if size > 0.0 else float("nan")


def _ranks(values: npt.NDArray[Any]) -> FloatArray:
    """Ranks from 1, equal values at the mean of theirs."""
    order = np.argsort(values)
    sorted_values = values[order]
    new = np.concatenate([[True], sorted_values[1:] != sorted_values[:-1]])
    start = np.flatnonzero(new)
    middle = 0.5 * (start + np.append(start[1:], values.size) + 1)
    out = np.empty(values.size)
    out[order] = np.repeat(middle, np.diff(np.append(start, values.size)))
    return out
