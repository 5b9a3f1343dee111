"""The reader of each kind of export."""

from __future__ import annotations

from collections.abc import Callable

from engine.plan.reading import flat, ledgers, payouts, purchases
from engine.plan.reading.canonical import Result
from engine.plan.reading.order_figures import order_figures
from engine.plan.reading.orders import Orders, left_out, tables_of
from engine.plan.reading.work import Work


def read_orders(work: Work) -> Result:
    """Orders and their lines."""
    orders = Orders(work)
    tables = tables_of(orders)
    found, used = left_out(orders)
    return Result(tables, found, used, order_figures(orders, tables), orders.seen())


READERS: dict[str, Callable[[Work], Result]] = {
    "orders": read_orders,
    "purchase_orders": purchases.read_purchases,
    "ledger": ledgers.read_ledger,
    "payouts": payouts.read_payouts,
    "settlement": payouts.read_settlement,
    "inventory": flat.read_inventory,
    "ad_spend": flat.read_ad_spend,
    "loan_schedule": flat.read_loan,
    "courier_statement": flat.read_courier,
    "cash_book": flat.read_cash_book,
    "products": flat.read_products,
}
"""Reader by kind."""
