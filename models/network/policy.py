"""How a node replenishes an item: (s, S), (R, Q), base stock, periodic review; asking other nodes for stock.

A review sees the inventory position after the day's demand: on hand + on order + in transfer - backlog.

- ``s_S``: at or below s, order up to S.
- ``R_Q``: at or below R, order the fewest whole batches Q that lift the position above R.
- ``base_stock``: below S, order up to S.
- ``periodic``: base stock that looks only every ``review_days`` days, from ``first_review`` on.

``review_days`` may be given to any of the others too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.network.parts import UNLIMITED

POLICIES = ("s_S", "R_Q", "base_stock")
"""What a review does, by code; ``periodic`` is ``base_stock`` with days between reviews."""
UP_TO, BATCHES, BASE_STOCK = range(3)
NEVER = -UNLIMITED
"""A level that no position is at or below."""


@dataclass(frozen=True)
class Policy:
    """Policy of one node and item, in units and whole days; a level may be one number or one per day."""

    kind: str = "s_S"
    """One of ``POLICIES``."""
    reorder_level: int | tuple[int, ...] = NEVER
    """s or R: an order is placed when the inventory position is at or below it."""
    order_up_to: int | tuple[int, ...] = NEVER
    """S: the position an order restores."""
    batch: int = 0
    """Q: the units of a batch, (R, Q) only."""
    review_days: int = 1
    """Days between two reviews."""
    first_review: int = 0
    """A day on which stock is reviewed."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Shares of an order by supplier key; empty: equal shares of the suppliers that qualify."""
    transfer_at: int = NEVER
    """Level of stock (on hand + in transfer - backlog) at or below which the node asks its sources."""
    transfer_to: int = NEVER
    """Stock that such a request restores."""
    keep: int | None = None
    """Units this node never gives away to others; None: the reorder level, or 0 where there is none."""
    on_hand: int | None = None
    """Opening stock; None: the highest position the policy orders up to on day 0."""

    @property
    def opening(self) -> int:
        """Opening stock, units."""
        if self.on_hand is not None:
            return self.on_hand
        first = _first(self.order_up_to)
        if self.kind == "R_Q":
            first = _first(self.reorder_level) + self.batch
        return max(0, first, self.transfer_to)

    @property
    def kept(self) -> int:
        """Units never given away."""
        return max(0, _first(self.reorder_level)) if self.keep is None else self.keep


def _first(level: int | tuple[int, ...]) -> int:
    return level[0] if isinstance(level, tuple) else level
