"""What a sampling call asks for, checked: the clock, the multipliers, the envelope, the block of trials."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from models.errors import UsageError
from models.ltv.customers import days_per
from models.ltv.paths import Horizon
from models.streams import key_of

FloatArray = npt.NDArray[np.float64]

HORIZON_MONTHS = 36


def horizon_of(
    trials: range,
    seed: int,
    name: str,
    clock: FloatArray,
    envelope: float,
    churn: FloatArray | None,
    kept: int | None = None,
) -> Horizon:
    """Horizon of a block for the kernels; refuses a clock, envelope or churn that cannot be meant.

    Arrivals of the first ``kept`` months are kept (all if omitted); that changes none of them.
    """
    ticks = np.ascontiguousarray(clock, dtype=np.float64)
    if ticks.ndim != 1 or ticks.size < 2 or np.any(np.diff(ticks) < 0) or ticks[0] != 0.0:
        raise UsageError("clock: rising operational times of the month starts are needed, the first one 0")
    if not envelope >= 1.0:
        raise UsageError(f"envelope: at least 1 is needed | got {envelope}")
    if trials.step != 1:
        raise UsageError(f"trials: a range with step 1 is needed | got step {trials.step}")
    path = np.zeros(0) if churn is None else np.ascontiguousarray(churn, dtype=np.float64)
    if path.size not in (0, ticks.size - 1) or np.any(path < 0):
        raise UsageError("churn: one multiplier of at least 0 a month is needed")
    stop = float(ticks[kept]) if kept is not None and kept < ticks.size - 1 else np.inf
    return Horizon(key_of(seed, name), trials.start, ticks, float(envelope), path, stop)


def settings_of(
    trials: int | range, clock: FloatArray | None, demand: Any, envelope: float | None
) -> tuple[range, FloatArray, FloatArray, float]:
    """Trials, clock, multipliers (1 or trial, month) and envelope, with their defaults."""
    block = trials if isinstance(trials, range) else range(trials)
    default = np.arange(HORIZON_MONTHS + 1) * days_per("month")
    ticks: FloatArray = np.asarray(default if clock is None else clock, dtype=np.float64)
    multiplier = np.atleast_2d(monthly(demand, ticks.size - 1))
    if multiplier.shape[0] not in (1, len(block)):
        raise UsageError(f"demand: one row or one a trial is needed | got {multiplier.shape[0]} rows")
    top = max(1.0, float(multiplier.max())) if envelope is None else float(envelope)
    return block, ticks, multiplier, top


def labelled_paths(
    orders: npt.NDArray[np.int64], block: range, months: int | None, long_name: str, seed: int
) -> xr.DataArray:
    """Orders of the first ``months`` with their labels, dims (trial, month)."""
    shown = orders.shape[1] if months is None else months
    if not 0 < shown <= orders.shape[1]:
        raise UsageError(f"months: 1 to {orders.shape[1]} | got {months}")
    coordinates = {"trial": np.arange(block.start, block.stop), "month": np.arange(shown)}
    attributes = {"units": "orders", "long_name": long_name, "seed": seed}
    return xr.DataArray(orders[:, :shown], coordinates, ("trial", "month"), "orders", attributes)


def monthly(value: Any, months: int) -> FloatArray:
    """One multiplier a month (the last axis): a single number for all, 1 beyond the months given."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return np.full(months, float(array))
    if array.shape[-1] > months or not np.all(np.isfinite(array)) or np.any(array < 0):
        raise UsageError(
            f"multiplier: up to {months} finite months of at least 0 are needed | got shape {array.shape}"
        )
    if array.shape[-1] < months:
        rest = np.ones((*array.shape[:-1], months - array.shape[-1]))
        array = np.concatenate([array, rest], axis=-1)
    return np.ascontiguousarray(array)
