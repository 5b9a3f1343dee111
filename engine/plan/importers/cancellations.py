"""Which sale a cancellation takes back: the latest earlier ones of the same customer, item and price."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

import numpy as np

from models.arrays import FloatArray, IntArray, TextArray

Matched = dict[int, list[tuple[int, int]]]
"""Cancellation: the sales it takes back, with their units."""


class Sales(Protocol):
    """What is compared of the lines of a ledger."""

    @property
    def customer(self) -> TextArray:
        """Key of the customer of each line (line,), blank where nobody is named."""

    @property
    def item(self) -> TextArray:
        """Key of the item of each line (line,)."""

    @property
    def price(self) -> FloatArray:
        """Price of a unit (line,), ledger currency."""

    @property
    def moment(self) -> IntArray:
        """When the line was booked (line,): number of seconds since 1970-01-01."""

    @property
    def quantity(self) -> IntArray:
        """Units (line,), negative for what is taken back."""


def match(lines: Sales, sold: IntArray, back: IntArray) -> Matched:
    """Sales that cancellations take back, in the order of their days; row order breaks ties.

    ``sold`` and ``back`` (row,) are positions of sales and of cancellations among the lines.

    A cancellation is matched as a whole or not at all. Sales of the same day with exactly its units go
    first (the order that was keyed in wrongly), then the latest earlier ones, each up to its units left.
    """
    if not len(back):
        return {}

    def key(at: int) -> tuple[str, str, float]:
        return lines.customer[at], lines.item[at], float(lines.price[at])

    wanted = {key(at) for at in back}
    names = {customer for customer, _, _ in wanted}
    sales: dict[tuple[str, str, float], list[int]] = defaultdict(list)
    for at in sold[np.lexsort((sold, lines.moment[sold]))]:
        if lines.customer[at] in names and (named := key(at)) in wanted:
            sales[named].append(int(at))
    left = {at: int(lines.quantity[at]) for found in sales.values() for at in found}
    matched: Matched = {}
    for at in back[np.lexsort((back, lines.moment[back]))]:
        need, moment = -int(lines.quantity[at]), int(lines.moment[at])
        earlier = [sale for sale in reversed(sales[key(at)]) if lines.moment[sale] <= moment and left[sale]]
        day = moment // 86_400  # moments are seconds
        exact = [s for s in earlier if left[s] == need and lines.moment[s] // 86_400 == day]
        if sum(left[sale] for sale in earlier) < need:
            continue
        parts = []
        for sale in exact[:1] or earlier:
            units = min(left[sale], need)
            left[sale] -= units
            need -= units
            parts.append((sale, units))
            if need == 0:
                break
        matched[int(at)] = parts
    return matched
