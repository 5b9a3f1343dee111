"""A layout played through the chain: the plan's own trials of base, the same draws for every layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.execute import blocks_of, executor_for, in_order
from engine.finance.kpis import ratio
from engine.placement.variant import Layout, planned_as
from engine.plan.plan import Plan
from engine.scenarios import BASE, Composition, resolve
from engine.settings import Execution, RunSettings
from engine.stages.calibrate import Calibration, purchasing_model
from engine.stages.draw import draw_block
from engine.stages.extent import extent_of
from engine.stages.measure import measure
from engine.stages.outcome import ScenarioOutcome
from engine.stages.simulate import play
from engine.stages.world import World, build_world
from models.arrays import FloatArray
from models.calendar import MONTHS_IN_YEAR, Calendar

COST_LINES = (
    "cogs_goods",
    "cogs_freight",
    "cogs_duty",
    "cogs_fees",
    "fulfilment",
    "outbound_freight",
    "parcel_duty",
)
STOCK_ACCOUNTS = ("inventory", "inventory_in_transit")


@dataclass(frozen=True, eq=False)
class Figures:
    """What a layout did, by trial (trial,)."""

    cost: FloatArray
    """Company currency a year: the lines that the program prices, capital of the stock and fixed costs of
    nodes."""
    fill_rate: FloatArray
    delivered_48h: FloatArray
    """Share of all orders shipped that arrive within two days."""
    on_time: FloatArray
    """Share of all orders shipped that arrive as promised."""
    cm2: FloatArray
    """Company currency over the horizon, likewise ebitda."""
    ebitda: FloatArray
    units_on_hand: FloatArray
    """Mean units in stock at month ends, all nodes."""


def simulate_layout(
    plan: Plan,
    calibration: Calibration,
    layout: Layout,
    node_costs: float,
    settings: RunSettings,
    execution: Execution,
) -> Figures:
    """Figures (trial,) of a plan with its layout under base; ``node_costs`` are the fixed costs a year of its
    open nodes, company currency.
    """
    brain = planned_as(purchasing_model(plan, calibration), plan, layout)
    world = build_world(plan, calibration, Calendar(plan.forecast_start, settings.months), brain)
    extent = extent_of(plan, world.calendar)
    blocks = blocks_of(settings.numbers, extent.block(execution, settings.trials))

    def one(block: range) -> Figures:
        paths = resolve(Composition(BASE, "", ""), world.view, block, settings.seed, world.calendar)
        draws = draw_block(world.calibration, block, settings.seed, world.calendar, 1.0)
        return _figures(world, play(world, draws, paths, (), engine=execution.engine), node_costs)

    return joined(in_order(executor_for(execution, blocks, extent), one, blocks))


def joined(parts: Sequence[Figures]) -> Figures:
    """Figures of neighbouring blocks as one."""
    names = Figures.__dataclass_fields__
    return Figures(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _figures(world: World, played: ScenarioOutcome, node_costs: float) -> Figures:
    values = measure(world.measuring, played)
    years = world.calendar.months / MONTHS_IN_YEAR
    charged = sum(values[f"market/{name}"].sum(axis=(1, 2)) for name in COST_LINES)
    charged = charged + values["month/storage"].sum(axis=1)
    stock = sum(values[f"month/balance_{name}"].mean(axis=1) for name in STOCK_ACCOUNTS)
    capital = world.plan.config.finance.discount_rate * stock
    return Figures(
        cost=-charged / years + capital + node_costs,
        fill_rate=values["horizon/fill_rate"],
        delivered_48h=ratio(
            values["service/orders_within_48h"].sum(axis=(1, 2)),
            values["service/orders_shipped"].sum(axis=(1, 2)),
        ),
        on_time=1.0 - values["horizon/beyond_sla"],
        cm2=values["horizon/cm2"],
        ebitda=values["horizon/ebitda"],
        units_on_hand=values["node/units_on_hand"].sum(axis=2).mean(axis=1),
    )
