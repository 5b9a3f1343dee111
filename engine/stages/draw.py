"""Stage 3: everything random that no scenario touches, drawn once for a block of trials and met by every
scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.stages.calibrate import Calibration
from models.arrays import FloatArray, WordArray
from models.calendar import Calendar
from models.demand import DemandBank
from models.streams import keys_of
from models.supply import SupplyDraws, draw_supply


@dataclass(frozen=True, eq=False)
class BlockDraws:
    """Draws of a block of trials; the leading axis of every array is the position in ``trials``."""

    trials: range
    demand: DemandBank
    supply: SupplyDraws
    return_share: FloatArray
    """Share of sold units that come back, dims (trial, segment, item)."""

    return_keys: WordArray
    """Stream keys of the return delays, dims (segment, item, 2)."""

    fx: FloatArray
    """Company currency per foreign unit, dims (trial, currency, day)."""


def draw_block(
    calibration: Calibration, trials: range, seed: int, calendar: Calendar, reach: float | None = None
) -> BlockDraws:
    """Draws of the trials; a number depends on (seed, what it is for, trial) and on nothing else.

    ``reach`` is the highest acquisition level any scenario asks for, if known: up to 1 nobody beyond plan
    is drawn, which changes no other number.
    """
    returns = calibration.returns
    names = [f"return_delay/{segment}|{item}" for segment in returns.segments for item in returns.items]
    return BlockDraws(
        trials=trials,
        demand=calibration.demand.draw(trials, seed, calendar, reach=reach),
        supply=draw_supply(calibration.supply, trials, seed, calendar.days),
        return_share=returns.draw(trials, seed),
        return_keys=keys_of(seed, names).reshape(len(returns.segments), len(returns.items), 2),
        fx=calibration.fx.draw(trials, seed, calendar.days),
    )
