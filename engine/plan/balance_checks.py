"""The opening balance against itself, the open items, the stock and the rates it is worth at."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from engine.plan.check_context import Context
from engine.plan.importers.imported import FILE
from engine.plan.plan import Tie, in_company_currency, last_rates
from engine.plan.plan_checks import read_vocabulary
from engine.plan.tables import ACCOUNTS, ASSETS, EQUITY, LIABILITIES
from models.errors import did_you_mean

_BALANCE_TOLERANCE = 0.01
_TIE_TOLERANCE = 1.0
_RATE_DRIFT = 0.05
"""Share by which deposits at today's rates may differ from the books."""
_INVENTORY_TOLERANCE = 1e-3
"""Share of the balance that counted stock may differ from it: landed costs in a file are rounded."""


def check_rates(context: Context) -> dict[str, float]:
    """Rates at actuals-through; a currency in use without one is a fault where an fx file exists."""
    frame = context.tables.get("fx")
    if frame is None:
        return {context.currency: 1.0}
    context.note_each(
        frame,
        ((frame["currency"] == context.currency) & (frame["per_base"] != 1.0)).to_numpy(),
        "per_base",
        problem="a rate of the company's own currency that is not 1",
        remedy="remove the row",
    )
    if context.closed is None or frame.empty:
        return {context.currency: 1.0}
    rates = last_rates(frame, context.closed)
    used = set(read_vocabulary(context.document, b"").known("currency") or ())
    for name in ("orders", "purchase_orders", "open_receivables", "open_payables"):
        if (table := context.tables.get(name)) is not None:
            used |= set(table["currency"].unique())
    file = str(frame[FILE].iat[0])
    for currency in sorted(used - set(rates) - {context.currency, ""}):
        context.faults.add(
            file,
            column="currency",
            problem="no rate on or before actuals_through for a currency in use",
            got=currency,
            remedy=f"add a row for {currency} dated {context.closed} or earlier",
        )
    return rates | {context.currency: 1.0}


def check_balance(context: Context, rates: Mapping[str, float]) -> tuple[Tie, ...]:
    """Accounts, their balance and their ties to the other files."""
    balance = context.tables.get("opening_balance")
    if balance is None:
        return ()
    unknown = ~balance["account"].isin(ACCOUNTS).to_numpy()
    for _, row in balance[unknown].iterrows():
        context.note(
            row,
            "account",
            problem="unknown account",
            got=row["account"] or "''",
            remedy=did_you_mean(row["account"], ACCOUNTS),
        )
    amounts = balance.groupby("account")["amount"].sum()

    def total(accounts: tuple[str, ...]) -> float:
        return float(sum(amounts.get(account, 0.0) for account in accounts))

    unit = context.currency
    assets, claims = total(ASSETS), total(LIABILITIES) + total(EQUITY)
    ties = [
        Tie(
            "opening balance: assets = liabilities + equity",
            assets,
            claims,
            _BALANCE_TOLERANCE + 1e-9 * abs(assets),
            unit,
        )
    ]
    file = str(balance[FILE].iat[0]) if len(balance) else "data/opening_balance.csv"
    if not ties[0].holds and not unknown.any():
        context.faults.add(
            file,
            column="amount",
            problem="the opening balance does not balance",
            got=f"assets {assets:,.2f}, liabilities and equity {claims:,.2f}",
            remedy=f"find the difference of {assets - claims:,.2f}",
        )
    for account, name in (("receivables", "open_receivables"), ("payables", "open_payables")):
        if (frame := context.tables.get(name)) is None or not set(frame["currency"]) <= set(rates):
            continue
        sum_of_rows = in_company_currency(frame["amount"], frame["currency"], rates)
        ties.append(
            Tie(
                f"{name} = {account} of the opening balance",
                float(amounts.get(account, 0.0)),
                sum_of_rows,
                _TIE_TOLERANCE,
                unit,
            )
        )
        _note_tie(context, ties[-1], str(frame[FILE].iat[0]) if len(frame) else file)
    purchases = context.tables.get("purchase_orders")
    if purchases is not None and set(purchases["currency"]) - {""} <= set(rates):
        # told, not refused: books hold deposits at the rates of their days, and perhaps other prepayments
        waiting = purchases[purchases["shipped_on"].isna()]
        paid = in_company_currency(waiting["deposit_paid"], _purchase_currency(context, waiting), rates)
        prepaid = float(amounts.get("prepayments", 0.0))
        name = "deposits on orders not yet shipped = prepayments of the opening balance"
        ties.append(Tie(name, prepaid, paid, max(_TIE_TOLERANCE, _RATE_DRIFT * abs(prepaid)), unit))
    if (stock := context.tables.get("inventory")) is not None:
        expected = float(amounts.get("inventory", 0.0))
        value = float((stock["on_hand"] * stock["unit_landed_cost"]).sum())
        tolerance = max(_TIE_TOLERANCE, _INVENTORY_TOLERANCE * abs(expected))
        ties.append(
            Tie(
                "inventory at landed cost = inventory of the opening balance",
                expected,
                value,
                tolerance,
                unit,
            )
        )
        _note_tie(context, ties[-1], str(stock[FILE].iat[0]) if len(stock) else file)
    return tuple(ties)


def _purchase_currency(context: Context, purchases: pd.DataFrame) -> list[str]:
    own = context.vocabulary.currency_of_supplier
    pairs = zip(purchases["currency"], purchases["supplier"], strict=True)
    return [currency or own.get(supplier, context.currency) for currency, supplier in pairs]


def _note_tie(context: Context, tie: Tie, file: str) -> None:
    if not tie.holds:
        context.faults.add(
            file,
            column="amount" if "inventory" not in tie.name else "unit_landed_cost",
            problem=f"does not tie: {tie.name}",
            got=f"{tie.got:,.2f} against {tie.expected:,.2f} {tie.unit}",
            remedy=f"find the difference of {tie.got - tie.expected:,.2f} (at the fx of actuals_through)",
        )
