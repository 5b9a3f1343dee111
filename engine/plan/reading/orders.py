"""Order files of every grain (lines, orders, payments) as orders and their lines."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Table, Treatment, total
from engine.plan.reading.customers import customer_keys
from engine.plan.reading.layout import COUNTED, Meaning, Rule
from engine.plan.reading.order_amounts import ZERO, line_amounts, order_amount, quantities
from engine.plan.reading.order_ties import LEAST, MOST, Sums, Ties, ties_of
from engine.plan.reading.rows import USED
from engine.plan.reading.statuses import apply_statuses, strongest
from engine.plan.reading.work import Work, treatments, used_treatment

_CANCELLED = Rule(
    reason="cancellation: prefix of the order number and a negative quantity", means="cancelled", when={}
)


class Orders:
    """Orders and lines of one file, with what was left out."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.keys = work.source.texts("order")
        self.meanings = apply_statuses(work)
        self._mark_by_day()
        self.units = quantities(work)
        self._mark_cancellations()
        self._mark_repeated()
        self.gross, self.discount = line_amounts(work, self.units)
        self.currency = work.currencies()
        amounts = (
            "shipping",
            "shipping_discount",
            "order_discount",
            "tax",
            "total",
            "subtotal",
            "refunded",
            "fee",
        )
        self.of_order = {name: order_amount(work, name) for name in amounts}
        self._whole_orders()
        self.ties = self._ties(self.gross)
        self._prices_of_lines()

    def _ties(self, gross: list[Decimal]) -> Ties:
        """Whether lines make the printed totals, under gross amounts by record."""
        sums: dict[str, list[Decimal]] = {}
        of = self.of_order
        for row in [
            row for row, rule in enumerate(self.work.marked.rule) if rule.means in COUNTED | {"head"}
        ]:
            order = sums.setdefault(self.keys[row], [ZERO] * 4)
            if self.work.marked.rule[row].means != "head":
                order[0] += gross[row] - self.discount[row]
            order[0] -= abs(of["order_discount"][row])
            order[1] += of["shipping"][row] - abs(of["shipping_discount"][row])
            order[2] += of["tax"][row]
            order[3] += of["total"][row]
        return ties_of([Sums(*amounts) for amounts in sums.values()])

    def _prices_of_lines(self) -> None:
        """Take a column of prices as totals of lines where only then the lines make the orders' totals."""
        work = self.work
        if not (work.layout.generic and work.has("price") and work.has("total")) or self.ties.share >= LEAST:
            return
        prices = work.values.amount("price")
        other = self._ties(prices)
        if other.share >= MOST:
            self.gross, self.ties = prices, other
            header = work.source.header_of("price")
            work.notes.append(f"{header} is the total of the line: only so the lines make the orders' totals")

    def _mark_by_day(self) -> None:
        self.moments = self.work.values.moment("ordered_at")
        self.work.mark_late("ordered_at")

    def _mark_cancellations(self) -> None:
        """Order numbers such as C536365: a letter before digits only, and less than nothing ordered."""
        prefix = self.work.option("cancellation_prefix", "")
        if not prefix:
            return
        for row, key in enumerate(self.keys):
            starts = key.startswith(prefix) and key[len(prefix) :].isdigit()
            if starts and self.units[row] < 0 and self.work.marked.rule[row] is USED:
                self.work.marked.rule[row] = _CANCELLED

    def _mark_repeated(self) -> None:
        repeated = repeated_rows(self.work, self.keys)
        rule = Rule(reason="order repeated in the file", means="repeated", when={})
        for row in repeated:
            if self.work.marked.rule[row] is USED:
                self.work.marked.rule[row] = rule

    def _whole_orders(self) -> None:
        """Files without lines: an order's gross is its subtotal, else its total."""
        work = self.work
        if any(work.has(name) for name in ("line_total", "price", "line_total_after", "line_total_before")):
            return
        name = "subtotal" if work.has("subtotal") else "total"
        self.gross = list(self.of_order[name])
        if name == "total" and work.option("total_holds", "") != "sales":
            taken = ("shipping", "tax")
            self.gross = [
                g - sum((self.of_order[part][row] for part in taken), ZERO)
                for row, g in enumerate(self.gross)
            ]

    def refunds(self) -> list[Decimal]:
        """Refunds by record: a column, else the total of orders that a status calls refunded, and returns."""
        work = self.work
        if work.has("refunded"):
            found = [abs(value) for value in self.of_order["refunded"]]
        else:
            found = [ZERO] * work.source.count
            for row in work.counted():
                if strongest(self.meanings, row) == "refunded":
                    found[row] = self.of_order["total"][row] or ZERO
        for row in self.returns():
            found[row] += abs(self.gross[row] - self.discount[row])
        return found

    def seen(self) -> frozenset[str]:
        """Numbers of all orders of the file, counted or not."""
        no_order = ("total", "footer", "heading")
        pairs = zip(self.keys, self.work.marked.rule, strict=True)
        return frozenset(key for key, rule in pairs if rule.means not in no_order and key)

    def returns(self) -> list[int]:
        """Counted records that take goods back: a negative quantity or a negative line."""
        return [row for row in self.work.counted() if self.units[row] < 0 or self.gross[row] < 0]


