"""Whether the lines of orders make the totals that the file prints, and what that tells of prices and tax."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
NEAR = Decimal("0.02")
"""Difference of an order's total that rounding of its lines may make, in whole units of money."""
MOST, LEAST = Decimal("0.9"), Decimal("0.5")
"""Share of orders that must tie before a basis is believed, and below which a tie is doubted."""


class Sums(NamedTuple):
    """Amounts of one order."""

    lines: Decimal
    """Lines after all discounts."""
    shipping: Decimal
    tax: Decimal
    total: Decimal


class Ties(NamedTuple):
    """Orders with a printed total, and how many of them tie on each basis of prices."""

    orders: int
    excl_tax: int
    incl_tax: int

    @property
    def share(self) -> Decimal:
        """Share of the orders that tie on the better basis."""
        return Decimal(max(self.excl_tax, self.incl_tax)) / self.orders if self.orders else ZERO

    @property
    def basis(self) -> str | None:
        """Basis of prices that the totals show; None where they do not tell."""
        if not self.orders or self.share < MOST or self.excl_tax == self.incl_tax:
            return None
        return "excl_tax" if self.excl_tax > self.incl_tax else "incl_tax"


def ties_of(orders: Sequence[Sums]) -> Ties:
    """How many orders tie: lines and shipping, with the tax on top or inside."""
    told = [order for order in orders if order.total]
    return Ties(
        len(told),
        sum(abs(o.lines + o.shipping + o.tax - o.total) <= NEAR for o in told),
        sum(abs(o.lines + o.shipping - o.total) <= NEAR for o in told),
    )
