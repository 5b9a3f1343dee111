"""Duty, freight, fx and unit cost → landed cost → price rule → price level of each market.

The rule answers the scenario's change against base, never the noise of base: landed cost is compared at base
values with and without the scenario's effects, so a scenario that moves no cost has a ratio of exactly 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.drivers.catalogue import DRIVERS
from engine.drivers.paths import Paths
from engine.plan.schema import PriceRule
from models.arrays import BoolArray, FloatArray, IntArray
from models.compiled import compiled

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


@compiled
def _unchanged(effect: FloatArray, r: int, day: int) -> bool:
    """Whether an effect (trial or 1, cell, day) is on this day what it was the day before."""
    q = min(r, effect.shape[0] - 1)
    for cell in range(effect.shape[1]):  # noqa: SIM110 - a plain loop is what numba compiles best
        if effect[q, cell, day] != effect[q, cell, day - 1]:
            return False
    return True


@compiled
def _landed(
    keys: IntArray,
    money: FloatArray,
    suppliers: IntArray,
    territories: IntArray,
    fx_rate: FloatArray,
    other: FloatArray,
    duty: tuple[FloatArray, FloatArray],
    freight: FloatArray,
    cost: FloatArray,
    fx: tuple[FloatArray, FloatArray],
    strides: IntArray,
    bounds: tuple[float, float],
    rows: int,
) -> FloatArray:
    """Landed cost per unit, company currency, dims (trial or 1, market, day).

    Effects have dims (trial or 1, cell, day). ``keys`` (flow, 4): market, item, supplier, node. ``money``
    (flow, 4): goods, freight, insurance, duty rate. ``suppliers`` (supplier, 2): origin, currency.
    ``territories`` (node, 2): territory, whether CIF. ``strides``: cell of duty = item·strides[0] +
    origin·strides[1] + territory·strides[2], cell of freight = supplier·strides[3] + node.
    """
    days = cost.shape[2]
    out = np.empty((rows, len(other), days))
    for r in range(rows):
        for day in range(days):
            if day > 0 and (
                _unchanged(duty[0], r, day)
                and _unchanged(duty[1], r, day)
                and _unchanged(freight, r, day)
                and _unchanged(cost, r, day)
                and _unchanged(fx[0], r, day)
                and _unchanged(fx[1], r, day)
            ):
                for m in range(len(other)):
                    out[r, m, day] = out[r, m, day - 1]
                continue
            for m in range(len(other)):
                out[r, m, day] = other[m]
            for row in range(len(keys)):
                market, item, supplier, node = keys[row, 0], keys[row, 1], keys[row, 2], keys[row, 3]
                factor = cost[min(r, cost.shape[0] - 1), supplier, day]
                currency = suppliers[supplier, 1]
                if currency >= 0:
                    q = min(r, fx[0].shape[0] - 1)
                    factor *= fx[0][q, currency, day] + fx[1][q, currency, day] / fx_rate[currency]
                goods = money[row, 0] * factor
                insurance = money[row, 2] * factor
                carriage = (
                    money[row, 1] * freight[min(r, freight.shape[0] - 1), supplier * strides[3] + node, day]
                )
                cell = (
                    item * strides[0]
                    + suppliers[supplier, 0] * strides[1]
                    + territories[node, 0] * strides[2]
                )
                q = min(r, duty[0].shape[0] - 1)
                rate = money[row, 3]
                if duty[0][q, cell, day] != 1.0 or duty[1][q, cell, day] != 0.0:
                    rate = min(
                        max(rate * duty[0][q, cell, day] + duty[1][q, cell, day], bounds[0]), bounds[1]
                    )
                value = goods
                if territories[node, 1] == 1:
                    value += carriage + insurance
                out[r, market, day] += goods + insurance + carriage + value * rate
    return out


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
    duty = np.broadcast_arrays(*paths.compact("duty_rate"))
    _, items, origins, territories, days = duty[0].shape
    strides = np.array(
        [
            origins * territories if items > 1 else 0,
            territories if origins > 1 else 0,
            1 if territories > 1 else 0,
            paths.shapes["freight"][1],
        ],
        dtype=np.int64,
    )
    return np.asarray(
        _landed(
            np.stack([mix.market, mix.item, mix.supplier, mix.node], axis=1).astype(np.int64),
            np.stack([mix.goods, mix.freight, mix.insurance, mix.duty_rate], axis=1).astype(np.float64),
            np.stack([mix.origin_of_supplier, mix.currency_of_supplier], axis=1).astype(np.int64),
            np.stack([mix.territory_of_node, mix.cif[mix.territory_of_node]], axis=1).astype(np.int64),
            np.array(mix.fx_rate, dtype=np.float64),
            np.array(mix.other, dtype=np.float64),
            (_by_cell(duty[0], days), _by_cell(duty[1], days)),
            _by_cell(paths.effect("freight")[0], days),
            _by_cell(paths.effect("unit_cost")[0], days),
            (_by_cell(paths.effect("fx")[0], days), _by_cell(paths.effect("fx")[1], days)),
            strides,
            DRIVERS["duty_rate"].bounds,
            rows,
        )
    )


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
