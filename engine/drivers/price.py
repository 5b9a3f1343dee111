"""Duty, freight, fx and unit cost → landed cost → price rule → price level of each market.

The rule answers the scenario's change against base, never the noise of base: landed cost is compared at base
values with and without the scenario's effects, so a scenario that moves no cost has a ratio of exactly 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.drivers.catalogue import DRIVERS
from engine.drivers.landing import Cells, Effects, Flows, Places, landed_cost
from engine.drivers.paths import Paths
from engine.plan.schema import PriceRule
from models.arrays import BoolArray, FloatArray, IntArray

RULES = ("absorb", "pass_through", "margin_floor")


@dataclass(frozen=True)
class LandedMix:
    """What an average unit sold in each market costs to land in base: one row per flow (market, item,
    supplier, node).

    Money is company currency per unit sold in the market (each flow weighted by its share of the market's
    units, so the rows of a market sum to its landed cost per unit).
    """

    market: IntArray
    item: IntArray
    supplier: IntArray
    node: IntArray
    goods: FloatArray
    """Purchase price."""
    freight: FloatArray
    insurance: FloatArray
    duty_rate: FloatArray
    """Base duty, share of customs value."""
    origin_of_supplier: IntArray
    territory_of_node: IntArray
    currency_of_supplier: IntArray
    """Foreign currency of each supplier, -1 for the company's own."""
    cif: BoolArray
    """Whether each territory values on CIF (else FOB)."""
    fx_rate: FloatArray
    """Base company currency per foreign unit, by currency."""
    other: FloatArray
    """Landed cost per unit that no driver touches (entry fees, …), by market."""
    price: FloatArray
    """Base net price per unit, company currency, by market."""

    def __post_init__(self) -> None:
        rows = len(self.market)
        for name in ("item", "supplier", "node", "goods", "freight", "insurance", "duty_rate"):
            if len(getattr(self, name)) != rows:
                raise ValueError(
                    f"{name}: {rows} rows are needed as in market | got {len(getattr(self, name))}"
                )
        for name in ("goods", "freight", "insurance", "duty_rate", "fx_rate", "other", "price"):
            if not np.all(np.isfinite(getattr(self, name))):
                raise ValueError(f"{name}: finite numbers are needed | got NaN or infinity")


def landed_cost_change(mix: LandedMix, paths: Paths) -> FloatArray:
    """Landed cost per unit under the scenario as a multiple of base (share), dims (trial or 1,
    market, day).
    """
    moved = [name for name in ("duty_rate", "freight", "fx", "unit_cost") if not paths.is_identity(name)]
    days = paths.calendar.days
    if not moved:
        return np.ones((1, len(mix.other), days))
    rows = max(len(paths.effect(name)[0]) for name in moved)
    scenario = _landed_cost(mix, paths, rows)
    base = _base_cost(mix, paths)[None, :, None]
    safe = np.where(base > 0.0, base, 1.0)
    return np.where(base > 0.0, scenario / safe, 1.0)


def _base_cost(mix: LandedMix, paths: Paths) -> FloatArray:
    """Base landed cost per unit, company currency, dims (market,)."""
    return _landed_cost(mix, Paths("base", paths.trials, paths.calendar, paths.shapes), 1)[0, :, 0]


def _landed_cost(mix: LandedMix, paths: Paths, rows: int) -> FloatArray:
    """Landed cost per unit, company currency, dims (trial or 1, market, day)."""
    duty = np.broadcast_arrays(*paths.compact("duty_rate"))
    _, items, origins, territories, days = duty[0].shape
    flows = Flows(
        market=_whole(mix.market),
        item=_whole(mix.item),
        supplier=_whole(mix.supplier),
        node=_whole(mix.node),
        goods=_real(mix.goods),
        freight=_real(mix.freight),
        insurance=_real(mix.insurance),
        duty_rate=_real(mix.duty_rate),
    )
    places = Places(
        origin=_whole(mix.origin_of_supplier),
        currency=_whole(mix.currency_of_supplier),
        territory=_whole(mix.territory_of_node),
        is_cif=_whole(mix.cif[mix.territory_of_node]),
    )
    effects = Effects(
        duty_multiplier=_by_cell(duty[0], days),
        duty_offset=_by_cell(duty[1], days),
        freight=_by_cell(paths.effect("freight")[0], days),
        unit_cost=_by_cell(paths.effect("unit_cost")[0], days),
        fx_multiplier=_by_cell(paths.effect("fx")[0], days),
        fx_offset=_by_cell(paths.effect("fx")[1], days),
    )
    cells = Cells(
        item=origins * territories if items > 1 else 0,
        origin=territories if origins > 1 else 0,
        territory=1 if territories > 1 else 0,
        supplier=paths.shapes["freight"][1],
    )
    bounds = DRIVERS["duty_rate"].bounds
    return np.asarray(
        landed_cost(flows, places, effects, cells, _real(mix.fx_rate), _real(mix.other), bounds, rows)
    )


def _whole(column: IntArray | BoolArray) -> IntArray:
    """The column contiguous and writable: one compiled specialisation."""
    return np.array(column, dtype=np.int64, order="C")


def _real(column: FloatArray) -> FloatArray:
    """The column contiguous and writable: one compiled specialisation."""
    return np.array(column, dtype=np.float64, order="C")


def _by_cell(effect: FloatArray, days: int) -> FloatArray:
    """The effect on dims (trial or 1, cell, day), contiguous and writable: one compiled specialisation."""
    return np.array(effect, dtype=np.float64, order="C").reshape(len(effect), -1, days)


def price_level(mix: LandedMix, rules: Sequence[PriceRule], paths: Paths) -> FloatArray:
    """Net price of each market as a multiple of base (x), dims (trial or 1, market, day).

    ``rules`` are the price rules of the markets in key order. ``absorb`` leaves the price; ``pass_through``
    adds ``share`` of the change of landed cost per unit, ``lag`` days later; ``margin_floor`` lifts the price
    as far as CM1 would fall below ``floor`` of it. The driver ``net_price`` multiplies the result.
    """
    change = landed_cost_change(mix, paths)
    own = paths.effect("net_price")[0]
    rows = max(len(change), len(own))
    level = np.array(np.broadcast_to(own, (rows, len(mix.price), paths.calendar.days)), order="C")
    cost = _base_cost(mix, paths)
    for m, rule in enumerate(rules):
        if rule.rule == "absorb" or mix.price[m] <= 0.0:
            continue
        late = _lagged(change[:, m, :], round(rule.lag))
        level[:, m, :] *= _answer(rule, late, cost[m] / mix.price[m])
    return level


def _answer(rule: PriceRule, change: FloatArray, cost_share: float) -> FloatArray:
    """Price as a multiple of base when landed cost is ``change`` times base and ``cost_share`` of the base
    price.
    """
    if rule.rule == "pass_through":
        return np.maximum(1.0 + rule.share * cost_share * (change - 1.0), 0.0)
    if rule.floor >= 1.0:
        raise ValueError(f"price_rule.floor: a share below 1 is needed | got {rule.floor}")
    needed = cost_share / (1.0 - rule.floor)
    return np.maximum(1.0, needed * change) / max(1.0, needed)


def _lagged(path: FloatArray, lag: int) -> FloatArray:
    """The path (trial, day) ``lag`` days later; 1 before."""
    if lag == 0:
        return path
    out = np.ones_like(path)
    if lag < path.shape[1]:
        out[:, lag:] = path[:, : path.shape[1] - lag]
    return out