def repeated_rows(work: Work, keys: list[str]) -> list[int]:
    """Records of orders that stand in the file again, apart from their first block and equal to it."""
    blocks: dict[str, list[list[int]]] = {}
    last = None
    for row, key in enumerate(keys):
        if work.marked.rule[row] is not USED or not key:
            continue
        if key != last:
            blocks.setdefault(key, []).append([])
        blocks[key][-1].append(row)
        last = key
    columns = [work.source.texts(name) for name in work.match.mapping if name != "row"]
    repeated = []
    for parts in blocks.values():
        first = [tuple(column[row] for column in columns) for row in parts[0]] if len(parts) > 1 else []
        for part in parts[1:]:
            if [tuple(column[row] for column in columns) for row in part] == first:
                repeated += part
    return repeated


def tables_of(orders: Orders) -> dict[str, Table]:
    """Canonical tables ``orders`` (one row an order) and ``lines``, of what counts."""
    work = orders.work
    rows = work.counted()
    returned = set(orders.returns())
    refunds = orders.refunds()
    lines: dict[str, list[Any]] = {
        "order": [orders.keys[row] for row in rows],
        "item": _items(work, rows),
        "item_name": work.source.at("item_name", rows),
        "quantity": [orders.units[row] for row in rows],
        "gross": [ZERO if row in returned else orders.gross[row] for row in rows],
        "discount": [ZERO if row in returned else orders.discount[row] for row in rows],
        "returned": [row in returned for row in rows],
        "refunded": [refunds[row] if row in returned else ZERO for row in rows],
    }  # fmt: skip
    return {"orders": _order_table(orders, rows, refunds), "lines": Table("lines", lines)}


def _items(work: Work, rows: list[int]) -> list[str]:
    """Item of each record: its number, else its name."""
    numbers, names = work.source.texts("item"), work.source.texts("item_name")
    return [numbers[row] or names[row] for row in rows]


def _order_table(orders: Orders, rows: list[int], refunds: list[Decimal]) -> Table:
    work = orders.work
    counted_keys = {orders.keys[row] for row in rows}
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(orders.keys[row], row)
    sums = {
        name: dict.fromkeys(first, ZERO)
        for name in ("shipping", "discount", "tax", "total", "refunded", "fee")
    }
    shipping_off = orders.of_order["shipping_discount"]
    for row, key in enumerate(orders.keys):
        rule = work.marked.rule[row]
        if key not in counted_keys or not (rule.means in COUNTED or rule.means == "head"):
            continue
        sums["shipping"][key] += orders.of_order["shipping"][row] - abs(shipping_off[row])
        sums["discount"][key] += abs(orders.of_order["order_discount"][row])
        for name in ("tax", "total", "fee"):
            sums[name][key] += orders.of_order[name][row]
        sums["refunded"][key] += refunds[row]
    picked = list(first.values())
    columns: dict[str, list[Any]] = {
        "order": list(first),
        "customer": _customers(orders, picked),
        "ordered_at": [orders.moments[row] for row in picked],
        "day": [moment.date() if moment else None for moment in (orders.moments[row] for row in picked)],
        "currency": [orders.currency[row] for row in picked],
        "state": [strongest(orders.meanings, row) for row in picked],
        **{name: work.source.at(name, picked) for name in ("country", "channel", "status", "payment_method")},
        **{name: list(by_key.values()) for name, by_key in sums.items()},
    }
    return Table("orders", columns)


def _customers(orders: Orders, picked: list[int]) -> list[str]:
    columns = [
        orders.work.source.at(name, picked)
        for name in ("customer_email", "customer_phone", "customer_id", "country")
    ]
    return customer_keys(columns[0], columns[1], columns[2], columns[3])


def left_out(orders: Orders) -> tuple[list[Treatment], Treatment]:
    """Rows left out by reason with orders, units, line money and order totals, and the rows that count."""
    work = orders.work
    money = [ZERO if rule.means in ("head", "footer") else value
             for rule, value in zip(work.marked.rule, orders.gross, strict=True)]  # fmt: skip
    after = [m - d if m else m for m, d in zip(money, orders.discount, strict=True)]
    plain = treatments(
        work,
        after if work.option("left_out_money", "after_discount") == "after_discount" else money,
        orders.units,
        orders.currency,
    )
    counted_keys = {orders.keys[row] for row in work.counted()}
    found = []
    for treatment in plain:
        rows = [
            row for row, rule in enumerate(work.marked.rule) if (rule.reason, rule.means) == treatment[:2]
        ]
        keys = {orders.keys[row] for row in rows}
        totals = total([(orders.currency[row], orders.of_order["total"][row]) for row in rows])
        found.append(treatment._replace(orders=len(keys - counted_keys), order_totals=totals))
    used = used_treatment(work, money, orders.units, orders.currency)
    return found, used._replace(orders=len(counted_keys))


def status_counts(orders: Orders) -> dict[str, int]:
    """Orders (rows where the layout says so) by the word of their first status field, left-out ones too."""
    work = orders.work
    name = next((field for field in work.layout.statuses if work.has(field)), None)
    if name is None or work.option("status_counts") == "none":
        return {}
    texts = work.source.texts(name)
    rows = [
        row
        for row, rule in enumerate(work.marked.rule)
        if rule.means not in ("total", "footer", "head", "repeated")
    ]
    if work.option("status_counts") != "rows":
        first: dict[str, int] = {}
        for row in rows:
            first.setdefault(orders.keys[row], row)
        rows = list(first.values())
    return dict(Counter(texts[row] for row in rows if texts[row]))


def days_of(table: Table) -> list[dt.date]:
    """Days of a table that are known, sorted."""
    return sorted(day for day in table.column("day") if day is not None)


MEANINGS_OF_SALES: tuple[Meaning, ...] = ("sold", "unpaid", "refunded", "returned")
