"""What a sampling call asks for, checked: the stream, the clock, the multipliers, the block of trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.errors import UsageError
from models.ltv.customers import days_per
from models.ltv.paths import Horizon
from models.streams import key_of

HORIZON_MONTHS = 36


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrivalSettings:
    """How arrivals are sampled; stream address, clock, multipliers.

    ``clock`` (month + 1,) is the operational time at the month starts, 0 now; ``envelope`` is the largest
    demand multiplier there will be; ``churn`` (month,) multiplies leaving. Arrivals of the first ``kept``
    months are given (all if omitted). ``parameters``: draw or fitted.
    """

    seed: int
    name: str
    clock: FloatArray
    envelope: float
    churn: FloatArray | None = None
    kept: int | None = None
    parameters: str = "draw"


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

    ``clock`` (month + 1,) operational days at the month starts, ``churn`` (month,) multipliers. Arrivals of
    the first ``kept`` months are kept (all if omitted); that changes none of them.

    Raises
    ------
    UsageError
        where the clock does not rise from 0, the envelope is below 1, the range of trials has a step, or the
        churn is not one multiplier of at least 0 a month
    """
    ticks = np.ascontiguousarray(clock, dtype=np.float64)
    rising = (
        ticks.ndim == 1 and ticks.size >= 2 and np.all(np.isfinite(ticks)) and np.all(np.diff(ticks) >= 0)
    )
    if not rising or ticks[0] != 0.0:
        raise UsageError("clock: rising operational times of the month starts are needed, the first one 0")
    if not (envelope >= 1.0 and np.isfinite(envelope)):
        raise UsageError(f"envelope: at least 1 is needed | got {envelope}")
    if trials.step != 1:
        raise UsageError(f"trials: a range with step 1 is needed | got step {trials.step}")
    path = np.zeros(0) if churn is None else np.ascontiguousarray(churn, dtype=np.float64)
    if path.size not in (0, ticks.size - 1) or not np.all(np.isfinite(path)) or np.any(path < 0):
        raise UsageError("churn: one multiplier of at least 0 a month is needed")
    stop = float(ticks[kept]) if kept is not None and kept < ticks.size - 1 else np.inf
    return Horizon(key_of(seed, name), trials.start, ticks, float(envelope), path, stop)


def clock_of(clock: Any, months: int) -> FloatArray:
    """The clock given, operational days at the month starts (month + 1,), or ``months`` months of 365.25/12
    days.
    """
    if clock is None:
        return np.arange(months + 1, dtype=np.float64) * days_per("month")
    return np.ascontiguousarray(clock, dtype=np.float64)


def seed_and_name(stream: Any, seed: int, name: str) -> tuple[int, str]:
    """Seed and name of a stream that was given as a seed, a name, both, or a numpy Generator."""
    if stream is None:
        return seed, name
    if isinstance(stream, np.random.Generator):
        return int(stream.integers(2**63)), name
    if isinstance(stream, str):
        return seed, stream
    if isinstance(stream, (int, np.integer)) and not isinstance(stream, bool):
        return int(stream), name
    if isinstance(stream, tuple) and len(stream) == 2 and isinstance(stream[1], str):
        return int(stream[0]), stream[1]
    raise UsageError(f"stream: a seed, a name, (seed, name) or a numpy Generator is needed | got {stream!r}")


def monthly(value: Any, months: int, what: str = "multiplier") -> FloatArray:
    """One multiplier a month, dims (month,) or (trial, month): a single number for all, 1 beyond the months
    given.

    Raises
    ------
    UsageError
        where more than ``months`` months are given, or one is negative or not finite
    """
    array = np.asarray(value, dtype=np.float64)
    if (array.ndim and array.shape[-1] > months) or not np.all(np.isfinite(array)) or np.any(array < 0):
        raise UsageError(
            f"{what}: up to {months} finite months of at least 0 are needed | got "
            + (f"shape {array.shape}" if array.ndim else f"{value}")
        )
    if array.ndim == 0:
        return np.full(months, float(array))
    if array.shape[-1] < months:
        rest = np.ones((*array.shape[:-1], months - array.shape[-1]))
        array = np.concatenate([array, rest], axis=-1)
    return np.ascontiguousarray(array)
