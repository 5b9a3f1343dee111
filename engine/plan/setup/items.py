"""Items to 80% of revenue, at most 200, then bands of price; their prices, costs and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.setup.defaults import number
from engine.plan.setup.gather import Gathered

ENOUGH = 0.8
MOST = 200
FEW = 40
"""Shops with at most so many items keep all of them."""
BANDS = 5
NO_HS = "999999"
"""Tariff number of items whose own nobody told: no rate of a real number fits it."""
_GRAMS = 20.0
"""A median weight above it is in grams."""


@dataclass(frozen=True)
class Items:
    """Items of the plan: a row each with item, label, hs, weight_kg, landed, list_price, and sources."""

    frame: pd.DataFrame
    of_code: dict[str, str]
    """Code in the orders to item of the plan."""
    kept_share: float
    kept: int
    codes: int


def items(lines: pd.DataFrame, gathered: Gathered) -> Items:
    """Items of the orders in company currency; catalogue and stock files add cost, weight, tariff number."""
    revenue = lines.groupby("item")["base"].sum().sort_values(ascending=False, kind="stable")
    total = max(float(revenue.sum()), 1e-9)
    before = revenue.cumsum().shift(fill_value=0.0) / total
    count = len(revenue) if len(revenue) <= FEW else min(int((before < ENOUGH).sum()), MOST)
    kept = [str(code) for code in revenue.index[:count]]
    of_code = {code: code for code in kept}
    of_code |= _bands(lines[~lines["item"].isin(kept)])
    priced = lines.assign(plan_item=lines["item"].map(of_code))
    units = priced.groupby("plan_item")["quantity"].sum()
    gross = (priced["gross"] * priced["rate"]).groupby(priced["plan_item"]).sum() / units
    names = lines[lines["item_name"] != ""].groupby("item")["item_name"].first()
    known = _catalogue(gathered)
    rows = []
    for item in sorted(set(of_code.values())):
        facts = known.get(item, {})
        price = float(facts.get("price") or 0.0) or float(gross[item])
        rows.append(
            {
                "item": item,
                "label": str(facts.get("name") or names.get(item, item)),
                "hs": str(facts.get("hs") or NO_HS),
                "category": str(facts.get("category") or ""),
                "weight_kg": float(facts.get("weight") or number("weight_kg")),
                "landed": float(facts.get("cost") or 0.0) or number("unit_cost") * price,
                "cost_told": bool(facts.get("cost")),
                "weight_told": bool(facts.get("weight")),
                "list_price": round(price, 4),
            }
        )
    return Items(pd.DataFrame(rows), of_code, float(revenue.iloc[:count].sum()) / total, count, len(revenue))


def _bands(rest: pd.DataFrame) -> dict[str, str]:
    """The other codes in bands of their mean price, of about equal revenue."""
    if rest.empty:
        return {}
    by_code = rest.groupby("item").agg(base=("base", "sum"), units=("quantity", "sum"))
    price = (by_code["base"] / by_code["units"]).sort_values(kind="stable")
    share = by_code["base"].loc[price.index].cumsum() / max(float(by_code["base"].sum()), 1e-9)
    band = np.minimum((share.to_numpy() * BANDS).astype(np.int64), BANDS - 1)
    return {str(code): f"BAND-{number + 1:02d}" for code, number in zip(price.index, band, strict=True)}


def _catalogue(gathered: Gathered) -> dict[str, dict[str, Any]]:
    """What product and stock files say of an item."""
    facts: dict[str, dict[str, Any]] = {}
    for group in gathered.of("products"):
        frame = group.frame("products")
        weights = [float(value) for value in frame.get("weight", []) if value]
        scale = 1000.0 if weights and float(np.median(weights)) > _GRAMS else 1.0
        for row in frame.to_dict("records"):
            one = facts.setdefault(str(row.get("item")), {})
            one |= {
                "name": row.get("item_name"),
                "category": row.get("category"),
                "cost": row.get("unit_cost"),
                "price": row.get("price"),
                "weight": float(row.get("weight") or 0) / scale,
            }
    for group in gathered.of("inventory"):
        for row in group.frame("inventory").to_dict("records"):
            one = facts.setdefault(str(row.get("item")), {})
            digits = "".join(letter for letter in str(row.get("hs") or "") if letter.isdigit())
            if 6 <= len(digits) <= 10:
                one["hs"] = digits
            one["origin"] = row.get("origin")
            if not one.get("cost") and float(row.get("unit_cost") or 0.0) > 0.0:
                one["cost"] = row["unit_cost"]
    return facts


def origins(gathered: Gathered) -> dict[str, str]:
    """Country of origin by item, from stock files."""
    return {item: str(one["origin"]) for item, one in _catalogue(gathered).items() if one.get("origin")}
