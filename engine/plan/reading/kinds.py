"""The reader of each kind of export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.plan.reading.canonical import Table, Treatment
from engine.plan.reading.order_figures import order_figures
from engine.plan.reading.orders import Orders, left_out, tables_of
from engine.plan.reading.work import Work


class Result(NamedTuple):
    """What the reader of a kind gives."""

    tables: Mapping[str, Table]
    treatments: list[Treatment]
    used: Treatment
    figures: Mapping[str, Any]


def read_orders(work: Work) -> Result:
    """Orders and their lines."""
    orders = Orders(work)
    tables = tables_of(orders)
    found, used = left_out(orders)
    return Result(tables, found, used, order_figures(orders, tables))


READERS: dict[str, Callable[[Work], Result]] = {"orders": read_orders}
"""Reader by kind."""
