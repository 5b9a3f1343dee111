"""Serving of the SimPy engine: who gets what is in stock, by priority, order of nodes and proportion."""

from __future__ import annotations

import numpy as np

from models.arrays import IntArray
from models.network.parts import UNLIMITED
from models.network.spec import Network


class Shelves:
    """The nodes' stock and hands on one day."""

    def __init__(self, network: Network, on_hand: IntArray) -> None:
        self.network = network
        self.on_hand = on_hand
        self.pick = network.pick_capacity.copy()
        self.aside = np.zeros_like(on_hand)
        """(N, I) stock promised to units that only hands hold back."""

    def serve(self, want: IntArray, shipped: IntArray) -> IntArray:
        """Ship what stock and hands allow, into ``shipped`` (arc, item) units, taking it off ``want``
        (demand_point, item) units; returns the units that only capacity held back, dims of ``want``.

        By priority, then by the demand point's order of nodes, then by node. Stock for held units is set
        aside: it is promised.
        """
        network = self.network
        held = np.zeros_like(want)
        for urgency in sorted(set(network.priority.tolist())):
            for preference in range(network.point_nodes.shape[1]):
                for node in range(len(network.nodes)):
                    turning = (network.priority == urgency) & (network.point_nodes[:, preference] == node)
                    points = np.flatnonzero(turning)
                    if want[points].any():
                        allotted = allot(want[points], self.on_hand[node])
                        picked = self._pick(node, allotted)
                        want[points] -= allotted
                        held[points] += allotted - picked
                        self.on_hand[node] -= allotted.sum(axis=0)
                        self.aside[node] += (allotted - picked).sum(axis=0)
                        shipped[network.arc_start[points] + preference] += picked
        return held

    def _pick(self, node: int, allotted: IntArray) -> IntArray:
        """What the node's hands can pick of what is allotted (demand point, item), in proportion where that
        is not all.
        """
        picked = allotted
        if allotted.sum() > self.pick[node]:
            shared = shared_out(int(self.pick[node]), allotted.ravel().tolist())
            picked = np.array(shared, dtype=np.int64).reshape(allotted.shape)
        if self.pick[node] < UNLIMITED:
            self.pick[node] -= picked.sum()
        return picked


def allot(want: IntArray, stock: IntArray) -> IntArray:
    """Units of ``stock`` (item,) given to those who want them, ``want`` (demand_point, item) units: all they
    want, in proportion where that is more than there is.
    """
    allotted = want.copy()
    for item in np.flatnonzero(want.sum(axis=0) > stock):
        allotted[:, item] = shared_out(int(stock[item]), want[:, item].tolist())
    return allotted


def shared_out(amount: int, weights: list[int]) -> list[int]:
    """Whole parts of ``amount`` in proportion to the weights: rounded down, then one more for the largest
    remainders, then by place.
    """
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda k: (-(amount * weights[k] % total), k))
    for k in by_remainder[: amount - sum(parts)]:
        parts[k] += 1
    return parts
