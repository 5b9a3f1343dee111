"""Purchase lists of ERPs: lines numbered within their order, receipts with their days, what is open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Result, Table, total
from engine.plan.reading.flat import span
from engine.plan.reading.layout import Rule
from engine.plan.reading.rows import USED
from engine.plan.reading.statuses import apply_statuses
from engine.plan.reading.text import fold
from engine.plan.reading.work import Work, treatments, used_treatment

ZERO = Decimal(0)
_YES = frozenset(
    fold(word) for word in ("yes", "true", "x", "1", "y", "ja", "oui", "si", "closed", "t", "はい")
)
_RETURN = Rule(reason="returned to the supplier (negative quantity)", means="supplier_return", when={})


@dataclass
class Line:
    """One line of a purchase order under way."""

    row: int
    """The first record that holds it."""
    number: str
    ordered: Decimal
    told: Decimal | None
    """Units received by a column of the line."""
    receipts: list[tuple[dt.date | None, Decimal]] = field(default_factory=list)
    closed: bool = False
    outstanding: Decimal | None = None

    @property
    def received(self) -> Decimal:
        """Units that came."""
        came = sum((quantity for _, quantity in self.receipts), ZERO)
        return came if self.receipts else self.told or ZERO

    @property
    def cancelled(self) -> Decimal:
        """Units that will never come: the rest of a closed line."""
        return max(self.ordered - self.received, ZERO) if self.closed else ZERO

    @property
    def open(self) -> Decimal:
        """Units still to come."""
        if self.closed:
            return ZERO
        rest = max(self.ordered - self.received, ZERO)
        return rest if self.outstanding is None else self.outstanding


class Purchases:
    """Lines and receipts of one purchase list."""

    def __init__(self, work: Work) -> None:
        self.work = work
        apply_statuses(work)
        work.mark_late("ordered_on")
        self.units = work.values.amount("quantity")
        for row, rule in enumerate(work.marked.rule):
            if rule is USED and self.units[row] < 0:
                work.marked.rule[row] = _RETURN
        self.currency = work.currencies()
        self.cost = self._unit_costs()
        self.days = {name: work.values.day(name) for name in ("ordered_on", "promised_on", "received_on")}
        self.lines = self._lines()

    def _unit_costs(self) -> list[Decimal | None]:
        """Cost of a unit: its column, by its price unit where there is one, else amount by quantity."""
        work = self.work
        if not work.has("unit_cost"):
            amounts = work.values.amount("amount")
            return [
                a / q if q and work.has("amount") else None for a, q in zip(amounts, self.units, strict=True)
            ]
        costs = work.values.number("unit_cost")
        if not work.has("price_unit"):
            return costs
        per = work.values.number("price_unit")
        return [c / p if c is not None and p else c for c, p in zip(costs, per, strict=True)]

    def _lines(self) -> list[Line]:
        work = self.work
        open_lines: dict[tuple[Any, ...], Line] = {}
        lines: list[Line] = []
        count: dict[str, int] = {}
        receipts = self._receipt_quantities()
        told = work.values.number("received")
        closed = [fold(text) in _YES for text in work.source.texts("closed")]
        outstanding = work.values.number("outstanding")
        for row in work.counted():
            key = self._key(row)
            line = open_lines.get(key)
            receipt = receipts[row]
            if line is None or not self._continues(line, receipt):
                po = work.source.texts("po")[row]
                count[po] = count.get(po, 0) + 1
                number = work.source.texts("line")[row] or str(count[po])
                line = Line(row, number, self.units[row], told[row])
                open_lines[key] = line
                lines.append(line)
            if receipt is not None:
                line.receipts.append((self.days["received_on"][row], receipt))
            line.closed = line.closed or closed[row]
            if work.has("outstanding"):
                line.outstanding = outstanding[row] or ZERO
        return lines

    def _key(self, row: int) -> tuple[Any, ...]:
        texts = self.work.source.texts
        po, item = texts("po")[row], texts("item")[row] or texts("item_name")[row]
        if self.work.has("line"):
            return po, texts("line")[row], item
        return po, item, self.units[row], self.cost[row], self.days["promised_on"][row]

    def _continues(self, line: Line, receipt: Decimal | None) -> bool:
        """Whether a record is one more receipt of a line that stands already."""
        if receipt is None or not line.receipts:
            return False
        if self.work.has("line"):
            return True
        told = line.told if self.work.has("receipt_quantity") else None
        most = line.ordered if told is None else min(line.ordered, told) or line.ordered
        return line.received + receipt <= most

    def _receipt_quantities(self) -> list[Decimal | None]:
        """Units of each record that are one receipt: with a day, or in a column of receipts."""
        work = self.work
        if work.has("receipt_quantity"):
            return [value or None for value in work.values.number("receipt_quantity")]
        if not work.has("received_on"):
            return [None] * work.source.count
        days = self.days["received_on"]
        came = work.values.number("received") if work.has("received") else list(self.units)
        return [value or None if day is not None else None for value, day in zip(came, days, strict=True)]


def read_purchases(work: Work) -> Result:
    """Purchase orders as lines and receipts."""
    purchases = Purchases(work)
    tables = {"purchase_orders": _line_table(purchases), "receipts": _receipt_table(purchases)}
    amounts = work.values.amount("amount") if work.has("amount") else [ZERO] * work.source.count
    money = [
        a or q * (c or ZERO) for a, q, c in zip(amounts, purchases.units, purchases.cost, strict=True)
    ]  # fmt: skip
    return Result(
        tables,
        treatments(work, money, purchases.units, purchases.currency),
        used_treatment(work, money, purchases.units, purchases.currency),
        _figures(purchases, tables),
    )


def _line_table(purchases: Purchases) -> Table:
    work, lines = purchases.work, purchases.lines
    rows = [line.row for line in lines]
    columns: dict[str, list[Any]] = {
        name: work.source.at(name, rows)
        for name in ("po", "supplier", "item", "item_name", "node", "status", "urgency", "incoterm")
    }
    columns["line"] = [line.number for line in lines]
    columns["currency"] = [purchases.currency[row] for row in rows]
    columns["unit_cost"] = [purchases.cost[row] for row in rows]
    columns["ordered_on"] = [purchases.days["ordered_on"][row] for row in rows]
    columns["promised_on"] = [purchases.days["promised_on"][row] for row in rows]
    columns["quantity"] = [line.ordered for line in lines]
    for name in ("received", "cancelled", "open", "closed"):
        columns[name] = [getattr(line, name) for line in lines]
    return Table("purchase_orders", columns)


def _receipt_table(purchases: Purchases) -> Table:
    texts = purchases.work.source.texts
    names = ("po", "supplier", "item", "urgency")
    columns: dict[str, list[Any]] = {
        name: [] for name in (*names, "line", "ordered_on", "received_on", "quantity")
    }
    for line in purchases.lines:
        for day, quantity in line.receipts:
            for name in names:
                columns[name].append(texts(name)[line.row])
            columns["line"].append(line.number)
            columns["ordered_on"].append(purchases.days["ordered_on"][line.row])
            columns["received_on"].append(day)
            columns["quantity"].append(quantity)
    return Table("receipts", columns)


def _figures(purchases: Purchases, tables: dict[str, Table]) -> dict[str, Any]:
    work, lines = purchases.work, purchases.lines
    receipts = tables["receipts"]
    dated = [day for day in receipts.column("received_on") if day is not None]
    first, last = span([*tables["purchase_orders"].column("ordered_on"), *dated])
    cost = {id(line): purchases.cost[line.row] or ZERO for line in lines}
    currency = [purchases.currency[line.row] for line in lines]
    if not dated and any(line.received for line in lines):
        work.questions.append("received without a receipt date: lead times cannot be learned from this file")
    return {
        "purchase_orders": len({po for po in tables["purchase_orders"].column("po") if po}),
        "lines": len(lines),
        "receipts": len(receipts) if dated else None,
        "receipt_dates": len(dated) or None,
        "units_ordered": sum((line.ordered for line in lines), ZERO),
        "units_received": sum((line.received for line in lines), ZERO),
        "units_cancelled": sum((line.cancelled for line in lines), ZERO),
        "units_open": sum((line.open for line in lines), ZERO),
        "lines_cancelled_whole": sum(line.closed and not line.received for line in lines),
        "lines_closed_short": sum(bool(line.received and line.cancelled) for line in lines),
        "lines_open": sum(bool(line.open) for line in lines),
        "ordered_value": total(
            [(c, line.ordered * cost[id(line)]) for c, line in zip(currency, lines, strict=True)]
        ),
        "open_value": total(
            [(c, line.open * cost[id(line)]) for c, line in zip(currency, lines, strict=True)]
        ),
        "suppliers": len({name for name in tables["purchase_orders"].column("supplier") if name}),
        "units_received_by_urgency": _by_urgency(receipts),
        "unit_weighted_days_order_to_receipt": weighted_days(receipts, None),
        "same_standard_orders_only": weighted_days(receipts, "ST"),
        "first_day": first,
        "last_day": last,
        "last_receipt": max(dated, default=None),
    }


def _by_urgency(receipts: Table) -> dict[str, Decimal]:
    pairs = zip(receipts.column("urgency"), receipts.column("quantity"), strict=True)
    return total([(urgency, quantity) for urgency, quantity in pairs if urgency])


def weighted_days(receipts: Table, urgency: str | None) -> Decimal | None:
    """Mean days from order to receipt, weighted by units; of one urgency only where one is named."""
    names = ("ordered_on", "received_on", "quantity", "urgency")
    units = days = ZERO
    for ordered, received, quantity, of in zip(*(receipts.column(name) for name in names), strict=True):
        if ordered is None or received is None or (urgency is not None and of != urgency):
            continue
        units += quantity
        days += quantity * (received - ordered).days
    return days / units if units else None
