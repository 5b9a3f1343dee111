"""What a reader of a break point must know beside its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.drivers import DRIVERS
from engine.risk.errors import MINIMUM_SECTIONS, TRIALS_PER_SECTION
from engine.risk.reverse_scale import ScaleSearch
from engine.scenarios import NamedShock
from engine.scenarios.resolve import transform
from engine.stages.world import World
from models.arrays import FloatArray

_SLACK = 1e-9

_CLIPPED_SHARE = 0.001


def notes_of(
    search: ScaleSearch,
    clipped: Mapping[float, float],
    world: World,
    scaled: Sequence[tuple[str, NamedShock]],
    trials: range,
    seed: int,
) -> tuple[str, ...]:
    """Missing errors, a probability that is not monotone, undefined figures, bounds and envelopes met."""
    notes = [
        f"not monotone: P(breach) falls from {a.probability.value:.3f} at scale {a.scale:.4g} to "
        f"{b.probability.value:.3f} at {b.scale:.4g}; a smaller scale may breach too"
        for a, b in search.reversals
    ]
    undefined = max(search.probes, key=lambda probe: probe.undefined)
    if undefined.undefined:
        notes.append(
            f"the metric is undefined in {undefined.undefined} trials at scale {undefined.scale:.4g}: "
            "they count as not breached"
        )
    notes.extend(_bound_notes(search, world, scaled, trials, seed))
    most = max(clipped, key=lambda scale: clipped[scale])
    # base is cut now and then, too; what matters is what the shock adds
    if clipped[most] > clipped[0.0] + _CLIPPED_SHARE:
        notes.append(
            f"at scale {most:.4g} {clipped[most]:.2%} of the demand multipliers lie above the plan's "
            "demand_envelope and are cut there"
        )
    if not search.at_zero.probability.available:
        least = MINIMUM_SECTIONS * TRIALS_PER_SECTION
        notes.append(f"error not available: at least {least} trials are needed for one")
    return tuple(notes)


def _bound_notes(
    search: ScaleSearch,
    world: World,
    scaled: Sequence[tuple[str, NamedShock]],
    trials: range,
    seed: int,
) -> list[str]:
    """Where a scale that was tried asks for more than the bounds of the driver allow."""
    notes = []
    for path, named in scaled:
        entry = DRIVERS[named.shock.driver]
        low, high = entry.bounds
        base = base_of(world, entry.name)
        for probe in search.probes:
            a, b = transform(named, trials, seed, probe.scale)
            shocked = np.multiply.outer(a, base) + b[:, None]
            if np.any(shocked < low - _SLACK) or np.any(shocked > high + _SLACK):
                notes.append(
                    f"{path}: bounds of {low:g} to {high:g} {entry.unit} cut the shock at scale "
                    f"{probe.scale:.4g} and above: more scale is then no more shock"
                )
                break
    return notes


def base_of(world: World, driver: str) -> FloatArray:
    """Typical base values of a driver in its unit, any shape (they are only compared with its bounds): means
    where base is drawn.
    """
    if DRIVERS[driver].level:
        return np.ones(1)
    config = world.plan.config
    stages = [lane.production.mean + lane.transit.mean + lane.inland.mean for lane in config.lanes]
    known = {
        "duty_rate": world.pricing.duty_rate,
        "refusal_share": world.simulation.rates.refusal_share,
        "port_closure": np.zeros(1),
        "congestion": np.zeros(1),
        "price_elasticity": np.array([market.elasticity.mean for market in config.markets]),
        "supplier_capacity": np.array([float(supplier.capacity_per_week) for supplier in config.suppliers]),
        "clearance": np.array([port.clearance_days for port in config.ports]),
        "lead_time": np.array(stages),
        "fx": np.array([world.plan.base_rates[currency] for currency in world.plan.currencies]),
    }
    return np.unique(np.asarray(known[driver], dtype=np.float64))
