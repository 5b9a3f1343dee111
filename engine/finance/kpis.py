"""Figures of merit from statements: free functions of arrays, costs and flows positive, over the last axis
where they sum.

A ratio whose denominator is zero is NaN (inventory cover and conversion of nothing are not numbers), never
zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.finance.accounts import BALANCE_INDEX
from engine.finance.statements import FLOWS, Statements
from models.arrays import FloatArray
from models.calendar import ACCOUNTING_YEAR, MONTHS_IN_QUARTER

Numbers = FloatArray | float


def ratio(numerator: Numbers, denominator: Numbers) -> FloatArray:
    """Quotient, elementwise, a share or x; NaN where the denominator is zero."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=bottom != 0.0)


def average(opening: Numbers, closing: Numbers) -> FloatArray:
    """Mean of opening and closing balance, elementwise, in their currency."""
    return (np.asarray(opening, dtype=np.float64) + closing) / 2.0


def days_of(balance: Numbers, flow: Numbers, days: Numbers) -> FloatArray:
    """Days of a flow that a balance stands for, elementwise: balance / flow × days (a definition), days being
    those of the flow's period.

    DIO takes inventory and COGS, DSO receivables and sales, DPO payables and COGS.
    """
    return ratio(balance, flow) * days


class Cycle(NamedTuple):
    """Cash conversion cycle and its parts, days."""

    days_inventory: FloatArray
    days_receivables: FloatArray
    days_payables: FloatArray
    cycle: FloatArray


def conversion_cycle(
    *,
    inventory: Numbers,
    receivables: Numbers,
    payables: Numbers,
    cogs: Numbers,
    sales: Numbers,
    days: Numbers,
) -> Cycle:
    """Cash conversion cycle DIO + DSO - DPO, days.

    The default variant (metric 18) gives average balances and the days and flows of the period; the closing
    variant gives closing balances and 365 days with a year's flows. Deposits are prepayments: in none of the
    three.
    """
    dio = days_of(inventory, cogs, days)
    dso = days_of(receivables, sales, days)
    dpo = days_of(payables, cogs, days)
    return Cycle(dio, dso, dpo, dio + dso - dpo)


STOCK_ACCOUNTS = ("inventory", "inventory_in_transit")
COGS_LINES = ("cogs_goods", "cogs_freight", "cogs_duty", "cogs_fees")


def cash_conversion(opening: FloatArray, statements: Statements, days: FloatArray) -> Cycle:
    """Cash conversion cycle by quarter, (T, Q): average balances, the quarter's flows and its ``days`` (Q,).

    ``opening`` is the opening balance (account,). Inventory counts what is on hand and what is in transit
    with
    title; COGS is without write-downs; sales are net revenue; receivables hold payouts not received yet.
    """
    inventory = sum(_average_balance(opening, statements, name) for name in STOCK_ACCOUNTS)
    cogs = -sum(by_quarter(statements.line(name)) for name in COGS_LINES)
    return conversion_cycle(
        inventory=inventory,
        receivables=_average_balance(opening, statements, "receivables"),
        payables=_average_balance(opening, statements, "payables"),
        cogs=cogs,
        sales=by_quarter(statements.rung("net_revenue")),
        days=days,
    )


def by_quarter(monthly: FloatArray) -> FloatArray:
    """Sums of three months each, (T, Q) from (T, M), one month after the other."""
    first, second, third = (monthly[:, start::MONTHS_IN_QUARTER] for start in range(MONTHS_IN_QUARTER))
    return np.asarray(first + second + third)


def _average_balance(opening: FloatArray, statements: Statements, account: str) -> FloatArray:
    """Mean of opening and closing balance of each quarter, (T, Q)."""
    closing = statements.account(account)[:, MONTHS_IN_QUARTER - 1 :: MONTHS_IN_QUARTER]
    first = np.full((len(closing), 1), opening[BALANCE_INDEX[account]])
    return average(np.concatenate([first, closing[:, :-1]], axis=1), closing)


