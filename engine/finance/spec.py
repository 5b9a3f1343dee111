"""What finance must know about the company: terms, prices, rates and calendars as plain arrays.

Dims: C segments (market × sales channel), Mk markets, A arcs (segment, node), N nodes, S suppliers, I items,
K currencies (0 is the company's own), O origins, Te territories, Aq acquisition channels, D days, M months.
Money per unit is in the currency named; shares are shares; lags are whole days. The groups are named tuples
because compiled code reads them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.errors import UsageError

Flags = BoolArray

TRIGGERS = ("ordered", "shipped", "received")
TITLE_AT_SHIPPING, TITLE_AT_RECEIPT = 0, 1


class MarketTerms(NamedTuple):
    """Markets (Mk)."""

    currency: IntArray
    territory: IntArray
    consumption_tax: FloatArray
    outbound_per_order: FloatArray
    """Company currency."""
    return_handling: FloatArray
    """Company currency per unit."""
    shipping_refund_share: FloatArray
    """Share of the shipping of an order that is paid back with its units."""
    base_price: FloatArray
    """(Mk, I) net price in market currency before the scenario's price level."""


class SegmentTerms(NamedTuple):
    """Segments (C) and the arcs (A) that serve them."""

    market: IntArray
    return_node: IntArray
    orders_per_unit: FloatArray
    """Orders shipped are units shipped times this: parcels are not followed one by one."""
    expected_units: FloatArray
    """Units expected over the first year: who buys a stock in a month in which nobody did."""
    shipping_per_order: FloatArray
    """What a customer pays for shipping, market currency, without tax."""
    payout_lag: IntArray
    reserve_share: FloatArray
    reserve_lag: IntArray
    """Days the reserve is held beyond the payout."""
    payment_fee_share: FloatArray
    """Of what the customer pays, tax included."""
    payment_fee_per_order: FloatArray
    """Company currency."""
    marketplace_fee_share: FloatArray
    """Of the net price."""
    arc_segment: IntArray
    """(A,)"""
    arc_node: IntArray
    """(A,)"""


class NodeTerms(NamedTuple):
    """Nodes (N) and the customs they enter through; de minimis by territory (Te)."""

    territory: IntArray
    pick_per_unit: FloatArray
    pick_per_order: FloatArray
    storage_per_unit_month: FloatArray
    cif_value: Flags
    """True: duty on CIF value, else on FOB value."""
    entry_fee: FloatArray
    """Company currency per purchase order."""
    vat_lag: IntArray
    """Days until import VAT is recovered."""
    de_minimis: FloatArray
    """(Te,) company currency per parcel."""


class SupplyTerms(NamedTuple):
    """Suppliers (S), their lanes (S, N) and items (I)."""

    currency: IntArray
    origin: IntArray
    deposit_share: FloatArray
    trigger: IntArray
    """Position in TRIGGERS of the event that makes the balance payable."""
    net_days: IntArray
    title: IntArray
    """TITLE_AT_SHIPPING or TITLE_AT_RECEIPT."""
    buyer_pays_freight: Flags
    buyer_pays_duty: Flags
    unit_cost: FloatArray
    """(S, I) in the supplier's currency; it includes freight where the buyer does not pay it."""
    freight_per_kg: FloatArray
    """(S, N) company currency."""
    insurance_share: FloatArray
    """(S, N) of goods value."""
    import_vat: FloatArray
    """(S, N) share of CIF value and duty; 0 where no border is crossed."""
    weight: FloatArray
    """(I,) kg."""
    item_origin: IntArray
    """(I,) origin of the units in a parcel: that of the item's first supplier."""


