"""What ``tradewind check`` tells: per file what was recognised, used and rejected; ties; what was assumed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from engine.plan.plan import Plan, Recognised
from engine.plan.schema import ListedNormal

SCHEMA_VERSION = 1


def check_report(plan: Plan) -> dict[str, Any]:
    """Plain data for text and ``--json``: no machine path, no personal data, the same for the same plan."""
    return {
        "version": SCHEMA_VERSION,
        "company": plan.config.company.name,
        "currency": plan.currency,
        "actuals_through": plan.config.company.actuals_through.isoformat(),
        "plan_hash": plan.hash,
        "files": [_file(entry) for entry in plan.recognised],
        "tables": {name: len(getattr(plan, name)) for name in _TABLE_NAMES},
        "ties": [asdict(tie) | {"holds": tie.holds} for tie in plan.ties],
        "assumptions": [asdict(assumption) for assumption in plan.assumptions],
        "listed_figures": _listed_figures(plan),
        "customers": _customers(plan),
        "thresholds": _thresholds(plan),
    }


_TABLE_NAMES = (
    "orders",
    "purchase_orders",
    "items",
    "inventory",
    "spend",
    "spend_plan",
    "opening_balance",
    "open_receivables",
    "open_payables",
    "tariffs",
    "fx",
)


def _file(entry: Recognised) -> dict[str, Any]:
    return {
        "file": entry.file,
        "table": entry.table or None,
        "layout": entry.layout or None,
        "recognised_by": entry.by or None,
        "encoding": entry.encoding,
        "rows": entry.rows,
        "used": entry.used,
        "rejected": [{"reason": reason, "rows": count} for reason, count in entry.rejected],
        "unknown_columns": list(entry.unknown_columns),
        "absent_columns": list(entry.defaulted_columns),
        "notes": list(entry.notes),
        "amounts": _amounts(entry),
    }


def _amounts(entry: Recognised) -> list[dict[str, Any]]:
    """A transaction ledger's lines and amounts by treatment and currency, and their sum before exclusions."""
    tables = []
    for currency in sorted({part.currency for part in entry.amounts}):
        parts = [part for part in entry.amounts if part.currency == currency]
        tables.append(
            {
                "currency": currency,
                "before_exclusions": _money(part.amount for part in parts),
                "used": _money(part.amount for part in parts if part.used),
                "excluded": _money(part.amount for part in parts if not part.used),
                "by_treatment": [
                    {
                        "treatment": part.treatment,
                        "used": part.used,
                        "rows": part.rows,
                        "amount": _money([part.amount]),
                    }
                    for part in parts
                ],
            }
        )
    return tables


def _money(amounts: Iterable[float]) -> float:
    """A sum to the hundredth of a cent; parts of a ledger priced in cents add up to the whole."""
    return round(math.fsum(amounts), 4) + 0.0


def _listed_figures(plan: Plan) -> list[dict[str, Any]]:
    """Figures of plan.yaml that carry a source because nobody measured them here."""
    figures: list[tuple[str, ListedNormal]] = [
        (f"markets.{market.key}.elasticity", market.elasticity) for market in plan.config.markets
    ]
    figures += [
        (f"acquisition_channels.{channel.key}.response", channel.response)
        for channel in plan.config.acquisition_channels
    ]
    return [
        {"id": name, "mean": figure.mean, "sd": figure.sd, "source": figure.source}
        for name, figure in figures
    ]


def _thresholds(plan: Plan) -> list[dict[str, Any]]:
    """Thresholds of policy.yaml."""
    return [
        {"metric": name, "min": threshold.min, "max": threshold.max}
        for name, threshold in sorted(plan.policy.thresholds.items())
    ]


def _customers(plan: Plan) -> list[dict[str, Any]]:
    """Orders and known customers by sales channel; where none are known, that there is no lifetime value."""
    entries = []
    for channel in plan.config.sales_channels:
        orders = plan.orders[plan.orders["sales_channel"] == channel.key]
        known = orders[orders["customer_key"] != ""]
        entries.append(
            {
                "sales_channel": channel.key,
                "orders": int(orders["order_id"].nunique()),
                "orders_with_customer": int(known["order_id"].nunique()),
                "customers": int(known["customer_key"].nunique()),
                "lifetime_value": "yes"
                if channel.customer_known and len(known)
                else "no: orders carry no customer",
            }
        )
    return entries
