"""Payouts of a payment provider and settlements of a marketplace."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from engine.plan.reading.canonical import Result, total
from engine.plan.reading.flat import ZERO, Flat
from engine.plan.reading.rows import rows_where
from engine.plan.reading.text import is_none
from engine.plan.reading.work import Work


def read_payouts(work: Work) -> Result:
    """Transactions of a payment provider: amounts by type, fees as a cost, payouts and what is still due."""
    flat = Flat(work)
    _sign_amounts(flat)
    fees = _fees(flat)
    if work.has("fee"):
        flat.column("fee")[:] = fees
    net = flat.column("net") or [a - f for a, f in zip(_zeros(flat, "amount"), fees, strict=True)]
    kinds = [text.strip() for text in flat.column("type")]
    paid = _paid_rows(flat)
    payouts = total([(key, net[row] or ZERO) for row, key in paid.items()])
    days = [
        (flat.column("paid_on")[row] - flat.column("day")[row]).days
        for row in paid
        if work.has("paid_on") and work.has("day") and flat.column("paid_on")[row] and flat.column("day")[row]
    ]
    pending = [row for row in range(len(flat.rows)) if row not in paid] if paid else []
    figures: dict[str, Any] = {
        "amounts": flat.by(kinds, "amount") if kinds else {},
        "rows_by_type": dict(Counter(kinds)),
        "gross": flat.sum("amount"),
        "fees": sum(fees, ZERO),
        "net": sum((value for value in net if value is not None), ZERO),
        "payouts": len(payouts) if paid else None,
        "paid_out": sum(payouts.values(), ZERO) if paid else None,
        "largest_payout": max(payouts.values(), default=None),
        "pending_rows": len(pending),
        "pending_net": sum((net[row] or ZERO for row in pending), ZERO),
        "mean_days_to_payout": Decimal(sum(days)) / len(days) if days else None,
    }
    if not paid:
        work.questions.append("no payout date in the file: the days to payout are not known")
    return flat.result(figures)


def _zeros(flat: Flat, name: str) -> list[Decimal]:
    values = flat.column(name) or [None] * len(flat.rows)
    return [value if value is not None else ZERO for value in values]


def _sign_amounts(flat: Flat) -> None:
    """Turn the amounts that a file prints without a sign, where only so amount less fee makes the net."""
    amounts = flat.column("amount")
    if not amounts or not flat.work.has("net"):
        return
    fees, net = _zeros(flat, "fee"), _zeros(flat, "net")
    for place, (amount, fee, paid) in enumerate(zip(list(amounts), fees, net, strict=True)):
        if amount is not None and amount > 0 > paid and paid in (-amount - fee, -amount + fee):
            amounts[place] = -amount


def _fees(flat: Flat) -> list[Decimal]:
    """Fees as a cost: turned where amount + fee, not amount - fee, makes the net."""
    amounts, fees, net = (_zeros(flat, name) for name in ("amount", "fee", "net"))
    if not flat.work.has("net"):
        negative = sum(fee < 0 for fee in fees) > sum(fee > 0 for fee in fees)
        return [-fee for fee in fees] if negative else fees
    rows = list(zip(amounts, fees, net, strict=True))
    taken = sum(a - f == n for a, f, n in rows if f)
    added = sum(a + f == n for a, f, n in rows if f)
    return [-fee for fee in fees] if added > taken else fees


def _paid_rows(flat: Flat) -> dict[int, Any]:
    """Payout of each record that was paid out, by its number or its day."""
    work = flat.work
    pending = set()
    if work.has("payout_status"):
        waiting = ("pending", "scheduled", "in_transit", "in transit", "open", "ausstehend")
        pending = set(rows_where(work.source, {"payout_status": waiting}, flat.rows, work.faults))
    keys = flat.column("payout_id") or flat.column("paid_on")
    return {
        place: key
        for place, key in enumerate(keys)
        if not is_none(str(key or "")) and flat.rows[place] not in pending
    }


def read_settlement(work: Work) -> Result:
    """A settlement of a marketplace: its total, its parts, orders and units that it pays for."""
    flat = Flat(work)
    types, orders = flat.column("amount_type"), flat.column("order")
    sold = set(rows_where(work.source, work.layout.parts["sales_principal"].when, flat.rows, work.faults))
    back = set(rows_where(work.source, work.layout.parts["refunds_principal"].when, flat.rows, work.faults))
    quantity = _zeros(flat, "quantity")
    every = range(work.source.count)
    totals = [value for row in every if (value := _all(work, "total_amount")[row]) is not None]
    figures = {
        "settlement_id": next((text for text in work.source.texts("settlement_id") if text), None),
        "total_amount": totals[0] if totals else None,
        "deposit_day": next((day.date() for day in work.values.moment("deposit_date") if day), None),
        "orders": len(
            {orders[place] for place, row in enumerate(flat.rows) if row in sold and orders[place]}
        ),
        "refunded_orders": len({orders[p] for p, row in enumerate(flat.rows) if row in back and orders[p]}),
        "units": sum((quantity[place] for place, row in enumerate(flat.rows) if row in sold), ZERO),
        "by_amount_type": flat.by(types, "amount"),
        "tie": sum(_zeros(flat, "amount"), ZERO) - (totals[0] if totals else ZERO),
    }
    return flat.result(figures)


def _all(work: Work, name: str) -> list[Decimal | None]:
    return work.values.number(name) if work.has(name) else [None] * work.source.count