class CompanyTerms(NamedTuple):
    """The company as a whole, company currency."""

    month_start: IntArray
    """(M + 1,) day offsets; the last one is the number of days D."""
    first_month: int
    """Place in its quarter of the first month (0: the forecast starts with a quarter)."""
    spend_segment: IntArray
    """(Mk, Aq) segment that carries the marketing of a market and acquisition channel."""
    spend_lag: IntArray
    """(Aq,) days from month end to payment."""
    sales_tax_lag: int
    """Days from month end to the remittance of the month's sales tax."""
    fixed_monthly: FloatArray
    """(M,) fixed costs, paid on the last day of the month."""
    depreciation: FloatArray
    """(M,)"""
    capex: FloatArray
    """(D,)"""
    contributions: FloatArray
    """(D,) equity paid in."""
    credit_limit: float
    credit_rate: float
    """Yearly."""
    term_debt: float
    term_debt_rate: float
    tax_rate: float
    tax_lag: int
    """Days from the end of a quarter to the payment of its tax."""
    refurbish_cost_share: float
    refurbished_share: float
    """Cash for a refurbished unit as a share of landed cost (the network does not put it back into stock)."""
    liquidation_share: float
    realisable_share: float
    """Net realisable value as a share of net price."""


class Terms(NamedTuple):
    """Everything the kernels read that does not change during a run."""

    markets: MarketTerms
    segments: SegmentTerms
    nodes: NodeTerms
    supply: SupplyTerms
    company: CompanyTerms


class Opening(NamedTuple):
    """The books on the last closed day; every figure ties to an account of the opening balance."""

    balance: FloatArray
    """(account,) in the order of accounts.BALANCE_NAMES."""
    equity: float
    rate: FloatArray
    """(K,) company currency per unit of foreign currency on the last closed day; 1 for the company's own."""
    units: IntArray
    """(N, I) stock on hand."""
    average: FloatArray
    """(N, I, 4) landed cost per unit by layer; also for items not in stock (a standard cost)."""
    receivables_due: FloatArray
    """(K, D + 1) in currency by due day; the last entry is everything later."""
    payables_due: FloatArray
    """(K, D + 1)."""
    sales_tax_due: FloatArray
    """(K, D + 1)."""
    receivable_cost_due: FloatArray
    """(D + 1,) landed cost of the sales that are still receivable, by the day they are paid."""
    vat_due: FloatArray
    """(D + 1,)."""
    spend_due: FloatArray
    """(D + 1,)."""
    tax_due: FloatArray
    """(D + 1,)."""
    line_state: IntArray
    """(O, 2) open order lines in the network's row order: stage bits and the due day of the balance (-1
    unknown)."""
    line_amounts: FloatArray
    """(O, 10) their amounts, in the order of landed_cost's constants."""
    open_lines: int
    """Number of open order lines: rows 0 .. open_lines - 1 of the network's table."""


@dataclass(frozen=True)
class FinanceSpec:
    """Terms and opening books of a company, with the keys of its entities for labels."""

    terms: Terms
    opening: Opening
    keys: Mapping[str, tuple[str, ...]]
    """segment, market, node, supplier, item, currency, origin, territory, acquisition_channel."""

    @property
    def days(self) -> int:
        """Days of the run."""
        return int(self.terms.company.month_start[-1])

    @property
    def origins(self) -> int:
        """Countries of origin."""
        return len(self.keys["origin"])

    @property
    def months(self) -> int:
        """Months of the run."""
        return len(self.terms.company.month_start) - 1


_KINDS: dict[str, Any] = {
    "FloatArray": np.float64,
    "IntArray": np.int64,
    "Flags": np.bool_,
    "float": float,
    "int": int,
}


def terms_of(group: type, **values: object) -> Any:
    """Build a group of terms with the dtypes its annotations name; contiguous and read-only, finite or
    refused.
    """
    made = {}
    for name, kind in group.__annotations__.items():
        want = _KINDS[str(getattr(kind, "__forward_arg__", kind))]
        value = values.pop(name)
        if want in (float, int):
            made[name] = want(value)
            continue
        array = np.array(value, dtype=want, order="C")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UsageError(f"{group.__name__}.{name} | not finite | a number in every place would do")
        made[name] = array
    if values:
        raise UsageError(f"{group.__name__} | unknown terms | got {sorted(values)}")
    return group(**made)
