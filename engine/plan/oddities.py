"""Figures within their bounds that look like a slip: faults where they cannot be meant, else warnings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.plan.check_context import Context
from engine.plan.importers.imported import FILE, ROW
from engine.plan.parsing import RefusedError, to_number
from engine.plan.plan_checks import entries

_FREE_SHARE = 0.2
"""Share of order lines without a price above which a warning says so."""
_ROUNDING = 1.01
"""A refund may exceed what was paid by rounding and by little else."""


def check_oddities(context: Context, rates: Mapping[str, float]) -> None:
    """Every such figure of the tables and of plan.yaml."""
    _check_fees(context)
    _check_prices(context)
    _check_refunds(context)
    _check_item_costs(context, rates)


def _check_fees(context: Context) -> None:
    """Shares of a sale that a channel keeps, which together leave nothing."""
    document = context.document
    if document is None:
        return
    for place, channel in entries(document, "sales_channels"):
        try:
            kept = sum(
                to_number(str(channel.get(name, 0)))
                for name in ("marketplace_fee_share", "payment_fee_share")
            )
        except RefusedError:
            continue  # the model says so
        if kept >= 1.0:
            document.fault(
                context.faults,
                place,
                problem="fees that leave nothing of a sale",
                got=f"marketplace and payment fee together {kept:g}",
                remedy="shares of the price, 15% is 0.15",
            )


def _check_prices(context: Context) -> None:
    orders = context.tables.get("orders")
    if orders is None or orders.empty:
        return
    free = float((orders["net_price"] == 0.0).mean())
    file = str(orders[FILE].iat[0])
    got = f"net_price 0 on {free:.0%} of {len(orders):,} lines"
    if free == 1.0:
        problem, remedy = "nothing was ever sold for money", "map the column of the price"
        context.faults.add(file, column="net_price", problem=problem, got=got, remedy=remedy)
    elif free > _FREE_SHARE:
        problem, remedy = "many lines without a price", "look at a few of them"
        context.faults.warn(file, column="net_price", problem=problem, got=got, remedy=remedy)


def _check_refunds(context: Context) -> None:
    orders = context.tables.get("orders")
    if orders is None:
        return
    paid = orders["net_price"] * orders["quantity"] + orders["shipping"] + orders["tax"]
    for _, row in orders[(orders["refunded"] > _ROUNDING * paid + 1.0).to_numpy()].iterrows():
        context.faults.doubt(
            "refund_above_sale",
            row[FILE],
            row[ROW],
            "refunded",
            problem="more refunded than the line cost, with its shipping and tax",
            got=f"{row['refunded']:,.2f} of {row['net_price'] * row['quantity']:,.2f} {row['currency']}",
            remedy="the amount refunded on this line, excluding tax",
        )


def _check_item_costs(context: Context, rates: Mapping[str, float]) -> None:
    """Items that cost more than they sell for, to buy or to ship: two columns may have changed places."""
    items, document = context.tables.get("items"), context.document
    if items is None or document is None:
        return
    freight = [_freight(lane.get("freight_per_kg")) for _, lane in entries(document, "lanes")]
    dearest = max(freight, default=0.0)
    currency = context.vocabulary.currency_of_supplier
    first = [text.split(";")[0].strip() for text in items["suppliers"]]
    rate = np.array([rates.get(currency.get(key, ""), 1.0) for key in first])
    parts = {
        "unit_cost": (items["unit_cost"].to_numpy() * rate, "costs more to buy than its list price"),
        "weight_kg": (items["weight_kg"].to_numpy() * dearest, "costs more to ship than its list price"),
    }
    for column, (cost, problem) in parts.items():
        for at in np.flatnonzero(cost > items["list_price"].to_numpy()):
            row = items.iloc[at]
            got = f"{row['item']}: {cost[at]:,.2f} against {row['list_price']:,.2f} {context.currency}"
            remedy = f"look at {column} and list_price: are two columns swapped?"
            problem_of = f"an item that {problem}"
            context.faults.warn(row[FILE], row[ROW], column, problem=problem_of, got=got, remedy=remedy)


def _freight(value: object) -> float:
    try:
        return to_number(str(value))
    except RefusedError:
        return 0.0  # the model says so
