"""Counts and sums of an order file as people name them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Table, total
from engine.plan.reading.orders import Orders, days_of, status_counts
from engine.plan.reading.work import Work

ZERO = Decimal(0)


def figures_of_tables(tables: Mapping[str, Table], *, with_lines: bool = True) -> dict[str, Any]:
    """Figures that orders and lines give alone, whatever file they came from."""
    orders, lines = tables["orders"], tables["lines"]
    days = days_of(orders)
    customers = [key for key in orders.column("customer") if key]
    unpaid = [row for row, state in enumerate(orders.column("state")) if state == "unpaid"]
    currency, totals = orders.column("currency"), orders.column("total")
    sold = [q for q, back in zip(lines.column("quantity"), lines.column("returned"), strict=True) if not back]
    return {
        "orders": len(_sold_orders(lines)),
        "lines": len(lines),
        "units": sum(sold, ZERO) if with_lines else None,
        "customers": len(set(customers)) if customers else None,
        "orders_without_customer": len(orders) - len(customers),
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
        "money": _money(orders, lines),
        "unpaid": {
            "orders": len(unpaid),
            "order_totals": total([(currency[row], totals[row]) for row in unpaid]),
        },
        "return_rows": sum(lines.column("returned")),
    }


def _sold_orders(lines: Table) -> set[str]:
    """Orders with a line that is not a return."""
    pairs = zip(lines.column("order"), lines.column("returned"), strict=True)
    return {order for order, back in pairs if not back}


def _money(orders: Table, lines: Table) -> dict[str, dict[str, Decimal]]:
    currency_of = dict(zip(orders.column("order"), orders.column("currency"), strict=True))
    money: dict[str, dict[str, Decimal]] = {}
    for currency in dict.fromkeys(orders.column("currency")):
        names = ("gross", "discount", "shipping", "tax", "refunds", "grand_total")
        money[currency] = dict.fromkeys(names, ZERO)
    for order, gross, discount in zip(
        lines.column("order"), lines.column("gross"), lines.column("discount"), strict=True
    ):
        sums = money[currency_of[order]]
        sums["gross"] += gross
        sums["discount"] += discount
    pairs = (
        ("discount", "discount"),
        ("shipping", "shipping"),
        ("tax", "tax"),
        ("refunds", "refunded"),
        ("grand_total", "total"),
    )
    for name, column in pairs:
        for currency, amount in zip(orders.column("currency"), orders.column(column), strict=True):
            money[currency][name] += amount
    for sums in money.values():
        sums["net_revenue"] = sums["gross"] - sums["discount"] - sums["refunds"]
        sums["grand_total_base"] = sums["grand_total"]
        sums["tax_less_discount"] = sums["grand_total"] - sums["gross"] - sums["shipping"]
    return money


def order_figures(orders: Orders, tables: Mapping[str, Table]) -> dict[str, Any]:
    """Figures of one order file."""
    work = orders.work
    lines = work.has("quantity") or work.has("item") or work.has("item_name")
    found = figures_of_tables(tables, with_lines=bool(lines))
    seen = {
        orders.keys[row] for row, rule in enumerate(work.marked.rule) if rule.means not in ("total", "footer")
    }
    names = tables["lines"].column("item_name")
    found |= {
        "orders_seen": len(seen),
        "statuses": status_counts(orders),
        "price_basis": work.layout.price_basis or orders.ties.basis,
        "orders_with_total": orders.ties.orders,
        "orders_that_tie": max(orders.ties.excl_tax, orders.ties.incl_tax),
        "refunds_include_shipping_and_tax": work.option("refunds_hold", "") == "shipping and tax",
        "items_by_name": len({name for name in names if name}),
        "lines_without_sku": _without_item(work),
        "fees": sum(tables["orders"].column("fee"), ZERO) if work.has("fee") else None,
        "customer_key": None,
    }
    return found


def _without_item(work: Work) -> int:
    texts = work.source.texts("item")
    return sum(
        not texts[row] for row, rule in enumerate(work.marked.rule) if rule.means not in ("total", "footer")
    )  # fmt: skip
