"""Items: the codes that sell most stay items, the others are price bands; cost by price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.templates.online_retail import figures
from models.arrays import FloatArray, TextArray

BAND_PREFIX = "BAND-"


@dataclass(frozen=True, eq=False)
class Goods:
    """Items of the plan; ``edges`` are the rising prices between the bands, GBP."""

    table: pd.DataFrame
    edges: tuple[float, ...]
    kept_share: float
    """Share of the amount sold that the kept items are."""
    codes: int
    """Codes that were sold."""
    of_line: TextArray
    """Item of every line of the orders."""


def make_goods(orders: pd.DataFrame, labels: Mapping[str, str], per_base: Mapping[str, float]) -> Goods:
    """Items from order lines (item is the ledger's code); ``per_base`` is foreign units per GBP at as-of."""
    value = (orders["quantity"] * orders["net_price"]).to_numpy(np.float64)
    by_code = pd.Series(value).groupby(orders["item"].to_numpy(dtype=object)).sum()
    ranked = sorted(by_code.index, key=lambda code: (-float(by_code[code]), str(code)))
    kept = set(ranked[: figures.KEPT_ITEMS])
    price = orders["net_price"].to_numpy(np.float64)
    own = np.fromiter((code in kept for code in orders["item"]), np.bool_, len(orders))
    edges = band_edges(price[~own], value[~own], figures.BANDS)
    names = np.asarray([f"{BAND_PREFIX}{number:02d}" for number in range(1, len(edges) + 2)], dtype=object)
    band = names[np.searchsorted(np.asarray(edges), price, side="right")]
    of_line = np.where(own, orders["item"].to_numpy(dtype=object), band)
    frame = pd.DataFrame({"item": of_line, "units": orders["quantity"].to_numpy(np.int64), "value": value})
    sums = frame.groupby("item", sort=True)[["units", "value"]].sum()
    rows = [_item(str(item), labels, row["value"] / row["units"], per_base) for item, row in sums.iterrows()]
    share = float(value[own].sum() / value.sum()) if value.sum() else 0.0
    return Goods(pd.DataFrame(rows), edges, share, len(by_code), of_line)


def band_edges(price: FloatArray, value: FloatArray, bands: int) -> tuple[float, ...]:
    """Prices that part lines into bands of about equal amount; fewer where there are not so many prices.

    ``price`` (line,) is of a unit and ``value`` (line,) of the whole line, in one currency.
    """
    if not len(price):
        return ()
    distinct, place = np.unique(price, return_inverse=True)
    reached = np.cumsum(np.bincount(place, value, len(distinct)))
    edges: list[float] = []
    at = 0
    for number in range(1, min(bands, len(distinct))):
        # each band holds at least one price, and leaves one for every band to come
        at = max(at + 1, int(np.searchsorted(reached, reached[-1] * number / bands)))
        at = min(at, len(distinct) - (min(bands, len(distinct)) - number))
        edges.append(float(distinct[at]))
    return tuple(edges)


def category_of(label: str) -> tuple[str, str, str, float]:
    """Category, tariff number, maker and EU duty by the first words that fit."""
    text = label.upper()
    for name, number, maker, duty, words in figures.CATEGORIES:
        if any(word in text for word in words):
            return name, number, maker, duty
    return figures.OTHER_GOODS


def _item(
    item: str, labels: Mapping[str, str], price: float, per_base: Mapping[str, float]
) -> dict[str, object]:
    label = labels.get(item, "")
    category, number, maker, _ = category_of(label)
    if not label:
        label = f"other goods, price band {item.removeprefix(BAND_PREFIX)}"
    cost = figures.COST_SHARE * price * per_base[figures.SUPPLIER_CURRENCY[maker]]
    return {
        "item": item,
        "label": label,
        "hs": number,
        "category": category,
        "weight_kg": f"{max(figures.KG_PER_POUND * price, figures.LEAST_KG):.3f}",
        "unit_cost": f"{cost:.4f}",
        "suppliers": f"{maker};{figures.BACKUP[maker]}",
        "shares": "1;0",
        "moq": 1,
        "multiple": 1,
        "list_price": f"{price:.4f}",
    }
