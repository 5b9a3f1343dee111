"""Driver values of one scenario and block that demand, the network and the books read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.drivers import DRIVERS, Paths, month_means, price_level
from engine.stages.draw import BlockDraws
from engine.stages.inputs import RateInputs
from models.arrays import FloatArray, IntArray
from models.network.draws import Draws
from models.supply import SupplyDraws, apply_supply_effects


@dataclass(frozen=True, eq=False)
class Rates:
    """Bounded driver values of one scenario and block that the chain reads; R is 1 or the number of
    trials.
    """

    price_level: FloatArray
    """(R, market, day) net price over base price."""

    demand: FloatArray
    """(R, market, month)."""

    price_by_month: FloatArray
    """(R, market, month)."""

    elasticity: tuple[FloatArray, FloatArray]
    """Multiplier and offset, (R, market, month)."""
    spend: FloatArray
    """(R, market, acquisition channel, month) over plan."""

    cac: FloatArray
    """(R, market, acquisition channel, month) over plan."""

    supply: SupplyDraws
    refusal: FloatArray
    """(R, segment, day)."""


def rates_of(inputs: RateInputs, draws: BlockDraws, paths: Paths) -> Rates:
    """Driver values of a scenario for a block; identity effects give base's arrays themselves."""
    calendar = inputs.calendar
    markets, channels = inputs.base_spend.shape[:2]
    flat = inputs.placed_over_history[None, :, None]
    level = price_level(inputs.mix, inputs.price_rules, paths)
    refusal = paths.value("refusal_share", inputs.refusal_share[None, :, None])
    refusal = np.broadcast_to(refusal, (len(refusal), markets, calendar.days))
    stretched = np.ones((1, markets, channels, 1))
    open_ports = np.zeros((1, len(inputs.supply.spec.ports), 1))
    supply = apply_supply_effects(
        draws.supply,
        inputs.supply,
        lead_time=paths.effect("lead_time"),
        clearance=paths.effect("clearance"),
        closure=_days(paths.value("port_closure", open_ports), calendar.days),
        capacity=paths.effect("supplier_capacity"),
        congestion=_days(paths.value("congestion", open_ports), calendar.days),
    )
    scale, shift = (month_means(part, calendar) for part in paths.effect("price_elasticity"))
    return Rates(
        price_level=level,
        demand=month_means(_days(paths.value("demand", flat), calendar.days), calendar),
        price_by_month=month_means(level, calendar),
        elasticity=bounded_elasticity(draws.demand.elasticity, scale, shift),
        spend=month_means(_days(paths.value("spend", stretched), calendar.days), calendar),
        cac=month_means(_days(paths.value("cac", stretched), calendar.days), calendar),
        supply=supply,
        refusal=np.ascontiguousarray(np.repeat(refusal, inputs.segments // markets, axis=1)),
    )


def bounded_elasticity(
    drawn: FloatArray, scale: FloatArray, shift: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Multiplier and offset (R, market, month) that keep elasticities drawn (trial, market) within the
    driver's bounds; those given, bit for bit, where they do so already.
    """
    shocked = drawn[:, :, None] * scale + shift
    bounded = np.clip(shocked, *DRIVERS["price_elasticity"].bounds)
    outside = (shocked != bounded) & ((scale != 1.0) | (shift != 0.0))
    if not np.any(outside):
        return scale, shift
    return np.where(outside, 0.0, scale), np.where(outside, bounded, shift)


def within_plan(paths: Paths) -> bool:
    """Whether a scenario never asks for more new customers than plan: spend at most plan, cost at least."""
    one = np.ones((1, 1, 1, 1))
    return bool(np.all(paths.value("spend", one) <= 1.0) and np.all(paths.value("cac", one) >= 1.0))


def _days(values: FloatArray, days: int) -> FloatArray:
    return np.broadcast_to(values, (*values.shape[:-1], days))


def network_draws(return_delay: IntArray, draws: BlockDraws, rates: Rates) -> Draws:
    """Everything the network reads that chance or the scenario decided, dims (trial, ...).

    ``return_delay`` in days, the inverse distribution.
    """
    supply = rates.supply
    return Draws(
        first_trial=draws.trials.start,
        production=supply.production,
        transit=supply.transit,
        service=supply.service,
        inland=supply.inland,
        supplier_up=supply.supplier_up,
        capacity=supply.capacity,
        port_open=supply.port_open,
        return_share=draws.return_share,
        refusal_share=rates.refusal,
        return_keys=draws.return_keys,
        return_delay=return_delay,
    )
