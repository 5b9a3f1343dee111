"""Double entry as data: every posting with its legs.

A posting has ONE amount, which the kernels compute from what moved, and two legs or more that carry it with
a sign onto accounts
and lines. A transaction whose sides differ (a sale is owed with its tax) is several postings, so no leg is
ever the balancing figure
of others. Statements are assembled from the legs (``statements``); a posting balances when

    assets - liabilities = lines + contributions        in signs,

which is checked below, and dropping any single leg breaks the identity of equity in the month the amount is
not zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.finance.accounts import ASSETS, CONTRIBUTIONS, LIABILITIES
from engine.finance.lines import LINE_NAMES, SEGMENT_LINES
from models.arrays import FloatArray

SEGMENT, COMPANY = "segment", "company"


@dataclass(frozen=True)
class Leg:
    """One side of a posting: the account or line it moves and with which sign."""

    account: str
    sign: int


@dataclass(frozen=True)
class Posting:
    """A posting: its name, its legs and the cash-flow group of its cash leg."""

    name: str
    legs: tuple[Leg, ...]
    flow: str = ""
    """operating | fixed | interest | tax | investing | financing; empty without a cash leg."""

    @property
    def scope(self) -> str:
        """``segment`` when it moves a line known by market and sales channel, else ``company``."""
        return SEGMENT if any(leg.account in SEGMENT_LINES for leg in self.legs) else COMPANY


def _posting(name: str, legs: str, flow: str = "") -> Posting:
    return Posting(name, tuple(Leg(leg[1:], 1 if leg[0] == "+" else -1) for leg in legs.split()), flow)


POSTINGS = (
    _posting("sale", "+receivables +gross_sales"),
    _posting("shipping", "+receivables +shipping_income"),
    _posting("sale_tax", "+receivables +sales_tax_payable"),
    _posting("payment_fee", "-receivables -payment_fees"),
    _posting("marketplace_fee", "-receivables -marketplace_fees"),
    _posting("collection", "+cash -receivables", "operating"),
    _posting("release_goods", "-inventory -cogs_goods"),
    _posting("release_freight", "-inventory -cogs_freight"),
    _posting("release_duty", "-inventory -cogs_duty"),
    _posting("release_fees", "-inventory -cogs_fees"),
    _posting("pick", "-cash -fulfilment", "operating"),
    _posting("outbound", "-cash -outbound_freight", "operating"),
    _posting("parcel_entry", "-cash -parcel_duty", "operating"),
    _posting("refund", "-cash -refunds", "operating"),
    _posting("refund_tax", "-cash -sales_tax_payable", "operating"),
    _posting("restock_goods", "+inventory +cogs_goods"),
    _posting("restock_freight", "+inventory +cogs_freight"),
    _posting("restock_duty", "+inventory +cogs_duty"),
    _posting("restock_fees", "+inventory +cogs_fees"),
    _posting("return_handling", "-cash -returns_processing", "operating"),
    _posting("refurbishing", "-cash -returns_processing", "operating"),
    _posting("liquidation", "+cash +liquidation_recovery", "operating"),
    _posting("write_down", "-inventory -inventory_writedown"),
    _posting("deposit", "+prepayments -cash", "operating"),
    _posting("balance_prepaid", "+prepayments -cash", "operating"),
    _posting("title_prepaid", "+inventory_in_transit -prepayments"),
    _posting("title_payable", "+inventory_in_transit +payables"),
    _posting("payable_paid", "-payables -cash", "operating"),
    _posting("freight_paid", "+inventory_in_transit -cash", "operating"),
    _posting("insurance_paid", "+inventory_in_transit -cash", "operating"),
    _posting("duty_entry", "+inventory_in_transit -cash", "operating"),
    _posting("entry_fee", "+inventory_in_transit -cash", "operating"),
    _posting("import_vat", "+import_vat_recoverable -cash", "operating"),
    _posting("import_vat_recovered", "+cash -import_vat_recoverable", "operating"),
    _posting("receipt", "+inventory -inventory_in_transit"),
    _posting("spend", "+accrued_marketing -marketing"),
    _posting("spend_paid", "-accrued_marketing -cash", "operating"),
    _posting("sales_tax_paid", "-sales_tax_payable -cash", "operating"),
    _posting("fixed", "-cash -fixed_costs", "fixed"),
    _posting("storing", "-cash -storage", "operating"),
    _posting("depreciating", "-fixed_assets -depreciation"),
    _posting("capex", "+fixed_assets -cash", "investing"),
    _posting("credit_interest", "-cash -interest", "interest"),
    _posting("debt_interest", "-cash -interest", "interest"),
    _posting("fx_receivables", "+receivables +fx_result"),
    _posting("fx_payables", "+payables -fx_result"),
    _posting("fx_sales_tax", "+sales_tax_payable -fx_result"),
    _posting("tax_charge", "+income_tax_payable -tax"),
    _posting("tax_paid", "-income_tax_payable -cash", "tax"),
    _posting("credit_drawn", "+cash +credit_line", "financing"),
    _posting("credit_repaid", "-cash -credit_line", "financing"),
    _posting("contribution", f"+cash +{CONTRIBUTIONS}", "financing"),
)

POSTING_NAMES = tuple(posting.name for posting in POSTINGS)
POSTING_INDEX = {name: position for position, name in enumerate(POSTING_NAMES)}
POSTING_COUNT = len(POSTINGS)

TIED_UP = {"prepayments": 1, "inventory": 1, "inventory_in_transit": 1, "payables": -1}
"""Accounts whose sum, with receivables at cost, is the cash tied up in goods (cash-weighted conversion
cycle)."""


def signs(accounts: dict[str, int], postings: tuple[Posting, ...] = POSTINGS) -> FloatArray:
    """Sum of leg signs of each posting on the given accounts (times their weights), shape (posting,)."""
    return np.array(
        [float(sum(leg.sign * accounts.get(leg.account, 0) for leg in posting.legs)) for posting in postings]
    )


def unbalanced(postings: tuple[Posting, ...] = POSTINGS) -> tuple[str, ...]:
    """Names of postings whose legs do not balance; empty in a sound table."""
    weights = dict.fromkeys(ASSETS, 1) | dict.fromkeys(LIABILITIES, -1)
    weights |= dict.fromkeys(LINE_NAMES, -1) | {CONTRIBUTIONS: -1}
    total = signs(weights, postings)
    return tuple(posting.name for posting, sign in zip(postings, total, strict=True) if sign != 0.0)


def without_leg(posting: int, leg: int) -> tuple[Posting, ...]:
    """Give the table with one leg dropped: what the identity of equity must notice."""
    table = list(POSTINGS)
    legs = table[posting].legs
    table[posting] = Posting(table[posting].name, legs[:leg] + legs[leg + 1 :], table[posting].flow)
    return tuple(table)


CASH_SIGN = signs({"cash": 1})
RESULT_SIGN = signs(dict.fromkeys(LINE_NAMES, 1))
# What is sold leaves stock but stays tied up as a receivable at cost until it is collected.
TIED_SIGN = np.where([name.startswith("release_") for name in POSTING_NAMES], 0.0, signs(TIED_UP))
