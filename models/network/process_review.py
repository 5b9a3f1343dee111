"""Review of the SimPy engine: positions, policies, split over suppliers, transfers between nodes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from models.arrays import IntArray
from models.network.controls import Controls
from models.network.policy import BASE_STOCK, BATCHES
from models.network.process_serve import allot, shared_out
from models.network.spec import Network

Sent = tuple[int, int, int, int, int]
"""Donor, receiver, item, units, day of arrival."""


class Buyer:
    """The company's decisions on one day of one trial, under the controls of that day."""

    def __init__(self, network: Network, controls: Controls, t: int, day: int, down_since: IntArray) -> None:
        self.network, self.day, self.down_since = network, day, down_since
        self.period = controls.period_of_day[day]
        self.controls, self.t = controls, t
        self.failover = bool(of_trial(controls.failover_on, t))

    def control(self, name: str) -> Any:
        """A control of today, (N, I) or (N, I, S)."""
        return of_trial(getattr(self.controls, name), self.t)[self.period]

    def with_echelons(self, stock: IntArray) -> IntArray:
        """Stock (N, I), units, with that of the nodes fed added to the sources that look at their echelon."""
        whole = stock.copy()
        for fed, source in self.network.feeds:
            whole[source] += whole[fed]
        return whole

    def transfers(
        self, on_hand: IntArray, in_transfer: IntArray, behind: IntArray, lead: Any
    ) -> Iterable[Sent]:
        """What nodes give each other, taking it off ``on_hand``: the first choice of all before the second.

        ``lead`` (N, N) days from a node to another for what leaves today.
        """
        sources, keep = self.network.sources, self.control("keep")
        stock = self.with_echelons(on_hand + in_transfer - behind)
        asks = stock <= self.control("transfer_at")
        asked = np.where(asks, np.maximum(self.control("transfer_to") - stock, 0), 0)
        for preference in range(sources.shape[1]):
            for donor in range(len(sources)):
                askers = np.flatnonzero(sources[:, preference] == donor)
                spare = np.maximum(on_hand[donor] - behind[donor] - keep[donor], 0)
                given = allot(asked[askers], spare)
                asked[askers] -= given
                on_hand[donor] -= given.sum(axis=0)
                for row, asker in enumerate(askers):
                    arrives = max(self.day + 1, math.ceil(self.day + lead[donor, asker]))
                    for item in np.flatnonzero(given[row]):
                        yield donor, int(asker), int(item), int(given[row, item]), arrives

    def orders(
        self, on_hand: IntArray, on_order: IntArray, in_transfer: IntArray, behind: IntArray
    ) -> dict[tuple[int, int], dict[int, int]]:
        """Units to order by (node, supplier) and item, on the inventory position after demand."""
        position = self.with_echelons(on_hand + on_order + in_transfer - behind)
        level, top, cap = (self.control(n) for n in ("reorder_level", "order_up_to", "purchase_cap"))
        base_stock, batches = (self.control("policy") == kind for kind in (BASE_STOCK, BATCHES))
        reviewed = (self.day - self.control("first_review")) % self.control("review_every") == 0
        low = np.where(base_stock, position < top, position <= level)
        size = self.control("batch")
        orders: dict[tuple[int, int], dict[int, int]] = {}
        for node, item in np.argwhere(low & reviewed).tolist():
            at, most = (node, item), int(cap[node, item])
            if batches[at]:
                needed = (int(level[at]) - int(position[at])) // int(size[at]) + 1
                units = min(needed, most // int(size[at])) * int(size[at])
            else:
                units = min(int(top[at] - position[at]), most)
            if units > 0:
                for supplier, amount in self._split(node, item, units, most):
                    orders.setdefault((node, supplier), {})[item] = amount
        return orders

    def _split(self, node: int, item: int, units: int, cap: int) -> Iterable[tuple[int, int]]:
        """Supplier and units: by share, after failover, in multiples, at least the smallest order, never
        above the cap.
        """
        network = self.network
        shares = self.control("share_parts")[node, item]
        weight = [0] * len(network.suppliers)
        for supplier, share in enumerate(shares.tolist()):
            if network.qualified[node, supplier, item]:
                weight[self._taker(node, item, supplier)] += share
        if sum(weight) == 0:
            return
        for supplier, amount in enumerate(shared_out(units, weight)):
            if amount == 0:
                continue
            multiple, smallest = int(network.multiple[supplier, item]), int(network.moq[supplier, item])
            amount = max(-(-amount // multiple) * multiple, smallest)
            if amount > cap:
                amount = cap // multiple * multiple
                if amount < smallest:
                    amount = 0
            cap -= amount
            if amount > 0:
                yield supplier, amount

    def _taker(self, node: int, item: int, supplier: int) -> int:
        """Who takes a supplier's share: its backup, once it is known to be down long enough and the backup is
        up and qualified.
        """
        since, backup = self.down_since[supplier], int(self.network.backup[supplier])
        down = since >= 0 and self.day - since >= self.controls.failover_delay
        if not (self.failover and down and backup >= 0):
            return supplier
        usable = self.network.qualified[node, backup, item] and self.down_since[backup] < 0
        return backup if usable else supplier


def of_trial(array: Any, t: int) -> Any:
    """A trial's entry of an array whose leading axis may be shared by all trials."""
    return array[min(t, len(array) - 1)]
