"""Names of lines, rungs, accounts and flows as a reader of statements knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.report.workbook.sheet import shortened

LINE_WORDS = {
    "gross_sales": "Gross sales",
    "shipping_income": "Shipping income",
    "refunds": "Refunds",
    "cogs_goods": "Cost of goods sold: goods",
    "cogs_freight": "Cost of goods sold: inbound freight",
    "cogs_duty": "Cost of goods sold: duty",
    "cogs_fees": "Cost of goods sold: entry fees",
    "inventory_writedown": "Inventory write-down",
    "fx_result": "Exchange differences",
    "tax": "Income tax",
}
RUNG_WORDS = {
    "net_revenue": "Net revenue",
    "cm1": "CM1 (after landed cost of goods)",
    "cm2": "CM2 (after fulfilment and fees)",
    "cm3": "CM3 (after marketing)",
    "ebitda": "EBITDA",
    "net_income": "Net income",
}
ACCOUNT_WORDS = {
    "import_vat_recoverable": "Import VAT recoverable",
    "credit_line": "Credit line drawn",
    "inventory": "Inventory at landed cost",
}
LONGEST_LABEL = 48
FLOW_WORDS = {
    "operating": "Operating receipts and payments",
    "fixed": "Fixed costs",
    "interest": "Interest",
    "tax": "Income tax",
    "investing": "Investment",
    "financing": "Credit drawn, repaid and equity",
}


def words(name: str, known: Mapping[str, str]) -> str:
    """A name in words."""
    return known.get(name, name.replace("_", " ").capitalize())


def market_label(record: Mapping[str, Any], key: str) -> str:
    """A market by its label, cut where it is very long, and its key."""
    label = str(record.get("terms", {}).get("labels", {}).get("market", {}).get(key, "") or "")
    return f"{shortened(label, LONGEST_LABEL)} ({key})" if label and label != key else key


def trials_text(trials: int) -> str:
    """How many trials a mean is over."""
    return "1 trial (a mean of one: no spread to be seen)" if trials == 1 else f"{trials:,} trials"
