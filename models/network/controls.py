"""What the company decides: reorder levels, supplier shares, purchase caps, failover, by period."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.errors import UsageError
from models.network.spec import UNLIMITED, BoolArray, FloatArray, IntArray, Network, parts_of


@dataclass(frozen=True, eq=False)
class Controls:
    """Decisions of one block of trials; leading axis R is 1 or the trials, B periods are named by
    ``period_of_day``.
    """

    reorder_level: IntArray
    """(R, B, N, I) s: an order is placed when the inventory position is at or below it."""
    order_up_to: IntArray
    """(R, B, N, I) S: the position an order restores."""
    period_of_day: IntArray
    """(D,) period of each day."""
    share: FloatArray
    """(R, B, N, I, S) shares of an order by supplier; need not sum to one; unqualified suppliers count
    nothing.
    """
    purchase_cap: IntArray
    """(R, B, N, I) most units ordered a day; UNLIMITED where there is no cap."""
    failover_on: BoolArray
    """(R,) whether orders leave a supplier that is down for its backup."""
    failover_delay: int = 0
    """Whole days a supplier must have been down before its share moves: 0 acts on the first day."""
    share_parts: IntArray = field(init=False)
    """(R, B, N, I, S) shares in parts of 2**20."""

    def __post_init__(self) -> None:
        if self.share.size and not (self.share.min() >= 0.0 and self.share.max() <= 1.0):
            raise UsageError(
                f"controls.share: not a share | got {self.share.min()} to {self.share.max()} | 0 to 1"
            )
        if self.purchase_cap.size and self.purchase_cap.min() < 0:
            raise UsageError(f"controls.purchase_cap: negative | got {self.purchase_cap.min()} | at least 0")
        object.__setattr__(self, "share_parts", parts_of(self.share))

    def check(self, network: Network, trials: int, until: int) -> None:
        """Raise unless shapes fit the network and block and every day before ``until`` has a period."""
        n, i, s = len(network.nodes), len(network.items), len(network.suppliers)
        periods = self.reorder_level.shape[1]
        shapes = {
            "reorder_level": (periods, n, i),
            "order_up_to": (periods, n, i),
            "purchase_cap": (periods, n, i),
            "share": (periods, n, i, s),
            "failover_on": (),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape[1:] != shape or array.shape[0] not in (1, trials):
                raise UsageError(
                    f"controls.{name}: wrong shape | got {array.shape} | use (1 or {trials}, {shape})"
                )
        days = self.period_of_day
        if len(days) < until or days.min() < 0 or days.max() >= periods:
            raise UsageError(
                f"controls.period_of_day: days or periods missing | got {days.shape} | cover days to {until}"
            )

    @classmethod
    def constant(
        cls,
        network: Network,
        days: int,
        *,
        reorder_level: IntArray | None = None,
        order_up_to: IntArray | None = None,
        share: FloatArray | None = None,
        failover: bool = False,
        failover_delay: int = 0,
    ) -> Controls:
        """The same decisions on every day and in every trial, from (N, I) levels or else the network's own
        policies.

        A node and item without a policy never orders. Shares default to the policy's, else to equal parts of
        the qualified.
        """
        n, i, s = len(network.nodes), len(network.items), len(network.suppliers)
        low = np.full((n, i), -UNLIMITED, dtype=np.int64)
        high = np.full((n, i), -UNLIMITED, dtype=np.int64)
        parts = network.qualified.transpose(0, 2, 1).astype(np.float64)
        for (node, item), levels in network.policies.items():
            at = network.nodes.index(node), network.items.index(item)
            low[at], high[at] = levels
            named = network.shares.get((node, item), {})
            if named:
                parts[at] = [named.get(supplier, 0.0) for supplier in network.suppliers]
        low = low if reorder_level is None else reorder_level
        high = high if order_up_to is None else order_up_to
        return cls(
            reorder_level=np.ascontiguousarray(low, dtype=np.int64).reshape(1, 1, n, i),
            order_up_to=np.ascontiguousarray(high, dtype=np.int64).reshape(1, 1, n, i),
            period_of_day=np.zeros(days, dtype=np.int64),
            share=np.ascontiguousarray(parts if share is None else share, dtype=np.float64).reshape(
                1, 1, n, i, s
            ),
            purchase_cap=np.full((1, 1, n, i), UNLIMITED, dtype=np.int64),
            failover_on=np.array([failover]),
            failover_delay=failover_delay,
        )
