"""A neutral company: every rate, fee, lag and amount zero. Hand-worked cases and tests change what they are
about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from engine.finance.accounts import ASSETS, BALANCE_INDEX, BALANCE_NAMES
from engine.finance.books import AMOUNT_COUNT, Lines, MonthInputs
from engine.finance.inventory import LAYER_COUNT
from engine.finance.spec import (
    CompanyTerms,
    FinanceSpec,
    MarketTerms,
    NodeTerms,
    Opening,
    SegmentTerms,
    SupplyTerms,
    Terms,
    terms_of,
)

Sizes = Mapping[str, int]
"""market, channel, node, supplier, item, currency, origin, territory, acquisition_channel: how many of
each."""

ONE_OF_EACH: Sizes = dict.fromkeys(
    (
        "market",
        "channel",
        "node",
        "supplier",
        "item",
        "currency",
        "origin",
        "territory",
        "acquisition_channel",
    ),
    1,
)


def neutral_spec(
    month_start: Sequence[int],
    *,
    sizes: Sizes | None = None,
    arcs: Sequence[tuple[int, int]] = ((0, 0),),
    opening: Mapping[str, float] | None = None,
    **changes: Any,
) -> FinanceSpec:
    """Give a company of the given sizes and arcs (segment, node); ``changes`` name fields of any group of
    terms or of the opening.
    """
    n = {**ONE_OF_EACH, **(sizes or {})}
    values = {**_zeros(n, np.asarray(month_start)), **_arcs(arcs), **changes}
    groups = (MarketTerms, SegmentTerms, NodeTerms, SupplyTerms, CompanyTerms)
    terms = Terms(*(terms_of(g, **{f: values.pop(_flat(g, f)) for f in g.__annotations__}) for g in groups))
    balance = np.zeros(len(BALANCE_NAMES))
    for account, amount in (opening or {}).items():
        balance[BALANCE_INDEX[account]] = amount
    equity = float(balance[: len(ASSETS)].sum() - balance[len(ASSETS) :].sum())
    books = {**_opening(n, int(month_start[-1])), "balance": balance, "equity": equity}
    for name in list(values):
        books[name] = values.pop(name) if name in books else _unknown(name)
    keys = {name: tuple(f"{name}_{position}" for position in range(size)) for name, size in n.items()}
    channels = keys.pop("channel")
    segments = tuple(f"{market}/{channel}" for market in keys["market"] for channel in channels)
    return FinanceSpec(terms=terms, opening=Opening(**books), keys={**keys, "segment": segments})


def neutral_inputs(
    spec: FinanceSpec, month: int, shipped: Any, on_hand: Any, lines: Lines, returns: Any = (), **changes: Any
) -> MonthInputs:
    """Give a month's inputs at base prices, rates of one and no duty; ``returns`` are rows, the same in
    every trial.
    """
    terms = spec.terms
    start, end = terms.company.month_start[month : month + 2]
    days, trials = int(end - start), len(shipped)
    markets, items = terms.markets.base_price.shape
    suppliers, nodes = terms.supply.freight_per_kg.shape
    rows = np.asarray(returns, dtype=np.int32).reshape(-1, 7)
    values = {
        "shipped": np.ascontiguousarray(shipped, dtype=np.int32),
        "on_hand": np.ascontiguousarray(on_hand, dtype=np.int32),
        "returns": np.repeat(rows[None], trials, axis=0),
        "returns_count": np.full(trials, len(rows), dtype=np.int64),
        "lines": lines,
        "price_level": np.ones((1, markets, days)),
        "fx": np.ones((1, len(spec.opening.rate) - 1, days)),
        "duty_rate": np.zeros((1, items, spec.origins, len(terms.nodes.de_minimis), days)),
        "freight": np.ones((1, suppliers, nodes, days)),
        "unit_cost": np.ones((1, suppliers, days)),
        "spend": np.zeros((1, *terms.company.spend_segment.shape)),
    }
    return MonthInputs(**{**values, **changes})


def _flat(group: type, field: str) -> str:
    """Name of a field among the fields of all groups."""
    prefix = {MarketTerms: "market", NodeTerms: "node", SupplyTerms: "supplier"}.get(group, "")
    return f"{prefix}_{field}" if field in ("currency", "territory") else field


def _unknown(name: str) -> NoReturn:
    raise ValueError(f"{name} | no such term or opening figure")


def _zeros(n: Sizes, month_start: Any) -> dict[str, Any]:
    """Give every term its neutral value."""
    segments = n["market"] * n["channel"]
    days, months = int(month_start[-1]), len(month_start) - 1
    zeros = {
        "market": "market_currency market_territory consumption_tax outbound_per_order return_handling "
        "shipping_refund_share",
        "node": "node_territory pick_per_unit pick_per_order storage_per_unit_month cif_value "
        "entry_fee vat_lag",
        "supplier": "supplier_currency origin deposit_share trigger net_days title",
        "territory": "de_minimis",
        "item": "weight item_origin",
        "segment": "return_node expected_units shipping_per_order payout_lag reserve_share reserve_lag "
        "payment_fee_share payment_fee_per_order marketplace_fee_share",
        "acquisition_channel": "spend_lag",
    }
    sizes = {**n, "segment": segments}
    values: dict[str, Any] = {f: np.zeros(sizes[k]) for k, fields in zeros.items() for f in fields.split()}
    values |= dict.fromkeys(
        [
            "first_month",
            "sales_tax_lag",
            "credit_limit",
            "credit_rate",
            "term_debt",
            "term_debt_rate",
            "tax_rate",
            "tax_lag",
            "refurbish_cost_share",
            "refurbished_share",
            "liquidation_share",
        ],
        0,
    )
    lanes = (n["supplier"], n["node"])
    values |= {name: np.zeros(lanes) for name in ("freight_per_kg", "insurance_share", "import_vat")}
    values |= {
        "market": np.repeat(np.arange(n["market"]), n["channel"]),
        "orders_per_unit": np.ones(segments),
        "base_price": np.ones((n["market"], n["item"])),
        "unit_cost": np.ones((n["supplier"], n["item"])),
        "buyer_pays_freight": np.ones(n["supplier"]),
        "buyer_pays_duty": np.ones(n["supplier"]),
        "month_start": month_start,
        "spend_segment": np.zeros((n["market"], n["acquisition_channel"])),
        "fixed_monthly": np.zeros(months),
        "depreciation": np.zeros(months),
        "capex": np.zeros(days),
        "contributions": np.zeros(days),
        "realisable_share": 1e9,
    }
    return values


def _arcs(arcs: Sequence[tuple[int, int]]) -> dict[str, Any]:
    pairs = np.asarray(arcs, dtype=np.int64)
    return {"arc_segment": pairs[:, 0], "arc_node": pairs[:, 1]}


def _opening(n: Sizes, days: int) -> dict[str, Any]:
    """Give empty opening books."""
    stock, schedule = (n["node"], n["item"]), (n["currency"], days + 1)
    return {
        "rate": np.ones(n["currency"]),
        "units": np.zeros(stock, dtype=np.int64),
        "average": np.zeros((*stock, LAYER_COUNT)),
        "receivables_due": np.zeros(schedule),
        "payables_due": np.zeros(schedule),
        "sales_tax_due": np.zeros(schedule),
        "receivable_cost_due": np.zeros(days + 1),
        "vat_due": np.zeros(days + 1),
        "spend_due": np.zeros(days + 1),
        "tax_due": np.zeros(days + 1),
        "line_state": np.zeros((0, 2), dtype=np.int64),
        "line_amounts": np.zeros((0, AMOUNT_COUNT)),
        "open_lines": 0,
    }
