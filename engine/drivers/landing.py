"""What a unit costs to land on each day under a scenario: the loop over trials, days and flows.

A module of its own, so that its machine code depends on nothing of the plan's schema.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.arrays import FloatArray, IntArray
from models.compiled import compiled, inner


class Flows(NamedTuple):
    """Columns (flow,): who sells what, bought where and shipped from where, and its money per unit sold."""

    market: IntArray
    item: IntArray
    supplier: IntArray
    node: IntArray
    goods: FloatArray
    """Purchase price, company currency per unit."""
    freight: FloatArray
    """Company currency per unit."""
    insurance: FloatArray
    """Company currency per unit."""
    duty_rate: FloatArray
    """Base duty, share of customs value."""


class Places(NamedTuple):
    """Where suppliers and nodes are."""

    origin: IntArray
    """(supplier,)"""
    currency: IntArray
    """(supplier,) foreign currency, -1 for the company's own."""
    territory: IntArray
    """(node,)"""
    is_cif: IntArray
    """(node,) 1 where customs values on CIF, 0 on FOB."""


class Effects(NamedTuple):
    """How a scenario moves the drivers of landed cost, dims (trial or 1, cell of the driver, day)."""

    duty_multiplier: FloatArray
    duty_offset: FloatArray
    freight: FloatArray
    unit_cost: FloatArray
    fx_multiplier: FloatArray
    fx_offset: FloatArray


class Cells(NamedTuple):
    """Steps to the cell of a driver: of duty by item, origin and territory (0 where nothing tells them
    apart), of freight by supplier.
    """

    item: int
    origin: int
    territory: int
    supplier: int


@compiled
def landed_cost(
    flows: Flows,
    places: Places,
    effects: Effects,
    cells: Cells,
    fx_rate: FloatArray,
    other: FloatArray,
    bounds: tuple[float, float],
    rows: int,
) -> FloatArray:
    """Landed cost per unit, company currency, dims (trial or 1, market, day).

    ``fx_rate`` (currency,) base company currency per foreign unit; ``other`` (market,) landed cost per unit
    that no driver touches, company currency; ``bounds`` the lowest and highest duty rate.
    """
    days = effects.unit_cost.shape[2]
    out = np.empty((rows, len(other), days))
    for r in range(rows):
        for day in range(days):
            # an effect that stands still costs nothing: most days of most scenarios
            if day > 0 and _all_unchanged(effects, r, day):
                for m in range(len(other)):
                    out[r, m, day] = out[r, m, day - 1]
                continue
            for m in range(len(other)):
                out[r, m, day] = other[m]
            for row in range(len(flows.market)):
                cost = _cost_of_flow(flows, places, effects, cells, fx_rate, bounds, (r, day, row))
                out[r, flows.market[row], day] += cost
    return out


@inner
def _cost_of_flow(
    flows: Flows,
    places: Places,
    effects: Effects,
    cells: Cells,
    fx_rate: FloatArray,
    bounds: tuple[float, float],
    at: tuple[int, int, int],
) -> float:
    """Landed cost of a flow per unit sold, company currency; ``at`` trial, day, flow."""
    r, day, row = at
    supplier, node = flows.supplier[row], flows.node[row]
    factor = effects.unit_cost[_row(effects.unit_cost, r), supplier, day]
    currency = places.currency[supplier]
    if currency >= 0:
        q = _row(effects.fx_multiplier, r)
        offset = effects.fx_offset[q, currency, day] / fx_rate[currency]
        factor *= effects.fx_multiplier[q, currency, day] + offset
    goods = flows.goods[row] * factor
    insurance = flows.insurance[row] * factor
    freight_cell = supplier * cells.supplier + node
    carriage = flows.freight[row] * effects.freight[_row(effects.freight, r), freight_cell, day]
    duty_cell = (
        flows.item[row] * cells.item
        + places.origin[supplier] * cells.origin
        + places.territory[node] * cells.territory
    )
    q = _row(effects.duty_multiplier, r)
    multiplier, shift = effects.duty_multiplier[q, duty_cell, day], effects.duty_offset[q, duty_cell, day]
    rate = flows.duty_rate[row]
    if multiplier != 1.0 or shift != 0.0:
        rate = min(max(rate * multiplier + shift, bounds[0]), bounds[1])
    value = goods
    if places.is_cif[node] == 1:
        value += carriage + insurance
    return goods + insurance + carriage + value * rate


@inner
def _row(effect: FloatArray, r: int) -> int:
    """Where trial ``r`` stands in an effect (trial or 1, cell, day)."""
    return min(r, effect.shape[0] - 1)


@inner
def _all_unchanged(effects: Effects, r: int, day: int) -> bool:
    """Whether every effect is on this day what it was the day before."""
    return (
        _unchanged(effects.duty_multiplier, r, day)
        and _unchanged(effects.duty_offset, r, day)
        and _unchanged(effects.freight, r, day)
        and _unchanged(effects.unit_cost, r, day)
        and _unchanged(effects.fx_multiplier, r, day)
        and _unchanged(effects.fx_offset, r, day)
    )


@inner
def _unchanged(effect: FloatArray, r: int, day: int) -> bool:
    """Whether an effect (trial or 1, cell, day) is on this day what it was the day before."""
    q = _row(effect, r)
    for cell in range(effect.shape[1]):  # noqa: SIM110 - a plain loop is what numba compiles best
        if effect[q, cell, day] != effect[q, cell, day - 1]:
            return False
    return True
