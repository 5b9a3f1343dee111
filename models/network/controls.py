"""What the company decides by period: policies and levels, supplier shares, caps, failover, transfers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.errors import UsageError
from models.network.parts import UNLIMITED, parts_of
from models.network.policy import BATCHES, NEVER, POLICIES, UP_TO, Policy
from models.network.spec import Network


def _not_given() -> IntArray:
    return np.zeros(0, dtype=np.int64)


OPTIONAL = {
    "policy": UP_TO,
    "batch": 1,
    "review_every": 1,
    "first_review": 0,
    "transfer_at": NEVER,
    "transfer_to": NEVER,
    "keep": 0,
}
"""Controls that need not be given, with what they are then at every node and item."""


@dataclass(frozen=True, eq=False)
class Controls:
    """Decisions of one block of trials; leading axis R is 1 or the trials, B periods are named by
    ``period_of_day``. models/network/policy.py says what the policies do.
    """

    reorder_level: IntArray
    """(R, B, N, I) s or R: an order is placed when the inventory position is at or below it."""
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
    policy: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) position in POLICIES: 0 (s, S), 1 (R, Q), 2 base stock."""
    batch: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) Q of (R, Q), units."""
    review_every: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) days between two reviews."""
    first_review: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) a day with a review; the others follow at ``review_every``."""
    transfer_at: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) stock at or below which a node asks its sources among the nodes."""
    transfer_to: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) stock that such a request restores."""
    keep: IntArray = field(default_factory=_not_given)
    """(R, B, N, I) units a node never gives away."""
    share_parts: IntArray = field(init=False)
    """(R, B, N, I, S) shares in parts of 2**20."""

    def __post_init__(self) -> None:
        if self.share.size and not (self.share.min() >= 0.0 and self.share.max() <= 1.0):
            raise UsageError(
                f"controls.share: not a share | got {self.share.min()} to {self.share.max()} | 0 to 1"
            )
        for name, value in OPTIONAL.items():
            if getattr(self, name).size == 0:
                shape = (1, *self.reorder_level.shape[1:])
                object.__setattr__(self, name, np.full(shape, value, dtype=np.int64))
        for name, low in (("purchase_cap", 0), ("review_every", 1), ("first_review", 0)):
            values = getattr(self, name)
            if values.size and values.min() < low:
                raise UsageError(f"controls.{name}: too small | got {values.min()} | at least {low}")
        if self.policy.size and not (self.policy.min() >= 0 and self.policy.max() < len(POLICIES)):
            raise UsageError(f"controls.policy: unknown | got {self.policy.max()} | 0 to {len(POLICIES) - 1}")
        if np.any(np.where(self.policy == BATCHES, self.batch, 1) < 1):
            raise UsageError(f"controls.batch: too small | got {self.batch.min()} | (R, Q) needs Q >= 1")
        object.__setattr__(self, "share_parts", parts_of(self.share))

    def check(self, network: Network, trials: int, until: int) -> None:
        """Raise unless shapes fit the network and block and every day before ``until`` has a period."""
        n, i, s = len(network.nodes), len(network.items), len(network.suppliers)
        periods = self.reorder_level.shape[1]
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(
            ("reorder_level", "order_up_to", "purchase_cap", *OPTIONAL), (periods, n, i)
        )
        for name, shape in {**shapes, "share": (periods, n, i, s), "failover_on": ()}.items():
            array = getattr(self, name)
            if array.shape[1:] != shape or array.shape[0] not in (1, trials):
                raise UsageError(
                    f"controls.{name}: wrong shape | got {array.shape} | use (1 or {trials}, {shape})"
                )
        days = self.period_of_day
        if len(days) < until or days.min(initial=0) < 0 or days.max(initial=0) >= periods:
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
        **more: IntArray,
    ) -> Controls:
        """The same decisions in every trial, from levels or else the network's own policies.

        Levels are (N, I) for every day or (D, N, I) by day; ``more`` are the optional controls in the same
        shapes. A node and item without a policy never orders. Shares default to the policy's, else to equal
        parts of the qualified.

        Raises
        ------
        UsageError
            where ``more`` names what is no control
        """
        n, i, s = len(network.nodes), len(network.items), len(network.suppliers)
        levels, parts = _of_policies(network, days)
        given = {"reorder_level": reorder_level, "order_up_to": order_up_to, **more}
        if unknown := set(given) - set(levels):
            raise UsageError(f"controls: unknown | got {sorted(unknown)} | use {sorted(levels)}")
        levels |= {name: np.asarray(array) for name, array in given.items() if array is not None}
        daily = any(array.ndim == 3 and len(array) > 1 for array in levels.values())
        periods = days if daily else 1
        arrays = {
            name: np.ascontiguousarray(np.broadcast_to(array, (1, periods, n, i)), dtype=np.int64)
            for name, array in levels.items()
        }
        return cls(
            **arrays,
            period_of_day=np.arange(days) if daily else np.zeros(days, dtype=np.int64),
            share=np.ascontiguousarray(
                np.broadcast_to(parts if share is None else share, (1, periods, n, i, s)), dtype=np.float64
            ),
            purchase_cap=np.full((1, periods, n, i), UNLIMITED, dtype=np.int64),
            failover_on=np.array([failover]),
            failover_delay=failover_delay,
        )


def _of_policies(network: Network, days: int) -> tuple[dict[str, IntArray], FloatArray]:
    """Levels (1 or D, N, I) by name and shares (N, I, S) of the network's own policies."""
    n, i = len(network.nodes), len(network.items)
    policies: Mapping[tuple[str, str], Policy] = network.policies
    daily = any(
        isinstance(level, tuple)
        for policy in policies.values()
        for level in (policy.reorder_level, policy.order_up_to)
    )
    parts = network.qualified.transpose(0, 2, 1).astype(np.float64)
    plain: dict[str, int] = {"reorder_level": NEVER, "order_up_to": NEVER, **OPTIONAL}
    levels = {
        name: np.full((days if daily else 1, n, i), value, dtype=np.int64) for name, value in plain.items()
    }
    node_at = {key: at for at, key in enumerate(network.nodes)}
    item_at = {key: at for at, key in enumerate(network.items)}
    of: dict[int, tuple[Policy, list[tuple[int, int]]]] = {}
    for (node, item), policy in policies.items():
        of.setdefault(id(policy), (policy, []))[1].append((node_at[node], item_at[item]))
    for policy, places in of.values():
        at = tuple(np.array(places).T)
        by_name = {
            "reorder_level": policy.reorder_level,
            "order_up_to": policy.order_up_to,
            "policy": POLICIES.index(policy.kind),
            "batch": max(policy.batch, 1),
            "review_every": policy.review_days,
            "first_review": policy.first_review,
            "transfer_at": policy.transfer_at,
            "transfer_to": policy.transfer_to,
            "keep": policy.kept,
        }
        for name, value in by_name.items():
            levels[name][(slice(None), *at)] = np.reshape(_by_day(value, days), (-1, 1))
        if policy.shares:
            parts[at] = [policy.shares.get(supplier, 0.0) for supplier in network.suppliers]
    return levels, parts


def _by_day(value: int | tuple[int, ...], days: int) -> int | IntArray:
    """One number, or one per day; a list that ends early goes on with its last."""
    if not isinstance(value, tuple):
        return value
    return np.array([value[min(day, len(value) - 1)] for day in range(days)], dtype=np.int64)
