"""Units and days of a scenario by month, counted while its months are played."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from engine.stages.inputs import SimulationInputs
from engine.stages.tally import Counted, Totals, tally
from models.arrays import Int32Array, IntArray
from models.errors import TradewindError
from models.network.movements import Movements
from models.network.spec import Network
from models.network.state import WAIT_BINS


@dataclass(frozen=True, eq=False)
class UnitCounts:
    """Counts of a block by month; each month is filled once and not looked at again until the end."""

    orders: IntArray
    """(trial, month, segment)."""
    new_customers: IntArray
    """(trial, month, market, acquisition channel)."""
    demanded: IntArray
    """(trial, month, segment) units; likewise sold, lost, returned."""
    sold: IntArray
    lost: IntArray
    returned: IntArray
    stock: IntArray
    """(trial, month, node) units on hand at month end."""
    short_item_days: IntArray
    """(trial, month, segment) item-days with lost units or backlog at the day's end."""
    wait: IntArray
    """(trial, month, segment, 61) units shipped by whole days waited."""

    @classmethod
    def empty(cls, inputs: SimulationInputs, trials: int) -> UnitCounts:
        """Nothing counted yet."""
        months, segments = inputs.calendar.months, len(inputs.network.demand_points)
        shapes: dict[str, tuple[int, ...]] = {each.name: (segments,) for each in fields(cls)}
        shapes |= {
            "new_customers": inputs.rates.base_spend.shape[:2],
            "stock": (len(inputs.network.nodes),),
            "wait": (segments, WAIT_BINS),
        }
        return cls(**{name: np.zeros((trials, months, *shape), np.int64) for name, shape in shapes.items()})

    def take(self, base: UnitCounts, months: int) -> None:
        """Take over what base counted in the first months."""
        for each in fields(self):
            getattr(self, each.name)[:, :months] = getattr(base, each.name)[:, :months]

    def count(
        self, month: int, network: Network, units: Int32Array, moved: Movements, by_arc: IntArray
    ) -> None:
        """Count a month's ``units`` demanded (trial, day, segment, item) and what was moved of them; units
        sold are added to ``by_arc`` (trial, arc).
        """
        tally(
            Counted(
                units,
                moved.shipped,
                moved.lost,
                moved.backlog,
                moved.on_hand,
                moved.returns,
                moved.returns_count,
            ),
            network.arc_point,
            Totals(
                self.demanded[:, month],
                self.sold[:, month],
                self.lost[:, month],
                self.short_item_days[:, month],
                self.stock[:, month],
                self.returned[:, month],
                by_arc,
            ),
        )
        self.wait[:, month] = moved.wait

    def check(self, backlog: IntArray) -> None:
        """Refuse a run in which units came from nowhere: what was demanded was shipped, is lost or waits in
        the last ``backlog`` (trial, segment, item). A run begins with nobody waiting.

        Raises
        ------
        TradewindError : the network and the counts do not agree.
        """
        left = self.demanded.sum(axis=1) - self.sold.sum(axis=1) - self.lost.sum(axis=1) - backlog.sum(axis=2)
        if np.any(left != 0):
            trial, segment = (int(at[0]) for at in np.nonzero(left))
            raise TradewindError(
                f"units: {left[trial, segment]} demanded and neither shipped, lost nor waiting | "
                f"trial {trial} of the block, segment {segment}"
            )
        if not np.array_equal(self.wait.sum(axis=3), self.sold):
            raise TradewindError("units: those shipped and those that waited differ")
