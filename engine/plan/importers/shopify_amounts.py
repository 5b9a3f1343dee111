"""What each line of a Shopify order is worth.

Lines are priced so that they sum to the order's ``Subtotal``. An order whose ``Total`` holds no tax on top
(prices include tax) has the tax taken out of lines and shipping alike. A refund, less its share of tax, pays
back goods first and then shipping; the export does not say which lines came back, so it is spread over them
in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.plan.faults import Faults
from engine.plan.parsing import convert
from engine.plan.readers import TextTable
from engine.plan.tables import Column
from models.arrays import BoolArray, FloatArray, IntArray, TextArray

_CENT = 0.015
"""Two amounts that were each rounded to a cent may differ by one; half of one more for floating point."""

MONEY = Column("amount", "number", "an amount", required=False, blank=True, default=0.0, least=0)
_TOTAL = Column("amount", "number", "an amount", required=False, blank=True, default=-1.0, least=0)
PRICE = Column("price", "number", "price of a unit", least=0)


@dataclass(frozen=True)
class ExportRows:
    """The rows of an export and the orders they belong to."""

    text: TextTable
    order: IntArray
    """Order of each row."""
    first: IntArray
    """Row position at which each order starts: the row that holds its order fields."""
    faults: Faults

    def lines(self, header: str, column: Column, where: BoolArray) -> TextArray | FloatArray:
        """A typed column of the line items (row,), in the unit of the column; only rows in ``where`` (row,)
        are checked, the others are nothing or blank.
        """
        return self._typed(header, column, np.flatnonzero(where), len(self.order))

    def orders(self, header: str, column: Column) -> TextArray | FloatArray:
        """A typed column of the orders (order,), in the unit of the column, read from their first rows."""
        typed = self._typed(header, column, self.first, len(self.order))
        return typed[self.first]

    def _typed(self, header: str, column: Column, at: IntArray, size: int) -> npt.NDArray[Any]:
        cells = self.text.cells.get(header)
        if cells is None:
            cells = [""] * size
        chosen = [cells[position] for position in at]
        typed, _ = convert(chosen, self.text.row[at], column, self.text.file, self.faults, header=header)
        values = (
            typed.to_numpy(dtype=object)
            if str(typed.dtype) in ("str", "string", "object")
            else typed.to_numpy()
        )
        full = np.zeros(size, values.dtype) if values.dtype != object else np.full(size, "", object)
        full[at] = values
        return full


@dataclass(frozen=True)
class Amounts:
    """What the rows and orders of an export are worth, order currency."""

    net_price: FloatArray
    """Per row: price of a unit after discount, without tax."""
    tax: FloatArray
    """Per row."""
    refunded: FloatArray
    """Per row, without tax and shipping."""
    shipping: FloatArray
    """Per order, without tax."""


def price_lines(
    rows: ExportRows, quantity: IntArray, price: FloatArray, line_discount: FloatArray
) -> tuple[Amounts, list[str]]:
    """Price every row of an export, and say what of it does not tie.

    ``quantity`` (row,) is in units, ``price`` of a unit and ``line_discount`` of the row (row,) are in the
    currency of the order.
    """
    orders = len(rows.first)

    def money(header: str, column: Column = MONEY) -> FloatArray:
        return rows.orders(header, column).astype(np.float64)

    subtotal, total = money("Subtotal", _TOTAL), money("Total", _TOTAL)
    shipping, taxes, duties = money("Shipping"), money("Taxes"), money("Duties")
    line = np.maximum(price * quantity - line_discount, 0.0)
    lines = np.bincount(rows.order, line, orders)
    gross = np.bincount(rows.order, price * quantity, orders)
    discount = money("Discount Amount")
    net = np.where(subtotal >= 0.0, subtotal, np.maximum(lines - discount, 0.0))
    factor = np.divide(net, lines, out=np.zeros(orders), where=lines > 0.0)
    exclusive = np.abs(net + shipping + taxes + duties - total) <= _CENT
    inclusive = (np.abs(net + shipping + duties - total) <= _CENT) & (taxes > _CENT) & ~exclusive
    sum_of_all = np.where(total > 0.0, total, net + shipping + taxes)
    without_tax = np.where(inclusive & (sum_of_all > 0.0), 1.0 - taxes / np.maximum(sum_of_all, 1e-9), 1.0)
    value = line * (factor * without_tax)[rows.order]
    refund = money("Refunded Amount")
    goods = np.bincount(rows.order, value, orders)
    before_tax = np.divide(sum_of_all - taxes, sum_of_all, out=np.zeros(orders), where=sum_of_all > 0.0)
    share = np.divide(refund * before_tax, goods, out=np.zeros(orders), where=goods > 0.0)
    per_line = np.divide(line, lines[rows.order], out=np.zeros(len(line)), where=lines[rows.order] > 0.0)
    amounts = Amounts(
        net_price=np.divide(value, quantity, out=np.zeros(len(value)), where=quantity > 0),
        tax=per_line * taxes[rows.order],
        refunded=value * np.minimum(share, 1.0)[rows.order],
        shipping=shipping * without_tax,
    )
    notes = []
    if inclusive.any():
        notes.append(
            f"{int(inclusive.sum()):,} orders have prices that include tax: taken out of lines and shipping"
        )
    loose = (total >= 0.0) & ~exclusive & ~inclusive
    off = np.minimum(np.abs(gross - discount - net), np.abs(lines - discount - net)) > _CENT
    notes.append(
        f"order total = lines - discount + shipping + tax: {int((~loose).sum()):,} orders tie, "
        f"{int(loose.sum()):,} do not"
    )
    if (off & (subtotal >= 0.0)).any():
        notes.append(
            f"{int((off & (subtotal >= 0.0)).sum()):,} orders whose lines less discounts are not "
            "their Subtotal: Subtotal counts"
        )
    over = refund > sum_of_all + _CENT
    if over.any():
        notes.append(f"{int(over.sum()):,} orders refunded more than their total: cut to their goods")
    return amounts, notes
