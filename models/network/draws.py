"""What chance decided before the network moves: lead times by order day, calendars by day, returns by sale
day.

Every array has a leading axis R: 1 where all trials share it, or one entry per trial of the block. Days are
multiples of 1/1024, so
that sums are exact and both engines agree to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.arrays import BoolArray, FloatArray, IntArray, WordArray
from models.errors import UsageError
from models.names import FARTHEST_DAYS, LONGEST_DAYS
from models.network.parts import STAGES
from models.network.spec import UNLIMITED, Network, parts_of

TICKS = 1024.0


def quantise(days: npt.ArrayLike) -> FloatArray:
    """Days of any shape rounded to 1/1024: sums of such numbers are exact in float64."""
    ticks = np.ascontiguousarray(np.multiply(days, TICKS, dtype=np.float64))
    np.rint(ticks, out=ticks)
    ticks /= TICKS
    return ticks


def daily_capacity(per_week: npt.ArrayLike, days: int) -> IntArray:
    """Units a supplier makes on each day, shape (..., day): floor(c(d+1)/7) - floor(cd/7) of the weekly
    capacity c.

    Any seven days in a row make exactly c units. UNLIMITED stays unlimited on every day.
    """
    weekly = np.asarray(per_week, dtype=np.int64)[..., None]
    day = np.arange(days, dtype=np.int64)
    # c(d+1) would overflow for UNLIMITED; whole weeks cancel, so the day of the week is enough.
    weekday = day % 7
    small = np.minimum(weekly, UNLIMITED // 8)
    made = (small * (weekday + 1)) // 7 - (small * weekday) // 7
    return np.ascontiguousarray(np.where(weekly >= UNLIMITED, UNLIMITED, made))


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of one block of trials for the days 0 to D - 1."""

    first_trial: int
    """Absolute number of the block's first trial: part of every address."""
    production: FloatArray
    """(R, S, N, D) days from the order to the last unit made, by order day."""
    transit: FloatArray
    """(R, S, N, D) days from leaving the supplier to the port, by order day."""
    service: FloatArray
    """(R, S, N, D) days at a customs server, by order day."""
    inland: FloatArray
    """(R, S, N, D) days from clearance to the node, by order day."""
    supplier_up: BoolArray
    """(R, S, D)."""
    capacity: IntArray
    """(R, S, D) units of that day."""
    port_open: BoolArray
    """(R, P, D)."""
    return_share: FloatArray
    """(R, C, I) share of the units sold that come back."""
    refusal_share: FloatArray
    """(R, C, D) share of the units shipped that day that are refused at the door."""
    return_keys: WordArray
    """(C, I, 2) stream keys of the returns of a market and item."""
    return_delay: IntArray
    """(Q,) days from shipping to the return node, the inverse distribution at (q + 1/2) / Q."""
    transfer: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(R, N, N, D) days from a node to another, by day sent; not given: the next morning."""
    demand: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(T, D, C, I) units demanded, for ``simulate``; empty where the caller brings them to ``advance``."""
    return_parts: IntArray = field(init=False)
    """(R, C, I) return share in parts of 2**20."""
    refusal_parts: IntArray = field(init=False)
    """(R, C, D) refusal share in parts of 2**20."""

    def __post_init__(self) -> None:
        for name in ("return_share", "refusal_share"):
            share = getattr(self, name)
            if share.size and not (share.min() >= 0.0 and share.max() <= 1.0):
                raise UsageError(
                    f"draws.{name}: not a share | got {share.min()} to {share.max()} | between 0 and 1"
                )
        delay = np.asarray(self.return_delay)
        if (
            delay.dtype.kind not in "iu"
            or delay.size < 1
            or not 0 <= delay.min() <= delay.max() <= LONGEST_DAYS
        ):
            raise UsageError(
                f"draws.return_delay: not whole days | got {delay.dtype} {delay.shape} | "
                f"give at least one whole number of days, at most {LONGEST_DAYS:g}"
            )
        if self.transfer.size == 0:
            nodes = self.production.shape[2]
            object.__setattr__(self, "transfer", np.zeros((1, nodes, nodes, self.days)))
        object.__setattr__(self, "return_parts", parts_of(self.return_share))
        object.__setattr__(self, "refusal_parts", parts_of(self.refusal_share))

    @property
    def days(self) -> int:
        """Number of days drawn."""
        return int(self.supplier_up.shape[2])

    def check(self, network: Network, trials: int) -> None:
        """Raise unless shapes fit the network and block and every stage is a non-negative multiple of 1/1024
        day.
        """
        s, n, p = len(network.suppliers), len(network.nodes), len(network.ports)
        c, i, d = len(network.demand_points), len(network.items), self.days
        shapes = {
            "production": (s, n, d),
            "transit": (s, n, d),
            "service": (s, n, d),
            "inland": (s, n, d),
            "transfer": (n, n, d),
            "supplier_up": (s, d),
            "capacity": (s, d),
            "port_open": (p, d),
            "return_share": (c, i),
            "refusal_share": (c, d),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape[1:] != shape or array.shape[0] not in (1, trials):
                raise UsageError(
                    f"draws.{name}: wrong shape | got {array.shape} | use (1 or {trials}, {shape})"
                )
        if self.return_keys.shape != (c, i, 2):
            raise UsageError(
                f"draws.return_keys: wrong shape | got {self.return_keys.shape} | use {(c, i, 2)}"
            )
        for name in (*STAGES, "transfer"):
            check_stage_days(getattr(self, name), f"draws.{name}")
        demand = self.demand
        if demand.size and (demand.shape != (trials, d, c, i) or demand.min() < 0):
            raise UsageError(
                f"draws.demand: wrong shape or negative | got {demand.shape} | use units {(trials, d, c, i)}"
            )
        if self.capacity.size and self.capacity.min() < 0:
            raise UsageError(f"draws.capacity: negative | got {self.capacity.min()} | at least 0")


def check_stage_days(days: FloatArray, name: str) -> None:
    """Raise unless every number of ``days`` (any shape) is a finite, non-negative multiple of 1/1024 day.

    Raises
    ------
    UsageError
        where one is negative, infinite, beyond FARTHEST_DAYS or between two multiples
    """
    if not np.all(np.isfinite(days)) or (days.size and days.min() < 0.0):
        raise UsageError(f"{name}: not a number of days | got negative or infinite values | at least 0")
    if days.size and days.max() > FARTHEST_DAYS:
        raise UsageError(
            f"{name}: beyond any lead time | got {days.max():g} days | at most {FARTHEST_DAYS:g}"
        )
    if not np.all(days * TICKS == np.floor(days * TICKS)):
        raise UsageError(
            f"{name}: not a multiple of 1/1024 day | engines could differ in the last bit | use quantise()"
        )
