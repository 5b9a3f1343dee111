"""The opening balance against itself, the open items, the stock and the rates it is worth at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from engine.plan.account_lines import nobody_mapped
from engine.plan.check_context import Context
from engine.plan.defaults.exchange import SOURCE, default_rate
from engine.plan.importers.imported import FILE
from engine.plan.plan import Tie, in_company_currency, last_rates
from engine.plan.plan_checks import read_vocabulary
from engine.plan.tables import ACCOUNTS, ASSETS, EQUITY, LIABILITIES
from models.errors import did_you_mean

FX_FILE = "data/fx.csv"
_BALANCE_TOLERANCE = 0.01
_TIE_TOLERANCE = 1.0
_RATE_DRIFT = 0.05
"""Share by which deposits at today's rates may differ from the books."""
_DEFAULT_RATE_DRIFT = 0.15
"""Share by which open items at a default rate may differ from the books, kept at the rate of their day."""
_INVENTORY_TOLERANCE = 1e-3
"""Share of the balance that counted stock may differ from it: landed costs in a file are rounded."""


def check_rates(context: Context) -> dict[str, float]:
    """Rates at actuals-through; a currency in use without one takes the dated default of a shipped pair, with
    a warning, and is a fault where there is none.
    """
    frame = context.tables.get("fx")
    rates: dict[str, float] = {}
    if frame is not None:
        context.note_each(
            frame,
            ((frame["currency"] == context.currency) & (frame["per_base"] != 1.0)).to_numpy(),
            "per_base",
            problem="a rate of the company's own currency that is not 1",
            remedy="remove the row",
        )
    if context.closed is None or not context.currency:
        return {context.currency: 1.0}
    if frame is not None and not frame.empty:
        rates = last_rates(frame, context.closed)
    file = FX_FILE if frame is None or frame.empty else str(frame[FILE].iat[0])
    for currency in sorted(_used(context) - {context.currency, ""}):
        if currency not in rates:
            rates[currency] = _default(context, context.closed, file, currency)
        elif rates[currency] == 1.0:
            context.faults.doubt(
                f"fx.{currency}",
                file,
                column="per_base",
                problem="two currencies that are worth the same",
                got=f"1 {currency} per {context.currency}",
                remedy=f"the rate of {context.closed}: {currency} per {context.currency}",
            )
    return rates | {context.currency: 1.0}


def _used(context: Context) -> set[str]:
    used = set(read_vocabulary(context.document, b"").known("currency") or ())
    for name in ("orders", "purchase_orders", "open_receivables", "open_payables"):
        if (table := context.tables.get(name)) is not None:
            used |= set(table["currency"].unique())
    return used


def _default(context: Context, closed: dt.date, file: str, currency: str) -> float:
    """Company currency per unit of a currency without a rate, and what is said of it."""
    default = default_rate(context.currency, currency, closed)
    if default is None:
        context.faults.doubt(
            f"fx.{currency}",
            file,
            column="currency",
            problem="no rate on or before actuals_through for a currency in use",
            got=currency,
            remedy=f"add a row for {currency} dated {closed} or earlier to data/fx.csv "
            f"(day,currency,per_base: {currency} per {context.currency})",
        )
        return 1.0
    context.faults.warn(
        file,
        column="currency",
        problem="no exchange rate for a currency in use: a default of its day is taken",
        got=f"{currency}: {default.per_base:.6g} per {context.currency}, {SOURCE} {default.month}",
        remedy=f"add a row for {currency} dated {closed} or earlier to data/fx.csv",
    )
    return 1.0 / default.per_base


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
            remedy=did_you_mean(row["account"], ACCOUNTS) + "; or name it in mappings/accounts.yaml",
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
    loose = nobody_mapped(balance)
    if not ties[0].holds and not unknown.any():
        context.faults.add(
            file,
            column="amount",
            problem="the opening balance does not balance",
            got=f"assets {assets:,.2f}, liabilities and equity {claims:,.2f}",
            remedy=f"find the difference of {assets - claims:,.2f}"
            + (f"; accounts that mappings/accounts.yaml does not name: {loose}" if loose else ""),
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
                _tolerance(context, frame, sum_of_rows),
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


def _tolerance(context: Context, frame: pd.DataFrame, amount: float) -> float:
    """How far open items may differ from the books: wider where a rate is only a default."""
    fx = context.tables.get("fx")
    known = set() if fx is None or context.closed is None else set(last_rates(fx, context.closed))
    defaulted = set(frame["currency"]) - known - {context.currency}
    return max(_TIE_TOLERANCE, _DEFAULT_RATE_DRIFT * abs(amount)) if defaulted else _TIE_TOLERANCE


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