def cash_weighted_cycle(tied_up: FloatArray, cost: Numbers) -> FloatArray:
    """Value-weighted days between paying for goods and being paid for them: mean cash tied up by day over
    daily cost of sales.

    ``tied_up`` (…, day) at the end of each day, receivables at cost; ``cost`` (…) landed cost of the sales
    of those days.
    """
    return ratio(tied_up.mean(axis=-1), np.asarray(cost) / tied_up.shape[-1])


class Coverage(NamedTuple):
    """Three variants of cash-flow coverage, x."""

    literal: FloatArray
    """(operating cash flow before fixed cash costs + undrawn credit) / fixed cash costs."""
    current_liabilities: FloatArray
    """Operating cash flow after fixed cash costs / current liabilities."""
    fixed_charge: FloatArray
    """(EBITDA + fixed costs) / (fixed costs + interest)."""


def coverage(statements: Statements, drawn: FloatArray, limit: float) -> FloatArray:
    """Cash-flow coverage, literal variant, (trial, quarter), x; ``drawn`` (T, Q) credit drawn at its end.

    A quarter's mean month stands for the month of the definition; NaN where there are no fixed cash costs.
    """
    by_group = {name: by_quarter(statements.cash_flow[:, :, at]) for at, name in enumerate(FLOWS)}
    months = float(MONTHS_IN_QUARTER)
    return coverage_variants(
        operating=by_group["operating"] / months,
        fixed=-by_group["fixed"] / months,
        undrawn=np.maximum(limit - drawn, 0.0),
        current_liabilities=0.0,
        ebitda=0.0,
        interest=-by_group["interest"] / months,
    ).literal


def coverage_variants(
    *,
    operating: Numbers,
    fixed: Numbers,
    undrawn: Numbers,
    current_liabilities: Numbers,
    ebitda: Numbers,
    interest: Numbers,
) -> Coverage:
    """Cash-flow coverage of a month; ``operating`` before fixed cash costs, ``fixed`` and ``interest``
    positive.
    """
    before, costs = np.asarray(operating, dtype=np.float64), np.asarray(fixed, dtype=np.float64)
    return Coverage(
        ratio(before + undrawn, costs),
        ratio(before - costs, current_liabilities),
        ratio(np.asarray(ebitda) + costs, costs + interest),
    )


def runway_weeks(cash: Numbers, weekly_burn: Numbers) -> FloatArray:
    """Weeks until cash is gone at a burn, elementwise: 7 days each; infinite where nothing burns, 0 where
    cash is gone already.
    """
    burn = np.asarray(weekly_burn, dtype=np.float64)
    weeks = np.divide(
        np.maximum(cash, 0.0), burn, out=np.full(np.broadcast(cash, burn).shape, np.inf), where=burn > 0.0
    )
    return np.asarray(weeks)


def gross_margin(net_revenue: Numbers, cm1: Numbers) -> FloatArray:
    """CM1 over net revenue, elementwise, a share."""
    return ratio(cm1, net_revenue)


def inventory_turnover(cogs: Numbers, inventory: Numbers, days: float) -> FloatArray:
    """Turns a year, elementwise, x: COGS of a period × 365 / days over average inventory at landed cost."""
    return ratio(np.asarray(cogs) * ACCOUNTING_YEAR / days, inventory)


def capital_efficiency(cm3: Numbers, working_capital: Numbers) -> FloatArray:
    """CM3 over average net working capital, elementwise, the ratio x."""
    return ratio(cm3, working_capital)


def fill_rate(shipped_at_once: Numbers, demanded: Numbers) -> FloatArray:
    """Share of units demanded that were shipped on the day, elementwise."""
    return ratio(shipped_at_once, demanded)


def carrying_cost(
    value: Numbers, *, capital: float, storage: float, insurance: float, shrink: float
) -> FloatArray:
    """Yearly cost of carrying stock of a value, elementwise, in its currency: (cost of capital + storage +
    insurance + shrink, as shares) × value.
    """
    return np.asarray(value, dtype=np.float64) * (capital + storage + insurance + shrink)
