"""Customers that no spend claims: a row of their own beside the acquisition channels."""

from __future__ import annotations

import numpy as np

from engine.report.content import Block, Cell, table
from engine.report.formats import NONE, number
from engine.report.reading import Source
from engine.report.statistics import quantile_estimates
from models.arrays import FloatArray


def organic(source: Source) -> list[Block]:
    """What organic customers bring under base by market; nothing for a run of an older version."""
    if not source.has("customers/organic_ltv"):
        return []
    won = np.asarray(source.of_base("customers/organic_customers")).sum(axis=1)
    columns = [
        _ranges(won, 0),
        _ranges(source.of_base("customers/organic_ltv"), 2),
        _ranges(source.of_base("customers/organic_orders_per_customer"), 2),
    ]
    rows: list[list[str | Cell]] = [
        [source.label("market", market), "organic", *(column[m] for column in columns)]
        for m, market in enumerate(source.keys("customers", "market"))
    ]
    return [
        table(
            f"Organic customers, base, {source.period}: those that no acquisition spend claims; median, p05 "
            f"to p95 in brackets. LTV: discounted CM2 in {source.summary.currency} a customer over months "
            "that the run shows, nothing beyond is counted; no cost of winning them is known",
            ("Market", "Channel", "Customers won", "LTV", "Orders per customer"),
            rows,
            text_columns=2,
        )
    ]


def _ranges(values: FloatArray, digits: int) -> list[str]:
    levels = quantile_estimates(np.asarray(values), (0.05, 0.5, 0.95))
    found = []
    for low, mid, high in zip(*levels, strict=True):
        if low is None or mid is None or high is None:
            found.append(NONE)
            continue
        texts = [number(each.value, digits) for each in (low, mid, high)]
        found.append(f"{texts[1]} ({texts[0]} to {texts[2]})")
    return found
